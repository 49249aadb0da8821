"""Features (N, d) of the grades before -> this grade's features (N, width) and its prediction (N, C)."""

import itertools
from typing import cast

import torch
from torch import Tensor, nn

from inr.config import ActivationName, InitName
from inr.networks.encoding import Planes
from inr.networks.layers import ACTIVATIONS, initialise


class Grade(nn.Module):
    """One grade g_l: a body of hidden layers and a linear head (Fang & Xu 2024, section 2).

    x^l -> [hidden layer, activation] * depth -> x^{l+1} -> head -> g_l(x^l)

    The head is no part of the way to the next grade. A grade with planes reads them at the coordinate, the
    last two columns of what it is handed, and sees them beside it.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        depth: int,
        width: int,
        activation: ActivationName,
        planes: Planes | None = None,
    ) -> None:
        super().__init__()
        sizes = [inputs + (planes.channels if planes else 0)] + [width] * depth
        self.layers = nn.ModuleList(_linear(a, b) for a, b in itertools.pairwise(sizes))
        self.head = _linear(width, outputs)
        self.activation: ActivationName = activation
        self.planes = planes

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return len(self.layers)

    @property
    def width(self) -> int:
        """Neurons per hidden layer, and features handed to the next grade."""
        return int(self.head.weight.shape[1])

    @property
    def parameters_count(self) -> int:
        """Numbers this grade learns."""
        return sum(p.numel() for p in self.parameters())

    def read(self, x: Tensor) -> Tensor | None:
        """Map (N, inputs) features to the (N, channels) values of this grade's planes there, if it has any."""
        return None if self.planes is None else self.planes(x[:, -2:])

    def body(self, x: Tensor, read: Tensor | None = None) -> Tensor:
        """Map (N, inputs) features, and what was read there, to the (N, width) output of the last hidden layer."""
        if read is not None:
            x = torch.cat([x, read], dim=1)
        activation = ACTIVATIONS[self.activation]
        for layer in self.layers:
            x = activation(layer(x))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) features to the (N, C) prediction of this grade."""
        prediction: Tensor = self.head(self.body(x, self.read(x)))
        return prediction

    @torch.no_grad()
    def start(self, init: InitName, generator: torch.Generator, *, first: bool, raw_input: bool) -> None:
        """Draw the start of training.

        With `fan-in`, grade 1 begins at mid-grey and later grades at zero, so that no grade starts
        worse than the one before left off.
        """
        for number, layer in enumerate(self.layers):
            initialise(cast(nn.Linear, layer), init, generator, raw_input=raw_input and number == 0)
        initialise(self.head, init, generator)
        if self.planes is not None:
            self.planes.start(generator)
        if init == "fan-in":
            if first:
                self.head.weight.mul_(1.0 / 6.0**0.5)
                self.head.bias.fill_(0.5)
            else:
                self.head.weight.zero_()


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Make a layer without drawing its weights from torch's global generator."""
    layer: nn.Linear = nn.utils.skip_init(nn.Linear, inputs, outputs)  # type: ignore[no-untyped-call]
    return layer
