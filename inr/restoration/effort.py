"""How much training networks of a pixel's surroundings get."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inr.networks.grade import Grade
from inr.settings.options import PresetName
from inr.settings.shape import GradeShape
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.surroundings import fit_surroundings
from inr.training.greedy.windows import Copy

STEPS: dict[PresetName, int] = {"fast": 150, "balanced": 400, "best": 1500}
"""Updates of each grade at most; held-out pixels stop it earlier."""
_GRADES = 2
_SHAPE = GradeShape(depth=2, width=96, activation="gelu")


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How long networks are trained.

    Attributes:
        steps: updates of each grade at most.
        seconds: of all grades at most, or None.
        seed: start of all randomness.
    """

    steps: int
    seconds: float | None = None
    seed: int = 0

    def fit(self, copies: Sequence[Copy], side: int, tell: Callable[[float], None]) -> list[Grade]:
        """Return the grades that lower the error of held-out pixels, maybe none; see `fit_surroundings`."""
        training = GreedyTraining(
            steps=(self.steps,) * _GRADES,
            learning_rate=2e-3,
            optimizer="adam",
            batch_size=1024,
            rescale_residual=False,
            precision="float32",
            rounding_db=0.0,
        )
        return fit_surroundings(
            copies, (_SHAPE,) * _GRADES, training, side, seed=self.seed, seconds=self.seconds, progress=tell
        )
