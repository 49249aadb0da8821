"""Image file -> `Image`: the first frame, upright, in its own number of channels and bits."""

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import kornia_rs.io as high_depth
import numpy as np
import PIL.Image
import PIL.TiffImagePlugin

from inr.errors import ImageError
from inr.imaging.image import ACCEPTED, Image, image_from_array
from inr.settings.config import MAX_PIXELS

_FORMATS = {"PNG", "JPEG", "MPO", "WEBP", "TIFF", "BMP", "GIF"}
_ORIENTATION_TAG = 0x0112


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
    if not path.is_file():
        raise ImageError(f"{path} is no file; give one picture ({ACCEPTED}).")
    with _pillow_unlimited(), _translated(path):
        source = _probe(path, max_pixels)
        data = path.read_bytes()
        pixels = _UPRIGHT[source.orientation](_read_pixels(path, data, source))
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


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises over foreign bytes into one sentence about the file."""
    try:
        yield
    except (ImageError, MemoryError):
        raise
    except PIL.UnidentifiedImageError as error:
        what = f"is no picture this program can read; accepted are {ACCEPTED}" if path.stat().st_size else "is empty"
        raise ImageError(f"{path} {what}.") from error
    except PermissionError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from error
    except Exception as error:  # decoders raise anything: IndexError, KeyError, struct.error, bare Exception
        raise ImageError(f"{path}: the picture is damaged or cut short ({error}).") from error


def _probe(path: Path, max_pixels: int) -> _Source:
    """Read the header alone: an oversized or foreign file is refused before its pixels are touched."""
    with PIL.Image.open(path) as picture:
        width, height = picture.size
        if width * height > max_pixels:
            raise ImageError(
                f"{path} has {width} x {height} pixels, more than the limit of {max_pixels:,}; "
                "raise it with --max-pixels if you trust the file."
            )
        if picture.format not in _FORMATS:
            raise ImageError(f"{path} is {picture.format}; accepted are {ACCEPTED}.")
        if picture.mode == "F":
            raise ImageError(f"{path}: floating-point samples; accepted are 8 and 16 bits per channel.")
        with path.open("rb") as file:
            return _describe(picture, file.read(26))


def _describe(picture: PIL.Image.Image, start: bytes) -> _Source:
    notes = []
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        notes.append(f"first of {frames} frames")
    orientation = picture.getexif().get(_ORIENTATION_TAG, 1)
    if orientation not in _UPRIGHT:
        orientation = 1  # a value outside 1 to 8 means nothing
    if orientation != 1:
        notes.append(f"EXIF orientation {orientation} applied")
    mode, profile = picture.mode, picture.info.get("icc_profile")
    transparent = "transparency" in picture.info
    if mode.startswith("I"):
        target = mode
        if transparent:
            notes.append("the transparent colour of a 16-bit grey picture was left out")
    elif mode in ("1", "L", "LA", "La"):
        target = "LA" if mode in ("LA", "La") or transparent else "L"
    else:
        target = "RGBA" if mode in ("RGBA", "RGBa", "PA") or transparent else "RGB"
    if mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes.append(f"{mode} converted to RGB")
        if profile:
            notes.append(f"the {mode} colour profile does not fit the RGB picture and was left out")
            profile = None
    bits, deep = _depth(picture, start, transparent)
    if bits > 8 and not deep and not mode.startswith("I"):
        notes.append(f"{bits}-bit samples read at 8 bits (this layout is not supported at {bits})")
    return _Source(
        mode=target,
        format=str(picture.format),
        palette=mode in ("P", "PA"),
        deep=deep,
        orientation=orientation,
        icc_profile=profile or None,
        notes=tuple(notes),
    )


def _depth(picture: PIL.Image.Image, start: bytes, transparent: bool) -> tuple[int, bool]:
    """Return the bits per sample in the file, and whether colour of that depth can be read in full.

    Pillow opens 16-bit colour as 8-bit and does not say so; kornia reads the plain layouts of it.
    """
    if picture.format == "PNG":
        bits, colour_type = start[24], start[25]
        rgb, rgba = colour_type == 2, colour_type == 6
        return bits, bits == 16 and (rgba or (rgb and not transparent))
    if isinstance(picture, PIL.TiffImagePlugin.TiffImageFile):
        bits, photometric = picture.tag_v2.get(258, (8,))[0], picture.tag_v2.get(262, 2)
        if bits == 16 and photometric == 0:
            raise ImageError(f"{picture.filename!s}: 16-bit grey with white as zero is not supported; save it anew.")
        return bits, bits == 16 and photometric == 2 and picture.tag_v2.get(277, 1) == 3
    return 8, False


def _read_pixels(path: Path, data: bytes, source: _Source) -> np.ndarray[Any, Any]:
    if source.deep:
        read = high_depth.read_image_png_u16 if source.format == "PNG" else high_depth.read_image_tiff_u16
        return np.asarray(read(str(path), source.mode.lower()))
    mode = None if source.mode.startswith("I") else source.mode
    pixels = np.asarray(iio.imread(data, index=0, plugin="pillow", mode=mode, rotate=False))
    if pixels.dtype == np.int32 and (pixels.min() < 0 or pixels.max() > 65535):
        raise ImageError(f"{path}: 32-bit samples; accepted are 8 and 16 bits per channel.")
    return pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16)  # any byte order


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
