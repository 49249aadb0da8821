"""Header and chunks <-> bytes: the outer layer of a model file, checked before memory is taken.

    89 49 4E 52 | version u16 = 3 | header length u16 | header CRC-32 u32 | header | chunk | chunk | ...
    chunk = tag (a letter) | payload length varint | CRC-32 of tag, length and payload u32 | payload

Little-endian throughout. The header is JSON, deflated with a dictionary of the words it is made of. As in PNG, a chunk
whose tag is a small letter may be skipped by a reader that does not know it; any other unknown tag is an error. The
CRC of a chunk begins with the number of chunks of its tag before it, so that no two can change places; in version 2
it began with 0. `inr.codec.version1` has what differs in version 1.
"""

import json
import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inr.codec import version1
from inr.errors import ModelFileError

MAGIC = b"\x89INR"
VERSION = 3
MAX_HEADER = 65_536
_FIXED = struct.Struct("<4sHHI")
_CHECKSUM = struct.Struct("<I")
_WORDS = (
    b'"adaptive"fourier-multiscale"siren"finer"wire"gabor"mscale-1"phi"phase"tanh"relu"sine"gauss"msnn"sgdl-paper"sgdl'
    b'"mgdl-paper"grid"first":"branches":"gain":"scales":[1.0,2.0,4.0,8.0],"separate":true,"shifts":"sigmoid":true'
    b'"slope":true"window":"frequencies":64,"frame":"unit","feed_encoding":"only",false,"bit_depth":16,"channels":1,'
    b'"bit_depth":8,"channels":3,"feed_encoding":true,"frame":"isotropic","frequencies":0,"grades":[[2,32,"gelu",'
    b'[[1,1],[4,2],[8,2],[16,2]]],[2,32,"gelu",[[2,1],[4,2]]],[1,16,"relu",[[4,3],[8,3],[16,3],[32,3]]],'
    b'[1,16,"relu",[[2,1]]],[1,16,"relu",[[1,1]]]],"height":512,"record":{"method":"mgdl","psnr_db":[30.0,'
    b'],"seed":0,"versions":{"inr":"0.1.0","torch":"2.13.0+cpu"}},"width":768}'
)
"""What deflate may refer to: pieces of headers as they are, the usual ones last. Part of the format."""


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One whole chunk: its tag, one letter, and its payload."""

    tag: bytes
    payload: bytes


@dataclass(frozen=True, kw_only=True)
class Container:
    """A parsed file: its version and header, the chunks that are whole, and whether the file ends inside a chunk.

    `cut_length` is the payload length that the unfinished chunk claims, if the file reaches that far.
    """

    version: int
    header: dict[str, Any]
    chunks: tuple[Chunk, ...]
    cut: bool
    cut_length: int | None


def pack(header: dict[str, Any], chunks: Sequence[Chunk]) -> bytes:
    """Lay a header and chunks out as the bytes of a version 3 file."""
    text = json.dumps(header, separators=(",", ":"), sort_keys=True, allow_nan=False).encode()
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=_WORDS)
    short = deflater.compress(text) + deflater.flush()
    parts = [_FIXED.pack(MAGIC, VERSION, len(short), zlib.crc32(short)), short]
    met: Counter[bytes] = Counter()
    for chunk in chunks:
        head = chunk.tag + _varint(len(chunk.payload))
        parts += [head, _CHECKSUM.pack(_checksum(head, chunk.payload, met[chunk.tag])), chunk.payload]
        met[chunk.tag] += 1
    return b"".join(parts)


def chunk_size(payload: int, version: int = VERSION) -> int:
    """Return the bytes of a chunk with a payload of this length."""
    return payload + (version1.CHUNK.size if version == 1 else 1 + len(_varint(payload)) + _CHECKSUM.size)


def unpack(data: bytes) -> Container:
    """Parse bytes into header and whole chunks.

    Raises:
        ModelFileError: not a model file, a later version, a damaged header or a damaged chunk.
    """
    if data[:4] != MAGIC[: len(data[:4])] or not data:
        raise ModelFileError("this is not an .inr model file (it does not begin with the four bytes 89 49 4E 52).")
    if len(data) < version1.FIXED.size:
        raise ModelFileError(f"the file is cut short after {len(data)} bytes, before its header.")
    version = int.from_bytes(data[4:6], "little")
    if not 1 <= version <= VERSION:
        raise ModelFileError(f"the file has format version {version}; this program reads versions 1 to {VERSION}.")
    fixed = _FIXED if version > 1 else version1.FIXED
    _, _, length, checksum = fixed.unpack_from(data)
    if length > MAX_HEADER:
        raise ModelFileError(
            f"the header claims {length} bytes; at most {MAX_HEADER} are accepted. The file is damaged."
        )
    text = data[fixed.size : fixed.size + length]
    if len(text) < length:
        raise ModelFileError(f"the file is cut short inside its header ({len(text)} of {length} bytes).")
    if zlib.crc32(text) != checksum:
        raise ModelFileError("the header does not match its checksum; the file is damaged.")
    header = _parse(text if version == 1 else _inflate(text))
    begin = fixed.size + length
    if version == 1:
        found, cut, cut_length = version1.read_chunks(data, begin)
        chunks = [Chunk(tag=tag, payload=payload) for tag, payload in found]
    else:
        chunks, cut, cut_length = _chunks(data, begin, numbered=version > 2)
    return Container(version=version, header=header, chunks=tuple(chunks), cut=cut, cut_length=cut_length)


def _parse(text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(f"the header is not valid JSON ({error}).") from error
    if not isinstance(header, dict):
        raise ModelFileError("the header is not a JSON object.")
    return header


def _inflate(short: bytes) -> bytes:
    inflater = zlib.decompressobj(-15, zdict=_WORDS)
    try:
        text = inflater.decompress(short, MAX_HEADER)
    except zlib.error as error:
        raise ModelFileError(f"the header does not inflate ({error}); the file is damaged.") from error
    if not inflater.eof or inflater.unused_data:
        raise ModelFileError("the header is damaged, or larger than any that is accepted.")
    return text


def _varint(number: int) -> bytes:
    """Return seven bits a byte, the lowest first, the top bit set but in the last."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _checksum(head: bytes, payload: bytes, number: int) -> int:
    """Return the CRC-32 of a chunk, `number` of its tag being before it."""
    return zlib.crc32(payload, zlib.crc32(head, number))


def _chunks(data: bytes, position: int, *, numbered: bool) -> tuple[list[Chunk], bool, int | None]:
    chunks: list[Chunk] = []
    met: Counter[bytes] = Counter()
    while position < len(data):
        start, position, length, shift = position, position + 1, 0, 0
        while True:
            if position == len(data):
                return chunks, True, None
            byte = data[position]
            length |= (byte & 127) << shift
            position, shift = position + 1, shift + 7
            if byte < 128:
                break
            if shift > 28:
                raise ModelFileError(f"chunk {len(chunks) + 1} claims an impossible length; the file is damaged.")
        head, begin = data[start:position], position + _CHECKSUM.size
        tag, position = head[:1], begin + length
        if position > len(data):
            return chunks, True, None if tag.islower() else length
        payload = data[begin:position]
        (checksum,) = _CHECKSUM.unpack_from(data, begin - _CHECKSUM.size)
        if checksum != _checksum(head, payload, met[tag] if numbered else 0):
            raise ModelFileError(f"chunk {len(chunks) + 1} does not match its checksum; the file is damaged.")
        chunks.append(Chunk(tag=tag, payload=payload))
        met[tag] += 1
    return chunks, False, None
