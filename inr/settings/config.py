"""What a fit is asked to do: the shapes of its grades, one of two trainings, and limits; frozen and validated.

    FitConfig = method, seed, pixels, limits + encoding, frame, feed, GradeShape x L + GreedyTraining | JointTraining

The defaults of the program live here and in `inr.settings.methods`.
"""

from dataclasses import dataclass
from typing import Literal

from inr.errors import ConfigError
from inr.settings.shape import MAX_GRADES, EncodingConfig, FeedName, Form, FrameName, GradeShape, between, choice

OptimizerName = Literal["muon", "adam", "sgd"]
ScheduleName = Literal["cosine", "exponential", "constant"]
InitName = Literal["fan-in", "glorot-normal", "glorot-unit-bias", "wide-normal", "siren", "uniform", "normal"]
TargetsName = Literal["unit", "symmetric"]
PixelsName = Literal["all", "half"]
PrecisionName = Literal["auto", "float32", "bf16"]
StopName = Literal["end", "held-out"]
DeviceName = Literal["auto", "cpu", "cuda", "mps"]

MAX_STEPS = 100_000_000
"""Most updates of a training."""
MAX_PIXELS = 150_000_000
"""Pictures with more pixels are refused unless the caller raises the limit: a guard against decompression bombs."""


@dataclass(frozen=True, kw_only=True)
class GreedyTraining:
    """Train grade after grade, each on what the ones before left over, then freeze it (Fang & Xu 2024, section 2).

    Attributes:
        steps: updates of each grade.
        learning_rate: of the optimiser, at its highest.
        optimizer: `muon` (hidden matrices by Muon, the rest by Adam), `adam` (everything by Adam) or `sgd` (plain
            gradient descent).
        rate_factors: on the learning rate, for each grade; none leaves it the same for all.
        finish: further updates of each grade, by L-BFGS with a line search, on all that it is trained on at once.
        schedule: learning rate inside each grade: constant, a cosine to zero, or exponential to `decay`.
        decay: part of the rate that an exponential schedule ends at.
        epochs: passes of each grade over what it is trained on, as the MGDL authors' code for functions counts them:
            the rate changes once a pass, and the last batch of a pass is short. None lets batches run on into the
            next pass, and the rate change at each step.
        init: start of the weights, see `inr.networks.initialisation`.
        redraw: each grade draws a start of its own; without, all draw from one seed, as the MGDL authors' code does.
        spread: of the init `normal`, the standard deviation of weights and biases; 0 for the others.
        batch_size: pixels per step; None is every training pixel at each step (full batch).
        targets: `unit`, colours as they are, or `symmetric`: grade 1 is given 2 c - 1, from -1 to 1, as SIREN is.
        rescale_residual: each residual is divided by its RMS before a grade fits it, and the head is
            multiplied back (Wang & Lai 2024, arXiv 2307.08934, their epsilon). Not in the paper of Fang & Xu.
        scale_from_residual: grades after the first have one scale, read from the spectrum of what the grades before
            left over (Wang & Lai 2024, section 3.3).
        precision: of the products in training; `auto` measures once at the start and takes the faster type.
        rounding_db: PSNR that may be lost by rounding the weights for the file, over all pixels; 0 rounds to 16 bits.
        blur: of local networks: training pairs are cut from the lattice after a Gaussian of this standard deviation
            in its pixels.
    """

    kind: Literal["greedy"] = "greedy"
    steps: tuple[int, ...]
    learning_rate: float
    optimizer: OptimizerName = "muon"
    rate_factors: tuple[float, ...] = ()
    finish: int = 0
    schedule: ScheduleName = "cosine"
    init: InitName = "fan-in"
    redraw: bool = True
    spread: float = 0.0
    batch_size: int | None = 4096
    decay: float = 0.1
    epochs: int | None = None
    targets: TargetsName = "unit"
    rescale_residual: bool = True
    scale_from_residual: bool = False
    precision: PrecisionName = "auto"
    rounding_db: float = 0.1
    blur: float = 0.0

    def __post_init__(self) -> None:
        for steps in self.steps:
            between("steps", steps, 1, MAX_STEPS)
        between("learning rate", self.learning_rate, 1e-9, 1e3)
        between("decay", self.decay, 1e-9, 1)
        between("finish", self.finish, 0, MAX_STEPS)
        for factor in self.rate_factors:
            between("rate factor", factor, 1e-9, 1e9)
        if len(self.rate_factors) not in (0, len(self.steps)):
            raise ConfigError(
                f"{len(self.steps)} grades, but {len(self.rate_factors)} rate factors; give one for each."
            )
        if self.epochs is not None:
            between("epochs", self.epochs, 1, MAX_STEPS)
        choice("optimizer", self.optimizer, OptimizerName)
        choice("schedule", self.schedule, ScheduleName)
        choice("init", self.init, InitName)
        between("spread", self.spread, 0, 1e3)
        if (self.init == "normal") != (self.spread > 0):
            raise ConfigError("init 'normal' and a spread go together; one of them is missing.")
        choice("targets", self.targets, TargetsName)
        choice("precision", self.precision, PrecisionName)
        if self.batch_size is not None:
            between("batch size", self.batch_size, 1, 100_000_000)
        between("rounding", self.rounding_db, 0, 100)
        between("blur", self.blur, 0, 8)

    @property
    def updates(self) -> tuple[int, ...]:
        """Updates of each grade, the finish among them."""
        return tuple(steps + self.finish for steps in self.steps)

    def rate(self, number: int) -> float:
        """Return the learning rate, at its highest, of a grade, counted from 1."""
        return self.learning_rate * (self.rate_factors[number - 1] if self.rate_factors else 1.0)

    def batch(self, pixels: int) -> int:
        """Return the pixels of one step when there are this many training pixels."""
        return pixels if self.batch_size is None else min(pixels, self.batch_size)

    def visits(self, pixels: int) -> int:
        """Return how many pixels all steps together look at when there are this many training pixels."""
        return sum(self.steps) * self.batch(pixels) + self.finish * len(self.steps) * pixels


