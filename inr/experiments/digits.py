"""Pictures of digits -> tables of numbers: MNIST from a person's own files, or scikit-learn's 8 x 8 digits."""

import gzip
import hashlib
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inr.errors import ConfigError, ImageError

Array = np.ndarray[Any, Any]

FILES = {
    "train-images-idx3-ubyte": "6bbc9ace898e44ae57da46a324031adb",
    "train-labels-idx1-ubyte": "a25bea736e30d166cdddb491f175f624",
    "t10k-images-idx3-ubyte": "2646ac647ad5339dbf082846283269ea",
    "t10k-labels-idx1-ubyte": "27ae3e4e09519cfbb04c329615203637",
}
"""The files of MNIST and the MD5 of what is in them, uncompressed."""
WHERE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
_DIGITS = 1797


@dataclass(frozen=True, kw_only=True, eq=False)
class Digits:
    """Pictures of digits.

    Attributes:
        name: of the data set, for every line of output.
        inputs: (N, d) pixels in [0, 1], those to train and to validate on.
        labels: (N,) from 0 to 9.
        test_inputs: (M, d).
        test_labels: (M,).
    """

    name: str
    inputs: Array
    labels: Array
    test_inputs: Array
    test_labels: Array


def load_digits(folder: Path | None) -> Digits:
    """Return MNIST from a folder with its four files, or scikit-learn's digits where none is given.

    Raises:
        ConfigError: no folder is given, and scikit-learn is not installed.
        ImageError: a file is missing or not MNIST's.
    """
    return _small() if folder is None else _mnist(folder)


def split(count: int, share: float = 0.25) -> tuple[Array, Array]:
    """Return indices to train and to validate on, as scikit-learn's `train_test_split(random_state=0)` draws them."""
    held = math.ceil(share * count)
    order = np.random.RandomState(0).permutation(count)
    return order[held:], order[:held]


def one_hot(labels: Array) -> Array:
    """Return tau_0: (N, 10) ones at the labels, zeros elsewhere."""
    table: Array = np.eye(10)[labels]
    return table


def noisy(inputs: Array, labels: Array, beta: float, kappa: float) -> Array:
    """Return (N, 10) tau_0(x) (1 + beta sin(2 pi kappa ||x||)) (Fang & Xu 2024, section 3.4)."""
    size = np.linalg.norm(inputs.astype(np.float64), axis=1)
    targets: Array = one_hot(labels) * (1.0 + beta * np.sin(2.0 * np.pi * kappa * size))[:, None]
    return targets


def _small() -> Digits:
    """Return scikit-learn's 1,797 digits of 8 x 8 pixels; the last quarter is the test."""
    try:
        from sklearn.datasets import load_digits as load  # noqa: PLC0415
    except ImportError:
        raise ConfigError(
            "without --data scikit-learn's digits are used, and it is not installed: pip install 'inr[experiments]', "
            f"or give --data FOLDER with the files of MNIST from {WHERE}."
        ) from None
    pixels, labels = load(return_X_y=True)
    train = _DIGITS - _DIGITS // 4
    pixels = pixels / 16.0
    return Digits(
        name="scikit-learn's 8 x 8 digits",
        inputs=pixels[:train],
        labels=labels[:train],
        test_inputs=pixels[train:],
        test_labels=labels[train:],
    )


def _mnist(folder: Path) -> Digits:
    contents = [_read(folder, name, checksum) for name, checksum in FILES.items()]
    images = [np.frombuffer(data, np.uint8, offset=16).reshape(-1, 784) / np.float32(255) for data in contents[::2]]
    labels = [np.frombuffer(data, np.uint8, offset=8).astype(np.int64) for data in contents[1::2]]
    return Digits(name="MNIST", inputs=images[0], labels=labels[0], test_inputs=images[1], test_labels=labels[1])


def _read(folder: Path, name: str, checksum: str) -> bytes:
    """Return what is in a file of MNIST, compressed or not."""
    paths = [folder / name, folder / f"{name}.gz"]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise ImageError(
            f"{folder} holds no {name} and no {name}.gz; --data takes the folder with the four files of MNIST, which "
            f"are at {WHERE}."
        )
    try:
        data = path.read_bytes()
        data = gzip.decompress(data) if path.suffix == ".gz" else data
    except (OSError, EOFError) as error:
        raise ImageError(f"{path} cannot be read: {error}; download it again from {WHERE}.") from error
    if hashlib.md5(data, usedforsecurity=False).hexdigest() != checksum:
        raise ImageError(f"{path} is not MNIST's: its checksum differs; download it again from {WHERE}.")
    return data
