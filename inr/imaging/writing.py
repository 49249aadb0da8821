"""Pixels -> image file: 8 or 16 bits, with the source's colour profile."""

import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import kornia_rs.io as high_depth
import numpy as np

from inr.errors import ImageError, ImageWarning
from inr.files import whole_file, write_whole
from inr.imaging.image import ACCEPTED

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"}


def save_image(path: str | Path, values: np.ndarray[Any, Any], *, icc_profile: bytes | None = None) -> None:
    """Write (H, W, C) uint8 or uint16 values; the name's ending decides the format.

    The profile is embedded; where the format has no place for it, `ImageWarning` says so. 16-bit values
    are rounded to 8 bits for formats that hold no more.

    Raises:
        ImageError: an ending that is not accepted, values the format cannot hold, or a folder that cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ImageError(f"{path}: the ending {suffix or '(none)'} is not accepted; use one of {ACCEPTED}.")
    if values.dtype == np.uint16 and suffix not in (".png", ".tif", ".tiff"):
        values = ((values.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    channels, deep_colour = values.shape[2], values.dtype == np.uint16 and values.shape[2] > 1
    if suffix in (".jpg", ".jpeg", ".bmp", ".gif") and channels in (2, 4):
        raise ImageError(f"{path}: {suffix} holds no alpha channel here; write a .png, .webp or .tif instead.")
    if deep_colour and suffix != ".png" and channels != 3:
        raise ImageError(f"{path}: 16-bit TIFF with alpha is not supported; write a .png instead.")
    if icc_profile and (suffix in (".bmp", ".gif") or (deep_colour and suffix != ".png")):
        warnings.warn(f"{path}: the colour profile has no place in this format; a .png keeps it.", ImageWarning, 2)
    try:
        if deep_colour:
            _write_deep_colour(path, values, suffix, icc_profile)
        else:
            write_whole(path, _encode(values, suffix, icc_profile))
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}.") from error
    except (ValueError, OverflowError) as error:
        raise ImageError(f"{path}: {suffix} does not hold this picture ({error}).") from error


def _encode(values: np.ndarray[Any, Any], suffix: str, icc_profile: bytes | None) -> bytes:
    """Return the bytes of a file; made in memory, so that a full disk meets our own writing only."""
    options: dict[str, Any] = {"icc_profile": icc_profile} if icc_profile else {}
    if suffix in (".jpg", ".jpeg", ".webp"):
        options["quality"] = 95
    extension = {".jpg": ".jpeg", ".tif": ".tiff"}.get(suffix, suffix)
    plane = values[:, :, 0] if values.shape[2] == 1 else values
    data: bytes = iio.imwrite("<bytes>", plane, extension=extension, plugin="pillow", **options)
    return data


def _write_deep_colour(path: Path, values: np.ndarray[Any, Any], suffix: str, icc_profile: bytes | None) -> None:
    if values.shape[2] == 2:  # no library at hand writes 16-bit grey with alpha
        values = values[:, :, [0, 0, 0, 1]]
    values, mode = np.ascontiguousarray(values), "rgb" if values.shape[2] == 3 else "rgba"
    with whole_file(path) as temporary:
        if suffix == ".png":
            high_depth.write_image_png_u16(str(temporary), values, mode)
            if icc_profile:
                temporary.write_bytes(_with_profile(temporary.read_bytes(), icc_profile))
        else:
            high_depth.write_image_tiff_u16(str(temporary), values, mode)


def _with_profile(png: bytes, profile: bytes) -> bytes:
    """Insert an iCCP chunk after the header of a PNG (the 16-bit writer has no option for it)."""
    body = b"iCCP" + b"profile\0\0" + zlib.compress(profile, 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]
