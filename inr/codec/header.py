"""Model <-> the JSON header of its file, every field checked before anything is built from it."""

import dataclasses
import math
from typing import Any, get_args

from inr.codec.outline import read_integer, read_outline
from inr.errors import ModelFileError
from inr.networks.chain import empty_grade, grade_inputs
from inr.networks.encoding import Draw
from inr.networks.grade import Grade, parameter_shapes
from inr.networks.model import Model
from inr.networks.record import Record
from inr.settings.shape import BETWEEN, MAX_SPACING, NEIGHBOURS, FeedName, Form, FrameName

MAX_FREQUENCY = 1e7
"""Highest of a fixed frequency, in cycles per unit of the coordinate frame."""
_FEEDS: dict[FeedName, bool | str] = {"features": False, "both": True, "encoding": "only"}
"""What the header's `feed_encoding` says of what later grades see."""


def make_header(model: Model) -> dict[str, Any]:
    """Return the header of a model, ready for JSON; an infinite PSNR (an exact copy) becomes null."""
    record, draw = model.record, model.encoding.draw
    return {
        "width": model.width,
        "height": model.height,
        "channels": model.channels,
        "bit_depth": model.bit_depth,
        "frame": model.frame,
        "frequencies": model.encoding.frequencies.shape[1],
        **({"drawn": [draw.seed, draw.sigma, *draw.bands]} if draw else {}),
        **({"lattice": model.lattice.spacing} if model.lattice is not None else {}),
        "feed_encoding": _FEEDS[model.feed],
        "grades": [_entry(grade) for grade in model.grades],
        "record": {
            "method": record.method,
            "seed": record.seed,
            "psnr_db": [round(v, 4) if math.isfinite(v) else None for v in record.psnr_db],
            "versions": dict(record.versions),
        },
    }


class Header:
    """The fields of a header, as plain attributes.

    Raises:
        ModelFileError: a field is missing, of another type or out of range.
    """

    def __init__(self, header: dict[str, Any]) -> None:
        self._header = header
        outline = read_outline(header)
        self.width, self.height = outline.width, outline.height
        self.channels, self.bit_depth, self.grades = outline.channels, outline.bit_depth, outline.grades
        self.frequencies = read_integer(header, "frequencies", 0, 16_384)
        self.draw = self._draw(header.get("drawn"))
        self.spacing = read_integer(header, "lattice", 1, MAX_SPACING) if "lattice" in header else 0
        frame, feed = header.get("frame"), header.get("feed_encoding")
        feeds = [name for name, stored in _FEEDS.items() if stored is feed or (stored == feed and feed == "only")]
        if frame not in get_args(FrameName) or not feeds:
            raise ModelFileError("the header names a frame or encoding rule this program does not know.")
        self.frame: FrameName = "unit" if frame == "unit" else "isotropic"
        self.feed: FeedName = feeds[0]
        self._check_together()

    def empty_grade(self, number: int) -> Grade:
        """Build a grade, numbered from 0, whose weights are still to be read."""
        return empty_grade(
            self.grades,
            number,
            encoding=self._encoding,
            channels=self._outputs,
            width=self.width,
            height=self.height,
            feed=self.feed,
        )

    def shapes(self) -> list[list[tuple[int, ...]]]:
        """Return the shapes of what each grade learned, in the order of its parameters."""
        inputs = grade_inputs(self.grades, self._encoding, feed=self.feed)
        return [
            parameter_shapes(count, self._outputs, own, self.width, self.height)
            for count, own in zip(inputs, self.grades, strict=True)
        ]

    @property
    def lattice_shape(self) -> tuple[int, int, int] | None:
        """Rows, columns and channels of the lattice; None where there is none."""
        if not self.spacing:
            return None
        return -(-self.height // self.spacing), -(-self.width // self.spacing), self.channels

    @property
    def _encoding(self) -> int:
        """Numbers that grade 1 sees."""
        return NEIGHBOURS**2 * self.channels if self.spacing else 2 * self.frequencies or 2

    @property
    def _outputs(self) -> int:
        """Numbers that a grade predicts: of a lattice, the colours at all places that it answers for at once."""
        return self.channels * (BETWEEN if self.spacing else 1)

    @property
    def table(self) -> int:
        """Fixed frequencies that stand at the start of the first grade's payload: none if they are drawn."""
        return 0 if self.draw else self.frequencies

    def tables(self) -> list[int]:
        """Return how many frequencies stand at the start of each grade's payload."""
        tables = [own.form.shifts for own in self.grades]
        return [tables[0] + self.table, *tables[1:]]

    def record(self, grades: int) -> Record:
        """Return what the fit wrote down, for the first grades; text that a terminal could take amiss is refused."""
        match self._header.get("record"):
            case {"method": str(method), "seed": int(seed), "psnr_db": list(psnr), "versions": dict(versions)}:
                pairs = tuple(sorted((str(k), str(v)) for k, v in versions.items()))
                numbers = all(v is None or (type(v) in (int, float) and abs(v) < 1e3) for v in psnr)
                texts = [method, *(text for pair in pairs for text in pair)]
                printable = all(text.isascii() and text.isprintable() and len(text) <= 64 for text in texts)
                if type(seed) is int and numbers and printable and len(psnr) in (0, len(self.grades)):
                    values = tuple(math.inf if v is None else float(v) for v in psnr)
                    return Record(method=method, seed=seed, psnr_db=values[:grades], versions=pairs)
        raise ModelFileError("the header's record of the fit is missing or malformed.")

    def _draw(self, entry: object) -> Draw | None:
        match entry:
            case None:
                return None
            case [seed, *rest] if type(seed) is int and 0 <= seed < 2**64 and len(rest) > 1:
                factors: list[Any] = rest
                known = all(type(factor) in (int, float) and 0.0 <= factor <= MAX_FREQUENCY for factor in factors)
                sigma, *bands = factors
                shared = self.frequencies > 0 and self.frequencies % len(bands) == 0
                if known and shared and sigma * max(bands) <= MAX_FREQUENCY / 6.0:  # no draw is beyond 6
                    return Draw(seed=seed, sigma=sigma, bands=tuple(bands))
        raise ModelFileError("the header says of no draw of frequencies that this program could make.")

    def _check_together(self) -> None:
        coordinates = self.frequencies == 0
        later = [own.form for own in self.grades[1:]]
        shifts = any(form.shifts for form in later) or self.grades[0].form.shifts
        if (
            (any(own.planes for own in self.grades) and not (coordinates and self.feed == "both"))
            or (any(own.planes for own in self.grades) and self.frame != "isotropic")
            or (shifts and not coordinates)
            or (self.feed == "features" and any(form.shifts for form in later))
            or any(form.branches > 1 for form in later)
            or (self.frequencies or 1) % self.grades[0].form.branches
            or (self.spacing and (not coordinates or shifts or any(own.planes for own in self.grades)))
        ):
            raise ModelFileError("the header's grades do not fit its encoding; it is damaged.")


def _entry(grade: Grade) -> list[Any]:
    """Return a grade as [depth, width, activation], then its planes and its form, if any."""
    layout = grade.planes.layout if grade.planes else ()
    planes = [plane.entry for plane in layout]
    default = dataclasses.asdict(Form())
    form = {name: value for name, value in dataclasses.asdict(grade.form).items() if value != default[name]}
    return [grade.depth, grade.width, grade.activation, *([planes] if planes else []), *([form] if form else [])]
