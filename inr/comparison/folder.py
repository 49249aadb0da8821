"""A comparison -> a folder: its page, tables for programs (JSON, CSV), curves, pictures side by side."""

import csv
import dataclasses
import io
import json
import math
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch

from inr.analysis.interpolation import interpolations
from inr.analysis.metrics import EXACT_DB, Quality
from inr.comparison.budget import Budget
from inr.comparison.compare import Comparison
from inr.comparison.contenders import Contender
from inr.comparison.drawings import Drawing, drawings, mean_curve, telling_pictures
from inr.comparison.figures import draw_curves, draw_errors, draw_pictures
from inr.comparison.html import comparison_html
from inr.comparison.page import to_markdown
from inr.comparison.ranking import Row, rank, reference
from inr.comparison.runs import Run, quality_to_json, run_to_json
from inr.comparison.verdict import verdict
from inr.errors import InrError
from inr.files import check_place, write_whole
from inr.imaging.image import Image
from inr.report.html import NAME
from inr.report.text import json_text, without_missing
from inr.settings.config import PixelsName
from inr.settings.options import to_flags

SCHEMA = 2
"""Of `comparison.json`."""
FIGURES = ("curves.png", "pictures.png", "spectrum.png")
OUTPUTS = ("comparison.json", "comparison.csv", "comparison.md", NAME, *FIGURES)


def check_outputs(folder: str | Path) -> None:
    """Check, before the first run, that a comparison can be written to a folder, if that is there already.

    Raises:
        InrError: it cannot.
    """
    for path in [Path(folder) / name for name in OUTPUTS] if Path(folder).is_dir() else []:
        try:
            check_place(path)
        except OSError as error:
            raise InrError(f"{path} cannot be written: {error.strerror or error}; give another --out.") from error


def write_comparison(
    comparison: Comparison, images: Sequence[Image], folder: str | Path, *, command: str | None = None
) -> tuple[Path, ...]:
    """Write `comparison.json`, `.csv`, `.md`, the page and the figures, and return their paths.

    Args:
        comparison: its runs lie in the folder already.
        images: of the comparison.
        folder: to write to.
        command: that a person typed for it; the JSON and the page show it.

    Raises:
        InrError: the folder cannot be written.
    """
    folder = Path(folder)
    rows, classical = rank(comparison), interpolated(comparison, images)
    drawn = [
        (image, drawings(comparison, rows, image, folder / "runs"))
        for image in telling_pictures(comparison, rows, images)
    ]
    first = drawn[0][1]
    text = _json(comparison, rows, classical, images, first, command)
    try:
        files = {
            "comparison.json": text.encode(errors="backslashreplace"),  # names of files may hold any bytes
            "comparison.csv": _csv(comparison).encode(errors="backslashreplace"),
            "comparison.md": to_markdown(comparison, rows, classical, images).encode(errors="backslashreplace"),
            NAME: comparison_html(text, drawn),
        }
        for name, data in files.items():
            write_whole(folder / name, data)
        draw_curves(folder / "curves.png", comparison, rows)
        draw_pictures(folder / "pictures.png", comparison, images[0], first)
        draw_errors(folder / "spectrum.png", images[0], first)
    except OSError as error:
        raise InrError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return tuple(folder / name for name in OUTPUTS)


