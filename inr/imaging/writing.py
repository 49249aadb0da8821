"""Pixels -> image file: 8 or 16 bits, with the source's colour profile."""

import warnings
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import numpy as np

from inr.errors import ImageError, ImageWarning
from inr.files import write_whole
from inr.imaging.formats import ACCEPTED, ENDINGS
from inr.imaging.png import encode_png
from inr.imaging.profile import suited
from inr.imaging.tiff import encode_tiff


def save_image(path: str | Path, values: np.ndarray[Any, Any], *, icc_profile: bytes | None = None) -> None:
    """Write (H, W, C) uint8 or uint16 values; the name's ending decides the format (see `image_to_bytes`).

    Raises:
        ImageError: what `image_to_bytes` raises, or a folder that cannot be written.
    """
    path = Path(path)
    data = image_to_bytes(values, path.suffix, name=str(path), icc_profile=icc_profile)
    try:
        write_whole(path, data)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}.") from error
    except ValueError as error:
        raise ImageError(f"{path} cannot be written: {error}.") from error


def image_to_bytes(
    values: np.ndarray[Any, Any], ending: str, *, name: str = "picture", icc_profile: bytes | None = None
) -> bytes:
    """Return the bytes of a picture file of (H, W, C) uint8 or uint16 values.

    The profile is embedded. Where the format has no place for it, or the profile is of other colours than the picture,
    `ImageWarning` says so. 16-bit values are rounded to 8 bits for formats that hold no more.

    Args:
        values: the pixels.
        ending: decides the format: `.png` and its like.
        name: what the picture is called in errors and warnings.
        icc_profile: colour profile of the picture.

    Raises:
        ImageError: an ending that is not accepted, or values the format cannot hold.
    """
    suffix = ending.lower()
    if suffix not in ENDINGS:
        raise ImageError(f"{name}: the ending {suffix or '(none)'} is not accepted; use one of {ACCEPTED}.")
    kind = ENDINGS[suffix]
    if values.dtype == np.uint16 and kind not in ("PNG", "TIFF"):
        values = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    if kind in ("JPEG", "BMP", "GIF") and values.shape[2] in (2, 4):
        raise ImageError(f"{name}: {suffix} holds no alpha channel here; write a .png, .webp or .tif instead.")
    if icc_profile and kind in ("BMP", "GIF"):
        warnings.warn(f"{name}: the colour profile has no place in this format; a .png keeps it.", ImageWarning, 2)
    elif icc_profile:
        icc_profile, said = suited(icc_profile, grey=values.shape[2] < 3 and kind != "WEBP")  # which is RGB always
        if icc_profile is None:
            warnings.warn(f"{name}: {said}.", ImageWarning, 2)
    try:
        return _encode(values, kind, icc_profile)
    except (OSError, ValueError, OverflowError) as error:
        raise ImageError(f"{name}: {suffix} does not hold this picture ({error}).") from error


def _encode(values: np.ndarray[Any, Any], kind: str, icc_profile: bytes | None) -> bytes:
    """Return the bytes of a file; made in memory, so that a full disk meets our own writing only."""
    if values.dtype == np.uint16:
        return encode_png(values, icc_profile) if kind == "PNG" else encode_tiff(values, icc_profile)
    options: dict[str, Any] = {"icc_profile": icc_profile} if icc_profile else {}
    if kind in ("JPEG", "WEBP"):
        options["quality"] = 95
    plane = values[:, :, 0] if values.shape[2] == 1 else values
    data: bytes = iio.imwrite("<bytes>", plane, extension=f".{kind.lower()}", plugin="pillow", **options)
    return data
