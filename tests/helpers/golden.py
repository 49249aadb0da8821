"""What the program writes and shows, held to a file in tests/golden.

JSON has the same keys in the same order, and values alike; a picture has nearly the same pixels. `pytest
--renew-goldens` writes these files anew.
"""

import json
import math
import re
from pathlib import Path

import numpy as np
import PIL.Image

from helpers.pictures import GOLDEN

VARIES = {
    "seconds", "training_seconds", "decoding_seconds", "sha256", "curve", "inr", "torch", "python", "platform",
    "processor", "threads", "packages", "command", "curves",
}  # fmt: skip
"""Keys whose values depend on the clock, the machine or what is installed; they only have to be there."""
SIZES = {"bytes", "bytes_so_far", "bytes_per_grade", "png_bytes", "jpeg_bytes", "bytes_before"}
"""Keys of whole numbers that another machine may change a little."""
NEAR = {"rel_tol": 0.1, "abs_tol": 0.05}
"""How alike numbers are: sums in another order, and rounding, end in other files of about the same size and picture."""

MEAN, MOST = 0.5, 8
"""How alike pictures are: their mean difference, and that of all but one pixel in two hundred, in levels of 255.

Another browser smooths, and another processor fits, a little otherwise."""


def check_golden(name: str, text: str, *, renew: bool) -> None:
    """Compare the JSON with the file of this name, or write that file."""
    found = settled(json.loads(text))
    path = GOLDEN / name
    if renew:
        path.write_text(compact(json.dumps(found, indent=1)) + "\n")
    differences = list(unlike(json.loads(path.read_text()), found, "$"))
    assert not differences, f"{name}, or `pytest --renew-goldens`:\n" + "\n".join(differences[:20])


def settled(data, key: str = ""):
    """The data without what varies, numbers short."""
    if key in VARIES or (key == "seed" and data is not None and data > 1000):  # such a seed is made of a file's bytes
        return "(varies)"
    if isinstance(data, dict):
        return {name: settled(value, name) for name, value in data.items()}
    if isinstance(data, list):
        return [settled(value, key) for value in data]
    if isinstance(data, float):
        return float(f"{data:.4g}")
    if isinstance(data, str):
        return re.sub(r"\b[0-9a-f]{12}([0-9a-f]{52})?\b", "(key)", data).replace(f"{Path.cwd()}/", "")
    return data


def compact(text: str) -> str:
    """Indented JSON with each list of plain values on one line."""
    return re.sub(r"\[\n[^\[\]{}]*\]", lambda row: " ".join(row[0].split()), text)


def unlike(wanted, found, at: str, key: str = ""):
    """Where two pieces of data differ, a line each."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        if list(wanted) != list(found):
            yield f"{at}: keys {list(found)} where {list(wanted)} were"
        for name in wanted.keys() & found.keys():
            yield from unlike(wanted[name], found[name], f"{at}.{name}", name)
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(wanted) != len(found):
            yield f"{at}: {len(found)} entries where {len(wanted)} were"
        for number, pair in enumerate(zip(wanted, found, strict=False)):
            yield from unlike(*pair, f"{at}[{number}]", key)
    elif type(wanted) is type(found) and (isinstance(wanted, float) or (key in SIZES and wanted is not None)):
        if not math.isclose(wanted, found, **NEAR):
            yield f"{at}: {found!r} where {wanted!r} was"
    elif type(wanted) is not type(found) or wanted != found:
        yield f"{at}: {found!r} where {wanted!r} was"


def check_picture(name: str, found: np.ndarray, *, renew: bool) -> None:
    """Compare a picture, (H, W, C) uint8, with the PNG of this name, or write that file."""
    path = GOLDEN / name
    if renew:
        PIL.Image.fromarray(found.astype(np.uint8)).save(path, optimize=True)
    difference = apart(np.asarray(PIL.Image.open(path)), found)
    assert not difference, f"{name}, or `pytest --renew-goldens`: {difference}"


def apart(wanted: np.ndarray, found: np.ndarray) -> str:
    """In what two pictures differ more than they may, or nothing."""
    if wanted.shape != found.shape:
        return f"{found.shape} where {wanted.shape} was"
    far = np.abs(found.astype(int) - wanted)
    mean, most = float(far.mean()), float(np.quantile(far.max(axis=2), 0.995))
    return "" if mean <= MEAN and most <= MOST else f"off by {mean:.2f} levels in the mean, by {most:.0f} somewhere"
