"""A folder, or nothing -> labelled pictures, for many dimensions; a picture -> its grey values."""

import hashlib
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inr.errors import ConfigError
from inr.experiments.digits import load_digits
from inr.imaging.image import Image

Array = np.ndarray[Any, Any]

CIFAR_NAME = "cifar-10-binary.tar.gz"
CIFAR_URL = f"https://www.cs.toronto.edu/~kriz/{CIFAR_NAME}"
CIFAR_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
_BATCHES = [f"cifar-10-batches-bin/data_batch_{number}.bin" for number in range(1, 6)]
_RECORD = 1 + 32 * 32 * 3


@dataclass(frozen=True, kw_only=True, eq=False)
class Labelled:
    """Pictures and what they show.

    Attributes:
        name: of the data, for every line of output.
        pixels: (N, d) float32 in [0, 1].
        labels: (N,) int64.
    """

    name: str
    pixels: Array
    labels: Array


def labelled(folder: Path | None, count: int) -> Labelled:
    """Return the first pictures of CIFAR-10 in a folder, or of scikit-learn's digits where none is given.

    Args:
        folder: that holds `cifar-10-binary.tar.gz`.
        count: pictures at most.

    Raises:
        ConfigError: the file is missing or another; without a folder, scikit-learn is missing.
    """
    return digits(count) if folder is None else cifar(folder, count)


def cifar(folder: Path, count: int) -> Labelled:
    """Read the first training pictures of CIFAR-10 from its binary archive, whose SHA-256 must be right.

    Raises:
        ConfigError: the archive is missing, cannot be read, or is another.
    """
    path = folder / CIFAR_NAME
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != CIFAR_SHA256:
                raise ConfigError(f"{path}: the SHA-256 is not that of CIFAR-10; get the file again from {CIFAR_URL}.")
            file.seek(0)
            with tarfile.open(fileobj=file) as archive:
                parts = [_member(archive, name) for name in _BATCHES[: -(-count // 10_000)]]
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error}); get it from {CIFAR_URL}.") from error
    records = np.frombuffer(b"".join(parts), np.uint8).reshape(-1, _RECORD)[:count]
    return Labelled(
        name="CIFAR-10", pixels=records[:, 1:].astype(np.float32) / 255.0, labels=records[:, 0].astype(np.int64)
    )


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(name)
    return b"" if file is None else file.read()


def digits(count: int) -> Labelled:
    """Return the first of scikit-learn's 1,797 handwritten digits of 8 x 8 pixels.

    Raises:
        ConfigError: scikit-learn is not installed.
    """
    found = load_digits(None)
    return Labelled(
        name=f"{found.name}, in place of CIFAR-10",
        pixels=np.concatenate([found.inputs, found.test_inputs])[:count].astype(np.float32),
        labels=np.concatenate([found.labels, found.test_labels])[:count].astype(np.int64),
    )


def grey(image: Image, height: int, width: int) -> Array:
    """Return (height, width) grey values in [0, 1]: the largest central part of that shape, shrunk by averaging.

    Raises:
        ConfigError: the picture is smaller.
    """
    if image.height < height or image.width < width:
        raise ConfigError(
            f"the picture has {image.width} x {image.height} pixels; {width} x {height} at least are needed."
        )
    values = image.pixels.mean(axis=2, dtype=np.float64)
    scale = min(image.height / height, image.width / width)
    rows, columns = (_averages(size, count, scale) for size, count in ((image.height, height), (image.width, width)))
    return np.asarray(rows @ values @ columns.T)


def _averages(size: int, count: int, scale: float) -> Array:
    """Return the (count, size) weights of means over `count` equal stretches of the central `scale * count` pixels."""
    edges = (size - scale * count) / 2 + scale * np.arange(count + 1)
    covered = np.clip(edges[:, None], np.arange(size), np.arange(size) + 1) - np.arange(size)
    weights: Array = np.diff(covered, axis=0) / scale
    return weights
