"""What a person may choose about a fit: the options of `fit` and `batch`, written once."""

from typing import Annotated

import typer

from inr.errors import ConfigError
from inr.settings.config import OptimizerName, PixelsName, PrecisionName
from inr.settings.methods import GRID_STEPS, NETWORK_STEPS, configure
from inr.settings.options import FitOptions, MethodName, PresetName, RecipeName
from inr.settings.shape import ActivationName, EncodingName

_DEFAULT = configure()
_GRADE = _DEFAULT.grades[0]
_FOURIER = configure(FitOptions(encoding="fourier"))
_WAVES = _FOURIER.grades[0]
_STEPS = ", ".join(f"{name} {sum(steps)}" for name, steps in GRID_STEPS.items())
_WAVES_STEPS = ", ".join(f"{name} {steps}" for name, steps in NETWORK_STEPS.items())

Method = Annotated[
    MethodName,
    typer.Option(
        help="mgdl: several grades; sgdl, grid: one; -paper: the authors' settings; `inr methods` tells of all.",
        metavar="NAME",
    ),
]
Preset = Annotated[
    PresetName | None,
    typer.Option(
        help=f"Effort, in steps of four grades: {_STEPS}; without a grid, of each: {_WAVES_STEPS}. "
        "compact: a small file. [default: balanced]"
    ),
]
Grades = Annotated[int | None, typer.Option(min=1, max=64, help=f"Number of grades. [default: {len(_DEFAULT.grades)}]")]
Depth = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=64,
        help=f"Hidden layers per grade. [default: {_GRADE.depth}; sgdl without a grid: {4 * _WAVES.depth}]",
    ),
]
Width = Annotated[
    int | None,
    typer.Option(
        min=1, max=8192, help=f"Neurons per hidden layer. [default: {_GRADE.width}; without a grid: {_WAVES.width}]"
    ),
]
Encoding = Annotated[
    EncodingName | None,
    typer.Option(
        help=f"What a coordinate becomes: learned feature planes, or waves. [default: {_DEFAULT.encoding.kind}]"
    ),
]
Sigma = Annotated[
    str | None,
    typer.Option(help="Bandwidth, cycles per longer side; auto reads it off the picture. [default: auto]"),
]
Omega = Annotated[float | None, typer.Option(help="Of siren and its like: the gain; of mscale: the highest scale.")]
Frequencies = Annotated[
    int | None,
    typer.Option(min=1, help=f"Frequencies of the encoding. [default: {_FOURIER.encoding.frequencies}]"),
]
Activation = Annotated[
    ActivationName | None,
    typer.Option(help=f"After each hidden layer. [default: {_GRADE.activation}; without a grid: {_WAVES.activation}]"),
]
Steps = Annotated[int | None, typer.Option(min=1, help="Updates per grade; by default what the preset says.")]
BatchSize = Annotated[
    int | None,
    typer.Option(
        min=0,
        help=f"Pixels per step; 0 is all. [default: {_DEFAULT.batch_size} or a 64th of them, whichever is more; "
        f"without a grid: {_FOURIER.batch_size}]",
    ),
]
LearningRate = Annotated[
    float | None,
    typer.Option(
        help=f"At its highest. [default: {_GRADE.learning_rate:g}; without a grid: {_WAVES.learning_rate:g}; "
        "adam: 0.001]"
    ),
]
Optimizer = Annotated[
    OptimizerName | None, typer.Option(help=f"For the hidden matrices. [default: {_DEFAULT.optimizer}]")
]
Recipe = Annotated[
    RecipeName | None,
    typer.Option(help="How a published method is trained: as its paper does, or as inr does. [default: paper]"),
]
Pixels = Annotated[
    PixelsName,
    typer.Option(help="Train on all pixels, or on every other row and column (the papers' protocol)."),
]
TargetPsnr = Annotated[
    float | None, typer.Option(help="Stop when the training pixels reach this PSNR, dB; what a small file aims at.")
]
MaxBytes = Annotated[
    str | None, typer.Option(help="A small file of at most so many bytes: 20000, 20k, 1.5M.", metavar="SIZE")
]
TargetBpp = Annotated[float | None, typer.Option(help="A small file of at most so many bits per pixel.")]
Seconds = Annotated[float | None, typer.Option(help="Stop training after this time.")]
Precision = Annotated[
    PrecisionName | None,
    typer.Option(help=f"Of the products in training; auto takes the faster. [default: {_DEFAULT.precision}]"),
]


def bandwidth(text: str | None) -> float | None:
    """Return what `--sigma` says, None for auto."""
    if text is None or text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"--sigma is {text!r}; accepted are a number of cycles, or auto.") from None


def size(text: str | None) -> int | None:
    """Return the bytes that `--max-bytes` says; k is a thousand, M a million."""
    if text is None:
        return None
    factor = {"k": 1e3, "M": 1e6}.get(text[-1:], 1.0)
    try:
        return int(float(text.rstrip("kM")) * factor)
    except (ValueError, OverflowError):
        raise ConfigError(f"--max-bytes is {text!r}; accepted are a number of bytes, or one with k or M.") from None
