"""The smooth surfaces that fill holes, against the equations solved exactly."""

import numpy as np
import pytest
import torch

from inr.restoration.filling import filled


def laplacian(height, width):
    """The matrix of the five-point Laplacian, rims repeated."""
    index = np.arange(height * width).reshape(height, width)
    matrix = np.zeros((height * width, height * width))
    for before, after in ((index[1:], index[:-1]), (index[:, 1:], index[:, :-1])):
        for one, other in ((before.ravel(), after.ravel()), (after.ravel(), before.ravel())):
            matrix[one, other] += 1.0
            matrix[one, one] -= 1.0
    return matrix


def solved(pixels, known, fill):
    """The surface by a dense solver, cut off at what is known."""
    height, width, channels = pixels.shape
    matrix = laplacian(height, width)
    matrix = matrix @ matrix if fill == "biharmonic" else -matrix
    flat, given = pixels.reshape(-1, channels).astype(np.float64), known.ravel()
    right = -matrix[~given][:, given] @ flat[given]
    flat[~given] = np.linalg.solve(matrix[~given][:, ~given], right)
    return flat.clip(flat[given].min(0), flat[given].max(0)).reshape(pixels.shape)


def holes(kind):
    known = np.ones((37, 42), bool)
    if kind != "scattered":
        known[4:31, 5:36] = False  # wide enough that plain conjugate gradients do not reach its middle in time
    if kind != "block":
        known &= np.random.default_rng(1).random(known.shape) > 0.4  # at the rim of the picture too
    return known


@pytest.mark.parametrize("fill", ["biharmonic", "harmonic"])
@pytest.mark.parametrize("kind", ["block", "scattered", "both"])
def test_the_surface_solves_its_equation(kind, fill):
    y, x = np.mgrid[:37, :42] / 40
    random = np.random.default_rng(0)
    waves = [0.5 + 0.3 * np.sin(7 * x + 4 * y + c) + random.uniform(-0.1, 0.1, x.shape) for c in range(3)]
    pixels, known = np.stack(waves, axis=2).astype(np.float32), holes(kind)
    found = filled(torch.from_numpy(np.where(known[:, :, None], pixels, 7.0)), torch.from_numpy(known), fill).numpy()
    assert np.array_equal(found[known], pixels[known])
    assert np.abs(found - solved(pixels, known, fill)).max() < 1e-3


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 9, 3), (9, 1, 2), (2, 2, 4), (8, 8, 1)])
def test_a_picture_of_any_size_is_filled(shape):
    known = torch.zeros(shape[:2], dtype=torch.bool)
    known[0, 0] = True
    for fill in ("biharmonic", "harmonic"):
        found = filled(torch.full(shape, 0.25), known, fill)
        assert found.shape == shape and torch.allclose(found, torch.tensor(0.25), atol=1e-4)
        assert torch.equal(filled(found, torch.ones_like(known), fill), found)
