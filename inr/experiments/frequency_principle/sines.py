"""Sums of sines, and a staircase: a tanh network learns low frequencies first."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.captions import dotted
from inr.experiments.figures import Curves, Figure, HeatMap, Line
from inr.experiments.frequency_principle import targets
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, of, steps
from inr.experiments.frequency_principle.measures import errors_at_peaks, learned_at, order, spectrum
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.signals import ends
from inr.experiments.wishes import Wishes

BOOK = (200, 200, 200, 100)
SPREAD = 200**-0.5
"""Of weights and biases in the book: 1 / 200^t, t = 0.5."""
_SMALL = (64, 64, 64, 32)
_THREE, _TWO, _STEPS = "sin x + sin 3x + sin 5x", "sin x + sin 5x", "round(sin x)"


def book(wishes: Wishes, rate: float, updates: tuple[int, int, int]) -> Network:
    """Return the book's network of 1-D demonstrations, a smaller and faster one for `quick`.

    Args:
        wishes: of a person.
        rate: the book's.
        updates: of `quick`, `standard` and `paper`.
    """
    if wishes.effort == "quick":
        return Network(widths=_SMALL, rate=10 * rate, steps=updates[0], spread=64**-0.5)
    return Network(widths=BOOK, rate=rate, steps=updates[1 if wishes.effort == "standard" else 2], spread=SPREAD)


def _points(wishes: Wishes, half: float) -> Array:
    return targets.line(half, 120 if wishes.effort == "quick" else 600)


def _values(name: str, x: Array) -> Array:
    if name == _STEPS:
        return targets.staircase(x)
    return targets.sines(x, ((1, 1), (1, 3), (1, 5)) if name == _THREE else ((1, 1), (1, 5)))


def _sines_cases(wishes: Wishes) -> list[Case]:
    x = _points(wishes, np.pi)
    cases = book(wishes, 1e-4, (1200, 3000, 10_000)).cases(_THREE, Data(train=samples(x, _values(_THREE, x))), wishes)
    if wishes.effort == "quick":
        return cases
    x = _points(wishes, 2 * np.pi)
    return cases + book(wishes, 3e-5, (0, 6000, 10_000)).cases(
        _TWO, Data(train=samples(x, _values(_TWO, x))), wishes, grades=False
    )


def _staircase_cases(wishes: Wishes) -> list[Case]:
    x = _points(wishes, 10)
    return book(wishes, 1e-4, (2400, 6000, 10_000)).cases(_STEPS, Data(train=samples(x, _values(_STEPS, x))), wishes)


def _sines_finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    grids = {_THREE: _points(wishes, np.pi), _TWO: _points(wishes, 2 * np.pi)}
    found = [_judged(stem, runs, name, grids[name]) for stem, name in (("sines", _THREE), ("two-sines", _TWO))
             if any(run.case == name for run in runs)]  # fmt: skip
    return Finding(
        holds=all(each.holds for each in found),
        measured=" ".join(each.measured for each in found),
        parts=tuple(part for each in found for part in each.parts),
    )


def _judged(stem: str, runs: Sequence[Run], name: str, x: Array) -> Finding:
    """Return whether the first method learned the peaks of a function's spectrum low first, for every seed."""
    said, holds = [], True
    for run in of(runs, name, runs[0].method):
        learned = learned_at(errors_at_peaks(run.view[:, :, 0], _values(name, x)).whole, steps(run))
        holds &= order(learned) == "low first"
        listed = ", ".join("never" if step is None else f"{step:,}" for step in learned)
        said.append(f"seed {run.seed}: frequencies low to high learned after {listed} updates")
    return Finding(holds=holds, measured=f"{name}, {'; '.join(said)}.", parts=_parts(stem, runs, name, x))


def _parts(stem: str, runs: Sequence[Run], name: str, x: Array) -> tuple[Table | Figure | str, ...]:
    """Return the table, the fit at some looks and the errors over training of a 1-D demonstration."""
    y = _values(name, x)
    rows = []
    panels: list[Curves | HeatMap] = []
    shown = [run for run in runs if run.case == name]
    for run in shown:
        errors = errors_at_peaks(run.view[:, :, 0], y)
        by_whole, by_magnitude = learned_at(errors.whole, steps(run)), learned_at(errors.magnitude, steps(run))
        for at, whole, magnitude, left in zip(errors.frequency, by_whole, by_magnitude, errors.whole[-1], strict=True):
            rows.append((run.method, run.seed, int(at), whole, magnitude, float(left)))
        if run.seed == 0:
            for what, values in (("magnitudes", errors.magnitude), ("complex", errors.whole)):
                panels.append(
                    HeatMap(
                        title=f"{run.method}: error by frequency, {what}", x="updates", y="cycles over the interval",
                        columns=steps(run), rows=errors.frequency, values=values.T, marks=ends(run),
                    )
                )  # fmt: skip
    table = Table(
        name=f"{stem}-learned",
        title=f"{name}: updates after which the error at a peak of the spectrum stays below 10 %",
        columns=("method", "seed", "cycles", "updates (complex)", "updates (magnitudes)", "error at the end"),
        rows=tuple(rows),
        note="A dash is a frequency that was not learned. `mgdl` divides the same updates among its grades.",
    )
    heat = Figure(
        name=f"{stem}-heat",
        title=f"{name}: the error at each frequency over training",
        caption="Dark is learned: low frequencies, below, turn dark before high ones. The book's measure compares "
        f"magnitudes only; the complex error sees wrong phases too. {dotted(shown)}".strip(),
        panels=tuple(panels),
    )
    return table, _fits(stem, name, shown, x, y), heat


def _fits(stem: str, name: str, runs: Sequence[Run], x: Array, y: Array) -> Figure:
    """Show what the first seed's networks draw at four looks, and the spectra there."""
    panels = []
    for run in (run for run in runs if run.seed == 0):
        at = [round(share * (len(run.curve) - 1)) for share in (0.06, 0.2, 0.45, 1.0)]
        drawn = [(f"after {run.curve[i].step:,}", run.view[i, :, 0]) for i in at]
        lines = [Line(label=label, x=x, y=values) for label, values in drawn]
        title = f"{run.method}: the function and what is drawn of it"
        panels.append(
            Curves(title=title, x="x", y="value", lines=(Line(label="function", x=x, y=y, style="k--"), *lines))
        )
        count = len(spectrum(y))
        sizes = [("function", y), *drawn]
        panels.append(
            Curves(
                title=f"{run.method}: sizes of the frequencies", x="cycles over the interval", y="amplitude",
                lines=tuple(
                    Line(label=label, x=np.arange(count)[:24], y=2 * np.abs(spectrum(values))[:24] / len(x),
                         style="k--" if label == "function" else "-")
                    for label, values in sizes
                ),
            )
        )  # fmt: skip
    return Figure(
        name=f"{stem}-fits",
        title=f"{name}: what is drawn while training",
        caption="What is drawn after few updates follows the slow waves of the function only; its spectrum fills from "
        "the left.",
        panels=tuple(panels),
    )


SINES = Demo(
    name="sines",
    title="Sums of sines",
    claim="Of a sum of sines a tanh network learns the lowest frequency first and the highest last.",
    cases=_sines_cases,
    finding=_sines_finding,
)
STAIRCASE = Demo(
    name="staircase",
    title="A staircase",
    claim="Of a staircase a tanh network learns the slow wave first and the edges last.",
    cases=_staircase_cases,
    finding=lambda wishes, runs: _judged("staircase", runs, _STEPS, _points(wishes, 10)),
)
