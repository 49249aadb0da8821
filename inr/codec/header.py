"""Model <-> the JSON header of its file, every field checked before anything is built from it."""

import contextlib
import math
from typing import Any, get_args

from inr.codec.quantize import encoded_size
from inr.config import MAX_PLANES, MAX_SIDE, ActivationName, FrameName, Plane
from inr.errors import ConfigError, ModelFileError
from inr.imaging.image import BitDepth
from inr.networks.encoding import plane_shape
from inr.networks.grade import Grade
from inr.networks.model import Model, Record, grade_inputs


def make_header(model: Model) -> dict[str, Any]:
    """Return the header of a model, ready for JSON; an infinite PSNR (an exact copy) becomes null."""
    record = model.record
    return {
        "width": model.width,
        "height": model.height,
        "channels": model.channels,
        "bit_depth": model.bit_depth,
        "frame": model.frame,
        "frequencies": model.encoding.frequencies.shape[1],
        "feed_encoding": model.feed_encoding,
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
        depth, frame, feed = (header.get(name) for name in ("bit_depth", "frame", "feed_encoding"))
        if type(depth) is not int or depth not in (8, 16) or frame not in get_args(FrameName) or type(feed) is not bool:
            raise ModelFileError("the header names a bit depth, frame or encoding rule this program does not know.")
        self.bit_depth: BitDepth = 16 if depth == 16 else 8
        self.frame: FrameName = "unit" if frame == "unit" else "isotropic"
        self.feed_encoding = feed
        grades: object = header.get("grades")
        if not isinstance(grades, list) or not 1 <= len(grades) <= 64:
            raise ModelFileError("the header has no list of 1 to 64 grades.")
        self.grades = [_grade(grade) for grade in grades]
        if any(planes for *_, planes in self.grades) and (self.frequencies or not feed or frame != "isotropic"):
            raise ModelFileError("the header has planes beside frequencies, or without what they need; it is damaged.")

    def inputs(self) -> list[int]:
        """Return the number of inputs of each grade."""
        sizes = [(width, sum(plane.channels for plane in planes)) for _, width, _, planes in self.grades]
        return grade_inputs(2 * self.frequencies or 2, sizes, feed_encoding=self.feed_encoding)

    def payload_sizes(self) -> list[int]:
        """Return the bytes that each grade's payload must have."""
        sizes = [
            self._weights_size(inputs, depth, width, planes)
            for inputs, (depth, width, _, planes) in zip(self.inputs(), self.grades, strict=True)
        ]
        return [sizes[0] + 8 * self.frequencies, *sizes[1:]]

    def record(self, grades: int) -> Record:
        """Return what the fit wrote down, for the first grades; text that a terminal could take amiss is refused."""
        match self._header.get("record"):
            case {"method": str(method), "seed": int(seed), "psnr_db": list(psnr), "versions": dict(versions)}:
                pairs = tuple(sorted((str(k), str(v)) for k, v in versions.items()))
                numbers = all(v is None or (type(v) in (int, float) and abs(v) < 1e3) for v in psnr)
                texts = [method, *(text for pair in pairs for text in pair)]
                printable = all(text.isascii() and text.isprintable() and len(text) <= 64 for text in texts)
                if numbers and printable and len(psnr) in (0, len(self.grades)):
                    values = tuple(math.inf if v is None else float(v) for v in psnr)
                    return Record(method=method, seed=seed, psnr_db=values[:grades], versions=pairs)
        raise ModelFileError("the header's record of the fit is missing or malformed.")

    def _weights_size(self, inputs: int, depth: int, width: int, planes: tuple[Plane, ...]) -> int:
        inputs += sum(plane.channels for plane in planes)
        counts = [inputs * width, width] + [width * width, width] * (depth - 1) + [width * self.channels, self.channels]
        counts += [math.prod(plane_shape(plane, self.width, self.height)) for plane in planes]
        return sum(encoded_size(count) for count in counts)

    def _integer(self, name: str, low: int, high: int) -> int:
        value = self._header.get(name)
        if type(value) is not int or not low <= value <= high:
            raise ModelFileError(f"the header's {name} is {repr(value)[:60]}; accepted are {low} to {high}.")
        return value


def _entry(grade: Grade) -> list[Any]:
    """Return a grade as [depth, width, activation], and its planes as [[cell, channels], ...] if it has any."""
    planes = grade.planes.layout if grade.planes else ()
    entry: list[Any] = [grade.depth, grade.width, grade.activation]
    return [*entry, [[plane.cell, plane.channels] for plane in planes]] if planes else entry


def _grade(entry: object) -> tuple[int, int, ActivationName, tuple[Plane, ...]]:
    match entry:
        case [int(depth), int(width), str(name), *rest] if 1 <= depth <= 64 and 1 <= width <= 8192 and len(rest) < 2:
            for activation in get_args(ActivationName):
                if name == activation:
                    return depth, width, activation, _planes(rest[0]) if rest else ()
    raise ModelFileError(f"the header describes a grade as {repr(entry)[:60]}, which this program does not know.")


def _planes(entry: object) -> tuple[Plane, ...]:
    if isinstance(entry, list) and 1 <= len(entry) <= MAX_PLANES:
        with contextlib.suppress(ConfigError, TypeError, ValueError):
            return tuple(Plane(cell=cell, channels=channels) for cell, channels in entry)
    raise ModelFileError(f"the header describes planes as {repr(entry)[:60]}; it is damaged.")
