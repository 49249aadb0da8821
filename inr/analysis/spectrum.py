"""A source picture and a model -> what each grade learned, by frequency."""

from dataclasses import dataclass, replace

import numpy as np

from inr.analysis.metrics import check_alike
from inr.analysis.recorder import History
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image
from inr.networks.model import Model, Region
from inr.settings.config import PixelsName
from inr.spectra.rings import Array, Rings, central, relative_error

SIGMAS = (1.0, 2.0, 4.0, 8.0)
"""Widths of the Gaussian filters: standard deviations in pixels."""
BANDS = (0.0, 1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
"""Edges of the bands of a table, in cycles per pixel: octaves, the last with all the corners."""
_MOST_NUMBERS = 1 << 25
"""Numbers of the prefixes kept at once (128 MiB); of a larger picture the central part is looked at."""


@dataclass(frozen=True, kw_only=True)
class GradeSpectrum:
    """One grade and the picture after it, by frequency. Powers are sums over a ring; see `Spectrum`.

    Attributes:
        grade: from 1.
        contribution: (R,) power of what this grade alone adds to the picture.
        leftover: (R,) power of the target minus the picture after this grade.
        error: (R,) Delta(r) = ||F(picture) - F(y)||_r / ||F(y)||_r after this grade; NaN where y has no power.
        e_low: per width, ||h_low - y_low|| / ||y_low|| of the Gaussian-filtered pictures h and y.
        e_high: the same of what the filter takes away, y - y_low.
    """

    grade: int
    contribution: tuple[float, ...]
    leftover: tuple[float, ...] = ()
    error: tuple[float, ...] = ()
    e_low: tuple[float, ...] = ()
    e_high: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Spectrum:
    """What each grade learned, by frequency (Xu et al. 2020, arXiv 1901.06523, their Delta_F and e_low, e_high).

    Power is that of the picture minus its mean under a Hann window (see `Rings`), summed over channels; the powers of
    all rings add up to the variance. Relative errors are ratios of amplitudes: 1 is a grey picture, 0 an exact one.

    Attributes:
        width: of the picture, in pixels.
        height: of the picture, in pixels.
        part: columns and rows of the central part that was looked at; the whole unless it is very large.
        nyquist: finest frequency along an axis that the training pixels can tell, in cycles per pixel.
        source: whether the target is a source picture. Otherwise it is the model's own full picture, and
            grades have contributions only.
        frequency: (R,) mean radius of each ring, in cycles per pixel.
        count: (R,) frequencies in each ring; power / count is the radially averaged spectrum.
        target: (R,) power of the target.
        grades: one entry per grade.
        sigmas: widths of the Gaussian filters of e_low and e_high, standard deviations in pixels.
        history: the error per ring over training time, where it was recorded.
    """

    width: int
    height: int
    part: tuple[int, int]
    nyquist: float
    source: bool
    frequency: tuple[float, ...]
    count: tuple[int, ...]
    target: tuple[float, ...]
    grades: tuple[GradeSpectrum, ...]
    sigmas: tuple[float, ...] = SIGMAS
    history: History | None = None

    @property
    def longer(self) -> int:
        """Longer side in pixels: cycles per picture = cycles per pixel x this."""
        return max(self.width, self.height)


class Prefixes:
    """All prefixes of a model, gathered as they are drawn; of a very large picture the central part only."""

    def __init__(self, model: Model) -> None:
        most = _MOST_NUMBERS // (model.channels * (len(model.grades) + 1))
        self.rows, self.columns = central(model.height, model.width, most)
        shape = (self.rows.stop - self.rows.start, self.columns.stop - self.columns.start, model.channels)
        self.pictures = tuple(np.empty(shape, np.float32) for _ in model.grades)

    def add(self, rows: slice, prefixes: tuple[Array, ...]) -> None:
        """Keep what is needed of these (rows, width, C) strips, as `Model.strips` gives them."""
        first, last = max(rows.start, self.rows.start), min(rows.stop, self.rows.stop)
        if first >= last:
            return
        for kept, prefix in zip(self.pictures, prefixes, strict=True):
            strip = prefix[first - rows.start : last - rows.start, self.columns]
            kept[first - self.rows.start : last - self.rows.start] = strip


def spectrum(
    image: Image | None,
    model: Model,
    *,
    pixels: PixelsName = "all",
    prefixes: Prefixes | None = None,
    history: History | None = None,
) -> Spectrum:
    """Return what each grade learned, by frequency.

    Args:
        image: the source; without one the model's own full picture is the target.
        model: of the same size and channels.
        pixels: what the model was trained on, for `nyquist`.
        prefixes: of this model, if they are drawn already.
        history: of the fit, to go with the result.

    Raises:
        ImageError: see `check_alike`.
    """
    if image is not None:
        check_alike(image, model)
    prefixes = prefixes or _draw(model)
    pictures = prefixes.pictures
    target = pictures[-1] if image is None else without_hidden(image).pixels[prefixes.rows, prefixes.columns]
    rings = Rings(*target.shape[:2])
    target_power, contribution, leftover, whole, left = _powers(rings, target, pictures)
    grades = []
    for number in range(len(pictures)):
        own = GradeSpectrum(grade=number + 1, contribution=_tuple(contribution[number]))
        if image is not None:
            low, high = (relative_error(*pair) for pair in zip(left[number].T, whole.T, strict=True))
            own = replace(
                own,
                leftover=_tuple(leftover[number]),
                error=_tuple(relative_error(leftover[number], target_power)),
                e_low=_tuple(low),
                e_high=_tuple(high),
            )
        grades.append(own)
    return Spectrum(
        width=model.width,
        height=model.height,
        part=(target.shape[1], target.shape[0]),
        nyquist=0.25 if pixels == "half" else 0.5,
        source=image is not None,
        frequency=_tuple(rings.frequency),
        count=tuple(rings.count.tolist()),
        target=_tuple(target_power),
        grades=tuple(grades),
        history=history,
    )


def _powers(rings: Rings, target: Array, pictures: tuple[Array, ...]) -> tuple[Array, Array, Array, Array, Array]:
    """Return the power of the target (R,), of what each grade adds and leaves over (L, R), and `Rings.blurred` of both.

    Channels follow each other, for their powers add up, and the transforms of one take little memory.
    """
    shape = (len(pictures), len(rings.count))
    power, contribution, leftover = np.zeros(shape[1]), np.zeros(shape), np.zeros(shape)
    whole, left = np.zeros((len(SIGMAS), 2)), np.zeros((len(pictures), len(SIGMAS), 2))
    for channel in range(target.shape[2]):
        wanted, before = rings.transform(target[:, :, channel, None]), np.zeros((), np.complex64)
        own = rings.power(wanted)
        power += rings.sums(own)
        whole += rings.blurred(own, SIGMAS)
        for number, picture in enumerate(pictures):
            drawn = rings.transform(picture[:, :, channel, None])
            contribution[number] += rings.sums(rings.power(drawn - before))
            before, own = drawn, rings.power(wanted - drawn)
            leftover[number] += rings.sums(own)
            left[number] += rings.blurred(own, SIGMAS)
    return power, contribution, leftover, whole, left


def in_bands(found: Spectrum) -> tuple[tuple[float, ...], ...]:
    """Return, per grade, the amplitude relative to the target's in each of the `BANDS`; NaN where that has none.

    Of what is left over (Delta over a band), or, without a source, of the grade's own contribution.
    """
    rings = np.digitize(found.frequency, BANDS) - 1

    def bands(powers: tuple[float, ...]) -> Array:
        return np.bincount(rings, weights=powers, minlength=len(BANDS) - 1)

    target = bands(found.target)
    return tuple(
        _tuple(relative_error(bands(own.leftover if found.source else own.contribution), target))
        for own in found.grades
    )


def _draw(model: Model) -> Prefixes:
    prefixes = Prefixes(model)
    top, bottom = prefixes.rows.start, prefixes.rows.stop
    for rows, strips in model.strips(region=Region(x0=0, y0=top, x1=model.width, y1=bottom)):
        prefixes.add(slice(rows.start + top, rows.stop + top), strips)
    return prefixes


def _tuple(values: Array) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
