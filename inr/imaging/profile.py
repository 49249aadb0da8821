"""Colour profile -> whether a picture needs it: without one, pictures are read as sRGB."""

import io

import numpy as np
import PIL.Image
from PIL import ImageCms

_SIDE = 18
"""Levels of each colour that are tried, 15 apart."""


def is_srgb(profile: bytes) -> bool:
    """Whether no 8-bit RGB colour changes by more than a level if the profile is left out."""
    levels = np.linspace(0, 255, _SIDE).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(_SIDE, -1, 3)
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        meant = ImageCms.profileToProfile(PIL.Image.fromarray(colours), source, ImageCms.createProfile("sRGB"))
    except (ImageCms.PyCMSError, OSError):  # of grey, or damaged
        return False
    return bool(np.abs(np.asarray(meant).astype(int) - colours).max() <= 1)
