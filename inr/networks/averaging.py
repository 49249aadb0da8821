"""Many points of a picture -> fewer pixels, each the mean over its area, so that a small drawing does not alias."""

import math
from typing import Any

import numpy as np


def points_each(extent: float, count: int) -> int:
    """Return how many points along a side of each of `count` pixels lie at most one pixel apart in `extent` of them."""
    return max(1, math.ceil(extent / count - 1e-9))


def block_means(
    picture: np.ndarray[Any, np.dtype[np.float32]], down: int, across: int
) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the means of blocks of (H, W, C); colours count by their alpha, so that none of what is hidden shows."""
    height, width, channels = picture.shape
    blocks = picture.reshape(height // down, down, width // across, across, channels)
    if channels not in (2, 4):
        means: np.ndarray[Any, np.dtype[np.float32]] = blocks.mean(axis=(1, 3), dtype=np.float32)
        return means
    alpha = np.clip(blocks[..., -1:], 0.0, 1.0)
    weights = np.maximum(alpha, np.float32(1e-6))  # where all is hidden, all counts alike
    colours = (blocks[..., :-1] * weights).sum(axis=(1, 3)) / weights.sum(axis=(1, 3))
    return np.concatenate([colours, blocks[..., -1:].mean(axis=(1, 3))], axis=2, dtype=np.float32)
