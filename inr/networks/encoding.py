"""Coordinates (N, d) -> encoding (N, E): cosines and sines of fixed frequencies. Of pictures d is 2."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from inr.settings.shape import EncodingConfig, FrameName


@dataclass(frozen=True, kw_only=True)
class Draw:
    """Gaussian frequencies by what draws them, which is all that a file holds of them.

    Attributes:
        seed: from 0 to 2^64 - 1.
        sigma: standard deviation of a component, in cycles per unit of the coordinate frame.
        bands: factors on sigma, each for an equal part of the frequencies in turn.
    """

    seed: int
    sigma: float
    bands: tuple[float, ...] = (1.0,)

    def frequencies(self, count: int, dimensions: int = 2) -> Tensor:
        """Return the (dimensions, count) float32 frequencies, the same bits on every machine."""
        bands = np.repeat(self.bands, count // len(self.bands))
        drawn = normals(self.seed, dimensions * count).reshape(dimensions, -1)
        return torch.from_numpy((drawn * self.sigma * bands).astype(np.float32))


def normals(seed: int, count: int) -> NDArray[np.float64]:
    """Return (count,) numbers that are nearly normal, of mean 0 and variance 1, none beyond 6.

    Each is a sum of twelve uniform ones, the upper halves of what SplitMix64 gives (Steele, Lea & Flood 2014): whole
    numbers up to the last step, so that no library's generator, logarithm or cosine decides what a file means.
    """
    state: NDArray[Any] = np.arange(1, 12 * count + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(
        seed
    )
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    uniform = (state ^ (state >> np.uint64(31))) >> np.uint64(32)
    sums: NDArray[np.float64] = uniform.reshape(count, 12).sum(axis=1) / 2.0**32
    return sums - 6.0


class Encoding(nn.Module):
    """Fixed, untrained features of a coordinate: [cos(2 pi v B), sin(2 pi v B)] (Tancik et al. 2020, eq. 5).

    Attributes:
        frequencies: (d, M) float32, cycles per unit of the coordinate frame; (d, 0) is the identity.
        draw: what they are drawn with, or None where they are no draw of ours.
    """

    frequencies: Tensor

    def __init__(self, frequencies: Tensor, draw: Draw | None = None) -> None:
        super().__init__()
        self.register_buffer("frequencies", frequencies)
        self.draw = draw

    @property
    def size(self) -> int:
        """Number of features E: 2 M, or d for the bare coordinate."""
        return 2 * self.frequencies.shape[1] or self.frequencies.shape[0]

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (N, d) coordinates to (N, E) features in [-1, 1]."""
        if self.frequencies.shape[1] == 0:
            return coordinates
        phase = (2.0 * math.pi * coordinates) @ self.frequencies
        return torch.cat([phase.cos(), phase.sin()], dim=1)


def draw_encoding(config: EncodingConfig, frame: FrameName, seed: int, dimensions: int = 2) -> Encoding:
    """Draw the frequencies a configuration asks for, of coordinates of so many dimensions.

    `fourier`: every component N(0, sigma^2), sigma times the band where there are several. `positional`:
    sigma^(j / M') for j = 1..M' along each axis, M' = frequencies / d (Tancik et al. 2020, section 6.1). sigma is
    in cycles per longer side, which the isotropic frame spans with two units and the `unit` frame with one.
    """
    per_unit = 0.5 if frame == "isotropic" else 1.0
    if config.kind in ("none", "grid", "lattice"):
        return Encoding(torch.zeros(dimensions, 0))
    assert config.sigma is not None, "a fit chooses it first"
    if config.kind == "fourier":
        draw = Draw(seed=seed, sigma=config.sigma * per_unit, bands=config.bands)
        return Encoding(draw.frequencies(config.frequencies, dimensions), draw)
    part = config.frequencies // dimensions
    ladder = config.sigma ** (torch.arange(1, part + 1) / part) * per_unit
    return Encoding(torch.block_diag(*[ladder] * dimensions))  # type: ignore[no-untyped-call]
