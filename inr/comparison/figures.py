"""A comparison -> its pictures: PSNR over seconds, reconstructions with their errors, and errors by frequency."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import LogFormatter

from inr.comparison.compare import Comparison
from inr.comparison.drawings import Drawing, mean_curve
from inr.comparison.ranking import Row
from inr.files import whole_file
from inr.imaging.image import Image
from inr.report.decibels import decibels
from inr.report.figures import amplification, opaque, reduce_picture, without_latex
from inr.report.text import label

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
_STYLES = ("-", "--", ":", "-.")


@without_latex
def draw_curves(path: Path, comparison: Comparison, rows: Sequence[Row]) -> None:
    """Write a PNG: the training pixels' PSNR over seconds, see `mean_curve`.

    Estimated during training, measured at its end. Rows come best first, and so does the legend.
    """
    figure = Figure(figsize=(11, 6), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for number, row in enumerate(rows):
        curve = mean_curve(comparison, row)
        if curve is None:
            continue
        axis.plot(*curve, **_style(number), label=f"{row.contender}, {row.variant}")
        axis.plot(*curve[:, -1:], **(_style(number) | {"marker": "o", "markersize": 4}))
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.xaxis.set_minor_formatter(LogFormatter())  # plain numbers, and only where there is room
    axis.set_xlabel("seconds of training")
    axis.set_ylabel("PSNR of the training pixels, dB (estimated from recent batches)")
    pictures = {Path(run.image).name: None for run in comparison.runs}
    on = label(next(iter(pictures))) if len(pictures) == 1 else f"mean over {len(pictures)} pictures"
    seeds = f", {comparison.seeds} seeds" if comparison.seeds > 1 else ""
    axis.set_title(f"{on}{seeds}; equal for all: {comparison.budget.text}")
    axis.grid(alpha=0.3)
    _legend(axis)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None}, bbox_inches="tight")


@without_latex
def draw_pictures(path: Path, comparison: Comparison, image: Image, drawings: Sequence[Drawing]) -> None:
    """Write a PNG: the source, then each method's reconstruction of one picture with its absolute error below.

    All errors are amplified by one factor.
    """
    chosen = [drawing.run for drawing in drawings]
    source = reduce_picture(image.pixels)
    values = [reduce_picture(drawing.picture) for drawing in drawings]
    errors = [np.abs(value - source).max(axis=2) for value in values]
    factor = amplification(np.median(errors, axis=0)) if errors else 1
    columns = min(8, len(chosen) + 1)
    bands = math.ceil((len(chosen) + 1) / columns)
    aspect = min(2.5, source.shape[0] / source.shape[1])
    figure = Figure(figsize=(2.6 * columns, bands * (2 * 2.6 * aspect + 0.4)), dpi=110)
    FigureCanvasAgg(figure)
    axes = figure.subplots(2 * bands, columns, squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    axes[0, 0].imshow(opaque(source), vmin=0, vmax=1)
    axes[0, 0].set_title(f"source, {image.width} x {image.height}", fontsize=9)
    of = "held-out pixels" if comparison.pixels == "half" else "all pixels"
    text = f"{label(Path(image.name).name)}, seed 0\nPSNR of {of}, dB\nabsolute error x {factor}\n(largest channel)"
    axes[1, 0].text(0.5, 0.5, text, ha="center", va="center", fontsize=9, transform=axes[1, 0].transAxes)
    for number, (run, value, error) in enumerate(zip(chosen, values, errors, strict=True), start=1):
        band, column = 2 * (number // columns), number % columns
        psnr = decibels(run.quality.judged_db if run.quality else None)
        axes[band, column].imshow(opaque(value), vmin=0, vmax=1)
        axes[band, column].set_title(f"{run.contender}, {run.variant}: {psnr}", fontsize=9)
        axes[band + 1, column].imshow(np.clip(error * factor, 0, 1), cmap="gray", vmin=0, vmax=1)
    figure.tight_layout(pad=0.4)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None})


@without_latex
def draw_errors(path: Path, image: Image, drawings: Sequence[Drawing]) -> None:
    """Write a PNG: what each method's picture lacks by frequency, ||F(picture) - F(source)||_r / ||F(source)||_r."""
    figure = Figure(figsize=(11, 6), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    drawn = False
    for number, drawing in enumerate(drawings):
        run, found = drawing.run, drawing.spectrum
        drawn = drawn or bool(np.any(np.asarray(found.grades[-1].error) > 0.0))
        axis.plot(found.frequency, found.grades[-1].error, **_style(number), label=f"{run.contender}, {run.variant}")
        if number == 0:
            axis.axvline(found.nyquist, color="#7f7f7f", linestyle="--", linewidth=1.0)
            axis.set_title(
                f"Error by frequency, {label(Path(image.name).name)}, seed 0; dashed: Nyquist of the training pixels"
            )
    if drawn:  # a picture of one pixel has no frequencies, and an exact copy no errors
        axis.set_xscale("log")
        axis.set_yscale("log")
    axis.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
    axis.set_xlabel("cycles per pixel")
    axis.set_ylabel("relative error (1: nothing learned; 0.1: a tenth is left)")
    axis.grid(alpha=0.3)
    _legend(axis)
    with whole_file(path) as temporary:
        figure.savefig(temporary, format="png", metadata={"Software": None}, bbox_inches="tight")


def _style(number: int) -> dict[str, Any]:
    line = _STYLES[number // len(_COLOURS) % len(_STYLES)]
    return {"color": _COLOURS[number % len(_COLOURS)], "linestyle": line, "linewidth": 1.6}


def _legend(axis: Axes) -> None:
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False, title="best at the end first")
