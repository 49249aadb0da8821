"""Bytes of a picture -> the pixels they store, by Pillow: the first frame, in its own number of channels."""

import io
from dataclasses import dataclass
from typing import Any

import imageio.v3 as iio
import numpy as np
import PIL.ExifTags
import PIL.Image

from inr.imaging.icc import ADOBE_RGB, gamma_curve, make_profile

_ORIENTATION, _INDEX = 0x0112, 1
_ADOBE_GAMMA = 563 / 256
_ALPHA = {"LA": "LA", "La": "LA", "RGBA": "RGBA", "RGBa": "RGBA", "PA": "RGBA"}
_JPEG, _END = b"\xff\xd8\xff", b"\xff\xd9"


@dataclass(frozen=True, kw_only=True)
class Stored:
    """A picture as its file stores it, before it is turned upright.

    Attributes:
        pixels: (H, W) or (H, W, C) uint8 or uint16.
        palette: whether the file holds a palette, so that a picture of greys comes as RGB.
        orientation: how EXIF says that the picture lies, 1 to 8; any other number means nothing.
        icc_profile: the embedded colour profile, or None.
        notes: what was done to the file's content, a sentence each.
    """

    pixels: np.ndarray[Any, Any]
    palette: bool = False
    orientation: int = 1
    icc_profile: bytes | None = None
    notes: tuple[str, ...] = ()


def decode(data: bytes) -> Stored:
    """Decode the first frame. What Pillow raises over foreign bytes is left to the caller."""
    with PIL.Image.open(io.BytesIO(data)) as picture:
        mode, profile = picture.mode, picture.info.get("icc_profile")
        orientation, notes = orientation_of(picture)
        if not profile and not notes and _says_adobe_rgb(picture):
            profile, notes = make_profile(gamma_curve(_ADOBE_GAMMA), ADOBE_RGB), ("Adobe RGB, as EXIF says",)
        notes = _frames(picture) + notes
        transparent = "transparency" in picture.info
    if mode in ("CMYK", "YCbCr", "LAB", "HSV"):
        notes += (f"{mode} converted to RGB",)
        if profile:
            notes += (f"the {mode} colour profile does not fit the RGB picture and was left out",)
            profile = None
    if mode.startswith("I"):
        target = None
    elif mode in ("1", "L"):
        target = "LA" if transparent else "L"
    else:
        target = _ALPHA.get(mode, "RGBA" if transparent else "RGB")
    pixels, said = _pixels(_without_exif(data), target)
    return Stored(
        pixels=pixels,
        palette=mode in ("P", "PA"),
        orientation=orientation,
        icc_profile=profile or None,
        notes=notes + said,
    )


def orientation_of(picture: PIL.Image.Image) -> tuple[int, tuple[str, ...]]:
    """Return how EXIF or XMP says that a picture lies, and what is to be said of metadata that cannot be read."""
    try:
        PIL.Image.Exif().load(picture.info.get("exif", b""))  # anew: of a JPEG, Pillow hides that it could not read it
        return picture.getexif().get(_ORIENTATION, 1), ()
    except Exception:  # parsers of foreign metadata raise anything, and no pixel depends on it
        return 1, ("unreadable EXIF was passed over",)


def _says_adobe_rgb(picture: PIL.Image.Image) -> bool:
    """Whether EXIF says so (DCF option file): cameras write that without a profile."""
    try:
        return picture.getexif().get_ifd(PIL.ExifTags.IFD.Interop).get(_INDEX) == "R03"
    except Exception:  # as in `orientation_of`
        return False


def _frames(picture: PIL.Image.Image) -> tuple[str, ...]:
    try:
        frames = getattr(picture, "n_frames", 1)
    except Exception:  # counting looks into all frames, and a later one may be damaged
        return ("first of several frames, of which a later one is damaged",)
    return (f"first of {frames} frames",) if frames > 1 else ()


def _pixels(data: bytes, mode: str | None) -> tuple[np.ndarray[Any, Any], tuple[str, ...]]:
    """Return the pixels in one of Pillow's modes, and what is to be said of them; a JPEG may lack its end marker."""
    try:
        pixels = _read(data, mode)
    except OSError:
        if not data.startswith(_JPEG):
            raise
        # What follows the last byte shows in the pixels unless they are all there.
        pixels, other = (_read(data.rstrip(b"\xff") + filler + _END, mode) for filler in (b"", b"\xa5\x3c\x69" * 999))
        if (pixels != other).any():
            raise
        return pixels, ("the end marker of the JPEG is missing, but none of its pixels",)
    return (pixels if pixels.dtype == np.uint8 else pixels.astype(np.uint16)), ()  # any byte order


def _without_exif(data: bytes) -> bytes:
    """Rename the EXIF chunk of a WebP, so that imageio passes it over: it fails on EXIF that it cannot parse."""
    place = 12
    while data.startswith(b"RIFF") and place + 8 <= len(data):
        if data[place : place + 4] == b"EXIF":
            return data[:place] + b"none" + data[place + 4 :]
        place += 8 + int.from_bytes(data[place + 4 : place + 8], "little")
        place += place % 2
    return data


def _read(data: bytes, mode: str | None) -> np.ndarray[Any, Any]:
    return np.asarray(iio.imread(data, index=0, plugin="pillow", mode=mode, rotate=False))
