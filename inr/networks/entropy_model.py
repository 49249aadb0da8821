"""Latents of feature planes already decoded -> a Laplace distribution for each of the next ones, in integers.

A network with a few hidden neurons predicts every latent from the ones around it that are known already (a context
model: Minnen et al. 2018, arXiv 1809.02736). It computes in integers, so that every machine decodes the same. Latents
are coded in seven passes over each channel of each plane, from every fourth row and column to all (the idea of passes:
He et al. 2021, arXiv 2103.15306), coarser planes first. The pass of a latent, by row and column modulo 4:

    0 5 2 5
    6 4 6 4
    3 5 1 5
    6 4 6 4

All distributions of one pass can be computed at once.
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inr.networks.planes import plane_shape
from inr.networks.quantised import Integers
from inr.settings.shape import Plane

PASSES = ((4, 0, 0), (4, 2, 2), (4, 0, 2), (4, 2, 0), (2, 1, 1), (2, 0, 1), (2, 1, 0))
"""Stride, first row and first column of the latents of each pass."""
_PASS_OF = np.zeros((4, 4), np.int64)
for _number, (_stride, _top, _left) in enumerate(PASSES):
    _PASS_OF[_top::_stride, _left::_stride] = _number
"""The pass of a latent, by its row and column modulo 4."""
_AROUND = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x)
_COARSER = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))
COARSE = slice(len(_AROUND), len(_AROUND) + len(_COARSER))
"""Neighbours that lie in the coarser plane."""
NEIGHBOURS = len(_AROUND) + len(_COARSER) + 2
"""Latents that a prediction is made from: eight around it, five in the coarser plane, two in channels before it.

In the passes with stride 4, those around it are two rows and columns away; in those with stride 2, one.
"""
LARGEST = 1023
"""Largest magnitude of a latent."""
FINE = 256
"""Parts of one that the network's weights are counted in."""
_CLIP = 64
"""Neighbours are clipped to this magnitude before the network sees them."""
_CHUNK = 65_536
"""Latents that are predicted at once: many, but few enough to take little memory."""


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """The latents of one channel of one plane.

    Attributes:
        rows: of the lattice.
        columns: of the lattice.
        cell: side of a cell in pixels.
        plane: number of the plane, in the order of coding.
        channel: number of the channel in its plane.
    """

    rows: int
    columns: int
    cell: int
    plane: int
    channel: int

    @property
    def count(self) -> int:
        """Latents in it."""
        return self.rows * self.columns


