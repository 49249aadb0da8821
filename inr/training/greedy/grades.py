"""What to train on -> grades: one after another, each on what the ones before left over."""

import dataclasses
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from inr.errors import TrainingError
from inr.networks.grade import Grade
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.engine import OnStep, TrainedGrade, train_grade
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.greedy.start import new_grade
from inr.training.greedy.state import (
    Keeper,
    Table,
    frozen_table,
    kept_rate,
    restored,
    seconds_before,
    times_table,
)
from inr.training.greedy.windows import Windows
from inr.training.loop import Length, retry
from inr.training.result import GradeLog, Leftover, Progress


@dataclass(frozen=True, kw_only=True)
class Trained:
    """Grades and how their training went.

    Attributes:
        grades: frozen, in order.
        logs: one for each.
        stopped: why training ended before the configured end, or None.
    """

    grades: tuple[Grade, ...]
    logs: tuple[GradeLog, ...]
    stopped: str | None


def train_grades(
    pool: Pool | Pairs,
    config: FitConfig,
    training: GreedyTraining,
    *,
    length: Length,
    dtype: torch.dtype,
    watched: Sequence[Pool] = (),
    progress: Callable[[Progress], None] | None = None,
    kept: Table | None = None,
    keeper: Keeper | None = None,
) -> Trained:
    """Train each grade on what the ones before left over, then freeze it (Fang & Xu 2024, section 2).

    Args:
        pool: what is trained on, at grade 1.
        config: of the fit.
        training: its training.
        length: of the whole training.
        dtype: of the products.
        watched: other samples that every grade is put behind too, without being trained on them. With
            `config.grades_auto` the first of them decide whether another grade is kept.
        progress: called after every step.
        kept: what an interrupted training left, to go on from.
        keeper: keeps what this one would leave; the pools are held whole then.

    Raises:
        TrainingError: a loss did not stay finite, even at a quarter of the learning rate.
    """
    kept = kept or {}
    grades: list[Grade] = []
    logs: list[GradeLog] = []
    stopped, best = None, math.inf
    for number, steps in enumerate(training.updates, start=1):
        own, began = length.rest(steps, sum(training.updates[number - 1 :])), time.perf_counter()
        own = dataclasses.replace(own, steps=training.steps[number - 1])
        if own.seconds == 0.0 and grades:
            break
        before = pool.error
        report = _reporter(training, number, length, (pool, *watched), progress)
        found = restored(kept, number, partial(_new, pool, config, training, number))
        if found is not None:
            grade, log = found
            held = None if log.validation_db is None else 10.0 ** (-log.validation_db / 10.0)
            trained = TrainedGrade(steps=log.steps, kept_step=log.kept_step, validation_error=held)
            rate, earlier = log.learning_rate, log.seconds
        else:
            earlier = seconds_before(kept)
            keep = None if keeper is None else _keeping(keeper, grades, logs, length, began - earlier)
            grade, trained, rate = _train(pool, config, training, number, own, dtype, report, kept, keep)
        done, held = trained.steps, trained.validation_error
        if held is not None and held >= best and number > 1:
            stopped = f"grade {number} did not lower the validation error, and was dropped"
            break
        grade.requires_grad_(False)
        grades.append(grade)
        for each in (pool, *watched):
            each.freeze(grade, last=number == len(config.grades))
        after, best_before = pool.error, best
        held = watched[0].error if config.grades_auto else held
        best = math.inf if held is None else held
        if number == 1 and held is not None and not math.isfinite(held):
            raise TrainingError("the validation error of grade 1 is not finite; give a lower --learning-rate.")
        logs.append(_log(number, trained, earlier + time.perf_counter() - began, rate, after))
        if config.seconds is not None and done < steps and len(grades) > 1 and after > before:
            grades.pop()  # cut off before it was of use
            logs.pop()
            break
        if config.grades_auto and not best < best_before:
            grades.pop()
            logs.pop()
            stopped = f"grade {number} did not lower the validation error, and was dropped"
            break
        if config.target_psnr is not None and logs[-1].psnr_db >= config.target_psnr:
            stopped = f"target of {config.target_psnr:g} dB reached on the training pixels in grade {number}"
            break
    if stopped is None and tuple(log.steps for log in logs) != training.updates and _out_of_time(config, length):
        stopped = f"time limit of {config.seconds:g} s"
    return Trained(grades=tuple(grades), logs=tuple(logs), stopped=stopped)


