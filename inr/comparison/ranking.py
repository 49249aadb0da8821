"""The runs of a comparison -> a row per method, best first, and what each gains over the single grade."""

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inr.analysis.metrics import EXACT_DB, Quality
from inr.comparison.compare import Comparison
from inr.comparison.runs import Run, Variant

_STUDENT = (12.71, 4.30, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23)
"""What Student's t of two, three, ... pictures exceeds by chance one time in twenty."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A method's means over pictures and seeds. PSNR in dB as in `inr.Quality`; None where there is no such figure.

    Attributes:
        contender: its name.
        variant: see `Run`.
        psnr_db: all pixels.
        spread_db: standard deviation over the seeds, averaged over the pictures; None for one seed.
        train_psnr_db: training pixels.
        held_out_psnr_db: the others.
        ssim: of all pixels.
        over: name of the reference that the gain is over; None for the row that is the reference itself.
        gain_db: over the best row of the reference, paired by picture; None for that row itself.
        gain_error_db: standard error of that mean over the pictures; None for one picture.
        pictures: that the gain is over.
        ahead: on how many of them it is positive.
        behind: on how many it is negative.
        seconds: of training.
        steps: updates.
        planned: as many as the paper takes, or 0.
        parameters: numbers learned.
        bytes: of the model file.
        errors: why runs failed; the means are of the others.
        failed: runs that did.
        runs: that went well.
    """

    contender: str
    variant: Variant
    psnr_db: float | None
    spread_db: float | None
    train_psnr_db: float | None
    held_out_psnr_db: float | None
    ssim: float | None
    over: str | None
    gain_db: float | None
    gain_error_db: float | None
    pictures: int
    ahead: int
    behind: int
    seconds: float
    steps: float
    planned: int
    parameters: float
    bytes: float
    errors: tuple[str, ...]
    failed: int
    runs: int

    @property
    def judged_db(self) -> float | None:
        """The PSNR that decides, see `Quality.judged_db`."""
        return self.psnr_db if self.held_out_psnr_db is None else self.held_out_psnr_db

    @property
    def certain(self) -> bool | None:
        """Whether the gain is no chance, by Student's t at one in twenty; None where one picture cannot tell."""
        if self.gain_error_db is None:
            return None
        limit = (*_STUDENT, 2.2)[min(self.pictures - 2, len(_STUDENT))]
        return abs(self.gain_db or 0.0) > limit * self.gain_error_db


def reference(comparison: Comparison, name: str | None = None) -> str:
    """Return the contender that gains are over: for several grades the single grade of its kind, if it runs too.

    For all others, and for None, it is `sgdl`, or else the first.
    """
    names = [run.contender for run in comparison.runs]
    single = name.replace("mgdl", "sgdl") if name is not None and "mgdl" in name else "sgdl"
    return single if single in names else "sgdl" if "sgdl" in names else names[0]


def rank(comparison: Comparison) -> tuple[Row, ...]:
    """Return a row per contender and variant, by PSNR (on held-out pixels if there are any), those that failed last.

    Gains are over the best row of `reference`.
    """
    groups: dict[tuple[str, Variant], list[Run]] = {}
    for run in comparison.runs:
        groups.setdefault((run.contender, run.variant), []).append(run)
    alone = sorted((_row(*name, runs, {}) for name, runs in groups.items()), key=_place)
    best = {row.contender: (row.contender, row.variant) for row in reversed(alone)}
    rows = []
    for name, runs in groups.items():
        over = best[reference(comparison, name[0])]
        base = None if name == over else over[0]
        rows.append(_row(*name, runs, _psnr_by_image(groups[over]) if base else {}, base))
    return tuple(sorted(rows, key=_place))


def _place(row: Row) -> tuple[bool, float]:
    """Return what rows are sorted by: a mean over fewer, perhaps easier, pictures must not come before others."""
    return row.failed > 0, math.inf if row.judged_db is None else -row.judged_db


def _row(name: str, variant: Variant, runs: Sequence[Run], base: dict[str, float], over: str | None = None) -> Row:
    good = [run for run in runs if run.quality is not None]
    own = _psnr_by_image(runs)
    gains = [own[image] - base[image] for image in own if image in base]
    return Row(
        contender=name,
        variant=variant,
        psnr_db=_mean(good, lambda q: q.psnr_db),
        spread_db=_spread(good),
        train_psnr_db=_mean(good, lambda q: q.train_psnr_db),
        held_out_psnr_db=_mean(good, lambda q: q.held_out_psnr_db),
        ssim=_mean(good, lambda q: q.ssim),
        over=over,
        gain_db=statistics.fmean(gains) if gains else None,
        gain_error_db=statistics.stdev(gains) / len(gains) ** 0.5 if len(gains) > 1 else None,
        pictures=len(gains),
        ahead=sum(gain > 0.0 for gain in gains),
        behind=sum(gain < 0.0 for gain in gains),
        seconds=_average([run.seconds for run in good]),
        steps=_average([run.steps for run in good]),
        planned=max(run.planned for run in runs),
        parameters=_average([run.parameters for run in good]),
        bytes=_average([run.bytes for run in good]),
        errors=tuple(sorted({f"{run.image}: {run.error}" for run in runs if run.error is not None})),
        failed=len(runs) - len(good),
        runs=len(good),
    )


def _psnr_by_image(runs: Sequence[Run]) -> dict[str, float]:
    """Return the mean PSNR over the seeds of each picture, on held-out pixels if there are any."""
    values: dict[str, list[float]] = {}
    for run in runs:
        if run.quality is not None:
            values.setdefault(run.image, []).append(min(run.quality.judged_db, EXACT_DB))
    return {image: statistics.fmean(of_seeds) for image, of_seeds in values.items()}


def _spread(runs: Sequence[Run]) -> float | None:
    values: dict[str, list[float]] = {}
    for run in runs:
        assert run.quality is not None, "only those that went well are asked"
        values.setdefault(run.image, []).append(min(run.quality.psnr_db, EXACT_DB))
    spreads = [statistics.stdev(of_seeds) for of_seeds in values.values() if len(of_seeds) > 1]
    return statistics.fmean(spreads) if spreads else None


def _mean(runs: Sequence[Run], figure: Callable[[Quality], float | None]) -> float | None:
    values = [value for run in runs if run.quality is not None and (value := figure(run.quality)) is not None]
    return statistics.fmean(min(value, EXACT_DB) for value in values) if values else None


def _average(values: Sequence[float]) -> float:
    return statistics.fmean(values) if values else 0.0
