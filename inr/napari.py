"""The path of an `.inr` file -> what napari shows of it: a layer with the picture, in its own bits.

napari finds this reader by `napari.yaml`. It shows no grey with alpha, so of that it gets the grey.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from inr.codec.container import MAGIC

Layer = tuple[np.ndarray[Any, Any], dict[str, Any], str]
"""Pixels, what napari is to know of them, and the kind of layer."""


def reader(path: str | list[str]) -> Callable[[str | list[str]], list[Layer]] | None:
    """Return the function that reads, or None where a file is not ours: INRIMAGE volumes have the same ending."""
    return _read if all(_is_ours(Path(each)) for each in _each(path)) else None


def _read(path: str | list[str]) -> list[Layer]:
    return [_layer(Path(each)) for each in _each(path)]


def _layer(path: Path) -> Layer:
    from inr.codec.model_file import load_model  # noqa: PLC0415 - torch, and napari asks many readers
    from inr.imaging.image import quantize  # noqa: PLC0415

    model = load_model(path)
    picture = quantize(model.render(), model.bit_depth)
    colours = model.channels > 2
    return picture if colours else picture[:, :, 0], {"name": path.stem, "rgb": colours}, "image"


def _is_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(MAGIC)) == MAGIC


def _each(path: str | list[str]) -> list[str]:
    return [path] if isinstance(path, str) else path
