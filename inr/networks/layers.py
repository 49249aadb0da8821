"""Activation and initialisation names -> the functions they stand for."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from inr.config import ActivationName, InitName

ACTIVATIONS: dict[ActivationName, Callable[[Tensor], Tensor]] = {
    "relu": torch.relu,
    "sine": torch.sin,
    "tanh": torch.tanh,
    "gelu": functional.gelu,
}


@torch.no_grad()
def initialise(layer: nn.Linear, init: InitName, generator: torch.Generator, *, raw_input: bool = False) -> None:
    """Draw a layer's start.

    `fan-in`: weights uniform in +-sqrt(6 / fan_in), He's bound for ReLU and SIREN's for its hidden sines
    (Sitzmann et al. 2020, arXiv 2006.09661, section 3.2, with omega folded in); zero biases.
    `glorot-normal`: weights N(0, 2 / (fan_in + fan_out)), biases N(0, 0.01^2), the MGDL authors'
    (Fang & Xu 2024, their image code).

    Args:
        layer: changed in place.
        init: the rule.
        generator: source of the draw.
        raw_input: the layer sees bare coordinates; `fan-in` then spreads its biases so that a
            two-dimensional input still meets a different offset at every neuron.
    """
    fan_out, fan_in = layer.weight.shape
    if init == "glorot-normal":
        layer.weight.normal_(0.0, math.sqrt(2.0 / (fan_in + fan_out)), generator=generator)
        layer.bias.normal_(0.0, 0.01, generator=generator)
        return
    bound = math.sqrt(6.0 / fan_in)
    layer.weight.uniform_(-bound, bound, generator=generator)
    if raw_input:
        layer.bias.uniform_(-bound, bound, generator=generator)
    else:
        layer.bias.zero_()
