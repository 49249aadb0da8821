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

from inr.analysis.spectrum import spectrum
from inr.codec.model_file import load_model
from inr.comparison.compare import Comparison
from inr.comparison.ranking import Row
from inr.comparison.runs import Run
from inr.files import whole_file
from inr.imaging.image import Image
from inr.report.figures import amplification, opaque, reduce_picture, without_latex
from inr.report.summary import decibels
from inr.report.text import label

_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")
_STYLES = ("-", "--", ":", "-.")


@without_latex
def draw_curves(path: Path, comparison: Comparison, rows: Sequence[Row]) -> None:
    """Write a PNG: the training pixels' PSNR over seconds, the mean over all runs of a row.

    Estimated during training, measured at its end. Rows come best first, and so does the legend. Runs are averaged
    at equal shares of their own training, however long each took, from where all have an estimate.
    """
    figure = Figure(figsize=(11, 6), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for number, row in enumerate(rows):
        curves = [
            np.array(run.curve)
            for run in comparison.runs
            if (run.contender, run.variant) == (row.contender, row.variant) and run.quality and len(run.curve) > 1
        ]
        if not curves:
            continue
        shares = np.geomspace(max(1e-4, *(c[0, 0] / c[-1, 0] for c in curves)), 1.0, 120)
        seconds = np.mean([shares * c[-1, 0] for c in curves], axis=0)
        mean = np.mean([np.interp(shares * c[-1, 0], c[:, 0], c[:, 1]) for c in curves], axis=0)
        axis.plot(seconds, mean, **_style(number), label=f"{row.contender}, {row.variant}")
        axis.plot(seconds[-1:], mean[-1:], **(_style(number) | {"marker": "o", "markersize": 4}))
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
def draw_pictures(path: Path, comparison: Comparison, rows: Sequence[Row], image: Image, runs: Path) -> None:
    """Write a PNG: the source, then each method's reconstruction of one picture with its absolute error below.

    Each method by the better of its variants, seed 0. All errors are amplified by one factor.
    """
    chosen = _best(comparison, rows, image)
    source = reduce_picture(image.pixels)
    values = [reduce_picture(load_model(runs / run.model).render(bit_depth=16)) for run in chosen]
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
def draw_errors(path: Path, comparison: Comparison, rows: Sequence[Row], image: Image, runs: Path) -> None:
    """Write a PNG: what each method's picture lacks by frequency, ||F(picture) - F(source)|| / ||F(source)|| per ring.

    Each method by the better of its variants, seed 0, on one picture.
    """
    figure = Figure(figsize=(11, 6), dpi=110)
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    drawn = False
    for number, run in enumerate(_best(comparison, rows, image)):
        found = spectrum(image, load_model(runs / run.model), pixels=comparison.pixels)
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


def _best(comparison: Comparison, rows: Sequence[Row], image: Image) -> list[Run]:
    """Return each method's run on a picture, seed 0, by the better of its variants; the best method first."""
    seen: dict[str, Run] = {}
    for row in rows:
        for run in comparison.runs:
            mine = (run.contender, run.variant, run.image, run.seed) == (row.contender, row.variant, image.name, 0)
            if mine and run.quality is not None:
                seen.setdefault(row.contender, run)
    return list(seen.values())


def _style(number: int) -> dict[str, Any]:
    line = _STYLES[number // len(_COLOURS) % len(_STYLES)]
    return {"color": _COLOURS[number % len(_COLOURS)], "linestyle": line, "linewidth": 1.6}


def _legend(axis: Axes) -> None:
    axis.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), fontsize=8, frameon=False, title="best at the end first")
