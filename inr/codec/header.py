"""Model <-> the JSON header of its file, every field checked before anything is built from it."""

import contextlib
import dataclasses
import math
from typing import Any, get_args

from inr.errors import ConfigError, ModelFileError
from inr.imaging.image import BitDepth
from inr.networks.chain import empty_grade, grade_inputs
from inr.networks.encoding import Draw
from inr.networks.grade import Grade, parameter_shapes
from inr.networks.model import Model, Record
from inr.settings.shape import MAX_GRADES, MAX_SIDE, FeedName, Form, FrameName, GradeShape, Plane

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
        self.width = self._integer("width", 1, MAX_SIDE)
        self.height = self._integer("height", 1, MAX_SIDE)
        self.channels = self._integer("channels", 1, 4)
        self.frequencies = self._integer("frequencies", 0, 16_384)
        self.draw = self._draw(header.get("drawn"))
        depth, frame, feed = (header.get(name) for name in ("bit_depth", "frame", "feed_encoding"))
        feeds = [name for name, stored in _FEEDS.items() if stored is feed or (stored == feed and feed == "only")]
        if type(depth) is not int or depth not in (8, 16) or frame not in get_args(FrameName) or not feeds:
            raise ModelFileError("the header names a bit depth, frame or encoding rule this program does not know.")
        self.bit_depth: BitDepth = 16 if depth == 16 else 8
        self.frame: FrameName = "unit" if frame == "unit" else "isotropic"
        self.feed: FeedName = feeds[0]
        grades: object = header.get("grades")
        if not isinstance(grades, list) or not 1 <= len(grades) <= MAX_GRADES:
            raise ModelFileError("the header has no list of 1 to 64 grades.")
        self.grades = [_grade(grade) for grade in grades]
        self._check_together()

    def empty_grade(self, number: int) -> Grade:
        """Build a grade, numbered from 0, whose weights are still to be read."""
        return empty_grade(
            self.grades,
            number,
            encoding=2 * self.frequencies or 2,
            channels=self.channels,
            width=self.width,
            height=self.height,
            feed=self.feed,
        )

    def shapes(self) -> list[list[tuple[int, ...]]]:
        """Return the shapes of what each grade learned, in the order of its parameters."""
        inputs = grade_inputs(self.grades, 2 * self.frequencies or 2, feed=self.feed)
        return [
            parameter_shapes(count, self.channels, own, self.width, self.height)
            for count, own in zip(inputs, self.grades, strict=True)
        ]

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
        ):
            raise ModelFileError("the header's grades do not fit its encoding; it is damaged.")

    def _integer(self, name: str, low: int, high: int) -> int:
        value = self._header.get(name)
        if type(value) is not int or not low <= value <= high:
            raise ModelFileError(f"the header's {name} is {repr(value)[:60]}; accepted are {low} to {high}.")
        return value


def _entry(grade: Grade) -> list[Any]:
    """Return a grade as [depth, width, activation], then its planes and its form, if any."""
    layout = grade.planes.layout if grade.planes else ()
    planes = [plane.entry for plane in layout]
    default = dataclasses.asdict(Form())
    form = {name: value for name, value in dataclasses.asdict(grade.form).items() if value != default[name]}
    return [grade.depth, grade.width, grade.activation, *([planes] if planes else []), *([form] if form else [])]


def _grade(entry: object) -> GradeShape:
    """Return the shape of a grade."""
    match entry:
        case [depth, width, str(), *rest] if type(depth) is type(width) is int and len(rest) <= 2:
            activation: Any = entry[2]  # whether there is such a one is for the class to say
            last = rest.pop() if rest and isinstance(rest[-1], dict) else {}
            form, planes = _form(last), rest.pop() if rest else []
            if not rest and isinstance(planes, list) and form is not None:
                with contextlib.suppress(ConfigError, TypeError, ValueError, OverflowError):
                    return GradeShape(
                        depth=depth,
                        width=width,
                        activation=activation,
                        planes=tuple(_plane(*plane) for plane in planes),
                        form=form,
                    )
    raise ModelFileError(f"the header describes a grade as {repr(entry)[:60]}, which this program does not know.")


def _plane(cell: int, channels: int, *around: int) -> Plane:
    if around not in ((), (1,)):
        raise ValueError("a plane has two numbers, or a third that is 1")
    return Plane(cell=cell, channels=channels, around=bool(around))


def _form(entry: Any) -> Form | None:
    """Return a form from its fields that are not the default, or None if they are none of a form."""
    kinds: dict[str, tuple[type, ...]] = {
        "gain": (int, float), "slope": (bool,), "window": (int, float), "first": (str,), "scales": (list,),
        "separate": (bool,), "branches": (int,), "shifts": (int,), "sigmoid": (bool,), "before": (list,),
    }  # fmt: skip
    scales, before = entry.get("scales", []), entry.get("before", [])
    if any(type(value) not in kinds.get(name, ()) for name, value in entry.items()):
        return None
    if any(type(scale) not in (int, float) for scale in scales) or any(type(width) is not int for width in before):
        return None
    with contextlib.suppress(ConfigError, OverflowError):
        return Form(**{**entry, "scales": tuple(scales), "before": tuple(before)})
    return None