_Keep = Callable[[Callable[[], Table]], None]
"""Told after every update what makes a table of the grade in training."""


def _keeping(keeper: Keeper, grades: list[Grade], logs: list[GradeLog], length: Length, began: float) -> _Keep:
    """Return what keeps the grades so far with a table of the one in training, which began then."""

    def keep(table: Callable[[], Table]) -> None:
        if keeper.due():
            times = times_table(length.elapsed, time.perf_counter() - began)
            keeper.save(frozen_table(grades, logs) | table() | times)

    return keep


def _out_of_time(config: FitConfig, length: Length) -> bool:
    return config.seconds is not None and length.fraction(0) == 1.0


def _new(pool: Pool | Pairs, config: FitConfig, training: GreedyTraining, number: int) -> Grade:
    return new_grade(pool, config, training, number).to(pool.residual)


def _train(
    pool: Pool | Pairs,
    config: FitConfig,
    training: GreedyTraining,
    number: int,
    length: Length,
    dtype: torch.dtype,
    report: OnStep,
    kept: Table,
    keep: _Keep | None,
) -> tuple[Grade, TrainedGrade, float]:
    """Train a grade, once more at a lower rate if need be, and return it, how it went and its learning rate."""

    def attempt(rate: float, rest: Length) -> tuple[Grade, TrainedGrade]:
        grade = _new(pool, config, training, number)
        interrupted = dict(kept)
        kept.clear()  # a second attempt begins anew
        trained = train_grade(
            grade, pool, training, rate, rest, dtype=dtype, target_psnr=config.target_psnr, on_step=report,
            kept=interrupted, keep=keep,
        )  # fmt: skip
        return grade, trained

    rate = kept_rate(kept) or training.rate(number)
    (grade, trained), rate = retry(attempt, rate, length, what=f"grade {number}", hint="give a lower --learning-rate")
    return grade, trained, rate


def _log(number: int, trained: TrainedGrade, seconds: float, rate: float | None, error: float) -> GradeLog:
    """Return the log of a grade that leaves this mean squared error, if that is finite."""
    if not math.isfinite(error):
        raise TrainingError(f"grade {number}: the picture is no longer finite; give a lower --learning-rate.")
    held_out = trained.validation_error
    return GradeLog(
        steps=trained.steps,
        seconds=seconds,
        learning_rate=rate,
        psnr_db=-10.0 * math.log10(max(error, 1e-20)),
        kept_step=trained.kept_step,
        validation_db=None if held_out is None else -10.0 * math.log10(max(held_out, 1e-20)),
    )


def _reporter(
    training: GreedyTraining,
    number: int,
    whole: Length,
    pools: Sequence[Pool | Pairs],
    progress: Callable[[Progress], None] | None,
) -> OnStep:
    """Return what turns the report of a grade's step into the progress of the whole fit."""
    before, own = sum(training.updates[: number - 1]), training.updates[number - 1]

    def report(
        done: int, fraction: float, loss: float, psnr: float, left_of: Callable[[Pool | Pairs | Windows], Leftover]
    ) -> None:
        if progress is not None:
            progress(
                Progress(
                    grade=number,
                    grades=len(training.steps),
                    step=done,
                    done=before + done,
                    fraction=(before + own * fraction) / whole.steps,
                    grade_fraction=fraction,
                    seconds=whole.elapsed,
                    loss=loss,
                    psnr_db=psnr,
                    leftover=left_of(pools[0]),
                    watched=tuple(left_of(pool) for pool in pools[1:]),
                )
            )

    return report
