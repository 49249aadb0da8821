"""A picture in memory: (H, W, C) float32 in [0, 1], sRGB as stored, with what must come back on writing."""

import hashlib
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from inr.errors import ImageError
from inr.settings.shape import MAX_SIDE

BitDepth = Literal[8, 16]


@dataclass(frozen=True, kw_only=True)
class Image:
    """A picture in memory.

    Attributes:
        pixels: (H, W, C) float32 in [0, 1]; C is 1 (grey), 2 (grey, alpha), 3 (RGB) or 4 (RGB, alpha).
        bit_depth: 8 or 16, what the source had and what its reconstructions are written with.
        icc_profile: the embedded colour profile, or None.
        name: where the picture came from, for messages and reports.
        notes: what was done to the file's content on loading, a sentence each.
        sha256: of the file's bytes, in hexadecimal; of the pixels for a picture that never was a file.
    """

    pixels: np.ndarray[Any, np.dtype[np.float32]]
    bit_depth: BitDepth = 8
    icc_profile: bytes | None = None
    name: str = "image"
    notes: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def height(self) -> int:
        """Rows."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """Columns."""
        return int(self.pixels.shape[1])

    @property
    def channels(self) -> int:
        """Numbers per pixel."""
        return int(self.pixels.shape[2])


def image_from_array(array: np.ndarray[Any, Any], *, name: str = "array") -> Image:
    """Make an `Image` of (H, W) or (H, W, C) uint8, uint16, or float in [0, 1].

    Raises:
        ImageError: another shape or type, no pixels, or values outside [0, 1].

    Example:
        >>> import numpy as np
        >>> image = inr.image_from_array(np.zeros((2, 3), np.uint8))
        >>> image.width, image.height, image.channels
        (3, 2, 1)
    """
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim != 3 or array.shape[2] not in (1, 2, 3, 4) or 0 in array.shape:
        raise ImageError(f"{name}: shape {array.shape}; accepted are (H, W) and (H, W, C) with C from 1 to 4.")
    if max(array.shape) > MAX_SIDE:
        raise ImageError(
            f"{name}: {array.shape[1]} x {array.shape[0]} pixels; at most {MAX_SIDE:,} a side are accepted."
        )
    depth: BitDepth = 16 if array.dtype == np.uint16 else 8
    if array.dtype in (np.uint8, np.uint16):
        pixels = array.astype(np.float32)
        pixels /= np.float32(np.iinfo(array.dtype).max)
    elif np.issubdtype(array.dtype, np.floating):
        pixels = array.astype(np.float32)
        if not (np.isfinite(pixels).all() and pixels.min() >= 0 and pixels.max() <= 1):
            raise ImageError(f"{name}: float values outside [0, 1]; scale them first.")
    else:
        raise ImageError(f"{name}: type {array.dtype}; accepted are uint8, uint16 and float in [0, 1].")
    digest = hashlib.sha256(np.ascontiguousarray(pixels).data.cast("B")).hexdigest()
    return Image(pixels=pixels, bit_depth=depth, name=name, sha256=digest)


def unit(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return float32 in [0, 1] of unsigned integers of 8 or 16 bits; floats stay as they are."""
    if np.issubdtype(picture.dtype, np.floating):
        return picture
    values = picture.astype(np.float32)
    values /= np.float32(np.iinfo(picture.dtype).max)
    return values


def quantize(values: np.ndarray[Any, Any], bit_depth: int) -> np.ndarray[Any, Any]:
    """Clip to [0, 1] and round to unsigned integers of 8 or 16 bits, what is no number to 0; the shape stays.

    Example:
        >>> import numpy as np
        >>> inr.quantize(np.array([-0.1, 0.2, 1.0]), 8)
        array([  0,  51, 255], dtype=uint8)
    """
    dtype = np.uint16 if bit_depth == 16 else np.uint8
    scaled = np.nan_to_num(np.clip(values, 0.0, 1.0), copy=False)
    scaled *= np.float32(np.iinfo(dtype).max)
    rounded: np.ndarray[Any, Any] = np.rint(scaled, out=scaled).astype(dtype)
    return rounded
