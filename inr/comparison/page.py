"""A comparison -> its page: what was equal, who is ahead, the tables, the searches, what failed, in Markdown."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path

import torch

from inr.analysis.metrics import EXACT_DB, Quality
from inr.comparison.compare import Comparison
from inr.comparison.contenders import BEST_QUALITY, ON_PLANES
from inr.comparison.ranking import Row, reference
from inr.comparison.runs import Run
from inr.imaging.image import Image
from inr.report.decibels import decibels
from inr.report.text import code
from inr.settings.options import to_flags

_HEAD = ("method", "settings", "PSNR dB", "held-out dB", "train dB", "SSIM", "gain dB", "seconds", "steps",
         "parameters", "bytes")  # fmt: skip


def to_markdown(
    comparison: Comparison, rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]], images: Sequence[Image]
) -> str:
    """Return the comparison for a reader: what was equal, who is ahead, the tables, the searches, what failed."""
    half = comparison.pixels == "half"
    what, on = ("the pixels [::2, ::2]; the others are held out", " on held-out pixels") if half else ("all pixels", "")
    methods, threads = len({row.contender for row in rows}), torch.get_num_threads()
    lines = [
        f"# Comparison of {_count(methods, 'method')} on "
        + (code(Path(images[0].name).name) if len(images) == 1 else f"{len(images)} pictures"),
        "",
        " ".join(verdict(rows, classical, comparison.equal)),
        "",
        f"Equal for all: {comparison.budget.text}; {_count(threads, 'thread')}; trained on {what}; "
        f"{_count(comparison.seeds, 'seed')}.",
        "",
        *table(rows, classical),
        "",
        _legend(comparison, rows),
        "",
    ]
    if len(images) > 1:
        lines += [f"## By picture{on}", "", *_by_picture(comparison, rows, images), ""]
    if comparison.searches:
        lines += ["## Searches", "", "| method | found | probes | seconds of training |", "| --- | --- | ---: | ---: |"]
        for contender, tuned in comparison.searches.items():
            found = "as it comes" if tuned.as_it_comes else f"`{to_flags(tuned.options)}`"
            lines.append(f"| {contender} | {found} | {tuned.probes} | {tuned.seconds:.0f} |")
        lines += ["", f"Made on {code(Path(images[0].name).name)}, by its PSNR over all pixels"]
        lines[-1] += ", those held out among them." if half else "."
        lines += [""]
    failures = [f"- {row.contender} ({row.variant}): {code(error)}" for row in rows for error in row.errors]
    lines += ["## Failed", "", *failures, ""] if failures else []
    lines += ["![PSNR over seconds](curves.png)", "", "![reconstructions and their errors](pictures.png)", ""]
    lines += ["![relative error by frequency](spectrum.png)", ""]
    return "\n".join(lines)


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
    name, psnr = max(_interpolated(classical).items(), key=lambda pair: pair[1], default=("", -math.inf))
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


def _interpolated(classical: dict[str, tuple[Quality, ...]]) -> dict[str, float]:
    """Return the mean PSNR of each interpolation on the held-out pixels."""
    return {
        name: statistics.fmean(min(quality.judged_db, EXACT_DB) for quality in qualities)
        for name, qualities in classical.items()
    }


def _legend(comparison: Comparison, rows: Sequence[Row]) -> str:
    """Return in words what the columns are."""
    variants = {row.variant for row in rows}
    on = " on held-out pixels" if comparison.pixels == "half" else ""
    spread = "; ± beside a PSNR is its standard deviation over seeds" if comparison.seeds > 1 else ""
    several = any(row.gain_error_db is not None for row in rows)
    gain = "paired by picture, ± its standard error over the pictures" if several else "on this picture"
    overtime = any(run.seconds > 1.05 * (comparison.budget.seconds or math.inf) for run in comparison.runs)
    said = [
        f"The best{on} come first, those that failed last. Figures are of the model file's own numbers, means over "
        f"pictures and seeds{spread}."
    ]
    if any(row.gain_db is not None for row in rows):
        said.append(
            f"Gain: of several grades over the best row of one grade of their kind, of the others over the best row of "
            f"{reference(comparison)}{on}; {gain}."
        )
    if "paper" in variants:
        said.append(
            "Paper: its authors' training, ended by the budget (steps says how far it came; a decay of the rate is "
            "fitted into the budget, and a stage cut off before it was of use is left out)."
        )
    if "default" in variants:
        said.append("Default: as this program trains it, with the options named.")
    if "tuned" in variants:
        said.append(
            "Tuned: after the search below, where it found anything better; published networks with the same "
            "optimisers on offer, our schedule, batches of 4,096 pixels."
        )
    said += ["Seconds beyond the budget: a last step, and one pass over all pixels."] if overtime else []
    said.append("Bytes: of the file that `inr fit` would write.")
    if any(row.contender in ON_PLANES for row in rows):
        said.append(f"mgdl and sgdl: at quality {BEST_QUALITY}, where their names do not say otherwise.")
    return " ".join([*said, _precisions(comparison)])


def _count(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"


def _name(row: Row) -> str:
    return f"{row.contender} ({row.variant})"


def table(rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]]) -> list[str]:
    """Return the lines of the Markdown table; columns without figures are left out."""
    base = "reference" if any(row.gain_db is not None for row in rows) else ""
    judged = _interpolated(classical)
    lines_of = [(row.failed > 0, -(row.judged_db or 0.0), _cells(row, base)) for row in rows]
    lines_of += [(False, -judged[name], _classical_cells(name, qualities)) for name, qualities in classical.items()]
    cells = [line for *_, line in sorted(lines_of, key=lambda entry: entry[:2])]
    keep = [n for n in range(len(_HEAD)) if n < 2 or any(row[n] for row in cells)]
    lines = ["| " + " | ".join(_HEAD[n] for n in keep) + " |"]
    lines.append("| " + " | ".join("---" if n < 2 else "---:" for n in keep) + " |")
    return lines + ["| " + " | ".join(row[n] for n in keep) + " |" for row in cells]


def _classical_cells(name: str, qualities: Sequence[Quality]) -> list[str]:
    psnr, held = (
        decibels(statistics.fmean(min(v, EXACT_DB) for v in of_pictures))
        for of_pictures in ([q.psnr_db for q in qualities], [q.judged_db for q in qualities])
    )
    ssim = [q.ssim for q in qualities if q.ssim is not None]
    return [f"{name} interpolation", "", psnr, held, "", f"{statistics.fmean(ssim):.4f}" if ssim else "", *[""] * 5]


def _cells(row: Row, base: str) -> list[str]:
    if row.psnr_db is None:
        return [row.contender, row.variant, "failed", *[""] * 8]
    gain = base if row.gain_db is None else f"{row.gain_db:+.2f}"
    gain += "" if row.gain_error_db is None else f" ± {row.gain_error_db:.2f}"
    spread = "" if row.spread_db is None else f" ± {row.spread_db:.2f}"
    return [
        row.contender,
        row.variant,
        decibels(row.psnr_db) + spread + (f" ({row.runs} of {row.runs + row.failed} runs)" if row.failed else ""),
        "" if row.held_out_psnr_db is None else decibels(row.held_out_psnr_db),
        "" if row.train_psnr_db is None else decibels(row.train_psnr_db),
        "" if row.ssim is None else f"{row.ssim:.4f}",
        gain,
        f"{row.seconds:.1f}",
        f"{row.steps:,.0f}" + (f" of {row.planned:,}" if row.planned else ""),
        f"{row.parameters:,.0f}",
        f"{row.bytes:,.0f}",
    ]


def _precisions(comparison: Comparison) -> str:
    """Return in words what the products of all runs were computed in."""
    found: dict[str, list[str]] = {}
    for run in comparison.runs:
        if run.precision:
            found.setdefault(run.precision, []).append(f"{run.contender} ({run.variant})")
    usual = max(found, key=lambda name: len(found[name]), default="")
    others = [f", {name} in " + ", ".join(dict.fromkeys(rows)) for name, rows in found.items() if name != usual]
    return f"Products in training: {usual}{''.join(others)}." if found else ""


def _by_picture(comparison: Comparison, rows: Sequence[Row], images: Sequence[Image]) -> list[str]:
    names = [image.name for image in images]
    lines = [
        "| method | settings | " + " | ".join(code(Path(name).name, in_table=True) for name in names) + " |",
        "| --- | --- |" + " ---: |" * len(names),
    ]
    for row in rows:
        cells = []
        for name in names:
            values = [
                min(run.quality.judged_db, EXACT_DB)
                for run in comparison.runs
                if (run.image, run.contender, run.variant) == (name, row.contender, row.variant) and run.quality
            ]
            cells.append(decibels(statistics.fmean(values)) if values else "failed")
        lines.append(f"| {row.contender} | {row.variant} | " + " | ".join(cells) + " |")
    return lines
