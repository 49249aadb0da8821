"""A picture's training lattice -> the whole picture by classical interpolation: what a fit of half has to beat."""

from typing import Any, Literal, get_args

import numpy as np
import torch
from PIL import Image as Pillow

from inr.analysis.metrics import Quality, compare_pictures
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image, quantize
from inr.settings.config import PixelsName
from inr.training.greedy.pairs import blurred

InterpolationName = Literal["bilinear", "bicubic", "lanczos", "least-squares"]
INTERPOLATIONS: tuple[InterpolationName, ...] = get_args(InterpolationName)
_MARGIN = 4
"""Copies of the edge around the lattice: as many as the widest kernel reaches."""
_BLUR = 0.5
"""Standard deviation, in pixels of the lattice, that is best or next to it on five pictures of five tried."""
_REACH = 7
"""The same where the least-squares kernel is fitted, at twice the distances."""

Array = np.ndarray[Any, np.dtype[np.float32]]


def interpolations(image: Image, pixels: PixelsName) -> dict[str, Quality]:
    """Return what each interpolation of the training pixels is worth; nothing where no pixels are held out."""
    if pixels == "all":
        return {}
    return {name: compare_pictures(image, interpolate(image, name), pixels=pixels) for name in INTERPOLATIONS}


def best_interpolation(found: dict[str, Quality]) -> tuple[str, float]:
    """Return the name and the PSNR, on held-out pixels, of the interpolation that is nearest there."""
    name = max(found, key=lambda each: found[each].judged_db)
    return name, found[name].judged_db


def interpolate(image: Image, name: InterpolationName) -> np.ndarray[Any, Any]:
    """Return the picture (H, W, C), uint8 or uint16, that an interpolation draws from the pixels [::2, ::2].

    Args:
        image: the source.
        name: `bilinear`, `bicubic` (Keys' kernel, a = -0.5), `lanczos` (three lobes), or `least-squares`: the best
            symmetric kernel of 17 points for these very pixels, see `least_squares_kernel`.
    """
    seen = without_hidden(image, "half").pixels[::2, ::2]
    lattice = np.pad(seen, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    if name == "least-squares":
        kernel = least_squares_kernel(seen)
        doubled = _doubled(_doubled(lattice, kernel).swapaxes(0, 1), kernel).swapaxes(0, 1)
        return quantize(doubled[: image.height, : image.width], image.bit_depth)
    # Sample i lies on pixel 2 i; Pillow's pixel p has its centre at p + 1/2, so that of the result maps to p / 2 + 1/2.
    left = _MARGIN + 0.25
    box = (left, left, left + image.width / 2, left + image.height / 2)
    resampling = getattr(Pillow.Resampling, name.upper())
    planes = [
        np.asarray(Pillow.fromarray(lattice[:, :, c]).resize((image.width, image.height), resampling, box))
        for c in range(image.channels)
    ]
    return quantize(np.stack(planes, axis=2), image.bit_depth)


def least_squares_kernel(lattice: Array) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return (4,) weights of the pixels 1, 3, 5 and 7 steps to both sides of a pixel, whose sum tells it best.

    They are fitted to all pixels of the (h, w, C) lattice, along rows and columns, and sum up to a half. Between the
    pixels of the lattice they are used at half those distances: with the pixel itself and zeros, a separable kernel of
    17 points (after Vaganov & Khashin 2014, whose kernel is the same for all pictures). Like the pairs of a local
    network they are fitted to a blurred copy, which gains up to 0.7 dB: a picture is smoother at its finest scale.
    """
    products, moments = np.zeros((3, 3)), np.zeros(3)
    smooth = blurred(torch.from_numpy(np.ascontiguousarray(lattice)), _BLUR).numpy()
    for channel in np.moveaxis(smooth, 2, 0).astype(np.float64):
        for lines in (channel, channel.T):
            padded = np.pad(lines, ((_REACH, _REACH), (0, 0)), mode="edge")
            one, *others = (_pair(padded, distance).ravel() for distance in (1, 3, 5, 7))
            missed, more = lines.ravel() - 0.5 * one, np.stack([other - one for other in others])
            products += more @ more.T
            moments += more @ missed
    outer = np.linalg.lstsq(products, moments, rcond=1e-9)[0]
    return np.concatenate([[0.5 - outer.sum()], outer])


def _pair(padded: np.ndarray[Any, Any], distance: int) -> np.ndarray[Any, Any]:
    """Return the sum of the lines so far before and behind each line that is no padding."""
    count = len(padded) - 2 * _REACH
    total: np.ndarray[Any, Any] = padded[_REACH - distance :][:count] + padded[_REACH + distance :][:count]
    return total


def _doubled(padded: Array, kernel: np.ndarray[Any, np.dtype[np.float64]]) -> Array:
    """Return two lines for each that is no margin: itself, and what the kernel gives between it and the next."""
    count = len(padded) - 2 * _MARGIN
    half = sum(
        np.float32(weight) * (padded[_MARGIN - near :][:count] + padded[_MARGIN + 1 + near :][:count])
        for near, weight in enumerate(kernel)
    )
    return np.stack([padded[_MARGIN:][:count], half], axis=1).reshape(2 * count, *padded.shape[1:]).astype(np.float32)
