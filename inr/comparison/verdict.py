"""The rows of a comparison -> sentences: who is first, what several grades gain over one, and whether by chance."""

import math
import statistics
from collections.abc import Sequence

from inr.analysis.metrics import EXACT_DB, Quality
from inr.comparison.ranking import Row
from inr.comparison.runs import Run
from inr.report.decibels import decibels


def verdict(
    rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]], equal: Sequence[tuple[Run, Run]] = ()
) -> list[str]:
    """Return sentences: which row is first, what grades gain over the single grade of their kind, and by chance or not.

    Args:
        rows: best first.
        classical: what interpolation of the training pixels has, if any were held out.
        equal: see `Comparison`.
    """
    good = [row for row in rows if row.psnr_db is not None and not row.failed]
    if not good:
        return ["No method went well on every picture."]
    on = " on held-out pixels" if good[0].held_out_psnr_db is not None else ""
    said = _first(good, on)
    best = {row.contender: row for row in reversed(good)}
    for row in best.values():
        base = best.get(row.over or "")
        if base is not None and row.contender.replace("mgdl", "sgdl") == base.contender:
            said.append(_against(row, base, on))
    return said + _at_equal_psnr(equal) + _below(good, classical)


def _at_equal_psnr(equal: Sequence[tuple[Run, Run]]) -> list[str]:
    """Return a sentence on the bytes of several grades and of one at equal PSNR, if they were measured."""
    if not equal:
        return []
    ratio = statistics.geometric_mean(grades.bytes / one.bytes for grades, one in equal)
    mean = f", in the mean of {len(equal)} fits" if len(equal) > 1 else ""
    if abs(ratio - 1.0) < 0.005:
        return [f"At equal PSNR (within 0.1 dB) both files have about the same size{mean}."]
    off = f"{100.0 * abs(ratio - 1.0):.0f} % {'larger' if ratio > 1.0 else 'smaller'}"
    return [f"At equal PSNR (within 0.1 dB) the file of mgdl is {off} than that of sgdl{mean}."]


def _below(good: Sequence[Row], classical: dict[str, tuple[Quality, ...]]) -> list[str]:
    """Return a sentence on the methods that the best interpolation of the training pixels beats, if there are any."""
    name, psnr = max(means_of_interpolations(classical).items(), key=lambda pair: pair[1], default=("", -math.inf))
    below = [_name(row) for row in good if (row.judged_db or 0.0) < psnr]
    if not below:
        return []
    which = "all methods here" if len(below) == len(good) else ", ".join(below)
    return [f"The {name} interpolation of the training pixels is better than {which}: {decibels(psnr)} dB."]


def _first(good: Sequence[Row], on: str) -> list[str]:
    """Return how the first row stands to its reference, or to the best row that is measured against it."""
    first = good[0]
    others = [row for row in good if row.gain_db is not None and row.over == first.contender]
    rival = first if first.gain_db is not None else next(iter(others), None)
    base = next((row for row in good if row.contender == (rival or first).over), None)
    if rival is None or base is None or rival.gain_db is None:
        return [f"{_name(first)} is first{on}."]
    other, gain = (rival if first is base else base), abs(rival.gain_db)
    if gain < 0.005:
        return [f"{_name(first)} and {_name(other)} are first{on}, equal to a hundredth of a dB."]
    said = f"{_name(first)} is first{on}, {gain:.2f} dB before {_name(other)}"
    if rival.gain_error_db is None:
        seeds = "; what another seed changes, ± says." if first.spread_db else "."
        return [f"{said}.", f"One picture cannot tell how much of that is chance{seeds}"]
    wins = rival.ahead if first is rival else rival.behind
    said += f", ahead on {wins} of {rival.pictures} pictures; the mean is known to ± {rival.gain_error_db:.2f} dB."
    return [said] if rival.certain else [said, "By Student's t that may be chance."]


def _against(row: Row, base: Row, on: str) -> str:
    """Return what several grades gain over one of their kind: in PSNR, and in bytes."""
    gain = row.gain_db or 0.0
    chance = "" if row.gain_error_db is None or row.certain else ", which may be chance"
    return (
        f"Several grades against one: {_name(row)} has {gain:+.2f} dB{on} over {_name(base)}{chance}, "
        f"and a file of {row.bytes:,.0f} bytes against {base.bytes:,.0f}."
    )


def means_of_interpolations(classical: dict[str, tuple[Quality, ...]]) -> dict[str, float]:
    """Return the mean PSNR of each interpolation on the held-out pixels."""
    return {
        name: statistics.fmean(min(quality.judged_db, EXACT_DB) for quality in qualities)
        for name, qualities in classical.items()
    }


def _name(row: Row) -> str:
    return f"{row.contender} ({row.variant})"
