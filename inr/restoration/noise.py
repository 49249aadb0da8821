"""A picture -> the standard deviation of the white noise in it."""

import math

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

_SIDE = 6
"""Side of the patches, in pixels."""
_MOST = 60_000
"""Patches that are looked at, at most."""
_ROUNDS = 6
_SMOOTH = 4.0
"""A patch is smooth if its variance lies at most so many standard deviations above that of pure noise."""
_FEWEST = 1000
"""Overlapping patches of which the covariance is known well enough."""


def estimate_noise(pixels: Tensor) -> float:
    """Return the standard deviation of Gaussian noise, equal in all channels, in units of the colours.

    The covariance of small patches has many directions in which a picture has nothing but noise: their eigenvalues lie
    around the variance of the noise. The largest eigenvalues are dropped one after another until the mean of the rest
    is their median (Chen, Zhu & Heng 2015, "An efficient statistical method for image noise level estimation", ICCV).

    A grey picture with much texture has no such directions. There only smooth patches count, those whose variance the
    noise explains, and the estimate and this choice are repeated until they agree (the idea of Liu, Tanaka & Okutomi
    2013, "Single-image noise level estimation for blind denoising", with variances in place of gradients).

    Args:
        pixels: (H, W, C) float32, at least 7 pixels a side.
    """
    windows = pixels.unfold(0, _SIDE, 1).unfold(1, _SIDE, 1)
    rows, columns = windows.shape[:2]
    chosen = torch.arange(rows * columns)
    if len(chosen) > _MOST:
        chosen = torch.linspace(0, rows * columns - 1, _MOST, dtype=torch.float64).long()
    patches: NDArray[np.float64] = windows[chosen // columns, chosen % columns].flatten(1).double().numpy()
    sigma = _of_patches(patches)
    return _of_smooth(patches, sigma) if pixels.shape[2] == 1 else sigma


def _of_patches(patches: NDArray[np.float64]) -> float:
    """Return the deviation that is in every direction of (n, d) patches."""
    values = np.sort(np.linalg.eigvalsh(np.cov(patches, rowvar=False)).clip(min=0.0))
    for count in range(len(values), 0, -1):
        mean = float(values[:count].mean())
        if mean <= float(np.median(values[:count])):
            break
    return math.sqrt(mean)


def _of_smooth(patches: NDArray[np.float64], sigma: float) -> float:
    """Return the deviation of the smooth ones of (n, d) patches, beginning with that of all."""
    size = patches.shape[1]
    variance = patches.var(axis=1, ddof=1)
    smoothest = np.argsort(variance)
    for _ in range(_ROUNDS):
        smooth = int((variance < sigma**2 * (1.0 + _SMOOTH * math.sqrt(2.0 / (size - 1)))).sum())
        if smooth < _FEWEST:  # the smoothest of too few are so by chance
            break
        before, sigma = sigma, _of_patches(patches[smoothest[:smooth]])
        if abs(sigma - before) < 0.01 * before:
            break
    return sigma
