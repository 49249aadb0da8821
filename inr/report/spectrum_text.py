"""What each grade learned by frequency -> JSON data and tables."""

import dataclasses
import math
from typing import Any

from inr.analysis.spectrum import BANDS, Spectrum, in_bands
from inr.report.text import link

_SHOWN = 1
"""Index of the Gaussian width whose e_low and e_high stand in the table."""
_NAMES = ("< 1/32", "1/32-1/16", "1/16-1/8", "1/8-1/4", "> 1/4")


def spectrum_data(found: Spectrum) -> dict[str, Any]:
    """Return it for JSON: four significant digits, null for a frequency that the target does not have."""
    data: dict[str, Any] = _plain(dataclasses.asdict(found))
    data["bands"] = {"edges": list(BANDS), "amplitude": _plain(in_bands(found))}
    return data


def spectrum_rows(found: Spectrum) -> list[list[str]]:
    """Return a table of texts, the head first: a row per grade, the relative error in each band, e_low, e_high.

    Without a source: the grade's own contribution in each band, relative to the model's picture.
    """
    sigma = found.sigmas[_SHOWN]
    head = ["grade", *_NAMES]
    head += [f"e_low {sigma:g} px", f"e_high {sigma:g} px"] if found.source else []
    rows = [head]
    for own, bands in zip(found.grades, in_bands(found), strict=True):
        values = list(bands)
        values += [own.e_low[_SHOWN], own.e_high[_SHOWN]] if found.source else []
        rows.append([str(own.grade), *("-" if math.isnan(value) else f"{value:.4f}" for value in values)])
    return rows


def spectrum_markdown(found: Spectrum, figure: str) -> list[str]:
    """Return lines of a report: the picture, what it shows, and the table."""
    head, *rows = spectrum_rows(found)
    return [
        "## By frequency",
        "",
        f"![spectra of the grades and the error at every frequency]({link(figure)})",
        "",
        "Relative error of the picture after each grade, by frequency in cycles per pixel: 1 is nothing learned, 0 is"
        f" exact. e_low and e_high: the same below and above a Gaussian filter of {found.sigmas[_SHOWN]:g} pixels"
        " (standard deviation)." + _part(found),
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---:|" * len(head),
        *("| " + " | ".join(row) + " |" for row in rows),
    ]


def _part(found: Spectrum) -> str:
    columns, rows = found.part
    if found.part == (found.width, found.height):
        return ""
    return f" Measured on the central {columns} x {rows} pixels of {found.width} x {found.height}."


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else None
    return value
