"""Chunks of a PNG that say what its colours mean -> an ICC profile, which every picture that is written can carry.

Of several that are there one counts: cICP before iCCP, before sRGB, before gAMA and cHRM (PNG, third edition, 4.3).
"""

import struct
import zlib

from inr.errors import ImageError
from inr.imaging.icc import BT709, MAX_PROFILE, SRGB_CURVE, Primaries, gamma_curve, make_profile, offset_curve

COLOUR_CHUNKS = (b"cICP", b"iCCP", b"sRGB", b"gAMA", b"cHRM")
_UNIT = 100_000.0
_SRGB_GAMMA = 45_455
_NEAR_GAMMA, _NEAR_PRIMARIES = 500, 0.002
_C, _D65 = (0.310, 0.316), (0.3127, 0.3290)
_SMPTE = Primaries(red=(0.630, 0.340), green=(0.310, 0.595), blue=(0.155, 0.070), white=_D65)
_PRIMARIES = {
    1: BT709,
    4: Primaries(red=(0.67, 0.33), green=(0.21, 0.71), blue=(0.14, 0.08), white=_C),
    5: Primaries(red=(0.64, 0.33), green=(0.29, 0.60), blue=(0.15, 0.06), white=_D65),
    6: _SMPTE,
    7: _SMPTE,
    8: Primaries(red=(0.681, 0.319), green=(0.243, 0.692), blue=(0.145, 0.049), white=_C),
    9: Primaries(red=(0.708, 0.292), green=(0.170, 0.797), blue=(0.131, 0.046), white=_D65),
    11: Primaries(red=(0.680, 0.320), green=(0.265, 0.690), blue=(0.150, 0.060), white=(0.314, 0.351)),
    12: Primaries(red=(0.680, 0.320), green=(0.265, 0.690), blue=(0.150, 0.060), white=_D65),
    22: Primaries(red=(0.630, 0.340), green=(0.295, 0.605), blue=(0.155, 0.077), white=_D65),
}
"""By their numbers in ITU-T H.273, table 2."""
_BT709_CURVE = offset_curve(1.0 / 0.45, 0.099, 4.5, 0.081)
_CURVES = {
    **dict.fromkeys((1, 6, 11, 12, 14, 15), _BT709_CURVE),
    4: gamma_curve(2.2),
    5: gamma_curve(2.8),
    7: offset_curve(1.0 / 0.45, 0.1115, 4.0, 0.0913),
    8: gamma_curve(1.0),
    13: SRGB_CURVE,
    17: gamma_curve(2.6),
}
"""By their numbers in ITU-T H.273, table 3; the others go beyond white, which no curve of an ICC profile does."""

Chunks = list[tuple[bytes, bytes]]


def profile_of(chunks: Chunks, *, grey: bool) -> tuple[bytes | None, tuple[str, ...]]:
    """Return the profile that a PNG's chunks ask for, None for sRGB, and what is to be said of what is lost."""
    found = {tag: body for tag, body in reversed(chunks) if tag in COLOUR_CHUNKS}  # the first of each counts
    notes: list[str] = []
    if b"cICP" in found:
        try:
            return _from_code_points(found[b"cICP"], grey), ()
        except ImageError as error:
            notes.append(str(error))
    if b"iCCP" in found:
        try:
            return _embedded(found[b"iCCP"]), tuple(notes)
        except (ImageError, zlib.error) as error:
            notes.append(f"the colour profile was left out ({error})")
    if b"sRGB" in found:
        return None, tuple(notes)
    try:
        return _from_numbers(found.get(b"gAMA"), found.get(b"cHRM"), grey), tuple(notes)
    except (ImageError, struct.error) as error:
        return None, (*notes, f"gAMA and cHRM were left out ({error})")


def _from_code_points(body: bytes, grey: bool) -> bytes | None:
    if len(body) != 4:
        raise ImageError("a cICP chunk of another length than 4 was left out")
    colours, transfer, matrix, full = body
    if matrix != 0 or full != 1:
        raise ImageError("a cICP chunk of colours that are not RGB of the full range was left out")
    if colours == 1 and transfer == 13:
        return None
    if transfer not in _CURVES or (colours not in _PRIMARIES and not grey):
        name = {16: " (PQ)", 18: " (HLG)"}.get(transfer, "")
        raise ImageError(
            f"cICP says primaries {colours} and transfer {transfer}{name}, which no written picture can carry: "
            "the values are kept, but will look different"
        )
    return make_profile(_CURVES[transfer], None if grey else _PRIMARIES[colours])


def _embedded(body: bytes) -> bytes:
    """Return the profile in an iCCP chunk: a name, a zero, the number of the method, which is zlib's."""
    _, _, packed = body.partition(b"\0")
    inflater = zlib.decompressobj()
    profile = inflater.decompress(packed[1:], MAX_PROFILE)
    if inflater.unconsumed_tail:
        raise ImageError(f"it has more than {MAX_PROFILE:,} bytes")
    return profile


def _from_numbers(gamma: bytes | None, chromaticities: bytes | None, grey: bool) -> bytes | None:
    """Return the profile of a gAMA and a cHRM chunk; what is not said of is as in sRGB."""
    curve, primaries = None, None
    if gamma is not None:
        (value,) = struct.unpack(">I", gamma)
        if value == 0:
            raise ImageError("a gamma of 0")
        if abs(value - _SRGB_GAMMA) > _NEAR_GAMMA:
            curve = gamma_curve(_UNIT / value)
    if chromaticities is not None and not grey:
        numbers = [number / _UNIT for number in struct.unpack(">8I", chromaticities)]
        white, red, green, blue = zip(numbers[::2], numbers[1::2], strict=True)
        primaries = Primaries(red=red, green=green, blue=blue, white=white)
        usual = (*BT709.white, *BT709.red, *BT709.green, *BT709.blue)
        if max(abs(own - other) for own, other in zip(numbers, usual, strict=True)) <= _NEAR_PRIMARIES:
            primaries = None
    if curve is None and primaries is None:
        return None
    if curve is None:
        curve = SRGB_CURVE if gamma is None else gamma_curve(_UNIT / _SRGB_GAMMA)
    return make_profile(curve, None if grey else primaries or BT709)
