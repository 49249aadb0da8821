"""Tensors <-> integers times a quantisation step, exact in float32 on every machine."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Integers = NDArray[np.int64]

MOST = 2**20 - 2**12
"""Largest magnitude of an integer: times 15 it is whole in float32, and it has 20 bits below zero too."""
_MOST_16 = 32_767
_FACTORS = (15, 13, 11, 9, 7, 5, 3, 1)
"""Odd parts that the mantissa of a step may have, the largest first."""


@dataclass(frozen=True)
class QuantStep:
    """A quantisation step (8 + f) 2^e with f from 0 to 7; `code`, 8 e + f, is what a file says of it."""

    code: int

    @property
    def value(self) -> float:
        """The step itself."""
        return math.ldexp(8 + self.code % 8, self.code // 8)

    @staticmethod
    def at_most(value: float) -> "QuantStep":
        """Return the widest step that is not above a positive number."""
        mantissa, exponent = math.frexp(value)
        return QuantStep(int(mantissa * 16) - 8 + 8 * (exponent - 4))


@dataclass(frozen=True, eq=False)
class Quantised:
    """A tensor as integers times a step.

    Attributes:
        step: the quantisation step.
        integers: (n,) in the order of the tensor's elements; magnitudes up to `MOST`.
    """

    step: QuantStep
    integers: Integers

    def tensor(self, shape: tuple[int, ...]) -> Tensor:
        """Return the float32 tensor of this shape, exact."""
        return torch.from_numpy((self.integers * self.step.value).astype(np.float32)).reshape(shape)

    def widest(self) -> "Quantised":
        """Return the same tensor with the widest step of which all its elements are multiples."""
        common = int(np.gcd.reduce(self.integers, initial=0))
        if common == 0:
            return Quantised(QuantStep(0), np.zeros_like(self.integers))
        odd, exponent = common * (8 + self.step.code % 8), self.step.code // 8
        while odd % 2 == 0:
            odd, exponent = odd // 2, exponent + 1
        factor = next(factor for factor in _FACTORS if odd % factor == 0)
        while factor < 8:
            factor, exponent = 2 * factor, exponent - 1
        wide = QuantStep(factor - 8 + 8 * exponent)
        if wide == self.step:
            return self
        return Quantised(wide, np.rint(self.integers * (self.step.value / wide.value)).astype(np.int64))


def quantise(values: Tensor, step: QuantStep) -> Quantised:
    """Round a tensor to the nearest multiples of a step; magnitudes above `MOST` steps are cut."""
    return Quantised(step, _rounded(values.detach().cpu().numpy().astype(np.float64).ravel(), step, MOST)).widest()


def quantise_16(values: Tensor) -> Quantised:
    """Round a tensor to integers of 16 bits.

    Raises:
        ValueError: an element is not finite, or above 2^127.
    """
    flat = values.detach().cpu().numpy().astype(np.float64).ravel()
    largest = float(np.abs(flat).max(initial=0.0))
    if not largest <= 2.0**127:  # NaN compares false
        raise ValueError("an element is not a finite number")
    if largest == 0.0:
        return Quantised(QuantStep(0), np.zeros(len(flat), np.int64))
    step = QuantStep(8 * (max(-128, math.ceil(math.log2(largest / _MOST_16))) - 3))
    return Quantised(step, _rounded(flat, step, _MOST_16)).widest()


def _rounded(values: NDArray[np.float64], step: QuantStep, most: int) -> Integers:
    """Return the nearest multiples of a step; what is given is overwritten: copies of a large plane are large."""
    values /= step.value
    np.rint(values, out=values)
    np.clip(values, -most, most, out=values)
    return values.astype(np.int64)
