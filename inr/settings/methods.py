"""What a person asks for (`FitOptions`) -> the configuration that does it. A method is a configuration, not a class."""

import dataclasses
from typing import TypeVar, get_args

from inr.errors import ConfigError
from inr.settings.config import FitConfig, GreedyTraining, JointTraining, OptimizerName
from inr.settings.options import FitOptions, MethodName, OwnName, PresetName, RecipeName, RivalName, flag
from inr.settings.recipes import MUON_RATE, configure_rival, own_recipe
from inr.settings.rivals import RIVALS
from inr.settings.shape import EncodingConfig, EncodingName, Form, GradeShape, Plane

T = TypeVar("T")

METHODS: tuple[MethodName, ...] = (*get_args(OwnName), *get_args(RivalName))

GRID_STEPS: dict[str, tuple[int, ...]] = {
    "fast": (350, 350, 150, 150),
    "balanced": (1400, 1400, 600, 600),
    "best": (14_000, 14_000, 6000, 6000),
}
"""Steps of each grade on feature planes; the last holds for all grades after it."""
NETWORK_STEPS: dict[str, int] = {"fast": 100, "balanced": 360, "best": 2000}
"""Steps of each grade on any other encoding."""


def _planes(*layout: tuple[int, int]) -> tuple[Plane, ...]:
    return tuple(Plane(cell=cell, channels=channels) for cell, channels in layout)


# One number for every pixel and few coarse ones carry a photograph to about 43 dB, because colours vary less
# than lightness; what is left is best met at half the resolution, then coarser. Measured against coarse-to-fine
# (35 to 45 dB at the same time and size) and other splits of as many numbers.
GRADE_PLANES = (
    _planes((1, 1), (4, 2), (8, 2), (16, 2)),
    _planes((2, 1), (4, 2)),
    _planes((4, 1), (8, 2)),
    _planes((8, 2), (16, 2)),
)
ALL_PLANES = _planes((1, 1), (2, 1), (4, 3), (8, 4), (16, 4))
"""Those of a single grade: about as many numbers as the four grades have together."""
JOINT_PLANES = (
    _planes((32, 3), (16, 3), (8, 3), (4, 3)),
    (Plane(cell=2, channels=1, around=True),),
    (Plane(cell=1, channels=1, around=True),),
)
"""Those of joint training: each plane finer than four pixels in a grade of its own, luma alone if bits are few."""
DEFAULT_GRADES = 4
PAPER_STEPS = 10_000
OWN_TITLES: dict[str, tuple[str, str]] = {
    "mgdl": ("grades on feature planes, or on any --encoding", "after Fang & Xu 2024 (NeurIPS)"),
    "sgdl": ("one grade of the same total depth, or with as many planes", "Fang & Xu 2024 (NeurIPS)"),
    "grid": ("feature planes and one small network", "Mueller et al. 2022, arXiv 2201.05989, dense"),
    "mgdl-paper": ("four grades as their authors fit pictures", "Fang & Xu 2024 (NeurIPS), section 3.3"),
    "sgdl-paper": ("one grade of twelve layers, the same", "Fang & Xu 2024 (NeurIPS), section 3.3"),
}
"""What the methods of this house are, and where they are from; those of the rivals stand in `inr.settings.rivals`."""


def configure(options: FitOptions = FitOptions()) -> FitConfig:
    """Resolve wishes into a full configuration.

    Raises:
        ConfigError: an unknown name, a value out of range, or wishes that do not fit together.
    """
    if options.method not in METHODS:
        raise ConfigError(f"method is {options.method!r}; accepted are {', '.join(METHODS)}.")
    if options.recipe not in (None, *get_args(RecipeName)):
        raise ConfigError(f"recipe is {options.recipe!r}; accepted are {', '.join(get_args(RecipeName))}.")
    if options.preset is not None and options.preset not in get_args(PresetName):
        raise ConfigError(f"preset is {options.preset!r}; accepted are {', '.join(get_args(PresetName))}.")
    single = options.method.startswith("sgdl") or options.method == "grid"
    if single and options.grades not in (None, 1):
        several = "mgdl-paper" if options.method.endswith("-paper") else "mgdl"
        raise ConfigError(
            f"method '{options.method}' is one grade, but grades is {options.grades}; "
            f"use '{several}' for several, or --depth for a deeper one."
        )
    if options.method == "grid" and options.encoding not in (None, "grid"):
        raise ConfigError(
            f"method 'grid' has encoding 'grid', but encoding is {options.encoding!r}; use --method sgdl."
        )
    if options.preset == "compact" or options.max_bytes is not None or options.target_bpp is not None:
        base = _joint(options)
    elif options.method in RIVALS:
        base = configure_rival(options)
    else:
        base = _paper(options, single) if options.method.endswith("-paper") else _ours(options, single)
    return dataclasses.replace(
        base,
        pixels=options.pixels,
        seed=options.seed,
        target_psnr=options.target_psnr,
        seconds=options.seconds,
    )


