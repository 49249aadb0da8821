"""Tensor <-> integers times a step: the grid that a tensor's numbers lie on, found again in the numbers themselves.

A step is a whole number from 8 to 15 times a power of two, so that decoding is exact in float32 (the same weights on
every machine). A tensor whose numbers lie on such a grid is written as it is; any other is first rounded to integers
of 16 bits. So writing a model that was read gives the same bytes, whatever grid its numbers were put on.
"""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inr.codec.range_coder import SCALES, Decoder, Encoder, expected_bits
from inr.errors import ModelFileError
from inr.networks.entropy_model import Integers

LIMIT = 32_767
MOST = 2**20 - 2**12
"""Largest magnitude of a number on a grid: times 15 it is whole in float32, and it has 20 bits below zero too."""
_MAX_EXPONENT = 112
_HIGH = 255  # what of a number is coded by a table; the bits below are written as they are


def encoded_size_1(count: int) -> int:
    """Return the bytes that a tensor of `count` numbers takes in version 1: an exponent and two bytes a number."""
    return 1 + 2 * count


def decode_tensor_1(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """Return the float32 tensor of this shape from version 1's bytes: exponent (int8), numbers (int16, row by row).

    Raises:
        ModelFileError: a number no encoder writes.
    """
    exponent = int.from_bytes(data[:1], "little", signed=True)
    codes = np.frombuffer(data, dtype="<i2", offset=1)
    if exponent > _MAX_EXPONENT or (codes.size and int(codes.min()) < -LIMIT):
        raise ModelFileError("a weight is outside the range of the format; the file is damaged.")
    return torch.from_numpy(codes.astype(np.float32) * np.float32(2.0**exponent)).reshape(shape)


@dataclass(frozen=True)
class Step:
    """The step of a grid, (8 + eighths) 2^exponent; `code` is what the file says of it."""

    code: int

    @property
    def value(self) -> float:
        """The step itself."""
        return math.ldexp(8 + self.code % 8, self.code // 8)

    @staticmethod
    def at_most(value: float) -> "Step":
        """Return the largest step that is not above a positive number."""
        mantissa, exponent = math.frexp(value)
        return Step(int(mantissa * 16) - 8 + 8 * (exponent - 4))


def round_to(values: Tensor, step: Step) -> Tensor:
    """Return the float32 numbers of a grid next to these."""
    codes = np.clip(np.rint(values.detach().cpu().numpy().astype(np.float64) / step.value), -MOST, MOST)
    return torch.from_numpy(np.asarray(codes * step.value, dtype=np.float32))  # a number alone, too


def grid_of(tensor: Tensor) -> tuple[Step, Integers]:
    """Return the widest grid that holds all numbers of a tensor, and which they are; else the nearest of 16 bits.

    Raises:
        ModelFileError: a number is not finite, or above 2^127.
    """
    values = tensor.detach().cpu().numpy().astype(np.float64).ravel()
    largest = float(np.abs(values).max(initial=0.0))
    if not largest <= 2.0**127:  # NaN compares false
        raise ModelFileError("a weight is not a finite number; the model cannot be written.")
    if largest == 0.0:
        return Step(0), np.zeros(len(values), np.int64)
    step = _common(values)
    if step is None or largest / step.value > MOST:
        bits = Step(8 * (max(-128, math.ceil(math.log2(largest / LIMIT))) - 3)).value
        values = np.clip(np.rint(values / bits), -LIMIT, LIMIT) * bits
        step = _common(values)  # these may all lie on a wider grid by chance: as they will when they are read
        if step is None:
            return Step(0), np.zeros(len(values), np.int64)
    return step, np.rint(values / step.value).astype(np.int64)


def _common(values: NDArray[np.float64]) -> Step | None:
    """Return the widest step that all numbers are multiples of, or None if they are zero or there is none of use."""
    mantissas, exponents = np.frexp(np.abs(values[values != 0.0]))
    if not len(mantissas):
        return None
    whole = (mantissas * 2**24).astype(np.int64)  # float32 has 24 bits
    low = (whole & -whole).astype(np.float64)
    exponents = exponents - 24 + np.log2(low).astype(np.int64)
    odd = whole // low.astype(np.int64)
    lowest = int(exponents.min())
    if lowest < -250:
        return None
    for factor in (15, 13, 11, 9, 7, 5, 3, 1):
        if not (odd % factor).any():
            eighths, shift = factor, 0
            while eighths < 8:
                eighths, shift = 2 * eighths, shift + 1
            return Step(eighths - 8 + 8 * (lowest - shift))
    return None


@dataclass(frozen=True)
class Side:
    """What the file says of a tensor before its numbers, in four bytes.

    Raises:
        ModelFileError: it stands for numbers that float32, or the format, does not hold.
    """

    step: Step
    scale: int
    low: int
    reach_bits: int

    def __post_init__(self) -> None:
        known = self.scale < SCALES and self.low + self.reach_bits <= 20 and self.reach_bits <= 12
        known = known and -2400 <= self.step.code <= 8 * _MAX_EXPONENT
        if not known or math.ldexp(self.step.value, self.low + self.reach_bits) > 2.0**128:
            raise ModelFileError("a weight is outside the range of the format.")

    @property
    def reach(self) -> int:
        """Largest magnitude of the coded part."""
        return int((1 << self.reach_bits) - 1)

    def pack(self) -> bytes:
        """Return step (int16), table (u8), bits written as they are and bits of the reach (u8)."""
        return self.step.code.to_bytes(2, "little", signed=True) + bytes([self.scale, self.low << 4 | self.reach_bits])

    @staticmethod
    def unpack(data: bytes) -> "Side":
        """Read the four bytes.

        Raises:
            ModelFileError: they are none an encoder writes.
        """
        return Side(Step(int.from_bytes(data[:2], "little", signed=True)), data[2], data[3] >> 4, data[3] & 15)


def describe(step: Step, numbers: Integers) -> Side:
    """Return how integers are best coded around zero by one table."""
    low = max(0, int(np.abs(numbers).max(initial=0)).bit_length() - _HIGH.bit_length())
    high = numbers >> low
    bits = int(max(high.max(initial=0), -high.min(initial=0))).bit_length()
    if bits == 0:
        return Side(step, 0, low, bits)
    mean = max(float(np.abs(high).mean()), 1e-3)
    guess = round(4 * math.log2(mean * 16))
    near = range(min(max(guess - 6, 0), SCALES - 1), min(max(guess + 7, 1), SCALES))
    return Side(step, min(near, key=lambda scale: expected_bits(scale, (1 << bits) - 1, high)), low, bits)


def write_numbers(encoder: Encoder, side: Side, numbers: Integers) -> None:
    """Code integers as their side says."""
    high = numbers >> side.low
    if side.reach_bits:
        encoder.write(high, np.full(len(high), side.scale), np.zeros(len(high), np.int64), side.reach)
    encoder.write_uniform(numbers & ((1 << side.low) - 1), side.low)


def read_numbers(decoder: Decoder, side: Side, count: int) -> Integers:
    """Return the integers that `write_numbers` coded."""
    high = np.zeros(count, np.int64)
    if side.reach_bits:
        high = decoder.read(np.full(count, side.scale), high, side.reach)
    return (high << side.low) + decoder.read_uniform(count, side.low)


def to_tensor(step: Step, numbers: Integers, shape: tuple[int, ...]) -> Tensor:
    """Return the float32 tensor of integers times a step, exact."""
    return torch.from_numpy((numbers * step.value).astype(np.float32)).reshape(shape)
