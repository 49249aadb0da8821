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
    spacing = (stop - start) / count
    centres = start + (torch.arange(count, dtype=torch.float64) + 0.5) * spacing
    values = (centres - 0.5) / size if frame == "unit" else (2.0 * centres - size) / longer
    return values.to(torch.float32)


def coordinates(pixels: Tensor, width: int, height: int, frame: FrameName) -> Tensor:
    """Return the (N, 2) float32 coordinates, order (x, y), of the pixels with these (N,) indices."""
    longer = max(width, height)
    xs = axis(0, width, width, width, longer, frame)
    ys = axis(0, height, height, height, longer, frame)
    return torch.stack([xs[pixels % width], ys[pixels // width]], dim=1)


def training_pixels(width: int, height: int, pixels: PixelsName) -> Tensor:
    """Return the (N,) int32 indices of the pixels a fit trains on: all, or the papers' lattice [::2, ::2]."""
    if pixels == "all":
        return torch.arange(width * height, dtype=torch.int32)
    ys, xs = (torch.arange(0, side, 2, dtype=torch.int32) for side in (height, width))
    return (ys[:, None] * width + xs[None, :]).reshape(-1)


def validation_pixels(width: int, height: int) -> Tensor:
    """Return the (N,) int32 indices of [1::2, 1::2]: none is a training pixel of `half`."""
    ys, xs = (torch.arange(1, side, 2, dtype=torch.int32) for side in (height, width))
    return (ys[:, None] * width + xs[None, :]).reshape(-1)


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
