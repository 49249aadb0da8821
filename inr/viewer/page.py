"""Bytes of a model file -> a page that holds them, decodes them and shows the picture; a script for other pages."""

import base64
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from inr.viewer.script import one_function

_FOLDER = Path(__file__).parent


_ABOUT = '// Makes <img src="cat.inr"> work: put <script src="inr.js"></script> on the page. Written by inr view.\n'


def viewer_page(data: bytes, name: str) -> str:
    """Return the HTML of the page.

    Args:
        data: of the model file; a cut file shows its whole grades with a note, a broken one a sentence.
        name: of the picture, any text.
    """
    read = {part: (_FOLDER / part).read_text(encoding="utf-8") for part in ("page.html", "page.css")}
    template = Environment(autoescape=True).from_string(read["page.html"])
    return template.render(
        name=name,
        data=base64.b64encode(data).decode(),
        style=Markup(read["page.css"]),  # files of this program, not of a user
        script=Markup(one_function("inrViewer", "page")),
    )


def image_script() -> str:
    """Return the text of `inr.js`, which makes `<img src="cat.inr">` work on any page."""
    script = one_function("inrImages", "images")
    return f"{_ABOUT}(() => {{\n{script}inrImages().replaceImages(document, inrImages.toString());\n}})();\n"
