"""Wishes for grades on fixed encodings -> the configuration: ours on waves, and the MGDL authors' own."""

import dataclasses
from typing import TypeVar

from inr.errors import ConfigError
from inr.settings.config import FitConfig
from inr.settings.options import FitOptions, PresetName
from inr.settings.recipes import MUON_RATE, own_recipe
from inr.settings.shape import EncodingConfig, EncodingName, Form, GradeShape
from inr.settings.trainings import GreedyTraining, OptimizerName

T = TypeVar("T")

STEPS: dict[PresetName, int] = {"fast": 100, "balanced": 360, "best": 2000}
"""Updates of each grade."""
PAPER_STEPS = 10_000


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Size:
    """A network on waves, and how it is trained."""

    frequencies: int
    width: int
    depth: int
    single_depth: int
    rate: float
    single_rate: float
    batch: int


_SMALL = _Size(frequencies=64, width=192, depth=2, single_depth=8, rate=0.06, single_rate=0.02, batch=4096)
_LARGE = _Size(frequencies=256, width=256, depth=3, single_depth=6, rate=0.04, single_rate=0.02, batch=8192)
"""Where there is time: on kodim15, 400 steps a grade, 42.6 dB, where the small one has 33 to 37 dB. One grade of six
layers is the best single one of those tried (12 x 256, 9 x 256, 4 x 384, 3 x 512)."""
_LONG = 60.0
"""Seconds of training from which on there is time for the large one."""


def configure_networks(options: FitOptions, grades: int) -> FitConfig:
    """Return the configuration of so many grades on a fixed encoding, trained greedily by this program's recipe.

    A single grade has about as many hidden layers as the usual number of grades together, and the steps of one of
    them: about the same time. Networks are larger where there is time for them.

    Raises:
        ConfigError: a wish that has no meaning here.
    """
    if options.omega is not None:
        raise ConfigError(f"method '{options.method}' has no omega; use --sigma for the bandwidth of its encoding.")
    if options.recipe is not None:
        raise ConfigError(f"method '{options.method}' has one recipe, but recipe is given; leave it out.")
    single = options.method.startswith("sgdl")
    optimizer: OptimizerName = options.optimizer or "muon"
    size = _size(options)
    rate = 1e-3 if optimizer == "adam" else size.single_rate if single else size.rate
    steps = _given(options.steps, STEPS[options.preset or "balanced"])
    shape = GradeShape(
        depth=_given(options.depth, size.single_depth if single else size.depth),
        width=_given(options.width, size.width),
        activation=_given(options.activation, "sine"),
        form=Form(window=0.5) if options.activation == "gabor" else Form(),
    )
    return FitConfig(
        method=options.method,
        encoding=_encoding(options, size.frequencies),
        grades=(shape,) * grades,
        training=GreedyTraining(
            steps=(steps,) * grades,
            learning_rate=_given(options.learning_rate, rate),
            optimizer=optimizer,
            batch_size=_given(options.batch_size, size.batch) or None,
            precision=_given(options.precision, "auto"),
        ),
    )


def configure_paper(options: FitOptions, grades: int) -> FitConfig:
    """Return the MGDL authors' setting for pictures (Fang & Xu 2024, section 3.3 and their published code).

    4 grades x 3 x 256, or 12 x 256 for the single grade; ReLU; [0, 1) coordinates; Glorot-normal weights and
    N(0, 0.01^2) biases; constant-rate Adam, full batch, 10,000 steps a grade; float32. The rate is theirs for
    'Building': they tune it per picture, and some per grade, over 1e-2, 5e-3, 1e-3, 5e-4, 1e-4. Each grade draws its
    own start here. `inr`'s recipe trains the same network as ours are.
    """
    single = options.method.startswith("sgdl")
    fixed: dict[str, object] = {
        "preset": options.preset,
        "depth": options.depth,
        "width": options.width,
        "activation": options.activation,
        "encoding": options.encoding,
        "frequencies": options.frequencies,
        "sigma": options.sigma,
        "omega": options.omega,
        "batch-size": options.batch_size,
        "precision": options.precision,
    }
    if options.recipe != "inr":
        fixed["optimizer"] = options.optimizer
    for name, value in fixed.items():
        if value is not None:
            raise ConfigError(
                f"method '{options.method}' is the authors' setting and fixes {name}; "
                f"use --method {'sgdl' if single else 'mgdl'} to change it."
            )
    shape = GradeShape(depth=12 if single else 3, width=256, activation="relu")
    config = FitConfig(
        method=options.method,
        encoding=EncodingConfig(kind="none"),
        grades=(shape,) * grades,
        training=GreedyTraining(
            steps=(_given(options.steps, PAPER_STEPS),) * grades,
            learning_rate=_given(options.learning_rate, 1e-3),
            optimizer="adam",
            schedule="constant",
            init="glorot-normal",
            batch_size=None,
            precision="float32",
            rescale_residual=False,
            rounding_db=0.0,
        ),
        frame="unit",
        feed="features",
    )
    if options.recipe != "inr":
        return config
    optimizer: OptimizerName = options.optimizer or "muon"
    rate = _given(options.learning_rate, MUON_RATE if optimizer == "muon" else 1e-3)
    return dataclasses.replace(
        config, training=dataclasses.replace(own_recipe(config), optimizer=optimizer, learning_rate=rate)
    )


def _size(options: FitOptions) -> _Size:
    long = options.preset == "best" if options.seconds is None else options.seconds >= _LONG
    return _LARGE if long else _SMALL


def _encoding(options: FitOptions, frequencies: int) -> EncodingConfig:
    kind: EncodingName = options.encoding or "fourier"
    if kind == "lattice":
        raise ConfigError(f"method '{options.method}' has no lattice of pixels; use --method local.")
    if kind == "grid":
        raise ConfigError(f"method '{options.method}' has no feature planes; use --method mgdl or sgdl.")
    if kind == "none":
        for name, value in (("frequencies", options.frequencies), ("sigma", options.sigma)):
            if value is not None:
                raise ConfigError(f"{name} is given, but encoding '{kind}' has none; use --encoding fourier.")
        return EncodingConfig(kind=kind)
    sigma = 12.0 if kind == "positional" and options.sigma is None else options.sigma
    return EncodingConfig(kind=kind, frequencies=_given(options.frequencies, frequencies), sigma=sigma)


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
