"""Settings in -> frozen, validated dataclasses out; the defaults live here and in `inr.settings.methods`.

Nothing here imports torch, so that the command line can show its defaults at once.
"""

from dataclasses import dataclass
from typing import Literal

from inr.errors import ConfigError
from inr.settings.shape import MAX_PLANES, ActivationName, EncodingConfig, Form, Plane, between, choice

OptimizerName = Literal["muon", "adam"]
ScheduleName = Literal["cosine", "exponential", "constant"]
InitName = Literal["fan-in", "glorot-normal", "glorot-unit-bias", "wide-normal", "siren", "uniform"]
FeedName = Literal["features", "both", "encoding"]
TargetsName = Literal["unit", "symmetric"]
FrameName = Literal["isotropic", "unit"]
PixelsName = Literal["all", "half"]
PrecisionName = Literal["auto", "float32", "bf16"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]

MAX_GRADES = 64
"""Most grades of a model."""
MAX_SIDE = 1_048_576
"""Longest side of a picture, in pixels, that the file format holds."""
MAX_PIXELS = 150_000_000
"""Pictures with more pixels are refused unless the caller raises the limit: a guard against decompression bombs."""


@dataclass(frozen=True, kw_only=True)
class GradeConfig:
    """One grade: a body of hidden layers, its linear head, and how long it trains.

    Attributes:
        depth: hidden layers.
        width: neurons per hidden layer; of `gabor`, complex ones.
        activation: function after each hidden layer.
        steps: updates.
        learning_rate: of the optimiser the fit names, at its highest.
        planes: feature planes this grade adds to the encoding, for itself and the grades after it.
        form: departures from plain layers.
        scale_from_residual: the form's one scale is read from the spectrum of what the grades before left over
            (Wang & Lai 2024, section 3.3).
    """

    depth: int
    width: int
    activation: ActivationName
    steps: int
    learning_rate: float
    planes: tuple[Plane, ...] = ()
    form: Form = Form()
    scale_from_residual: bool = False

    def __post_init__(self) -> None:
        between("planes", len(self.planes), 0, MAX_PLANES)
        form, gabor = self.form, "gabor" in (self.activation, self.form.first)
        if gabor != (form.window > 0) or (gabor and (form.first or form.scales or form.branches > 1 or form.shifts)):
            raise ConfigError("activation 'gabor' and a window go together, in every layer and without scales.")
        if form.separate and self.width % len(form.scales):
            raise ConfigError(
                f"width is {self.width}; {len(form.scales)} separate sub-networks need a multiple of their number."
            )
        if form.scales and self.width < len(form.scales):
            raise ConfigError(f"width is {self.width}; {len(form.scales)} scales need a neuron each.")
        between("depth", self.depth, 1, 64)
        between("width", self.width, 1, 8192)
        choice("activation", self.activation, ActivationName)
        between("steps", self.steps, 1, 100_000_000)
        between("learning rate", self.learning_rate, 1e-9, 1e3)


