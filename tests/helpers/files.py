"""Picture files made byte by byte, in layouts that no library at hand writes."""

import struct
import zlib

import numpy as np

SIGNATURE = b"\x89PNG\r\n\x1a\n"
PASSES = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
COLOUR_TYPES = {"grey": 0, "rgb": 2, "palette": 3, "grey alpha": 4, "rgb alpha": 6}


def chunk(tag: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + tag + body + struct.pack(">I", zlib.crc32(tag + body))


def png(values: np.ndarray, kind: str, bits: int = 8, *extra: bytes, interlaced: bool = False, after=b"") -> bytes:
    """A PNG of (H, W, C) samples; `extra` chunks stand before the data, `after` behind."""
    height, width, _ = values.shape
    parts = [values[y::dy, x::dx] for y, x, dy, dx in PASSES] if interlaced else [values]
    rows = b"".join(b"\0" + _packed(row, bits) for part in parts if part.size for row in part)
    head = struct.pack(">IIBBBBB", width, height, bits, COLOUR_TYPES[kind], 0, 0, interlaced)
    body = chunk(b"IHDR", head) + b"".join(extra) + chunk(b"IDAT", zlib.compress(rows)) + after
    return SIGNATURE + body + chunk(b"IEND", b"")


def _packed(row: np.ndarray, bits: int) -> bytes:
    if bits == 16:
        return row.astype(">u2").tobytes()
    digits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - bits :]
    return np.packbits(digits).tobytes()


def tiff(
    samples: np.ndarray,
    photometric: int,
    *,
    planar: bool = False,
    tiled: bool = False,
    order: str = "<",
    big: bool = False,
    deflated: bool = False,
    predicted: bool = False,
    tags: dict[int, tuple[int, ...]] | None = None,
    following: int = 0,
) -> bytes:
    """A TIFF of (H, W, S) unsigned samples, in strips of 5 rows or tiles of 16 x 16; `tags` are added or replaced."""
    height, width, count = samples.shape
    planes = [samples[:, :, s : s + 1] for s in range(count)] if planar else [samples]
    data, offsets, sizes = b"", [], []
    for plane in planes:
        for piece in _tiles(plane) if tiled else np.split(plane, range(5, height, 5)):
            values = np.diff(piece, axis=1, prepend=np.zeros_like(piece[:, :1])) if predicted else piece
            stored = values.astype(values.dtype.newbyteorder(order)).tobytes()
            stored = zlib.compress(stored) if deflated else stored
            offsets.append(16 + len(data))
            sizes.append(len(stored))
            data += stored
    found = {
        256: (width,), 257: (height,), 258: (8 * samples.itemsize,) * count, 259: (8 if deflated else 1,),
        262: (photometric,), 277: (count,), 284: (2 if planar else 1,), 317: (2 if predicted else 1,),
    }  # fmt: skip
    found |= {322: (16,), 323: (16,), 324: offsets, 325: sizes} if tiled else {273: offsets, 278: (5,), 279: sizes}
    return _with_tags(data, found | (tags or {}), order, big, following)


def _tiles(plane: np.ndarray) -> list[np.ndarray]:
    height, width, _ = plane.shape
    padded = np.pad(plane, ((0, -height % 16), (0, -width % 16), (0, 0)), mode="edge")
    return [padded[y : y + 16, x : x + 16] for y in range(0, height, 16) for x in range(0, width, 16)]


def _with_tags(data: bytes, tags: dict, order: str, big: bool, following: int) -> bytes:
    word, counter, size, inline = ("Q", "Q", 20, 8) if big else ("I", "H", 12, 4)
    start = 16 + len(data) + len(data) % 2
    place = start + struct.calcsize(counter) + size * len(tags) + inline
    table, beyond = struct.pack(order + counter, len(tags)), b""
    for tag, values in sorted(tags.items()):
        kind, value = (7, values) if isinstance(values, bytes) else (4, struct.pack(f"{order}{len(values)}I", *values))
        count = len(values)
        if len(value) > inline:
            beyond, value = beyond + value, struct.pack(order + word, place + len(beyond))
        table += struct.pack(f"{order}HH{word}", tag, kind, count) + value.ljust(inline, b"\0")
    mark = b"II" if order == "<" else b"MM"
    head = mark + (struct.pack(f"{order}HHHQ", 43, 8, 0, start) if big else struct.pack(f"{order}HI8x", 42, start))
    table += struct.pack(order + word, following)
    return head + data + b"\0" * (len(data) % 2) + table + beyond
