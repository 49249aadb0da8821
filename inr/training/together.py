"""Planes read at some pixels -> the error of every prefix of grades and its gradients: all grades trained at once.

Forward and backward pass are written out, channels before pixels. With layers this narrow most of the time goes into
moving numbers: so what all grades see of planes and coordinates is one product, and no grade's input is put together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from inr.networks.grade import Grade
from inr.networks.layers import Dense

_BLOCK = 16_384
"""Pixels at once: the fastest of 2,048, 4,096, 8,192, 16,384 and 98,304 (widths of 16, two threads)."""


@dataclass(frozen=True, kw_only=True)
class _Passed:
    """What was made of n pixels: (P + 3, n) inputs, all features (sum of widths, n), and every prefix's (C, n)."""

    inputs: Tensor
    features: Tensor
    drawn: list[Tensor]


class Together:
    """Grades of one rectified layer each, fed with `both`, that are trained together.

    Args:
        grades: the networks; their planes are left alone.
    """

    def __init__(self, grades: Sequence[Grade]) -> None:
        self._layers = [cast(Dense, grade.layers[0]) for grade in grades]
        self._heads = [grade.head for grade in grades]
        channels = [grade.planes.channels for grade in grades if grade.planes is not None]
        self._planes = sum(channels)
        widths = [len(layer.weight) for layer in self._layers]
        self._own = [slice(sum(widths[:i]), sum(widths[: i + 1])) for i in range(len(grades))]
        # Where a grade's columns lie among (all planes, two coordinates, one): its own planes last, those of the
        # grade before first, as `advance` hands them on.
        encoded = [self._planes, self._planes + 1]
        self._columns = []
        for place, count in enumerate(channels):
            mine = list(range(sum(channels[:place]), sum(channels[:place]) + count))
            self._columns.append(torch.tensor([*encoded, *mine, self._planes + 2]))
            encoded = [*mine, *encoded]

    @property
    def matrices(self) -> list[nn.Parameter]:
        """The weights of all hidden layers."""
        return [layer.weight for layer in self._layers]

    @property
    def rest(self) -> list[nn.Parameter]:
        """The biases and heads."""
        both = zip(self._layers, self._heads, strict=True)
        return [weights for layer, head in both for weights in (layer.bias, head.weight, head.bias)]

    @torch.no_grad()
    def draw(self, planes: Tensor, where: Tensor) -> Tensor:
        """Map what is read of all planes (P, n) and coordinates (2, n) to the (C, n) picture after the last grade."""
        joint = self._joint()
        blocks = zip(torch.split(planes, _BLOCK, dim=1), torch.split(where, _BLOCK, dim=1), strict=True)
        return torch.cat([self._forward(joint, *block).drawn[-1] for block in blocks], dim=1)

    @torch.no_grad()
    def learn(
        self, planes: Tensor, where: Tensor, wanted: Tensor, shares: Sequence[float]
    ) -> tuple[list[float], Tensor]:
        """Give the weights their gradients, and return the errors of all prefixes and the gradient by the planes.

        Args:
            planes: (P, n) what is read of them.
            where: (2, n) coordinates.
            wanted: (C, n) colours.
            shares: of each prefix's mean squared error in the loss.
        """
        joint, given, errors = self._joint(), torch.empty_like(planes), [0.0] * len(shares)
        by_joint = torch.zeros_like(joint)
        for parameter in (*self.matrices, *self.rest):
            parameter.grad = torch.zeros_like(parameter)
        for start in range(0, planes.shape[1], _BLOCK):
            part = slice(start, start + _BLOCK)
            passed = self._forward(joint, planes[:, part], where[:, part])
            by_features = self._backward(passed, wanted[:, part], shares, 1.0 / wanted.numel(), errors)
            by_joint.addmm_(by_features, passed.inputs.T)
            torch.mm(joint[:, : self._planes].T, by_features, out=given[:, part])
        for layer, own, columns in zip(self._layers, self._own, self._columns, strict=True):
            weights, bias = _gradient(layer.weight), _gradient(layer.bias)
            weights[:, -(len(columns) - 1) :] = by_joint[own][:, columns[:-1]]
            bias.copy_(by_joint[own, -1])
        return errors, given

    def _joint(self) -> Tensor:
        """Return (sum of widths, P + 3): all grades' weights of planes and coordinates, and their biases."""
        joint = torch.zeros(self._own[-1].stop, self._planes + 3)
        for layer, own, columns in zip(self._layers, self._own, self._columns, strict=True):
            seen = layer.weight[:, -(len(columns) - 1) :]
            joint[own, columns] = torch.cat([seen, layer.bias[:, None]], dim=1)
        return joint

    def _forward(self, joint: Tensor, planes: Tensor, where: Tensor) -> _Passed:
        """Go through the grades as `Model.predictions` does."""
        inputs = torch.cat([planes, where, torch.ones_like(where[:1])])
        features = joint @ inputs
        drawn: list[Tensor] = []
        for number, (layer, head, own) in enumerate(zip(self._layers, self._heads, self._own, strict=True)):
            mine = features[own]
            if number:
                before = features[self._own[number - 1]]
                mine.addmm_(layer.weight[:, : len(before)], before)
            mine.relu_()
            part = torch.addmm(head.bias[:, None], head.weight, mine)
            drawn.append(part.add_(drawn[-1]) if drawn else part)
        return _Passed(inputs=inputs, features=features, drawn=drawn)

    def _backward(
        self, passed: _Passed, wanted: Tensor, shares: Sequence[float], scale: float, errors: list[float]
    ) -> Tensor:
        """Add to the gradients of heads and links between grades, and to the errors; return that by the features."""
        by_picture, by_features = torch.zeros_like(wanted), torch.empty_like(passed.features)
        for number in reversed(range(len(self._layers))):
            own, head = self._own[number], self._heads[number]
            wrong, mine, by_mine = passed.drawn[number] - wanted, passed.features[own], by_features[own]
            errors[number] += float(wrong.square().sum()) * scale
            by_picture.add_(wrong, alpha=2.0 * scale * shares[number])  # a head is part of all later sums
            _gradient(head.weight).addmm_(by_picture, mine.T)
            _gradient(head.bias).add_(by_picture.sum(1))
            torch.mm(head.weight.T, by_picture, out=by_mine)
            if number + 1 < len(self._layers):
                later, by_later = self._layers[number + 1].weight, by_features[self._own[number + 1]]
                by_mine.addmm_(later[:, : len(mine)].T, by_later)
                _gradient(later)[:, : len(mine)].addmm_(by_later, mine.T)
            by_mine.mul_(mine.sign())  # the slope of a rectified neuron
        return by_features


def _gradient(parameter: nn.Parameter) -> Tensor:
    assert parameter.grad is not None
    return parameter.grad
