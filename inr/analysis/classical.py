"""A picture and the PSNR of each grade -> the bytes that PNG and JPEG take for the same, to compare a file with."""

import functools
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import imageio.v3 as iio
import numpy as np

from inr.analysis.metrics import compare_pictures
from inr.imaging.image import Image, quantize

_MOST_PIXELS = 16_000_000
"""Larger pictures are not coded for comparison: PNG alone would take half a minute."""
_MOST_CURVE = 4_000_000
"""Of larger pictures JPEG is measured at the PSNR of the last grade only."""


@dataclass(frozen=True, kw_only=True)
class Jpeg:
    """A JPEG (4:4:4, optimised) of the picture; PSNR in dB, infinity for an exact copy."""

    quality: int
    bytes: int
    psnr_db: float


@dataclass(frozen=True, kw_only=True)
class Classical:
    """The same picture in classical formats. None where the format does not hold it, or the picture is too large.

    Attributes:
        png_bytes: lossless PNG.
        jpeg_bytes: the smallest JPEG of at least the PSNR of the last grade.
        jpeg_psnr_db: its PSNR in dB.
        jpeg_of_grades: for each grade the smallest JPEG of at least its PSNR; None where none reaches it.
        jpeg_tried: every JPEG that was measured on the way, the smallest quality first: a curve of PSNR over bytes.
    """

    png_bytes: int | None = None
    jpeg_bytes: int | None = None
    jpeg_psnr_db: float | None = None
    jpeg_of_grades: tuple[Jpeg | None, ...] = ()
    jpeg_tried: tuple[Jpeg, ...] = ()


def classical(image: Image, psnr_db: Sequence[float]) -> Classical:
    """Return what PNG and JPEG take for a picture.

    Args:
        image: the source.
        psnr_db: of each grade, that JPEG has to reach, on all pixels.
    """
    if image.width * image.height > _MOST_PIXELS:
        return Classical()
    pixels = quantize(image.pixels, image.bit_depth)
    deep = image.bit_depth == 16
    png = None if deep and image.channels > 1 else len(_coded(pixels, ".png"))
    if deep or image.channels in (2, 4):
        return Classical(png_bytes=png)
    tried: dict[int, Jpeg] = {}

    @functools.cache
    def jpeg(quality: int) -> Jpeg:
        data = _coded(pixels, ".jpeg", quality=quality, subsampling=0, optimize=True)
        drawn = np.asarray(iio.imread(io.BytesIO(data), extension=".jpeg", plugin="pillow"))
        reached = compare_pictures(image, drawn.reshape(pixels.shape), with_ssim=False).psnr_db
        tried[quality] = Jpeg(quality=quality, bytes=len(data), psnr_db=reached)
        return tried[quality]

    wanted = psnr_db if image.width * image.height <= _MOST_CURVE else psnr_db[-1:]
    found = tuple(_smallest(jpeg, each) for each in wanted)
    last = found[-1]
    return Classical(
        png_bytes=png,
        jpeg_bytes=last.bytes if last else None,
        jpeg_psnr_db=last.psnr_db if last else None,
        jpeg_of_grades=found if len(found) == len(psnr_db) else (),
        jpeg_tried=tuple(tried[quality] for quality in sorted(tried)),
    )


def _smallest(jpeg: Callable[[int], Jpeg], psnr_db: float) -> Jpeg | None:
    """Return the JPEG of the lowest quality that reaches a PSNR."""
    low, high, best = 1, 101, None
    while low < high:
        middle = (low + high) // 2
        if middle > 100:
            break
        tried = jpeg(middle)
        if tried.psnr_db >= psnr_db:
            high, best = middle, tried
        else:
            low = middle + 1
    return best


def _coded(pixels: np.ndarray[Any, Any], extension: str, **options: Any) -> bytes:
    plane = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    data: bytes = iio.imwrite("<bytes>", plane, extension=extension, plugin="pillow", **options)
    return data
