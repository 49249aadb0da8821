"""Numbers with labels -> PNG figures of three kinds: curves, heat maps and pictures, side by side in panels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import matplotlib.figure
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg

from inr.files import whole_file
from inr.report.figures import without_latex

Array = np.ndarray[Any, Any]
_PANEL = (5.2, 3.9)
"""Inches of a panel."""
_COLUMNS, _TICKS = 3, 5


@dataclass(frozen=True, kw_only=True, eq=False)
class Line:
    """A curve: (n,) numbers along both axes.

    Attributes:
        label: in the legend; none if empty.
        x: along the horizontal axis.
        y: along the vertical axis.
        style: of Matplotlib: `-`, `--`, `:`, `o`; `k--` is black, for what others are compared with.
    """

    label: str
    x: Array
    y: Array
    style: str = "-"


@dataclass(frozen=True, kw_only=True, eq=False)
class Curves:
    """A panel of lines.

    Attributes:
        title: above it.
        x: what runs along the horizontal axis, with its unit.
        y: what runs along the vertical axis, with its unit.
        lines: drawn over each other.
        log: axes that are logarithmic: `x`, `y`, `xy` or none.
        marks: places along the horizontal axis with a vertical line, such as the ends of grades.
    """

    title: str
    x: str
    y: str
    lines: tuple[Line, ...]
    log: Literal["", "x", "y", "xy"] = ""
    marks: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True, eq=False)
class HeatMap:
    """A panel of colours.

    Attributes:
        title: above it.
        x: what runs along the horizontal axis.
        y: what runs along the vertical axis.
        columns: (m,) where the columns stand, ascending.
        rows: (n,) where the rows stand, ascending, from the bottom up; drawn evenly spaced.
        values: (n, m).
        limits: values of the first and the last colour.
        marks: places along the horizontal axis with a vertical line.
        even: columns are drawn evenly spaced too, whatever lies between them; a mark stands after the last that is not
            above it.
    """

    title: str
    x: str
    y: str
    columns: Array
    rows: Array
    values: Array
    limits: tuple[float, float] = (0.0, 1.0)
    marks: tuple[float, ...] = ()
    even: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A panel with a picture: (H, W) or (H, W, 3) numbers, drawn between 0 and 1, row 0 above."""

    title: str
    pixels: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Figure:
    """Panels and what they show.

    Attributes:
        name: of its PNG, without the ending.
        title: in a few words.
        caption: the sentence under it: what a reader is to see.
        panels: drawn from left to right, three in a row, of four two. Logarithmic curves of the same quantity share its
            range.
    """

    name: str
    title: str
    caption: str
    panels: tuple[Curves | HeatMap | Picture, ...]


@without_latex
def draw(figure: Figure, path: Path) -> None:
    """Write a figure as PNG.

    Raises:
        OSError: it cannot be written.
    """
    columns = 2 if len(figure.panels) == 4 else min(_COLUMNS, len(figure.panels))
    rows = -(-len(figure.panels) // columns)
    canvas = matplotlib.figure.Figure(figsize=(_PANEL[0] * columns, _PANEL[1] * rows), dpi=90, layout="constrained")
    FigureCanvasAgg(canvas)
    axes = list(canvas.subplots(rows, columns, squeeze=False).flat)
    first: dict[str, Axes] = {}
    for axis, panel in zip(axes, figure.panels, strict=False):
        axis.set_title(panel.title, fontsize=10)
        if isinstance(panel, Curves):
            alike = first.setdefault(panel.y, axis) if "y" in panel.log else axis
            if alike is not axis:
                axis.sharey(alike)
            _curves(axis, panel)
        elif isinstance(panel, HeatMap):
            _heat_map(canvas, axis, panel)
        else:
            axis.imshow(np.clip(panel.pixels, 0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            axis.set_axis_off()
    for axis in axes[len(figure.panels) :]:
        axis.set_axis_off()
    with whole_file(path) as temporary:
        canvas.savefig(temporary, format="png")


def figure_data(figure: Figure) -> dict[str, Array]:
    """Return the numbers of a figure by panel, as a file of arrays holds them."""
    data: dict[str, Array] = {}
    for number, panel in enumerate(figure.panels):
        if isinstance(panel, Curves):
            for line, each in enumerate(panel.lines):
                data[f"panel{number}_line{line}_x"], data[f"panel{number}_line{line}_y"] = each.x, each.y
        elif isinstance(panel, HeatMap):
            for name in ("columns", "rows", "values"):
                data[f"panel{number}_{name}"] = getattr(panel, name)
        else:
            data[f"panel{number}_pixels"] = panel.pixels
    return data


def _curves(axis: Axes, panel: Curves) -> None:
    for line in panel.lines:
        style = line.style.removeprefix("k")
        look: dict[str, Any] = {"linestyle": "none", "marker": style} if style in ("o", ".") else {"linestyle": style}
        if style != line.style:
            look["color"] = "black"
        above = 3 if style == "--" else 2  # or solid lines on the same path hide it
        axis.plot(line.x, line.y, label=line.label or None, linewidth=1.2, zorder=above, **look)
    for place in panel.marks:
        axis.axvline(place, color="0.6", linewidth=0.8, linestyle=":")
    if "x" in panel.log:
        axis.set_xscale("log")
    if "y" in panel.log:
        axis.set_yscale("log")
    axis.set_xlabel(panel.x)
    axis.set_ylabel(panel.y)
    axis.grid(alpha=0.3)
    labels = [len(line.label) for line in panel.lines if line.label]
    if labels:  # below, where it covers nothing
        columns = 3 if max(labels) < 16 else 2
        axis.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=columns, frameon=False)


def _heat_map(canvas: matplotlib.figure.Figure, axis: Axes, panel: HeatMap) -> None:
    rows, columns, marks = np.arange(len(panel.rows)), panel.columns, panel.marks
    if panel.even:
        marks = tuple(float(np.searchsorted(columns, place, side="right")) - 0.5 for place in marks)
        columns = np.arange(len(columns))
        ticks = np.unique(np.linspace(0, len(columns) - 1, _TICKS).round().astype(int))
        axis.set_xticks(ticks, [f"{panel.columns[i]:,.6g}" for i in ticks])
    drawn = axis.pcolormesh(
        columns, rows, panel.values, shading="nearest", cmap="viridis", vmin=panel.limits[0], vmax=panel.limits[1]
    )
    shown = rows[:: max(1, len(rows) // 8)]
    axis.set_yticks(shown, [f"{panel.rows[i]:.4g}" for i in shown])
    for place in marks:
        axis.axvline(place, color="white", linewidth=0.8, linestyle=":")
    axis.set_xlabel(panel.x)
    axis.set_ylabel(panel.y)
    canvas.colorbar(drawn, ax=axis)
