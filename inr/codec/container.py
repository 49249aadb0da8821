"""Header and chunks <-> bytes: the outer layer of a model file, checked before memory is taken.

    89 49 4E 52 | version u16 | header length u32 | header CRC-32 u32 | header JSON | chunk | chunk | ...
    chunk = tag (4 letters) | payload length u32 | CRC-32 of tag and payload u32 | payload

Little-endian throughout. As in PNG, a tag that starts with a small letter may be skipped by a reader that does not
know it; any other unknown tag is an error.
"""

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

from inr.errors import ModelFileError

MAGIC = b"\x89INR"
VERSION = 1
MAX_HEADER = 65_536
_FIXED = struct.Struct("<4sHII")
_CHUNK = struct.Struct("<4sII")


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One whole chunk: a four-letter tag and its payload."""

    tag: bytes
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Container:
    """A parsed file: its header, the chunks that are whole, and whether the file ends inside a chunk.

    `cut_length` is the payload length that the unfinished chunk claims, if the file reaches that far.
    """

    header: dict[str, Any]
    chunks: tuple[Chunk, ...]
    cut: bool
    cut_length: int | None


def pack(header: dict[str, Any], chunks: list[Chunk]) -> bytes:
    """Lay a header and chunks out as the bytes of a version 1 file."""
    text = json.dumps(header, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    parts = [_FIXED.pack(MAGIC, VERSION, len(text), zlib.crc32(text)), text]
    for chunk in chunks:
        checksum = zlib.crc32(chunk.payload, zlib.crc32(chunk.tag))
        parts += [_CHUNK.pack(chunk.tag, len(chunk.payload), checksum), chunk.payload]
    return b"".join(parts)


def unpack(data: bytes) -> Container:
    """Parse bytes into header and whole chunks.

    Raises:
        ModelFileError: not a model file, a later version, a damaged header or a damaged chunk.
    """
    if data[:4] != MAGIC[: len(data[:4])] or not data:
        raise ModelFileError("this is not an .inr model file (it does not begin with the four bytes 89 49 4E 52).")
    if len(data) < _FIXED.size:
        raise ModelFileError(f"the file is cut short after {len(data)} bytes, before its header.")
    _, version, length, checksum = _FIXED.unpack_from(data)
    if version != VERSION:
        raise ModelFileError(f"the file has format version {version}; this program reads version {VERSION}.")
    if length > MAX_HEADER:
        raise ModelFileError(
            f"the header claims {length} bytes; at most {MAX_HEADER} are accepted. The file is damaged."
        )
    text = data[_FIXED.size : _FIXED.size + length]
    if len(text) < length:
        raise ModelFileError(f"the file is cut short inside its header ({len(text)} of {length} bytes).")
    if zlib.crc32(text) != checksum:
        raise ModelFileError("the header does not match its checksum; the file is damaged.")
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the header is not valid JSON ({error}).") from error
    if not isinstance(header, dict):
        raise ModelFileError("the header is not a JSON object.")
    chunks, cut, cut_length = _chunks(data, _FIXED.size + length)
    return Container(header=header, chunks=tuple(chunks), cut=cut, cut_length=cut_length)


def _chunks(data: bytes, position: int) -> tuple[list[Chunk], bool, int | None]:
    chunks: list[Chunk] = []
    while position < len(data):
        if position + _CHUNK.size > len(data):
            return chunks, True, None
        tag, length, checksum = _CHUNK.unpack_from(data, position)
        position += _CHUNK.size
        if position + length > len(data):
            return chunks, True, None if tag[:1].islower() else length
        payload = data[position : position + length]
        if zlib.crc32(payload, zlib.crc32(tag)) != checksum:
            raise ModelFileError(f"chunk {len(chunks) + 1} does not match its checksum; the file is damaged.")
        chunks.append(Chunk(tag=tag, payload=payload))
        position += length
    return chunks, False, None
