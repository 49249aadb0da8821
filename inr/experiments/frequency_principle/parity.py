"""The parity function: its frequencies are high, so that the principle does not help and nothing is learned of it."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Curves, Figure, Line
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network
from inr.experiments.frequency_principle.targets import cube, diagonal_transform, parity
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.wishes import Wishes

_DIMENSIONS, _TRAINED = 10, 200
_WAVES = np.linspace(0.0, np.pi / 2, 100)
_LOW = np.pi / 6
"""Radians along the diagonal: below it the parity has next to nothing."""


def _split() -> tuple[Array, Array]:
    """Return the trained and the other points of the cube."""
    points = np.random.default_rng(0).permutation(cube(_DIMENSIONS))
    return points[:_TRAINED], points[_TRAINED:]


def _cases(wishes: Wishes) -> list[Case]:
    trained, rest = _split()
    every = cube(_DIMENSIONS)
    data = Data(
        train=samples(trained, parity(trained)), test=samples(rest, parity(rest)), view=samples(every, parity(every))
    )
    widths = (100, 50) if wishes.effort == "quick" else (500, 100)
    network = Network(widths=widths, rate=5e-4, steps=1001, spread=0.05)
    return network.cases(f"parity of {_DIMENSIONS} signs", data, wishes, looks=100, grades=False)


def _signs(values: Array, points: Array) -> float:
    """Return the share of points whose sign is right."""
    return float((np.sign(values) == parity(points)).mean())


def _finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    del wishes
    trained, rest = _split()
    every = cube(_DIMENSIONS)
    whole = np.abs(diagonal_transform(every, parity(every), _WAVES))
    sampled = np.abs(diagonal_transform(trained, parity(trained), _WAVES))
    low = _WAVES < _LOW
    rows, said, holds = [], [], True
    learned = [Line(label="parity, all points", x=_WAVES, y=whole, style="k--")]
    learned.append(Line(label=f"parity, the {_TRAINED} trained points", x=_WAVES, y=sampled))
    order = {tuple(point): number for number, point in enumerate(every)}
    for run in runs:
        end = run.grades[-1]
        assert end.test is not None, "the rest of the cube are the test samples"
        drawn = run.final[-1][:, 0].astype(np.float64)
        on_trained, on_rest = (drawn[[order[tuple(point)] for point in points]] for points in (trained, rest))
        signs = _signs(on_trained, trained), _signs(on_rest, rest)
        rows.append((run.method, run.seed, end.train.rse, end.test.rse, *signs))
        spectrum = np.abs(diagonal_transform(every, drawn, _WAVES))
        if run.seed == 0:
            learned.append(Line(label=f"{run.method}, all points", x=_WAVES, y=spectrum))
        if run.method == runs[0].method:
            holds &= end.train.rse < 0.1 and end.test.rse > 0.9 and bool(sampled[low].max() > 10 * whole[low].max())
            said.append(
                f"seed {run.seed}: relative squared error {end.train.rse:.2g} on the {_TRAINED} trained points and "
                f"{end.test.rse:.2f} on the other {len(rest)} (1 is what zero has), where {signs[1]:.0%} of the signs "
                f"are right. Below k = pi/6 its transform is at most {whole[low].max():.3f}, that of the trained "
                f"points up to {sampled[low].max():.3f}"
            )
    table = Table(
        name="parity-errors",
        title="Relative squared error and right signs",
        columns=("method", "seed", "error, trained", "error, others", "signs right, trained", "signs right, others"),
        rows=tuple(rows),
    )
    figure = Figure(
        name="parity-transform",
        title="Along the diagonal of the cube",
        caption="The parity's own transform (dashed) lies at high frequencies, sin^10 k. The trained points show low "
        "frequencies that it has not (aliasing); these are what is learned.",
        panels=(
            Curves(title="sizes of the transform", x="k, radians along the diagonal", y="|F(k)|", lines=tuple(learned)),
        ),
    )
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(table, figure))


PARITY = Demo(
    name="parity",
    title="Parity, where the principle fails",
    claim="The parity has high frequencies only: trained points are fitted by aliased low ones, other points are not.",
    cases=_cases,
    finding=_finding,
)
