"""Data, and names that may hold any bytes -> text that says just them: JSON, Markdown, the labels of a figure."""

import json
import math
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

_LABEL = 48
"""Characters of a name that a figure has room for."""


def json_text(data: object, *, indent: int | None = 2) -> str:
    """Return plain data as JSON; a number that is not finite, such as the PSNR of an exact copy, is null."""
    return json.dumps(_finite(data), indent=indent, allow_nan=False)


def without_missing(figures: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out each PSNR that there is not (None), so that null is left to mean an exact copy."""
    return {name: value for name, value in figures.items() if value is not None or "psnr" not in name}


def printable(text: str) -> str:
    r"""Return text without what a terminal, or a line, could take amiss: as `\n`, `\x1b`, or `\xe9` for a lone byte."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escaped(c) for c in text)


def label(name: str) -> str:
    """Return a name as a figure is to show it: no mathematics between dollar signs, and cut where it is too long."""
    shown = printable(name)
    if len(shown) > _LABEL:
        shown = f"{shown[: _LABEL - 23]}...{shown[-20:]}"
    return shown.replace("$", r"\$")


def code(text: str, *, in_table: bool = False) -> str:
    """Return text as Markdown's code, in which nothing but a backtick, or a table's `|`, means anything."""
    shown = printable(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    space = " " if shown[:1] in ("`", " ") or shown[-1:] in ("`", " ") else ""
    shown = f"{fence}{space}{shown}{space}{fence}"
    return shown.replace("|", r"\|") if in_table else shown


def link(name: str) -> str:
    """Return a file's name as the address of a link beside it."""
    return quote(os.fsencode(name))


def _finite(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _escaped(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # how Python carries a byte that is no text in a file's name
        return f"\\x{number - 0xDC00:02x}"
    return ascii(character)[1:-1]
