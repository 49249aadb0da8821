"""Predictions during a training -> the error by frequency over it, by magnitudes and with the phase."""

from collections.abc import Sequence
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def amplitude(values: Array) -> Array:
    """Return (..., n // 2 + 1) |F| of (..., n) evenly spaced values, F_k = 1/n sum_i y_i exp(-2 pi i k i / n)."""
    spectrum: Array = np.abs(np.fft.rfft(values, axis=-1)) / values.shape[-1]
    return spectrum


def magnitude_error(prediction: Array, target: Array, bins: Sequence[int]) -> Array:
    """Return (..., K) ||F_k f| - |F_k h|| / |F_k f|: magnitudes only, blind to the phase.

    Args:
        prediction: (..., n) h at evenly spaced points.
        target: (n,) f there.
        bins: K whole numbers of cycles over the n points.
    """
    wanted = amplitude(target)[list(bins)]
    error: Array = np.abs(amplitude(prediction)[..., list(bins)] - wanted) / wanted
    return error


def complex_error(prediction: Array, target: Array, bins: Sequence[int]) -> Array:
    """Return (..., K) |F_k h - F_k f| / |F_k f|, Delta_F of Xu et al. 2020: it also sees the phase."""
    wanted = np.fft.rfft(target)[list(bins)]
    error: Array = np.abs(np.fft.rfft(prediction, axis=-1)[..., list(bins)] - wanted) / np.abs(wanted)
    return error


def learned(prediction: Array, target: Array, bins: Sequence[int], half_width: int = 0) -> Array:
    """Return (..., K) how much of each frequency's amplitude is there, cut to [0, 1], as the MGDL authors draw it.

    Args:
        prediction: (..., n) at evenly spaced points.
        target: (n,) there.
        bins: K whole numbers of cycles over the n points.
        half_width: amplitudes are summed over this many bins to both sides, where those of the target vary along x.
    """
    there, wanted = amplitude(prediction), amplitude(target)
    around = range(-half_width, half_width + 1)

    def summed(values: Array) -> Array:
        return np.stack([sum(values[..., k + i] for i in around) for k in bins], axis=-1)

    return np.clip(summed(there) / summed(wanted), 0.0, 1.0)


def low_high(prediction: Array, target: Array, cut: int) -> tuple[Array, Array]:
    """Return (...) e_low and e_high: relative errors of what lies below, and from, `cut` cycles over the n points."""
    left = np.abs(np.fft.rfft(prediction - target, axis=-1)) ** 2
    whole = np.abs(np.fft.rfft(target)) ** 2
    pair = (slice(0, cut), slice(cut, None))
    low, high = (np.sqrt(left[..., part].sum(axis=-1) / max(whole[part].sum(), 1e-300)) for part in pair)
    return low, high
