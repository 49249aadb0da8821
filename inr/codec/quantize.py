"""Tensor <-> bytes: 16-bit integers times a power of two.

A power of two makes decoding exact in float32 (the same weights on every machine) and writing a decoded model again
gives the same bytes. Against half precision at the same size, whose error grows with each weight, the step here is
one for the whole tensor: about 2^-15 of its largest value.
"""

import math

import numpy as np
import torch
from torch import Tensor

from inr.errors import ModelFileError

_LIMIT = 32_767
_MAX_EXPONENT = 112  # 32,767 times 2^112 is still a float32


def encoded_size(count: int) -> int:
    """Return the bytes that a tensor of `count` numbers takes: an exponent and two bytes a number."""
    return 1 + 2 * count


def encode_tensor(tensor: Tensor) -> bytes:
    """Return the exponent (int8) and the numbers (int16, little-endian, row by row) of a float32 tensor.

    Raises:
        ModelFileError: a number is not finite, or above 2^127.
    """
    values = tensor.detach().cpu().numpy().astype(np.float64)
    if not np.abs(values).max(initial=0.0) <= 2.0**127:  # NaN compares false
        raise ModelFileError("a weight is not a finite number; the model cannot be written.")
    largest = float(np.abs(values).max(initial=0.0))
    exponent = max(-128, math.ceil(math.log2(largest / _LIMIT))) if largest > 0 else 0
    codes = np.clip(np.rint(values / 2.0**exponent), -_LIMIT, _LIMIT)
    return exponent.to_bytes(1, "little", signed=True) + codes.astype("<i2").tobytes()


def decode_tensor(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """Return the float32 tensor of this shape; `data` has exactly `encoded_size` bytes.

    Raises:
        ModelFileError: a number no encoder writes.
    """
    exponent = int.from_bytes(data[:1], "little", signed=True)
    codes = np.frombuffer(data, dtype="<i2", offset=1)
    if exponent > _MAX_EXPONENT or (codes.size and int(codes.min()) < -_LIMIT):
        raise ModelFileError("a weight is outside the range of the format; the file is damaged.")
    return torch.from_numpy(codes.astype(np.float32) * np.float32(2.0**exponent)).reshape(shape)
