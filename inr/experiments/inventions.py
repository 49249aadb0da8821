"""Each published method on the function it was invented for: the claim of its paper, and what is reached."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Curves, Figure, Line
from inr.experiments.html import Cell
from inr.experiments.page import Page, Table
from inr.experiments.published import DEMOS, Demo
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import RSE, samples
from inr.experiments.signals import loss_figure
from inr.experiments.wishes import Effort, Wishes
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining

SHARE: dict[Effort, float] = {"quick": 0.1, "standard": 0.5, "paper": 1.0}
"""Part of the papers' steps that is done."""


def data(demo: Demo) -> Data:
    """Return evenly spaced points to train on, and points between them to test on."""
    low, high = demo.interval
    x = np.linspace(low, high, demo.points)
    between = (x[1:] + x[:-1]) / 2
    train, test = (samples(at, demo.target(at), dtype=demo.dtype) for at in (x, between))
    return Data(train=train, test=test)


def shortened(config: FitConfig, effort: Effort) -> FitConfig:
    """Return the configuration with the effort's part of its steps."""
    training, share = config.training, SHARE[effort]
    assert isinstance(training, GreedyTraining), "all of them are trained grade by grade"
    steps = tuple(max(1, round(steps * share)) for steps in training.steps)
    return dataclasses.replace(
        config, training=dataclasses.replace(training, steps=steps, finish=round(training.finish * share))
    )


def cases(wishes: Wishes) -> list[Case]:
    """Return a training for each function, configuration and seed."""
    found = []
    for name in _chosen(wishes):
        of = data(DEMOS[name])
        for label, config in DEMOS[name].networks.items():
            for seed in range(wishes.seeds):
                own = dataclasses.replace(shortened(config, wishes.effort), seed=seed)
                found.append(Case(name=name, method=label, config=own, data=of, looks=32))
    return found


def _chosen(wishes: Wishes) -> list[str]:
    return [wishes.demo] if wishes.demo else list(DEMOS)


def page(wishes: Wishes, runs: Sequence[Run]) -> Page:
    """Return tables and figures of the runs."""
    parts: list[Table | Figure | str] = []
    for name in _chosen(wishes):
        demo, own = DEMOS[name], [run for run in runs if run.case == name]
        parts += [f"## {demo.title}", demo.claim, _table(name, demo, own)]
        parts += _figures(name, demo, [run for run in own if run.seed == 0 and run.grades])
    return Page(
        title="Each method on the function it was invented for",
        about=(
            "The papers' own networks and trainings (Adam at a constant rate, all points at once), with "
            f"{100 * SHARE[wishes.effort]:.0f} % of their steps, each beside the plain network of the same size.",
        ),
        parts=tuple(parts),
        runs=tuple(runs),
    )


def _table(name: str, demo: Demo, runs: Sequence[Run]) -> Table:
    low, high = demo.interval
    target = demo.target(np.linspace(low, high, demo.points))
    rows: list[tuple[Cell, ...]] = []
    for run in runs:
        for at, final in zip(run.grades, run.final, strict=True):
            largest = float(np.abs(final[:, 0].astype(np.float64) - target).max())
            test = at.test.rse if at.test else None
            rows.append((run.method, run.seed, at.grade, at.step, round(at.seconds, 1), at.train.rse, test, largest))
    note = f"TrRSE, TeRSE: {RSE}, of the points that are trained on and of those half way between them."
    columns = ("network", "seed", "stage", "updates", "seconds", "TrRSE", "TeRSE", "largest error")
    return Table(name=name, title=demo.title.split(":")[0], columns=columns, rows=tuple(rows), note=note)


def _figures(name: str, demo: Demo, runs: Sequence[Run]) -> list[Figure]:
    low, high = demo.interval
    x = np.linspace(low, high, demo.points)
    target = demo.target(x)
    left = tuple(
        Curves(
            title=run.method, x="x", y="error",
            lines=tuple(
                Line(label=f"stage {n}" if len(run.grades) > 1 else "", x=x, y=np.abs(f[:, 0] - target) + 1e-18)
                for n, f in enumerate(run.final, start=1)
            ),
            log="y",
        )
        for run in runs
    )  # fmt: skip
    caption = "The relative squared error over the updates."
    return [
        loss_figure(f"{name}-loss", demo.title.split(":")[0], runs, caption, grade="a stage"),
        Figure(
            name=f"{name}-error",
            title="error along the interval",
            caption="The absolute error at every point, at the end, after each stage where there are several.",
            panels=left,
        ),
    ]
