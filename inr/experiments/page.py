"""What an experiment has to show -> a page in Markdown and one in HTML with figures, and the same as JSON and CSV."""

import csv
import io
import json
import os
import textwrap
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from inr.errors import InrError
from inr.experiments.figures import Figure, draw, figure_data
from inr.experiments.html import Cell, cell, experiment_html
from inr.experiments.runs import Run
from inr.experiments.store import facts
from inr.files import staged_folder
from inr.report.html import NAME
from inr.report.text import json_text

PAGE, DATA = "experiment.md", "experiment.json"
_WIDEST, _HEADING = 40, 12
"""Characters of a line of text in a terminal's table, and of a heading over short numbers."""


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
        parts: tables, figures and paragraphs, in order; figures without panels, of trainings that all
            diverged, are left out.
        runs: that it rests on.
    """

    title: str
    about: tuple[str, ...]
    parts: tuple[Table | Figure | str, ...]
    runs: tuple[Run, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        shown = tuple(part for part in self.parts if not isinstance(part, Figure) or part.panels)
        object.__setattr__(self, "parts", shown)


def table_lines(table: Table) -> list[str]:
    """Return a table as lines of Markdown."""
    return [
        "| " + " | ".join(table.columns) + " |",
        "| " + " | ".join("---" if words else "---:" for words in _words(table)) + " |",
        *("| " + " | ".join(cell(value) for value in row) + " |" for row in table.rows),
    ]


def text_lines(table: Table) -> list[str]:
    """Return a table as lines for a terminal: columns side by side, long headings and texts broken."""
    body = [[textwrap.wrap(cell(value), _WIDEST) or [""] for value in row] for row in table.rows]
    widths = [max((len(line) for row in body for line in row[i]), default=0) for i in range(len(table.columns))]
    head = [
        textwrap.wrap(name, max(width, _HEADING), break_long_words=False) or [""]
        for name, width in zip(table.columns, widths, strict=True)
    ]
    widths = [max(width, *map(len, lines)) for width, lines in zip(widths, head, strict=True)]
    columns = list(zip(widths, ["<" if words else ">" for words in _words(table)], strict=True))
    return [
        "  ".join(f"{text:{side}{width}}" for text, (width, side) in zip(line, columns, strict=True)).rstrip()
        for row in (head, *body)
        for line in zip_longest(*row, fillvalue="")
    ]


def _words(table: Table) -> list[bool]:
    """Return which columns hold words: some, and no number."""
    columns = list(zip(*table.rows, strict=True)) or [()] * len(table.columns)
    return [
        any(isinstance(each, str) for each in column) and not any(isinstance(each, int | float) for each in column)
        for column in columns
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


def write_page(page: Page, folder: Path, command: str, *, overwrite: bool = False) -> list[Path]:
    """Write the page, its figures and its data, all or none, and return the files, the page first.

    Each table is a CSV file besides; the numbers of each figure are in a file of arrays. Files of the page that was
    there before are replaced, or removed if this one has none of their name; other files only with `overwrite`.

    Raises:
        InrError: there is another file where one of the page's is to be.
        OSError: the folder cannot be written.
    """
    plain = to_data(page, command)
    before, now = _names_before(folder), _names(plain)
    for path in (folder / name for name in now if name not in before):
        if os.path.lexists(path) and not overwrite:
            raise InrError(
                f"{path} exists already and is of no page of this program; move it, or give --overwrite to replace it. "
                "Trainings that are done are kept."
            )
    with staged_folder(folder) as stage:
        (stage / PAGE).write_text(to_markdown(page, command), encoding="utf-8")
        data = json_text(plain, indent=1) + "\n"
        (stage / DATA).write_text(data, encoding="utf-8")
        for part in page.parts:
            if isinstance(part, Table):
                text = io.StringIO()
                csv.writer(text, lineterminator="\n").writerows([part.columns, *part.rows])
                (stage / f"{part.name}.csv").write_text(text.getvalue(), encoding="utf-8")
            elif not isinstance(part, str):
                draw(part, stage / f"{part.name}.png")
                arrays: dict[str, Any] = figure_data(part)
                np.savez_compressed(stage / f"{part.name}.npz", **arrays)
        (stage / NAME).write_bytes(experiment_html(data, stage))
    for name in set(before) - set(now):
        (folder / name).unlink(missing_ok=True)
    return [folder / name for name in now]


def _names(data: dict[str, Any]) -> list[str]:
    """Return the names of a page's files, from its data."""
    stems = [figure["file"].removesuffix(".png") for figure in data["figures"]]
    names = [f"{table['name']}.csv" for table in data["tables"]]
    return [PAGE, NAME, DATA, *names, *(f"{stem}.{kind}" for stem in stems for kind in ("png", "npz"))]


def _names_before(folder: Path) -> list[str]:
    """Return the names of the files of the page that a folder holds, as far as its data are whole."""
    try:
        names = _names(json.loads((folder / DATA).read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return []
    return [name for name in names if name == Path(name).name]