class Group:
    """The latents of one channel that are coded in one pass, in reading order.

    Attributes:
        channel: place of their channel in the order of coding.
        number: of the pass, from 0.
        count: n, how many latents there are.
    """

    def __init__(
        self, order: Sequence[Lattice], starts: Integers, channel: int, below: int | None, number: int
    ) -> None:
        self.channel, self.number = channel, number
        self._order, self._starts, self._below = order, starts, below
        lattice, (stride, top, left) = order[channel], PASSES[number]
        self._columns = len(range(left, lattice.columns, stride))
        self.count = self._columns * len(range(top, lattice.rows, stride))

    def at(self, part: slice = slice(None)) -> Integers:
        """Return the (n,) places of a part of the group among all latents: channel after channel, row by row."""
        y, x = self._cells(part)
        return self._places(self.channel, y, x)

    def neighbours(self, part: slice = slice(None)) -> NDArray[np.int32]:
        """Return the (NEIGHBOURS, n) places of the latents that a part of the group is predicted from.

        Where there is none, or none that is decoded yet, stands the place after the last latent, which holds zero.
        """
        y, x = self._cells(part)
        lattice, (stride, top, left) = self._order[self.channel], PASSES[self.number]
        empty, apart = np.full(len(y), self._starts[-1]), stride // 2
        found = [
            self._places(self.channel, y + apart * dy, x + apart * dx)
            if _PASS_OF[(top + apart * dy) % 4, (left + apart * dx) % 4] < self.number
            else empty
            for dy, dx in _AROUND
        ]
        if self._below is None:
            found += [empty] * len(_COARSER)
        else:
            coarse = self._order[self._below].cell
            rows, columns = ((2 * axis + 1) * lattice.cell // (2 * coarse) for axis in (y, x))
            found += [self._places(self._below, rows + dy, columns + dx) for dy, dx in _COARSER]
        for before in (lattice.channel, 1):  # the first channel, and the one before
            known = lattice.channel >= max(before, 1)
            found.append(self._places(self.channel - before, y, x) if known else empty)
        return np.stack(found).astype(np.int32)

    def offsets(self) -> Integers:
        """Return (NEIGHBOURS,): how far each lies from the latent or, if in the coarser plane, from the first there."""
        lattice, apart = self._order[self.channel], PASSES[self.number][0] // 2
        coarse = 0 if self._below is None else self._order[self._below].columns
        around = [apart * (dy * lattice.columns + dx) for dy, dx in _AROUND]
        below = [dy * coarse + dx for dy, dx in _COARSER]
        return np.array([*around, *below, -lattice.channel * lattice.count, -lattice.count])

    def _cells(self, part: slice) -> tuple[Integers, Integers]:
        """Return row and column of each latent."""
        stride, top, left = PASSES[self.number]
        y, x = np.divmod(np.arange(*part.indices(self.count)), max(self._columns, 1))
        return top + stride * y, left + stride * x

    def _places(self, channel: int, y: Integers, x: Integers) -> Integers:
        lattice = self._order[channel]
        inside = (y >= 0) & (x >= 0) & (y < lattice.rows) & (x < lattice.columns)
        found: Integers = np.where(inside, self._starts[channel] + y * lattice.columns + x, self._starts[-1])
        return found


def lattices(layouts: Iterable[Sequence[Plane]], width: int, height: int) -> list[Lattice]:
    """Return the channels of all planes in the order of coding: grade after grade, the coarsest plane first.

    Args:
        layouts: planes of each grade.
        width: of the picture, in pixels.
        height: of the picture, in pixels.
    """
    found, planes = [], 0
    for layout in layouts:
        for plane in sorted(layout, key=lambda plane: -plane.cell):
            channels, rows, columns = plane_shape(plane, width, height)
            found += [
                Lattice(rows=rows, columns=columns, cell=plane.cell, plane=planes, channel=channel)
                for channel in range(channels)
            ]
            planes += 1
    return found


def groups(order: Sequence[Lattice]) -> Iterator[Group]:
    """Yield the groups in the order of coding: channel after channel, pass after pass."""
    starts = np.cumsum([0, *(lattice.count for lattice in order)])
    before: list[int] | None = None
    for _, of_plane in itertools.groupby(range(len(order)), key=lambda channel: order[channel].plane):
        channels = list(of_plane)
        for channel, number in itertools.product(channels, range(len(PASSES))):
            below = None if before is None else before[min(order[channel].channel, len(before) - 1)]
            yield Group(order, starts, channel, below, number)
        before = channels


@dataclass(frozen=True, kw_only=True)
class EntropyModel:
    """The network that predicts latents, its weights in 256ths; H hidden neurons, C channels of planes in all.

    h = relu(first f + passes[p] + channels[c]),  (centre, log2 of the mean distance from it) = last h + offsets[c]

    f are the neighbours, then their magnitudes; p is the pass, c the channel.

    Attributes:
        first: (H, 2 NEIGHBOURS).
        passes: (7, H).
        channels: (C, H).
        last: (2, H).
        offsets: (C, 2).
    """

    first: Integers
    passes: Integers
    channels: Integers
    last: Integers
    offsets: Integers

    @property
    def tensors(self) -> tuple[Integers, ...]:
        """All weights, in the order of the file."""
        return self.first, self.passes, self.channels, self.last, self.offsets

    def first_channels(self, channels: int) -> "EntropyModel":
        """Return the entropy model of a model that ends after so many channels of planes."""
        return replace(self, channels=self.channels[:channels], offsets=self.offsets[:channels])

    @staticmethod
    def shapes(hidden: int, channels: int) -> tuple[tuple[int, int], ...]:
        """Return the shapes of `tensors`."""
        return (hidden, 2 * NEIGHBOURS), (len(PASSES), hidden), (channels, hidden), (2, hidden), (channels, 2)

    def predict(self, latents: NDArray[np.signedinteger], group: Group) -> tuple[Integers, Integers]:
        """Return the distribution of each latent of a group.

        Args:
            latents: (all + 1,) the latents decoded so far, zero elsewhere.
            group: whose latents are asked for.

        Returns:
            (n,) centres in sixteenths, within 16 times LARGEST, and (n,) tables from 0 to 63; the k-th is of the mean
            distance 2^(k/4) / 16.
        """
        centres, tables = np.zeros((2, group.count), np.int64)
        bias = self.passes[group.number] + self.channels[group.channel]
        first, last = self.first.astype(np.float64), self.last.astype(np.float64)
        for start in range(0, group.count, _CHUNK):
            part = slice(start, start + _CHUNK)
            seen = features(latents[group.neighbours(part)]).astype(np.float64)  # small integers: exact in any order
            hidden = np.maximum(first @ seen + bias[:, None], 0.0)
            hidden = np.minimum(np.floor(hidden / 16), 2.0**15)
            out = last @ hidden + 16.0 * self.offsets[group.channel][:, None]  # in parts of 4096
            centres[part], tables[part] = np.floor((np.array([[16.0], [4.0]]) * out + 2048) / 4096)
        return np.clip(centres, -16 * LARGEST, 16 * LARGEST), np.clip(tables + 16, 0, 63)


def features(neighbours: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
    """Return neighbours clipped to +-64, then their magnitudes: (NEIGHBOURS, n) -> (2 NEIGHBOURS, n)."""
    clipped = np.clip(neighbours, -_CLIP, _CLIP)
    return np.concatenate([clipped, np.abs(clipped)])
