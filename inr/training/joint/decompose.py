"""A picture and planes -> latents that add up to about that picture, by least squares: the closed form of MGDL."""

import math
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor
from torch.nn import functional

from inr.networks.planes import plane_shape
from inr.settings.shape import Plane

_DEAD_ZONE = 0.6
"""Latents of a smaller magnitude become zero at the start."""
_DIRECTIONS = {
    1: torch.tensor([[1.0]]),
    2: torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
    3: torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]]),
    4: torch.tensor([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, -1.0, 0.0], [-0.5, 1.0, -0.5, 0.0]]),
}


class Reading:
    """How a plane is read at the pixels of a picture, as `Planes` does: rows of weights (H, h), then columns (W, w).

    Args:
        plane: the plane.
        width: of the picture.
        height: of the picture.
    """

    def __init__(self, plane: Plane, width: int, height: int) -> None:
        self._fine = plane.cell == 1  # read as it is at every pixel
        self._places = plane.places
        _, rows, columns = plane_shape(plane, width, height)
        apart = {d for place in self._places for d in place}
        self._near = {d: (torch.arange(height) + d).clamp(0, height - 1) for d in apart} if self._fine else {}
        self._rows = {} if self._fine else {d: _between(height, rows, d) for d in apart}
        self._columns = {} if self._fine else {d: _between(width, columns, d) for d in apart}

    @cached_property
    def _solutions(self) -> tuple[Tensor, Tensor]:
        """What `nearest` solves by, for rows and columns: the more expensive the larger the picture."""
        return _inverse(self._rows[0]), _inverse(self._columns[0])

    def needed(self, rows: Tensor) -> Tensor | slice:
        """Return the plane's rows that decide these rows of pixels."""
        return self._near_rows(rows) if self._fine else slice(None)

    def up(self, values: Tensor, rows: Tensor) -> Tensor:
        """Map the (c, r, w) numbers of the rows needed to the (features, n, W) that is read in n rows of pixels."""
        if not self._fine:
            found = {d: weights[rows] @ values for d, weights in self._rows.items()}
            return torch.cat([found[dy] @ self._columns[dx].T for dy, dx in self._places])
        needed = self._near_rows(rows)
        padded = functional.pad(values, (1, 1), mode="replicate")
        found = {d: padded.index_select(1, torch.searchsorted(needed, near[rows])) for d, near in self._near.items()}
        return torch.cat([found[dy][..., 1 + dx : 1 + dx + values.shape[2]] for dy, dx in self._places])

    def _near_rows(self, rows: Tensor) -> Tensor:
        found: Tensor = torch.cat([near[rows] for near in self._near.values()]).unique()  # type: ignore[no-untyped-call]
        return found

    def centre(self, values: Tensor) -> Tensor:
        """Map (c, h, w) numbers to what is read at all pixels themselves, (c, H, W)."""
        return values if self._fine else self._rows[0] @ values @ self._columns[0].T

    def nearest(self, picture: Tensor) -> Tensor:
        """Return the (c, h, w) numbers whose reading is closest to (c, H, W) pixels."""
        return picture if self._fine else self._solutions[0] @ picture @ self._solutions[1].T


def colour_directions(channels: int) -> Tensor:
    """Return (C, C): the colours that a plane's channels stand for, each as long as one unit of all colours.

    Luma comes first, then alpha if there is one, then the two directions of chroma.
    """
    colours = _DIRECTIONS[channels]
    unit: Tensor = colours / colours.norm(dim=1, keepdim=True)
    return unit * math.sqrt(channels)


def decompose(
    pixels: Tensor, layout: Sequence[Plane], readings: Sequence[Reading], step: float
) -> tuple[list[Tensor], float]:
    """Fill planes with a picture, one after another, each with what the rounded latents of those before left over.

    Args:
        pixels: (C, H, W), of mean zero.
        layout: the planes, the coarsest first.
        readings: of each.
        step: quantisation step, in units of the colours.

    Returns:
        For each plane (channels, h, w) latents in steps, near the integers they are to become; channels beyond the
        picture's are zero. And the mean squared error that the integers leave.
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
        left = left - torch.einsum("kc,khw->chw", along, read.centre(whole * step))
    return found, float(left.square().mean())


def entropy(planes: Sequence[Tensor]) -> float:
    """Return the bits of rounded latents if each channel's were drawn independently: the sum of their entropies."""
    bits = 0.0
    for plane in planes:
        for channel in plane.round():
            _, counts = channel.unique(return_counts=True)
            bits -= float((counts * (counts / channel.numel()).log2()).sum())
    return bits


def _between(pixels: int, cells: int, apart: int) -> Tensor:
    """Return the (pixels, cells) weights of linear interpolation, so many cells apart, between cells that tile them."""
    at = ((torch.arange(pixels, dtype=torch.float64) + 0.5) * cells / pixels - 0.5 + apart).clamp(0, cells - 1)
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
