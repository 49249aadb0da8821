"""Features (N, d) of the grades before -> this grade's features (N, F) and its prediction (N, C)."""

import itertools
import math
from dataclasses import replace

import torch
from torch import Tensor, nn

from inr.networks.initialisation import initialise
from inr.networks.layers import COORDINATES, Complex, Dense, Layer, Separate, activate
from inr.networks.planes import Planes, plane_shape
from inr.settings.shape import ActivationName, Form, GradeShape
from inr.settings.trainings import InitName


class Grade(nn.Module):
    """One grade g_l: a body of hidden layers and a linear head (Fang & Xu 2024, section 2).

    x^l -> [hidden layer, activation] * depth -> x^{l+1} -> head -> g_l(x^l)

    The head is no part of the way to the next grade. A grade with planes reads them at the coordinate, the
    last two columns of what it is handed, and sees them beside it. `Form` says in what else it may differ.

    Attributes:
        outputs: channels C of the prediction.
        scale: (width,) factors on the first layer's products, or None.
        waves: (d, shifts) cycles per unit of the coordinate frame; zero until they are chosen or read.
    """

    scale: Tensor | None
    waves: Tensor

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        depth: int,
        width: int,
        activation: ActivationName,
        planes: Planes | None = None,
        form: Form = Form(),
        dimensions: int = COORDINATES,
    ) -> None:
        super().__init__()
        self.activation: ActivationName = activation
        self.form = form
        self.outputs = outputs
        first = (inputs + (planes.features if planes else 0)) // form.branches
        if form.before:
            widths = (*form.before, width)
            self.layers = nn.ModuleList(Dense(*ends) for ends in itertools.pairwise((first, *widths)))
        else:
            self.layers = nn.ModuleList([Dense(first, width), *(self._hidden(width) for _ in range(depth - 1))])
        self.head = Dense(form.features(width, activation), outputs * (1 + 2 * form.shifts))
        self.slope = nn.Parameter(torch.empty(())) if form.slope else None
        self.planes = planes
        self.register_buffer("scale", _per_neuron(form.scales, width), persistent=False)
        self.register_buffer("waves", torch.zeros(dimensions, form.shifts))

    @property
    def depth(self) -> int:
        """Hidden layers."""
        return len(self.layers)

    @property
    def width(self) -> int:
        """Neurons per hidden layer, of the last one where they differ."""
        return int(self.head.fan_in // self.form.features(1, self.activation))

    @property
    def features(self) -> int:
        """Features handed to the next grade: the width, but for complex neurons or several branches."""
        return self.form.features(self.width, self.activation)

    @property
    def parameters_count(self) -> int:
        """Numbers this grade learns."""
        return sum(p.numel() for p in self.parameters())

    def read(self, x: Tensor) -> Tensor | None:
        """Map (N, inputs) features to the (N, R) values of this grade's planes there, if it has any."""
        return None if self.planes is None else self.planes(x[:, -2:])

    def body(self, x: Tensor, read: Tensor | None = None) -> Tensor:
        """Map (N, inputs) features, and what was read there, to the (N, features) output of the last hidden layer."""
        if read is not None:
            x = torch.cat([x, read], dim=1)
        rows, branches = len(x), self.form.branches
        if branches > 1:  # cosines of all bands, then sines: put those of one band together
            x = x.view(rows, 2, branches, -1).transpose(1, 2).reshape(rows * branches, -1)
        x = self.layers[0](x, self.scale)
        if self.activation == "gabor":  # the first layer's sums are real
            x = torch.cat([x, torch.zeros_like(x)], dim=1)
        x = activate(self.form.first or self.activation, x, self.form, self.slope)
        for layer in self.layers[1:]:
            x = activate(self.activation, layer(x), self.form, self.slope)
        return x.reshape(rows, -1) if branches > 1 else x

    def predict(self, features: Tensor, x: Tensor) -> Tensor:
        """Map (N, features), and the (N, inputs) they came from, to the (N, C) prediction of this grade."""
        out: Tensor = self.head(features)
        if self.form.shifts:
            where = torch.split(x[:, -len(self.waves) :], 1, dim=1)
            turns = sum(along * wave for along, wave in zip(where, self.waves, strict=True))  # no product in bfloat16
            phase = 2.0 * math.pi * torch.as_tensor(turns)
            basis = torch.cat([torch.ones_like(phase[:, :1]), phase.cos(), phase.sin()], dim=1)
            out = (basis[:, None] @ out.view(len(out), -1, self.outputs))[:, 0]
        return torch.sigmoid(out) if self.form.sigmoid else out

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, inputs) features to the (N, C) prediction of this grade."""
        return self.predict(self.body(x, self.read(x)), x)

    @torch.no_grad()
    def start(
        self,
        init: InitName,
        generator: torch.Generator,
        *,
        first: bool,
        raw: bool,
        middle: float = 0.5,
        deviation: float = 0.0,
    ) -> None:
        """Draw the start of training.

        With `fan-in`, grade 1 begins around the middle of the colours and later grades at zero, so that no grade starts
        worse than the one before left off.

        Args:
            init: the rule, see `initialise`; `samples` begins as `fan-in`, and `meet` follows.
            generator: source of the draw.
            first: it is grade 1.
            raw: it sees bare coordinates.
            middle: what grade 1 begins around with `fan-in`, on the scale of its targets.
            deviation: of `normal`.
        """
        init = "fan-in" if init == "samples" else init
        groups = len(self.form.scales) if self.form.separate else 1
        for number, layer in enumerate(self._hidden_layers()):
            start = number == 0
            initialise(
                layer, init, generator,
                first=first and start, raw=raw and start, gain=self.form.gain, groups=groups, deviation=deviation,
            )  # fmt: skip
            if start and raw and init == "fan-in" and self.scale is not None:
                layer.bias.mul_(self.scale)  # as wide as what they are added to: else all begin at the origin
        initialise(self.head, init, generator, gain=self.form.gain, groups=groups, head=True, deviation=deviation)
        if self.slope is not None:
            self.slope.fill_(1.0 / self.form.gain)
        if self.planes is not None:
            self.planes.start(generator)
        if init == "fan-in":
            if first:
                self.head.weight.mul_(1.0 / 6.0**0.5)
                self.head.bias.fill_(middle)
            else:
                self.head.weight.zero_()

    @torch.no_grad()
    def reach(self, frequency: float) -> None:
        """Choose the one scale so that the first layer's frequencies have this RMS, in radians per unit."""
        length = float(self._hidden_layers()[0].weight.square().sum(dim=1).mean().sqrt())
        self.form = replace(self.form, scales=(min(max(frequency / max(length, 1e-6), 1e-3), 1e5),))
        self.scale = _per_neuron(self.form.scales, self.width)

    @torch.no_grad()
    def meet(self, samples: Tensor, generator: torch.Generator) -> None:
        """Choose the biases of the first layer so that each neuron is zero at one of (N, inputs) samples, drawn."""
        layer = self._hidden_layers()[0]
        chosen = torch.randint(len(samples), layer.bias.shape, generator=generator)
        there = (layer.weight * samples[chosen.to(samples.device)].cpu()).sum(dim=1)
        layer.bias.copy_(-there if self.scale is None else -self.scale * there)

    @torch.no_grad()
    def rescale(self, scale: float, shift: float) -> None:
        """Make the prediction `scale` times what it was, plus `shift`, by changing the head."""
        self.head.weight.mul_(scale)
        self.head.bias.mul_(scale)
        self.head.bias[: self.outputs].add_(shift)  # of shifted frequencies, the constant comes first

    def _hidden(self, width: int) -> Layer:
        if self.activation == "gabor":
            return Complex(width)
        return Separate(width, len(self.form.scales)) if self.form.separate else Dense(width, width)

    def _hidden_layers(self) -> list[Layer]:
        return list(self.layers)  # type: ignore[arg-type]


