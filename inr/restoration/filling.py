"""A picture with unknown pixels -> these filled by a smooth surface through the known ones."""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from inr.imaging.alpha import continued

FillName = Literal["biharmonic", "harmonic"]
_STEPS = 120
"""Steps of conjugate gradients at most: enough for holes of some twenty pixels; deep in larger ones the start stays."""
_ENOUGH = 1e-4
"""Part of the first residual at which they end."""
_LAPLACIAN = torch.tensor([[0.0, 1.0, 0.0], [1.0, -4.0, 1.0], [0.0, 1.0, 0.0]])[None, None]


def filled(pixels: Tensor, known: Tensor, fill: FillName) -> Tensor:
    """Return (H, W, C) pixels whose unknown ones are replaced by the surface that bends, or slopes, least.

    `biharmonic` minimises the sum of squares of the Laplacian over the unknown pixels, `harmonic` that of the
    gradient, by conjugate gradients that begin at means over ever larger blocks.

    Args:
        pixels: (H, W, C) float32; what the unknown ones hold is not read.
        known: (H, W) bool.
        fill: which of both.
    """
    start = continued(pixels.numpy(), known.numpy().astype("float32"))
    planes, free = torch.from_numpy(start).permute(2, 0, 1)[:, None], (~known).float()[None, None]

    def bent(surface: Tensor) -> Tensor:
        once = _laplacian(surface)
        return _laplacian(once) if fill == "biharmonic" else -once

    residual = -bent(planes) * free
    direction, square = residual, residual.square().sum()
    least = square * _ENOUGH**2
    for _ in range(_STEPS):
        if square <= least:
            break
        applied = bent(direction) * free
        step = square / (direction * applied).sum()
        planes = planes + step * direction
        residual = residual - step * applied
        square, before = residual.square().sum(), square
        direction = residual + square / before * direction
    return planes[:, 0].permute(1, 2, 0).clamp(0.0, 1.0).contiguous()


def _laplacian(planes: Tensor) -> Tensor:
    """Return the Laplacian of (C, 1, H, W) planes, their rims repeated: symmetric, so that its square is too."""
    return functional.conv2d(functional.pad(planes, (1, 1, 1, 1), mode="replicate"), _LAPLACIAN)
