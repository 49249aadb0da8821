"""A case -> its run: trained, watched, and kept on its way so that it goes on after an interruption."""

import dataclasses
import io
import json
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inr.errors import TrainingError
from inr.experiments.runs import Array, Case, Moment, Run, moment_from_json, score
from inr.files import write_whole
from inr.settings.config import DeviceName
from inr.training.greedy.state import Table
from inr.training.result import Leftover, Progress
from inr.training.samples import Samples, fit_samples

EVERY = 60.0
"""Seconds after which a training on its way is kept once more."""


def do(
    case: Case, *, device: DeviceName = "cpu", tell: Callable[[int], None] | None = None, part: Path | None = None
) -> Run:
    """Train and measure.

    Args:
        case: the training.
        device: that trains.
        tell: told after every update how many are done.
        part: file that keeps a training on its way, so that it goes on after an interruption; removed at its end.

    A training whose loss does not stay finite is a run too, one without grades.

    Raises:
        ConfigError: see `fit_samples`.
    """
    recorder = Recorder(case, tell)
    keeper = None if part is None else Checkpoint(part, recorder)
    try:
        fitted = fit_samples(
            case.data.train, case.config, validation=case.data.validation, watched=recorder.watched, device=device,
            progress=recorder, keeper=keeper,
        )  # fmt: skip
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
        kept = None if log.kept_step is None else done + log.kept_step
        done, seconds = done + log.steps, seconds + log.seconds
        scores = {name: score(of.targets - drawn[name][number], of.targets) for name, of in there.items()}
        spent = seconds - recorder.cost(number + 1)
        moments.append(Moment(grade=number + 1, step=done, seconds=spent, kept=kept, **scores))
    looked = [index for index, moment in enumerate(recorder.curve) if moment.grade <= len(moments)]
    final = drawn["train"] if data.view is None else fitted.predictions(data.view.inputs)
    return Run(
        case=case.name,
        method=case.method,
        seed=case.config.seed,
        parameters=fitted.parameters_count,
        steps=done,
        seconds=fitted.seconds - recorder.cost(len(case.config.grades)),
        stopped=fitted.stopped,
        rates=tuple(log.learning_rate for log in fitted.logs),
        curve=tuple(recorder.curve[index] for index in looked),
        grades=tuple(moments),
        view=np.stack([recorder.views[index] for index in looked]).astype(np.float32),
        final=torch.stack(final).numpy(),
    )


class Recorder:
    """A progress callback that measures at a case's moments; an attempt that diverged is forgotten."""

    def __init__(self, case: Case, tell: Callable[[int], None] | None) -> None:
        self._case, self._tell, self._moments = case, tell, set(case.moments)
        names = ("validation", "test", "view") if case.data.watch_test else ("validation", "view")
        named = ((name, getattr(case.data, name)) for name in names)
        self._watched = {name: samples for name, samples in named if samples is not None}
        self._costs: list[tuple[int, float]] = []
        self._steps: dict[int, int] = {}
        self.curve: list[Moment] = []
        self.views: list[Array] = []

    @property
    def watched(self) -> list[Samples]:
        """What the training is to watch, besides the validation samples."""
        return [samples for name, samples in self._watched.items() if name != "validation"]

    def cost(self, grade: int) -> float:
        """Return the seconds that looks took up to the end of a grade."""
        return sum(seconds for number, seconds in self._costs if number <= grade)

    def __call__(self, at: Progress) -> None:
        """Measure, if this is one of the moments."""
        if at.step == 1:
            kept = [index for index, moment in enumerate(self.curve) if moment.grade < at.grade]
            self.curve, self.views = [self.curve[i] for i in kept], [self.views[i] for i in kept]
        self._steps[at.grade] = at.step
        if self._tell is not None:
            self._tell(at.done)
        if at.done not in self._moments:
            return
        began, data = time.perf_counter(), self._case.data
        left = {"train": at.leftover, **dict(zip(self._watched, at.watched, strict=True))}
        over = {name: self._left(leftover) for name, leftover in left.items()}
        scores: dict[str, Any] = {
            name: score(over[name], of.targets)
            for name, of in {"train": data.train, **self._watched}.items()
            if name != "view"
        }
        step = sum(steps for grade, steps in self._steps.items() if grade <= at.grade)  # a grade may end early
        self.curve.append(Moment(grade=at.grade, step=step, seconds=at.seconds - self.cost(at.grade), **scores))
        self.views.append((data.seen.targets - over["train" if data.view is None else "view"]).numpy())
        self._costs.append((at.grade, time.perf_counter() - began))

    @staticmethod
    def _left(leftover: Leftover) -> torch.Tensor:
        return leftover().cpu()

    def table(self) -> dict[str, Array]:
        """Return what was recorded, as plain arrays."""
        curve = json.dumps([dataclasses.asdict(moment) for moment in self.curve])
        views = np.stack(self.views) if self.views else np.empty(0)
        return {
            "curve": np.array(curve),
            "views": views,
            "costs": np.array(self._costs, np.float64).reshape(-1, 2),
            "steps": np.array(list(self._steps.items()), np.int64).reshape(-1, 2),
        }

    def restore(self, table: dict[str, Array]) -> None:
        """Go on from what `table` returned."""
        self.curve = [moment_from_json(each) for each in json.loads(str(table["curve"]))]
        self.views = list(table["views"])
        self._costs = [(int(grade), float(seconds)) for grade, seconds in table["costs"]]
        self._steps = {int(grade): int(steps) for grade, steps in table["steps"]}


class Checkpoint:
    """A file that keeps a training and its record every minute; see `inr.training.greedy.state.Keeper`."""

    def __init__(self, path: Path, recorder: Recorder) -> None:
        self._path, self._recorder, self._last = path, recorder, time.monotonic()

    def due(self) -> bool:
        """Return whether a minute has passed since the last time."""
        return time.monotonic() - self._last >= EVERY

    def save(self, table: Table) -> None:
        """Keep a training, whole or not at all."""
        arrays: dict[str, Any] = {f"training.{name}": value.detach().cpu().numpy() for name, value in table.items()}
        content = io.BytesIO()
        arrays |= self._recorder.table()
        np.savez(content, **arrays)
        write_whole(self._path, content.getvalue())
        self._last = time.monotonic()

    def load(self) -> Table:
        """Return what was kept, the record given back to its recorder; nothing if there is no such file, or half."""
        try:
            with np.load(self._path) as arrays:
                kept = {name: arrays[name] for name in arrays.files}
            self._recorder.restore(kept)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return {}
        prefix = "training."
        return {n.removeprefix(prefix): torch.from_numpy(v) for n, v in kept.items() if n.startswith(prefix)}
