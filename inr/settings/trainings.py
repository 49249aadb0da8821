"""How the grades of a fit are trained: greedily, one after another, or jointly; frozen and validated."""

from dataclasses import dataclass
from typing import Literal

from inr.errors import ConfigError
from inr.settings.shape import between, choice

OptimizerName = Literal["muon", "adam", "sgd"]
ScheduleName = Literal["cosine", "exponential", "constant"]
InitName = Literal[
    "fan-in", "samples", "glorot-normal", "glorot-unit-bias", "wide-normal", "siren", "uniform", "normal"
]  # fmt: skip
TargetsName = Literal["unit", "symmetric"]
PrecisionName = Literal["auto", "float32", "bf16"]

MAX_STEPS = 100_000_000
"""Most updates of a training."""


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
        init: start of the weights, see `inr.networks.initialisation`; `samples` is `fan-in` but for the biases of a
            first layer that sees bare coordinates: each of its neurons is zero at a training sample, drawn at random.
        redraw: each grade draws a start of its own; without, all draw from one seed, as the MGDL authors' code does.
        init_deviation: of the init `normal`, the standard deviation of weights and biases; 0 for the others.
        batch_size: pixels per step; None is every training pixel at each step (full batch).
        targets: `unit`, colours as they are, or `symmetric`: grade 1 is given 2 c - 1, from -1 to 1, as SIREN is.
        rescale_residual: each residual is divided by its RMS before a grade fits it, and the head is
            multiplied back (Wang & Lai 2024, arXiv 2307.08934, their epsilon). Not in the paper of Fang & Xu.
        scale_from_residual: grades after the first have one scale, read from the spectrum of what the grades before
            left over (Wang & Lai 2024, section 3.3). Of samples on a line it is read from the sign changes of the
            residual, and `rescale_residual` divides by half of the largest |residual|, both as in their code.
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
    init_deviation: float = 0.0
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
        between("standard deviation of init", self.init_deviation, 0, 1e3)
        if (self.init == "normal") != (self.init_deviation > 0):
            raise ConfigError("init 'normal' and a standard deviation go together; one of them is missing.")
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
        entropy_model_batches: into which the latents are divided; a step of the entropy model's training sees one.
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
    entropy_model_batches: int = 128
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
