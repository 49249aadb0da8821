"""A picture with alpha -> what of it is seen: colours that alpha hides count for nothing."""

import dataclasses
from typing import Any

import numpy as np

from inr.imaging.image import Image
from inr.imaging.sampling import spacing
from inr.settings.config import PixelsName

_STRIP = 1 << 18
"""Pixels filled at once, about: bounds the memory it takes."""
_LEAST = 0.25

Array = np.ndarray[Any, np.dtype[np.float32]]


def seen(pixels: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return (H, W, C) as it is seen: colours times alpha, and alpha; without alpha the pixels as they are."""
    if pixels.shape[-1] not in (2, 4):
        return pixels
    return np.concatenate([pixels[..., :-1] * pixels[..., -1:], pixels[..., -1:]], axis=-1)


def visibility(image: Image) -> Array | None:
    """Return (H, W, C) how much of each number of a pixel is seen, which its error counts by; None where all is.

    Alpha is seen whole, and a colour as much as its alpha says, but never less than a quarter: colours at the rim of
    what is seen would drift, and show where a picture is drawn larger.
    """
    if image.channels not in (2, 4) or image.pixels[:, :, -1].min() == 1.0:
        return None
    shown = np.ones_like(image.pixels)
    shown[:, :, :-1] = np.maximum(image.pixels[:, :, -1:], _LEAST)
    return shown


def without_hidden(image: Image, pixels: PixelsName = "all") -> Image:
    """Return the picture with the colours that alpha 0 hides replaced by a smooth continuation of those around.

    What a file holds there is accident, often black: it costs bytes to keep, and makes a rim where a picture is drawn
    larger.

    Args:
        image: of any channels.
        pixels: which of them a fit sees; of `half`, hidden colours continue only the lattice's own.
    """
    step = spacing(pixels)
    if image.channels not in (2, 4) or image.pixels[::step, ::step, -1].all():
        return image
    filled = image.pixels.copy()
    filled[::step, ::step, :-1] = continued(filled[::step, ::step, :-1], image.pixels[::step, ::step, -1])
    return dataclasses.replace(image, pixels=filled)


def continued(colours: Array, weights: Array) -> Array:
    """Return (H, W, C) colours, those whose (H, W) weights are 0 replaced by a smooth continuation of the others."""
    filled = colours.copy()
    _continue(filled, weights)
    return filled


def _continue(colours: Array, weights: Array) -> None:
    """Fill in (H, W, C) colours, in place, where their (H, W) weights are 0, from a picture of half the size, enlarged.

    A pixel of the small picture is the weighted mean of four. Where all four weights are 0, it is filled in likewise.
    """
    if weights.all():
        return
    if not weights.any():
        colours[...] = 0.0
        return
    coarse, heavy = _half(colours, weights)
    _continue(coarse, heavy)
    rows = 2 * max(1, _STRIP // (2 * weights.shape[1]))
    for top in range(0, len(weights), rows):
        hidden = weights[top : top + rows] == 0.0
        drawn = _doubled(_doubled(coarse, slice(top // 2, (top + rows) // 2)).swapaxes(0, 1)).swapaxes(0, 1)
        colours[top : top + rows][hidden] = drawn[: hidden.shape[0], : hidden.shape[1]][hidden]


def _half(colours: Array, weights: Array) -> tuple[Array, Array]:
    """Return the means of blocks of two by two pixels by weight, and the means of the weights."""
    height, width = weights.shape
    total = np.zeros(((height + 1) // 2, (width + 1) // 2, 1), np.float32)
    mean = np.zeros((*total.shape[:2], colours.shape[2]), np.float32)
    for y in (0, 1):
        for x in (0, 1):
            own = weights[y::2, x::2, None]
            here = (slice(own.shape[0]), slice(own.shape[1]))
            total[here] += own
            mean[here] += colours[y::2, x::2] * own
    mean /= np.maximum(total, np.finfo(np.float32).tiny)
    return mean, total[:, :, 0]


def _doubled(values: Array, rows: slice = slice(None)) -> Array:
    """Return two rows for each of some (n, ...) rows, a quarter of their distance above and below it."""
    first, last, _ = rows.indices(len(values))
    padded = values[np.clip(np.arange(first - 1, last + 1), 0, len(values) - 1)]
    before, own, after = padded[:-2], padded[1:-1], padded[2:]
    pairs: Array = np.stack([0.75 * own + 0.25 * before, 0.75 * own + 0.25 * after], axis=1, dtype=np.float32)
    return pairs.reshape(-1, *values.shape[1:])
