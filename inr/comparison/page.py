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
from inr.comparison.verdict import means_of_interpolations, verdict
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


def table(rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]]) -> list[str]:
    """Return the lines of the Markdown table; columns without figures are left out."""
    base = "reference" if any(row.gain_db is not None for row in rows) else ""
    judged = means_of_interpolations(classical)
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
