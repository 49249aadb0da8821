"""A comparison -> a folder: tables for people (Markdown) and programs (JSON, CSV), curves, pictures side by side."""

import csv
import dataclasses
import io
import json
import platform
import statistics
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from inr.analysis.budget import Budget
from inr.analysis.comparison import Comparison
from inr.analysis.interpolation import INTERPOLATIONS, interpolate
from inr.analysis.metrics import EXACT_DB, Quality, compare_pictures
from inr.analysis.ranking import Row, rank, reference
from inr.analysis.runs import Run, quality_to_json, run_to_json
from inr.config import PixelsName
from inr.errors import InrError
from inr.files import write_whole
from inr.imaging.image import Image
from inr.methods import METHODS
from inr.report.comparison_figures import draw_curves, draw_errors, draw_pictures
from inr.report.summary import decibels

SCHEMA = 1
"""Of `comparison.json`."""
FIGURES = ("curves.png", "pictures.png", "spectrum.png")
_HEAD = ("method", "settings", "PSNR dB", "held-out dB", "train dB", "SSIM", "gain dB", "seconds", "steps",
         "parameters", "bytes")  # fmt: skip


def write_comparison(comparison: Comparison, images: Sequence[Image], folder: str | Path) -> tuple[Path, ...]:
    """Write `comparison.json`, `.csv`, `.md` and the figures, and return their paths.

    Raises:
        InrError: the folder cannot be written.
    """
    folder = Path(folder)
    rows, classical = rank(comparison), interpolations(comparison, images)
    try:
        files = {
            "comparison.json": _json(comparison, rows, classical, images),
            "comparison.csv": _csv(comparison),
            "comparison.md": to_markdown(comparison, rows, classical, images),
        }
        for name, text in files.items():
            write_whole(folder / name, text.encode())
        draw_curves(folder / "curves.png", comparison, rows)
        draw_pictures(folder / "pictures.png", comparison, rows, images[0], folder / "runs")
        draw_errors(folder / "spectrum.png", comparison, rows, images[0], folder / "runs")
    except OSError as error:
        raise InrError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return tuple(folder / name for name in (*files, *FIGURES))


def refuse_another(folder: str | Path, images: Sequence[Image], budget: Budget, pixels: PixelsName) -> None:
    """Check that a folder holds no tables of pictures beyond ours, another budget or other pixels, which would be lost.

    Raises:
        InrError: it does.
    """
    path = Path(folder) / "comparison.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        same = found["budget"] == dataclasses.asdict(budget) and found["pixels"] == pixels
        same = same and {image["sha256"] for image in found["images"]} <= {image.sha256 for image in images}
    except FileNotFoundError:
        return
    except (OSError, ValueError, KeyError, TypeError):
        same = False
    if not same:
        raise InrError(
            f"{path} is of other pictures, another budget or other pixels; "
            "give --overwrite to replace it (its runs are kept), or another --out."
        )


def interpolations(comparison: Comparison, images: Sequence[Image]) -> dict[str, tuple[Quality, ...]]:
    """Return, where pixels were held out, what interpolating the training pixels gives: a quality per picture."""
    if comparison.pixels == "all":
        return {}
    return {
        name: tuple(compare_pictures(image, interpolate(image, name), pixels="half") for image in images)
        for name in INTERPOLATIONS
    }


def to_markdown(
    comparison: Comparison, rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]], images: Sequence[Image]
) -> str:
    """Return the comparison for a reader: what was equal, the table, one per picture, the searches, what failed."""
    half = comparison.pixels == "half"
    what, on = ("the pixels [::2, ::2]; the others are held out", " on held-out pixels") if half else ("all pixels", "")
    spread = ". ± beside a PSNR: standard deviation over seeds" if comparison.seeds > 1 else ""
    lines = [
        f"# Comparison of {len({row.contender for row in rows})} methods on "
        + (Path(images[0].name).name if len(images) == 1 else f"{len(images)} pictures"),
        "",
        f"Equal for all: {comparison.budget.text}; {torch.get_num_threads()} threads; trained on {what}; "
        f"{comparison.seeds} seed{'s' if comparison.seeds > 1 else ''}. Figures are of the model file's numbers, "
        f"means over pictures and seeds; bytes are of 16 bits a weight, but for compact fits (`inr fit` "
        f"rounds further). The best{on} come first, those that failed last{spread}. Gain: over {reference(comparison)}, "
        f"tuned over tuned and the others over it as it comes, paired by picture, with its standard error{on}.",
        "",
        *table(rows, classical),
        "",
        "Settings: paper, its authors' training, ended by the budget (see steps; if their rate decays, it does so "
        "within the budget; a stage cut off before it was of use is left out, and its time unused); default, as this "
        "program comes; tuned, after the search below, published networks with the same optimisers on offer, our "
        "schedule, and batches of 4,096 pixels. " + _precisions(comparison),
        "",
    ]
    if len(images) > 1:
        lines += [f"## By picture{on}", "", *_by_picture(comparison, rows, images), ""]
    if comparison.searches:
        lines += ["## Searches", "", "| method | found | probes | seconds of training |", "| --- | --- | ---: | ---: |"]
        for contender, tuned in comparison.searches.items():
            lines.append(f"| {contender} | `{_command(tuned.options)}` | {tuned.probes} | {tuned.seconds:.0f} |")
        lines += ["", f"Made on {Path(images[0].name).name}, by its PSNR over all pixels"]
        lines[-1] += ", those held out among them." if half else "."
        lines += [""]
    failures = [f"- {row.contender} ({row.variant}): {error}" for row in rows for error in row.errors]
    lines += ["## Failed", "", *failures, ""] if failures else []
    lines += ["![PSNR over seconds](curves.png)", "", "![reconstructions and their errors](pictures.png)", ""]
    lines += ["![relative error by frequency](spectrum.png)", ""]
    return "\n".join(lines)


