"""`experiment.json` and its figures -> the page of an experiment, `report.html`."""

import base64
import json
import math
from pathlib import Path
from typing import Any

from inr.errors import InrError
from inr.report.html import read_json, render_page

Cell = str | int | float | None
SCRIPTS = ("controls.js",)


def experiment_html(experiment: str, folder: Path) -> bytes:
    """Return the page.

    Args:
        experiment: text of `experiment.json`.
        folder: with the figures that it names.

    Raises:
        OSError: a figure cannot be read.
    """
    data = json.loads(experiment)
    tables = {table["name"]: _table(table) for table in data["tables"]}
    figures = {figure["file"].removesuffix(".png"): _figure(figure, folder) for figure in data["figures"]}
    parts = [
        tables[part["table"]] if "table" in part
        else figures[part["figure"]] if "figure" in part
        else {"kind": "text", **part}
        for part in data["parts"]
    ]  # fmt: skip
    return render_page("experiment.html", scripts=SCRIPTS, data={}, experiment=data, parts=parts)


def experiment_html_again(folder: Path) -> bytes:
    """Return the page of a folder that `inr reproduce` left.

    Raises:
        InrError: something of it is missing or damaged.
    """
    path = folder / "experiment.json"
    read_json(path, ("title", "about", "command", "tables", "figures", "parts", "runs"))
    try:
        return experiment_html(path.read_text(encoding="utf-8"), folder)
    except OSError as error:
        raise InrError(f"{error.filename} cannot be read: {error.strerror or error}.") from error


def cell(value: Cell) -> str:
    """Return a cell as text: numbers to four digits, what is not known as `-`."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return "-"
    if isinstance(value, float) and 1e4 <= abs(value) < 1e6:
        return f"{value:,.0f}"
    if isinstance(value, float):
        return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 or value == 0 else f"{value:.2e}"
    return f"{value:,}" if isinstance(value, int) else value


def _table(table: dict[str, Any]) -> dict[str, Any]:
    """Return columns, with whether they hold words, and cells: their text and what to sort them by."""
    words = [any(isinstance(row[n], str) for row in table["rows"]) for n in range(len(table["columns"]))]
    return {
        "kind": "table",
        "title": table["title"],
        "note": table["note"],
        "columns": list(zip(table["columns"], words, strict=True)),
        "rows": [[(cell(value), "" if value is None else value) for value in row] for row in table["rows"]],
    }


def _figure(figure: dict[str, Any], folder: Path) -> dict[str, Any]:
    content = (folder / Path(figure["file"]).name).read_bytes()
    uri = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
    return {"kind": "figure", **figure, "uri": uri, "width": int.from_bytes(content[16:20], "big")}
