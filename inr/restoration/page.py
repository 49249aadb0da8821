"""An enlarged picture and its check -> a page for a reader: before and after, and who is better one scale down."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image as Pillow

from inr.imaging.image import Image, unit
from inr.report.decibels import decibels
from inr.report.figures import opaque, without_latex
from inr.report.text import code, link, without_missing
from inr.restoration.upscale import Check, Upscaled, gain_db

EXPLAINED = (
    "Measured one scale down: every second row and column of the part was kept, and the rest was left out. The "
    "enlarged picture itself has no truth to be measured against."
)
_PANEL = 96
"""Side of the part that is shown, in pixels of the source."""


def facts(image: Image, result: Upscaled) -> dict[str, Any]:
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


def verdict(check: Check | None) -> str:
    """Return in a sentence which method is better on pixels of this picture that were left out."""
    if check is None:
        return "The picture is too small to check the method on."
    name, gain = gain_db(check)
    told = f"the pixels left out of its central {check.width} x {check.height}"
    if not math.isfinite(gain):
        return f"One scale down, {name} interpolation tells {told} exactly, and nothing is better."
    if gain < 0.0:
        return f"One scale down, {name} interpolation is better by {-gain:.2f} dB on {told}: use that instead."
    return f"One scale down, the local network is {gain:.2f} dB above {name}, the best interpolation, on {told}."


def rows(check: Check) -> list[tuple[str, str, str]]:
    """Return name, PSNR of the pixels left out, and SSIM, of every method, the best first."""
    found = {"local": check.quality, **check.interpolation}
    names = sorted(found, key=lambda name: -found[name].judged_db)
    return [
        (name, decibels(found[name].judged_db), "-" if (ssim := found[name].ssim) is None else f"{ssim:.4f}")
        for name in names
    ]


def to_markdown(image: Image, result: Upscaled, figure: str) -> str:
    """Return the page; the figure is the name of a picture beside it."""
    height, width = result.picture.shape[:2]
    lines = [
        f"# {code(Path(image.name).name)}, enlarged to {width} x {height}",
        "",
        verdict(result.check),
        "",
        f"![before and after]({link(figure)})",
        "",
    ]
    if result.check is not None:
        lines += ["| method | PSNR dB of pixels left out | SSIM |", "| --- | ---: | ---: |"]
        lines += [f"| {name} | {psnr} | {ssim} |" for name, psnr, ssim in rows(result.check)]
        lines += ["", EXPLAINED, ""]
    lines.append(f"{result.training_seconds:.1f} s of training, {result.drawing_seconds:.1f} s of drawing.")
    return "\n".join(lines) + "\n"


@without_latex
def draw_before_after(path: Path, image: Image, result: Upscaled) -> None:
    """Write a PNG: the part of the source with most detail, as it is, by Pillow's bicubic and Lanczos, and as drawn."""
    height, width = (min(_PANEL, side) for side in image.pixels.shape[:2])
    top, left = _detailed(image.pixels, height, width)
    source = image.pixels[top : top + height, left : left + width]
    shown = {"source": source, **part(image, result, _PANEL, ("bicubic", "lanczos"))}
    figure = Figure(figsize=(16, 16 / 4 * height / width + 0.4), dpi=110)
    FigureCanvasAgg(figure)
    for axis, (name, picture) in zip(figure.subplots(1, 4), shown.items(), strict=True):
        axis.set_axis_off()
        axis.imshow(opaque(picture), vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(name)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, format="png", metadata={"Software": None})


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
    (down, across), (height, width) = (
        np.array(result.picture.shape[:2]) / image.pixels.shape[:2],
        (min(side, each) for each in image.pixels.shape[:2]),
    )
    top, left = _detailed(image.pixels, height, width)
    source = image.pixels[top : top + height, left : left + width]
    y, x = round(top * down), round(left * across)
    size = (round((left + width) * across) - x, round((top + height) * down) - y)
    drawn = unit(result.picture[y : y + size[1], x : x + size[0]])
    return {**{name: _resized(source, size, name) for name in kernels}, "inr": drawn}


def _detailed(pixels: np.ndarray[Any, Any], height: int, width: int) -> tuple[int, int]:
    """Return top and left of the part whose neighbouring pixels differ most."""
    steps = np.abs(np.diff(pixels[:, :, 0], axis=1, append=pixels[:, -1:, 0]))
    places = [
        (float(steps[top : top + height, left : left + width].sum()), top, left)
        for top in range(0, pixels.shape[0] - height + 1, max(1, height // 2))
        for left in range(0, pixels.shape[1] - width + 1, max(1, width // 2))
    ]
    _, top, left = max(places)
    return top, left


def _resized(part: np.ndarray[Any, Any], size: tuple[int, int], name: str) -> np.ndarray[Any, Any]:
    kernel = getattr(Pillow.Resampling, name.upper())
    planes = [np.asarray(Pillow.fromarray(part[:, :, c]).resize(size, kernel)) for c in range(part.shape[2])]
    return np.stack(planes, axis=2)
