"""The functions that the demonstrations learn: points and values, as the frequency principle's book has them.

Xu, Zhang & Luo, "Overview frequency principle/spectral bias in deep learning" (arXiv 2201.07395), and the book
"Understanding deep learning" of the same authors, chapter A4.
"""

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def line(half: float, count: int) -> Array:
    """Return (count,) points from -half to half, both ends included."""
    return np.linspace(-half, half, count)


def sines(x: Array, waves: tuple[tuple[float, float], ...]) -> Array:
    """Return sum a sin(k x) over (a, k)."""
    return np.asarray(sum((a * np.sin(k * x) for a, k in waves), np.zeros_like(x)))


def staircase(x: Array, height: float = 1.0) -> Array:
    """Return a round(sin(x) / a)."""
    return np.asarray(height * np.round(np.sin(x) / height))


def noisy(x: Array, strength: float, seed: int) -> Array:
    """Return sin(x) + strength N(0, 1)."""
    return np.asarray(np.sin(x) + strength * np.random.default_rng(seed).standard_normal(len(x)))


def cube(dimensions: int) -> Array:
    """Return all (2^n, n) points of {-1, 1}^n."""
    numbers = np.arange(2**dimensions)[:, None] >> np.arange(dimensions)
    return np.asarray((numbers & 1) * 2.0 - 1.0)


def parity(points: Array) -> Array:
    """Return (N,) products of the coordinates."""
    return np.asarray(points.prod(axis=1))


def diagonal_transform(points: Array, values: Array, k: Array) -> Array:
    """Return F(k) = 1/N sum_i y_i exp(-i k (x_i1 + ... + x_in)), k radians along the diagonal.

    Of the parity of all points of the cube it is (-i sin k)^n.
    """
    return np.asarray(np.exp(-1j * np.outer(k, points.sum(axis=1))) @ values / len(points))
