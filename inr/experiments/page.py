"""What an experiment has to show -> a page in Markdown and one in HTML with figures, and the same as JSON and CSV."""

import csv
import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from inr.experiments.figures import Figure, draw, figure_data
from inr.experiments.html import Cell, cell, experiment_html
from inr.experiments.runs import Run
from inr.experiments.store import facts
from inr.files import staged_folder
from inr.report.html import NAME
from inr.report.text import json_text

PAGE, DATA = "experiment.md", "experiment.json"


@dataclass(frozen=True, kw_only=True)
class Table:
    """Rows for a reader.

    Attributes:
        name: of its CSV file, without the ending.
        title: what it shows.
        columns: their headings.
        rows: text, numbers, or None for what is not known.
        note: a sentence under it.
    """

    name: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class Page:
    """What an experiment has to show.

    Attributes:
        title: of the page.
        about: paragraphs: what the paper claims, and what was done.
        parts: tables, figures and paragraphs, in order.
        runs: that it rests on.
    """

    title: str
    about: tuple[str, ...]
    parts: tuple[Table | Figure | str, ...]
    runs: tuple[Run, ...] = field(default=(), repr=False)


def table_lines(table: Table) -> list[str]:
    """Return a table as lines of Markdown."""
    numeric = [all(isinstance(row[i], int | float | None) for row in table.rows) for i in range(len(table.columns))]
    return [
        "| " + " | ".join(table.columns) + " |",
        "| " + " | ".join("---:" if each else "---" for each in numeric) + " |",
        *("| " + " | ".join(cell(value) for value in row) + " |" for row in table.rows),
    ]


def to_markdown(page: Page, command: str) -> str:
    """Return the page as Markdown; `command` makes it again."""
    lines = [f"# {page.title}", ""]
    for paragraph in page.about:
        lines += [paragraph, ""]
    lines += ["```", command, "```", ""]
    for part in page.parts:
        if isinstance(part, str):
            lines += [part, ""]
        elif isinstance(part, Table):
            lines += [f"**{part.title}**", "", *table_lines(part), "", *([part.note, ""] if part.note else [])]
        else:
            lines += [f"![{part.title}]({part.name}.png)", "", part.caption, ""]
    return "\n".join(lines)


def to_data(page: Page, command: str) -> dict[str, Any]:
    """Return the page as plain data."""
    tables = [part for part in page.parts if isinstance(part, Table)]
    figures = [part for part in page.parts if not isinstance(part, str | Table)]
    return {
        "schema": 1,
        "title": page.title,
        "command": command,
        "about": list(page.about),
        "tables": [
            {"name": t.name, "title": t.title, "columns": list(t.columns), "rows": [list(r) for r in t.rows],
             "note": t.note}
            for t in tables
        ],
        "figures": [{"file": f"{f.name}.png", "title": f.title, "caption": f.caption} for f in figures],
        "parts": [_part(part) for part in page.parts],
        "runs": [facts(run) for run in page.runs],
    }  # fmt: skip


def _part(part: Table | Figure | str) -> dict[str, str]:
    """Return a paragraph's text, or what names a table or figure; both may have one name."""
    if isinstance(part, str):
        return {"text": part}
    return {"table": part.name} if isinstance(part, Table) else {"figure": part.name}


def write_page(page: Page, folder: Path, command: str) -> list[Path]:
    """Write the page, its figures and its data, all or none, and return the files, the page first.

    Each table is a CSV file besides; the numbers of each figure are in a file of arrays.

    Raises:
        OSError: the folder cannot be written.
    """
    with staged_folder(folder) as stage:
        (stage / PAGE).write_text(to_markdown(page, command), encoding="utf-8")
        data = json_text(to_data(page, command), indent=1) + "\n"
        (stage / DATA).write_text(data, encoding="utf-8")
        names = [PAGE, NAME, DATA]
        for part in page.parts:
            if isinstance(part, Table):
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows([part.columns, *part.rows])
                (stage / f"{part.name}.csv").write_text(text.getvalue(), encoding="utf-8")
                names.append(f"{part.name}.csv")
            elif not isinstance(part, str):
                draw(part, stage / f"{part.name}.png")
                arrays: dict[str, Any] = figure_data(part)
                np.savez_compressed(stage / f"{part.name}.npz", **arrays)
                names += [f"{part.name}.png", f"{part.name}.npz"]
        (stage / NAME).write_bytes(experiment_html(data, stage))
    return [folder / name for name in names]
