"""How grades and one network bear noise of any amplitude and frequency in labels, and learning rates of any size."""

from collections.abc import Sequence

import numpy as np

from inr.experiments import labels
from inr.experiments.captions import updates
from inr.experiments.digits import load_digits
from inr.experiments.figures import Array, Curves, Figure, HeatMap, Line
from inr.experiments.html import Cell
from inr.experiments.page import Page, Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import RSE, samples
from inr.experiments.sines import PHASES
from inr.experiments.wishes import Effort, Wishes
from inr.settings.config import FitConfig
from inr.settings.shape import EncodingConfig, GradeShape
from inr.settings.trainings import GreedyTraining

METHODS = ("mgdl", "sgdl")
NOISE: dict[Effort, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "quick": ((0.5, 1.0, 5.0), (1.0, 5.0, 50.0)),
    "standard": ((0.5, 1.0, 3.0, 5.0), (1.0, 3.0, 5.0, 7.0, 10.0, 50.0)),
    "paper": ((0.5, 1.0, 3.0, 5.0), (1.0, 3.0, 5.0, 7.0, 10.0, 50.0)),
}
"""beta and kappa; those of the paper are the last."""
SETS = {1: (1.0, 5.5, 10.0), 2: (1.0, 8.25, 15.5, 22.75, 30.0)}
"""Frequencies of the follow-up paper's sums of sines (arXiv 2507.20351)."""
RATES: dict[Effort, tuple[float, ...]] = {
    "quick": (0.003, 0.01, 0.03, 0.1, 0.3),
    "standard": (0.001, 0.003, 0.01, 0.03, 0.08, 0.1, 0.3, 0.5),
    "paper": (0.001, 0.003, 0.005, 0.01, 0.03, 0.05, 0.08, 0.1, 0.2, 0.3, 0.5),
}
STEPS: dict[Effort, int] = {"quick": 3000, "standard": 30_000, "paper": 1_000_000}
_POINTS = 1024


def sum_of_sines(number: int, x: Array) -> Array:
    """Return (n,) g(x) = sum_j sin(2 pi kappa_j x + phi_j) of a set; the phases are those of the other experiments."""
    kappa = np.array(SETS[number])[:, None]
    total: Array = np.sin(2.0 * np.pi * kappa * x[None] + PHASES[: len(kappa), None]).sum(axis=0)
    return total


def gradient_descent(method: str, rate: float, steps: int, seed: int) -> FitConfig:
    """Return plain gradient descent on one network of 4 x 32, or on four grades of 1 x 32, at a constant rate."""
    shapes: tuple[GradeShape, ...] = (GradeShape(depth=4, width=32, activation="relu"),)
    if method == "mgdl":
        shapes = (GradeShape(depth=1, width=32, activation="relu"),) * 4
    return FitConfig(
        method=method,
        encoding=EncodingConfig(kind="none"),
        grades=shapes,
        training=GreedyTraining(
            steps=(steps,) * len(shapes),
            learning_rate=rate,
            optimizer="sgd",
            schedule="constant",
            batch_size=None,
            rescale_residual=False,
            precision="float32",
        ),
        frame="unit",
        feed="features",
        seed=seed,
    )


def cases(wishes: Wishes) -> list[Case]:
    """Return a training for each noise, and for each learning rate, by both methods."""
    digits, found = load_digits(wishes.data), []
    methods, seeds = wishes.methods or METHODS, range(wishes.seeds)
    betas, kappas = NOISE[wishes.effort]
    for beta in betas:
        for kappa in kappas:
            of = labels.data(digits, beta, kappa)
            for method in methods:
                for seed in seeds:
                    name = method if wishes.effort != "paper" else f"{method}-paper"
                    config = labels.network(name, wishes.effort, len(of.train.inputs), seed)
                    found.append(
                        Case(name=f"beta {beta:g}, kappa {kappa:g}", method=method, config=config, data=of, looks=2)
                    )
    x = np.arange(_POINTS) / _POINTS
    for number in SETS:
        held = np.random.RandomState(1).uniform(size=_POINTS)
        of = Data(train=samples(x, sum_of_sines(number, x)), test=samples(held, sum_of_sines(number, held)))
        for rate in RATES[wishes.effort]:
            for method in methods:
                for seed in seeds:
                    config = gradient_descent(method, rate, STEPS[wishes.effort], seed)
                    found.append(
                        Case(name=f"set {number}, rate {rate:g}", method=method, config=config, data=of, looks=8)
                    )
    return found


