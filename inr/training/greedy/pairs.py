"""A picture's lattice -> batches of (neighbours, what Keys' cubic misses): the training pairs of local networks.

The lattice is decimated once more, so that its own pixels are the answers between coarser ones (the principle of ZSSR,
Shocher et al. 2018, arXiv 1712.06087). Every pixel of it begins a coarser lattice, in each of eight flips and turns.

A picture is smoother at its finest scale than a decimated copy is at its own. So pairs are cut from a blurred copy.
"""

import itertools
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor
from torch.nn import functional

from inr.networks.chain import advance, grade_input
from inr.networks.grade import Grade
from inr.networks.lattice import BEFORE, between, normalised
from inr.settings.shape import NEIGHBOURS, FeedName
from inr.training.greedy.batches import Batch, weighed

_RIM = 2 * (BEFORE + 1)
"""Pixels that the neighbours of a pixel may lie beyond the lattice's edge; copies of the outermost are put there."""
_SAMPLE = 8192
"""Pairs on which the error of frozen grades is measured."""
_BETWEEN = ((0, 1), (1, 0), (1, 1))
"""Rows and columns from a pixel to its answers."""


class Pairs:
    """What a local network trains on; stands where a `Pool` does for networks of coordinates.

    Attributes:
        residual: (R, 3 C) float32 of a sample of pairs: what Keys' cubic and the frozen grades miss, over the
            deviation of the neighbours.
        shown: (R, 1) float32, that deviation: errors count by it, in units of the colours.
        count: pairs there are.
        held: part of them that is at hand.
        first: whether grade 1 is still to be trained.
    """

    held = 1.0
    dimensions, middle = 2, 0.5
    spectrum = sign_changes = None

    def __init__(self, pixels: Tensor, blur: float, *, feed: FeedName, seed: int, device: torch.device) -> None:
        """Blur the lattice.

        Args:
            pixels: (h, w, C) float32 of the lattice.
            blur: standard deviation of the Gaussian, in pixels of the lattice.
            feed: what later grades see, see `FitConfig.feed`.
            seed: of the order of the pairs.
            device: that trains.
        """
        height, width, channels = pixels.shape
        padded = functional.pad(blurred(pixels, blur).permute(2, 0, 1)[None], (_RIM,) * 4, mode="replicate")[0]
        self._pixels = padded.permute(1, 2, 0).reshape(-1, channels).to(device)
        self._size, self._columns = (height, width), padded.shape[2]
        self._neighbours, self._answers = (_places(places, self._columns) for places in (_neighbours(), _BETWEEN))
        self._feed: FeedName = feed
        self._frozen: list[Grade] = []
        self._lattice = height * width
        self._channels = channels
        self._generator = torch.Generator().manual_seed(seed)
        self._measure()

    @property
    def count(self) -> int:
        """Number of pairs."""
        return len(self._neighbours) * self._lattice

    @property
    def first(self) -> bool:
        """Whether grade 1 is still to be trained."""
        return not self._frozen

    @property
    def error(self) -> float:
        """Mean square of what is left over, in units of the colours, on a sample of the pairs."""
        return float(weighed(self.residual, self.shown).square().mean())

    def batch(self, size: int, *, short: bool = False) -> Batch:
        """Return the inputs, the residual, and its weight, of so many pairs drawn at random."""
        del short  # pairs have no passes
        return self._pairs(size, self._generator)

    def portions(self) -> Iterator[Batch]:
        """Yield a sample of the pairs once."""
        yield self._pairs(_SAMPLE, torch.Generator().manual_seed(0))

    chunks = portions

    def validation(self) -> Batch | None:
        """Return nothing: no pixels of a lattice are held out."""
        return None

    def leftover(
        self, places: Tensor | None = None, *, grade: Grade | None = None, scale: float = 1.0, shift: float = 0.0
    ) -> Tensor:
        """Return (M, C) zeros: nothing is left over at the lattice's own pixels, which the model holds."""
        del grade, scale, shift
        return torch.zeros(self._lattice if places is None else len(places), self._channels)

    def freeze(self, grade: Grade, *, last: bool = False) -> None:
        """Put a trained grade behind the pairs: the next batches hold its features and what it left over."""
        del last
        self._frozen.append(grade)
        self._measure()

    def _measure(self) -> None:
        self.inputs, self.residual, self.shown = next(self.portions())

    @torch.no_grad()
    def _pairs(self, size: int, generator: torch.Generator) -> Batch:
        row, column, symmetry = (
            torch.randint(most, (size,), generator=generator) for most in (*self._size, len(self._neighbours))
        )
        first = (row + _RIM) * self._columns + column + _RIM
        windows, answers = (
            self._pixels[(first[:, None] + places[symmetry]).to(self._pixels.device)]
            for places in (self._neighbours, self._answers)
        )
        encoded, deviation = normalised(windows)
        residual = (answers - between(windows)).flatten(1) / deviation
        features: Tensor | None = None
        for grade in self._frozen:
            features, encoded, prediction = advance(grade, encoded, features, feed=self._feed)
            residual -= prediction
        return grade_input(encoded, features, feed=self._feed), residual, deviation


def blurred(pixels: Tensor, deviation: float) -> Tensor:
    """Return (h, w, C) pixels blurred by a Gaussian of this standard deviation in pixels; 0 leaves them."""
    if deviation == 0.0:
        return pixels
    reach = max(1, round(4.0 * deviation))
    kernel = torch.exp(-0.5 * (torch.arange(-reach, reach + 1) / deviation).square())
    kernel = (kernel / kernel.sum()).to(pixels)
    planes = functional.pad(pixels.permute(2, 0, 1)[:, None], (reach,) * 4, mode="replicate")
    planes = functional.conv2d(functional.conv2d(planes, kernel.view(1, 1, 1, -1)), kernel.view(1, 1, -1, 1))
    return planes[:, 0].permute(1, 2, 0).contiguous()


def _neighbours() -> list[tuple[int, int]]:
    line = [2 * (n - BEFORE) for n in range(NEIGHBOURS)]
    return list(itertools.product(line, line))


def _places(places: Sequence[tuple[int, int]], columns: int) -> Tensor:
    """Return (8, n) distances in reading order of n places, rows and columns away, in each of eight flips and turns."""
    return torch.tensor(
        [
            [down * y * columns + across * x for y, x in (places if upright else [(x, y) for y, x in places])]
            for upright, down, across in itertools.product((True, False), (1, -1), (1, -1))
        ]
    )
