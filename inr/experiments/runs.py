"""What a training is to learn, and what is measured of it: errors and predictions, during it and after each grade."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.training.samples import Samples

Array = np.ndarray[Any, Any]
RECORD = 2
"""Of the records on disk: another number makes them be done again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Samples of one function.

    Attributes:
        train: to train on.
        validation: to choose by, or None.
        test: to judge by, or None.
        view: where predictions are kept for figures; the training samples by default.
        watch_test: measure the test samples at every look; without, after each grade only, where there are very many.
    """

    train: Samples
    validation: Samples | None = None
    test: Samples | None = None
    view: Samples | None = None
    watch_test: bool = True

    @property
    def seen(self) -> Samples:
        """Where predictions are kept."""
        return self.view or self.train


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """One training to do.

    Attributes:
        name: of the function, with its setting.
        method: what tables call the configuration.
        config: of the training.
        data: samples.
        looks: moments of the whole training at which errors are measured and predictions kept; they lie closer where
            a grade begins.
        at: instead, exactly after so many updates in all, ascending.
    """

    name: str
    method: str
    config: FitConfig
    data: Data
    looks: int = 48
    at: tuple[int, ...] = ()

    @property
    def title(self) -> str:
        """What it is, for a reader."""
        return f"{self.name}, {self.method}, seed {self.config.seed}"

    @property
    def training(self) -> GreedyTraining:
        """How it is trained."""
        assert isinstance(self.config.training, GreedyTraining), "experiments are trained grade by grade"
        return self.config.training

    @property
    def steps(self) -> int:
        """Updates in all, at most."""
        return sum(self.training.updates)

    @property
    def moments(self) -> tuple[int, ...]:
        """The updates after which there is a look: the first, the last of each grade, and between them."""
        if self.at:
            return self.at
        found, before, each = set[int](), 0, max(2, self.looks // len(self.training.steps))
        for steps in self.training.updates:
            found |= {before + max(1, round(steps * (look / (each - 1)) ** 2)) for look in range(each)}
            before += steps
        return tuple(sorted(found))

    @property
    def key(self) -> str:
        """A hash of all that decides its outcome."""
        digest = hashlib.sha256(json.dumps([RECORD, asdict(self.config), self.moments], sort_keys=True).encode())
        for part in (self.data.train, self.data.validation, self.data.test, self.data.view):
            for table in () if part is None else (part.inputs, part.targets):
                digest.update(str(table.shape).encode() + table.contiguous().numpy().tobytes())
        return digest.hexdigest()[:12]


@dataclass(frozen=True, kw_only=True)
class Score:
    """How good predictions are.

    Attributes:
        rse: relative squared error, sum |h - y|^2 / sum |y|^2, no mean taken off (Fang & Xu 2024, section 3).
        psnr_db: -10 log10 of the mean squared error: the papers' PSNR at peak 1, of numbers that are not clipped.
    """

    rse: float
    psnr_db: float


@dataclass(frozen=True, kw_only=True)
class Moment:
    """Where a training stood.

    Attributes:
        grade: in training, from 1.
        step: updates done in all, of grades that are kept and of this one.
        seconds: of training, without the looks.
        train: of the training samples.
        validation: of the validation samples, or None.
        test: of the test samples, or None.
        kept: of a grade, the update after which it was left as it is, where the validation error decided; else None.
    """

    grade: int
    step: int
    seconds: float
    train: Score
    validation: Score | None = None
    test: Score | None = None
    kept: int | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Run:
    """One training, measured.

    Attributes:
        case: name of the function, with its setting.
        method: what tables call the configuration.
        seed: of the training.
        parameters: numbers learned.
        steps: updates done.
        seconds: of training, without the looks.
        stopped: why it ended before the configured end, or why it failed, or None.
        rates: highest learning rate of each grade; lower than configured where the loss did not stay finite at first.
        curve: during the training, of the grades that are kept; none of a training that failed.
        grades: after each grade.
        view: (looks, M, C) float32 predictions at the samples in view, one for each moment of the curve.
        final: (L, M, C) predictions there after each grade, in the type of the samples.
    """

    case: str
    method: str
    seed: int
    parameters: int
    steps: int
    seconds: float
    stopped: str | None
    rates: tuple[float | None, ...]
    curve: tuple[Moment, ...]
    grades: tuple[Moment, ...]
    view: Array = field(repr=False)
    final: Array = field(repr=False)


def score(left: torch.Tensor, targets: torch.Tensor) -> Score:
    """Return the errors of predictions that leave (N, C) of (N, C) targets over."""
    squares, size = float(left.double().square().sum()), float(targets.double().square().sum())
    return Score(rse=squares / max(size, 1e-300), psnr_db=-10.0 * float(np.log10(max(squares / left.numel(), 1e-300))))


def moment_from_json(data: dict[str, Any]) -> Moment:
    """Return the moment that `asdict` made plain data of."""
    names = ("train", "validation", "test")
    scores = {name: None if data[name] is None else Score(**data[name]) for name in names}
    return Moment(**{**data, **scores})
