"""What became of each picture: a row, the tables of all rows, and their summary."""

import csv
import dataclasses
import io
import math
import statistics
from dataclasses import dataclass
from typing import Any, Literal

from inr.report.text import json_text
from inr.settings.config import FitConfig

SCHEMA = 1
_WORST = 10
_DECIBELS = ("psnr_db", "train_psnr_db", "held_out_psnr_db")


@dataclass(frozen=True, kw_only=True)
class Row:
    """One picture of a batch.

    Attributes:
        image: its path below the input folder.
        status: `done` or `failed`.
        error: why it failed, a sentence.
        sha256: of the content that was read; empty where a failure says nothing about the content.
        config: SHA-256 of the configuration.
        files: what was written, below the output folder, the model first.
        seed: of this picture; `inr fit` with it does the same fit.
        width: in pixels.
        height: in pixels.
        channels: numbers per pixel.
        psnr_db: after each grade, as in `inr.Quality`; infinity is an exact copy.
        train_psnr_db: likewise, where half of the pixels were trained on.
        held_out_psnr_db: likewise.
        ssim: after the last grade.
        seconds: wall time in the worker.
        training_seconds: of the fit in them.
        bytes: of the model file.
        bpp: bits per pixel, 8 x bytes / (height x width).
        parameters: of the model.
        stopped: why training ended early, or None.
        notes: what was done on loading.
    """

    image: str
    status: Literal["done", "failed"]
    error: str | None = None
    sha256: str = ""
    config: str = ""
    files: tuple[str, ...] = ()
    seed: int | None = None
    width: int | None = None
    height: int | None = None
    channels: int | None = None
    psnr_db: tuple[float, ...] = ()
    train_psnr_db: tuple[float, ...] = ()
    held_out_psnr_db: tuple[float, ...] = ()
    ssim: float | None = None
    seconds: float = 0.0
    training_seconds: float = 0.0
    bytes: int = 0
    bpp: float | None = None
    parameters: int | None = None
    stopped: str | None = None
    notes: tuple[str, ...] = ()


def row_to_data(row: Row) -> dict[str, Any]:
    """Return a row ready for JSON; the PSNR of an exact copy is null."""
    data = dataclasses.asdict(row)
    return data | {
        name: [round(value, 4) if math.isfinite(value) else None for value in data[name]] for name in _DECIBELS
    }


def row_from_data(data: dict[str, Any]) -> Row:
    """Return the row of `row_to_data`.

    Raises:
        TypeError, KeyError: it is none.
    """
    psnr = {name: tuple(math.inf if value is None else float(value) for value in data[name]) for name in _DECIBELS}
    return Row(**{**data, **psnr, "files": tuple(data["files"]), "notes": tuple(data["notes"])})


@dataclass(frozen=True, kw_only=True)
class Summary:
    """A batch in a few numbers. PSNR in dB after the last grade, over the pictures that are done.

    Attributes:
        pictures: in the input folder.
        done: with a model.
        failed: without one, for a reason.
        untried: the others.
        mean_psnr_db: leaves exact copies out.
        median_psnr_db: counts them as infinite.
        bytes: of all models.
        bpp: mean.
        worst: names of the ten lowest in PSNR, the lowest first.
    """

    pictures: int
    done: int
    failed: int
    untried: int
    mean_psnr_db: float | None
    median_psnr_db: float | None
    bytes: int
    bpp: float | None
    worst: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What a run leaves: a row for every picture that was tried, now or before, in order of their names.

    Attributes:
        config: of every fit, but for the seed.
        rows: of the pictures in the input folder.
        untried: pictures without a row.
        kept: rows of earlier runs.
        seconds: of this run.
        folder: the input folder, as it was given.
        command: that a person typed, or None.
    """

    config: FitConfig
    rows: tuple[Row, ...]
    untried: int
    kept: int
    seconds: float
    folder: str = ""
    command: str | None = None

    def summary(self) -> Summary:
        """Return the batch in a few numbers."""
        done = sorted((row for row in self.rows if row.status == "done"), key=lambda row: row.psnr_db[-1])
        values = [row.psnr_db[-1] for row in done]
        finite = [value for value in values if math.isfinite(value)]
        rates = [row.bpp for row in done if row.bpp is not None]
        return Summary(
            pictures=len(self.rows) + self.untried,
            done=len(done),
            failed=len(self.rows) - len(done),
            untried=self.untried,
            mean_psnr_db=statistics.fmean(finite) if finite else None,
            median_psnr_db=statistics.median(values) if values else None,
            bytes=sum(row.bytes for row in done),
            bpp=statistics.fmean(rates) if rates else None,
            worst=tuple(row.image for row in done[:_WORST]),
        )

    def to_json(self) -> str:
        """Return everything as indented JSON; infinity, an exact copy, is null."""
        data = {
            "schema": SCHEMA,
            "folder": self.folder,
            "command": self.command,
            "config": dataclasses.asdict(self.config),
            "seconds": round(self.seconds, 2),
            "summary": dataclasses.asdict(self.summary()),
            "rows": [row_to_data(row) for row in self.rows],
        }
        return json_text(data) + "\n"

    def to_csv(self) -> str:
        """Return a line per row; the PSNR of the grades in one field, with semicolons between."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        names = [field.name for field in dataclasses.fields(Row)]
        writer.writerow(names)
        for row in self.rows:
            data = row_to_data(row)
            for name in _DECIBELS:
                data[name] = ["exact" if value is None else value for value in data[name]]
            fields = [data[name] for name in names]
            writer.writerow([";".join(map(str, f)) if isinstance(f, list | tuple) else f for f in fields])
        return text.getvalue()
