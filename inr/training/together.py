"""Planes read at some pixels -> the error of every prefix of grades and its gradients: all grades trained at once.

Forward and backward pass are written out, channels before pixels: with layers this narrow, automatic differentiation
takes a tenth to a quarter longer (measured on 98,304 pixels, two threads).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.networks.layers import Dense

_BLOCK = 8192
"""Pixels at once, so that what is in between stays in cache."""


@dataclass(frozen=True, kw_only=True)
class _Passed:
    """What a grade saw and made of it at n pixels: (inputs, n), (width, n), and the picture so far, (C, n)."""

    inputs: Tensor
    features: Tensor
    drawn: Tensor


class Together:
    """Grades of one rectified layer each, fed with `both`, that are trained together.

    Args:
        grades: the networks; their planes are left alone.
    """

    def __init__(self, grades: Sequence[Grade]) -> None:
        self._layers = [cast(Dense, grade.layers[0]) for grade in grades]
        self._heads = [grade.head for grade in grades]
        channels = [grade.planes.channels for grade in grades if grade.planes is not None]
        self._read = [slice(sum(channels[:i]), sum(channels[: i + 1])) for i in range(len(grades))]

    @property
    def parameters(self) -> list[Tensor]:
        """The weights of all grades."""
        both = zip(self._layers, self._heads, strict=True)
        return [weights for layer, head in both for weights in (layer.weight, layer.bias, head.weight, head.bias)]

    @torch.no_grad()
    def draw(self, planes: Tensor, where: Tensor) -> Tensor:
        """Map what is read of all planes (P, n) and coordinates (2, n) to the (C, n) picture after the last grade."""
        blocks = zip(torch.split(planes, _BLOCK, dim=1), torch.split(where, _BLOCK, dim=1), strict=True)
        return torch.cat([list(self._forward(*block))[-1].drawn for block in blocks], dim=1)

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
        given, errors = torch.empty_like(planes), [0.0] * len(shares)
        for parameter in self.parameters:
            parameter.grad = torch.zeros_like(parameter)
        for start in range(0, planes.shape[1], _BLOCK):
            part = slice(start, start + _BLOCK)
            passed = list(self._forward(planes[:, part], where[:, part]))
            given[:, part] = self._backward(passed, wanted[:, part], shares, 1.0 / wanted.numel(), errors)
        return errors, given

    def _forward(self, planes: Tensor, where: Tensor) -> Iterator[_Passed]:
        """Go through the grades as `Model.predictions` does."""
        encoded, features, drawn = where, None, None
        for layer, head, own in zip(self._layers, self._heads, self._read, strict=True):
            inputs = torch.cat([encoded, planes[own]] if features is None else [features, encoded, planes[own]])
            encoded = torch.cat([planes[own], encoded])
            features = torch.addmm(layer.bias[:, None], layer.weight, inputs).relu_()
            part = torch.addmm(head.bias[:, None], head.weight, features)
            drawn = part if drawn is None else drawn + part
            yield _Passed(inputs=inputs, features=features, drawn=drawn)

    def _backward(
        self, passed: Sequence[_Passed], wanted: Tensor, shares: Sequence[float], scale: float, errors: list[float]
    ) -> Tensor:
        """Add to the weights' gradients and to the errors; return the (P, n) gradient by what was read."""
        by_picture, later = torch.zeros_like(wanted), None
        given = wanted.new_zeros(self._read[-1].stop, wanted.shape[1])
        for number in reversed(range(len(passed))):
            own, layer, head = passed[number], self._layers[number], self._heads[number]
            wrong = own.drawn - wanted
            errors[number] += float(wrong.square().sum()) * scale
            by_picture.add_(wrong, alpha=2.0 * scale * shares[number])  # a head is part of all later sums
            by_features = head.weight.T @ by_picture
            if later is not None:
                by_features += later[: len(by_features)]
            by_features *= own.features.sign()  # the slope of a rectified neuron
            _add(head.weight, by_picture @ own.features.T)
            _add(head.bias, by_picture.sum(1))
            _add(layer.weight, by_features @ own.inputs.T)
            _add(layer.bias, by_features.sum(1))
            later = layer.weight.T @ by_features
            place = len(passed[number - 1].features) if number else 0
            for earlier in reversed(self._read[:number]):
                given[earlier] += later[place : place + earlier.stop - earlier.start]
                place += earlier.stop - earlier.start
            given[self._read[number]] += later[place + 2 :]  # the coordinates lie between
        return given


def _add(parameter: Tensor, gradient: Tensor) -> None:
    assert parameter.grad is not None
    parameter.grad += gradient
