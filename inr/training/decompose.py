"""A picture and planes -> whole numbers on the planes that add up to about that picture: where a compact fit begins."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inr.imaging.pixels import EVERY_PIXEL, Sample
from inr.networks.encoding import plane_shape
from inr.shape import Plane

_DEAD_ZONE = 0.6
_COLOURS = {
    1: torch.tensor([[1.0]]),
    2: torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
    3: torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]]),
    4: torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 0.0, -1.0, 0.0], [-0.5, 1.0, -0.5, 0.0], [0.0, 0.0, 0.0, 1.0]]),
}


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a plane is read at all pixels: rows (H, h) times numbers (h, w) times columns (W, w), transposed.

    Rows and columns are None for cells of one pixel, which are read as they are.
    """

    rows: Tensor | None
    columns: Tensor | None

    def up(self, values: Tensor, pixels: Sample = EVERY_PIXEL) -> Tensor:
        """Map (c, h, w) numbers to (c, H, W) pixels, or to those of a sample.

        With cells of one pixel, only the numbers of these pixels are given.
        """
        if self.rows is None or self.columns is None:
            return values
        return (self.rows[pixels[0]] @ values) @ self.columns[pixels[1]].T

    def down(self, gradient: Tensor, pixels: Sample) -> Tensor:
        """Map a gradient by the pixels of a sample to one by the numbers that were given."""
        if self.rows is None or self.columns is None:
            return gradient
        return self.rows[pixels[0]].T @ (gradient @ self.columns[pixels[1]])

    def nearest(self, picture: Tensor) -> Tensor:
        """Return the (c, h, w) numbers whose reading is closest to (c, H, W) pixels."""
        if self.rows is None or self.columns is None:
            return picture
        return _inverse(self.rows) @ picture @ _inverse(self.columns).T


def reading(plane: Plane, width: int, height: int) -> Reading:
    """Return how a plane is read at the pixels of a picture: bilinearly, as `Planes` does."""
    if plane.cell == 1:
        return Reading(rows=None, columns=None)
    _, rows, columns = plane_shape(plane, width, height)
    return Reading(rows=_between(height, rows), columns=_between(width, columns))


def colour_directions(channels: int) -> Tensor:
    """Return (C, C): what a plane's channels stand for, lightness first, each as long as one unit of all colours."""
    colours = _COLOURS[channels]
    unit: Tensor = colours / colours.norm(dim=1, keepdim=True)
    return unit * math.sqrt(channels)


def decompose(
    pixels: Tensor, layout: Sequence[Plane], readings: Sequence[Reading], step: float
) -> tuple[list[Tensor], float]:
    """Fill planes with a picture, one after another, each with what the whole numbers of those before left over.

    Args:
        pixels: (C, H, W), of mean zero.
        layout: the planes, the coarsest first.
        readings: of each.
        step: what one stands for.

    Returns:
        For each plane (channels, h, w) numbers in steps, next to the whole ones they are to become; channels beyond
        the picture's are zero. And the mean squared error that the whole ones leave.
    """
    channels, height, width = pixels.shape
    colours, left, found = colour_directions(channels), pixels, []
    for plane, read in zip(layout, readings, strict=True):
        along = colours[: plane.channels]
        wanted = read.nearest(torch.einsum("kc,chw->khw", along, left) / channels) / step
        whole = wanted.sign() * (wanted.abs() + 1.0 - _DEAD_ZONE).floor()
        values = torch.zeros(plane_shape(plane, width, height))
        values[: len(along)] = torch.where(whole == wanted.round(), wanted, whole + (wanted - whole).clamp(-0.45, 0.45))
        found.append(values)
        left = left - torch.einsum("kc,khw->chw", along, read.up(whole * step))
    return found, float(left.square().mean())


def entropy(planes: Sequence[Tensor]) -> float:
    """Return the bits of whole numbers if each channel's were drawn at random from what they are: an upper estimate."""
    bits = 0.0
    for plane in planes:
        for channel in plane.round():
            _, counts = channel.unique(return_counts=True)
            bits -= float((counts * (counts / channel.numel()).log2()).sum())
    return bits


def _between(pixels: int, cells: int) -> Tensor:
    """Return the (pixels, cells) weights of linear interpolation between cells that tile the pixels."""
    at = ((torch.arange(pixels, dtype=torch.float64) + 0.5) * cells / pixels - 0.5).clamp(0, cells - 1)
    low = at.floor().long()
    high, share = (low + 1).clamp(max=cells - 1), at - low
    weights = torch.zeros(pixels, cells, dtype=torch.float64)
    weights.scatter_add_(1, low[:, None], (1.0 - share)[:, None])
    weights.scatter_add_(1, high[:, None], share[:, None])
    return weights.float()


def _inverse(weights: Tensor) -> Tensor:
    wide = weights.double()
    ridge = 1e-4 * torch.eye(wide.shape[1], dtype=torch.float64)
    inverse: Tensor = torch.linalg.solve(wide.T @ wide + ridge, wide.T)
    return inverse.float()