def page(wishes: Wishes, runs: Sequence[Run]) -> Page:
    """Return tables and figures of the runs."""
    betas, kappas = NOISE[wishes.effort]
    methods = wishes.methods or METHODS
    small = wishes.data is None
    of = "scikit-learn's 8 x 8 digits, not MNIST" if small else "MNIST"
    errors = {m: _grid(runs, m, [[f"beta {b:g}, kappa {k:g}" for k in kappas] for b in betas]) for m in methods}
    rows: list[tuple[Cell, ...]] = [
        (beta, method, *(float(value) for value in errors[method][i]))
        for i, beta in enumerate(betas)
        for method in methods
    ]
    parts: list[Table | Figure | str] = [
        Table(
            name="noise",
            title=f"TeRSE of clean labels after training on noisy ones: {of}",
            columns=("beta", "method", *(f"kappa {kappa:g}" for kappa in kappas)),
            rows=tuple(rows),
            note=f"TeRSE: {RSE}, of the test samples."
            f"{updates([run for run in runs if run.case == runs[0].case])} "
            "The paper's claim, on MNIST: at beta = 1 grades have 27 to 29 % less than one network; at 3 and 5 both "
            "learn the noise, grades less of it.",
        ),
        Figure(
            name="noise",
            title="error by amplitude and frequency of the noise",
            caption=f"TeRSE of clean labels by amplitude beta and frequency kappa of the noise; {of}.",
            panels=tuple(
                HeatMap(
                    title=method, x="kappa", y="beta", columns=np.array(kappas), rows=np.array(betas), even=True,
                    values=errors[method], limits=(0.0, float(np.nanmax(list(errors.values())))),
                )
                for method in methods
            ),
        ),
    ]  # fmt: skip
    for number in SETS:
        parts += _rates(number, wishes, runs, methods)
    return Page(
        title="Robustness to noise in labels and to the learning rate (Fang & Xu 2024, section 3.4; 2025)",
        about=(
            "Digits are learned from labels with noise of amplitude beta and frequency kappa, and tested on clean "
            "labels; with this program's training the validation error decides when each grade ends. Then plain "
            "gradient descent learns two sums of sines at several constant rates, by one network of four layers of 32 "
            "and by four grades of one layer each.",
        ),
        parts=tuple(parts),
        runs=tuple(runs),
    )


def _grid(runs: Sequence[Run], method: str, names: list[list[str]]) -> Array:
    """Return the TeRSE of these cases, geometric means over the seeds; NaN where all diverged."""

    def typical(name: str) -> float:
        own = [run for run in runs if run.case == name and run.method == method and run.grades]
        found = [run.grades[-1].test.rse for run in own if run.grades[-1].test]
        return float(np.exp(np.mean(np.log(found)))) if found else float("nan")

    return np.array([[typical(name) for name in row] for row in names])


def _rates(number: int, wishes: Wishes, runs: Sequence[Run], methods: Sequence[str]) -> list[Table | Figure | str]:
    """Return what gradient descent reaches at each rate on one of the sets."""
    rates = np.array(RATES[wishes.effort])
    rows: list[tuple[Cell, ...]] = []
    lines, lost = [], []
    for method in methods:
        reached = []
        for rate in RATES[wishes.effort]:
            own = [run for run in runs if run.case == f"set {number}, rate {rate:g}" and run.method == method]
            kept = [r for r in own if r.grades and all(used == rate for used in r.rates)]  # else it had to be retried
            if 0 < len(kept) < len(own):
                lost.append(f"{method} at {rate:g}: {len(own) - len(kept)} of {len(own)}")
            mse = [10.0 ** (-run.grades[-1].train.psnr_db / 10.0) for run in kept]
            reached.append(float(np.exp(np.mean(np.log(mse)))) / 2.0 if mse else float("nan"))
        rows.append((method, *reached))
        lines.append(Line(label=method, x=rates, y=np.array(reached)))
    steps = f"{STEPS[wishes.effort]:,}"
    paper = {
        1: "after 1,000,000 steps one network is below 0.001 at rates from 0.03 to 0.08, grades from 0.01 to 0.3",
        2: "after 1,000,000 steps one network works only near 0.005, and grades are below 0.01 from 0.08 to 0.3",
    }
    return [
        Table(
            name=f"rates-{number}",
            title=f"Set {number}, frequencies {SETS[number]}: training loss after {steps} steps of each grade",
            columns=("method", *(f"rate {rate:g}" for rate in rates)),
            rows=tuple(rows),
            note="A dash is a loss that did not stay finite."
            f"{' Lost in that way, and not in the mean: ' + '; '.join(lost) + '.' if lost else ''} "
            f"The follow-up paper: {paper[number]}.",
        ),
        Figure(
            name=f"rates-{number}",
            title=f"set {number}: loss by learning rate",
            caption=f"Half the mean squared error after {steps} steps (of each grade) over the rate; a gap is a loss "
            "that did not stay finite.",
            panels=(Curves(title=f"set {number}", x="learning rate", y="loss", lines=tuple(lines), log="xy"),),
        ),
    ]
