"""Layers and activations: what their names in a configuration and a file stand for."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from inr.settings.shape import ActivationName, Form

COORDINATES = 2
"""Of a pixel, the only inputs where there is no encoding."""


class Dense(nn.Module):
    """Map (N, inputs) to (N, outputs): x W^T + b. The weights are not drawn: `initialise` does that."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fan_in = inputs
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """Apply the layer; `scale` (outputs,) multiplies the products, not the biases.

        Bare coordinates are always multiplied in the weights' own type: bfloat16 has no more than 256 of them for half
        a picture.
        """
        weight = self.weight if scale is None else self.weight * scale[:, None]
        if self.fan_in > COORDINATES:
            return functional.linear(x, weight, self.bias)
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.to(weight.dtype), weight, self.bias)


class Separate(nn.Module):
    """Map (N, width) to (N, width) in groups of neurons that do not see each other (MscaleDNN-2)."""

    def __init__(self, width: int, groups: int) -> None:
        super().__init__()
        self.fan_in = width // groups
        self.weight = nn.Parameter(torch.empty(groups, self.fan_in, self.fan_in))
        self.bias = nn.Parameter(torch.empty(width))

    def forward(self, x: Tensor) -> Tensor:
        """Apply every group's own square layer to its own part of the features."""
        parts = x.view(len(x), len(self.weight), self.fan_in).transpose(0, 1)
        return (parts @ self.weight.mT).transpose(0, 1).reshape(len(x), -1) + self.bias


class Complex(nn.Module):
    """Map (N, 2 width) to (N, 2 width): a layer of complex numbers, real parts first (Saragadam et al. 2023).

    The weight holds the real parts (width, width) and, beside them, the imaginary ones.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.fan_in = width
        self.weight = nn.Parameter(torch.empty(width, 2 * width))
        self.bias = nn.Parameter(torch.empty(2 * width))

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layer in real arithmetic: (A + iB)(u + iv) = (Au - Bv) + i (Bu + Av)."""
        real, imaginary = self.weight.chunk(2, dim=1)
        rows = torch.cat([torch.cat([real, -imaginary], dim=1), torch.cat([imaginary, real], dim=1)])
        return functional.linear(x, rows, self.bias)


Layer = Dense | Separate | Complex


def activate(name: ActivationName, z: Tensor, form: Form, slope: Tensor | None = None) -> Tensor:
    """Return the activation of (N, width) sums, the form's gain and slope applied.

    With p = gain * slope * z: `gauss` exp(-p^2 / 2) (Ramasinghe & Lucey 2022, arXiv 2111.15135); `finer`
    sin((|z| + 1) p), no gradient through |z|, as published (Liu et al. 2024, arXiv 2312.02434, eq. 5);
    `gabor` exp(i p - |window z|^2) of complex z, real parts first (Saragadam et al. 2023, arXiv 2301.05187,
    eq. 3); `srelu` (p)_+ (1 - p)_+ and `phi` the quadratic B-spline on [0, 3], times 2 (Liu, Cai & Xu 2020,
    section 3.2); `ricker` gain pi^(1/4) / 15 (1 - p^2) exp(-p^2 / 2), with a = 1 / gain the Ricker function
    2 pi^(1/4) / (30 a) (1 - (x/a)^2) exp(-(x/a)^2 / 2) of the frequency principle's book.
    """
    p = z if form.gain == 1.0 else form.gain * z
    p = p if slope is None else slope * p
    if name == "ricker":
        return _ricker(p, form.gain)
    if name == "finer":
        return torch.sin((z.detach().abs() + 1.0) * p)
    return _gabor(p, form.window / form.gain) if name == "gabor" else _PLAIN[name](p)


def _gabor(p: Tensor, ratio: float) -> Tensor:
    """Return exp(i p - (ratio |p|)^2) of complex numbers, real parts first."""
    real, imaginary = p.chunk(2, dim=1)
    size = torch.exp(-imaginary - ratio**2 * (real.square() + imaginary.square()))
    return torch.cat([size * real.cos(), size * real.sin()], dim=1)


def _ricker(p: Tensor, gain: float) -> Tensor:
    """Return the second derivative of a Gaussian of width 1 / gain, upside down, as high as the book has it."""
    squared = p.square()
    return (gain * math.pow(math.pi, 0.25) / 15.0) * (1.0 - squared) * torch.exp(-0.5 * squared)


def _srelu(p: Tensor) -> Tensor:
    return torch.relu(p) * torch.relu(1.0 - p)


def _phi(p: Tensor) -> Tensor:
    ramps = (torch.relu(p - knot).square() for knot in range(4))
    return sum((factor * ramp for factor, ramp in zip((1.0, -3.0, 3.0, -1.0), ramps, strict=True)), torch.zeros_like(p))


_PLAIN: dict[str, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sine": torch.sin,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
    "gauss": lambda p: torch.exp(-0.5 * p.square()),
    "srelu": _srelu,
    "phi": _phi,
}
