"""Names of layers, activations and initialisations -> what they stand for."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from inr.settings.config import InitName
from inr.settings.shape import ActivationName, Form

COORDINATES = 2
"""Of a pixel, the only inputs where there is no encoding."""


class Dense(nn.Module):
    """Map (N, inputs) to (N, outputs): x W^T + b. Nothing is drawn: `initialise` does that."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.fan_in = inputs
        self.weight = nn.Parameter(torch.empty(outputs, inputs))
        self.bias = nn.Parameter(torch.empty(outputs))

    def forward(self, x: Tensor, scale: Tensor | None = None) -> Tensor:
        """Apply the layer; `scale` (outputs,) multiplies the products, not the biases.

        Bare coordinates are always multiplied in float32: bfloat16 has no more than 256 of them for half a picture.
        """
        weight = self.weight if scale is None else self.weight * scale[:, None]
        if self.fan_in > COORDINATES:
            return functional.linear(x, weight, self.bias)
        with torch.autocast(x.device.type, enabled=False):
            return functional.linear(x.float(), weight, self.bias)


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
    section 3.2).
    """
    p = z if form.gain == 1.0 else form.gain * z
    p = p if slope is None else slope * p
    if name == "finer":
        return torch.sin((z.detach().abs() + 1.0) * p)
    return _gabor(p, form.window / form.gain) if name == "gabor" else _PLAIN[name](p)


def _gabor(p: Tensor, ratio: float) -> Tensor:
    """Return exp(i p - (ratio |p|)^2) of complex numbers, real parts first."""
    real, imaginary = p.chunk(2, dim=1)
    size = torch.exp(-imaginary - ratio**2 * (real.square() + imaginary.square()))
    return torch.cat([size * real.cos(), size * real.sin()], dim=1)


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


@torch.no_grad()
def initialise(
    layer: Layer,
    init: InitName,
    generator: torch.Generator,
    *,
    first: bool = False,
    raw: bool = False,
    gain: float = 1.0,
    groups: int = 1,
    head: bool = False,
) -> None:
    """Draw a layer's start.

    `fan-in`: weights uniform in +-sqrt(6 / fan_in), He's bound for ReLU and SIREN's for its hidden sines with
    omega_0 folded in; zero biases. `siren`: +-sqrt(6 / fan_in) / gain, in the first layer +-1 / fan_in; biases
    as `uniform` (Sitzmann et al. 2020, arXiv 2006.09661, section 3.2 and their code). `uniform`: weights and
    biases in +-1 / sqrt(fan_in), torch's own. `glorot-normal`: weights N(0, 2 / (fan_in + fan_out)), biases
    N(0, 0.01^2), the MGDL authors' (Fang & Xu 2024, their image code); `glorot-unit-bias`: biases N(0, 1)
    (Wang, Wang & Perdikaris 2021); `wide-normal`: weights and biases N(0, 4 / (fan_in + fan_out))
    (Liu, Cai & Xu 2020, their code).

    Args:
        layer: changed in place.
        init: the rule.
        generator: source of the draw.
        first: it is the first layer of grade 1.
        raw: it sees bare coordinates; `fan-in` then spreads its biases so that a two-dimensional input still
            meets a different offset at every neuron.
        gain: on what the activation is given, see `Form`.
        groups: of its outputs, or of a head's inputs, that belong to networks of their own.
        head: it is the last one.
    """
    fan_in = layer.fan_in
    if init in ("glorot-normal", "glorot-unit-bias", "wide-normal"):
        if isinstance(layer, Separate):
            fan_out = fan_in
        elif head:
            fan_in, fan_out = fan_in // groups, layer.weight.shape[0]
        else:
            fan_out = layer.weight.shape[0] // groups
        spread = math.sqrt((4.0 if init == "wide-normal" else 2.0) / (fan_in + fan_out))
        biases = {"glorot-normal": 0.01, "glorot-unit-bias": 1.0, "wide-normal": spread}
        layer.weight.normal_(0.0, spread, generator=generator)
        layer.bias.normal_(0.0, biases[init], generator=generator)
        return
    bias = 1.0 / math.sqrt(fan_in)
    weight = {"siren": 1.0 / fan_in if first else math.sqrt(6.0 / fan_in) / gain, "uniform": bias}
    bound = weight.get(init, math.sqrt(6.0 / fan_in))
    layer.weight.uniform_(-bound, bound, generator=generator)
    if init != "fan-in" or raw:
        spread = bound if init == "fan-in" else bias
        layer.bias.uniform_(-spread, spread, generator=generator)
    else:
        layer.bias.zero_()
