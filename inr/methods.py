"""What a person asks for (`FitOptions`) -> the configuration that does it. A method is a configuration, not a class."""

import dataclasses
from dataclasses import dataclass
from typing import Literal, TypeVar, get_args

from inr.config import (
    ActivationName,
    EncodingConfig,
    EncodingName,
    FitConfig,
    GradeConfig,
    OptimizerName,
    PixelsName,
    PrecisionName,
)
from inr.errors import ConfigError

T = TypeVar("T")

MethodName = Literal["mgdl", "sgdl", "mgdl-paper", "sgdl-paper"]
PresetName = Literal["fast", "balanced", "best"]

PRESET_STEPS: dict[PresetName, int] = {"fast": 100, "balanced": 360, "best": 2000}
DEFAULT_GRADES = 4
PAPER_STEPS = 10_000


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """A person's wishes; None leaves a choice to the method and the preset.

    The names and units are those of `FitConfig`, `GradeConfig` and `EncodingConfig`; depth, width,
    activation, steps and learning_rate hold for every grade. A batch_size of 0 is the full batch.
    """

    method: MethodName = "mgdl"
    preset: PresetName | None = None
    grades: int | None = None
    depth: int | None = None
    width: int | None = None
    activation: ActivationName | None = None
    encoding: EncodingName | None = None
    frequencies: int | None = None
    sigma: float | None = None
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    optimizer: OptimizerName | None = None
    precision: PrecisionName | None = None
    pixels: PixelsName = "all"
    seed: int = 0
    target_psnr: float | None = None
    seconds: float | None = None


def configure(options: FitOptions = FitOptions()) -> FitConfig:
    """Resolve wishes into a full configuration.

    Raises:
        ConfigError: an unknown name, a value out of range, or wishes that do not fit together.
    """
    if options.method not in get_args(MethodName):
        raise ConfigError(f"method is {options.method!r}; accepted are {', '.join(get_args(MethodName))}.")
    if options.preset is not None and options.preset not in PRESET_STEPS:
        raise ConfigError(f"preset is {options.preset!r}; accepted are {', '.join(PRESET_STEPS)}.")
    single = options.method.startswith("sgdl")
    if single and options.grades not in (None, 1):
        raise ConfigError(
            f"method '{options.method}' is one grade, but grades is {options.grades}; "
            f"use '{options.method.replace('sgdl', 'mgdl')}' for several, or --depth for a deeper one."
        )
    base = _paper(options, single) if options.method.endswith("-paper") else _ours(options, single)
    return dataclasses.replace(
        base,
        method=options.method,
        pixels=options.pixels,
        seed=options.seed,
        target_psnr=options.target_psnr,
        seconds=options.seconds,
    )


def _ours(options: FitOptions, single: bool) -> FitConfig:
    """Build `mgdl`, or `sgdl`: one grade of the same total depth, as many steps, so about the same time."""
    if options.preset is not None and options.steps is not None:
        raise ConfigError("both a preset and a number of steps are given; a preset is a number of steps: give one.")
    default = GradeConfig()
    depth = default.depth * DEFAULT_GRADES if single else default.depth
    learning_rate = options.learning_rate
    optimizer: OptimizerName = options.optimizer or "muon"
    if learning_rate is None:
        learning_rate = 1e-3 if optimizer == "adam" else 0.02 if single else default.learning_rate
    grade = GradeConfig(
        depth=_given(options.depth, depth),
        width=_given(options.width, default.width),
        activation=_given(options.activation, default.activation),
        steps=_given(options.steps, PRESET_STEPS[options.preset or "balanced"]),
        learning_rate=learning_rate,
    )
    grades = 1 if single else _given(options.grades, DEFAULT_GRADES)
    batch = FitConfig().batch_size if options.batch_size is None else options.batch_size
    return FitConfig(
        encoding=_encoding(options),
        grades=(grade,) * grades,
        optimizer=optimizer,
        batch_size=batch or None,
        precision=_given(options.precision, "auto"),
    )


def _paper(options: FitOptions, single: bool) -> FitConfig:
    """Build the MGDL authors' image setting (Fang & Xu 2024, section 3.3 and their published code).

    4 grades x 3 x 256, or 12 x 256 for the single grade; ReLU; [0, 1) coordinates; Glorot-normal weights and
    N(0, 0.01^2) biases; constant-rate Adam, full batch, 10,000 steps a grade; float32. The rate is theirs for
    'Sea': they tune it per picture over 1e-2, 5e-3, 1e-3, 5e-4, 1e-4. Each grade draws its own start here.
    """
    fixed = {
        "preset": options.preset,
        "depth": options.depth,
        "width": options.width,
        "activation": options.activation,
        "encoding": options.encoding,
        "frequencies": options.frequencies,
        "sigma": options.sigma,
        "batch-size": options.batch_size,
        "optimizer": options.optimizer,
        "precision": options.precision,
    }
    for name, value in fixed.items():
        if value is not None:
            raise ConfigError(
                f"method '{options.method}' is the authors' setting and fixes {name}; "
                f"use --method {'sgdl' if single else 'mgdl'} to change it."
            )
    grade = GradeConfig(
        depth=12 if single else 3,
        width=256,
        activation="relu",
        steps=_given(options.steps, PAPER_STEPS),
        learning_rate=_given(options.learning_rate, 1e-3),
    )
    return FitConfig(
        encoding=EncodingConfig(kind="none", frequencies=0, sigma=0.0),
        grades=(grade,) * (1 if single else _given(options.grades, 4)),
        optimizer="adam",
        schedule="constant",
        init="glorot-normal",
        batch_size=None,
        frame="unit",
        precision="float32",
        feed_encoding=False,
        rescale_residual=False,
        solve_head=False,
    )


def _encoding(options: FitOptions) -> EncodingConfig:
    if options.encoding == "none":
        for name, value in (("frequencies", options.frequencies), ("sigma", options.sigma)):
            if value is not None:
                raise ConfigError(f"{name} is given, but encoding 'none' has none; use --encoding fourier.")
        return EncodingConfig(kind="none", frequencies=0, sigma=0.0)
    default = EncodingConfig()
    return EncodingConfig(
        kind=_given(options.encoding, default.kind),
        frequencies=_given(options.frequencies, default.frequencies),
        sigma=_given(options.sigma, default.sigma),
    )


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
