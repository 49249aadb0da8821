"""`comparison.json` and drawings of pictures -> the comparison's page, `report.html`."""

import dataclasses
import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inr.analysis.metrics import EXACT_DB
from inr.comparison.budget import Budget
from inr.comparison.compare import Comparison
from inr.comparison.drawings import Drawing, drawings, telling_pictures
from inr.comparison.ranking import rank
from inr.comparison.runs import run_from_json
from inr.imaging.image import Image, quantize
from inr.report.embedded import MOST_PIXELS, views
from inr.report.html import read_json, render_page
from inr.report.sources import find_source

SCRIPTS = ("controls.js", "chart.js", "picture.js", "heat.js", "comparison.js")
_MOST_PIXELS = 2 * MOST_PIXELS
_COLUMNS = (
    ("PSNR dB", "psnr_db", ".2f"), ("held-out dB", "held_out_psnr_db", ".2f"), ("train dB", "train_psnr_db", ".2f"),
    ("SSIM", "ssim", ".4f"), ("gain dB", "gain_db", "+.2f"), ("ahead on", "ahead", "d"), ("by chance?", "certain", ""),
    ("seconds", "seconds", ",.1f"), ("steps", "steps", ",.0f"), ("parameters", "parameters", ",.0f"),
    ("bytes", "bytes", ",.0f"),
)  # fmt: skip


def comparison_html(comparison: str, drawn: Sequence[tuple[Image, Sequence[Drawing]]]) -> bytes:
    """Return the page, made from `comparison.json` and pictures, and nothing else.

    Args:
        comparison: text of `comparison.json`.
        drawn: the pictures that are shown, and each method's drawing of them.
    """
    data = json.loads(comparison)
    shown = [_shown(image, each, most=_MOST_PIXELS // len(drawn)) for image, each in drawn]
    return render_page(
        "comparison.html",
        scripts=SCRIPTS,
        data={name: data[name] for name in ("rows", "curves", "spectra")},
        comparison=data,
        budget=Budget(**data["budget"]).text,
        methods=len({row["contender"] for row in data["rows"]}),
        table=_table(data),
        by_picture=_by_picture(data) if len(data["images"]) > 1 else [],
        failures=[(f"{row['contender']} ({row['variant']})", error) for row in data["rows"] for error in row["errors"]],
        shown=shown,
        most=_MOST_PIXELS,
    )


def comparison_html_again(folder: Path, given: Sequence[Path] = (), *, max_pixels: int) -> bytes:
    """Return the page of a folder that `inr compare` left.

    Args:
        folder: with `comparison.json` and the runs.
        given: where the pictures may be, if not where they were; files or folders.
        max_pixels: see `load_image`.

    Raises:
        InrError: something of it is missing, damaged or changed.
    """
    path = folder / "comparison.json"
    data = read_json(path, ("budget", "pixels", "seeds", "images", "rows", "curves", "spectra", "runs"))
    comparison = Comparison(
        budget=Budget(**data["budget"]), pixels=data["pixels"], seeds=data["seeds"], searches={},
        runs=tuple(run_from_json(run) for run in data["runs"]),
    )  # fmt: skip
    images = [find_source(facts["name"], facts["sha256"], given, max_pixels=max_pixels) for facts in data["images"]]
    named = zip(images, data["images"], strict=True)
    images = [dataclasses.replace(image, name=facts["name"]) for image, facts in named]  # as the runs call it
    rows = rank(comparison)
    drawn = [
        (image, drawings(comparison, rows, image, folder / "runs"))
        for image in telling_pictures(comparison, rows, images)
    ]
    return comparison_html(path.read_text(encoding="utf-8"), drawn)


def _shown(image: Image, drawn: Sequence[Drawing], *, most: int) -> dict[str, Any]:
    """Return a picture for the page: its views, and a name and PSNR for each of their pictures but the first."""
    source = quantize(image.pixels, image.bit_depth)
    labels = [
        (f"{each.run.contender}, {each.run.variant}", each.run.quality.judged_db if each.run.quality else None)
        for each in drawn
    ]
    return {
        "name": Path(image.name).name,
        "alpha": image.channels in (2, 4),
        "labels": labels,
        "views": views(source, [each.picture for each in drawn], icc_profile=image.icc_profile, most=most),
    }


def _table(data: dict[str, Any]) -> dict[str, Any]:
    """Return the head, and for each row its class and cells (text, number to sort by); columns of nothing left out."""
    rows = [(row["contender"], row["variant"], _cells(row)) for row in data["rows"]]
    for name, qualities in data["interpolation"].items():
        rows.append((f"{name} interpolation", "", _cells(_means(qualities))))
    keep = [n for n in range(len(_COLUMNS)) if any(cells[n][0] for *_, cells in rows)]
    return {
        "head": [_COLUMNS[n][0] for n in keep],
        "rows": [(name, variant, [cells[n] for n in keep]) for name, variant, cells in rows],
    }


def _cells(row: dict[str, Any]) -> list[tuple[str, Any]]:
    spread = {"psnr_db": row.get("spread_db"), "gain_db": row.get("gain_error_db")}
    cells: list[tuple[str, Any]] = []
    for _, key, form in _COLUMNS:
        value = row.get(key)
        if key == "certain":
            cells.append({None: ("", ""), True: ("no", 0), False: ("may be", 1)}[value])
        elif key == "ahead":
            cells.append((f"{value} of {row['pictures']}", value) if row.get("pictures", 0) > 1 else ("", ""))
        elif "psnr" in key and key in row and value is None:
            cells.append(("failed", -1) if not row.get("runs", 1) else ("exact", EXACT_DB))
        elif value is None:
            reference = key == "gain_db" and row.get("runs") and row.get("over") is None
            cells.append(("reference", 0) if reference else ("", ""))
        else:
            more = f" ± {spread[key]:.2f}" if spread.get(key) is not None else ""
            cells.append((format(int(value) if form == "d" else value, form) + more, value))
    return cells


def _means(qualities: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return the means over pictures of what JSON has of a quality; the PSNR of an exact copy is null there."""
    found: dict[str, list[float]] = {}
    for quality in qualities:
        for key, value in quality.items():
            if value is not None or "psnr" in key:
                found.setdefault(key, []).append(EXACT_DB if value is None else value)
    return {key: statistics.fmean(values) for key, values in found.items()}


def _by_picture(data: dict[str, Any]) -> list[dict[str, Any]]:
    """Return for each picture the mean PSNR over the seeds, the one that decides, of each row of the table."""
    found: dict[tuple[str, str, str], list[float]] = {}
    for run in data["runs"]:
        if run["quality"] is not None:
            judged = run["quality"].get("held_out_psnr_db", run["quality"]["psnr_db"])
            key = (run["image"], run["contender"], run["variant"])
            found.setdefault(key, []).append(EXACT_DB if judged is None else judged)
    lines = []
    for image in data["images"]:
        keys = [(image["name"], row["contender"], row["variant"]) for row in data["rows"]]
        values = [statistics.fmean(found[key]) if key in found else None for key in keys]
        best = max((value for value in values if value is not None), default=None)
        lines.append({"name": image["name"], "values": values, "best": best})
    return lines
