"""A picture and a PSNR -> the bytes that PNG and JPEG take for the same: what a reader compares a model file with."""

import io
from dataclasses import dataclass
from typing import Any

import imageio.v3 as iio
import numpy as np

from inr.analysis.metrics import compare_pictures
from inr.imaging.image import Image, quantize

_MOST_PIXELS = 16_000_000
"""Larger pictures are not coded for comparison: PNG alone would take half a minute."""


@dataclass(frozen=True, kw_only=True)
class Classical:
    """The same picture in classical formats. None where the format does not hold it, or the picture is too large.

    Attributes:
        png_bytes: lossless PNG.
        jpeg_bytes: the smallest JPEG (4:4:4, optimised) of at least the PSNR asked for.
        jpeg_psnr_db: its PSNR in dB.
    """

    png_bytes: int | None = None
    jpeg_bytes: int | None = None
    jpeg_psnr_db: float | None = None


def classical(image: Image, psnr_db: float) -> Classical:
    """Return what PNG and JPEG take for a picture.

    Args:
        image: the source.
        psnr_db: that JPEG has to reach, on all pixels.
    """
    if image.width * image.height > _MOST_PIXELS:
        return Classical()
    pixels = quantize(image.pixels, image.bit_depth)
    deep = image.bit_depth == 16
    png = None if deep and image.channels > 1 else len(_coded(pixels, ".png"))
    if deep or image.channels in (2, 4):
        return Classical(png_bytes=png)
    low, high, best = 1, 101, None
    while low < high:
        middle = (low + high) // 2
        if middle > 100:
            break
        data = _coded(pixels, ".jpeg", quality=middle, subsampling=0, optimize=True)
        drawn = np.asarray(iio.imread(io.BytesIO(data), extension=".jpeg", plugin="pillow"))
        reached = compare_pictures(image, drawn.reshape(pixels.shape), with_ssim=False).psnr_db
        if reached >= psnr_db:
            high, best = middle, (len(data), reached)
        else:
            low = middle + 1
    if best is None:
        return Classical(png_bytes=png)
    return Classical(png_bytes=png, jpeg_bytes=best[0], jpeg_psnr_db=best[1])


def _coded(pixels: np.ndarray[Any, Any], extension: str, **options: Any) -> bytes:
    plane = pixels[:, :, 0] if pixels.shape[2] == 1 else pixels
    data: bytes = iio.imwrite("<bytes>", plane, extension=extension, plugin="pillow", **options)
    return data
