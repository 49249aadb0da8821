"""What is told during a fit, and what comes of it."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from inr.codec.model_file import Encoded
from inr.networks.model import Model
from inr.settings.config import FitConfig


class Leftover(Protocol):
    """Computes the colours minus the picture so far."""

    def __call__(self, places: Tensor | None = None) -> Tensor:
        """Return (N, C) float32 of all training pixels in reading order, or of the (M,) ascending places given."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """What a progress callback is told after every step.

    Attributes:
        grade: number of the grade in training, from 1; the last, where all are trained jointly.
        grades: grades in all.
        step: updates done in this grade.
        done: updates done in all.
        fraction: of the whole training that is spent, from 0 to 1, in steps or in seconds, whichever is more.
        grade_fraction: the same of this grade's own training.
        seconds: since the fit began.
        loss: half the mean squared error of the step's pixels, in units of the colours.
        psnr_db: estimate for the training pixels from the recent losses, unclipped.
        leftover: computes, when called inside the callback, the (N, C) colours minus the picture so far, the grade in
            training included, on the training pixels in reading order. Costs a pass through that grade, and nothing
            if it is not called.
        watched: the same of samples that are only watched, one for each set of them.
    """

    grade: int
    grades: int
    step: int
    done: int
    fraction: float
    grade_fraction: float
    seconds: float
    loss: float
    psnr_db: float
    leftover: Leftover
    watched: tuple[Leftover, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GradeLog:
    """How the training of one grade, or of all together, went.

    Attributes:
        steps: updates done; 0 where the grade was solved in closed form.
        seconds: wall time, features for the next grade included.
        learning_rate: used at its highest, lower than configured after a retry; None without updates.
        psnr_db: of the picture as this training ended, training pixels, unclipped.
        kept_step: updates after which it was kept, where pixels were held out to stop it; else None.
        validation_db: PSNR of those pixels then.
    """

    steps: int
    seconds: float
    learning_rate: float | None
    psnr_db: float
    kept_step: int | None = None
    validation_db: float | None = None


@dataclass(frozen=True, kw_only=True)
class FitResult:
    """A fitted model and how it came about.

    Attributes:
        model: float32 weights on the processor.
        config: as given, with the bandwidth that was chosen.
        grades: a log for each grade, of its own training on what the ones before left over.
        refinement: a log of the training of all grades together that followed, or None.
        device: that trained it.
        precision: of the products: `float32` or `bf16`.
        seconds: of the whole fit.
        stopped: why training ended before the configured end, or None.
        held: part of the training pixels whose features fitted in memory at a time.
        encoded: the model's file without its record, where joint training has made it already.
    """

    model: Model
    config: FitConfig
    grades: tuple[GradeLog, ...]
    device: str
    precision: str
    seconds: float
    stopped: str | None
    refinement: GradeLog | None = None
    held: float = 1.0
    encoded: Encoded | None = None

    @property
    def steps(self) -> int:
        """Updates in all."""
        return sum(log.steps for log in self.grades) + (self.refinement.steps if self.refinement else 0)
