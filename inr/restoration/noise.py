"""A picture -> the standard deviation of the white noise in it."""

import numpy as np
import torch
from torch import Tensor

_SIDE = 6
"""Side of the patches, in pixels."""
_MOST = 60_000
"""Patches that are looked at, at most."""


def estimate_noise(pixels: Tensor) -> float:
    """Return the standard deviation of Gaussian noise, equal in all channels, in units of the colours.

    The covariance of small patches has many directions in which a picture has nothing but noise: their eigenvalues lie
    around the variance of the noise. The largest eigenvalues are dropped one after another until the mean of the rest
    is their median (Chen, Zhu & Heng 2015, "An efficient statistical method for image noise level estimation", ICCV).

    Args:
        pixels: (H, W, C) float32, at least 7 pixels a side.
    """
    windows = pixels.unfold(0, _SIDE, 1).unfold(1, _SIDE, 1)
    rows, columns = windows.shape[:2]
    chosen = torch.arange(rows * columns)
    if len(chosen) > _MOST:
        chosen = torch.linspace(0, rows * columns - 1, _MOST, dtype=torch.float64).long()
    patches = windows[chosen // columns, chosen % columns].flatten(1)
    values = np.sort(np.linalg.eigvalsh(np.cov(patches.double().numpy(), rowvar=False)).clip(min=0.0))
    for count in range(len(values), 0, -1):
        mean = float(values[:count].mean())
        if mean <= float(np.median(values[:count])):
            break
    return float(np.sqrt(mean))