@dataclass(frozen=True, kw_only=True)
class CompactConfig:
    """How a fit weighs bits against error, and how it learns both; see `inr.training.joint.trainer`.

    Attributes:
        max_bytes: of the model file, never exceeded.
        target_bpp: the same in bits per pixel.
        weight: mean squared error, at peak 1, that one bit per pixel is worth; None leaves it to the bytes allowed, or
            to the target PSNR.
        steps: updates.
        share: each update looks at one row of pixels in so many, a power of two.
        hidden: neurons of the context.
        number_rate: of Adam on the planes' numbers, in steps of their grid; all rates fall in a cosine.
        network_rate: of Muon on the grades' hidden layers and of Adam on their biases and heads.
        context_rate: of Adam on the context's.
        portions: steps in which the context has seen all numbers.
        softness: of the rounding in training, at the start and at the end.
        noise: width of the noise that stands for what rounding will do, at the start and at the end.
        prefix_share: of the loss, that each earlier prefix of grades has at most.
    """

    max_bytes: int | None = None
    target_bpp: float | None = None
    weight: float | None = None
    steps: int = 2200
    share: int = 16
    hidden: int = 12
    number_rate: float = 0.04
    network_rate: float = 0.006
    context_rate: float = 0.03
    portions: int = 128
    softness: tuple[float, float] = (0.4, 0.03)
    noise: tuple[float, float] = (1.0, 0.3)
    prefix_share: float = 0.1

    def __post_init__(self) -> None:
        if self.max_bytes is not None:
            between("bytes", self.max_bytes, 100, 1e12)
        if self.target_bpp is not None:
            between("bits per pixel", self.target_bpp, 1e-3, 100)
        if self.weight is not None:
            between("weight of a bit", self.weight, 1e-9, 1)
        between("steps", self.steps, 1, 100_000_000)
        if self.share not in (1, 2, 4, 8, 16, 32):
            raise ConfigError(f"share is {self.share}; accepted are powers of two up to 32.")
        between("context neurons", self.hidden, 1, 64)


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Everything that decides what a fit computes; the same configuration, image and machine give the same bytes.

    But for pictures whose features do not fit in memory: they are trained in portions, and the limit decides those.

    Attributes:
        method: name recorded in reports and model files.
        encoding: input of grade 1.
        grades: one entry per grade. A single entry is single-grade deep learning (SGDL).
        optimizer: `muon` (hidden matrices by Muon, the rest by Adam) or `adam` (everything by Adam).
        schedule: learning rate inside each grade: constant, a cosine to zero, or exponential to a tenth.
        init: start of the weights, see `inr.networks.layers.initialise`.
        batch_size: pixels per step at least; None is every training pixel at each step (full batch).
        batch_share: share of the training pixels per step at least, so that a large picture is passed over as
            often as a small one.
        frame: `isotropic` (longer side spans (-1, 1), pixel centres) or `unit` (the MGDL authors'
            [0, 1) per axis, pixel corners).
        pixels: train on `all` pixels or on the `half` lattice [::2, ::2], a quarter of them.
        feed: what grades after the first see: the `features` of the one before (Fang & Xu 2024), the `encoding`
            only (Wang & Lai 2024), or `both`, the encoding with all planes so far.
        targets: colours as they are, or `symmetric`: grade 1 is given 2 c - 1, from -1 to 1, as SIREN is.
        rescale_residual: each residual is divided by its RMS before a grade fits it and the head is
            multiplied back (Wang & Lai 2024, arXiv 2307.08934, their epsilon). Not in the paper.
        precision: of the products in training; `auto` measures one at the start and takes the faster type.
        seed: start of all randomness of this fit.
        compact: trains all grades together, bits weighed against error; see `CompactConfig`.
        target_psnr: stop when the training pixels reach this PSNR in dB; of a compact fit, what it aims at.
        rounding_db: PSNR that may be lost by rounding the weights for the file, over all pixels; 0 rounds to 16 bits.
        seconds: stop training after this time; the grades share what is left of it in proportion to their steps.
    """

    method: str
    encoding: EncodingConfig
    grades: tuple[GradeConfig, ...]
    optimizer: OptimizerName = "muon"
    schedule: ScheduleName = "cosine"
    init: InitName = "fan-in"
    batch_size: int | None = 4096
    batch_share: float = 0.0
    frame: FrameName = "isotropic"
    pixels: PixelsName = "all"
    feed: FeedName = "both"
    targets: TargetsName = "unit"
    rescale_residual: bool = True
    precision: PrecisionName = "auto"
    seed: int = 0
    rounding_db: float = 0.1
    compact: CompactConfig | None = None
    target_psnr: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        between("grades", len(self.grades), 1, MAX_GRADES)
        choice("optimizer", self.optimizer, OptimizerName)
        choice("schedule", self.schedule, ScheduleName)
        choice("init", self.init, InitName)
        choice("frame", self.frame, FrameName)
        choice("feed", self.feed, FeedName)
        choice("targets", self.targets, TargetsName)
        choice("pixels", self.pixels, PixelsName)
        choice("precision", self.precision, PrecisionName)
        if self.batch_size is not None:
            between("batch size", self.batch_size, 1, 100_000_000)
        between("batch share", self.batch_share, 0, 1)
        between("rounding", self.rounding_db, 0, 100)
        between("seed", self.seed, 0, 2**63 - 1)
        if self.target_psnr is not None:
            between("target PSNR", self.target_psnr, 1, 150)
        if self.seconds is not None:
            between("seconds", self.seconds, 0.01, 1e7)
        if self.batch_size is None and self.batch_share:
            raise ConfigError("batch share is given, but the full batch is all pixels already.")
        if (self.encoding.kind == "grid") != any(grade.planes for grade in self.grades):
            raise ConfigError("encoding 'grid' and grades with planes go together; one of them is missing.")
        if self.encoding.kind == "grid" and not (self.feed == "both" and self.frame == "isotropic"):
            raise ConfigError("encoding 'grid' needs feed 'both' and the isotropic frame.")
        for number, grade in enumerate(self.grades):
            self._check_form(grade.form, number)
            cells = [plane.cell for plane in grade.planes]
            if self.compact is not None and (not cells or cells != sorted(cells, reverse=True)):
                raise ConfigError("a compact fit needs planes in every grade, the coarsest first.")

    def _check_form(self, form: Form, number: int) -> None:
        if form.sigmoid and (self.rescale_residual or self.targets != "unit" or number):
            raise ConfigError("a sigmoid fits the colours themselves: one grade, no rescaling.")
        if form.shifts and (self.encoding.kind != "none" or (number and self.feed == "features")):
            raise ConfigError("shifts need the bare coordinates: encoding 'none'.")
        if form.branches > 1 and (number or form.branches != len(self.encoding.bands)):
            raise ConfigError("branches need one grade, and as many bands of the encoding.")

    def batch(self, rows: int) -> int:
        """Return the pixels of one step when there are this many training rows."""
        if self.batch_size is None:
            return rows
        return min(rows, max(self.batch_size, round(self.batch_share * rows)))
