"""Tags of a TIFF -> how the samples of its picture lie in the file, and what they are."""

import math
from dataclasses import dataclass

from inr.errors import ImageError
from inr.imaging import tiff_tags as tags
from inr.imaging.tiff_tags import Directory

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK = 0, 1, 2, 5
COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, RGB: 3, CMYK: 4}
"""Samples of a pixel's colour, by photometric interpretation."""
_YCBCR, _OLD_JPEG, _MOST = 6, 6, 16
_FORMATS = {2: "signed", 3: "floating-point", 5: "complex", 6: "complex"}
_MORE = "accepted are unsigned ones of 8 and 16 bits: save it anew with those"


@dataclass(frozen=True, kw_only=True)
class Layout:
    """How the samples of a picture lie, and what they are.

    Attributes:
        width: in pixels.
        height: in pixels.
        bits: of a sample, the same for all.
        samples: of a pixel.
        photometric: what the first of them mean, see `COLOURS`.
        compression: by its number.
        planes: 1 where the samples of a pixel lie side by side, `samples` where each has a plane of its own.
        extra: what each sample beyond the colour means: 1 and 2 are alpha, with and without colours multiplied by it.
        piece: width and height of a tile, or of a strip.
        tiled: whether the pieces are tiles.
    """

    width: int
    height: int
    bits: int
    samples: int
    photometric: int
    compression: int
    planes: int
    extra: tuple[int, ...]
    piece: tuple[int, int]
    tiled: bool

    @property
    def pieces(self) -> int:
        """Tiles or strips of a plane."""
        return math.ceil(self.width / self.piece[0]) * math.ceil(self.height / self.piece[1])

    @property
    def places(self) -> int:
        """Tag of where they lie."""
        return tags.TILE_OFFSETS if self.tiled else tags.OFFSETS

    @property
    def counts(self) -> int:
        """Tag of the bytes that each has."""
        return tags.TILE_BYTE_COUNTS if self.tiled else tags.BYTE_COUNTS


def tiff_size(directory: Directory) -> tuple[int, int]:
    """Return width and height.

    Raises:
        ImageError: they are not there.
    """
    width, height = directory.number(tags.WIDTH, 0), directory.number(tags.HEIGHT, 0)
    if not (width and height):
        raise ImageError("the TIFF is damaged or cut short: it gives no width and height.")
    return width, height


def layout_of(directory: Directory) -> Layout:
    """Return how the samples lie.

    Raises:
        ImageError: they are of a kind that is not read.
    """
    width, height = tiff_size(directory)
    samples, compression = directory.number(tags.SAMPLES, 1), directory.number(tags.COMPRESSION, 1)
    depths = directory.numbers(tags.BITS, (1,))
    formats = [_FORMATS[each] for each in directory.numbers(tags.SAMPLE_FORMAT) if each in _FORMATS]
    if formats:
        raise ImageError(f"{formats[0]} samples of {depths[0]} bits; {_MORE}.")
    if len(set(depths)) > 1 or depths[0] not in (1, 2, 4, 8, 12, 16):
        raise ImageError(f"{' and '.join(str(each) for each in sorted(set(depths)))}-bit samples; {_MORE}.")
    photometric = directory.number(tags.PHOTOMETRIC, RGB if samples > 2 else BLACK_IS_ZERO)
    extra = directory.numbers(tags.EXTRA)
    if samples == 4 and photometric == RGB and not extra:
        extra = (2,)  # a fourth sample without a meaning is taken for alpha, as everywhere
    colours = COLOURS.get(photometric, samples)
    if samples > _MOST:
        raise ImageError(f"{samples} channels; accepted are grey and RGB, with up to {_MOST} in all.")
    if samples < colours or (photometric == CMYK and directory.number(tags.INK_SET, 1) != 1):
        raise ImageError(f"{samples} samples a pixel with photometric interpretation {photometric} is no picture here.")
    if compression == 1 and photometric == _YCBCR and directory.numbers(tags.SUBSAMPLING, (2, 2)) != (1, 1):
        raise ImageError("a TIFF of coarser colours without compression is not supported; save it anew as RGB.")
    tiled = tags.TILE_OFFSETS in directory.tags
    across, down = (tags.TILE_WIDTH, tags.TILE_HEIGHT) if tiled else (tags.WIDTH, tags.STRIP_ROWS)
    piece = (directory.number(across, width), directory.number(down, height))
    return Layout(
        width=width,
        height=height,
        bits=depths[0],
        samples=samples,
        photometric=photometric,
        compression=compression,
        planes=samples if directory.number(tags.PLANAR, 1) == 2 else 1,
        piece=(max(piece[0], 1), max(piece[1] if tiled else min(piece[1], height), 1)),
        tiled=tiled,
        extra=(*extra, *(0,) * samples)[: samples - colours],
    )


def check_pieces(directory: Directory, layout: Layout, size: int) -> None:
    """Check that all strips or tiles lie in a file of so many bytes: a decoder would take what follows for pixels.

    Raises:
        ImageError: one is missing, or reaches beyond the end.
    """
    if layout.compression == _OLD_JPEG:  # which has its own way of saying where it lies
        return
    found, lengths = directory.numbers(layout.places), directory.numbers(layout.counts)
    if len(found) < layout.pieces * layout.planes:
        raise ImageError("the TIFF is damaged or cut short: it does not say where all of its pixels lie.")
    if layout.compression == 1:  # then the lengths are known, and those in the file often wrong
        width, height = layout.piece
        row = -(-width * layout.bits * (layout.samples // layout.planes) // 8)
        last = height if layout.tiled else layout.height - (layout.pieces - 1) * height
        lengths = (*(row * height,) * (layout.pieces - 1), row * last) * layout.planes
    if any(place + length > size for place, length in zip(found, lengths, strict=False)):
        raise ImageError("the TIFF is damaged or cut short: pixels lie beyond its end.")
