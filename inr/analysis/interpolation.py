"""A picture's training lattice -> the whole picture by classical interpolation: what a fit of half has to beat."""

from typing import Any, Literal, get_args

import numpy as np
from PIL import Image as Pillow

from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image, quantize

InterpolationName = Literal["bilinear", "bicubic", "lanczos"]
INTERPOLATIONS: tuple[InterpolationName, ...] = get_args(InterpolationName)
_MARGIN = 4
"""Copies of the edge around the lattice: more than the widest kernel reaches."""


def interpolate(image: Image, name: InterpolationName) -> np.ndarray[Any, Any]:
    """Return the picture (H, W, C), uint8 or uint16, that Pillow draws from the pixels [::2, ::2].

    Args:
        image: the source.
        name: `bilinear`, `bicubic` (a = -0.5) or `lanczos` (three lobes).
    """
    seen = without_hidden(image, "half").pixels[::2, ::2]
    lattice = np.pad(seen, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    # Sample i lies on pixel 2 i; Pillow's pixel p has its centre at p + 1/2, so that of the result maps to p / 2 + 1/2.
    left = _MARGIN + 0.25
    box = (left, left, left + image.width / 2, left + image.height / 2)
    kernel = getattr(Pillow.Resampling, name.upper())
    planes = [
        np.asarray(Pillow.fromarray(lattice[:, :, c]).resize((image.width, image.height), kernel, box))
        for c in range(image.channels)
    ]
    return quantize(np.stack(planes, axis=2), image.bit_depth)
