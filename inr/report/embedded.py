"""Pictures -> what a page carries of them: WebP without loss, of a bounded number of pixels."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import PIL.Image

from inr.imaging.alpha import seen
from inr.imaging.image import unit
from inr.imaging.profile import suited
from inr.report.data_uri import data_uri

MOST_PIXELS = 4_000_000
"""Of all pictures of a page together."""
_DETAIL = 384
"""Side of the part that is shown at full size where the whole is not, in pixels."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class View:
    """A part of a picture as a page shows it, in 8 bits.

    Attributes:
        title: what part it is.
        left: column of the source where it begins.
        top: row of the source where it begins.
        step: side of the square of the source's pixels whose mean each of its pixels is; 1 is full size.
        width: in its own pixels.
        height: in its own pixels.
        pictures: data URIs: the source, then the pictures after each grade, or of each method.
    """

    title: str
    left: int
    top: int
    step: int
    width: int
    height: int
    pictures: tuple[str, ...]


def views(
    source: Array,
    pictures: Sequence[Array],
    *,
    icc_profile: bytes | None = None,
    most: int = MOST_PIXELS,
    part: str = "where it errs most",
) -> tuple[View, ...]:
    """Return the whole picture, and, where that is too large for a page, a part at full size besides.

    The part is the square in which the last picture differs most from the source.

    Args:
        source: (H, W, C) uint8 or uint16.
        pictures: as the source.
        icc_profile: of all of them.
        most: pixels of the source and all pictures together; a larger one is shown as means of squares.
        part: what the page calls that square.
    """
    height, width = source.shape[:2]
    each = max(1.0, most / (1 + len(pictures)))
    step = max(1, math.ceil(math.sqrt(height * width / each)))
    profile = suited(icc_profile, grey=False)[0] if icc_profile else None  # WebP is RGB always
    everything = (source, *pictures)

    def view(title: str, left: int, top: int, step: int, parts: Sequence[Array]) -> View:
        drawn = [_eight_bits(part) for part in parts]
        drawn = [picture.reduce(step) for picture in drawn] if step > 1 else drawn
        return View(
            title=title, left=left, top=top, step=step, width=drawn[0].width, height=drawn[0].height,
            pictures=tuple(data_uri(picture, profile) for picture in drawn),
        )  # fmt: skip

    whole = view("whole picture", 0, 0, step, everything)
    if step == 1:
        return (whole,)
    left, top = _worst(source, pictures[-1])
    square = [picture[top : top + _DETAIL, left : left + _DETAIL] for picture in everything]
    return (whole, view(f"{part}, full size", left, top, 1, square))


def _eight_bits(picture: Array) -> PIL.Image.Image:
    """Return (H, W, C) uint8 or uint16 as Pillow's, rounded to 8 bits."""
    if picture.dtype == np.uint16:
        picture = ((picture.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    values = np.ascontiguousarray(picture[:, :, 0] if picture.shape[2] == 1 else picture)
    return PIL.Image.frombytes(_MODES[picture.shape[2]], (picture.shape[1], picture.shape[0]), values.tobytes())


def _worst(source: Array, picture: Array) -> tuple[int, int]:
    """Return the column and row where the square of largest squared error begins, of those on a lattice."""
    height, width = source.shape[:2]
    side = min(_DETAIL, height, width)
    rows = sorted({*range(0, height - side + 1, side), height - side})
    columns = sorted({*range(0, width - side + 1, side), width - side})
    errors: dict[tuple[int, int], float] = {}
    for top in rows:
        band = slice(top, top + side)
        squared = np.square(seen(unit(source[band])) - seen(unit(picture[band]))).sum(axis=(0, 2))
        errors |= {(left, top): float(squared[left : left + side].sum()) for left in columns}
    return max(errors, key=lambda place: errors[place])
