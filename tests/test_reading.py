"""How planes are read in a compact fit: as the model reads them, and in blocks where a side is long."""

import numpy as np
import pytest
import torch

import inr
from inr.networks.planes import Planes, plane_shape
from inr.settings.shape import Plane
from inr.training.joint.reading import Reading

SIZES = [(51, 38), (1301, 3), (2, 1100), (530, 700)]


def plane_and_expected(plane, width, height):
    """Return a plane's numbers and what the model reads of them at all pixels, (features, H, W)."""
    planes, longer = Planes([plane], width, height), max(width, height)
    planes.start(torch.Generator().manual_seed(0))
    along = [(2 * torch.arange(side, dtype=torch.float64) + 1 - side) / longer for side in (height, width)]
    y, x = torch.meshgrid(*along, indexing="ij")
    read = planes(torch.stack([x, y], dim=2).reshape(-1, 2).float())
    return planes.values[0], read.T.reshape(plane.features, height, width)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("around", [False, True])
@pytest.mark.parametrize("cell", [1, 2, 4, 7, 32])
def test_reading_is_that_of_planes(cell, around, size):
    plane, (width, height) = Plane(cell=cell, channels=2, around=around), size
    values, expected = plane_and_expected(plane, width, height)
    read, values = Reading(plane, width, height), values.detach()[0]
    for rows in (torch.arange(height), torch.arange(height % 2, height, 8), torch.tensor([height - 1])):
        part = read.up(values[:, read.needed(rows)], rows)
        torch.testing.assert_close(part, expected[:, rows].detach(), atol=4e-6, rtol=0)
    torch.testing.assert_close(read.centre(values), expected[:2].detach(), atol=4e-6, rtol=0)


@pytest.mark.parametrize("size", SIZES)
def test_its_slope_is_that_of_planes(size):
    plane, (width, height) = Plane(cell=2, channels=1, around=True), size
    values, expected = plane_and_expected(plane, width, height)
    rows, given = torch.arange(1, height, 3), torch.randn(9, len(range(1, height, 3)), width)
    (wanted,) = torch.autograd.grad((expected[:, rows] * given).sum(), values)
    own = values.detach()[0].requires_grad_()
    (Reading(plane, width, height).up(own, rows) * given).sum().backward()
    torch.testing.assert_close(own.grad, wanted[0], atol=1e-3, rtol=0)


@pytest.mark.parametrize("cell", [2, 5, 64])
@pytest.mark.parametrize("side", [512, 513, 1300, 3001])
def test_nearest_is_the_least_squares_of_the_whole_side(side, cell):
    plane = Plane(cell=cell, channels=1)
    read, cells = Reading(plane, side, 1), plane_shape(plane, side, 1)[2]
    picture = torch.rand(1, 1, side, generator=torch.Generator().manual_seed(1))
    matrix = torch.cat([read.centre(cell[None, None]) for cell in torch.eye(cells)])[:, 0].T.double().numpy()
    wanted = np.linalg.solve(matrix.T @ matrix + 1e-4 * np.eye(cells), matrix.T @ picture[0, 0].double().numpy())
    np.testing.assert_allclose(read.nearest(picture)[0, 0].numpy() * (1 + 1e-4), wanted, atol=1e-5)


def test_a_picture_of_one_very_long_side_becomes_a_small_file():
    """Sides over 16,384 pixels were refused: a matrix of the whole side would take gigabytes."""
    line = (np.sin(np.arange(20_000) / 40)[None] * 120 + 128).astype(np.uint8)
    config = inr.configure(inr.FitOptions(quality=50, steps=1))
    result = inr.fit(inr.image_from_array(line), config)
    drawn = inr.quantize(result.model.render(), 8)[:, :, 0].astype(float)
    assert np.square(drawn - line).mean() < 0.1 * line.var()
