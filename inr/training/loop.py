"""A length, an update and optimisers -> updates until the length is spent: the one inner loop of the program.

fraction spent -> learning rates -> gradients (the caller's) -> finite? -> optimisers -> progress -> fraction spent
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import torch

from inr.errors import TrainingError

T = TypeVar("T")

_RETRY_RATE = 0.25
_LOWEST_RATE = 1e-9


class DivergedError(ArithmeticError):
    """The loss is no longer a finite number."""


@dataclass(frozen=True, kw_only=True)
class Length:
    """How long a training lasts: so many steps, or so many seconds if these end first. One step is done in any case.

    Attributes:
        steps: updates at most.
        seconds: wall time at most, or None.
        began: when the seconds began, on `time.perf_counter`'s clock; now by default.
    """

    steps: int
    seconds: float | None = None
    began: float = field(default_factory=time.perf_counter)

    @property
    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self.began

    def fraction(self, done: int) -> float:
        """Return how much of it is spent after so many steps, from 0 to 1, by steps or by time, whichever is more."""
        by_time = 0.0 if self.seconds is None else self.elapsed / max(self.seconds, 1e-9)
        return min(1.0, max(done / self.steps, by_time))

    def rest(self, steps: int, ahead: int) -> "Length":
        """Return the length, from now on, of `steps` of the `ahead` that are left, with their part of the time left."""
        left = None if self.seconds is None else max((self.seconds - self.elapsed) * steps / ahead, 0.0)
        return Length(steps=steps, seconds=left)


def train(
    update: Callable[[int, float, float], float],
    optimizers: Sequence[torch.optim.Optimizer],
    length: Length,
    *,
    schedule: Callable[[float], float],
    on_step: Callable[[int, float, float], bool],
    start: int = 0,
) -> int:
    """Update until the length is spent and return the steps done.

    Args:
        update: leaves the parameters their gradients and returns the loss. It is given the steps done before, the
            fraction spent, and the factor on all learning rates.
        optimizers: their groups' rates are the highest; each is multiplied by the schedule's factor. One that
            searches along a line, L-BFGS, may ask for the update's loss at other weights; it stands alone.
        length: in steps and seconds.
        schedule: fraction spent -> factor on the learning rates.
        on_step: told after every step how many are done, the fraction spent and the loss; true ends the training.
        start: steps that were done before an interruption.

    Raises:
        DivergedError: a loss was not finite.
    """
    peaks = [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]
    done, fraction = start, length.fraction(start)
    while fraction < 1.0 or not done:
        factor = schedule(fraction)
        for optimizer, rates in zip(optimizers, peaks, strict=True):
            for group, peak in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = peak * factor
            optimizer.zero_grad()
        loss = update(done, fraction, factor)
        if not math.isfinite(loss):
            raise DivergedError
        for optimizer in optimizers:
            if isinstance(optimizer, torch.optim.LBFGS):
                optimizer.step(_again(optimizer, partial(update, done, fraction, factor), loss))  # type: ignore[no-untyped-call]
            else:
                optimizer.step()
        done += 1
        fraction = length.fraction(done)
        if on_step(done, fraction, loss):
            break
    return done


def _again(optimizer: torch.optim.Optimizer, update: Callable[[], float], loss: float) -> Callable[[], float]:
    """Return what L-BFGS evaluates: at first the loss and the gradients that are there already."""
    known = [loss]

    def evaluate() -> float:
        if known:
            return known.pop()
        optimizer.zero_grad()
        return update()

    return evaluate


def retry(
    attempt: Callable[[float, Length], T], rate: float, length: Length, *, what: str, hint: str
) -> tuple[T, float]:
    """Return what an attempt gives, and its learning rate: a quarter of the rate if it diverges at the first.

    Args:
        attempt: trains anew at a learning rate, for a length.
        rate: to begin with.
        length: of both attempts together, in seconds; each may do all steps.
        what: is trained, for the message.
        hint: what a person may do, for the message.

    Raises:
        TrainingError: it diverged at both rates.
    """
    for lower in (rate, max(rate * _RETRY_RATE, _LOWEST_RATE)):
        try:
            return attempt(lower, length), lower
        except DivergedError:
            length = length.rest(length.steps, length.steps)
    raise TrainingError(
        f"{what}: the loss did not stay finite at learning rate {rate:g}, nor at {rate * _RETRY_RATE:g}; {hint}."
    )


def cosine(fraction: float) -> float:
    """Return a factor that falls from 1 to 0 in half a cosine."""
    return 0.5 * (1.0 + math.cos(math.pi * fraction))
