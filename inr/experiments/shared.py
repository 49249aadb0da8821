"""What the pages of several experiments have in common: samples, and the paper's row beside ours."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from inr.errors import ConfigError
from inr.experiments.captions import updates
from inr.experiments.figures import Array
from inr.experiments.html import Cell
from inr.experiments.page import Table
from inr.experiments.runs import Moment, Run
from inr.experiments.wishes import Wishes
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
        return (f"{self.method}, the paper", None, None, self.seconds, self.train, self.validation, self.test)


TWO_NETWORKS = (
    "`mgdl` and `sgdl` are the paper's two networks with this program's training, which is not the paper's: Muon with "
    "Nesterov's momentum on the hidden matrices, Adam on the rest, a cosine to zero, batches, the residual rescaled "
    "before each grade. `mgdl-paper` and `sgdl-paper` are the same networks with the authors' training. So "
    "`mgdl` beside `sgdl` says what the grades give, and `sgdl` beside `sgdl-paper` what the training gives. A dash "
    "is a figure that is not known."
)
"""For the pages on which the paper's networks stand."""
ERRORS = ("method", "seed", "updates", "seconds", "TrRSE", "VaRSE", "TeRSE")
RSE = "relative squared error, sum |h - y|^2 / sum |y|^2 (0 is exact, 1 is what zero everywhere has)"


def picture_file(wishes: Wishes, default: Path) -> Path:
    """Return the picture that is asked for, or one of the sources' own.

    Raises:
        ConfigError: none is asked for, and that one is not here.
    """
    if wishes.image is None and not default.exists():
        raise ConfigError(f"there is no {default} here; give a picture with --image FILE.")
    return wishes.image or default


def samples(inputs: Array, targets: Array, *, dtype: torch.dtype = torch.float32) -> Samples:
    """Return samples of (N,) or (N, d) inputs and (N,) or (N, C) targets."""
    tables = (torch.from_numpy(np.asarray(each, np.float64)).to(dtype) for each in (inputs, targets))
    points, values = (table if table.ndim == 2 else table[:, None] for table in tables)
    return Samples(inputs=points.contiguous(), targets=values.contiguous())


def errors(run: Run) -> tuple[Cell, ...]:
    """Return the columns of `ERRORS` of a run as it ended."""
    if not run.grades:
        return (f"{run.method}: diverged", run.seed, None, None, None, None, None)
    last = run.grades[-1]
    return (run.method, run.seed, last.step, round(last.seconds, 1), *_rse(last))


def by_grade(run: Run) -> list[tuple[Cell, ...]]:
    """Return a row for each grade: method, seed, grade, updates so far, the one after which it was kept, and so on."""
    return [(run.method, run.seed, at.grade, at.step, at.kept, round(at.seconds, 1), *_rse(at)) for at in run.grades]


def _rse(at: Moment) -> tuple[Cell, Cell, Cell]:
    return (at.train.rse, at.validation.rse if at.validation else None, at.test.rse if at.test else None)


def tables(name: str, title: str, paper: Sequence[Row], runs: Sequence[Run]) -> list[Table]:
    """Return the errors of the paper and of our runs, and those of our runs after each grade.

    Args:
        name: first part of the tables' names.
        title: what was learned.
        paper: rows of the paper.
        runs: ours.
    """
    chosen = any(at.kept is not None for run in runs for at in run.grades)
    found = [
        Table(
            name=name,
            title=title,
            columns=ERRORS,
            rows=(*(row.cells() for row in paper), *(errors(run) for run in runs)),
            note=f"TrRSE, VaRSE, TeRSE: {RSE}, of the samples to train, validate and test on. Updates and seconds are "
            f"of all grades {'that were kept' if chosen else 'together'}.{updates(runs)} {ratios(runs)}".rstrip(),
        )
    ]
    grades = tuple(row for run in runs if len(run.grades) > 1 or chosen for row in by_grade(run))
    if grades:
        columns: tuple[str, ...] = ("method", "seed", "grade", "updates", "kept after", *ERRORS[3:])
        if not chosen:
            columns, grades = (*columns[:4], *columns[5:]), tuple((*row[:4], *row[5:]) for row in grades)
        found.append(
            Table(name=f"{name}-grades", title=f"{title}: the sum of the grades so far", columns=columns, rows=grades)
        )
    return found


def selected(runs: Sequence[Run]) -> tuple[list[Run], list[Table]]:
    """Return of every case, method and seed the run with the lowest validation error, and a table of all of them.

    Runs to choose from differ in what follows a comma in the method's name, see `methods.trainings`; there is no table
    if there was nothing to choose.
    """

    def held(run: Run) -> float:
        last = run.grades[-1].validation if run.grades else None
        return math.inf if last is None else last.rse

    groups: dict[tuple[str, str, int], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.case, run.method.partition(", ")[0], run.seed), []).append(run)
    if len(groups) == len(runs):
        return list(runs), []
    best = {key: min(group, key=held) for key, group in groups.items()}
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (*key, run.method.partition(", ")[2], held(run), "lowest" if run is best[key] else "")
        for key, group in groups.items()
        if len(group) > 1
        for run in group
    )
    table = Table(
        name="grid",
        title="The authors' grid: validation error of every rate and batch",
        columns=("case", "method", "seed", "rates and batch", "VaRSE", ""),
        rows=rows,
        note=f"VaRSE: {RSE}, of the validation samples. The tables above show the runs with the lowest.",
    )
    return [dataclasses.replace(run, method=key[1]) for key, run in best.items()], [table]


def ratios(runs: Sequence[Run]) -> str:
    """Return a sentence on the ratio of test errors of one grade over several, geometric means over the seeds."""

    def typical(method: str) -> float | None:
        last = [run.grades[-1] for run in runs if run.method == method and run.grades]
        found = [at.test.rse for at in last if at.test]
        return float(np.exp(np.mean(np.log(found)))) if found else None

    sentences = []
    for several in dict.fromkeys(run.method for run in runs if run.method.startswith("mgdl")):
        ours, single = typical(several), typical(several.replace("mgdl", "sgdl"))
        if ours and single:
            sentences.append(f"TeRSE of {several.replace('mgdl', 'sgdl')} over {several}: {single / ours:.3g}.")
    return " ".join(sentences)
