"""What a network has learned of a function, look by look -> its error at each frequency, and which converge first."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Array = np.ndarray[Any, Any]
Order = Literal["low first", "high first", "no order"]

LEVEL = 0.1
"""Relative error below which a frequency counts as learned."""
IN_A_ROW = 10
"""Looks in a row that must be below it."""
_ORDERED = 0.8
_BINS = 40
_LEAST_PEAK = 0.05
_NOTHING = 1e-5


@dataclass(frozen=True, kw_only=True)
class FrequencyErrors:
    """Errors at some frequencies over training.

    Attributes:
        frequency: (K,) ascending.
        magnitude: (T, K) | |h_k| - |f_k| | / (1e-5 + |f_k|), blind for phases: the book's measure.
        whole: (T, K) |h_k - f_k| / (1e-5 + |f_k|), of complex numbers: Delta_F(k) of Xu et al. 2020, arXiv 1901.06523.
    """

    frequency: Array
    magnitude: Array
    whole: Array


def spectrum(values: Array) -> Array:
    """Return the (..., 40) first numbers of the DFT of (..., n) values, f_k = sum_i f(x_i) exp(-2 pi i k i / n)."""
    return np.asarray(np.fft.fft(np.asarray(values, np.float64), axis=-1)[..., : min(_BINS, values.shape[-1] // 2 + 1)])


def peaks(amplitude: Array, *, most: int | None = None) -> Array:
    """Return where (K,) amplitudes have a local maximum, ends included, that is a 20th of the highest or more.

    Args:
        amplitude: (K,) sizes.
        most: the first so many only.
    """
    beside = np.pad(amplitude, 1, constant_values=-1.0)
    top = (amplitude > beside[:-2]) & (amplitude > beside[2:]) & (amplitude >= _LEAST_PEAK * amplitude.max())
    return np.flatnonzero(top)[:most]


def errors_between(drawn: Array, wanted: Array, frequency: Array) -> FrequencyErrors:
    """Compare (T, K) transforms of predictions with the (K,) transform of the target, both ways."""
    size = _NOTHING + np.abs(wanted)
    return FrequencyErrors(
        frequency=frequency,
        magnitude=np.abs(np.abs(drawn) - np.abs(wanted)) / size,
        whole=np.abs(drawn - wanted) / size,
    )


def errors_at_peaks(predictions: Array, target: Array) -> FrequencyErrors:
    """Return the errors at the target's peaks among its first 40 frequencies.

    Args:
        predictions: (T, n) at evenly spaced points, a row for each look.
        target: (n,) at the same points.
    """
    wanted = spectrum(target)
    at = peaks(np.abs(wanted))
    return errors_between(spectrum(predictions)[:, at], wanted[at], at)


def learned_at(
    errors: Array, steps: Sequence[int] | Array, *, level: float = LEVEL, row: int = IN_A_ROW
) -> list[int | None]:
    """Return for each frequency the step from which its error stays below a level for some looks in a row.

    Args:
        errors: (T, K).
        steps: (T,) of the looks.
        level: relative error.
        row: looks in a row; fewer where there are fewer looks to come and all of them are below.

    Returns:
        (K,) steps; None where it never does.
    """
    found: list[int | None] = []
    for good in (np.asarray(errors) < level).T:
        runs = (i for i in np.flatnonzero(good) if good[i : i + row].all())
        first = next(runs, None)
        found.append(None if first is None else int(steps[int(first)]))
    return found


def tau(learned: Sequence[int | None]) -> float:
    """Return Kendall's tau of frequencies, low to high, and when they were learned: 1 is low first, -1 high first.

    The pairs in which the lower one came first, less those in which the higher one did, over all pairs of which one
    was learned. A frequency that was never learned comes after all that were.
    """
    times = [float("inf") if step is None else float(step) for step in learned]
    pairs = [pair for pair in itertools.combinations(times, 2) if min(pair) < float("inf")]
    signs = [(high > low) - (high < low) for low, high in pairs]
    return sum(signs) / len(signs) if signs else 0.0


def order(learned: Sequence[int | None]) -> Order:
    """Say in which order frequencies, low to high, were learned: two or more of them, with a tau of 0.8 or more."""
    found = tau(learned) if sum(step is not None for step in learned) > 1 else 0.0
    return "low first" if found >= _ORDERED else "high first" if found <= -_ORDERED else "no order"


def gaussian_low(inputs: Array, variance: float) -> Array:
    """Return the (N, N) matrix that takes values at (N, d) points to their low part, y_low = M y.

    y_low_i = 1 / C_i sum_j y_j G(x_i - x_j), G(z) = exp(-|z|^2 / (2 delta)), C_i = sum_j G(x_i - x_j)
    (Xu et al. 2020, arXiv 1901.06523, section on the Gaussian filter; delta is a variance).
    """
    inputs = np.asarray(inputs, np.float64)
    squares = (inputs**2).sum(axis=1)
    distance = np.maximum(squares[:, None] + squares[None, :] - 2.0 * inputs @ inputs.T, 0.0)
    weight = np.exp(-distance / (2.0 * variance))
    return np.asarray((weight / weight.sum(axis=1, keepdims=True)).astype(np.float32))


def low_high_error(low: Array, prediction: Array, target: Array) -> tuple[float, float]:
    """Return e_low = |h_low - y_low| / |y_low| and e_high, the same of y - y_low.

    Args:
        low: (N, N) as of `gaussian_low`.
        prediction: (N, C) h.
        target: (N, C) y.
    """
    parts = [low @ each for each in (prediction, target)]
    rest = [each - part for each, part in zip((prediction, target), parts, strict=True)]
    norms = [(float(np.linalg.norm(h - y)), float(np.linalg.norm(y))) for h, y in (parts, rest)]
    return norms[0][0] / norms[0][1], norms[1][0] / norms[1][1]
