"""A picture's size and frame -> pixel indices and coordinates: which pixels a fit sees, and where they lie.

The index of a pixel is its place in reading order, y * width + x.
"""

import torch
from torch import Tensor

from inr.settings.config import PixelsName
from inr.settings.shape import FrameName


def axis(start: float, stop: float, count: int, size: int, longer: int, frame: FrameName) -> Tensor:
    """Return (count,) float32 coordinates of sample centres spread over [start, stop) in source pixels.

    Args:
        start: left (upper) edge of the region, in source pixels.
        stop: right (lower) edge of the region, in source pixels.
        count: samples.
        size: of the picture along this axis, in pixels.
        longer: longer side of the picture, in pixels.
        frame: `isotropic`: the longer side spans (-1, 1) and pixel p has its centre at p + 0.5;
            `unit`: pixel p of this axis lies at p / size (the MGDL authors' frame).
    """
    values = places(start, stop, count)
    values = values / size if frame == "unit" else (2.0 * (values + 0.5) - size) / longer
    return values.to(torch.float32)


def places(start: float, stop: float, count: int) -> Tensor:
    """Return (count,) float64 sample centres spread over [start, stop) pixels, that of pixel p at p."""
    return start + (torch.arange(count, dtype=torch.float64) + 0.5) * ((stop - start) / count) - 0.5


def coordinates(pixels: Tensor, width: int, height: int, frame: FrameName) -> Tensor:
    """Return the (N, 2) float32 coordinates, order (x, y), of the pixels with these (N,) indices."""
    longer = max(width, height)
    xs = axis(0, width, width, width, longer, frame).to(pixels.device)
    ys = axis(0, height, height, height, longer, frame).to(pixels.device)
    return torch.stack([xs[pixels % width], ys[pixels // width]], dim=1)


def pixel_places(coordinates: Tensor, width: int, height: int) -> Tensor:
    """Return (N, 2) float64 places in pixels, that of pixel p at p, of (N, 2) isotropic coordinates."""
    sides = torch.tensor([width, height], dtype=torch.float64, device=coordinates.device)
    return (coordinates.double() * max(width, height) + sides - 1.0) / 2.0


def training_pixels(width: int, height: int, pixels: PixelsName) -> Tensor:
    """Return the (N,) int32 indices of the pixels a fit trains on: all, or the papers' lattice [::2, ::2]."""
    if pixels == "all":
        return torch.arange(width * height, dtype=torch.int32)
    ys, xs = (torch.arange(0, side, 2, dtype=torch.int32) for side in (height, width))
    return (ys[:, None] * width + xs[None, :]).reshape(-1)


def validation_pixels(width: int, height: int, pixels: PixelsName) -> Tensor | None:
    """Return (N,) which training pixels validate and are never trained on: the middle one of each three by three.

    None where the lattice is too small to have any (the lattice of S-MGDL's sigma, Fang & Xu 2025).
    """
    step = spacing(pixels)
    rows, columns = -(-height // step), -(-width // step)
    if min(rows, columns) < 2:
        return None
    return ((torch.arange(rows) % 3 == 1)[:, None] & (torch.arange(columns) % 3 == 1)[None, :]).reshape(-1)


def spacing(pixels: PixelsName) -> int:
    """Return how many pixels lie from one training pixel to the next, along both sides."""
    return 2 if pixels == "half" else 1


def row_samples(row_stride: int, height: int) -> list[Tensor]:
    """Return the picture's rows in samples of one row in `row_stride`, a power of two; no sample is empty.

    Samples that follow each other lie as far apart as can be.
    """
    starts = [0]
    while len(starts) < row_stride:
        starts = [2 * start + half for half in (0, 1) for start in starts]
    return [torch.arange(start, height, row_stride) for start in starts if start < height]
