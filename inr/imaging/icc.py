"""Chromaticities and a curve -> the bytes of an ICC profile (ICC.1:2010, version 4), and a profile's parts again."""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from inr.errors import ImageError

MAX_PROFILE = 16_777_216
"""Bytes of the largest profile that is kept."""
Point = tuple[float, float]
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_HEADER = 128
_SPACES = {b"RGB ": (b"rTRC", b"gTRC", b"bTRC"), b"GRAY": (b"kTRC",)}


@dataclass(frozen=True, kw_only=True)
class Primaries:
    """The colours that RGB stands for, as (x, y) of CIE 1931: of the three alone, and of all three at full."""

    red: Point
    green: Point
    blue: Point
    white: Point


BT709 = Primaries(red=(0.64, 0.33), green=(0.30, 0.60), blue=(0.15, 0.06), white=(0.3127, 0.3290))
"""Of sRGB too."""
ADOBE_RGB = Primaries(red=(0.64, 0.33), green=(0.21, 0.71), blue=(0.15, 0.06), white=BT709.white)


def _fixed(value: float) -> int:
    """Return a number in units of 1 / 65536."""
    return round(value * 65536.0)


def gamma_curve(exponent: float) -> bytes:
    """Return the curve light = value^exponent, as an ICC parametric curve."""
    return struct.pack(">4sIHHi", b"para", 0, 0, 0, _fixed(exponent))


def offset_curve(exponent: float, offset: float, slope: float, split: float) -> bytes:
    """Return a curve with a straight foot, as an ICC parametric curve.

    Args:
        exponent: above the foot, light = ((value + offset) / (1 + offset))^exponent.
        offset: see there.
        slope: in the foot, light = value / slope.
        split: the value where the foot ends.
    """
    numbers = (exponent, 1.0 / (1.0 + offset), offset / (1.0 + offset), 1.0 / slope, split)
    return struct.pack(">4sIHH5i", b"para", 0, 3, 0, *(_fixed(number) for number in numbers))


SRGB_CURVE = offset_curve(2.4, 0.055, 12.92, 0.04045)


def make_profile(curve: bytes, primaries: Primaries | None) -> bytes:
    """Return a profile of RGB with these primaries, or of grey without any.

    Raises:
        ImageError: the primaries span no colours.
    """
    tags = {b"desc": _text("colours of the source"), b"cprt": _text("no copyright"), b"wtpt": _xyz(_D50)}
    if primaries is None:
        return _assembled(b"GRAY", tags | {b"kTRC": curve})
    columns, adaptation = _matrices(primaries)
    tags[b"chad"] = struct.pack(">4sI9i", b"sf32", 0, *(_fixed(number) for number in adaptation.ravel()))
    for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns.T, strict=True):
        tags[name] = _xyz(column)
    return _assembled(b"RGB ", tags | dict.fromkeys(_SPACES[b"RGB "], curve))


def colour_space(profile: bytes) -> bytes | None:
    """Return the four letters of what a profile describes, or None for bytes that are no ICC profile."""
    if len(profile) < _HEADER + 4 or profile[36:40] != b"acsp":
        return None
    return profile[16:20]


def shared_curve(profile: bytes) -> bytes | None:
    """Return the one curve of a grey profile, or of an RGB profile whose three are the same; None where there is none.

    A table of colours beside the curves says more than they do: then there is none either.
    """
    tags = {}
    for number in range(min(int.from_bytes(profile[_HEADER : _HEADER + 4]), 100)):
        entry = profile[_HEADER + 4 + 12 * number : _HEADER + 16 + 12 * number]
        if len(entry) < 12:
            return None
        name, start, size = struct.unpack(">4sII", entry)
        tags[name] = profile[start : start + size]
    curves = {tags.get(name, b"") for name in _SPACES.get(profile[16:20], ())}
    if len(curves) != 1 or profile[20:24] != b"XYZ " or any(name.startswith(b"A2B") for name in tags):
        return None
    return curves.pop() or None


def _matrices(primaries: Primaries) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return the columns of RGB in XYZ under D50, and the adaptation to it from the primaries' white (Bradford)."""
    points = (primaries.red, primaries.green, primaries.blue, primaries.white)
    if any(y <= 0.0 for _, y in points):
        raise ImageError("a primary or white has no light.")
    red, green, blue, white = (np.array([x / y, 1.0, (1.0 - x - y) / y]) for x, y in points)
    corners = np.stack([red, green, blue], axis=1)
    if abs(np.linalg.det(corners)) < 1e-6:
        raise ImageError("the primaries lie on one line.")
    adaptation = np.linalg.inv(_BRADFORD) @ np.diag(_BRADFORD @ _D50 / (_BRADFORD @ white)) @ _BRADFORD
    return adaptation @ (corners * np.linalg.solve(corners, white)), adaptation


def _assembled(space: bytes, tags: dict[bytes, bytes]) -> bytes:
    """Return a display profile of these tags; equal ones share their place."""
    table, body, places = b"", b"", dict[bytes, int]()
    begin = _HEADER + 4 + 12 * len(tags)
    for name, value in tags.items():
        if value not in places:
            places[value] = begin + len(body)
            body += value + b"\0" * (-len(value) % 4)
        table += struct.pack(">4sII", name, places[value], len(value))
    head = (begin + len(body), 0, 0x04200000, b"mntr", space, b"XYZ ", 2020, 1, 1, 0, 0, 0, b"acsp", 1)
    header = struct.pack(">III4s4s4s6H4s24xI3i48x", *head, *(_fixed(float(value)) for value in _D50))
    return header + struct.pack(">I", len(tags)) + table + body


def _text(words: str) -> bytes:
    text = words.encode("utf-16-be")
    return struct.pack(">4sIII4sII", b"mluc", 0, 1, 12, b"enUS", len(text), 28) + text


def _xyz(values: np.ndarray[Any, Any]) -> bytes:
    return struct.pack(">4sI3i", b"XYZ ", 0, *(_fixed(float(value)) for value in values))