def table(rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]]) -> list[str]:
    """Return the lines of the Markdown table; columns without figures are left out."""
    cells = [_cells(row) for row in rows]
    for name, qualities in classical.items():
        psnr, held = (
            decibels(statistics.fmean(min(v, EXACT_DB) for v in of_pictures))
            for of_pictures in ([q.psnr_db for q in qualities], [q.judged_db for q in qualities])
        )
        ssim = [q.ssim for q in qualities if q.ssim is not None]
        mean = f"{statistics.fmean(ssim):.4f}" if ssim else ""
        cells.append([f"{name} interpolation", "", psnr, held, "", mean, *[""] * 5])
    keep = [n for n in range(len(_HEAD)) if n < 2 or any(row[n] for row in cells)]
    lines = ["| " + " | ".join(_HEAD[n] for n in keep) + " |"]
    lines.append("| " + " | ".join("---" if n < 2 else "---:" for n in keep) + " |")
    return lines + ["| " + " | ".join(row[n] for n in keep) + " |" for row in cells]


def _cells(row: Row) -> list[str]:
    if row.psnr_db is None:
        return [row.contender, row.variant, "failed", *[""] * 8]
    gain = "" if row.gain_db is None else f"{row.gain_db:+.2f}"
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
    usual = max(found, key=lambda name: len(found[name]), default="none")
    others = [f", {name} in " + ", ".join(dict.fromkeys(rows)) for name, rows in found.items() if name != usual]
    return f"Products in training: {usual}{''.join(others)}."


def _by_picture(comparison: Comparison, rows: Sequence[Row], images: Sequence[Image]) -> list[str]:
    names = [image.name for image in images]
    lines = [
        "| method | settings | " + " | ".join(Path(name).name for name in names) + " |",
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


def _command(options: object) -> str:
    """Return the options of `inr fit` that make this configuration."""
    words = []
    for field in dataclasses.fields(options):  # type: ignore[arg-type]
        value = getattr(options, field.name)
        if value is not None and value != field.default:
            words.append(f"--{field.name.replace('_', '-')} {f'{value:.6g}' if isinstance(value, float) else value}")
    return " ".join(words) or f"--method {METHODS[0]}"


def _json(
    comparison: Comparison, rows: Sequence[Row], classical: dict[str, tuple[Quality, ...]], images: Sequence[Image]
) -> str:
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "budget": dataclasses.asdict(comparison.budget),
        "pixels": comparison.pixels,
        "seeds": comparison.seeds,
        "reference": reference(comparison),
        "images": [
            {"name": i.name, "width": i.width, "height": i.height, "channels": i.channels, "sha256": i.sha256}
            for i in images
        ],
        "rows": [dataclasses.asdict(row) for row in rows],
        "interpolation": {name: [quality_to_json(q) for q in qualities] for name, qualities in classical.items()},
        "searches": {
            name: {"options": _command(tuned.options), "probes": tuned.probes, "seconds": tuned.seconds}
            for name, tuned in comparison.searches.items()
        },
        "runs": [run_to_json(run) for run in comparison.runs],
        "environment": {
            "inr": version("inr"), "torch": version("torch"), "python": platform.python_version(),
            "platform": platform.platform(), "threads": torch.get_num_threads(),
        },
    }  # fmt: skip
    return json.dumps(data, indent=1, allow_nan=False) + "\n"


def _csv(comparison: Comparison) -> str:
    out = io.StringIO()
    fields = [f.name for f in dataclasses.fields(Run) if f.name not in ("quality", "curve")]
    figures = [f.name for f in dataclasses.fields(Quality)]
    writer = csv.writer(out)
    writer.writerow([*fields, *figures])
    for run in comparison.runs:
        data = run_to_json(run)
        writer.writerow(
            [*(data[name] for name in fields), *((data["quality"] or {}).get(name, "") for name in figures)]
        )
    return out.getvalue()
