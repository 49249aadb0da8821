"""Samples of any function and a configuration -> grades that learn it: the greedy training without a picture."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from inr.device import choose_device, choose_precision, keep_freed_memory
from inr.errors import ConfigError
from inr.networks.chain import grade_inputs, prefixes
from inr.networks.encoding import Encoding, draw_encoding
from inr.networks.grade import Grade
from inr.settings.config import DeviceName, FitConfig
from inr.settings.shape import FeedName
from inr.settings.trainings import GreedyTraining
from inr.spectra.samples import sign_changes, spectrum_of
from inr.training.greedy.batches import CHUNK
from inr.training.greedy.grades import train_grades
from inr.training.greedy.pool import Pool
from inr.training.greedy.state import Keeper, seconds_before
from inr.training.loop import Length
from inr.training.result import GradeLog, Progress
from inr.training.seeds import seed_of


@dataclass(frozen=True, kw_only=True, eq=False)
class Samples:
    """Values of a function at some points. The type of the numbers is that of the whole training.

    Attributes:
        inputs: (N, d) float32 or float64.
        targets: (N, C), of the same type.
        middle: what they lie around: where grade 1 begins.
    """

    inputs: Tensor
    targets: Tensor
    middle: float = 0.0

    def __post_init__(self) -> None:
        if self.inputs.ndim != 2 or self.targets.ndim != 2 or len(self.inputs) != len(self.targets):
            shapes = f"{tuple(self.inputs.shape)} and {tuple(self.targets.shape)}"
            raise ConfigError(f"inputs and targets have the shapes {shapes}; tables of equally many rows are needed.")
        if self.inputs.dtype != self.targets.dtype:
            raise ConfigError(f"inputs are {self.inputs.dtype} and targets {self.targets.dtype}; give one type.")


@dataclass(frozen=True, kw_only=True, eq=False)
class SamplesFit:
    """Grades that have learned a function, and how they came about.

    Attributes:
        encoding: input of grade 1.
        feed: what later grades see, see `FitConfig.feed`.
        grades: in order.
        logs: one for each; their PSNR is -10 log10 of the mean squared error of what was trained on.
        seconds: of the whole training.
        stopped: why training ended before the configured end, or None.
    """

    encoding: Encoding
    feed: FeedName
    grades: tuple[Grade, ...]
    logs: tuple[GradeLog, ...]
    seconds: float
    stopped: str | None

    @property
    def parameters_count(self) -> int:
        """Numbers learned, over all grades."""
        return sum(grade.parameters_count for grade in self.grades)

    @torch.no_grad()
    def predictions(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Return, for each grade, the (N, C) sum of the heads so far at (N, d) inputs."""
        parts = [tuple(prefixes(self.grades, self.encoding(p), feed=self.feed)) for p in torch.split(inputs, CHUNK)]
        return tuple(torch.cat(each) for each in zip(*parts, strict=True))


def _check_alike(samples: Samples, validation: Samples) -> None:
    """Raise ConfigError unless the validation samples are of the kind that is trained on, finite, and at least one."""
    for name in ("inputs", "targets"):
        ours, theirs = getattr(samples, name), getattr(validation, name)
        if not len(theirs) or ours.shape[1] != theirs.shape[1] or ours.dtype != theirs.dtype:
            found = f"{tuple(theirs.shape)} of {theirs.dtype}"
            raise ConfigError(
                f"validation {name} are {found}; rows like {tuple(ours.shape)} of {ours.dtype} are needed."
            )
        if not bool(theirs.isfinite().all()):
            raise ConfigError(f"validation {name} hold a number that is not finite.")


def fit_samples(
    samples: Samples,
    config: FitConfig,
    *,
    validation: Samples | None = None,
    watched: Sequence[Samples] = (),
    device: DeviceName = "cpu",
    progress: Callable[[Progress], None] | None = None,
    keeper: Keeper | None = None,
) -> SamplesFit:
    """Learn a function from samples, grade by grade (Fang & Xu 2024, section 2).

    The same grades, trainer and loop as for pictures. Of the configuration, `frame` and `pixels` are for pictures
    only: an encoding's sigma is in cycles per unit of the inputs.

    Args:
        samples: to train on.
        config: with greedy training.
        validation: samples not trained on, whose error decides where `FitConfig.grades_auto` or the stop `held-out`
            asks for that.
        watched: further samples not trained on. `Progress.watched` tells the leftover of the validation samples, if
            there are any, and of these.
        device: that trains.
        progress: called after every step.
        keeper: holds what an interrupted training left, from which this one goes on, and what this one would leave.

    Raises:
        ConfigError: settings that need a picture, or validation samples that are missing or of another kind.
        TrainingError: the loss did not stay finite, even at a quarter of the learning rate.
    """
    training = config.training
    if not isinstance(training, GreedyTraining):
        raise ConfigError("joint training needs a picture; functions are learned by greedy training.")
    if config.encoding.sigma is None:
        raise ConfigError("sigma is not given; only a picture's is read off its spectrum.")
    if (config.grades_auto or config.stop == "held-out") and validation is None:
        raise ConfigError("the validation error is to decide when to stop, but there is no validation set.")
    if validation is not None:
        _check_alike(samples, validation)
    keep_freed_memory()
    on = choose_device(device)
    kind, dimensions = samples.inputs.dtype, samples.inputs.shape[1]
    encoding = draw_encoding(config.encoding, "unit", seed_of(config.seed, 0), dimensions).to(on, kind)
    kept = {} if keeper is None else keeper.load()
    before = seconds_before(kept, whole=True)
    length = Length(steps=sum(training.updates), seconds=config.seconds, began=time.perf_counter() - before)
    dtype = choose_precision(training.precision, on) if kind == torch.float32 else torch.float32

    def pool(of: Samples, apart: Pool | None = None) -> Pool:
        inputs = of.inputs.to(on)
        return Pool(
            pixels=torch.arange(len(inputs)),
            colours=of.targets.to(on),
            encode=lambda chosen: encoding(inputs[chosen.to(on)]),
            feed=config.feed,
            widest=max(grade_inputs(config.grades, encoding.size, feed=config.feed)),
            visits=0,
            seed=seed_of(config.seed, -1),
            pool_bytes=1 << 62,
            dimensions=dimensions,
            middle=of.middle,
            apart=apart,
            spectrum=None if dimensions > 2 else lambda values: spectrum_of(of.inputs.numpy(), values),
            sign_changes=None if dimensions > 1 else lambda values: sign_changes(of.inputs.numpy(), values),
        )

    others = [pool(each) for each in (*([] if validation is None else [validation]), *watched)]
    trained = train_grades(
        pool(samples, others[0] if config.stop == "held-out" else None),
        config,
        training,
        length=length,
        dtype=dtype,
        watched=others,
        progress=progress,
        kept=kept,
        keeper=keeper,
    )
    return SamplesFit(
        encoding=encoding.cpu(),
        feed=config.feed,
        grades=tuple(grade.cpu() for grade in trained.grades),
        logs=trained.logs,
        seconds=length.elapsed,
        stopped=trained.stopped,
    )
