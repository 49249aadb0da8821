"""The report of a fit and its pictures -> its page, `report.html`: the same for a reader who would rather look."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inr.errors import ImageError
from inr.imaging.image import Image, quantize
from inr.imaging.reading import load_image
from inr.report.embedded import MOST_PIXELS, views
from inr.report.html import read_json, render_page
from inr.report.sources import find_source

SCRIPTS = ("controls.js", "chart.js", "picture.js", "heat.js", "fit.js")
_KINDS = {1: "grey", 2: "grey and alpha", 3: "RGB", 4: "RGB and alpha"}


def fit_html(report: str, image: Image, pictures: Sequence[np.ndarray[Any, Any]]) -> bytes:
    """Return the page, made from `report.json` and pictures, and nothing else.

    Args:
        report: text of `report.json`.
        image: the source.
        pictures: (H, W, C) uint8 or uint16, one per grade.
    """
    data = json.loads(report)
    source = quantize(image.pixels, image.bit_depth)
    return render_page(
        "fit.html",
        scripts=SCRIPTS,
        data={name: data.get(name) for name in ("image", "grades", "classical", "curve", "spectrum")},
        report={"curve": [], "command": None, "spectrum": None} | data,
        kind=_KINDS[image.channels],
        half="held_out_psnr_db" in data["grades"][0],  # a picture of one pixel holds none out
        jpeg=len(data["classical"].get("jpeg_of_grades", ())) == len(data["grades"]),
        views=views(source, pictures, icc_profile=image.icc_profile),
        most=MOST_PIXELS,
        settings_rows=_settings(data),
    )


def fit_html_again(folder: Path, given: Sequence[Path] = (), *, max_pixels: int) -> bytes:
    """Return the page of a folder that `inr fit` left.

    Args:
        folder: with `report.json` and the pictures after each grade.
        given: where the source may be, if not where it was; files or folders.
        max_pixels: see `load_image`.

    Raises:
        InrError: something of it is missing, damaged or changed.
    """
    path = folder / "report.json"
    data = read_json(path, ("image", "config", "grades", "model", "classical", "environment"))
    facts = data["image"]
    image = find_source(facts["name"], facts["sha256"], [*given, folder.parent], max_pixels=max_pixels)
    stem = data["model"]["name"].removesuffix(".inr")
    drawn = [load_image(folder / f"{stem}.grade{row['grade']}.png", max_pixels=max_pixels) for row in data["grades"]]
    for picture in drawn:
        if picture.pixels.shape != image.pixels.shape:
            raise ImageError(f"{picture.name} is not of the size of {image.name}; it is not what the fit left.")
    return fit_html(path.read_text(encoding="utf-8"), image, [quantize(p.pixels, p.bit_depth) for p in drawn])


def _settings(data: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what was asked for and what it ran on, as pairs for a table."""
    config, env = data["config"], data["environment"]
    training = config["training"]
    shapes = [
        f"{grade['depth']} x {grade['width']} {grade['activation']}"
        + "".join(f", plane {plane['cell']} x {plane['channels']}" for plane in grade["planes"])
        for grade in config["grades"][: len(data["grades"])]
    ]
    rows: list[tuple[str, Any]] = [("method", config["method"])]
    rows += [(f"grade {number}", shape) for number, shape in enumerate(shapes, start=1)]
    rows += [(f"encoding: {name}", value) for name, value in config["encoding"].items()]
    rows += [(f"training: {name.replace('_', ' ')}", value) for name, value in training.items()]
    skipped = ("method", "grades", "encoding", "training")
    rows += [(name.replace("_", " "), value) for name, value in config.items() if name not in skipped]
    rows += [
        ("parameters", f"{data['model']['parameters']:,}"),
        ("SHA-256 of the source", data["image"]["sha256"]),
    ]
    rows += [(name, value) for name, value in env.items() if name != "packages"]
    rows += list(env["packages"].items())
    return [(name, _said(value)) for name, value in rows if value not in (None, "", [], {})]


def _said(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_said(each) for each in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_said(each)}" for name, each in value.items())
    return f"{value:.6g}" if isinstance(value, float) else str(value)
