"""What a person may ask for -> `FitOptions`: the method's name and the wishes beside it, None where there is none."""

from dataclasses import dataclass
from typing import Literal

from inr.settings.config import OptimizerName, PixelsName, PrecisionName
from inr.settings.shape import ActivationName, EncodingName

OwnName = Literal["mgdl", "sgdl", "grid", "mgdl-paper", "sgdl-paper"]
RivalName = Literal[
    "fourier", "fourier-multiscale", "siren", "finer", "wire", "gauss", "mscale-1", "mscale-2", "phase", "adaptive",
    "msnn",
]  # fmt: skip
MethodName = Literal[OwnName, RivalName]
PresetName = Literal["fast", "balanced", "best", "compact"]
RecipeName = Literal["paper", "inr"]


@dataclass(frozen=True, kw_only=True)
class FitOptions:
    """A person's wishes; None leaves a choice to the method and the preset.

    The names and units are those of `FitConfig`, `GradeConfig` and `EncodingConfig`; depth, width,
    activation, steps and learning_rate hold for every grade. A batch_size of 0 is the full batch. omega is the
    form's gain, or the highest of its scales. recipe is how a rival is trained: as its `paper` says, or by `inr`'s
    own optimiser, batches and schedule. max_bytes and target_bpp ask for the preset `compact`, and for a file of no
    more than so many bytes, or bits per pixel.
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
    omega: float | None = None
    steps: int | None = None
    batch_size: int | None = None
    learning_rate: float | None = None
    optimizer: OptimizerName | None = None
    recipe: RecipeName | None = None
    precision: PrecisionName | None = None
    pixels: PixelsName = "all"
    seed: int = 0
    target_psnr: float | None = None
    max_bytes: int | None = None
    target_bpp: float | None = None
    seconds: float | None = None
