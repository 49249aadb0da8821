"""Tensors of files of version 1 -> the weights of a grade: two bytes for every number."""

import numpy as np
import torch
from torch import Tensor, nn

from inr.codec.version1 import tensor_bytes
from inr.errors import ModelFileError

_MAX_EXPONENT, _LARGEST = 112, 32_767


@torch.no_grad()
def read_weights(grade: nn.Module, payload: bytes) -> None:
    """Fill a grade from its payload after the tables.

    Raises:
        ModelFileError: it holds what no encoder writes.
    """
    position = 0
    for parameter in grade.parameters():
        size = tensor_bytes(parameter.numel())
        parameter.copy_(decode_tensor(payload[position : position + size], tuple(parameter.shape)))
        position += size


def decode_tensor(data: bytes, shape: tuple[int, ...]) -> Tensor:
    """Return the float32 tensor of this shape: an exponent (int8), then integers (int16, row by row) times 2^exponent.

    Raises:
        ModelFileError: no encoder writes such.
    """
    exponent = int.from_bytes(data[:1], "little", signed=True)
    integers = np.frombuffer(data, dtype="<i2", offset=1)
    if exponent > _MAX_EXPONENT or (integers.size and int(integers.min()) < -_LARGEST):
        raise ModelFileError("a weight is outside the range of the format; the file is damaged.")
    return torch.from_numpy(integers.astype(np.float32) * np.float32(2.0**exponent)).reshape(shape)
