"""A picture -> its data URI: a picture inside a page, as WebP. Imports nothing heavy: a batch draws thumbnails too."""

import base64
import io
from typing import Any

import PIL.Image


def data_uri(picture: PIL.Image.Image, profile: bytes | None = None) -> str:
    """Return a picture as the address of an image in a page; every bit of its 8-bit values is kept."""
    options: dict[str, Any] = {"icc_profile": profile} if profile else {}
    return _webp(picture, lossless=True, quality=0, method=0, **options)


def thumbnail(picture: PIL.Image.Image, side: int) -> str:
    """Return a small picture, with loss, of at most `side` pixels a side."""
    small = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    small.thumbnail((side, side))
    return _webp(small, quality=70, method=2)


def _webp(picture: PIL.Image.Image, **options: Any) -> str:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", **options)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
