"""Squared errors of two methods at the same places -> by how many standard errors the one is better.

Errors of neighbouring pixels are alike, so a pixel is no proof of its own: a tile is, at least as wide as a hole.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from inr.training.greedy.windows import Copy

SURE = 1.65
"""A method is surely better by more than so many standard errors: chance does that one time in twenty."""
_TILE, _FEWEST = 16, 32
"""Least side of a tile in pixels, and how many of them there must be."""


def standard_errors(squares: Tensor, others: Tensor, tiles: Tensor) -> float | None:
    """Return by how many standard errors some errors are less than others at the same places; None of too few tiles.

    What is compared is the root mean square of each tile: a few tiles with strong edges do not decide it as they decide
    the mean square. A tile counts by its places.

    Args:
        squares: (n,) squared errors.
        others: (n,) the others.
        tiles: (n,) the tile of each, see `tiles_of`.
    """
    _, tile, places = torch.unique(tiles, return_inverse=True, return_counts=True)
    if len(places) < _FEWEST:
        return None
    ours, theirs = (torch.zeros(len(places)).to(each).index_add_(0, tile, each) for each in (squares, others))
    gains = (theirs / places).sqrt() - (ours / places).sqrt()
    gain = (places * gains).sum() / places.sum()
    deviations = (places * (gains - gain)).square().sum() * len(places) / (len(places) - 1)
    error = float(deviations.sqrt() / places.sum())
    return float(gain) / error if error > 0.0 else 0.0


def tiles_of(copies: Sequence[Copy], unknown: Tensor) -> Tensor:
    """Return (n,) the number of the tile that each place of some copies lies in; no two copies share a tile.

    Args:
        copies: of one picture.
        unknown: (H, W) bool, the holes that copies of are asked for.
    """
    side, found, first = max(_TILE, _widest(unknown)), list[Tensor](), 0
    for copy in copies:
        height, width = copy.mended.shape[:2]
        down, across = (-(-length // side) for length in (height, width))
        found.append(first + copy.places // width // side * across + copy.places % width // side)
        first += down * across
    return torch.cat(found)


def _widest(unknown: Tensor) -> int:
    """Return about how many pixels wide the widest hole is: twice as many as rims of one pixel can be taken off it."""
    left, width = unknown[None, None].float(), 0
    while bool(left.any()):
        left, width = -functional.max_pool2d(-left, 3, stride=1, padding=1), width + 2
    return width
