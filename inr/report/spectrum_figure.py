"""What each grade learned by frequency -> one picture: spectra, errors, and the error over training time."""

import itertools
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from inr.analysis.recorder import History
from inr.analysis.spectrum import Spectrum
from inr.errors import ImageError
from inr.files import whole_file
from inr.report.figures import without_latex

_CURVES = 6
_FLOOR = 0.001
"""Lowest error the heat map's colours tell apart."""
_GREY = "0.45"
_TITLE = 1.13
"""Height of a title above its axes; given, because finding one draws all labels twice."""


@without_latex
def draw_spectrum(path: Path, found: Spectrum) -> None:
    """Write a PNG: what each grade adds and leaves over, the error after it, and the error over training time.

    Frequencies run along logarithmic axes, in cycles per pixel below and cycles per picture (longer side) above.
    Of more than six grades, six are shown, the first and the last among them. Without a source there is only
    what each grade adds.

    Args:
        path: of the PNG.
        found: at least its target and the grades' contributions.
    """
    drawn = found.history is not None and bool(found.history.looks and found.history.frequency)
    count = 1 if not found.source else 4 if drawn else 3
    rows, columns = {1: (1, 1), 3: (1, 3), 4: (2, 2)}[count]
    figure = Figure(figsize=(6.6 * columns, 5.3 * rows + 0.5), dpi=80)
    FigureCanvasAgg(figure)
    figure.subplots_adjust(
        left=0.9 / (6.6 * columns), right=1 - (0.75 if count == 4 else 0.25) / (6.6 * columns),
        wspace=0.22, hspace=0.42,
        bottom=0.6 / (5.3 * rows + 0.5), top=1 - 1.35 / (5.3 * rows + 0.5),
    )  # fmt: skip
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    _heading(figure, found)
    shown = sorted({round(i) for i in np.linspace(0, len(found.grades) - 1, min(len(found.grades), _CURVES))})
    colours = colormaps["viridis"](np.linspace(0.0, 0.88, len(shown)))
    picture = "the source" if found.source else "the model's picture"
    _spectra(axes[0], found, picture, [(found.grades[i].contribution, f"grade {i + 1} adds") for i in shown], colours)
    axes[0].set_title("What each grade adds to the picture", y=_TITLE)
    if found.source:
        left = [(found.grades[i].leftover, f"left over after grade {i + 1}") for i in shown]
        _spectra(axes[1], found, picture, left, colours)
        axes[1].set_title("What is left over after each grade", y=_TITLE)
        _errors(axes[2], found, shown, colours)
    for axis, end in zip(axes[:3], ("top", "top", "bottom"), strict=False):  # where the curves leave room
        _frequencies(axis, found, end)
    if count == 4 and found.history:
        _heat(figure, axes[3], found, found.history)
    figure.savefig(path, format="png", metadata={"Software": None})


def check_name(path: Path) -> None:
    """Check that a file's name is one of a PNG.

    Raises:
        ImageError: it is not.
    """
    if path.suffix.lower() != ".png":
        raise ImageError(f"{path}: the ending {path.suffix or '(none)'} is not accepted; this picture is a .png.")


def save_spectrum(path: Path, found: Spectrum) -> None:
    """Write the PNG of `draw_spectrum`, whole or not at all.

    Raises:
        ImageError: the name does not end in .png, or the file cannot be written.
    """
    check_name(path)
    try:
        with whole_file(path) as temporary:
            draw_spectrum(temporary, found)
    except OSError as error:
        raise ImageError(f"{path} cannot be written: {error.strerror or error}.") from error


def _heading(figure: Figure, found: Spectrum) -> None:
    columns, rows = found.part
    text = f"{found.width} x {found.height} pixels"
    text += "" if found.part == (found.width, found.height) else f", the central {columns} x {rows} of them"
    figure.suptitle(f"By frequency: {text}; mean removed, Hann window, channels pooled", fontsize=13)


def _spectra(axis: Axes, found: Spectrum, name: str, curves: list[tuple[tuple[float, ...], str]], colours: Any) -> None:
    """Draw radially averaged spectra over frequency, the target's first."""
    count = np.array(found.count)
    whole = np.array(found.target) / count
    axis.plot(found.frequency, whole, color="black", linewidth=2.6, label=name)
    for (power, label), colour in zip(curves, colours, strict=True):
        axis.plot(found.frequency, np.array(power) / count, color=colour, linewidth=1.6, label=label)
    axis.set_yscale("log")
    axis.yaxis.set_minor_locator(NullLocator())
    axis.set_ylabel("mean power at a frequency (variance of colours in [0, 1])")
    if whole.size and whole.max() > 0:  # what a network leaves of nothing is no news
        axis.set_ylim(max(whole[whole > 0].min() * 1e-5, whole.max() * 1e-13), whole.max() * 30)
    axis.legend(loc="lower left", fontsize=9)


