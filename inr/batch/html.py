"""`batch.json` and the input folder -> the batch's page, `report.html`, under 5 MB however many pictures there are."""

import base64
import json
import math
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps

from inr.report.data_uri import thumbnail
from inr.report.html import read_json, render_page

SCRIPTS = ("controls.js", "chart.js", "batch.js")
_THUMBNAILS = 18
"""Of the worst pictures, and as many of a sample."""
_SIDE = 240
_FAILURES = 12
"""That are listed with their sentence above the table of all."""
_MOST_BYTES = 3_500_000
"""Of the table of all pictures in the page."""
_BARS = 32
_FIRST = 50
"""Rows of the table that a page has without its scripts too."""


def batch_html(batch: str, folder: Path) -> bytes:
    """Return the page, made from `batch.json` and the pictures that were fitted, and nothing else.

    Args:
        batch: text of `batch.json`.
        folder: of the pictures; where one cannot be read any more, its place stays empty.
    """
    data = json.loads(batch)
    done = sorted((row for row in data["rows"] if row["status"] == "done"), key=_psnr)
    failed = [row for row in data["rows"] if row["status"] == "failed"]
    places = np.linspace(0, len(done) - 1, _THUMBNAILS).round().astype(int)
    sample = [done[place] for place in places] if len(done) > 3 * _THUMBNAILS else []  # of fewer the worst say enough
    table, listed = _table([*failed, *done])
    return render_page(
        "batch.html",
        scripts=SCRIPTS,
        data={
            "table": table,
            "psnr": _histogram([_psnr(row) for row in done], log=False),
            "bpp": _histogram([row["bpp"] for row in done if row["bpp"]], log=True),
        },
        batch={"command": None, "folder": ""} | data,
        summary=data["summary"],
        exact=sum(not math.isfinite(_psnr(row)) for row in done),
        failed=failed[:_FAILURES],
        worst=[(row, _thumbnail(folder / row["image"])) for row in done[:_THUMBNAILS]],
        sample=[(row, _thumbnail(folder / row["image"])) for row in sample],
        listed=listed,
        first=[*failed, *done][:_FIRST],
        method=data["config"]["method"],
        grades=len(data["config"]["grades"]),
    )


def batch_html_again(out: Path, given: Sequence[Path] = ()) -> bytes:
    """Return the page of a folder that `inr batch` left.

    Args:
        out: with `batch.json`.
        given: where the input folder is, if not where it was.

    Raises:
        InrError: the table is missing or damaged.
    """
    path = out / "batch.json"
    data = read_json(path, ("config", "summary", "rows", "seconds"))
    return batch_html(path.read_text(encoding="utf-8"), given[0] if given else Path(data.get("folder", "")))


def _psnr(row: dict[str, Any]) -> float:
    value = row["psnr_db"][-1]
    return math.inf if value is None else float(value)


def _histogram(values: Sequence[float], *, log: bool) -> dict[str, list[float]]:
    """Return the ends of bars, one more than bars, and how many values each bar has; infinite ones are left out."""
    finite = np.array([value for value in values if math.isfinite(value)])
    if not len(finite):
        return {"ends": [], "counts": []}
    bars = min(_BARS, max(4, math.isqrt(len(finite)) * 2))
    if finite.min() == finite.max():
        ends = finite.min() + max(0.02 * abs(finite.min()), 0.01) * np.array([-1.0, 1.0])
    else:
        ends = (np.geomspace if log else np.linspace)(finite.min(), finite.max(), bars + 1)
    counts, _ = np.histogram(finite, np.concatenate([[-np.inf], ends[1:-1], [np.inf]]))
    return {"ends": ends.tolist(), "counts": counts.tolist()}


def _table(rows: Sequence[dict[str, Any]]) -> tuple[str, int]:
    """Return rows as columns, deflated, in base 64; and how many: the first ones, for which a page has room."""
    count = len(rows)
    while True:
        part = rows[:count]
        columns = {name: [row[name] for row in part] for name in ("image", "error", "bytes", "width", "height")}
        columns["psnr"] = [_rounded((row["psnr_db"] or [None])[-1], 2) for row in part]
        columns["ssim"] = [_rounded(row["ssim"], 4) for row in part]
        columns["seconds"] = [_rounded(row["seconds"], 1) for row in part]
        text = base64.b64encode(zlib.compress(json.dumps(columns, separators=(",", ":")).encode(), 6)).decode()
        if len(text) <= _MOST_BYTES:
            return text, count
        count = int(0.95 * count * _MOST_BYTES / len(text))


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else round(value, digits)


def _thumbnail(path: Path) -> str | None:
    """Return a small picture as a data URI, or None where the file is gone or changed into something else."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of harmless oddities, and of large pictures
            with PIL.Image.open(path) as picture:
                picture.draft("RGB", (2 * _SIDE, 2 * _SIDE))
                upright = PIL.ImageOps.exif_transpose(picture)
                if upright.mode.startswith("I"):  # 16 bits, which Pillow would cut off at 255
                    values = np.asarray(upright).astype(np.uint32) // 257
                    upright = PIL.Image.fromarray(values.astype(np.uint8))
                return thumbnail(upright, _SIDE)
    except Exception:  # decoders raise anything; a page without one small picture is still the page
        return None
