"""Values at points on a line, or in the plane -> their frequencies and power, or how often they change their sign."""

from typing import Any

import numpy as np

from inr.errors import ConfigError

Array = np.ndarray[Any, Any]

_WAVES = 40
"""Cycles over the longer side that are looked for, of points in the plane that lie anywhere."""
_CHUNK = 1 << 22
"""Complex numbers held at once."""


def spectrum_of(inputs: Array, values: Array) -> tuple[Array, Array]:
    """Return the frequencies of values at some points, and their power, without the constant.

    Evenly spaced points of a line are transformed by an FFT. Other points are summed over as they lie,
    f_k = 1/N sum_i y_i exp(-2 pi i k . x_i): on a line up to half a cycle per mean distance, in the plane up to some
    forty cycles over the longer side. One of each pair of opposite frequencies is kept.

    Args:
        inputs: (N, d), d = 1 or 2.
        values: (N, C).

    Returns:
        (d, K) cycles per unit of the inputs, and (K,) power, summed over the channels.
    """
    values = values.astype(np.float64) - values.mean(axis=0, dtype=np.float64)
    extent = _extent(inputs)
    if inputs.shape[1] == 2:
        across = np.arange(-_WAVES, _WAVES + 1) / extent.max()
        waves = np.stack(np.meshgrid(across, across, indexing="ij")).reshape(2, -1)
        waves = waves[:, waves.shape[1] // 2 + 1 :]  # the rest are their opposites
        return waves.astype(np.float32), _power(inputs, values, waves)
    gaps = np.diff(inputs[:, 0].astype(np.float64))
    if np.ptp(gaps) <= 1e-3 * abs(gaps).max():
        power = (np.abs(np.fft.rfft(values, axis=0) / len(values)) ** 2).sum(axis=1)
        return np.fft.rfftfreq(len(values), abs(gaps).mean())[None, 1:].astype(np.float32), power[1:]
    waves = np.arange(1, len(values) // 2 + 1)[None] / extent[0]
    return waves.astype(np.float32), _power(inputs, values, waves)


def sign_changes(inputs: Array, values: Array) -> float:
    """Return how often values change their sign along a line, per unit of the inputs, the mean over the channels.

    A sine of f cycles per unit has 2 f.

    Args:
        inputs: (N, 1), in any order.
        values: (N, C).
    """
    along = values[inputs[:, 0].argsort()] >= 0.0
    return float((along[1:] != along[:-1]).sum(axis=0).mean() / _extent(inputs)[0])


def _extent(inputs: Array) -> Array:
    extent: Array = np.ptp(inputs, axis=0)
    if not extent.max() > 0.0:
        raise ConfigError("all samples lie at one point; a method that reads their spectrum needs several points.")
    return extent


def _power(inputs: Array, values: Array, waves: Array) -> Array:
    parts = []
    for chosen in np.array_split(waves, -(-waves.shape[1] * len(values) // _CHUNK), axis=1):
        turns = np.exp(-2j * np.pi * (inputs.astype(np.float64) @ chosen))
        parts.append((np.abs(turns.T @ values / len(values)) ** 2).sum(axis=1))
    return np.concatenate(parts)
