"""Functions on a curve in the plane (Fang & Xu 2024, section 3.2): frequencies up to 400 along the curve."""

from collections.abc import Sequence
from itertools import product

import numpy as np

from inr.errors import ConfigError
from inr.experiments.figures import Array, Figure
from inr.experiments.methods import Authors, Problem, Start, authors_grid, configuration, trainings
from inr.experiments.page import Page, Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import TWO_NETWORKS, Row, samples, selected, tables
from inr.experiments.signals import signal_figures
from inr.experiments.sines import frequencies, manifold_amplitudes, waves
from inr.experiments.wishes import Wishes

TRAIN, HELD_OUT = 12_000, 4000
BINS = [int(k) for k in frequencies(40)]
CURVES = (0, 4)
"""Lobes q of the paper's curves; 0 is the unit circle, the hardest."""
PAPER: dict[tuple[int, int], tuple[Row, ...]] = {
    (1, 0): (
        Row(method="MGDL", seconds=15_968.9, train=1.9345e-4, validation=2.6553e-4, test=2.1105e-4),
        Row(method="SGDL", seconds=29_051.7, train=0.54929, validation=0.53665, test=0.54288),
    ),
}
"""What the authors' notebooks give, by setting and q; the other cells of the paper's Table 2 are not public as text."""
AUTHORS = {
    False: Authors(highest=1e-3, lowest=1e-4, batch=None, epochs=30_001),
    True: Authors(highest=1e-4, lowest=1e-5, batch=1024, epochs=30_001),
}
"""The rates and batches that gave the rows above, by whether it is one grade."""
GRID = authors_grid(product((1e-3, 5e-4, 1e-4), (1e-4, 1e-5, 1e-6)), (512, 1024, None), epochs=30_001)
"""What the authors searched, and selected from by the validation error."""
STEPS = {"quick": 500, "standard": 2000, "paper": 2000}
_PASSES = {"quick": 300, "standard": 1000}
_FOUND = ((0.0186, 0.0038, 0.0049, 0.0144), Start(init="samples", steepness=2000.0))
GRADES = {
    "quick": ((0.01, 0.005, 0.01, 0.02), Start(init="samples", steepness=500.0)),
    "standard": _FOUND,
    "paper": _FOUND,
}
"""Rates of the grades of the paper's network (further grades have the last), and its start, in our training.

For `standard`, best of some 770 sets, drawn at random and then varied around the best, on the hardest curve, setting 1,
each with 2000 updates a grade. It ends at a TeRSE of 7.4e-3; a fifth grade brings it to 9.5e-5, and a sixth to 2.0e-5.
The best of 190 sets with 4000 updates a grade ends at 9.8e-3. The first grade is worse than nothing, and the second
hardly better than nothing: what they give the others is features.
For `quick` one of two sets was taken: four grades end at 0.77, and six at 4.7e-3.
"""
SINGLE = (0.0006, Start(init="samples", steepness=500.0))
"""Rate and start of the paper's single network, in our training: best of 64 random pairs, with 4000 updates."""


def curve(q: int, x: Array) -> Array:
    """Return (n, 2) points gamma_q(x) = (1 + sin(2 pi q x) / 2) (cos 2 pi x, sin 2 pi x)."""
    radius, angle = 1.0 + 0.5 * np.sin(2.0 * np.pi * q * x), 2.0 * np.pi * x
    points: Array = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return points


def data(setting: int, q: int) -> Data:
    """Return the samples: train at i / 12000 along the curve, validation and test uniform, seeds 0 and 1."""
    train = np.arange(TRAIN) / TRAIN
    held = [np.random.RandomState(seed).uniform(0.0, 1.0, size=HELD_OUT) for seed in (0, 1)]
    sets = [samples(curve(q, x), waves(manifold_amplitudes(setting, x), x)) for x in (train, *held)]
    return Data(train=sets[0], validation=sets[1], test=sets[2])


def cases(wishes: Wishes) -> list[Case]:
    """Return a training for each setting, curve, method and seed."""
    methods = wishes.methods or (("mgdl-paper", "sgdl-paper") if wishes.effort == "paper" else ("mgdl", "sgdl"))
    (rates, start), (single_rate, single_start) = GRADES[wishes.effort], SINGLE
    # Along the unit circle a cycle of frequency 400 is 2 pi / 400 long.
    problem = Problem(
        samples=TRAIN, grades=4, depth=2, single=8, width=256, reach=400.0 / (2.0 * np.pi), batch=1024,
        steps=STEPS[wishes.effort], rates=rates, start=start, single_rate=single_rate, single_start=single_start,
    )  # fmt: skip
    found = []
    for setting, q in _chosen(wishes):
        of = data(setting, q)
        for method in methods:
            authors = AUTHORS[method.startswith("sgdl")]
            if wishes.effort != "paper":
                authors = Authors(
                    highest=authors.highest, lowest=authors.lowest, batch=authors.batch, epochs=_PASSES[wishes.effort]
                )
            for label, training in trainings(method, authors, GRID, wishes):
                for seed in range(wishes.seeds):
                    config = configuration(
                        method, problem, effort=wishes.effort, authors=training, seed=seed, grades=wishes.grades
                    )
                    found.append(Case(name=_name(setting, q), method=label, config=config, data=of, looks=48))
    return found


def _chosen(wishes: Wishes) -> list[tuple[int, int]]:
    if wishes.setting not in (None, 1, 2):
        raise ConfigError(f"--setting is {wishes.setting}; functions on the manifold have settings 1 and 2.")
    settings = (1, 2) if wishes.setting is None else (wishes.setting,)
    if wishes.q is not None and wishes.q > 100:
        raise ConfigError(f"--q is {wishes.q}; it must lie between 0 and 100.")
    curves = CURVES if wishes.q is None else (wishes.q,)
    if wishes.effort == "quick":  # the hardest of the paper's curves
        curves, settings = curves[:1], settings[:1]
    return [(setting, q) for setting in settings for q in curves]


def _name(setting: int, q: int) -> str:
    return f"setting {setting}, q = {q}"


def page(wishes: Wishes, every: Sequence[Run]) -> Page:
    """Return tables and figures of the runs."""
    runs, grid = selected(every)
    parts: list[Table | Figure | str] = []
    x = np.arange(TRAIN) / TRAIN
    for setting, q in _chosen(wishes):
        own = [run for run in runs if run.case == _name(setting, q)]
        name, title = f"setting-{setting}-q-{q}", f"Setting {setting}, q = {q}"
        nothing = (Row(method="MGDL"), Row(method="SGDL"))
        parts += tables(name, title, PAPER.get((setting, q), nothing), own)
        target = waves(manifold_amplitudes(setting, x), x)
        parts += signal_figures(
            name, title, [run for run in own if run.seed == 0], target, BINS, half_width=9 if setting == 2 else 0
        )
    return Page(
        title="Functions on a curve in the plane (Fang & Xu 2024, section 3.2)",
        about=(
            "The network sees points of a flower with q petals and learns a sum of forty sines along it, with "
            "frequencies 10, 20, ..., 400. The unit circle, q = 0, is the hardest. The paper's claim: one deep ReLU "
            "network learns half of the function's power at best, and four grades learn it.",
            TWO_NETWORKS,
        ),
        parts=(*parts, *grid),
        runs=tuple(every),
    )
