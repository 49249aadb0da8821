"""PNG bytes <-> pixels of up to 16 bits: a decoder gets no more of a file than its picture.

Text of any length, profiles of any size and damaged chunks that no pixel depends on then do no harm. The transparent
colour of a PNG without alpha is compared here, with the samples as they are stored.
"""

import io
import struct
import zlib
from dataclasses import replace
from typing import Any

import kornia_rs.io as high_depth
import numpy as np
import PIL.Image

from inr.errors import ImageError
from inr.imaging.decoding import Stored, decode, orientation_of
from inr.imaging.png_colour import COLOUR_CHUNKS, profile_of

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GREY, _RGB, _PALETTE, _GREY_ALPHA, _RGB_ALPHA = 0, 2, 3, 4, 6
_NEEDED = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_KEPT = {*_NEEDED, *COLOUR_CHUNKS, b"acTL", b"fcTL", b"eXIf"}
_DESCRIBED = (b"XML:com.adobe.xmp\0", b"Raw profile type ")
"""Beginnings of text chunks that may say how the picture lies."""
_CHANNELS = {_GREY: 1, _RGB: 3, _GREY_ALPHA: 2, _RGB_ALPHA: 4}


def png_size(start: bytes) -> tuple[int, int]:
    """Return width and height from the first 33 bytes of a file.

    Raises:
        ImageError: the header is not that of a PNG.
    """
    if start[12:16] == b"CgBI":
        raise ImageError("this is a PNG for iPhones alone (CgBI); save it anew as an ordinary one.")
    if start[12:16] != b"IHDR" or start[29:33] != _checksum(b"IHDR", start[16:29]):
        raise ImageError("the PNG is damaged or cut short.")
    width, height = struct.unpack(">II", start[16:24])
    return width, height


def read_png(data: bytes) -> Stored:
    """Read a PNG, or the still picture of an animated one."""
    chunks, notes = _chunks(data)
    header = chunks[0][1]
    width, height, bits, colour = struct.unpack(">IIBB", header[:10])
    key = next((body for tag, body in chunks if tag == b"tRNS"), None) if colour in (_GREY, _RGB) else None
    left_out = {b"tRNS"} if key is not None else set()
    picture = [(tag, body) for tag, body in chunks if tag in _NEEDED - left_out]
    if bits == 16 and colour in (_RGB, _RGB_ALPHA):
        mode = "rgb" if colour == _RGB else "rgba"
        pixels = np.asarray(high_depth.decode_image_png_u16(_joined(picture), (height, width), mode))
        stored = Stored(pixels=pixels)
    elif bits == 16 and colour == _GREY_ALPHA:
        # Four bytes a pixel either way: Pillow reads them as 8-bit RGBA, where it would drop the lower ones.
        picture[0] = (b"IHDR", header[:8] + bytes([8, _RGB_ALPHA]) + header[10:])
        stored = Stored(pixels=decode(_joined(picture)).pixels.view(">u2").astype(np.uint16))
    else:
        stored = decode(_joined(picture))
    if key is not None:
        stored = replace(stored, pixels=_with_alpha(stored.pixels, key, bits))
    orientation, unread = _orientation(chunks)
    profile, lost = profile_of(chunks, grey=colour in (_GREY, _GREY_ALPHA))
    return replace(
        stored,
        orientation=orientation,
        icc_profile=profile,
        notes=(*stored.notes, *_frames(chunks), *notes, *unread, *lost),
    )


def _chunks(data: bytes) -> tuple[list[tuple[bytes, bytes]], list[str]]:
    """Return tag and body of the chunks that matter, the last perhaps cut short, and what is to be said of them.

    Raises:
        ImageError: one that the pixels depend on has a wrong checksum.
    """
    chunks, notes, place = [], [], len(SIGNATURE)
    while place + 8 <= len(data):
        length, tag = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + length]
        checksum = data[place + 8 + length : place + 12 + length]
        place += 12 + length
        text = tag in (b"tEXt", b"zTXt", b"iTXt") and body.startswith(_DESCRIBED)
        if tag not in _KEPT and not text:
            continue
        cut = len(checksum) < 4  # whether pixels are missing, the decoder sees
        if (cut and tag == b"IDAT") or (not cut and checksum == _checksum(tag, body)):
            chunks.append((tag, body))
        elif tag in (b"IHDR", b"PLTE", b"IDAT"):
            raise ImageError(f"the PNG is damaged: its {tag.decode()} chunk has a wrong checksum.")
        elif not text and tag != b"IEND":
            notes.append(f"the damaged {tag.decode()} chunk was passed over")
        if tag == b"IEND":
            break
    if not chunks or chunks[0][0] != b"IHDR":
        raise ImageError("the PNG is damaged or cut short.")
    return chunks, notes


