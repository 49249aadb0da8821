"""Coordinates (N, 2) -> encoding (N, E): what grade 1 sees."""

import math

import torch
from torch import Tensor, nn

from inr.config import EncodingConfig, FrameName


class Encoding(nn.Module):
    """Fixed, untrained features of a coordinate: [cos(2 pi v B), sin(2 pi v B)] (Tancik et al. 2020, eq. 5).

    Attributes:
        frequencies: (2, M) float32, cycles per unit of the coordinate frame; (2, 0) is the identity.
    """

    frequencies: Tensor

    def __init__(self, frequencies: Tensor) -> None:
        super().__init__()
        self.register_buffer("frequencies", frequencies)

    @property
    def size(self) -> int:
        """Number of features E: 2 M, or 2 for the bare coordinate."""
        return 2 * self.frequencies.shape[1] or 2

    def forward(self, coordinates: Tensor) -> Tensor:
        """Map (N, 2) coordinates to (N, E) features in [-1, 1]."""
        if self.frequencies.shape[1] == 0:
            return coordinates
        phase = (2.0 * math.pi * coordinates) @ self.frequencies
        return torch.cat([phase.cos(), phase.sin()], dim=1)


def draw_encoding(config: EncodingConfig, frame: FrameName, generator: torch.Generator) -> Encoding:
    """Draw the frequencies a configuration asks for.

    `fourier`: every component N(0, sigma^2). `positional`: sigma^(j / M') for j = 1..M' along each
    axis, M' = frequencies / 2 (Tancik et al. 2020, section 6.1). sigma is in cycles per longer side,
    which the isotropic frame spans with two units and the `unit` frame with one.
    """
    per_unit = 0.5 if frame == "isotropic" else 1.0
    if config.kind == "none":
        return Encoding(torch.zeros(2, 0))
    if config.kind == "fourier":
        draw = torch.randn(2, config.frequencies, generator=generator)
        return Encoding(draw * (config.sigma * per_unit))
    half = config.frequencies // 2
    ladder = config.sigma ** (torch.arange(1, half + 1) / half) * per_unit
    zeros = torch.zeros(half)
    return Encoding(torch.stack([torch.cat([ladder, zeros]), torch.cat([zeros, ladder])]))
