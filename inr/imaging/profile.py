"""Colour profile -> whether a picture can carry it, and whether it needs it: without one, pictures are read as sRGB."""

import io

import numpy as np
import PIL.Image
from PIL import ImageCms

from inr.imaging.icc import BT709, colour_space, make_profile, shared_curve

_SIDE = 18
"""Levels of each colour that are tried, 15 apart."""


def suited(profile: bytes, *, grey: bool) -> tuple[bytes | None, str | None]:
    """Return the profile that a picture of grey, or of RGB, carries in place of this one, and what was done to it.

    A profile of the other kind becomes one with the same curve where it has a single one, and none otherwise.
    """
    space = colour_space(profile)
    kind, wanted = ("grey", b"GRAY") if grey else ("RGB", b"RGB ")
    if space is None:
        return None, "the colour profile is no ICC profile and was left out"
    if space == wanted:
        return profile, None
    curve = shared_curve(profile)
    named = {b"GRAY": "grey"}.get(space, space.decode("latin-1").strip())
    if curve is None:
        return None, f"the {named} colour profile does not fit the {kind} picture and was left out"
    return make_profile(
        curve, None if grey else BT709
    ), f"the {named} colour profile became one of {kind} with the same curve"


def is_srgb(profile: bytes) -> bool:
    """Whether no 8-bit colour that the profile describes changes by more than a level if it is left out."""
    levels = np.linspace(0, 255, _SIDE).astype(np.uint8)
    colours = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(_SIDE, -1, 3)
    if colour_space(profile) == b"GRAY":
        colours = np.arange(256, dtype=np.uint8)[None]
    try:
        source, srgb = ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        meant = ImageCms.profileToProfile(PIL.Image.fromarray(colours), source, srgb, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):  # of other colours, or damaged
        return False
    return bool(np.abs(np.asarray(meant).astype(int) - colours.reshape(*colours.shape[:2], -1)).max() <= 1)