def parameter_shapes(inputs: int, outputs: int, shape: GradeShape, width: int, height: int) -> list[tuple[int, ...]]:
    """Return the shapes of what a grade learns, in the order of `Grade.parameters`, without making it.

    Args:
        inputs: features it is handed, its own planes not counted.
        outputs: channels of the picture.
        shape: of the grade.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
    """
    form, neurons, heads = shape.form, shape.width, outputs * (1 + 2 * shape.form.shifts)
    seen = (inputs + sum(plane.features for plane in shape.planes)) // form.branches
    hidden: list[tuple[int, ...]] = [(neurons, neurons), (neurons,)]
    if shape.activation == "gabor":
        hidden = [(neurons, 2 * neurons), (2 * neurons,)]
    elif form.separate:
        groups = len(form.scales)
        hidden = [(groups, neurons // groups, neurons // groups), (neurons,)]
    body = [(neurons, seen), (neurons,), *hidden * (shape.depth - 1)]
    if form.before:
        ends = itertools.pairwise((seen, *form.before, neurons))
        body = [each for before, after in ends for each in ((after, before), (after,))]
    return [
        *([()] if form.slope else []),
        *body,
        *[(heads, form.features(neurons, shape.activation)), (heads,)],
        *[(1, *plane_shape(plane, width, height)) for plane in shape.planes],
    ]


def _per_neuron(scales: tuple[float, ...], width: int) -> Tensor | None:
    """Return (width,) factors: each scale for equally many neurons in turn."""
    if not scales:
        return None
    return torch.tensor(scales)[torch.arange(width) * len(scales) // width]
