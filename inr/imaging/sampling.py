"""A picture's size and frame -> coordinates, training rows: which pixels a fit sees, and where they lie.

A *row* is the number of a pixel in reading order, y * width + x.
"""

import torch
from torch import Tensor

from inr.settings.config import FrameName, PixelsName


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


def coordinates(rows: Tensor, width: int, height: int, frame: FrameName) -> Tensor:
    """Return the (N, 2) float32 coordinates, order (x, y), of the pixels with these (N,) row numbers."""
    longer = max(width, height)
    xs = axis(0, width, width, width, longer, frame)
    ys = axis(0, height, height, height, longer, frame)
    return torch.stack([xs[rows % width], ys[rows // width]], dim=1)


def training_rows(width: int, height: int, pixels: PixelsName) -> Tensor:
    """Return the (N,) int32 row numbers a fit trains on: every pixel, or the papers' lattice [::2, ::2]."""
    if pixels == "all":
        return torch.arange(width * height, dtype=torch.int32)
    ys, xs = (torch.arange(0, side, 2, dtype=torch.int32) for side in (height, width))
    return (ys[:, None] * width + xs[None, :]).reshape(-1)


def samples(share: int, height: int) -> list[Tensor]:
    """Return the samples of one row in `share`, a power of two, that a picture's rows fall into; none is empty.

    Those that follow each other lie as far apart as can be.
    """
    starts = [0]
    while len(starts) < share:
        starts = [2 * start + half for half in (0, 1) for start in starts]
    return [torch.arange(start, height, share) for start in starts if start < height]
