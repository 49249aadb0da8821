"""Image file -> `Image`: the first frame, upright, in its own number of channels and bits."""

import contextlib
import hashlib
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import kornia_rs.io as high_depth
import numpy as np
import PIL.Image
import PIL.ImageFile

from inr.config import MAX_PIXELS
from inr.errors import ImageError
from inr.imaging.image import ACCEPTED, Image, image_from_array

_FORMATS = {"PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF"}
_ORIENTATION_TAG = 0x0112
_BITS_PER_SAMPLE_TAG = 258
_DAMAGE = (OSError, ValueError, SyntaxError, EOFError, RuntimeError, struct.error, zlib.error)


def load_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Read the first frame of a picture, upright, in its own number of channels and bits.

    Raises:
        ImageError: no such file, a folder, no picture, a damaged one, or more than `max_pixels` pixels.
    """
    path = Path(path)
    if not path.exists():
        raise ImageError(f"{path}: no such file.")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; give one picture ({ACCEPTED}).")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from error
    if not data:
        raise ImageError(f"{path} is empty (0 bytes).")
    with _pillow_unlimited():
        source = _probe(path, max_pixels)
        try:
            pixels = _read_pixels(path, data, source)
        except _DAMAGE as error:
            raise ImageError(f"{path}: the picture is damaged or cut short ({error}).") from error
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    if source.palette and pixels.shape[2] == 3 and np.ptp(pixels, axis=2).max() == 0:
        pixels = pixels[:, :, :1]  # a palette of greys is a grey picture
    image = image_from_array(pixels, name=str(path))
    return Image(
        pixels=image.pixels,
        bit_depth=image.bit_depth,
        icc_profile=source.icc_profile,
        name=str(path),
        notes=source.notes,
        sha256=hashlib.sha256(data).hexdigest(),
    )


@dataclass(frozen=True, kw_only=True)
class _Source:
    """What the file's header says, before any pixel is decoded."""

    mode: str
    format: str
    palette: bool
    deep: bool
    orientation: int
    icc_profile: bytes | None
    notes: tuple[str, ...]


@contextlib.contextmanager
def _pillow_unlimited() -> Iterator[None]:
    """Let our own pixel limit stand in for Pillow's, which is global, for the time of one read."""
    before = PIL.Image.MAX_IMAGE_PIXELS
    PIL.Image.MAX_IMAGE_PIXELS = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of harmless oddities in EXIF and palettes
            yield
    finally:
        PIL.Image.MAX_IMAGE_PIXELS = before


def _probe(path: Path, max_pixels: int) -> _Source:
    try:
        with PIL.Image.open(path) as picture:
            width, height = picture.size
            if width * height > max_pixels:
                raise ImageError(
                    f"{path} has {width} x {height} pixels, more than the limit of {max_pixels:,}; "
                    "raise it with --max-pixels if you trust the file."
                )
            if picture.format not in _FORMATS:
                raise ImageError(f"{path} is {picture.format}; accepted are {ACCEPTED}.")
            return _describe(picture)
    except PIL.UnidentifiedImageError as error:
        raise ImageError(f"{path} is no picture this program can read; accepted are {ACCEPTED}.") from error
    except _DAMAGE as error:
        raise ImageError(f"{path}: the picture is damaged or cut short ({error}).") from error


def _describe(picture: PIL.Image.Image) -> _Source:
    notes = []
    mode = picture.mode
    if mode == "F":
        raise ImageError(f"{picture.filename}: floating-point samples; accepted are 8 and 16 bits per channel.")  # type: ignore[attr-defined]
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        notes.append(f"first of {frames} frames")
    orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    if orientation != 1:
        notes.append(f"EXIF orientation {orientation} applied")
    transparent = "transparency" in picture.info
    wide = mode.startswith("I")
    if wide:
        target = mode
    elif mode in ("1", "L", "LA", "La"):
        target = "LA" if mode in ("LA", "La") or transparent else "L"
    else:
        target = "RGBA" if mode in ("RGBA", "RGBa", "PA") or transparent else "RGB"
    if mode in ("CMYK", "YCbCr", "LAB", "HSV") and picture.format != "JPEG":
        notes.append(f"{mode} converted to RGB")
    elif mode == "CMYK":
        notes.append("CMYK converted to RGB")
    deep = not wide and _bits_per_sample(picture) == 16
    if deep and (target == "LA" or (target == "RGBA" and picture.format == "TIFF")):
        notes.append("16-bit samples read at 8 bits (this layout is not supported at 16)")
        deep = False
    profile = picture.info.get("icc_profile")
    if profile and mode == "CMYK":
        notes.append("the CMYK colour profile does not fit the RGB picture and was left out")
        profile = None
    return _Source(
        mode=target,
        format=str(picture.format),
        palette=mode in ("P", "PA"),
        deep=deep,
        orientation=orientation,
        icc_profile=profile or None,
        notes=tuple(notes),
    )


def _bits_per_sample(picture: PIL.Image.Image) -> int:
    """Return what the file stores; Pillow itself opens 16-bit colour as 8-bit and does not say so."""
    if picture.format == "PNG":
        header = Path(picture.filename).read_bytes()[:25]  # type: ignore[attr-defined]
        return header[24]
    if picture.format == "TIFF":
        return int(picture.tag_v2.get(258, (8,))[0])  # type: ignore[attr-defined]
    return 8


def _read_pixels(path: Path, data: bytes, source: _Source) -> np.ndarray[Any, Any]:
    if source.deep:
        read = high_depth.read_image_png_u16 if source.format == "PNG" else high_depth.read_image_tiff_u16
        pixels = np.asarray(read(str(path), source.mode.lower()))
        return _UPRIGHT[source.orientation](pixels)
    mode = None if source.mode.startswith("I") else source.mode
    pixels = iio.imread(data, index=0, plugin="pillow", mode=mode, rotate=True)
    if pixels.dtype == np.int32:
        if pixels.min() < 0 or pixels.max() > 65535:
            raise ImageError(f"{path}: 32-bit samples; accepted are 8 and 16 bits per channel.")
        pixels = pixels.astype(np.uint16)
    return np.asarray(pixels)


_UPRIGHT: dict[int, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a[::-1].swapaxes(0, 1),
    7: lambda a: a[::-1, ::-1].swapaxes(0, 1),
    8: lambda a: a.swapaxes(0, 1)[::-1],
}
