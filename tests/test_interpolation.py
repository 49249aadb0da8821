"""Classical interpolation of a training lattice: that it lies where it should, and what is said of a fit beside it."""

import dataclasses

import numpy as np
import pytest

import inr
from inr.analysis.interpolation import (
    INTERPOLATIONS,
    best_interpolation,
    interpolate,
    interpolations,
    least_squares_kernel,
)


def wide(values: np.ndarray) -> inr.Image:
    return dataclasses.replace(inr.image_from_array(values.astype(np.float32)), bit_depth=16)


@pytest.mark.parametrize("name", INTERPOLATIONS)
@pytest.mark.parametrize("size", [(41, 37), (40, 36)])
def test_a_slope_comes_back_so_nothing_is_shifted(name, size):
    y, x = np.mgrid[: size[0], : size[1]]
    image = wide((0.1 + 0.01 * x + 0.008 * y)[:, :, None])
    found = interpolate(image, name) / 65535.0
    assert np.abs(found - image.pixels)[10:-10, 10:-10].max() < (3e-3 if name == "lanczos" else 1e-4)
    assert np.array_equal(found[::2, ::2], inr.quantize(image.pixels, 16)[::2, ::2] / 65535.0)


def test_bicubic_is_keys_with_a_half():
    image = wide(np.random.default_rng(0).uniform(0.2, 0.8, (24, 24, 1)))
    line = image.pixels[8, ::2, 0]
    wanted = (-line[3] + 9 * line[4] + 9 * line[5] - line[6]) / 16
    assert abs(interpolate(image, "bicubic")[8, 9, 0] / 65535.0 - wanted) < 2e-5


def test_least_squares_finds_the_kernel_that_made_a_picture(monkeypatch):
    """Waves of two frequencies are told exactly by their neighbours, as by no kernel that is the same for all."""
    monkeypatch.setattr("inr.analysis.interpolation._BLUR", 0.0)
    x = np.arange(400)
    wave = 0.5 + 0.2 * np.sin(1.4 * x) + 0.2 * np.cos(0.6 * x)
    kernel = least_squares_kernel(np.tile(wave, (2, 1))[:, :, None].astype(np.float32))

    def missed(weights):
        pairs = sum(
            w * (wave[20 - d : 360 - d] + wave[20 + d : 360 + d]) for w, d in zip(weights, (1, 3, 5, 7), strict=True)
        )
        return np.abs(pairs - wave[20:360]).max()

    assert abs(kernel.sum() - 0.5) < 1e-9
    assert missed(kernel) < 0.003 and missed((9 / 16, -1 / 16, 0, 0)) > 0.03


def test_flat_pictures_have_a_kernel_too():
    assert np.allclose(least_squares_kernel(np.full((3, 4, 1), 0.3, np.float32)), [0.5, 0, 0, 0])


def test_nothing_is_interpolated_where_nothing_is_held_out(image):
    assert interpolations(image, "all") == {}
    found = interpolations(image, "half")
    name, best = best_interpolation(found)
    assert best == max(q.held_out_psnr_db for q in found.values()) == found[name].held_out_psnr_db
    assert all(quality.train_psnr_db == np.inf for quality in found.values())
