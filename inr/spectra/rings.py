"""A picture (H, W, C) -> its power by frequency, in rings of equal cycles per pixel whatever the picture's shape."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from inr.errors import ConfigError

Array = np.ndarray[Any, Any]

MOST_RINGS = 64
_NOTHING = 1e-12
"""A ring with less than this part of the target's power, or a target with less in all, has none: only roundings."""


class Rings:
    """The frequencies of an H x W lattice of pixels, sorted by their radius into at most 64 rings.

    picture (H, W, C) -> transform (C, H, W // 2 + 1) -> power of every frequency -> power of every ring (R,)

    A frequency (fx, fy) has the radius sqrt(fx^2 + fy^2) in cycles per pixel, so that a ring is round also where the
    picture is not square. The first rings are one cycle per longer side wide, the later ones grow with the radius.
    Along an axis the finest frequency is 0.5; beyond it, up to 0.71, lie the corners of the transform, which only
    oblique waves reach. They are counted in rings of their own radius: all rings together hold the whole variance.

    The mean is removed and a Hann window laid over the picture. Without one, the jump between opposite borders
    would put power that falls as slowly as a photograph's own along both axes, and hide how little high frequency a
    smooth grade holds. The price: pixels near the border count little, and a wave spreads over the next cycle per side.

    Attributes:
        frequency: (R,) float64, mean radius of each ring in cycles per pixel, ascending; no ring is empty.
        count: (R,) int64, frequencies in each.
        times: (W // 2 + 1,) float64, 2 where the transform leaves out a mirror image, else 1.
    """

    def __init__(self, height: int, width: int, *, spacing: int = 1) -> None:
        """Sort the frequencies of a lattice.

        Args:
            height: rows.
            width: columns.
            spacing: distance of neighbours in pixels of the picture: 2 for the lattice [::2, ::2].

        Raises:
            ConfigError: no pixel.
        """
        if min(height, width) < 1:
            raise ConfigError(f"{width} x {height} pixels have no spectrum; at least one is needed.")
        self.shape = (height, width)
        self._along = np.fft.fftfreq(height), np.fft.rfftfreq(width)  # cycles per lattice pixel
        self._spacing = spacing
        self.times = np.full(len(self._along[1]), 2.0)
        self.times[0] = 1.0
        if width % 2 == 0:
            self.times[-1] = 1.0
        cycles = np.hypot(self._along[0][:, None], self._along[1])
        longer = max(height, width)
        top = math.ceil(longer * math.sqrt(0.5)) + 1
        edges = np.unique(np.rint(np.geomspace(1, top, MOST_RINGS + 1))) - 0.5  # cycles per longer side
        ring = np.searchsorted(edges, cycles * longer, side="right")  # 0 is the mean
        filled = np.bincount(ring.ravel()) > 0
        self._rings = int(filled.sum())
        self._ring = (np.cumsum(filled) - 1).astype(np.uint8)[ring]
        self.count = np.rint(self.sums(np.ones(cycles.shape, np.float32))).astype(np.int64)
        self.frequency = self.sums(cycles) / self.count / spacing
        rows, columns = (np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2 for side in self.shape)
        self.window = (rows[:, None] * columns[None, :]).astype(np.float32)

    def sums(self, values: Array) -> Array:
        """Sum (H, W // 2 + 1) values over each ring, mirror images included; the mean is left out."""
        sums = np.bincount(self._ring.ravel(), weights=(values * self.times).ravel(), minlength=self._rings)
        return np.asarray(sums[1:])

    def transform(self, picture: Array) -> Array:
        """Return the (C, H, W // 2 + 1) complex64 transform of an (H, W, C) picture, linear in the picture.

        Scaled so that the squares of all frequencies sum to the variance, the window's square the weight of a pixel.
        """
        channels = np.moveaxis(np.asarray(picture, dtype=np.float32), 2, 0)
        mean = (channels * self.window).sum(axis=(1, 2), dtype=np.float64) / self.window.sum(dtype=np.float64)
        centred = (channels - mean.astype(np.float32)[:, None, None]) * self.window
        scale = math.sqrt(self.window.size * float(np.square(self.window, dtype=np.float64).sum()))
        transform = np.fft.rfft2(centred)
        transform /= np.float32(scale)
        return np.asarray(transform)

    def power(self, transform: Array) -> Array:
        """Return the (H, W // 2 + 1) power of every frequency, summed over channels."""
        return np.asarray((np.square(transform.real) + np.square(transform.imag)).sum(axis=0))

    def blurred(self, power: Array, sigmas: Sequence[float]) -> Array:
        """Return (S, 2): the power of a picture blurred by Gaussians, and of what each blur takes away.

        The filter g(fx, fy) = exp(-2 (pi sigma)^2 (fx^2 + fy^2)) is a product of one along each axis, so that
        sum g P takes two products with P; what is taken away is sum (1 - g)^2 P = sum P - 2 sum g P + sum g^2 P.

        Args:
            power: (H, W // 2 + 1), as of `power`.
            sigmas: standard deviations of the filters, in pixels.
        """
        power, widths = power.astype(np.float64), np.pi * np.array(sigmas)[:, None] / self._spacing
        down, across = (np.exp(-2.0 * np.square(widths * axis)) for axis in self._along)
        once, twice = (((down**n @ power) * across**n * self.times).sum(axis=1) for n in (1, 2))
        whole = (power.sum(axis=0) * self.times).sum()
        return np.stack([twice, np.maximum(whole - 2.0 * once + twice, 0.0)], axis=1)


def relative_error(left: Array, target: Array) -> Array:
    """Return ||F(prediction) - F(y)|| / ||F(y)|| from the two powers; NaN where the target has none."""
    total = float(np.sum(target))
    some = (target > _NOTHING * total) & (total > _NOTHING)
    return np.asarray(np.sqrt(np.divide(left, target, out=np.full(np.shape(target), np.nan), where=some)))


def central(height: int, width: int, most: int) -> tuple[slice, slice]:
    """Return the rows and columns of the largest central part of at most `most` pixels, square if need be."""
    if height * width <= most:
        return slice(0, height), slice(0, width)
    rows = min(height, math.isqrt(most))
    columns = min(width, most // rows)
    rows = min(height, most // columns)
    top, left = (height - rows) // 2, (width - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)