def _errors(axis: Axes, found: Spectrum, shown: list[int], colours: Any) -> None:
    for i, colour in zip(shown, colours, strict=True):
        axis.plot(found.frequency, found.grades[i].error, color=colour, linewidth=1.6, label=f"after grade {i + 1}")
    axis.axhline(1.0, color="black", linewidth=1.0, linestyle=":")
    axis.set_yscale("log")
    _ticks(axis.yaxis, *axis.get_ylim())
    axis.set_ylabel("relative error (1: nothing learned; 0.1: a tenth is left)")
    axis.set_title("Error of the picture after each grade", y=_TITLE)
    axis.legend(loc="upper left", fontsize=9)


def _frequencies(axis: Axes, found: Spectrum, end: str) -> None:
    """Give an axis the two scales of frequency, and the line where the training pixels end, named at one end."""
    axis.set_xscale("log")
    low = min(found.frequency, default=0.1)
    axis.set_xlim(low * 0.9, 0.75)
    axis.grid(alpha=0.25)
    _ticks(axis.xaxis, low * 0.9, 0.75)
    axis.set_xlabel("cycles per pixel")

    def per_picture(frequency: Any) -> Any:
        return frequency * found.longer

    def per_pixel(cycles: Any) -> Any:
        return cycles / found.longer

    above = axis.secondary_xaxis("top", functions=(per_picture, per_pixel))
    _ticks(above.xaxis, low * 0.9 * found.longer, 0.75 * found.longer)
    above.set_xlabel("cycles per picture (longer side)", fontsize=9)
    axis.axvline(found.nyquist, color=_GREY, linestyle="--", linewidth=1.2)
    axis.text(
        found.nyquist * 1.05, 0.98 if end == "top" else 0.02, f"Nyquist {found.nyquist:g} (training pixels)", va=end,
        rotation=90, ha="left", color=_GREY, fontsize=8, transform=axis.get_xaxis_transform(),
    )  # fmt: skip


def _heat(figure: Figure, axis: Axes, found: Spectrum, history: History) -> None:
    """Draw the error of every ring (up) at every look (along), a column each."""
    errors = np.array([look.error for look in history.looks]).T
    frequency = np.array(history.frequency)
    middles = np.sqrt(frequency[1:] * frequency[:-1])
    edges = np.concatenate([frequency[:1] ** 2 / middles[:1], middles, frequency[-1:] ** 2 / middles[-1:]])
    if len(edges) != len(frequency) + 1:
        edges = np.array([frequency[0] * 0.9, frequency[0] * 1.1])
    looks = np.arange(len(history.looks) + 1)
    mesh = axis.pcolormesh(looks, edges, errors, norm=LogNorm(_FLOOR, 1.0), cmap="cividis", rasterized=True)
    axis.set_yscale("log")
    axis.set_ylim(edges[0], edges[-1])
    _ticks(axis.yaxis, edges[0], edges[-1])
    axis.set_ylabel("cycles per pixel")
    starts = [i for i, look in enumerate(history.looks) if i == 0 or look.grade != history.looks[i - 1].grade]
    for start, stop in itertools.pairwise([*starts, len(history.looks)]):
        axis.axvline(start, color="white", linewidth=1.5)
        if len(starts) <= 8:
            axis.text((start + stop) / 2, 1.02, f"grade {history.looks[start].grade}", ha="center", va="bottom",
                      fontsize=9, transform=axis.get_xaxis_transform())  # fmt: skip
    marks = starts if len(starts) > 4 else _marks(starts, len(history.looks))
    axis.xaxis.set_major_locator(FixedLocator([mark + 0.5 for mark in marks]))
    axis.set_xticklabels([f"{history.looks[mark].step:,}" for mark in marks], fontsize=8)
    columns, rows = history.part
    axis.set_xlabel("step within its grade, a column each look")
    axis.set_title(f"Error over training, on the central {columns} x {rows} training pixels", y=1.07)
    axis.axhline(found.nyquist, color="white", linestyle="--", linewidth=1.2)
    bar = figure.colorbar(mesh, ax=axis, extend="both", pad=0.02, fraction=0.05)
    bar.set_label("relative error")
    _ticks(bar.ax.yaxis, _FLOOR, 1.0)


def _marks(starts: list[int], count: int) -> list[int]:
    """Return which looks get a label: in every grade the first, and two more where there is room."""
    marks = []
    for start, stop in itertools.pairwise([*starts, count]):
        marks += sorted({start + round(part * (stop - 1 - start)) for part in (0.0, 0.4, 0.75)})
    return marks


def _ticks(axis: Any, low: float, high: float) -> None:
    """Label a logarithmic axis at 1, 2 and 5 times the powers of ten, in plain numbers."""
    powers = range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)
    places = [m * 10.0**p for p in powers for m in (1, 2, 5) if low <= m * 10.0**p <= high]
    axis.set_major_locator(FixedLocator(places))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
