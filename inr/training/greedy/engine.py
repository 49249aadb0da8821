"""A grade and its pool -> a trained grade: the one inner loop of the program."""

import math
import time
from collections.abc import Callable
from functools import partial

import torch

from inr.device import autocast
from inr.networks.grade import Grade
from inr.settings.config import FitConfig, GradeConfig
from inr.training.greedy.pool import CHUNK, Pool
from inr.training.optimizers import make_optimizers
from inr.training.result import Leftover, Step

_CONFIRM_EVERY = 10
"""Steps between looks at all training pixels once the batches say that the target PSNR may be reached."""


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number."""


def train_grade(
    grade: Grade,
    pool: Pool,
    config: FitConfig,
    own: GradeConfig,
    *,
    dtype: torch.dtype,
    seconds: float | None,
    on_step: Callable[[Step, Leftover], None],
) -> int:
    """Fit a grade to the pool's residual and return the number of steps done.

    Minimises 1/2 mean (e^l - g_l(x^l))^2 over pixels and channels (Fang & Xu 2024, section 2, in the
    scaling of their image code). With `rescale_residual` the grade fits e^l / RMS(e^l), with symmetric targets
    grade 1 fits 2 e^1 - 1; both are folded into its head at the end.

    Args:
        grade: changed in place.
        pool: supplies batches; not changed but for its place in the order of visits.
        config: of the fit.
        own: of this grade.
        dtype: of the products.
        seconds: time for this grade, or None; the learning rate follows whichever of steps and time is further.
            One step is done in any case.
        on_step: called after every update; what it is handed beside the step computes, there and then, what the
            picture so far leaves over.

    Raises:
        DivergedError: a loss was not finite.
    """
    scale, shift = _target(pool, config)
    optimizers = make_optimizers(grade, config, own, dtype)
    peaks = [[group["lr"] for group in o.param_groups] for o in optimizers]
    recent, start, done = 0.0, time.perf_counter(), 0
    while done < own.steps:
        spent = 0.0 if seconds is None else (time.perf_counter() - start) / max(seconds, 1e-9)
        if spent >= 1.0 and done > 0:
            break
        factor = _schedule(config, min(1.0, max(done / own.steps, spent)))
        for optimizer, rates in zip(optimizers, peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = peak * factor
            optimizer.zero_grad()
        loss = _backward(grade, pool, config, scale, shift, dtype) * scale**2
        if not math.isfinite(loss):
            raise DivergedError
        for optimizer in optimizers:
            optimizer.step()
        done += 1
        weight = 1.0 if config.batch_size is None else max(0.1, 1.0 / done)  # a full batch's loss is exact
        recent = weight * loss + (1.0 - weight) * recent
        psnr = -10.0 * math.log10(max(2.0 * recent, 1e-20))
        on_step(Step(step=done, loss=loss, psnr_db=psnr), partial(pool.leftover, grade=grade, scale=scale, shift=shift))
        if (
            config.target_psnr is not None
            and psnr >= config.target_psnr
            and done % _CONFIRM_EVERY == 0
            and _reached(grade, pool, scale, shift, config.target_psnr)
        ):
            break
    if not all(bool(parameter.isfinite().all()) for parameter in grade.parameters()):
        raise DivergedError  # the last update's loss was never computed
    grade.rescale(scale, shift)
    return done


def _target(pool: Pool, config: FitConfig) -> tuple[float, float]:
    """Return scale and shift: what the grade fits is (residual - shift) / scale."""
    if config.targets == "symmetric" and pool.first:
        return 0.5, 0.5
    return _rms(pool.residual) if config.rescale_residual else 1.0, 0.0


def _backward(grade: Grade, pool: Pool, config: FitConfig, scale: float, shift: float, dtype: torch.dtype) -> float:
    """Add the gradient of the next batch's loss to the grade's and return the loss; large batches go in chunks.

    Planes are read, and their gradient is written, once for all the rows at hand: both touch every number.
    """
    count = config.batch(pool.count)
    pieces = pool.portions() if config.batch_size is None else (pool.batch(count),)
    total = 0.0
    for inputs, residual in pieces:
        read = grade.read(inputs)
        seen = None if read is None else read.detach().requires_grad_()
        for start in range(0, len(inputs), CHUNK):
            part = slice(start, start + CHUNK)
            with autocast(dtype, inputs.device):
                features = grade.body(inputs[part], None if seen is None else seen[part])
                prediction = grade.predict(features, inputs[part])
            weight = len(prediction) / count
            loss: torch.Tensor = 0.5 * weight * (prediction.float() - (residual[part] - shift) / scale).square().mean()
            loss.backward()  # type: ignore[no-untyped-call]
            total += float(loss.detach())
        if read is not None and seen is not None:
            torch.autograd.backward(read, seen.grad)
    return total


@torch.no_grad()
def _reached(grade: Grade, pool: Pool, scale: float, shift: float, target_psnr: float) -> bool:
    """Whether the training pixels as they would be after this grade have the PSNR that was asked for."""
    squares = sum(
        float((residual - shift - scale * grade(inputs)).square().sum()) for inputs, residual in pool.chunks()
    )
    allowed = pool.count * pool.residual.shape[1] * 10.0 ** (-target_psnr / 10.0)
    return bool(squares <= allowed)


def _schedule(config: FitConfig, fraction: float) -> float:
    match config.schedule:
        case "constant":
            return 1.0
        case "cosine":
            return 0.5 * (1.0 + math.cos(math.pi * fraction))
        case "exponential":
            return float(0.1**fraction)


def _rms(residual: torch.Tensor) -> float:
    return max(float(residual.square().mean().sqrt()), 1e-8)
