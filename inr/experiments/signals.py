"""Runs on a function of one variable -> figures: losses, errors by frequency over the training, spectra by grade."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from inr.experiments import frequency
from inr.experiments.captions import added, dotted, heat_caption, spectrum_caption, updates
from inr.experiments.figures import Array, Curves, Figure, HeatMap, Line
from inr.experiments.runs import Run


def signal_figures(
    name: str, title: str, runs: Sequence[Run], target: Array, bins: Sequence[int], *, half_width: int = 0
) -> list[Figure]:
    """Return the figures of some runs on one function.

    Args:
        name: first part of the figures' names.
        title: of the function.
        runs: one of each method; what is in view are evenly spaced points over one unit.
        target: (n,) values there.
        bins: its frequencies, cycles per unit, ascending.
        half_width: see `frequency.learned`.
    """
    runs = [run for run in runs if run.grades]
    maps: list[tuple[str, Callable[[Array, Sequence[int]], Array]]] = [
        ("how much of the amplitude is there", lambda p, k: frequency.learned(p, target, k, half_width)),
        ("relative error, phase included", lambda p, k: np.clip(frequency.complex_error(p, target, k), 0.0, 1.0)),
    ]
    cut = (bins[len(bins) // 2 - 1] + bins[len(bins) // 2]) // 2
    return [
        loss_figure(f"{name}-loss", title, runs, "The relative squared error over the updates."),
        Figure(
            name=f"{name}-heat",
            title=f"{title}: error by frequency over the training",
            caption=heat_caption(runs, target, bins),
            panels=tuple(heat_map(run, bins, way, f"{run.method}: {what}") for what, way in maps for run in runs),
        ),
        Figure(
            name=f"{name}-spectrum",
            title=f"{title}: spectrum by grade",
            caption=spectrum_caption(runs),
            panels=tuple(_spectra(run, target, bins) for run in runs),
        ),
        Figure(
            name=f"{name}-low-high",
            title=f"{title}: errors below and above {cut} cycles",
            caption=f"Relative errors of what lies below {cut} cycles per unit (e_low), and above (e_high). "
            f"{dotted(runs)}".strip(),
            panels=tuple(_low_high(run, target, cut) for run in runs),
        ),
    ]


def ends(run: Run) -> tuple[float, ...]:
    """Return the updates after which a grade ended, all but the last."""
    return tuple(float(at.step) for at in run.grades[:-1])


def loss_figure(name: str, title: str, runs: Sequence[Run], caption: str, *, grade: str = "a grade") -> Figure:
    """Return the loss curves of runs on one function, with the ends of the grades of the run that has most.

    Args:
        name: of the figure.
        title: of the function.
        runs: one of each method.
        caption: what is seen; how many updates the methods have, and what is dotted, is said here.
        grade: what the captions call one.
    """
    longest = sorted(runs, key=lambda run: len(run.grades))[-1:]
    said = (f"{caption}{updates(runs)}", *(dotted([run], f"{grade} of `{run.method}`") for run in longest))
    marks = tuple(place for run in longest for place in ends(run))
    return Figure(
        name=name,
        title=f"{title}: loss curves",
        caption=" ".join(text for text in said if text),
        panels=(dataclasses.replace(loss_curves(runs, title), marks=marks),),
    )


def loss_curves(runs: Sequence[Run], title: str) -> Curves:
    """Return the relative error over the updates: training as lines, validation dashed."""
    runs, lines = [run for run in runs if run.grades], []
    for run in runs:
        steps = np.array([at.step for at in run.curve])
        lines.append(Line(label=f"{run.method}, training", x=steps, y=np.array([at.train.rse for at in run.curve])))
        if run.curve[0].validation is not None:
            held = np.array([at.validation.rse for at in run.curve if at.validation])
            lines.append(Line(label=f"{run.method}, validation", x=steps, y=held, style="--"))
    return Curves(title=title, x="updates", y="relative squared error", lines=tuple(lines), log="y")


def heat_map(run: Run, bins: Sequence[int], measure: Callable[[Array, Sequence[int]], Array], title: str) -> HeatMap:
    """Return a measure by frequency over the updates of a run with one output, evenly spaced in looks.

    Args:
        run: its predictions in view are at evenly spaced points.
        bins: frequencies, in cycles over those points.
        measure: (T, n) predictions and bins -> (T, K).
        title: above it.
    """
    values = measure(run.view[:, :, 0].astype(np.float64), bins)
    return look_map(run, np.array(bins), values, title, "frequency, cycles per unit")


def look_map(run: Run, frequencies: Array, values: Array, title: str, y: str) -> HeatMap:
    """Return (T, K) values by look and frequency, evenly spaced in looks.

    Args:
        run: whose looks they are.
        frequencies: (K,) ascending.
        values: from 0 to 1.
        title: above it.
        y: what the frequencies are, with their unit.
    """
    return HeatMap(
        title=title,
        x="updates, at each look",
        y=y,
        columns=np.array([at.step for at in run.curve]),
        rows=frequencies,
        values=values.T,
        marks=ends(run),
        even=True,
    )


def _spectra(run: Run, target: Array, bins: Sequence[int]) -> Curves:
    x, shown = np.arange(0, round(1.15 * bins[-1])), np.array(bins)
    parts = frequency.amplitude(added(run))
    labels = [f"grade {number}" for number in range(1, len(parts) + 1)] if len(parts) > 1 else ["drawn"]
    lines = [Line(label=label, x=x, y=part[x]) for label, part in zip(labels, parts, strict=True)]
    lines.append(Line(label="target", x=shown, y=frequency.amplitude(target)[shown], style="."))
    return Curves(title=run.method, x="frequency, cycles per unit", y="amplitude |F|", lines=tuple(lines))


def _low_high(run: Run, target: Array, cut: int) -> Curves:
    steps = np.array([at.step for at in run.curve])
    pair = frequency.low_high(run.view[:, :, 0].astype(np.float64), target, cut)
    lines = tuple(Line(label=name, x=steps, y=values) for name, values in zip(("e_low", "e_high"), pair, strict=True))
    return Curves(title=run.method, x="updates", y="relative error", lines=lines, log="y", marks=ends(run))
