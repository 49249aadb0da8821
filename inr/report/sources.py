"""What an earlier command left, and where its pictures were -> the same again, for making a page anew."""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from inr.errors import ImageError, InrError
from inr.imaging.image import Image
from inr.imaging.reading import load_image


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


def find_source(name: str, sha256: str, places: Sequence[Path], *, max_pixels: int) -> Image:
    """Return a picture as it was: from where it was, or from other places.

    Args:
        name: path of its file, as it was.
        sha256: of that file.
        places: files, or folders that may hold it, to look in first.
        max_pixels: see `load_image`.

    Raises:
        ImageError: it is in none of them, or has changed.
    """
    changed = None
    for place in (*places, Path(name)):
        path = place / Path(name).name if place.is_dir() else place
        if not path.is_file():
            continue
        image = load_image(path, max_pixels=max_pixels)
        if image.sha256 == sha256:
            return image
        changed = path
    if changed is not None:
        raise ImageError(f"{changed} is not the picture that was fitted, or has changed; give it with --image.")
    raise ImageError(f"{name} is not there any more; give the picture, or its folder, with --image.")
