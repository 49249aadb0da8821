"""Digits with labels that carry noise of a high frequency (Fang & Xu 2024, section 3.4), tested on clean labels."""

import dataclasses
from collections.abc import Sequence
from itertools import product

import numpy as np

from inr.experiments.digits import Digits, load_digits, noisy, one_hot, split
from inr.experiments.figures import Figure
from inr.experiments.methods import Authors, Problem, authors_grid, configuration, trainings
from inr.experiments.page import Page, Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import Row, samples, selected, tables
from inr.experiments.signals import loss_figure
from inr.experiments.wishes import Wishes
from inr.settings.config import FitConfig

BETA, KAPPA = 1.0, 5.0
RATE = 0.01
"""Of Muon; at 0.005 and 0.02 the validation error of grades ends higher."""
STEPS = 600
"""Of each grade, and of the single network."""
_EPOCHS = {"quick": 31, "standard": 201, "paper": 2001}
GRID = authors_grid(product((1e-3, 1e-4), (1e-4, 1e-5)), (512, 1024, None), epochs=_EPOCHS["paper"])
"""What the authors searched, and selected from by the validation error."""
PAPER: dict[tuple[float, float], tuple[Row, ...]] = {
    (1.0, 5.0): (
        Row(method="MGDL, three grades", seconds=3460.0, train=0.34881, validation=0.39089, test=0.07849),
        Row(method="SGDL", seconds=3330.0, train=0.30470, validation=0.41258, test=0.11060),
    ),
}
"""What the authors' notebooks give for MNIST, by beta and kappa; times are read off a plot."""


def data(digits: Digits, beta: float, kappa: float) -> Data:
    """Return three quarters to train and a quarter to validate on, with noisy labels, and the test with clean ones."""
    train, held = split(len(digits.labels))
    parts = [
        samples(digits.inputs[at], noisy(digits.inputs[at], digits.labels[at], beta, kappa)) for at in (train, held)
    ]
    test = samples(digits.test_inputs, one_hot(digits.test_labels))
    return Data(train=parts[0], validation=parts[1], test=test, view=samples(digits.test_inputs[:1], np.zeros((1, 10))))


def network(
    method: str, effort: str, count: int, seed: int, *, grades: int | None = None, authors: Authors | None = None
) -> FitConfig:
    """Return a method's configuration: three grades of 2 x 128, six of 1 x 128 (`-b`), or one network of 6 x 128.

    Our training stops where the validation error is least: of noisy labels the noise is learned last.

    Args:
        method: name.
        effort: see `Wishes`.
        count: samples that are trained on.
        seed: of the training.
        grades: other than the paper's.
        authors: training of the `-paper` methods, if not the usual one of this effort.
    """
    many = "-b" in method
    problem = Problem(
        samples=count, grades=6 if many else 3, depth=1 if many else 2, single=6, width=128, reach=0.0,
        steps=STEPS // (2 if many else 1), batch=1024, rates=(RATE,), single_rate=RATE,
    )  # fmt: skip
    config = configuration(
        method.replace("-b", ""), problem, effort="standard", authors=authors or usual(effort), seed=seed, grades=grades
    )
    return config if method.endswith("-paper") else dataclasses.replace(config, stop="held-out")


def usual(effort: str) -> Authors:
    """Return the authors' training of their Table 4; few passes need the larger of their rates."""
    highest = 1e-4 if effort == "paper" else 1e-3
    return Authors(highest=highest, lowest=highest / 10.0, batch=None, epochs=_EPOCHS[effort])


def cases(wishes: Wishes) -> list[Case]:
    """Return a training for each method and seed."""
    beta, kappa = _noise(wishes)
    digits = load_digits(wishes.data)
    of, found = data(digits, beta, kappa), []
    default = ("mgdl-paper", "mgdl-b-paper", "sgdl-paper") if wishes.effort == "paper" else ("mgdl", "mgdl-b", "sgdl")
    for method in wishes.methods or default:
        for label, training in trainings(method, usual(wishes.effort), GRID, wishes):
            for seed in range(wishes.seeds):
                config = network(
                    method, wishes.effort, len(of.train.inputs), seed, grades=wishes.grades, authors=training
                )
                found.append(Case(name=digits.name, method=label, config=config, data=of, looks=24))
    return found


def _noise(wishes: Wishes) -> tuple[float, float]:
    return (BETA if wishes.beta is None else wishes.beta, KAPPA if wishes.kappa is None else wishes.kappa)


def page(wishes: Wishes, every: Sequence[Run]) -> Page:
    """Return tables and figures of the runs."""
    runs, grid = selected(every)
    beta, kappa = _noise(wishes)
    name, small = runs[0].case, wishes.data is None
    nothing = (Row(method="MGDL, three grades"), Row(method="SGDL"))
    paper = PAPER.get((beta, kappa), nothing)
    title = f"{name}, beta = {beta:g}, kappa = {kappa:g}"
    parts: list[Table | Figure | str] = [*tables("labels", title, () if small else paper, runs)]
    if small:
        parts.insert(
            0,
            f"**These are {name}, not MNIST**: 1,797 digits, of which 449 are the test. Their errors are no "
            "reproduction of the paper's, which are of MNIST: give its files with --data FOLDER.",
        )
    caption = (
        "The relative squared error of noisy labels: what is trained on, and dashed what is validated on. Where the "
        "noise of what is trained on is learned, the dashed line rises while the other falls. Of each grade of this "
        "program's training, what is kept is where its dashed line was lowest."
    )
    parts.append(loss_figure("loss", title, [run for run in runs if run.seed == 0], caption))
    return Page(
        title="Digits with noise in their labels (Fang & Xu 2024, section 3.4)",
        about=(
            f"The label of x is its one-hot vector times 1 + {beta:g} sin(2 pi {kappa:g} ||x||). TrRSE and VaRSE are "
            "of such noisy labels, TeRSE is of clean labels. The paper's claim, on MNIST: grades learn less of the "
            "noise, so that their TeRSE is 27 to 29 % lower at beta = 1.",
            "`mgdl` is three grades of two layers of 128 neurons, `mgdl-b` six grades of one such layer, `sgdl` one "
            f"network of six. With this program's training (Muon at a rate of {RATE:g}, batches of 1,024, up to "
            f"{STEPS} updates a grade, half of them for `mgdl-b`) the validation error decides: after each fortieth of "
            "a grade it is measured, each grade is left as it was when that error was least (`kept after`), and it "
            "ends when a third of its updates brought no lower one. The first grade that brings none at all is "
            "dropped and ends the training. As the validation labels are noisy too, strong noise of a low frequency "
            "may be learned all the same. Methods that end in `-paper` have the authors' training, to the end.",
        ),
        parts=(*parts, *grid),
        runs=tuple(every),
    )
