"""What a demonstration is: trainings to do, and what their runs show, measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inr.experiments.figures import Figure
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.wishes import Wishes
from inr.settings.config import FitConfig
from inr.settings.shape import ActivationName, EncodingConfig, Form, GradeShape
from inr.settings.trainings import GreedyTraining

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What the runs of a demonstration show.

    Attributes:
        holds: whether they show what its claim says, by the measure in `measured`.
        measured: the numbers that say so, in a sentence or two.
        parts: tables and figures with their sentences, in order.
    """

    holds: bool
    measured: str
    parts: tuple[Table | Figure | str, ...]


@dataclass(frozen=True, kw_only=True)
class Demo:
    """A demonstration of the frequency principle, or of where it fails.

    Attributes:
        name: as on the command line.
        title: a few words.
        claim: what it is to show.
        cases: wishes -> trainings; settings and files are checked here.
        finding: wishes and the runs of these trainings, in order -> what they show.
    """

    name: str
    title: str
    claim: str
    cases: Callable[[Wishes], list[Case]]
    finding: Callable[[Wishes, Sequence[Run]], Finding]


@dataclass(frozen=True, kw_only=True)
class Network:
    """A network of the book and its training: full batch or not, Adam at one rate.

    Attributes:
        widths: of the hidden layers.
        rate: of Adam, constant.
        steps: updates.
        activation: of the hidden layers.
        gain: on what the activations are given.
        spread: standard deviation of weights and biases at the start; None: uniform in +-1 / sqrt(fan_in), torch's own.
        batch: samples of a step; None is all.
    """

    widths: tuple[int, ...]
    rate: float
    steps: int
    activation: ActivationName = "tanh"
    gain: float = 1.0
    spread: float | None = None
    batch: int | None = None

    def config(self, method: str, seed: int) -> FitConfig:
        """Return its configuration: `sgdl` the one network, `mgdl` its hidden layers in grades of two, as many updates.

        Args:
            method: `sgdl` or `mgdl`.
            seed: of the training.
        """
        groups = [self.widths] if method == "sgdl" else [self.widths[i : i + 2] for i in range(0, len(self.widths), 2)]
        return FitConfig(
            method=method,
            encoding=EncodingConfig(kind="none"),
            grades=tuple(self._shape(widths) for widths in groups),
            training=GreedyTraining(
                steps=(max(1, self.steps // len(groups)),) * len(groups),
                learning_rate=self.rate,
                optimizer="adam",
                schedule="constant",
                init="uniform" if self.spread is None else "normal",
                init_deviation=self.spread or 0.0,
                batch_size=self.batch,
                rescale_residual=False,
                precision="float32",
            ),
            frame="unit",
            feed="features",
            seed=seed,
        )

    def _shape(self, widths: tuple[int, ...]) -> GradeShape:
        same = len(set(widths)) == 1
        form = Form(gain=self.gain, before=() if same else widths[:-1])
        return GradeShape(depth=len(widths), width=widths[-1], activation=self.activation, form=form)

    def cases(self, name: str, data: Data, wishes: Wishes, *, looks: int = 150, grades: bool = True) -> list[Case]:
        """Return a training of each method and seed that is asked for, looked at after equal numbers of updates.

        Args:
            name: of the cases.
            data: samples.
            wishes: of a person.
            looks: while training.
            grades: train `mgdl` too unless methods are named.
        """
        methods = wishes.methods or (("sgdl", "mgdl") if grades else ("sgdl",))
        found = []
        for method in methods:
            for seed in range(wishes.seeds):
                config = self.config(method, seed)
                assert isinstance(config.training, GreedyTraining), "the book's networks are trained grade by grade"
                total = sum(config.training.steps)
                every = max(1, total // looks)
                at = (1, *range(every, total + 1, every))
                found.append(Case(name=name, method=method, config=config, data=data, at=tuple(dict.fromkeys(at))))
        return found


def of(runs: Sequence[Run], case: str, method: str = "sgdl") -> list[Run]:
    """Return the runs of a case by a method, one for each seed."""
    return [run for run in runs if (run.case, run.method) == (case, method)]


def steps(run: Run) -> Array:
    """Return the (T,) updates after which a run was looked at."""
    return np.array([moment.step for moment in run.curve])
