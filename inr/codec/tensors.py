"""Quantised tensors <-> four bytes of side information each, and their integers in a range coder."""

import math
from dataclasses import dataclass

import numpy as np

from inr.codec.range_coder import TABLES, Decoder, Encoder, expected_bits
from inr.errors import ModelFileError
from inr.networks.quantised import Integers, Quantised, QuantStep

_CODE_RANGE = (-2400, 896)
"""Codes of steps that the format holds."""
FREE_NUMBERS, NUMBERS_A_BYTE = 2**24, 2**14
"""Most numbers that a file of no bytes, and each byte more, may stand for: what a small file may draw on.

No number costs less than 1 / 16,600 of a byte, but those of planes that are zero throughout, which cost nothing.
"""
_PART = 2**18
"""Integers that are coded at once."""
_HIGH = 255
"""Largest magnitude of the part of an integer that is coded by a table; the bits below are written as they are."""


@dataclass(frozen=True)
class SideInfo:
    """What a file says of a tensor before its integers, in four bytes.

    Attributes:
        step: the quantisation step.
        table: of the range coder, for the upper parts of the integers.
        low_bits: lowest bits of each integer that are written as they are.
        high_bits: bits of the largest magnitude of an upper part.

    Raises:
        ModelFileError: it stands for a tensor that float32, or the format, does not hold.
    """

    step: QuantStep
    table: int
    low_bits: int
    high_bits: int

    def __post_init__(self) -> None:
        known = self.table < TABLES and self.low_bits + self.high_bits <= 20 and self.high_bits <= 12
        known = known and _CODE_RANGE[0] <= self.step.code <= _CODE_RANGE[1]
        if not known or math.ldexp(self.step.value, self.low_bits + self.high_bits) > 2.0**128:
            raise ModelFileError("a weight is outside the range of the format.")

    @property
    def reach(self) -> int:
        """Largest magnitude of an upper part."""
        return int((1 << self.high_bits) - 1)

    def pack(self) -> bytes:
        """Return step (int16), table (u8), low bits and high bits (u8)."""
        code = self.step.code.to_bytes(2, "little", signed=True)
        return code + bytes([self.table, self.low_bits << 4 | self.high_bits])

    @staticmethod
    def unpack(data: bytes) -> "SideInfo":
        """Read the four bytes.

        Raises:
            ModelFileError: no encoder writes such.
        """
        step = QuantStep(int.from_bytes(data[:2], "little", signed=True))
        return SideInfo(step, data[2], data[3] >> 4, data[3] & 15)


def side_info(tensor: Quantised) -> SideInfo:
    """Return how a tensor's integers are best coded around zero by one table."""
    low = max(0, int(np.abs(tensor.integers).max(initial=0)).bit_length() - _HIGH.bit_length())
    high = tensor.integers >> low
    bits = int(max(high.max(initial=0), -high.min(initial=0))).bit_length()
    if bits == 0:
        return SideInfo(tensor.step, 0, low, bits)
    mean = max(float(np.abs(high).mean()), 1e-3)
    guess = round(4 * math.log2(mean * 16))
    near = range(min(max(guess - 6, 0), TABLES - 1), min(max(guess + 7, 1), TABLES))
    reach = (1 << bits) - 1
    often = np.bincount(high + reach, minlength=2 * reach + 1)
    return SideInfo(tensor.step, min(near, key=lambda table: expected_bits(table, often)), low, bits)


def write_integers(encoder: Encoder, side: SideInfo, integers: Integers) -> None:
    """Code integers as their side information says."""
    if side.high_bits:
        for part in _parts(integers):
            high = part >> side.low_bits
            encoder.write(high, np.full(len(high), side.table), np.zeros(len(high), np.int64), side.reach)
    for part in _parts(integers):
        encoder.write_uniform(part & ((1 << side.low_bits) - 1), side.low_bits)


def read_integers(decoder: Decoder, side: SideInfo, count: int) -> Integers:
    """Return the integers that `write_integers` coded."""
    integers = np.zeros(count, np.int64)
    if side.high_bits:
        for part in _parts(integers):
            part[:] = decoder.read(np.full(len(part), side.table), part, side.reach)
    integers <<= side.low_bits
    for part in _parts(integers):
        part[:] += decoder.read_uniform(len(part), side.low_bits)
    return integers


def _parts(integers: Integers) -> list[Integers]:
    """Return integers a part at a time: coding takes ten times their memory."""
    return np.split(integers, range(_PART, len(integers), _PART))
