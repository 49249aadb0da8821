"""What is told of an enlarged, filled or cleaned picture -> its pages and its figure: before and after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from inr.imaging.image import Image
from inr.report.embedded import View
from inr.report.figures import opaque, without_latex
from inr.report.html import render_page
from inr.report.text import code, link

SCRIPTS = ("controls.js", "chart.js", "picture.js", "heat.js", "restored.js")
_PANEL = 4.0
"""Width of a panel of the figure, in inches."""

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Told:
    """What there is to say of a restored picture.

    Attributes:
        image: the source.
        done: what was done to it, in a few words.
        verdict: who is better, in a sentence.
        heads: of the table's columns after the method's name.
        rows: of the table, the best first: name and figures.
        made: name of the row whose method made the picture.
        line_end: what a line of text says after name and PSNR, with places for the other figures.
        explained: what was measured, a paragraph each.
        notes: on what is shown.
        views: of the source and of what is to be compared with the result, which comes last.
        titles: of the pictures in a view.
        panels: of the figure, by title: (h, w, C) numbers in [0, 1].
        training_seconds: of the networks; 0 where nothing was trained.
        drawing_seconds: of the result.
        facts: all of it as plain data.
    """

    image: Image
    done: str
    verdict: str
    heads: Sequence[str]
    rows: Sequence[tuple[str, ...]]
    made: str
    line_end: str
    explained: Sequence[str]
    notes: Sequence[str] = ()
    views: Sequence[View]
    titles: Sequence[str]
    panels: Mapping[str, Array]
    training_seconds: float
    drawing_seconds: float
    facts: Mapping[str, Any]

    def named(self, name: str) -> str:
        """What tables call a method."""
        return f"{name} (made this picture)" if name == self.made else name

    @property
    def times(self) -> str:
        """How long it took, in words; no training where nothing was trained."""
        drawing = f"{_time(self.drawing_seconds)} of drawing"
        return f"{_time(self.training_seconds)} of training, {drawing}" if self.training_seconds else drawing


def _time(seconds: float) -> str:
    return f"{seconds:,.1f} s" if seconds < 600 else f"{seconds / 60:,.0f} min"


def to_lines(told: Told) -> list[str]:
    """Return the table as lines for a terminal."""
    lines = []
    for name, psnr, *rest in told.rows:
        figure = psnr if psnr == "exact" else f"{psnr} dB"
        mark = "  made this picture" if name == told.made else ""
        lines.append(f"{name:>13}  {figure:>9}{told.line_end.format(*rest)}{mark}")
    return lines


def to_markdown(told: Told, figure: str) -> str:
    """Return the Markdown page; the figure is the name of a picture beside it."""
    lines = [f"# {code(Path(told.image.name).name)}, {told.done}", "", told.verdict, ""]
    lines += [f"![before and after]({link(figure)})", ""]
    if told.rows:
        lines += [f"| method | {' | '.join(told.heads)} |", f"| --- |{' ---: |' * len(told.heads)}"]
        lines += [f"| {' | '.join((told.named(row[0]), *row[1:]))} |" for row in told.rows]
        lines.append("")
    lines += [line for text in told.explained for line in (text, "")]
    lines.append(f"{told.times}.")
    return "\n".join(lines) + "\n"


def to_html(told: Told, command: str | None = None) -> bytes:
    """Return the page for a browser: before and after on both sides of a line; the command is what a person typed."""
    rows = [(told.named(name), *figures) for name, *figures in told.rows]
    return render_page(
        "restored.html", scripts=SCRIPTS, data={}, name=told.image.name, alpha=told.image.channels in (2, 4),
        views=told.views, titles=told.titles, made=command, done=told.done, verdict=told.verdict, notes=told.notes,
        heads=told.heads, rows=rows, chosen=told.named(told.made), explained=told.explained, times=told.times,
    )  # fmt: skip


@without_latex
def draw_panels(told: Told, path: Path) -> None:
    """Write a PNG: the panels beside each other."""
    count, first = len(told.panels), next(iter(told.panels.values()))
    titles = 0.15 + 0.2 * max(title.count("\n") + 1 for title in told.panels)
    height = _PANEL * first.shape[0] / first.shape[1] + titles
    figure = Figure(figsize=(_PANEL * count, height), dpi=110)
    FigureCanvasAgg(figure)
    for axis, (name, picture) in zip(figure.subplots(1, count), told.panels.items(), strict=True):
        axis.set_axis_off()
        axis.imshow(opaque(picture), vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(name, fontsize=10)
    figure.subplots_adjust(left=0.005, right=0.995, bottom=0.01, top=1.0 - titles / height, wspace=0.02)
    figure.savefig(path, format="png", metadata={"Software": None})
