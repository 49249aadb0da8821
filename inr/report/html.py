"""A template and data -> one page that holds everything it shows: style, scripts, figures' data, pictures.

Templates, styles and scripts are files in `templates`. All text is escaped on its way into a page, names of files among
them, and the page's own policy (CSP) lets a browser run no script but ours and ask the network for nothing.
"""

import base64
import functools
import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from inr.errors import InrError
from inr.report.text import json_text, printable

TEMPLATES = Path(__file__).parent / "templates"
NAME = "report.html"
"""Of the page that every command leaves beside its JSON."""
_OURS = b'<meta name="generator" content="inr '
_HEAD = 2000
"""Bytes of a page in which it says what made it."""


def render_page(template: str, *, scripts: Sequence[str], data: Mapping[str, Any], **values: Any) -> bytes:
    """Return a page in UTF-8.

    Args:
        template: its file, which extends `base.html`.
        scripts: files of `templates`, in the order they run.
        data: what the scripts read, plain data; numbers that are not finite become null.
        values: what the template reads besides.
    """
    script = "\n".join(_text(name) for name in scripts)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    html = _environment().get_template(template).render(
        style=Markup(_text("page.css")),
        script=Markup(script),
        script_hash=f"sha256-{digest}",
        data=_in_html(json_text(data, indent=None)),
        version=version("inr"),
        **values,
    )  # fmt: skip
    return html.encode("utf-8", errors="backslashreplace")  # names of files may hold any bytes


def check_page(path: Path) -> None:
    """Check that a page may be replaced: what stands there was made by this program, or nothing does.

    Raises:
        InrError: it is another file, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            ours = _OURS in file.read(_HEAD)
    except FileNotFoundError:
        return
    except OSError as error:
        raise InrError(f"{path} cannot be replaced: {error.strerror or error}.") from error
    if not ours:
        raise InrError(f"{path} is not a page of this program; move it, or give --overwrite to replace it.")


def read_json(path: Path, needed: Iterable[str]) -> dict[str, Any]:
    """Return the JSON that a command left.

    Args:
        path: of the file.
        needed: names that it must have.

    Raises:
        InrError: it cannot be read, or is something else.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InrError(f"{path} cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise InrError(f"{path} is damaged ({error}); do the command that made it again.") from error
    missing = sorted(set(needed) - set(data)) if isinstance(data, dict) else ["everything"]
    if missing:
        raise InrError(f"{path} is not what this program leaves: {missing[0]} is missing.")
    return dict(data)


def _in_html(text: str) -> Markup:
    """Return JSON that no HTML parser takes for anything but text."""
    for character in "<>&'\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


@functools.cache
def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True,
    )  # fmt: skip
    environment.filters |= {
        "count": lambda number: f"{number:,.0f}",
        "decibels": _decibels,
        "marked": _marked,
        "printable": printable,
        "seconds": lambda number: f"{number:,.1f} s" if number < 600 else f"{number / 60:,.0f} min",
        "size": _size,
        "base": lambda path: printable(Path(path).name),
    }
    return environment


def _decibels(value: float | None) -> str:
    """Return a PSNR as JSON has it, where null is an exact copy."""
    return "exact" if value is None or not math.isfinite(value) else f"{value:.2f}"


def _marked(text: str) -> Markup:
    """Return text of ours with what stands between backticks as code, as Markdown has it."""
    words = [str(escape(part)) for part in printable(text).split("`")]
    return Markup("".join(f"<code>{part}</code>" if number % 2 else part for number, part in enumerate(words)))


def _size(count: float) -> str:
    """Return bytes as a person reads them."""
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if count >= unit:
            return f"{count / unit:.3g} {name}"
    return f"{count:.0f} bytes"
