"""What is told during a fit, and what comes of it."""

from dataclasses import dataclass

from inr.networks.model import Model
from inr.settings.config import FitConfig
from inr.training.engine import Step
from inr.training.pool import Leftover


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
