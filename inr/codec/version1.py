"""The layout that only files of version 1 have: a plain header, four-letter tags. No torch here."""

import struct
import zlib

from inr.errors import ModelFileError

FIXED = struct.Struct("<4sHII")
"""Magic, version, length of the header (u32) and its CRC-32."""
CHUNK = struct.Struct("<4sII")
"""Tag, length of the payload, and the CRC-32 of tag and payload."""
NAMES = {b"GRAD": b"G", b"iccp": b"i"}
"""The tags of version 1, and what they are called since."""


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
