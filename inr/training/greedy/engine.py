"""A grade and what it trains on -> the trained grade."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch

from inr.device import autocast
from inr.networks.grade import Grade
from inr.settings.config import GreedyTraining
from inr.training.greedy.batches import CHUNK, weighed
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.greedy.state import Table, restore_step, step_table
from inr.training.greedy.stopping import Best
from inr.training.loop import DivergedError, Length, cosine, train
from inr.training.optimizers import make_finish, make_optimizers
from inr.training.result import Leftover

_CONFIRM_EVERY = 10
"""Steps between looks at all training pixels once the batches say that the target PSNR may be reached."""
_SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda _: 1.0,
    "cosine": cosine,
}


@dataclass(frozen=True, kw_only=True)
class TrainedGrade:
    """How the training of a grade went: updates done, after how many it was kept, and the held-out error then."""

    steps: int
    kept_step: int | None
    validation_error: float | None


def train_grade(
    grade: Grade,
    pool: Pool | Pairs,
    training: GreedyTraining,
    rate: float,
    length: Length,
    *,
    dtype: torch.dtype,
    target_psnr: float | None,
    on_step: Callable[[int, float, float, float, Callable[[Pool | Pairs], Leftover]], None],
    kept: Table | None = None,
    keep: Callable[[Callable[[], Table]], None] | None = None,
) -> TrainedGrade:
    """Fit a grade to the pool's residual and return how that went.

    Minimises 1/2 mean (e^l - g_l(x^l))^2 over pixels and channels (Fang & Xu 2024, section 2, in the
    scaling of their image code). With `rescale_residual` the grade fits e^l / RMS(e^l), with symmetric targets
    grade 1 fits 2 e^1 - 1; both are folded into its head at the end.

    Args:
        grade: changed in place.
        pool: supplies batches; not changed but for its place in the order of visits.
        training: how it is trained.
        rate: learning rate at its highest.
        length: of this grade's training; the learning rate follows the fraction that is spent.
        dtype: of the products.
        target_psnr: end when the training pixels reach this PSNR in dB, or None.
        on_step: told after every update the steps done, the fraction spent, the loss, the estimated PSNR, and what
            returns, of a pool at this grade, what computes its leftover there and then.
        kept: what an interrupted training of this grade left, to go on from; see `inr.training.greedy.state`.
        keep: told after every update but those of the finish what makes such a table.

    Raises:
        DivergedError: a loss was not finite.
    """
    watched = pool.validation()
    best = None if watched is None else Best(grade, watched)
    scale, shift = _target(pool, training)
    whole = dataclasses.replace(training, batch_size=None)
    recent = 0.0

    def left_of(pool: Pool | Pairs) -> Leftover:
        return partial(pool.leftover, grade=grade, scale=scale, shift=shift)

    def update(_done: int, _fraction: float, _factor: float) -> float:
        return _backward(grade, pool, training, scale, shift, dtype) * scale**2

    def update_whole(_done: int, _fraction: float, _factor: float) -> float:
        return _backward(grade, pool, whole, scale, shift, dtype)  # the loss whose gradient it is: a search needs both

    def report(done: int, fraction: float, loss: float) -> bool:
        nonlocal recent
        weight = 1.0 if training.batch_size is None else max(0.1, 1.0 / done)  # a full batch's loss is exact
        recent = weight * loss + (1.0 - weight) * recent
        psnr = -10.0 * math.log10(max(2.0 * recent, 1e-20))
        on_step(done, fraction, loss, psnr, left_of)
        if best is not None and best.over(done, fraction, scale, shift):
            return True
        if target_psnr is None or psnr < target_psnr or done % _CONFIRM_EVERY:
            return False
        return _reached(grade, pool, scale, shift, target_psnr)

    def report_first(done: int, fraction: float, loss: float) -> bool:
        ended = report(done, fraction * length.steps / (length.steps + training.finish), loss)
        if keep is not None:
            assert isinstance(pool, Pool), "only what is held whole is kept"
            keep(lambda: step_table(grade, optimizers, pool, done, recent, rate))
        return ended

    def report_finish(further: int, _: float, loss: float) -> bool:
        return report(done + further, (done + further) / (done + training.finish), loss * scale**2)

    optimizers = make_optimizers(grade, training.optimizer, rate, dtype)
    begun = 0
    if kept and isinstance(pool, Pool):
        begun, recent = restore_step(kept, grade, optimizers, pool)
    done = train(update, optimizers, length, schedule=_schedule(training), on_step=report_first, start=begun)
    if training.finish:
        rest = Length(steps=training.finish)
        done += train(update_whole, [make_finish(grade)], rest, schedule=lambda _: 1.0, on_step=report_finish)
    if not all(bool(parameter.isfinite().all()) for parameter in grade.parameters()):
        raise DivergedError  # the last update's loss was never computed
    if best is not None:
        best.restore()
    grade.rescale(scale, shift)
    return TrainedGrade(
        steps=done,
        kept_step=None if best is None else best.step,
        validation_error=None if best is None else best.error,
    )


def _schedule(training: GreedyTraining) -> Callable[[float], float]:
    """Return what turns the fraction spent into the factor on the learning rate."""
    if training.schedule != "exponential":
        return _SCHEDULES[training.schedule]
    if training.epochs is None:
        return lambda fraction: float(training.decay**fraction)
    last = max(training.epochs - 1, 1)  # t_k = t_max exp(-gamma k) reaches t_min in the last of the passes k = 0 .. K
    passes = training.epochs
    return lambda fraction: float(training.decay ** (min(math.floor(fraction * passes + 1e-9), last) / last))


def _target(pool: Pool | Pairs, training: GreedyTraining) -> tuple[float, float]:
    """Return scale and shift: what the grade fits is (residual - shift) / scale."""
    if training.targets == "symmetric" and pool.first:
        return 0.5, 0.5
    return _rms(pool.residual) if training.rescale_residual else 1.0, 0.0


def _backward(
    grade: Grade, pool: Pool | Pairs, training: GreedyTraining, scale: float, shift: float, dtype: torch.dtype
) -> float:
    """Add the gradient of the next batch's loss to the grade's and return the loss; large batches go in chunks."""
    if training.batch_size is None:
        pieces, count = pool.portions(), pool.count
    else:
        batch = pool.batch(training.batch_size, short=training.epochs is not None)
        pieces, count = iter([batch]), len(batch[0])
    total = 0.0
    for inputs, residual, shown in pieces:
        for start in range(0, len(inputs), CHUNK):
            part = slice(start, start + CHUNK)
            with autocast(dtype, inputs.device):
                prediction = grade(inputs[part])
            weight = len(prediction) / count
            error = prediction.to(residual.dtype) - (residual[part] - shift) / scale
            loss = 0.5 * weight * weighed(error, None if shown is None else shown[part]).square().mean()
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
    return total


@torch.no_grad()
def _reached(grade: Grade, pool: Pool | Pairs, scale: float, shift: float, target_psnr: float) -> bool:
    """Whether the training pixels as they would be after this grade have the PSNR that was asked for."""
    squares = sum(
        float(weighed(residual - shift - scale * grade(inputs), shown).square().sum())
        for inputs, residual, shown in pool.chunks()
    )
    allowed = pool.count * pool.residual.shape[1] * 10.0 ** (-target_psnr / 10.0)
    return bool(squares <= allowed)


def _rms(residual: torch.Tensor) -> float:
    return max(float(residual.square().mean().sqrt()), 1e-8 if residual.dtype == torch.float32 else 1e-18)
