"""Pixels -> image file: 8 or 16 bits, with the source's colour profile."""

import struct
import zlib
from pathlib import Path
from typing import Any

import imageio.v3 as iio
import kornia_rs.io as high_depth
import numpy as np

from inr.errors import ImageError
from inr.files import whole_file
from inr.imaging.image import ACCEPTED

_SUFFIXES = {".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".bmp", ".gif"}


def save_image(path: str | Path, values: np.ndarray[Any, Any], *, icc_profile: bytes | None = None) -> None:
    """Write (H, W, C) uint8 or uint16 values; the name's ending decides the format, the profile is embedded.

    Raises:
        ImageError: an ending that is not accepted, values the format cannot hold, or a folder that cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ImageError(f"{path}: the ending {suffix or '(none)'} is not accepted; use one of {ACCEPTED}.")
    if values.dtype == np.uint16 and suffix not in (".png", ".tif", ".tiff"):
        values = (values.astype(np.uint32) * 255 + 32767) // 65535
        values = values.astype(np.uint8)
    if suffix in (".jpg", ".jpeg", ".bmp") and values.shape[2] in (2, 4):
        raise ImageError(f"{path}: {suffix} holds no alpha channel; write a .png, .webp or .tif instead.")
    try:
        with whole_file(path) as temporary:
            _write_pixels(temporary, values, suffix, icc_profile)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}.") from error


def _write_pixels(path: Path, values: np.ndarray[Any, Any], suffix: str, icc_profile: bytes | None) -> None:
    channels = values.shape[2]
    if values.dtype == np.uint16 and channels > 1:
        if channels == 2:  # no library at hand writes 16-bit grey with alpha
            values = values[:, :, [0, 0, 0, 1]]
        values = np.ascontiguousarray(values)
        mode = "rgb" if values.shape[2] == 3 else "rgba"
        if suffix == ".png":
            high_depth.write_image_png_u16(str(path), values, mode)
            if icc_profile:
                path.write_bytes(_with_profile(path.read_bytes(), icc_profile))
        elif mode == "rgb":
            high_depth.write_image_tiff_u16(str(path), values, mode)
        else:
            raise ImageError(f"{path}: 16-bit TIFF with alpha is not supported; write a .png instead.")
        return
    options: dict[str, Any] = {"icc_profile": icc_profile} if icc_profile else {}
    if suffix in (".jpg", ".jpeg", ".webp"):
        options["quality"] = 95
    extension = {".jpg": ".jpeg", ".tif": ".tiff"}.get(suffix, suffix)
    iio.imwrite(path, values[:, :, 0] if channels == 1 else values, extension=extension, plugin="pillow", **options)


def _with_profile(png: bytes, profile: bytes) -> bytes:
    """Insert an iCCP chunk after the header of a PNG (the 16-bit writer has no option for it)."""
    body = b"iCCP" + b"profile\0\0" + zlib.compress(profile, 9)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return png[:33] + chunk + png[33:]
