"""Signals that are no pictures -> their relative error by frequency: the 1-D DFT and the projection method."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inr.errors import ConfigError

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class FrequencyError:
    """Delta_F(k) = |h_k - f_k| / |f_k| at some frequencies (Xu et al. 2020, arXiv 1901.06523).

    Attributes:
        frequency: k; cycles per sampled interval (`dft_1d`), or per unit of length (`projected`).
        error: Delta_F(k); NaN where the target has no such frequency.
    """

    frequency: tuple[float, ...]
    error: tuple[float, ...]


def dft_1d(prediction: Array, target: Array, *, peaks: int = 4) -> FrequencyError:
    """Return the relative error at the target's highest peaks, f_k = 1/n sum_i f(x_i) exp(-2 pi i k i / n).

    A peak is a local maximum of |f_k| over 0 < k <= n / 2, not counting roundings.

    Args:
        prediction: (n,) h at evenly spaced points.
        target: (n,) f at the same points.
        peaks: at most so many, the highest, in order of frequency.

    Raises:
        ConfigError: shapes that differ, or fewer than three points.
    """
    prediction, target = np.asarray(prediction, np.float64), np.asarray(target, np.float64)
    if prediction.shape != target.shape or target.ndim != 1 or len(target) < 3:
        raise ConfigError(
            f"prediction {prediction.shape} and target {target.shape} must be two rows of as many numbers, "
            "three at least."
        )
    n = len(target)
    wanted, drawn = np.fft.rfft(target) / n, np.fft.rfft(prediction) / n
    size = np.abs(wanted)
    least = 1e-9 * size.max()
    size[0] = 0.0
    beside = np.pad(size, 1)
    top = (size >= beside[:-2]) & (size > beside[2:]) & (size > least)
    found = np.sort(sorted(np.flatnonzero(top), key=lambda k: -size[k])[:peaks]).astype(int)
    return FrequencyError(
        frequency=tuple(float(k) for k in found),
        error=tuple(float(e) for e in np.abs(drawn - wanted)[found] / size[found]),
    )


def principal_direction(inputs: Array) -> Array:
    """Return the (d,) unit vector along which (N, d) inputs vary most; its largest component is positive.

    Raises:
        ConfigError: not a table of at least one row.
    """
    inputs = np.asarray(inputs, np.float64)
    if inputs.ndim != 2 or 0 in inputs.shape:
        raise ConfigError(f"inputs have the shape {inputs.shape}; a table of points (N, d) is needed.")
    centred = inputs - inputs.mean(axis=0)
    direction = np.linalg.eigh(centred.T @ centred)[1][:, -1]
    return np.asarray(direction * np.sign(direction[np.abs(direction).argmax()]))


def along(inputs: Array, direction: Array, frequencies: Sequence[float] | Array) -> Array:
    """Return the (K, N) matrix that takes values at points to f_k = 1/N sum_i y_i exp(-2 pi i k x_i . p).

    Args:
        inputs: (N, d) points.
        direction: (d,) p.
        frequencies: (K,) k, in cycles per unit of the inputs.
    """
    place = np.asarray(inputs, np.float64) @ direction
    return np.asarray(np.exp(-2j * np.pi * np.outer(frequencies, place)) / len(place))


def projected(
    inputs: Array,
    prediction: Array,
    target: Array,
    *,
    frequencies: Sequence[float],
    direction: Array | None = None,
) -> FrequencyError:
    """Return the relative error along one direction of the inputs, f_k = 1/N sum_i y_i exp(-2 pi i k x_i . p).

    The projection method (Xu et al. 2020, arXiv 1901.06523), for inputs of any dimension, anywhere.

    Args:
        inputs: (N, d) points.
        prediction: (N,) or (N, C) values there; several are pooled, their squares summed.
        target: as prediction.
        frequencies: k, in cycles per unit of the inputs.
        direction: (d,) p; the first principal component of the inputs by default.

    Raises:
        ConfigError: shapes that do not fit together.
    """
    inputs, prediction, target = (np.asarray(a, np.float64) for a in (inputs, prediction, target))
    p = principal_direction(inputs) if direction is None else np.asarray(direction, np.float64)
    if prediction.shape != target.shape or target.ndim not in (1, 2) or len(target) != len(inputs):
        raise ConfigError(
            f"{len(inputs)} points, prediction {prediction.shape} and target {target.shape}; a value, or as many "
            "values, are needed for every point in both."
        )
    if p.shape != inputs.shape[1:]:
        raise ConfigError(f"the direction has the shape {p.shape}; the inputs have {inputs.shape[1]} dimensions.")
    waves, errors = along(inputs, p, frequencies), []
    for wave in waves:
        wanted, left = (float(np.linalg.norm(wave @ values)) for values in (target, prediction - target))
        errors.append(left / wanted if wanted > 1e-12 * np.abs(target).max() else float("nan"))
    return FrequencyError(frequency=tuple(float(k) for k in frequencies), error=tuple(errors))
