"""The shape of a model: encoding, feature planes, layers; everything that a file stores of its structure. No torch."""

from dataclasses import dataclass
from typing import Literal, get_args

from inr.errors import ConfigError

WishedEncodingName = Literal["grid", "fourier", "positional", "none"]
"""Encodings that a person may ask for; a lattice comes with its method."""
EncodingName = Literal[WishedEncodingName, "lattice"]
FeedName = Literal["features", "both", "encoding"]
FrameName = Literal["isotropic", "unit"]
ActivationName = Literal["relu", "sine", "tanh", "gelu", "gauss", "finer", "gabor", "srelu", "phi", "ricker"]

MAX_CELL, MAX_CHANNELS, MAX_PLANES = 4096, 16, 16
"""Coarsest cell in pixels, most numbers in a cell and most planes of one grade that the file format holds."""
MAX_GRADES = 64
"""Most grades of a model."""
MAX_WIDTH = 8192
"""Most neurons of a hidden layer."""
MAX_SIDE = 1_048_576
"""Longest side of a picture, in pixels, that the file format holds."""
NEIGHBOURS = 6
"""Pixels of a lattice, down and across, that a local network sees around the place it answers for."""
BETWEEN = 3
"""Places for which it answers at once: between a pixel and the next to the right, the next below, and diagonally."""
MAX_SPACING = 64
"""Most pixels of a picture from one of its lattice to the next that the file format holds."""
MAX_SCALES, MAX_BRANCHES, MAX_SHIFTS = 64, 8, 512
"""Most scales, branches and shifts of one grade that the file format holds: a small file must not draw on gigabytes."""


AROUND = ((0, 0), *((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if dy or dx))
"""Where a plane is read that is read `around` a coordinate: cells down and to the right of it."""


def choice(name: str, value: str, allowed: object) -> None:
    """Raise ConfigError unless the value is one of a Literal's."""
    names = get_args(allowed)
    if value not in names:
        raise ConfigError(f"{name} is {value!r}; accepted are {', '.join(names)}.")


def between(name: str, value: float, low: float, high: float) -> None:
    """Raise ConfigError unless low <= value <= high."""
    if not low <= value <= high:  # also refuses NaN, which compares false with everything
        raise ConfigError(f"{name} is {value:g}; it must lie between {low:g} and {high:g}.")


@dataclass(frozen=True, kw_only=True)
class EncodingConfig:
    """How a coordinate becomes the input of grade 1.

    Attributes:
        kind: `fourier` (Gaussian frequencies; Tancik et al. 2020, arXiv 2006.10739), `positional`
            (geometrically spaced frequencies along each axis), `none` (the coordinate itself), `grid` (the
            coordinate; every grade also reads feature planes of its own there, see `GradeShape.planes`) or `lattice`
            (the training pixels around the coordinate; the file holds them, see `inr.networks.lattice`).
        frequencies: number of frequencies; each gives a cosine and a sine. 0 for `none`, `grid` and `lattice`.
        sigma: bandwidth in cycles per longer side of the picture: the standard deviation of the
            Gaussian frequencies, or the last of the positional ladder. 0 where there are none; None, for
            `fourier` only, is read from the picture's spectrum when it is fitted.
        bands: of `fourier`, bandwidths relative to sigma; the frequencies are shared among them evenly
            (Wang et al. 2021, arXiv 2012.10047, section 3).
    """

    kind: EncodingName
    frequencies: int = 0
    sigma: float | None = 0.0
    bands: tuple[float, ...] = (1.0,)

    def __post_init__(self) -> None:
        choice("encoding", self.kind, EncodingName)
        if self.kind in ("none", "grid", "lattice"):
            if self.frequencies or self.sigma != 0:
                raise ConfigError(f"encoding '{self.kind}' has no frequencies and no sigma; choose 'fourier' for them.")
            return
        between("frequencies", self.frequencies, 1, 16384)
        between("bands", len(self.bands), 1, MAX_BRANCHES)
        for band in self.bands:
            between("band", band, 1e-6, 1e6)
        if self.frequencies % len(self.bands) or (len(self.bands) > 1 and self.kind != "fourier"):
            raise ConfigError(
                f"frequencies is {self.frequencies}; {len(self.bands)} bands need 'fourier' and a multiple of it."
            )
        if self.sigma is not None:
            between("sigma", self.sigma, 1e-3, 1e5)
        elif self.kind != "fourier":
            raise ConfigError(f"sigma is missing; encoding '{self.kind}' needs one, only 'fourier' can choose it.")
        if self.kind == "positional" and self.frequencies % 2:
            raise ConfigError(
                f"frequencies is {self.frequencies}; 'positional' shares them between two axes, so give an even number."
            )


@dataclass(frozen=True, kw_only=True)
class Plane:
    """A feature plane: latents on a lattice over the picture, read by bilinear interpolation.

    Attributes:
        cell: side of a lattice cell, in pixels.
        channels: latents per cell.
        around: the plane is read at the coordinate and one cell away in eight directions, see `AROUND`.
    """

    cell: int
    channels: int
    around: bool = False

    @property
    def entry(self) -> list[int]:
        """What a file's header says of it: cell and channels, and a third number, 1, if it is read around."""
        return [self.cell, self.channels, *([1] if self.around else [])]

    @property
    def places(self) -> tuple[tuple[int, int], ...]:
        """Where it is read: cells down and to the right of the coordinate."""
        return AROUND if self.around else AROUND[:1]

    @property
    def features(self) -> int:
        """What is read of it at a coordinate: at each place, all its channels."""
        return self.channels * len(self.places)

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
        before: widths of the hidden layers before the last, one for each, where they differ from the last one's.
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
    before: tuple[int, ...] = ()

    def features(self, width: int, activation: ActivationName) -> int:
        """Return how many features a body of this form hands on."""
        return width * self.branches * (2 if activation == "gabor" else 1)

    def __post_init__(self) -> None:
        between("gain", self.gain, 1e-3, 1e5)
        between("window", self.window, 0, 1e5)
        between("scales", len(self.scales), 0, MAX_SCALES)
        for scale in self.scales:
            between("scale", scale, 1e-6, 1e6)
        between("branches", self.branches, 1, MAX_BRANCHES)
        between("shifts", self.shifts, 0, MAX_SHIFTS)
        for width in self.before:
            between("width", width, 1, MAX_WIDTH)
        if self.before and (self.scales or self.window):
            raise ConfigError("layers of different widths have neither scales nor complex neurons.")
        if self.first is not None:
            choice("first activation", self.first, ActivationName)
        if self.separate and len(self.scales) < 2:
            raise ConfigError("separate sub-networks need two scales or more.")
        if self.shifts and self.sigmoid:
            raise ConfigError("shifts and a sigmoid are not used together.")


@dataclass(frozen=True, kw_only=True)
class GradeShape:
    """The network of one grade: a body of hidden layers under a linear head.

    Attributes:
        depth: hidden layers.
        width: neurons per hidden layer; of `gabor`, complex ones.
        activation: function after each hidden layer.
        planes: feature planes that this grade adds to the encoding, for itself and the grades after it.
        form: departures from plain layers.
    """

    depth: int
    width: int
    activation: ActivationName
    planes: tuple[Plane, ...] = ()
    form: Form = Form()

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
        between("width", self.width, 1, MAX_WIDTH)
        if form.before and len(form.before) != self.depth - 1:
            raise ConfigError(f"depth is {self.depth}, but {len(form.before)} widths before the last are given.")
        choice("activation", self.activation, ActivationName)


GradeConfig = GradeShape
"""The public name of `GradeShape` before its training was split off."""