def refuse_another(
    folder: str | Path,
    images: Sequence[Image],
    contenders: Sequence[Contender],
    budget: Budget,
    pixels: PixelsName,
    seeds: int,
    *,
    tune: bool,
) -> None:
    """Check that a folder holds nothing that would be lost: a comparison of more than is asked for now, or other files.

    Raises:
        InrError: it does, or it is no folder.
    """
    path = Path(folder) / "comparison.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        known, names = {image.sha256 for image in images}, {contender.name for contender in contenders}
        reasons = {
            "another budget": found["budget"] != dataclasses.asdict(budget),
            "other pixels": found["pixels"] != pixels,
            "other pictures": not {image["sha256"] for image in found["images"]} <= known,
            "more seeds": found["seeds"] > seeds,
            "tuned methods too": not tune and bool(found["searches"]),
            "more methods": not {row["contender"] for row in found["rows"]} <= names,
        }
    except FileNotFoundError:
        strangers = [name for name in OUTPUTS if (Path(folder) / name).exists()]
        if strangers:
            there = Path(folder) / strangers[0]
            raise InrError(f"{there} exists; give --overwrite to replace it, or another --out.") from None
        return
    except NotADirectoryError:
        raise InrError(f"{folder} is a file; give --out a folder.") from None
    except OSError as error:
        raise InrError(f"{path} cannot be read: {error.strerror or error}; give another --out.") from error
    except (ValueError, KeyError, TypeError):
        reasons = {"something else": True}
    differs = [name for name, does in reasons.items() if does]
    if differs:
        raise InrError(
            f"{path} is of {' and '.join(differs)}; "
            "give --overwrite to replace it (its runs are kept), or another --out."
        )


def interpolated(comparison: Comparison, images: Sequence[Image]) -> dict[str, tuple[Quality, ...]]:
    """Return, where pixels were held out, what interpolating the training pixels gives: a quality per picture."""
    found = [interpolations(image, comparison.pixels) for image in images]
    return {name: tuple(of_picture[name] for of_picture in found) for name in found[0]}


def _json(
    comparison: Comparison,
    rows: Sequence[Row],
    classical: dict[str, tuple[Quality, ...]],
    images: Sequence[Image],
    drawn: Sequence[Drawing],
    command: str | None,
) -> str:
    curves = [mean_curve(comparison, row) for row in rows]
    data: dict[str, Any] = {
        "schema": SCHEMA,
        "command": command,
        "verdict": verdict(rows, classical, comparison.equal),
        "budget": dataclasses.asdict(comparison.budget),
        "pixels": comparison.pixels,
        "seeds": comparison.seeds,
        "reference": reference(comparison),
        "images": [
            {"name": i.name, "width": i.width, "height": i.height, "channels": i.channels, "sha256": i.sha256}
            for i in images
        ],
        "rows": [_row_data(row) for row in rows],
        "curves": [[] if curve is None else np.round(curve.T, 3).tolist() for curve in curves],
        "spectra": [
            {
                "contender": each.run.contender, "variant": each.run.variant, "nyquist": each.spectrum.nyquist,
                "frequency": each.spectrum.frequency, "error": each.spectrum.grades[-1].error,
            }
            for each in drawn
        ],
        "interpolation": {name: [quality_to_json(q) for q in qualities] for name, qualities in classical.items()},
        "searches": {
            name: {"options": to_flags(tuned.options), "probes": tuned.probes, "seconds": tuned.seconds}
            for name, tuned in comparison.searches.items()
        },
        "equal_psnr": [
            {"image": one.image, "seed": one.seed, "runs": [run_to_json(run) for run in (grades, one)]}
            for grades, one in comparison.equal
        ],
        "runs": [run_to_json(run) for run in comparison.runs],
        "environment": {
            "inr": version("inr"), "torch": version("torch"), "python": platform.python_version(),
            "platform": platform.platform(), "threads": torch.get_num_threads(),
        },
    }  # fmt: skip
    return json_text(data, indent=1) + "\n"


def _row_data(row: Row) -> dict[str, Any]:
    """Return a row as plain data; a mean over nothing but exact copies is the PSNR of one, as in `quality_to_json`."""
    data = without_missing(dataclasses.asdict(row)) | {"certain": row.certain}
    return {name: math.inf if "psnr" in name and value >= EXACT_DB else value for name, value in data.items()}


def _csv(comparison: Comparison) -> str:
    out = io.StringIO()
    fields = [f.name for f in dataclasses.fields(Run) if f.name not in ("quality", "curve")]
    figures = [f.name for f in dataclasses.fields(Quality)]
    writer = csv.writer(out)
    writer.writerow([*fields, *figures])
    for run in comparison.runs:
        measured = [getattr(run.quality, name) if run.quality else None for name in figures]
        cells = ["exact" if value == math.inf else value for value in measured]
        writer.writerow([*(getattr(run, name) for name in fields), *cells])
    return out.getvalue()
