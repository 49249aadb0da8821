"""TIFF bytes -> pixels of 8 or 16 bits, whatever the number and the order of its samples.

Pillow opens 16-bit colour at 8 bits and knows few arrangements of samples. But pixels of n samples lie in a file as
grey pixels do, either n times as many to a row, or plane after plane. So they are decoded as grey, and sorted here.
"""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import PIL.Image
from PIL.TiffImagePlugin import COMPRESSION_INFO

from inr.errors import ImageError
from inr.imaging import tiff_tags as tags
from inr.imaging.decoding import Stored, decode
from inr.imaging.tiff_layout import BLACK_IS_ZERO, CMYK, COLOURS, RGB, WHITE_IS_ZERO, Layout, check_pieces, layout_of
from inr.imaging.tiff_tags import Directory, Tag, classic, longs, read_directory, shorts

_LOSSLESS = {1, 5, 8, 32773, 32946, 34925, 50000}
"""Compressions of bytes as they are: none, LZW, Deflate, PackBits, Deflate by its old number, LZMA and Zstandard."""
_PREDICTED = _LOSSLESS - {1, 32773}
_USUAL = {1, 2, 3, 4, 5, 7, 8, 32773, 32946}
"""Compressions that every Pillow decodes: besides these, fax and JPEG."""
_ALPHA, _PREMULTIPLIED = {1, 2, 999}, 1


def read_tiff(data: bytes) -> Stored:
    """Read the first picture of a TIFF."""
    directory = read_directory(io.BytesIO(data))
    layout = layout_of(directory)
    check_pieces(directory, layout, len(data))
    notes = []
    if directory.pages != 1:
        notes.append(f"first of {directory.pages or 'several'} frames")
    if directory.pages is None:
        notes.append("the list of frames is broken after the first")
    if directory.number(tags.SUBFILE, 0) & 1:
        notes.append("the file calls its first picture a reduced copy of another one")
    profile = directory.tags[tags.PROFILE].data if tags.PROFILE in directory.tags else None
    if layout.bits in (8, 16) and layout.photometric in COLOURS and layout.compression in _LOSSLESS:
        pixels, said = _meant(_samples(data, directory, layout), layout)
        if layout.photometric == CMYK and profile:
            said, profile = (*said, "the CMYK colour profile does not fit the RGB picture and was left out"), None
        stored = Stored(pixels=pixels, icc_profile=profile, notes=said)
    else:
        stored = _by_pillow(data, directory, layout)
    return Stored(
        pixels=stored.pixels,
        palette=stored.palette,
        orientation=directory.number(tags.ORIENTATION, 1),
        icc_profile=stored.icc_profile,
        notes=(*notes, *stored.notes),
    )


def _samples(data: bytes, directory: Directory, layout: Layout) -> np.ndarray[Any, Any]:
    """Return the (H, W, samples) values as they are stored."""
    order, beside = directory.order, layout.samples // layout.planes
    grey = {number: directory.tags[number] for number in (tags.FILL_ORDER, tags.STRIP_ROWS) if number in directory.tags}
    grey[tags.WIDTH] = longs(order, layout.width * beside)
    grey[tags.HEIGHT] = longs(order, layout.height)
    grey[tags.BITS] = shorts(order, layout.bits)
    grey[tags.COMPRESSION] = shorts(order, layout.compression)
    grey[tags.PHOTOMETRIC] = shorts(order, BLACK_IS_ZERO)
    grey[tags.SAMPLES] = shorts(order, 1)
    across, down = layout.piece
    if layout.tiled:
        grey[tags.TILE_WIDTH], grey[tags.TILE_HEIGHT] = longs(order, across * beside), longs(order, down)
    planes: list[np.ndarray[Any, Any]] = []
    for plane in range(layout.planes):
        for number in (layout.places, layout.counts):
            if of_all := directory.numbers(number):
                grey[number] = longs(order, *of_all[plane * layout.pieces : (plane + 1) * layout.pieces])
        pixels = _decoded(classic(data, directory, grey), layout).pixels
        planes.append(pixels.reshape(layout.height, layout.width, beside))
    values = planes[0] if len(planes) == 1 else np.concatenate(planes, axis=2)
    if layout.compression in _PREDICTED and directory.number(tags.PREDICTOR, 1) == 2:
        for left in range(0, layout.width, across):  # each was stored as its difference from the one before
            part = values[:, left : left + across]
            part[...] = np.cumsum(part, axis=1, dtype=values.dtype)
    return values


