"""Image file -> `Image`: the first frame, upright, in its own number of channels and bits."""

import contextlib
import hashlib
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import PIL.Image

from inr.errors import ImageError
from inr.imaging.decoding import Stored, decode
from inr.imaging.formats import ACCEPTED, READABLE
from inr.imaging.icc import MAX_PROFILE
from inr.imaging.image import Image, image_from_array
from inr.imaging.png import SIGNATURE, png_size, read_png
from inr.imaging.profile import suited
from inr.imaging.tiff import read_tiff
from inr.imaging.tiff_layout import tiff_size
from inr.imaging.tiff_tags import is_tiff, read_directory
from inr.machine import GIB, memory_free
from inr.settings.config import MAX_PIXELS

_START = 33
_LEAST_A_PIXEL = 6
"""Bytes that a pixel takes at least: one as its file holds it, one upright, and four in float32."""
_KNOWN = {b"\xff\xd8\xff": "JPEG", b"RIFF": "WebP", b"BM": "BMP", b"GIF8": "GIF"}


def load_image(path: str | Path, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Read the first frame of a picture, upright, in its own number of channels and bits.

    Raises:
        ImageError: no such file, a folder, no picture, a damaged one, or more than `max_pixels` pixels.

    Example:
        >>> import numpy as np
        >>> inr.save_image("grey.png", np.full((2, 3, 1), 51, np.uint8))
        >>> inr.load_image("grey.png").pixels[0, 0]
        array([0.2], dtype=float32)
    """
    path = Path(path)
    if not path.exists():
        raise ImageError(f"{path}: no such file.")
    if path.is_dir():
        raise ImageError(f"{path} is a folder; give one picture ({ACCEPTED}).")
    if not path.is_file():
        raise ImageError(f"{path} is no file; give one picture ({ACCEPTED}).")
    try:
        file = path.open("rb")
    except OSError as error:
        raise ImageError(f"{path} cannot be read: {error.strerror}.") from error
    with file:
        return read_image(file, str(path), max_pixels=max_pixels)


def read_image(file: BinaryIO, name: str, *, max_pixels: int = MAX_PIXELS) -> Image:
    """Read a picture, as `load_image` does, from an open file that can seek; `name` stands for it in errors."""
    with _pillow_unlimited(), _translated(name):
        width, height = _size(file)
        if width * height > max_pixels:
            raise ImageError(
                f"{width} x {height} pixels, more than the limit of {max_pixels:,}; "
                "raise it with --max-pixels if you trust the file."
            )
        needed, free = _LEAST_A_PIXEL * width * height, memory_free()
        if free is not None and needed > free:
            raise ImageError(
                f"{width} x {height} pixels take at least {needed / GIB:.1f} GiB of memory, more than the "
                f"{free / GIB:.1f} GiB that may be used here."
            )
        file.seek(0)
        data = file.read()
        stored = _read(data)
        return _image(stored, name, hashlib.sha256(data).hexdigest())


def _size(file: BinaryIO) -> tuple[int, int]:
    """Return width and height by the header alone: an oversized or foreign file is refused before it is read."""
    start = file.read(_START)
    if not start:
        raise ImageError("the file is empty.")
    if start.startswith(SIGNATURE):
        return png_size(start)
    if is_tiff(start):
        return tiff_size(read_directory(file))
    file.seek(0)
    try:
        with PIL.Image.open(file) as picture:
            if picture.format not in READABLE:
                raise ImageError(f"this is {picture.format}; accepted are {ACCEPTED}.")
            return picture.size
    except PIL.UnidentifiedImageError as error:
        for first, name in _KNOWN.items():
            if start.startswith(first):
                raise ImageError(f"a {name} file that is damaged, or of a kind this program cannot read.") from error
        raise ImageError(f"this is no picture this program can read; accepted are {ACCEPTED}.") from error


def _read(data: bytes) -> Stored:
    if data.startswith(SIGNATURE):
        return read_png(data)
    return read_tiff(data) if is_tiff(data) else decode(data)


def _image(stored: Stored, name: str, digest: str) -> Image:
    """Turn a picture upright, and give it the profile that it can carry."""
    pixels, profile, notes = stored.pixels, stored.icc_profile, stored.notes
    if stored.orientation in _UPRIGHT and stored.orientation != 1:
        pixels = _UPRIGHT[stored.orientation](pixels)
        notes = (*notes, f"EXIF orientation {stored.orientation} applied")
    pixels = pixels.reshape(*pixels.shape[:2], -1)
    if stored.palette and pixels.shape[2] == 3 and np.ptp(pixels, axis=2).max() == 0:
        pixels = pixels[:, :, :1]  # a palette of greys is a grey picture
    if profile and len(profile) > MAX_PROFILE:
        profile, notes = None, (*notes, f"a colour profile of more than {MAX_PROFILE:,} bytes was left out")
    if profile:
        profile, said = suited(profile, grey=pixels.shape[2] < 3)
        notes = (*notes, said) if said else notes
    image = image_from_array(pixels, name=name)
    return Image(
        pixels=image.pixels,
        bit_depth=image.bit_depth,
        icc_profile=profile,
        name=name,
        notes=notes,
        sha256=digest,
    )


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
def _translated(name: str) -> Iterator[None]:
    """Turn whatever a decoder raises over foreign bytes into one sentence about the file."""
    try:
        yield
    except MemoryError:
        raise
    except ImageError as error:
        raise ImageError(f"{name}: {error}") from error.__cause__
    except PIL.UnidentifiedImageError as error:
        raise ImageError(f"{name}: the picture is damaged or cut short.") from error
    except Exception as error:  # decoders raise anything: IndexError, KeyError, struct.error, bare Exception
        raise ImageError(f"{name}: the picture is damaged or cut short ({error}).") from error


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
