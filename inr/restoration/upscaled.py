"""An enlarged picture and its check -> what is told of it: who is better one scale down, and before and after."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image as Pillow

from inr.imaging.image import Image, quantize, unit
from inr.report.decibels import decibels
from inr.report.embedded import views
from inr.report.text import without_missing
from inr.restoration.page import Told
from inr.restoration.upscale import Check, Upscaled, gain_db

_PANEL = 96
"""Side of the part that the figure shows, in pixels of the source."""
_SIDE = 960
"""Longest side of the part that a page shows, in pixels of the result."""
_CHECKED_SCALE = 2.0
"""Factor of the check, whatever the picture is enlarged by: every second pixel is left out."""
_VISIBLE = 1.0
"""Difference in dB below which hardly anybody sees which picture is which."""
_BEFORE = {"nearest": "pixels as they are", "bicubic": "bicubic", "lanczos": "Lanczos"}
"""Kernels of Pillow, and what pages call them."""


def tell_upscaled(image: Image, result: Upscaled) -> Told:
    """Return what is told of an enlarged picture.

    Args:
        image: the source.
        result: what `upscale` made of it.
    """
    height, width = result.picture.shape[:2]
    scale = max(width / image.width, height / image.height)
    shown = part(image, result, max(8, int(_SIDE / scale)), tuple(_BEFORE))
    pictures = [quantize(each, image.bit_depth) for each in shown.values()]
    (view,) = views(pictures[0], pictures[1:], icc_profile=image.icc_profile)
    whole = view.width * view.height == width * height
    top, left, high, wide = _detailed(image.pixels, _PANEL)
    source = image.pixels[top : top + high, left : left + wide]
    return Told(
        image=image,
        done=f"enlarged to {width} x {height}",
        verdict=_verdict(result.check, image, scale),
        heads=("PSNR dB of pixels left out", "SSIM"),
        rows=_rows(result.check) if result.check else (),
        made="local",
        line_end="  SSIM {}",
        explained=(
            "Measured one scale down, at x2: every second row and column of the part was kept, and the rest was left "
            "out. The enlarged picture itself has no truth to be measured against.",
        )
        if result.check
        else (),
        notes=() if whole else (f"Shown is the part with most detail, {view.width} x {view.height} of its pixels.",),
        views=(view,),
        titles=(*_BEFORE.values(), "local network"),
        panels={"source": source, **part(image, result, _PANEL, ("bicubic", "lanczos"))},
        training_seconds=result.training_seconds,
        drawing_seconds=result.drawing_seconds,
        facts=_facts(image, result),
    )


def part(image: Image, result: Upscaled, side: int, kernels: Sequence[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Return the part of the source with most detail, enlarged by kernels of Pillow, and as drawn, `inr`.

    Args:
        image: the source.
        result: what `upscale` made of it.
        side: of the part, at most, in pixels of the source.
        kernels: their names.

    Returns:
        (h, w, C) float32 each, in pixels of the result.
    """
    down, across = np.array(result.picture.shape[:2]) / image.pixels.shape[:2]
    top, left, height, width = _detailed(image.pixels, side)
    source = image.pixels[top : top + height, left : left + width]
    y, x = round(top * down), round(left * across)
    size = (round((left + width) * across) - x, round((top + height) * down) - y)
    drawn = unit(result.picture[y : y + size[1], x : x + size[0]])
    return {**{name: _resized(source, size, name) for name in kernels}, "inr": drawn}


def _facts(image: Image, result: Upscaled) -> dict[str, Any]:
    """Return the enlargement as plain data; PSNR in dB, of pixels left out one scale down."""
    check = result.check
    return {
        "schema": 1,
        "width": int(result.picture.shape[1]),
        "height": int(result.picture.shape[0]),
        "source": {"name": image.name, "width": image.width, "height": image.height},
        "training_seconds": result.training_seconds,
        "drawing_seconds": result.drawing_seconds,
        "check": None
        if check is None
        else {
            "width": check.width,
            "height": check.height,
            "local": without_missing(vars(check.quality)),
            **{name: without_missing(vars(quality)) for name, quality in check.interpolation.items()},
        },
    }


def _verdict(check: Check | None, image: Image, scale: float) -> str:
    """Return in sentences which method is better on pixels of this picture that were left out, and at what factor."""
    if check is None:
        return (
            "The picture is too small to learn from, and to check the method on: this is hardly more than bicubic "
            "interpolation."
        )
    name, gain = gain_db(check)
    whole = (check.width, check.height) == (image.width, image.height)
    told = f"the pixels left out of {'the whole picture' if whole else f'its central {check.width} x {check.height}'}"
    unchecked = "" if scale == _CHECKED_SCALE else f" x{scale:.3g} itself was not checked."
    if not math.isfinite(gain):
        return f"One scale down, at x2, {name} interpolation tells {told} exactly, and nothing is better.{unchecked}"
    little = f" A difference of less than {_VISIBLE:g} dB is hardly visible." if abs(gain) < _VISIBLE else ""
    if gain < 0.0:
        found = f"{name} interpolation is better by {-gain:.2f} dB on {told}: use that instead."
    else:
        found = f"the local network is {gain:.2f} dB above {name}, the best interpolation, on {told}."
    return f"One scale down, at x2, {found}{little}{unchecked}"


def _rows(check: Check) -> list[tuple[str, str, str]]:
    """Return name, PSNR of the pixels left out, and SSIM, of every method, the best first."""
    found = {"local": check.quality, **check.interpolation}
    names = sorted(found, key=lambda name: -found[name].judged_db)
    return [
        (name, decibels(found[name].judged_db), "-" if (ssim := found[name].ssim) is None else f"{ssim:.4f}")
        for name in names
    ]


def _detailed(pixels: np.ndarray[Any, Any], side: int) -> tuple[int, int, int, int]:
    """Return top, left, height and width of the part whose neighbouring pixels differ most; `side` is the longest."""
    height, width = (min(side, each) for each in pixels.shape[:2])
    steps = np.abs(np.diff(pixels[:, :, 0], axis=1, append=pixels[:, -1:, 0]))
    places = [
        (float(steps[top : top + height, left : left + width].sum()), top, left)
        for top in range(0, pixels.shape[0] - height + 1, max(1, height // 2))
        for left in range(0, pixels.shape[1] - width + 1, max(1, width // 2))
    ]
    _, top, left = max(places)
    return top, left, height, width


def _resized(part: np.ndarray[Any, Any], size: tuple[int, int], name: str) -> np.ndarray[Any, Any]:
    kernel = getattr(Pillow.Resampling, name.upper())
    planes = [np.asarray(Pillow.fromarray(part[:, :, c]).resize(size, kernel)) for c in range(part.shape[2])]
    return np.stack(planes, axis=2)