def _ours(options: FitOptions, single: bool) -> FitConfig:
    """Build `mgdl`, or one grade (`sgdl`, `grid`) that learns as many planes, or has the same total depth.

    One network gets the steps of all grades together on a grid, and those of one grade on an encoding
    that makes it four times as deep: about the same time either way.
    """
    if options.preset is not None and options.steps is not None:
        raise ConfigError("both a preset and a number of steps are given; a preset is a number of steps: give one.")
    if options.omega is not None:
        raise ConfigError(f"method '{options.method}' has no omega; use --sigma for the bandwidth of its encoding.")
    if options.recipe is not None:
        raise ConfigError(f"method '{options.method}' has one recipe, but recipe is given; leave it out.")
    encoding = _encoding(options)
    grid = encoding.kind == "grid"
    preset: PresetName = options.preset or "balanced"
    grades = 1 if single else _given(options.grades, DEFAULT_GRADES)
    optimizer: OptimizerName = options.optimizer or "muon"
    rate = 1e-3 if optimizer == "adam" else 0.04 if grid else 0.02 if single else 0.06
    if grid:
        steps = GRID_STEPS[preset]
        steps = (sum(steps),) if grades == 1 else steps
        planes = (ALL_PLANES,) if grades == 1 else GRADE_PLANES
    else:
        steps, planes = (NETWORK_STEPS[preset],), ((),)
    cell = 2 if options.pixels == "half" else 1  # as fine as the training lattice: no latent that no pixel reaches
    return FitConfig(
        method=options.method,
        encoding=encoding,
        grades=tuple(
            GradeShape(
                depth=_given(options.depth, 2 if grid or not single else 2 * DEFAULT_GRADES),
                width=_given(options.width, 32 if grid else 192),
                activation=_given(options.activation, "gelu" if grid else "sine"),
                form=Form(window=0.5) if options.activation == "gabor" else Form(),
                planes=tuple(
                    dataclasses.replace(plane, cell=plane.cell * cell) for plane in planes[min(number, len(planes) - 1)]
                ),
            )
            for number in range(grades)
        ),
        training=GreedyTraining(
            steps=tuple(_given(options.steps, steps[min(number, len(steps) - 1)]) for number in range(grades)),
            learning_rate=_given(options.learning_rate, rate),
            optimizer=optimizer,
            batch_size=_given(options.batch_size, 6144 if grid else 4096) or None,
            batch_share=1 / 64 if grid and options.batch_size is None else 0.0,
            precision=_given(options.precision, "float32" if grid else "auto"),  # such narrow layers gain no time
        ),
    )


_JOINT_WISHES = ("preset", "steps", "pixels", "seed", "seconds", "target_psnr", "max_bytes", "target_bpp")
"""What joint training leaves to a person."""


def _joint(options: FitOptions) -> FitConfig:
    """Build the small file: three grades from coarse planes to fine, trained jointly on L = D + lambda R."""
    wishes = {field.name: getattr(options, field.name) for field in dataclasses.fields(options)}
    for name, value in wishes.items():
        if name not in _JOINT_WISHES and value != getattr(FitOptions(), name):
            raise ConfigError(f"preset 'compact' chooses {flag(name)[2:]} itself; leave it out.")
    if options.preset not in (None, "compact"):
        raise ConfigError(f"preset is '{options.preset}', but only preset 'compact' keeps a limit on bytes; give that.")
    if options.pixels != "all":
        raise ConfigError("preset 'compact' fits all pixels; leave --pixels out.")
    targets = [n for n in ("target_psnr", "max_bytes", "target_bpp") if wishes[n] is not None]
    if len(targets) > 1:
        raise ConfigError(f"{' and '.join(flag(n)[2:] for n in targets)} are both given; choose one.")
    return FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="grid"),
        grades=tuple(GradeShape(depth=2, width=16, activation="relu", planes=planes) for planes in JOINT_PLANES),
        training=JointTraining(lmbda=None if targets else 1e-3, steps=_given(options.steps, JointTraining().steps)),
        max_bytes=options.max_bytes,
        target_bpp=options.target_bpp,
    )


def _paper(options: FitOptions, single: bool) -> FitConfig:
    """Build the MGDL authors' image setting (Fang & Xu 2024, section 3.3 and their published code).

    4 grades x 3 x 256, or 12 x 256 for the single grade; ReLU; [0, 1) coordinates; Glorot-normal weights and
    N(0, 0.01^2) biases; constant-rate Adam, full batch, 10,000 steps a grade; float32. The rate is theirs for
    'Building': they tune it per picture, and some per grade, over 1e-2, 5e-3, 1e-3, 5e-4, 1e-4. Each grade draws its
    own start here. `inr`'s recipe trains the same network as ours are.
    """
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
    grades = 1 if single else _given(options.grades, 4)
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


def _encoding(options: FitOptions) -> EncodingConfig:
    kind: EncodingName = options.encoding or "grid"
    if kind in ("none", "grid"):
        for name, value in (("frequencies", options.frequencies), ("sigma", options.sigma)):
            if value is not None:
                raise ConfigError(f"{name} is given, but encoding '{kind}' has none; use --encoding fourier.")
        return EncodingConfig(kind=kind)
    sigma = 12.0 if kind == "positional" and options.sigma is None else options.sigma
    return EncodingConfig(kind=kind, frequencies=_given(options.frequencies, 64), sigma=sigma)


def _given(value: T | None, default: T) -> T:
    return default if value is None else value
