"""What is told during a fit, and what comes of it."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from inr.networks.model import Model
from inr.settings.config import FitConfig


class Leftover(Protocol):
    """Computes the colours minus the picture so far."""

    def __call__(self, rows: Tensor | None = None) -> Tensor:
        """Return (N, C) float32 of all training pixels in reading order, or of the (M,) ascending places given."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """Where training stands after one update.

    Attributes:
        step: updates done in this grade.
        loss: half the mean squared error of the batch, in units of the colours.
        psnr_db: estimate for the training pixels from the recent losses, unclipped.
    """

    step: int
    loss: float
    psnr_db: float


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a progress callback is told after every step.

    Attributes:
        grade: number of the grade in training, from 1.
        grades: grades in all.
        steps: updates this grade will do at most.
        at: step, loss and estimated PSNR.
        done: updates over all grades so far.
        total: updates over all grades at most.
        seconds: since the fit began.
        leftover: computes, when called inside the callback, the (N, C) colours minus the picture so far, the grade in
            training included, on the training pixels in reading order. Costs a pass through that grade, and nothing
            if it is not called.
    """

    grade: int
    grades: int
    steps: int
    at: Step
    done: int
    total: int
    seconds: float
    leftover: Leftover


@dataclass(frozen=True, kw_only=True)
class GradeLog:
    """How one grade's training went.

    Attributes:
        steps: updates done.
        seconds: wall time, features for the next grade included.
        learning_rate: used at its highest; lower than configured after a retry.
    """

    steps: int
    seconds: float
    learning_rate: float


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """A fitted model and how it came about.

    Attributes:
        model: float32 weights on the processor.
        config: as given, with the bandwidth that was chosen.
        grades: a log per grade trained.
        device: that trained it.
        precision: of the products: `float32` or `bf16`.
        seconds: of the whole fit.
        stopped: why training ended before the configured end, or None.
        held: share of the training pixels whose features fitted in memory at a time.
    """

    model: Model
    config: FitConfig
    grades: tuple[GradeLog, ...]
    device: str
    precision: str
    seconds: float
    stopped: str | None
    held: float = 1.0
