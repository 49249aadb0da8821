"""Settings in -> frozen, validated dataclasses out; every default of the program lives here or in `inr.methods`.

Nothing here imports torch, so that the command line can show its defaults at once.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from inr.errors import ConfigError

EncodingName = Literal["grid", "fourier", "positional", "none"]
ActivationName = Literal["relu", "sine", "tanh", "gelu", "gauss", "finer", "gabor", "srelu", "phi"]
OptimizerName = Literal["muon", "adam"]
ScheduleName = Literal["cosine", "exponential", "constant"]
InitName = Literal["fan-in", "glorot-normal", "glorot-unit-bias", "siren", "uniform"]
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
MAX_CELL, MAX_CHANNELS, MAX_PLANES = 4096, 16, 16
"""Coarsest cell in pixels, most numbers in a cell and most planes of one grade that the file format holds."""
MAX_SCALES, MAX_SHIFTS = 64, 4096
"""Most scales and most shifts of one grade that the file format holds."""


def _choice(name: str, value: str, allowed: object) -> None:
    names = get_args(allowed)
    if value not in names:
        raise ConfigError(f"{name} is {value!r}; accepted are {', '.join(names)}.")


def _between(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:  # also refuses NaN, which compares false with everything
        raise ConfigError(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")


@dataclass(frozen=True, kw_only=True)
class EncodingConfig:
    """How a coordinate becomes the input of grade 1.

    Attributes:
        kind: `fourier` (Gaussian frequencies; Tancik et al. 2020, arXiv 2006.10739), `positional`
            (geometrically spaced frequencies along each axis), `none` (the coordinate itself) or `grid` (the
            coordinate, and every grade samples feature planes of its own there, see `GradeConfig.planes`).
        frequencies: number of frequencies; each gives a cosine and a sine. 0 for `none` and `grid`.
        sigma: bandwidth in cycles per longer side of the picture: the standard deviation of the
            Gaussian frequencies, or the last of the positional ladder. 0 for `none` and `grid`; None, for
            `fourier` only, is read from the picture's spectrum when it is fitted.
        bands: of `fourier`, bandwidths relative to sigma; the frequencies are shared among them evenly
            (Wang et al. 2021, arXiv 2012.10047, section 3).
    """

    kind: EncodingName
    frequencies: int = 0
    sigma: float | None = 0.0
    bands: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        _choice("encoding", self.kind, EncodingName)
        if self.kind in ("none", "grid"):
            if self.frequencies or self.sigma != 0:
                raise ConfigError(f"encoding '{self.kind}' has no frequencies and no sigma; choose 'fourier' for them.")
            return
        _between("frequencies", self.frequencies, 1, 16384)
        _between("bands", len(self.bands), 1, MAX_SCALES)
        for band in self.bands:
            _between("band", band, 1e-6, 1e6)
        if self.frequencies % len(self.bands) or (len(self.bands) > 1 and self.kind != "fourier"):
            raise ConfigError(
                f"frequencies is {self.frequencies}; {len(self.bands)} bands need 'fourier' and a multiple of it."
            )
        if self.sigma is not None:
            _between("sigma", self.sigma, 1e-3, 1e5)
        elif self.kind != "fourier":
            raise ConfigError(f"sigma is missing; encoding '{self.kind}' needs one, only 'fourier' can choose it.")
        if self.kind == "positional" and self.frequencies % 2:
            raise ConfigError(
                f"frequencies is {self.frequencies}; 'positional' shares them between two axes, so give an even number."
            )


@dataclass(frozen=True, kw_only=True)
class Plane:
    """One level of a feature grid: learned numbers on a lattice over the picture, read bilinearly in between.

    Attributes:
        cell: side of a lattice cell, in pixels.
        channels: numbers per cell.
    """

    cell: int
    channels: int

    def __post_init__(self) -> None:
        for name, value, most in (("cell", self.cell, MAX_CELL), ("channels", self.channels, MAX_CHANNELS)):
            if type(value) is not int or not 1 <= value <= most:
                raise ConfigError(f"{name} is {value!r}; it must be a whole number between 1 and {most}.")


@dataclass(frozen=True, kw_only=True)
class Form:
    """How a grade departs from layers of activation(W x + b) under a linear head; the default departs in nothing.

    Attributes:
        gain: factor on what every activation is given: SIREN's omega_0 (Sitzmann et al. 2020, section 3.2), the
            reciprocal of a Gaussian's width (Ramasinghe & Lucey 2022), the n of adaptive activations.
        slope: one trainable factor, shared by all layers, beside the gain; it starts at 1 / gain (Jagtap et al.
            2020, eq. 6).
        window: of `gabor` only: s_0, the reciprocal width of its Gaussian before the gain (Saragadam et al. 2023).
        first: activation of the first hidden layer, where it is another than that of the rest.
        scales: factors on the first layer's products, not its biases, for equal groups of neurons in turn
            (Liu, Cai & Xu 2020, arXiv 2007.11207, MscaleDNN-1; one number is the kappa of Wang & Lai 2024).
        separate: no connections between those groups in the layers after: sub-networks that the head sums
            (MscaleDNN-2).
        branches: the input is so many encodings of one size; all pass the same layers, and the head sees all
            that comes out (Wang, Wang & Perdikaris 2021, section 3).
        shifts: the head gives an amplitude for the cosine and the sine of so many frequencies, and one for the
            constant; the prediction is their sum (Cai, Li & Liu 2020, arXiv 1909.11112, coupled form).
        sigmoid: the prediction is the logistic function of the head.
    """

    gain: float = 1.0
    slope: bool = False
    window: float = 0.0
    first: ActivationName | None = None
    scales: tuple[float, ...] = ()
    separate: bool = False
    branches: int = 1
    shifts: int = 0
    sigmoid: bool = False

    def features(self, width: int, activation: ActivationName) -> int:
        """Return how many features a body of this form hands on."""
        return width * self.branches * (2 if activation == "gabor" else 1)

    def __post_init__(self) -> None:
        _between("gain", self.gain, 1e-3, 1e5)
        _between("window", self.window, 0, 1e5)
        _between("scales", len(self.scales), 0, MAX_SCALES)
        for scale in self.scales:
            _between("scale", scale, 1e-6, 1e6)
        _between("branches", self.branches, 1, MAX_SCALES)
        _between("shifts", self.shifts, 0, MAX_SHIFTS)
        if self.first is not None:
            _choice("first activation", self.first, ActivationName)
        if self.separate and len(self.scales) < 2:
            raise ConfigError("separate sub-networks need two scales or more.")
        if self.shifts and self.sigmoid:
            raise ConfigError("shifts and a sigmoid are not used together.")


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
        _between("planes", len(self.planes), 0, MAX_PLANES)
        form, gabor = self.form, "gabor" in (self.activation, self.form.first)
        if gabor != (form.window > 0) or (gabor and (form.first or form.scales or form.branches > 1 or form.shifts)):
            raise ConfigError("activation 'gabor' and a window go together, in every layer and without scales.")
        if form.separate and self.width % len(form.scales):
            raise ConfigError(
                f"width is {self.width}; {len(form.scales)} separate sub-networks need a multiple of their number."
            )
        if form.scales and self.width < len(form.scales):
            raise ConfigError(f"width is {self.width}; {len(form.scales)} scales need a neuron each.")
        _between("depth", self.depth, 1, 64)
        _between("width", self.width, 1, 8192)
        _choice("activation", self.activation, ActivationName)
        _between("steps", self.steps, 1, 100_000_000)
        _between("learning rate", self.learning_rate, 1e-9, 1e3)


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
        solve_head: the head is replaced by its least-squares optimum at the grade's end. Not in the paper.
        precision: of the products in training; `auto` measures a small one at the start and takes the faster.
        seed: start of all randomness of this fit.
        target_psnr: stop when the training pixels reach this PSNR in dB.
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
    solve_head: bool = False
    precision: PrecisionName = "auto"
    seed: int = 0
    target_psnr: float | None = None
    seconds: float | None = None

    def __post_init__(self) -> None:
        _between("grades", len(self.grades), 1, MAX_GRADES)
        _choice("optimizer", self.optimizer, OptimizerName)
        _choice("schedule", self.schedule, ScheduleName)
        _choice("init", self.init, InitName)
        _choice("frame", self.frame, FrameName)
        _choice("feed", self.feed, FeedName)
        _choice("targets", self.targets, TargetsName)
        _choice("pixels", self.pixels, PixelsName)
        _choice("precision", self.precision, PrecisionName)
        if self.batch_size is not None:
            _between("batch size", self.batch_size, 1, 100_000_000)
        _between("batch share", self.batch_share, 0, 1)
        _between("seed", self.seed, 0, 2**63 - 1)
        if self.target_psnr is not None:
            _between("target PSNR", self.target_psnr, 1, 150)
        if self.seconds is not None:
            _between("seconds", self.seconds, 0.01, 1e7)
        if self.batch_size is None and self.batch_share:
            raise ConfigError("batch share is given, but the full batch is all pixels already.")
        if (self.encoding.kind == "grid") != any(grade.planes for grade in self.grades):
            raise ConfigError("encoding 'grid' and grades with planes go together; one of them is missing.")
        if self.encoding.kind == "grid" and not (self.feed == "both" and self.frame == "isotropic"):
            raise ConfigError("encoding 'grid' needs feed 'both' and the isotropic frame.")
        for number, grade in enumerate(self.grades):
            self._check_form(grade.form, number)

    def _check_form(self, form: Form, number: int) -> None:
        if form.sigmoid and (self.rescale_residual or self.solve_head or self.targets != "unit" or number):
            raise ConfigError("a sigmoid fits the colours themselves: one grade, no rescaling, no solved head.")
        if form.shifts and (self.encoding.kind != "none" or self.solve_head or (number and self.feed == "features")):
            raise ConfigError("shifts need the bare coordinates: encoding 'none', no solved head.")
        if form.branches > 1 and (number or form.branches != len(self.encoding.bands)):
            raise ConfigError("branches need one grade, and as many bands of the encoding.")

    def batch(self, rows: int) -> int:
        """Return the pixels of one step when there are this many training rows."""
        if self.batch_size is None:
            return rows
        return min(rows, max(self.batch_size, round(self.batch_share * rows)))
