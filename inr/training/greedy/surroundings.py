"""Copies of a picture -> networks of a pixel's surroundings, grade after grade, as long as held-out pixels gain."""

import math
from collections.abc import Callable, Sequence

import torch

from inr.networks.chain import empty_grade, prefixes
from inr.networks.grade import Grade
from inr.settings.shape import FeedName, GradeShape
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.engine import TrainedGrade, train_grade
from inr.training.greedy.windows import Copy, View, Windows
from inr.training.loop import Length, retry
from inr.training.seeds import generator, seed_of

_Told = Callable[..., None]
_FEED: FeedName = "both"
_AT_ONCE = 16_384
"""Pixels drawn at once."""


@torch.no_grad()
def draw(grades: Sequence[Grade], copy: Copy, side: int) -> torch.Tensor:
    """Return (n, C): grade 0 and what the grades add to it, at the places of a copy.

    Args:
        grades: as `fit_surroundings` returns them; none leaves grade 0.
        copy: to look at; its answers are not read.
        side: of a window, as in training.
    """
    view, drawn = View(copy, side), copy.mended.flatten(0, 1)[copy.places]
    for start in range(0, len(copy.places), _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        seen, deviation = view.windows(copy.places[part])
        for total in list(prefixes(grades, seen, feed=_FEED))[-1:]:
            drawn[part] += total * deviation
    return drawn


def fit_surroundings(
    copies: Sequence[Copy],
    shapes: Sequence[GradeShape],
    training: GreedyTraining,
    side: int,
    *,
    seed: int,
    seconds: float | None = None,
    progress: Callable[[float], None] | None = None,
) -> list[Grade]:
    """Train each grade on what grade 0 and those before it left over, stopped by the error of held-out pixels.

    A grade that does not lower that error is dropped and is the last; so there may be none, and grade 0 is best.

    Args:
        copies: of one picture, with answers; where they lie, the grades are trained.
        shapes: of the grades, the most there will be.
        training: of each grade.
        side: of a window, in pixels, odd.
        seed: start of all randomness.
        seconds: stop after this time.
        progress: told which part is done.

    Raises:
        TrainingError: a loss did not stay finite, even at a quarter of the learning rate.
    """
    pool = Windows(copies, side, feed=_FEED, seed=seed_of(seed, -1))
    whole = Length(steps=sum(training.steps), seconds=seconds)
    inputs, grades = side * side * (copies[0].mended.shape[2] + copies[0].beside.shape[2]), list[Grade]()
    for number, steps in enumerate(training.steps):
        length = whole.rest(steps, sum(training.steps[number:]))
        if length.seconds == 0.0 and grades:
            break

        before = sum(training.steps[:number])

        def on_step(_done: int, fraction: float, *_: object, before: int = before, steps: int = steps) -> None:
            if progress is not None:
                progress((before + steps * fraction) / whole.steps)

        def attempt(
            rate: float, rest: Length, number: int = number, told: _Told = on_step
        ) -> tuple[Grade, TrainedGrade]:
            grade = empty_grade(
                shapes, number, encoding=inputs, channels=pool.residual.shape[1], width=1, height=1, feed=_FEED
            )
            grade.start(training.init, generator(seed, number + 1), first=False, raw=False)
            grade.to(pool.residual.device)
            return grade, train_grade(
                grade, pool, training, rate, rest, dtype=torch.float32, target_psnr=None, on_step=told
            )

        (grade, trained), _ = retry(
            attempt, training.rate(number + 1), length, what=f"grade {number + 1}", hint="give another --seed"
        )
        if trained.validation_error is not None and trained.validation_error >= _without(pool):
            break
        pool.freeze(grade.requires_grad_(False))
        grades.append(grade)
    return grades


def _without(pool: Windows) -> float:
    """Return the mean square of what the grades so far leave over on held-out pixels."""
    batch = pool.validation()
    if batch is None or batch[2] is None:
        return math.inf
    return float((batch[1] * batch[2]).square().mean())