def _joined(chunks: list[tuple[bytes, bytes]]) -> bytes:
    """Return a PNG of these chunks."""
    parts = [SIGNATURE]
    for tag, body in [*(pair for pair in chunks if pair[0] != b"IEND"), (b"IEND", b"")]:
        parts += [struct.pack(">I", len(body)), tag, body, _checksum(tag, body)]
    return b"".join(parts)


def _checksum(tag: bytes, body: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(body, zlib.crc32(tag)))


def _with_alpha(pixels: np.ndarray[Any, Any], key: bytes, bits: int) -> np.ndarray[Any, Any]:
    """Return the pixels with an alpha channel: 0 where they have the colour that stands for nothing."""
    colours = pixels.reshape(*pixels.shape[:2], -1)
    count = colours.shape[2]
    if len(key) < 2 * count:
        return pixels
    scale = 255 // (2**bits - 1) if bits < 8 else 1  # few bits are spread over eight
    clear = np.array(struct.unpack(f">{count}H", key[: 2 * count])) % 2**bits * scale
    alpha = np.where((colours == clear).all(axis=2, keepdims=True), 0, np.iinfo(pixels.dtype).max)
    return np.concatenate([colours, alpha.astype(pixels.dtype)], axis=2)


def _orientation(chunks: list[tuple[bytes, bytes]]) -> tuple[int, tuple[str, ...]]:
    """Return how EXIF, or else text, says that the picture lies: read from a PNG of one pixel with nothing else."""
    described = [pair for pair in chunks if pair[0] == b"eXIf"] or [pair for pair in chunks if pair[0].endswith(b"Xt")]
    if not described:
        return 1, ()
    dot = (b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, _GREY, 0, 0, 0))
    try:
        with PIL.Image.open(io.BytesIO(_joined([dot, *described, (b"IDAT", zlib.compress(b"\0\0"))]))) as picture:
            return orientation_of(picture)
    except Exception:  # as there
        return 1, ("unreadable EXIF was passed over",)


def _frames(chunks: list[tuple[bytes, bytes]]) -> tuple[str, ...]:
    """Return what is to be said of an animation; its still picture need not be its first frame."""
    tags = [tag for tag, _ in chunks]
    if b"acTL" not in tags:
        return ()
    count = int.from_bytes(next(body for tag, body in chunks if tag == b"acTL")[:4])
    if b"fcTL" in tags and tags.index(b"fcTL") < tags.index(b"IDAT"):
        return (f"first of {count} frames",) if count > 1 else ()
    return (f"the still picture of an animation of {count} frames",)


def encode_png(values: np.ndarray[Any, Any], icc_profile: bytes | None) -> bytes:
    """Return a PNG of (H, W, C) uint16 values, C from 1 to 4, which no library at hand writes for each C."""
    height, width, channels = values.shape
    colour = next(colour for colour, count in _CHANNELS.items() if count == channels)
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0))]
    if icc_profile:
        chunks.append((b"iCCP", b"profile\0\0" + zlib.compress(icc_profile, 9)))
    packed, above = zlib.compressobj(6), np.zeros(width * 2 * channels, np.uint8)
    data = []
    for row in values:
        own = row.astype(">u2").view(np.uint8).reshape(-1)
        data.append(packed.compress(_filtered(own, above, 2 * channels)))
        above = own
    return _joined([*chunks, (b"IDAT", b"".join([*data, packed.flush()]))])


def _filtered(row: np.ndarray[Any, Any], above: np.ndarray[Any, Any], size: int) -> bytes:
    """Return a row after the filter that leaves the least, and that filter's number (PNG, section 9)."""
    left, corner = (np.concatenate([np.zeros(size, np.uint8), line[:-size]]) for line in (row, above))
    a, b, c = (line.astype(np.int16) for line in (left, above, corner))
    from_a, from_b, from_c = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    paeth = np.where((from_a <= from_b) & (from_a <= from_c), left, np.where(from_b <= from_c, above, corner))
    tried = {1: row - left, 2: row - above, 4: row - paeth}
    number = min(tried, key=lambda each: int(np.abs(tried[each].view(np.int8).astype(np.int16)).sum()))
    filtered: bytes = tried[number].tobytes()
    return bytes([number]) + filtered
