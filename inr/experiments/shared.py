"""What the pages of several experiments have in common: rows of errors, loss curves, heat maps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from inr.experiments.figures import Array, Curves, HeatMap, Line
from inr.experiments.page import Cell
from inr.experiments.runs import Moment, Run
from inr.training.samples import Samples


@dataclass(frozen=True, kw_only=True)
class Row:
    """What a paper, or its authors' notebooks, give for a case; None is what is not known.

    Attributes:
        method: `MGDL` or `SGDL`.
        seconds: of the whole training, on the authors' machine.
        train: TrRSE.
        validation: VaRSE.
        test: TeRSE; text where only its order is known.
    """

    method: str
    seconds: float | None = None
    train: float | None = None
    validation: float | None = None
    test: float | str | None = None

    def cells(self) -> tuple[Cell, ...]:
        """Return the columns of `ERRORS`."""
        return (f"{self.method}, the paper", None, self.seconds, self.train, self.validation, self.test)


ERRORS = ("method", "seed", "seconds", "TrRSE", "VaRSE", "TeRSE")


def samples(inputs: Array, targets: Array, *, dtype: torch.dtype = torch.float32) -> Samples:
    """Return samples of (N,) or (N, d) inputs and (N,) or (N, C) targets."""
    tables = (torch.from_numpy(np.asarray(each, np.float64)).to(dtype) for each in (inputs, targets))
    points, values = (table if table.ndim == 2 else table[:, None] for table in tables)
    return Samples(inputs=points.contiguous(), targets=values.contiguous())


def errors(run: Run) -> tuple[Cell, ...]:
    """Return the columns of `ERRORS` of a run as it ended."""
    last = run.grades[-1]
    return (run.method, run.seed, round(last.seconds, 1), *_rse(last))


def by_grade(run: Run) -> list[tuple[Cell, ...]]:
    """Return a row for each grade: method, seed, grade, seconds so far and the three errors."""
    return [(run.method, run.seed, at.grade, round(at.seconds, 1), *_rse(at)) for at in run.grades]


def _rse(at: Moment) -> tuple[Cell, Cell, Cell]:
    return (at.train.rse, at.validation.rse if at.validation else None, at.test.rse if at.test else None)


def ends(run: Run) -> tuple[float, ...]:
    """Return the updates after which a grade ended, all but the last."""
    return tuple(float(at.step) for at in run.grades[:-1])


def loss_curves(runs: Sequence[Run], title: str) -> Curves:
    """Return the relative error over the updates: training as lines, validation dashed."""
    lines = []
    for run in runs:
        steps = np.array([at.step for at in run.curve])
        lines.append(Line(label=f"{run.method}, training", x=steps, y=np.array([at.train.rse for at in run.curve])))
        if run.curve[0].validation is not None:
            held = np.array([at.validation.rse for at in run.curve if at.validation])
            lines.append(Line(label=f"{run.method}, validation", x=steps, y=held, style="--"))
    marks = ends(runs[0]) if runs else ()
    return Curves(title=title, x="updates", y="relative squared error", lines=tuple(lines), log="y", marks=marks)


def heat_map(
    run: Run, bins: Sequence[int], measure: Callable[[Array, Sequence[int]], Array], title: str, *, every: int = 1
) -> HeatMap:
    """Return a measure by frequency over the updates of a run with one output, evenly spaced in looks.

    Args:
        run: its predictions in view are at evenly spaced points.
        bins: frequencies, in cycles over those points.
        measure: (T, n) predictions and bins -> (T, K).
        title: above it.
        every: bins shown on the axis are multiplied by this: cycles per unit.
    """
    values = measure(run.view[:, :, 0].astype(np.float64), bins)
    looks = np.arange(len(run.curve))
    places = [sum(at.grade <= grade for at in run.curve) - 0.5 for grade in range(1, len(run.grades))]
    return HeatMap(
        title=title,
        x="moments of the training (dotted: a grade ends)",
        y="frequency, cycles per unit",
        columns=looks,
        rows=np.array(bins) * every,
        values=values.T,
        marks=tuple(places),
    )