def _meant(values: np.ndarray[Any, Any], layout: Layout) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    """Return grey or RGB, with alpha where there is some, of samples as they are stored, and what is to be said."""
    count, most = COLOURS[layout.photometric], np.iinfo(values.dtype).max
    notes: tuple[str, ...] = ()
    colours = values[:, :, :count]
    if layout.photometric == WHITE_IS_ZERO:
        colours = most - colours
    if layout.photometric == CMYK:
        inks = most - colours.astype(np.uint32)
        colours = ((inks[:, :, :3] * inks[:, :, 3:] + most // 2) // most).astype(values.dtype)
        notes = ("CMYK converted to RGB",)
    alphas = [place for place, meaning in enumerate(layout.extra) if meaning in _ALPHA][:1]
    lost = len(layout.extra) - len(alphas)
    if lost:
        notes = (*notes, f"{lost} of {layout.samples} channels, of no stated meaning, left out")
    for place in alphas:
        alpha = values[:, :, count + place, None]
        if layout.extra[place] == _PREMULTIPLIED:
            straight = (colours.astype(np.uint32) * most + alpha // 2) // np.maximum(alpha, 1)
            colours = np.minimum(straight, most).astype(values.dtype)
        colours = np.concatenate([colours, alpha], axis=2)
    return colours, notes


def _by_pillow(data: bytes, directory: Directory, layout: Layout) -> Stored:
    """Decode a picture whose samples are no plain bytes: few bits, a palette, lossy compression."""
    kept = {number: tag for number, tag in directory.tags.items() if number in (*tags.PICTURE, tags.PROFILE)}
    what = (
        f"compression {layout.compression}, photometric interpretation {layout.photometric}, "
        f"{layout.samples} x {layout.bits} bits"
    )
    if layout.compression not in COMPRESSION_INFO:
        raise ImageError(f"a TIFF of {what} is not supported; save it anew without compression or with LZW.")
    try:
        stored = _decoded(classic(data, directory, kept), layout)
    except PIL.UnidentifiedImageError as error:
        raise ImageError(f"a TIFF of {what} is not supported; save it anew as plain grey or RGB.") from error
    if layout.bits == 12:
        stored = replace(stored, pixels=((stored.pixels * np.uint32(65535) + 2047) // 4095).astype(np.uint16))
    return stored


def _decoded(data: bytes, layout: Layout) -> Stored:
    """Return what Pillow decodes; a codec that the installed one may lack is named if it fails."""
    try:
        return decode(data)
    except PIL.UnidentifiedImageError:
        raise
    except OSError as error:
        if layout.compression in _USUAL:
            raise
        name = COMPRESSION_INFO[layout.compression]
        raise ImageError(f"the TIFF is damaged, or the installed Pillow lacks its compression, {name}.") from error


def encode_tiff(values: np.ndarray[Any, Any], icc_profile: bytes | None) -> bytes:
    """Return a TIFF of (H, W, C) uint16 values, C from 1 to 4, which Pillow writes for one alone."""
    height, width, channels = values.shape
    data = b"II*\0\0\0\0\0" + values.astype("<u2").tobytes()
    written = {
        tags.WIDTH: longs("<", width),
        tags.HEIGHT: longs("<", height),
        tags.BITS: shorts("<", *(16,) * channels),
        tags.COMPRESSION: shorts("<", 1),
        tags.PHOTOMETRIC: shorts("<", RGB if channels > 2 else BLACK_IS_ZERO),
        tags.OFFSETS: longs("<", 8),
        tags.SAMPLES: shorts("<", channels),
        tags.STRIP_ROWS: longs("<", height),
        tags.BYTE_COUNTS: longs("<", values.nbytes),
        tags.PLANAR: shorts("<", 1),
    }
    if channels in (2, 4):
        written[tags.EXTRA] = shorts("<", 2)
    if icc_profile:
        written[tags.PROFILE] = Tag(kind=7, count=len(icc_profile), data=icc_profile)
    return classic(data, Directory(order="<", tags=written, pages=1), written)
