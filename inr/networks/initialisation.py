"""A layer -> its weights and biases at the start of training, drawn by one of the papers' rules."""

import math

import torch

from inr.networks.layers import Layer, Separate
from inr.settings.trainings import InitName


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
    deviation: float = 0.0,
) -> None:
    """Draw a layer's start.

    `fan-in`: weights uniform in +-sqrt(6 / fan_in), He's bound for ReLU and SIREN's for its hidden sines with
    omega_0 folded in; zero biases. `siren`: +-sqrt(6 / fan_in) / gain, in the first layer +-1 / fan_in; biases
    as `uniform` (Sitzmann et al. 2020, arXiv 2006.09661, section 3.2 and their code). `uniform`: weights and
    biases in +-1 / sqrt(fan_in), torch's own. `glorot-normal`: weights N(0, 2 / (fan_in + fan_out)), biases
    N(0, 0.01^2), the MGDL authors' (Fang & Xu 2024, their image code); `glorot-unit-bias`: biases N(0, 1)
    (Wang, Wang & Perdikaris 2021); `wide-normal`: weights and biases N(0, 4 / (fan_in + fan_out))
    (Liu, Cai & Xu 2020, their code). `normal`: weights and biases N(0, deviation^2).

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
        deviation: of `normal`, the standard one.
    """
    fan_in = layer.fan_in
    if init == "normal":
        layer.weight.normal_(0.0, deviation, generator=generator)
        layer.bias.normal_(0.0, deviation, generator=generator)
        return
    if init in ("glorot-normal", "glorot-unit-bias", "wide-normal"):
        if isinstance(layer, Separate):
            fan_out = fan_in
        elif head:
            fan_in, fan_out = fan_in // groups, layer.weight.shape[0]
        else:
            fan_out = layer.weight.shape[0] // groups
        wide = math.sqrt((4.0 if init == "wide-normal" else 2.0) / (fan_in + fan_out))
        biases = {"glorot-normal": 0.01, "glorot-unit-bias": 1.0, "wide-normal": wide}
        layer.weight.normal_(0.0, wide, generator=generator)
        layer.bias.normal_(0.0, biases[init], generator=generator)
        return
    bias = 1.0 / math.sqrt(fan_in)
    weight = {"siren": 1.0 / fan_in if first else math.sqrt(6.0 / fan_in) / gain, "uniform": bias}
    bound = weight.get(init, math.sqrt(6.0 / fan_in))
    layer.weight.uniform_(-bound, bound, generator=generator)
    if init != "fan-in" or raw:
        wide = bound if init == "fan-in" else bias
        layer.bias.uniform_(-wide, wide, generator=generator)
    else:
        layer.bias.zero_()