@dataclass(frozen=True, kw_only=True)
class JointTraining:
    """Train latents, networks and entropy model of all grades together on L = D + lambda R; see `inr.training.joint`.

    Attributes:
        lmbda: lambda, the mean squared error (peak 1) that one bit per pixel is worth; None leaves it to the limit on
            bytes or to the target PSNR.
        steps: updates; 0 leaves the closed form.
        idle_below: lambda below which no updates are done, because they would gain next to nothing.
        sized: networks get the width that suits the size of the file; else that of their shapes.
        sweeps: passes over all latents of the closed form's integer descent.
        row_stride: each update looks at one row of pixels in so many, a power of two.
        hidden: hidden neurons of the entropy model.
        latent_rate: learning rate of Adam on the latents, in quantisation steps; all rates fall in a cosine.
        network_rate: learning rate of Adam on the grades' networks, over the square root of lambda.
        entropy_model_rate: learning rate of Adam on the entropy model.
        portions: steps in which the entropy model has seen all latents.
        temperature: of the soft rounding, at the start and at the end.
        noise: width of the uniform noise that stands for rounding, at the start and at the end.
        prefix_weight: weight in the loss of the error after each grade but the last, at most; that of the last is 1.
    """

    kind: Literal["joint"] = "joint"
    lmbda: float | None = None
    steps: int = 2200
    idle_below: float = 0.0
    sized: bool = True
    sweeps: int = 3
    row_stride: int = 16
    hidden: int = 12
    latent_rate: float = 0.04
    network_rate: float = 0.07
    entropy_model_rate: float = 0.03
    portions: int = 128
    temperature: tuple[float, float] = (0.4, 0.03)
    noise: tuple[float, float] = (1.0, 0.3)
    prefix_weight: float = 0.1

    def __post_init__(self) -> None:
        if self.lmbda is not None:
            between("lambda", self.lmbda, 1e-9, 1)
        between("steps", self.steps, 0, MAX_STEPS)
        if self.row_stride not in (1, 2, 4, 8, 16, 32):
            raise ConfigError(f"row stride is {self.row_stride}; accepted are powers of two up to 32.")
        between("entropy model neurons", self.hidden, 1, 64)

    def visits(self, pixels: int) -> int:
        """Return how many pixels all steps together look at when there are this many training pixels."""
        return self.steps * (pixels // self.row_stride)


@dataclass(frozen=True, kw_only=True)
class FitConfig:
    """Everything that decides what a fit computes; the same configuration, image and machine give the same bytes.

    One exception: a picture whose features do not fit in memory is trained in portions, and the memory limit decides
    which.

    Attributes:
        method: name recorded in reports and model files.
        encoding: input of grade 1.
        grades: the shape of each grade. A single one is single-grade deep learning (SGDL).
        training: how the grades are trained.
        frame: `isotropic` (longer side spans (-1, 1), pixel centres) or `unit` (the MGDL authors'
            [0, 1) per axis, pixel corners).
        feed: what grades after the first see: the `features` of the one before (Fang & Xu 2024), the `encoding`
            only (Wang & Lai 2024), or `both`, the encoding with all planes so far.
        pixels: train on `all` pixels or on the `half` lattice [::2, ::2], a quarter of them.
        stop: greedy training goes on to its `end`, or with `held-out` keeps a ninth of the training pixels from it and
            goes on only while their error falls: each grade is left as it was when it was least, and a grade that does
            not lower it is dropped and is the last.
        seed: start of all randomness of this fit.
        seconds: stop training after this time; grades share it in proportion to their steps.
        target_psnr: greedy training stops when the training pixels reach this PSNR in dB; joint training aims at it.
        grades_auto: the grades are the most there may be; another is kept only while it lowers the error of samples
            that are not trained on (Lyu, Fang & Xu 2026, S-MGDL): of a picture, the pixels [1::2, 1::2].
        max_bytes: of the model file, never exceeded; joint training only.
        target_bpp: the same limit in bits per pixel.
    """

    method: str
    encoding: EncodingConfig
    grades: tuple[GradeShape, ...]
    training: GreedyTraining | JointTraining
    frame: FrameName = "isotropic"
    feed: FeedName = "both"
    pixels: PixelsName = "all"
    stop: StopName = "end"
    seed: int = 0
    seconds: float | None = None
    target_psnr: float | None = None
    grades_auto: bool = False
    max_bytes: int | None = None
    target_bpp: float | None = None

    def __post_init__(self) -> None:
        between("grades", len(self.grades), 1, MAX_GRADES)
        choice("frame", self.frame, FrameName)
        choice("feed", self.feed, FeedName)
        choice("pixels", self.pixels, PixelsName)
        choice("stop", self.stop, StopName)
        of_coordinates = self.encoding.kind != "lattice" and isinstance(self.training, GreedyTraining)
        if self.stop == "held-out" and not of_coordinates:
            raise ConfigError("stop 'held-out' needs a network of coordinates, such as --method mgdl-fourier.")
        between("seed", self.seed, 0, 2**63 - 1)
        if self.seconds is not None:
            between("seconds", self.seconds, 0.01, 1e7)
        if self.target_psnr is not None:
            between("target PSNR", self.target_psnr, 1, 150)
        if self.max_bytes is not None:
            between("bytes", self.max_bytes, 100, 1e12)
        if self.target_bpp is not None:
            between("bits per pixel", self.target_bpp, 1e-3, 100)
        if (self.encoding.kind == "grid") != any(grade.planes for grade in self.grades):
            raise ConfigError("encoding 'grid' and grades with planes go together; one of them is missing.")
        if self.encoding.kind == "grid" and not (self.feed == "both" and self.frame == "isotropic"):
            raise ConfigError("encoding 'grid' needs feed 'both' and the isotropic frame.")
        if self.encoding.kind == "lattice":
            self._check_lattice()
        if isinstance(self.training, GreedyTraining):
            self._check_greedy(self.training)
        else:
            self._check_joint()

    def _check_greedy(self, training: GreedyTraining) -> None:
        if len(training.steps) != len(self.grades):
            raise ConfigError(
                f"{len(self.grades)} grades, but steps of {len(training.steps)}; give one number for each."
            )
        if self.max_bytes is not None or self.target_bpp is not None:
            raise ConfigError("a limit on bytes needs joint training; greedy training keeps none.")
        if any(grade.planes for grade in self.grades):
            raise ConfigError("feature planes need joint training; greedy training has fixed encodings.")
        for number, grade in enumerate(self.grades):
            self._check_form(training, grade.form, number)

    def _check_joint(self) -> None:
        if self.grades_auto:
            raise ConfigError("grades are added one after another by greedy training, not by joint training.")
        for grade in self.grades:
            cells = [plane.cell for plane in grade.planes]
            if not cells or cells != sorted(cells, reverse=True):
                raise ConfigError("joint training needs planes in every grade, the coarsest first.")

    def _check_lattice(self) -> None:
        plain = all(not (g.form.shifts or g.form.sigmoid or g.form.branches > 1) for g in self.grades)
        greedy = isinstance(self.training, GreedyTraining) and self.training.batch_size is not None
        if not (greedy and plain and self.frame == "isotropic" and self.target_psnr is None):
            raise ConfigError(
                "encoding 'lattice' needs greedy training in batches, plain grades, the isotropic frame, and no target."
            )

    def _check_form(self, training: GreedyTraining, form: Form, number: int) -> None:
        if form.sigmoid and (training.rescale_residual or training.targets != "unit" or number):
            raise ConfigError(
                "a network with a sigmoid gives colours, never a residual: it needs one grade, no rescaling."
            )
        if form.shifts and (self.encoding.kind != "none" or (number and self.feed == "features")):
            raise ConfigError("shifts need the bare coordinates: encoding 'none'.")
        if form.branches > 1 and (number or form.branches != len(self.encoding.bands)):
            raise ConfigError("branches need one grade, and as many bands of the encoding.")
