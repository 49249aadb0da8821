"""The JSON header of a model file -> the picture that it is of and the shapes of its grades. No torch here."""

import contextlib
import zlib
from dataclasses import dataclass
from typing import Any

from inr.codec.container import Container
from inr.errors import ConfigError, ModelFileError
from inr.imaging.icc import MAX_PROFILE
from inr.imaging.image import BitDepth
from inr.settings.shape import MAX_GRADES, MAX_SIDE, Form, GradeShape, Plane

GRADE = b"G"
PROFILE = b"i"


@dataclass(frozen=True, kw_only=True)
class Outline:
    """What the header says of the picture (see `inr.Model`) and of all grades, whether the file holds them or not."""

    width: int
    height: int
    channels: int
    bit_depth: BitDepth
    grades: tuple[GradeShape, ...]


def read_outline(header: dict[str, Any]) -> Outline:
    """Check these fields of a header.

    Raises:
        ModelFileError: one is missing, of another type or out of range.
    """
    width, height = (read_integer(header, name, 1, MAX_SIDE) for name in ("width", "height"))
    channels, depth, grades = read_integer(header, "channels", 1, 4), header.get("bit_depth"), header.get("grades")
    if type(depth) is not int or depth not in (8, 16):
        raise ModelFileError("the header names a bit depth this program does not know.")
    if not isinstance(grades, list) or not 1 <= len(grades) <= MAX_GRADES:
        raise ModelFileError("the header has no list of 1 to 64 grades.")
    return Outline(
        width=width,
        height=height,
        channels=channels,
        bit_depth=16 if depth == 16 else 8,
        grades=tuple(_grade(grade) for grade in grades),
    )


def read_integer(header: dict[str, Any], name: str, low: int, high: int) -> int:
    """Return a field of the header that is an integer.

    Raises:
        ModelFileError: it is none, or out of range.
    """
    value = header.get(name)
    if type(value) is not int or not low <= value <= high:
        raise ModelFileError(f"the header's {name} is {repr(value)[:60]}; accepted are {low} to {high}.")
    return value


def read_profile(container: Container) -> bytes | None:
    """Return the colour profile of the picture, if it has one.

    Raises:
        ModelFileError: it is damaged or too large.
    """
    for chunk in container.chunks:
        if chunk.tag == PROFILE:
            inflater = zlib.decompressobj()
            try:
                profile = inflater.decompress(chunk.payload, MAX_PROFILE)
            except zlib.error as error:
                raise ModelFileError(f"the colour profile is damaged ({error}).") from error
            if not inflater.eof or inflater.unused_data:
                raise ModelFileError("the colour profile is damaged, or larger than any that is accepted.")
            return profile
    return None


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
