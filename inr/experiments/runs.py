"""Data and a configuration -> one measured training: errors and predictions, during it and after each grade."""

import hashlib
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import torch

from inr.errors import TrainingError
from inr.settings.config import DeviceName, FitConfig, GreedyTraining
from inr.training.result import Leftover, Progress
from inr.training.samples import Samples, fit_samples

Array = np.ndarray[Any, Any]
RECORD = 1
"""Of the records on disk: another number makes them be done again."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """Samples of one function.

    Attributes:
        train: to train on.
        validation: to choose by, or None.
        test: to judge by, or None.
        view: where predictions are kept for figures; the training samples by default.
    """

    train: Samples
    validation: Samples | None = None
    test: Samples | None = None
    view: Samples | None = None

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
        step: updates done in all.
        seconds: of training, without the looks.
        train: of the training samples.
        validation: of the validation samples, or None.
        test: of the test samples, or None.
    """

    grade: int
    step: int
    seconds: float
    train: Score
    validation: Score | None = None
    test: Score | None = None


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
        curve: during the training; none of a training that failed.
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


def do(case: Case, *, device: DeviceName = "cpu", tell: Callable[[int], None] | None = None) -> Run:
    """Train and measure.

    Args:
        case: the training.
        device: that trains.
        tell: told after every update how many are done.

    A training whose loss does not stay finite is a run too, one without grades.

    Raises:
        ConfigError: see `fit_samples`.
    """
    recorder = _Recorder(case, tell)
    try:
        fitted = fit_samples(case.data.train, case.config, watched=recorder.watched, device=device, progress=recorder)
    except TrainingError as error:
        return Run(
            case=case.name, method=case.method, seed=case.config.seed, parameters=0, steps=0, seconds=0.0,
            stopped=str(error), rates=(), curve=(), grades=(), view=np.empty(0), final=np.empty(0),
        )  # fmt: skip
    data = case.data
    sets = {"train": data.train, "validation": data.validation, "test": data.test}
    there = {name: samples for name, samples in sets.items() if samples is not None}
    drawn = {name: fitted.predictions(samples.inputs) for name, samples in there.items()}
    done, seconds, moments = 0, 0.0, []
    for number, log in enumerate(fitted.logs):
        done, seconds = done + log.steps, seconds + log.seconds
        scores = {name: score(of.targets - drawn[name][number], of.targets) for name, of in there.items()}
        spent = seconds - recorder.cost(number + 1)
        moments.append(Moment(grade=number + 1, step=done, seconds=spent, **scores))
    final = drawn["train"] if data.view is None else fitted.predictions(data.view.inputs)
    return Run(
        case=case.name,
        method=case.method,
        seed=case.config.seed,
        parameters=fitted.parameters_count,
        steps=done,
        seconds=fitted.seconds - recorder.cost(len(fitted.grades)),
        stopped=fitted.stopped,
        rates=tuple(log.learning_rate for log in fitted.logs),
        curve=tuple(recorder.curve),
        grades=tuple(moments),
        view=np.stack(recorder.views).astype(np.float32),
        final=torch.stack(final).numpy(),
    )


class _Recorder:
    """A progress callback that measures at a case's moments; an attempt that diverged is forgotten."""

    def __init__(self, case: Case, tell: Callable[[int], None] | None) -> None:
        self._case, self._tell, self._moments = case, tell, set(case.moments)
        named = ((name, getattr(case.data, name)) for name in ("validation", "test", "view"))
        self._watched = {name: samples for name, samples in named if samples is not None}
        self._costs: list[tuple[int, float]] = []
        self.curve: list[Moment] = []
        self.views: list[Array] = []

    @property
    def watched(self) -> list[Samples]:
        """What the training is to watch."""
        return list(self._watched.values())

    def cost(self, grade: int) -> float:
        """Return the seconds that looks took up to the end of a grade."""
        return sum(seconds for number, seconds in self._costs if number <= grade)

    def __call__(self, at: Progress) -> None:
        if at.step == 1:
            kept = [index for index, moment in enumerate(self.curve) if moment.grade < at.grade]
            self.curve, self.views = [self.curve[i] for i in kept], [self.views[i] for i in kept]
        if self._tell is not None:
            self._tell(at.done)
        if at.done not in self._moments:
            return
        began, data = time.perf_counter(), self._case.data
        left = {"train": at.leftover, **dict(zip(self._watched, at.watched, strict=True))}
        over = {name: self._left(leftover) for name, leftover in left.items()}
        scores = {
            name: score(over[name], of.targets)
            for name, of in {"train": data.train, **self._watched}.items()
            if name != "view"
        }
        self.curve.append(Moment(grade=at.grade, step=at.done, seconds=at.seconds - self.cost(at.grade), **scores))
        self.views.append((data.seen.targets - over["train" if data.view is None else "view"]).numpy())
        self._costs.append((at.grade, time.perf_counter() - began))

    @staticmethod
    def _left(leftover: Leftover) -> torch.Tensor:
        return leftover().cpu()
