"""TIFF bytes <-> the tags of a directory, classic or BigTIFF, of either byte order."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import BinaryIO

from inr.errors import ImageError

_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_BYTE, _SHORT, _LONG, _UNDEFINED, _LONG8 = 1, 3, 4, 7, 16
_PAGES = 65_536
"""Pages that are counted, at most."""
SUBFILE, WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 254, 256, 257, 258, 259, 262, 266
OFFSETS, ORIENTATION, SAMPLES, STRIP_ROWS, BYTE_COUNTS, PLANAR, PREDICTOR = 273, 274, 277, 278, 279, 284, 317
COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTE_COUNTS = 320, 322, 323, 324, 325
INK_SET, EXTRA, SAMPLE_FORMAT, JPEG_TABLES, PROFILE = 332, 338, 339, 347, 34675
SUBSAMPLING = 530
_FAX, _OLD_JPEG, _YCBCR = (292, 293), tuple(range(512, 522)), (529, SUBSAMPLING, 531, 532)
PICTURE = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, OFFSETS, SAMPLES, STRIP_ROWS, BYTE_COUNTS, PLANAR),
    *(PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTE_COUNTS, EXTRA, SAMPLE_FORMAT),
    *(JPEG_TABLES, *_FAX, *_OLD_JPEG, *_YCBCR),
}
"""Tags that say how the samples lie in the file and what they are."""
_READ = {*PICTURE, SUBFILE, ORIENTATION, INK_SET, PROFILE}


@dataclass(frozen=True, kw_only=True)
class Tag:
    """One entry of a directory.

    Attributes:
        kind: number of the type of its values.
        count: of values.
        data: the values, in the byte order of the file.
    """

    kind: int
    count: int
    data: bytes


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What a TIFF says of its first picture.

    Attributes:
        order: `<` or `>`, the byte order as `struct` has it.
        tags: by number.
        pages: pictures in the file; None where those after the first cannot be counted.
    """

    order: str
    tags: Mapping[int, Tag]
    pages: int | None

    def numbers(self, tag: int, default: tuple[int, ...] = ()) -> tuple[int, ...]:
        """Return the whole numbers of a tag, or `default` where it is missing or holds none."""
        entry = self.tags.get(tag)
        if entry is None or entry.kind not in _NUMBERS:
            return default
        return struct.unpack(f"{self.order}{entry.count}{_NUMBERS[entry.kind]}", entry.data)

    def number(self, tag: int, default: int) -> int:
        """Return the first whole number of a tag."""
        return (*self.numbers(tag), default)[0]


def is_tiff(start: bytes) -> bool:
    """Whether a file that starts with these bytes is a TIFF."""
    return start[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_directory(file: BinaryIO) -> Directory:
    """Read the tags of the first picture.

    Raises:
        ImageError: they lie outside the file.
    """
    size = file.seek(0, 2)
    file.seek(0)
    start = file.read(16)
    order, big = "<" if start[:1] == b"I" else ">", b"+" in start[2:4]
    where = struct.unpack(order + ("8xQ" if big else "4xI"), start[: 16 if big else 8])[0]
    try:
        tags, following = _entries(file, where, order, size, big=big)
    except struct.error:
        raise ImageError("the TIFF is damaged or cut short: its list of tags lies outside it.") from None
    return Directory(order=order, tags=tags, pages=_count(file, where, following, order, size, big=big))


def _entries(file: BinaryIO, where: int, order: str, size: int, *, big: bool) -> tuple[dict[int, Tag], int]:
    """Return the tags of the directory at a place, and the place of the next, 0 for none."""
    word, counter, entry, inline = ("Q", "Q", 20, 8) if big else ("I", "H", 12, 4)
    file.seek(min(where, size))
    (count,) = struct.unpack(order + counter, file.read(struct.calcsize(counter)))
    table = file.read(min(count * entry, size))
    (following,) = struct.unpack(order + word, file.read(inline))
    tags: dict[int, Tag] = {}
    for number, kind, values, own in struct.iter_unpack(f"{order}HH{word}{inline}s", table):
        if number not in _READ or kind not in _SIZES:
            continue
        length = values * _SIZES[kind]
        data = own[:length]
        if length > inline:
            file.seek(min(*struct.unpack(order + word, own), size))
            data = file.read(length) if length <= size else b""
        if len(data) == length:  # one that is cut short is not there
            tags.setdefault(number, Tag(kind=kind, count=values, data=data))
    return tags, following


def _count(file: BinaryIO, first: int, following: int, order: str, size: int, *, big: bool) -> int | None:
    """Return the pictures of a file, None where the list of them is broken."""
    word, counter, entry = ("Q", "Q", 20) if big else ("I", "H", 12)
    seen = {first}
    while following and following not in seen and len(seen) < _PAGES:
        file.seek(min(following, size))
        start = file.read(struct.calcsize(counter))
        if len(start) < struct.calcsize(counter):
            return None
        seen.add(following)
        file.seek(min(following + len(start) + struct.unpack(order + counter, start)[0] * entry, size))
        place = file.read(struct.calcsize(word))
        if len(place) < struct.calcsize(word):
            return None
        (following,) = struct.unpack(order + word, place)
    return len(seen)


def classic(data: bytes, directory: Directory, tags: Mapping[int, Tag]) -> bytes:
    """Return a classic TIFF of one picture: the data of another, with these tags instead of its own.

    Raises:
        ImageError: it would have more than 4 GiB.
    """
    order = directory.order
    start = len(data) + len(data) % 2
    body, table, place = b"", struct.pack(order + "H", len(tags)), start + 6 + 12 * len(tags)
    for number, own in sorted(tags.items()):
        tag = longs(order, *directory.numbers(number)) if own.kind == _LONG8 else own
        value = tag.data.ljust(4, b"\0")
        if len(value) > 4:
            value = struct.pack(order + "I", place + len(body))
            body += tag.data + b"\0" * (len(tag.data) % 2)
        table += struct.pack(order + "HHI", number, tag.kind, tag.count) + value
    if place + len(body) >= 2**32:
        raise ImageError("the TIFF is larger than 4 GiB; split it, or save it with compression.")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", start)
    return b"".join([head, data[8:], b"\0" * (len(data) % 2), table, b"\0\0\0\0", body])


def shorts(order: str, *values: int) -> Tag:
    """Return a tag of numbers below 65,536."""
    return Tag(kind=_SHORT, count=len(values), data=struct.pack(f"{order}{len(values)}H", *values))


def longs(order: str, *values: int) -> Tag:
    """Return a tag of numbers below 2^32."""
    return Tag(kind=_LONG, count=len(values), data=struct.pack(f"{order}{len(values)}I", *values))
