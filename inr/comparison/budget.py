"""What all methods of a comparison are given alike -> each method's configuration under it."""

import dataclasses
import itertools
import math
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from inr.codec.version1 import tensor_bytes
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.networks.chain import grade_inputs
from inr.networks.grade import parameter_shapes
from inr.settings.config import FitConfig
from inr.settings.shape import BETWEEN, NEIGHBOURS, GradeShape
from inr.settings.trainings import JointTraining

DEFAULT_SECONDS = 30.0
_ENDLESS = 50_000_000
"""Steps that no budget of seconds lets a fit come to the end of."""
_FILE_FRAME, _GRADE_FRAME = 400, 150
"""Bytes of a model file besides its weights, in all and for each grade: a little more than any method's header has."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """What is held equal; None is not.

    Attributes:
        seconds: of training.
        steps: updates in all, shared among the grades as the method shares its own.
        parameters: numbers learned, at most; the width follows. Networks without planes only.
        bytes: of the model file, at most; in the same way.
    """

    seconds: float | None = DEFAULT_SECONDS
    steps: int | None = None
    parameters: int | None = None
    bytes: int | None = None

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            least, most = (0.1, 1e7) if name == "seconds" else (1, 1e8 if name == "steps" else 1e9)
            if value is not None and not least <= value <= most:
                raise ConfigError(f"budget: {name} is {value:g}; it must lie between {least:g} and {most:g}.")
        if self.parameters is not None and self.bytes is not None:
            raise ConfigError("budget: parameters and bytes both decide the width; give one.")
        if self.seconds is None and self.steps is None:
            raise ConfigError("budget: neither seconds nor steps; give one.")

    @property
    def text(self) -> str:
        """What is equal, for the head of a table."""
        units = {
            "seconds": "s of training",
            "steps": "steps",
            "parameters": "parameters at most",
            "bytes": "bytes at most",
        }
        given = [
            f"{value:,} {units[name]}" if isinstance(value, int) else f"{value:g} {units[name]}"
            for name, value in dataclasses.asdict(self).items()
            if value is not None
        ]
        return ", ".join(given)


def parse_budget(text: str | None) -> Budget:
    """Return the budget that `seconds=60` or `steps=500,parameters=1e5` names.

    Raises:
        ConfigError: another name, or no number.
    """
    values: dict[str, float] = {}
    for part in () if text is None else text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        if name in values:
            raise ConfigError(f"--budget is {text!r}; it names {name} twice.")
        try:
            values[name] = float(number)
        except ValueError:
            raise ConfigError(
                f"--budget is {text!r}; it takes, for example, seconds=60, or steps=500,parameters=1e5."
            ) from None
    unknown = set(values) - {field.name for field in dataclasses.fields(Budget)}
    if unknown:
        raise ConfigError(f"--budget names {sorted(unknown)[0]!r}; accepted are seconds, steps, parameters, bytes.")
    if not all(math.isfinite(number) for number in values.values()):
        raise ConfigError(f"--budget is {text!r}; it takes finite numbers.")
    whole = {name: int(number) for name, number in values.items() if name != "seconds" and number == int(number)}
    if len(whole) + ("seconds" in values) < len(values):
        raise ConfigError(f"--budget is {text!r}; steps, parameters and bytes are whole numbers.")
    default = None if "steps" in values else DEFAULT_SECONDS  # steps alone: no limit of time
    return Budget(seconds=values.get("seconds", default), **whole)


def under(budget: Budget, config: FitConfig, image: Image) -> FitConfig:
    """Return a method's configuration with what the budget decides: steps, seconds and the size of the network.

    Raises:
        ConfigError: even the narrowest network of this kind is larger than allowed, or has more grades than steps.
    """
    training = config.training
    if isinstance(training, JointTraining):
        return _joint(budget, config, training)
    steps = training.steps
    if budget.steps is None:  # so many that the seconds end training, shared as before
        steps = tuple(min(count * 1000, _ENDLESS) for count in steps)
    else:
        free = budget.steps - len(steps)  # beyond one for each grade
        if free < 0:
            raise ConfigError(f"budget: '{config.method}' has {len(steps)} grades; give steps={len(steps)} or more.")
        ends = [round(free * sum(steps[:number]) / sum(steps)) for number in range(len(steps) + 1)]
        steps = tuple(1 + end - begin for begin, end in itertools.pairwise(ends))
    config = dataclasses.replace(config, training=dataclasses.replace(training, steps=steps), seconds=budget.seconds)
    if budget.parameters is not None:
        return _sized(config, image, budget.parameters, "parameters", _parameters)
    if budget.bytes is not None:
        if config.encoding.kind == "lattice":
            raise ConfigError(f"budget: the file of '{config.method}' holds pixels of the picture; it keeps no bytes.")
        return _sized(config, image, budget.bytes, "bytes", _bytes)
    return config


def _joint(budget: Budget, config: FitConfig, training: JointTraining) -> FitConfig:
    if budget.parameters is not None:
        raise ConfigError("budget: joint training takes seconds, steps and bytes; its file has no fixed size a number.")
    idle_below = training.idle_below if budget.steps is None else 0.0  # so many steps were asked for
    training = dataclasses.replace(training, steps=budget.steps or _ENDLESS, idle_below=idle_below)
    if budget.bytes is not None:  # in the place of what else it may have been asked for
        training = dataclasses.replace(training, lmbda=None)
        config = dataclasses.replace(config, max_bytes=budget.bytes, target_bpp=None, target_psnr=None)
    return dataclasses.replace(config, training=training, seconds=budget.seconds)


def _sized(
    config: FitConfig, image: Image, limit: int, what: str, size: Callable[[FitConfig, Image], int]
) -> FitConfig:
    """Return the configuration with the widest layers that fit."""
    least = size(_with_width(config, 0.0), image)
    if least > limit:
        raise ConfigError(f"budget: the smallest '{config.method}' has {least:,} {what}, more than {limit:,}.")
    low, high = 0.0, 1.0
    while size(_with_width(config, high), image) <= limit and high < 64:
        low, high = high, 2 * high
    for _ in range(20):
        middle = (low + high) / 2
        low, high = (middle, high) if size(_with_width(config, middle), image) <= limit else (low, middle)
    return _with_width(config, low)


def _with_width(config: FitConfig, factor: float) -> FitConfig:
    def widened(shape: GradeShape) -> GradeShape:
        unit = len(shape.form.scales) or 1
        return dataclasses.replace(shape, width=max(unit, min(8192, int(shape.width * factor / unit) * unit)))

    return dataclasses.replace(config, grades=tuple(widened(shape) for shape in config.grades))


def _counts(config: FitConfig, image: Image) -> list[list[int]]:
    """Return how many numbers each tensor of each grade has."""
    local = config.encoding.kind == "lattice"
    encoding = NEIGHBOURS**2 * image.channels if local else 2 * config.encoding.frequencies or 2
    outputs = image.channels * (BETWEEN if local else 1)
    inputs = grade_inputs(config.grades, encoding, feed=config.feed)
    return [
        [math.prod(tensor) for tensor in parameter_shapes(count, outputs, shape, image.width, image.height)]
        for count, shape in zip(inputs, config.grades, strict=True)
    ]


def _parameters(config: FitConfig, image: Image) -> int:
    return sum(sum(counts) for counts in _counts(config, image))


def _bytes(config: FitConfig, image: Image) -> int:
    stored = config.encoding.frequencies if config.encoding.kind == "positional" else 0  # others are drawn from a seed
    tables = 8 * (stored + sum(shape.form.shifts for shape in config.grades))
    profile = len(zlib.compress(image.icc_profile or b"", 9)) + 12
    frame = _FILE_FRAME + _GRADE_FRAME * len(config.grades) + profile
    return frame + tables + sum(12 + sum(map(tensor_bytes, counts)) for counts in _counts(config, image))
