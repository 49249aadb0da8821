"""A folder -> the names of its pictures, in a fixed order, and the names of what each of them becomes."""

import hashlib
import os
from pathlib import Path

from inr.errors import InrError
from inr.imaging.formats import ENDINGS


def find_pictures(folder: Path, *, recursive: bool, leave_out: Path) -> list[str]:
    """Return the pictures' paths below `folder`, with forward slashes, sorted.

    A picture is a file with one of the `ENDINGS`, in capitals or not. Hidden files and folders and links to folders
    are passed over.

    Args:
        folder: where to look.
        recursive: look in its sub-folders too.
        leave_out: a folder that is not looked into, unless it is `folder` itself: that of the outputs.

    Raises:
        InrError: no such folder, one that cannot be read, or no picture in it.
    """
    if not folder.is_dir():
        raise InrError(f"{folder} is no folder; give a folder of pictures, or fit one picture with `inr fit`.")
    names: list[str] = []
    for place, folders, files in os.walk(folder, onerror=_refuse):
        here = Path(place)
        folders[:] = [
            name for name in folders if recursive and name[0] != "." and (here / name).resolve() != leave_out.resolve()
        ]
        names += [
            (here / name).relative_to(folder).as_posix()
            for name in files
            if name[0] != "." and Path(name).suffix.lower() in ENDINGS and (here / name).is_file()
        ]
    if not names:
        hint = "" if recursive else "; --recursive looks in its sub-folders"
        raise InrError(f"{folder} holds no picture ({', '.join(ENDINGS)}){hint}.")
    return sorted(names)


def model_name(image: str) -> str:
    """Return the name of a picture's model: its own with `.inr` after it.

    The ending stays, so that `a.png` and `a.jpg` never meet and no name depends on which others are there.
    """
    return f"{image}.inr"


def grade_name(image: str, grade: int) -> str:
    """Return the name of the picture after a grade."""
    return f"{image}.grade{grade}.png"


def picture_seed(seed: int, sha256: str) -> int:
    """Return the seed of one picture, from that of the batch and its content: neither order nor neighbours matter."""
    digest = hashlib.sha256(f"{seed} {sha256}".encode()).digest()
    return int.from_bytes(digest[:4], "little")  # 32 bits: short enough to type after --seed


def _refuse(error: OSError) -> None:
    raise InrError(f"{error.filename} cannot be read: {error.strerror}.") from error
