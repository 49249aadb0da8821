"""A grade and what it trains on -> the trained grade."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

from inr.networks.grade import Grade
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.objective import Objective, make_objective
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.greedy.state import Table, kept_ended, kept_finish, restore_step, step_table
from inr.training.greedy.stopping import Best
from inr.training.greedy.windows import Windows
from inr.training.loop import DivergedError, Length, cosine, train
from inr.training.optimizers import make_finish, make_optimizers
from inr.training.result import Leftover

_CONFIRM_EVERY = 10
"""Steps between looks at all training pixels once the batches say that the target PSNR may be reached."""
_SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": cosine,
}

OnStep = Callable[[int, float, float, float, Callable[[Pool | Pairs | Windows], Leftover]], None]
"""Told after every update the steps done, the fraction spent, the loss, the estimated PSNR, and what returns, of a
pool at this grade, what computes its leftover there and then."""


@dataclass(frozen=True, kw_only=True)
class TrainedGrade:
    """How the training of a grade went: updates done, after how many it was kept, and the held-out error then."""

    steps: int
    kept_step: int | None
    validation_error: float | None


def train_grade(
    grade: Grade,
    pool: Pool | Pairs | Windows,
    training: GreedyTraining,
    rate: float,
    length: Length,
    *,
    dtype: torch.dtype,
    target_psnr: float | None,
    on_step: OnStep,
    kept: Table | None = None,
    keep: Callable[[Callable[[], Table]], None] | None = None,
) -> TrainedGrade:
    """Fit a grade to the pool's residual and return how that went.

    Minimises 1/2 mean (e^l - g_l(x^l))^2, see `Objective`. With `rescale_residual` the grade fits e^l / scale, with
    symmetric targets grade 1 fits 2 e^1 - 1; both are folded into its head at the end.

    Args:
        grade: changed in place.
        pool: supplies batches; not changed but for its place in the order of visits.
        training: how it is trained.
        rate: learning rate at its highest.
        length: of this grade's training; the learning rate follows the fraction that is spent.
        dtype: of the products.
        target_psnr: end when the training pixels reach this PSNR in dB, or None.
        on_step: told after every update, see `OnStep`.
        kept: what an interrupted training of this grade left, to go on from; see `inr.training.greedy.state`.
        keep: told after every update what makes such a table.

    Raises:
        DivergedError: a loss was not finite.
    """
    objective = make_objective(grade, pool, training, dtype)
    watch = _Watch(objective, training, target_psnr, on_step)
    optimizers = make_optimizers(grade, training.optimizer, rate, dtype)
    finishing, finished, begun = [make_finish(grade)], kept_finish(kept or {}), 0
    ended = kept_ended(kept or {})
    if kept and isinstance(pool, Pool):
        own = finishing if finished else optimizers
        begun, watch.recent = restore_step(kept, grade, own, pool, watch.best)

    def update(_done: int, _fraction: float, _factor: float) -> float:
        return objective.backward(training.batch_size, short=training.epochs is not None) * objective.scale**2

    def update_whole(_done: int, _fraction: float, _factor: float) -> float:
        return objective.backward(None)  # the loss whose gradient it is: a search needs both

    def over(done: int, further: int, fraction: float, loss: float) -> bool:
        nonlocal ended
        ended = watch.over(done + further, fraction, loss)
        if keep is not None:
            assert isinstance(pool, Pool), "only what is held whole is kept"
            own = finishing if further else optimizers
            keep(
                lambda: step_table(
                    grade, own, pool, done, watch.recent, rate, best=watch.best, finish=further, ended=ended
                )
            )
        return ended

    def report(done: int, fraction: float, loss: float) -> bool:
        return over(done, 0, fraction * length.steps / (length.steps + training.finish), loss)

    def report_finish(further: int, _: float, loss: float) -> bool:
        return over(done, further, (done + further) / (done + training.finish), loss * objective.scale**2)

    done, further = begun, finished
    if not finished and not ended:
        done = train(update, optimizers, length, schedule=_schedule(training), on_step=report, start=begun)
    if training.finish and not ended:
        rest = Length(steps=training.finish)
        further = train(update_whole, finishing, rest, schedule=lambda _: 1.0, on_step=report_finish, start=finished)
    if not all(bool(parameter.isfinite().all()) for parameter in grade.parameters()):
        raise DivergedError  # the last update's loss was never computed
    best = watch.best
    if best is not None:
        best.restore()
    grade.rescale(objective.scale, objective.shift)
    return TrainedGrade(
        steps=done + further,
        kept_step=None if best is None else best.step,
        validation_error=None if best is None else best.error,
    )


class _Watch:
    """Tells of every update, and says when the training may end.

    Attributes:
        best: the grade as it was best on held-out pixels; None where none are held out.
        recent: mean of the recent losses.
    """

    def __init__(
        self, objective: Objective, training: GreedyTraining, target_psnr: float | None, on_step: OnStep
    ) -> None:
        held_out = objective.pool.validation()
        self.best = None if held_out is None else Best(objective.grade, held_out)
        self.recent = 0.0
        self._objective, self._target_psnr, self._on_step = objective, target_psnr, on_step
        self._exact = training.batch_size is None

    def over(self, done: int, fraction: float, loss: float) -> bool:
        """Return whether the training may end after so many updates, this fraction of it, and this loss."""
        weight = 1.0 if self._exact else max(0.1, 1.0 / done)  # a full batch's loss is exact
        self.recent = weight * loss + (1.0 - weight) * self.recent
        psnr = -10.0 * math.log10(max(2.0 * self.recent, 1e-20))
        self._on_step(done, fraction, loss, psnr, self._objective.left_of)
        if self.best is not None and self.best.over(done, fraction, self._objective.scale, self._objective.shift):
            return True
        if self._target_psnr is None or psnr < self._target_psnr or done % _CONFIRM_EVERY:
            return False
        return self._objective.reached(self._target_psnr)


def _schedule(training: GreedyTraining) -> Callable[[float], float]:
    """Return what turns the fraction spent into the factor on the learning rate."""
    if training.schedule != "exponential":
        return _SCHEDULES[training.schedule]
    if training.epochs is None:
        return lambda fraction: float(training.decay**fraction)
    last = max(training.epochs - 1, 1)  # t_k = t_max exp(-gamma k) reaches t_min in the last of the passes k = 0 .. K
    passes = training.epochs
    return lambda fraction: float(training.decay ** (min(math.floor(fraction * passes + 1e-9), last) / last))
