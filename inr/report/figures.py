"""A source and its grades -> one picture of all of them, with the error each leaves."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from inr.analysis.metrics import Quality
from inr.imaging.alpha import seen
from inr.imaging.image import Image, unit

without_latex = rc_context({"text.usetex": False})
"""For what draws: a person's own settings of Matplotlib may ask for LaTeX, which takes many a name for commands."""
_PANELS = 6
_PANEL_PIXELS = 512
_TEXT = 0.8
"""Inches that the words beside a panel take from top to bottom: a row is no lower, however flat the picture."""


@without_latex
def draw_grades(
    path: Path, image: Image, pictures: tuple[np.ndarray[Any, Any], ...], qualities: tuple[Quality, ...]
) -> None:
    """Write a PNG: the source and the picture after each grade with its PSNR; below each, its absolute error.

    All errors are amplified by one factor, stated in the picture, so that they can be compared. Of more
    than six grades, six are shown, the first and the last among them.

    Args:
        path: of the PNG.
        image: the source.
        pictures: (H, W, C) uint8 or uint16, one per grade.
        qualities: one per grade.
    """
    count = len(pictures)
    shown = sorted({round(i) for i in np.linspace(0, count - 1, min(count, _PANELS))})
    source = reduce_picture(image.pixels)
    values = [reduce_picture(pictures[number]) for number in shown]
    errors = [np.abs(value - source).max(axis=2) for value in values]
    factor = amplification(errors[0])
    aspect = source.shape[0] / source.shape[1]
    panel, row = 3.2, max(3.1 * min(aspect, 2.5), _TEXT)
    figure = Figure(figsize=(panel * (len(shown) + 1), 2 * row + 0.5), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(2, len(shown) + 1, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    axes[0, 0].imshow(opaque(source), vmin=0, vmax=1)
    axes[0, 0].set_title(f"source, {image.width} x {image.height}")
    text = f"absolute error x {factor}\n(largest channel;\nwhite is {1 / factor:.3g} of the\nfull range or more)"
    axes[1, 0].text(0.5, 0.5, text, ha="center", va="center", fontsize=11, transform=axes[1, 0].transAxes)
    for column, (number, value, error) in enumerate(zip(shown, values, errors, strict=True), start=1):
        psnr = qualities[number].psnr_db
        label = f"{psnr:.2f} dB" if math.isfinite(psnr) else "exact"
        axes[0, column].imshow(opaque(value), vmin=0, vmax=1)
        axes[0, column].set_title(f"grade {number + 1}: {label}")
        axes[1, column].imshow(np.clip(error * factor, 0, 1), cmap="gray", vmin=0, vmax=1)
    figure.tight_layout(pad=0.3)
    figure.savefig(path, format="png", metadata={"Software": None})


def amplification(error: np.ndarray[Any, Any]) -> int:
    """Return a power of two that brings the 99th percentile of an error near white."""
    high = float(np.percentile(error, 99))
    return 2 ** max(0, min(10, round(math.log2(1.0 / high)))) if high > 0 else 1


def reduce_picture(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Average blocks so that a panel has some 512 pixels a side: enough to see, and small in memory.

    Returns:
        (h, w, C) float32 in [0, 1] as it is seen, colours times alpha: what alpha hides is not mixed in.
    """
    step = max(1, max(picture.shape[:2]) // _PANEL_PIXELS)
    if min(picture.shape[:2]) < step or step == 1:  # small, or a thread of pixels: too thin to average in blocks
        return seen(unit(picture[::step, ::step]))
    height, width = (side // step for side in picture.shape[:2])
    rows = (seen(unit(picture[top : top + step, : width * step])) for top in range(0, height * step, step))
    return np.stack([row.reshape(step, width, step, -1).mean(axis=(0, 2), dtype=np.float32) for row in rows])


def opaque(picture: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return (H, W, 3) of a picture as `reduce_picture` returns it, with transparent parts over mid-grey."""
    if picture.shape[2] in (2, 4):
        picture = picture[:, :, :-1] + 0.5 * (1 - picture[:, :, -1:])
    clipped: np.ndarray[Any, Any] = np.clip(np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture, 0, 1)
    return clipped
