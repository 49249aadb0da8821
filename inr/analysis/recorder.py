"""A fit's progress -> plain data: PSNR over seconds, and the relative error per frequency ring over the steps."""

import math
import time
from dataclasses import dataclass

import torch

from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.spectra.rings import Array, Rings, central, relative_error
from inr.training.result import Progress

_LOOKS = 48
_SHARE = 0.03
"""Of the training's cost that the looks may add."""
_STEP = 3
"""A training step costs about three passes through the network: forward, and twice that back."""
_SIDES, _TIMED_SIDE = (64, 256), 128
"""Sides, in training pixels, that the part looked at may have; at most, where a time limit may leave few steps."""


class CurveRecorder:
    """A progress callback that keeps PSNR over seconds: points at least 2 % of the time so far apart.

    Attributes:
        points: seconds, and the PSNR in dB of the training pixels as estimated then, at most `MOST_DB`.
    """

    MOST_DB = 200.0
    """Highest PSNR of a curve: it is drawn, and an exact copy's is infinite."""

    def __init__(self, apart: float = 0.0) -> None:
        """Begin an empty curve, of points at least `apart` seconds apart."""
        self.points: list[tuple[float, float]] = []
        self._apart = apart

    def __call__(self, progress: Progress) -> None:
        """Keep the moment, if the last one kept is long enough ago."""
        last = self.points[-1][0] if self.points else -math.inf
        if progress.seconds - last >= max(self._apart, 0.02 * last):
            self.add(progress.seconds, progress.psnr_db)

    def add(self, seconds: float, psnr_db: float) -> None:
        """Keep a moment, such as the end of the fit with the PSNR that was measured then."""
        self.points.append((round(seconds, 3), round(min(psnr_db, self.MOST_DB), 3)))


@dataclass(frozen=True, kw_only=True)
class Look:
    """The picture at one moment of training.

    Attributes:
        grade: in training, from 1.
        step: updates done in this grade.
        error: (R,) Delta(r) per ring; NaN where the target has no power.
    """

    grade: int
    step: int
    error: tuple[float, ...]


@dataclass(frozen=True, kw_only=True)
class History:
    """Relative error per ring over training time.

    Attributes:
        frequency: (R,) cycles per pixel of the picture.
        part: columns and rows of the central part of the training pixels that was looked at.
        looks: in order of time.
    """

    frequency: tuple[float, ...]
    part: tuple[int, int]
    looks: tuple[Look, ...]


class SpectrumRecorder:
    """A progress callback that looks at some 48 moments of a fit, more closely spaced where a grade begins.

    Progress -> leftover of a central part (M, C) -> Delta(r) = ||F(leftover)||_r / ||F(y)||_r

    The part is as large as 3 % of the training's cost allow, estimated from the pixels that training will visit, so
    that the same fit is looked at in the same moments on any machine. Under a time limit, where the moments depend
    on the clock anyway, looks are also left out as long as they have taken more than that.
    """

    def __init__(self, image: Image, config: FitConfig) -> None:
        """Choose the part and the moments.

        Args:
            image: the one that is fitted.
            config: of the fit.
        """
        spacing = 2 if config.pixels == "half" else 1
        target = without_hidden(image, config.pixels).pixels[::spacing, ::spacing]
        height, width = target.shape[:2]
        affordable = _SHARE * _STEP * config.training.visits(height * width)
        apart = len(config.grades) if isinstance(config.training, GreedyTraining) else 1  # trained one after another
        looks = max(_LOOKS, 2 * apart)
        side = min(
            max(math.isqrt(int(affordable / looks)), _SIDES[0]), _SIDES[1] if config.seconds is None else _TIMED_SIDE
        )
        rows, columns = central(height, width, side * side)
        self._shape = (rows.stop - rows.start, columns.stop - columns.start)
        count = min(max(int(affordable / math.prod(self._shape)), looks // 4), looks)
        self._per_grade = max(2, count // apart)
        across = torch.arange(columns.start, columns.stop)
        self._places = (torch.arange(rows.start, rows.stop)[:, None] * width + across).reshape(-1)
        self._rings = Rings(*self._shape, spacing=spacing)
        self._target = self._power(target[rows, columns])
        self._timed = config.seconds is not None
        self._looks: list[Look] = []
        self._grade, self._taken, self._cost = 0, 0, 0.0

    def __call__(self, progress: Progress) -> None:
        """Look, if the moment has come."""
        step, fraction = progress.step, progress.grade_fraction
        if progress.grade != self._grade or step == 1:
            self._grade, self._taken = progress.grade, 0
            self._looks = [look for look in self._looks if look.grade < progress.grade]  # an attempt that diverged
        due = (self._taken / (self._per_grade - 1)) ** 2
        if self._taken >= self._per_grade or (step > 1 and fraction < due):
            return
        if self._timed and self._cost > _SHARE * progress.seconds:
            return
        start = time.perf_counter()
        left = progress.leftover(self._places).cpu().numpy().reshape(*self._shape, -1)
        error = relative_error(self._power(left), self._target)
        self._looks.append(Look(grade=progress.grade, step=step, error=tuple(error.tolist())))
        while self._taken < self._per_grade and (self._taken / (self._per_grade - 1)) ** 2 <= fraction:
            self._taken += 1
        self._taken = max(self._taken, 1)
        self._cost += time.perf_counter() - start

    def history(self, grades: int | None = None) -> History:
        """Return what was seen, of the first `grades` grades only where a fit dropped its last."""
        height, width = self._shape
        return History(
            frequency=tuple(self._rings.frequency.tolist()),
            part=(width, height),
            looks=tuple(look for look in self._looks if grades is None or look.grade <= grades),
        )

    def _power(self, picture: Array) -> Array:
        return self._rings.sums(self._rings.power(self._rings.transform(picture)))
