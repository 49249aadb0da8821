"""What only files of version 1 need: a plain header, four-letter tags, and two bytes for every number of a tensor."""

import struct
import zlib

import numpy as np
import torch
from torch import Tensor, nn

from inr.errors import ModelFileError

FIXED = struct.Struct("<4sHII")
"""Magic, version, length of the header (u32) and its CRC-32."""
CHUNK = struct.Struct("<4sII")
"""Tag, length of the payload, and the CRC-32 of tag and payload."""
NAMES = {b"GRAD": b"G", b"iccp": b"i"}
"""The tags of version 1, and what they are called since."""
_MAX_EXPONENT, _LARGEST = 112, 32_767


def tensor_bytes(count: int) -> int:
    """Return the bytes that a tensor of `count` numbers takes: an exponent and two bytes a number."""
    return 1 + 2 * count


def read_chunks(data: bytes, position: int) -> tuple[list[tuple[bytes, bytes]], bool, int | None]:
    """Parse the chunks from a position on.

    Returns:
        Tag and payload of each whole chunk that is known; whether the data end inside a chunk; and the payload length
        that this one claims, if it has one and must be known.

    Raises:
        ModelFileError: a chunk does not match its checksum, or must be known and is not.
    """
    chunks: list[tuple[bytes, bytes]] = []
    while position < len(data):
        if position + CHUNK.size > len(data):
            return chunks, True, None
        tag, length, checksum = CHUNK.unpack_from(data, position)
        position += CHUNK.size
        if position + length > len(data):
            return chunks, True, None if tag[:1].islower() else length
        payload = data[position : position + length]
        if zlib.crc32(payload, zlib.crc32(tag)) != checksum:
            raise ModelFileError(f"chunk {len(chunks) + 1} does not match its checksum; the file is damaged.")
        if tag in NAMES:
            chunks.append((NAMES[tag], payload))
        elif not tag[:1].islower():
            raise ModelFileError(f"the file holds a chunk {tag!r} that this program does not know.")
        position += length
    return chunks, False, None


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
