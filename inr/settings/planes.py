"""Wishes for `mgdl` and `sgdl` on feature planes -> the configuration: planes dealt to grades, quality, effort.

Both methods are one configuration that differs in nothing but the number of grades.
"""

import itertools
import math

from inr.errors import ConfigError
from inr.settings.config import FitConfig
from inr.settings.options import FitOptions, PresetName, flag
from inr.settings.shape import MAX_CELL, ActivationName, EncodingConfig, GradeShape, Plane
from inr.settings.trainings import JointTraining

DEFAULT_GRADES = 4
DEFAULT_QUALITY = 97
"""About 44 dB on a photograph, as JPEG of this quality has: no difference is seen at normal size."""
STEPS: dict[PresetName, int] = {"fast": 0, "balanced": 1000, "best": 2200}
"""Updates of joint training; without any, the model is the closed form, solved grade after grade."""
IDLE_BELOW: dict[PresetName, float] = {"fast": 0.0, "balanced": 5e-5, "best": 0.0}
"""Lambda below which no updates are done: at 2e-5, 200 of them gain less than 1 %, at 2e-4 they gain 4 %."""
CELLS = (32, 16, 8, 4, 2, 1)
"""Sides of the pyramid's cells in pixels, the coarsest first."""
AROUND = 2
"""Planes with cells of at most so many pixels are read around a coordinate; they store chroma only at small lambda."""
ACTIVATIONS: tuple[ActivationName, ...] = ("relu", "gelu", "sine", "tanh")
"""Activations through which a grade can draw the sum of its planes, as the closed form asks."""
_QUALITY_LAMBDA = (
    (1, 6e-2), (10, 1.2e-2), (20, 4.7e-3), (30, 2.7e-3), (40, 1.8e-3), (50, 1.3e-3), (60, 9.7e-4), (70, 6.6e-4),
    (80, 3.6e-4), (85, 2.3e-4), (90, 1.2e-4), (95, 4.4e-5), (97, 2.1e-5), (98, 1.2e-5), (100, 3e-6),
)  # fmt: skip
"""Lambda by quality, linear in its logarithm between the points.

At each, the closed form has about the mean PSNR that JPEG 4:4:4 of this quality has on parts of twelve Kodak pictures:
25.9 dB at 10, 31.6 at 50, 38.4 at 90, 41.8 at 95, 45.9 at 98. At 100 it has about 51 dB, where JPEG has 50.5 on
the whole pictures, so that every picture has at least 50 dB.
"""
_OTHERS = ("frequencies", "sigma", "omega", "batch_size", "learning_rate", "optimizer", "recipe", "precision")


def configure_planes(options: FitOptions, grades: int) -> FitConfig:
    """Return the configuration of so many grades on feature planes.

    Raises:
        ConfigError: a wish that has no meaning here, or wishes that do not fit together.
    """
    for name in _OTHERS:
        if getattr(options, name) is not None:
            raise ConfigError(
                f"{flag(name)} is given, but feature planes have none; leave it out, or use --encoding fourier."
            )
    if options.activation not in (None, *ACTIVATIONS):
        raise ConfigError(
            f"activation is {options.activation!r}; with feature planes accepted are {', '.join(ACTIVATIONS)}."
        )
    targets = [n for n in ("quality", "target_psnr", "max_bytes", "target_bpp") if getattr(options, n) is not None]
    if len(targets) > 1:
        raise ConfigError(f"{' and '.join(map(flag, targets))} are both given; choose one.")
    limited = bool(targets) and targets != ["quality"]
    quality = DEFAULT_QUALITY if options.quality is None else options.quality
    cell = 2 if options.pixels == "half" else 1  # as fine as the training lattice: no latent that no pixel reaches
    return FitConfig(
        method=options.method,
        encoding=EncodingConfig(kind="grid"),
        grades=tuple(
            GradeShape(
                depth=2 if options.depth is None else options.depth,
                width=16 if options.width is None else options.width,
                activation=options.activation or "relu",
                planes=tuple(_plane(side, cell) for side in sides),
            )
            for sides in deal(grades)
        ),
        training=JointTraining(
            lmbda=None if limited else quality_lambda(quality),
            steps=STEPS[options.preset or "balanced"] if options.steps is None else options.steps,
            idle_below=IDLE_BELOW[options.preset or "balanced"] if options.steps is None else 0.0,
            sized=options.width is None,
        ),
        max_bytes=options.max_bytes,
        target_bpp=options.target_bpp,
    )


def _plane(side: int, cell: int) -> Plane:
    """Return a plane of the pyramid, on a lattice of training pixels that lie `cell` pixels apart."""
    fine = side <= AROUND
    return Plane(cell=side * cell, channels=1 if fine else 3, around=fine)


def deal(grades: int) -> list[tuple[int, ...]]:
    """Deal the cells of the pyramid to grades, from coarse to fine: each of the finest to a grade of its own.

    The first grade has what is left. With more grades than the pyramid has planes, the pyramid begins with coarser
    ones, each cell twice the side of the next.

    Raises:
        ConfigError: the coarsest cell would be larger than a file holds.
    """
    cells = CELLS if grades <= len(CELLS) else tuple(2**power for power in range(grades - 1, -1, -1))
    if cells[0] > MAX_CELL:
        most = int(math.log2(MAX_CELL)) + 1
        raise ConfigError(f"grades is {grades}; feature planes make at most {most}: one for each, down to a pixel.")
    first = len(cells) - grades + 1
    return [cells[:first], *((side,) for side in cells[first:])]


def quality_lambda(quality: int) -> float:
    """Return the lambda of a quality from 1 to 100, which means about what it means for JPEG.

    Raises:
        ConfigError: another number.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"quality is {quality}; it must lie between 1 and 100.")
    pairs = itertools.pairwise(_QUALITY_LAMBDA)
    low, high = next(pair for pair in pairs if quality <= pair[1][0])
    part = (quality - low[0]) / (high[0] - low[0])
    return float(math.exp((1.0 - part) * math.log(low[1]) + part * math.log(high[1])))
