"""Where a picture was, and what it was -> the same picture again, for making a page anew."""

from collections.abc import Sequence
from pathlib import Path

from inr.errors import ImageError
from inr.imaging.image import Image
from inr.imaging.reading import load_image


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
