"""Numbers of feature planes known already -> what the next ones may be: centre and spread of each, in integers.

The numbers are met in seven passes over each channel of each plane, from every fourth row and column to all, coarser
planes first: all that a pass expects it can compute at once. A tiny network in integers decides, so that every
machine expects the same (a context model in the sense of Minnen et al. 2018, with passes as those of He et al. 2021).
"""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inr.networks.encoding import plane_shape
from inr.settings.shape import Plane

PASSES = ((4, 0, 0), (4, 2, 2), (4, 0, 2), (4, 2, 0), (2, 1, 1), (2, 0, 1), (2, 1, 0))
"""Stride, first row and first column of the numbers met in each pass."""
_MET = np.zeros((4, 4), np.int64)
for _number, (_stride, _top, _left) in enumerate(PASSES):
    _MET[_top::_stride, _left::_stride] = _number
"""The pass of a number, by row and column modulo four."""
_AROUND = tuple((y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if y or x)
_COARSER = ((0, 0), (0, 1), (1, 0), (0, -1), (-1, 0))
NEIGHBOURS = len(_AROUND) + len(_COARSER) + 2
"""Numbers that an expectation is made from: around it, below it in the coarser plane, in two channels before it.

In the passes of every fourth row, those around it are two rows and columns away.
"""
LARGEST = 1023
"""Largest magnitude of a plane's number."""
FINE = 256
"""Parts of one that the network's weights are counted in."""
_SEEN = 64
_PART = 65_536
"""Numbers that are expected at once: many, but few enough that what they see takes little memory."""

Integers = NDArray[np.int64]


@dataclass(frozen=True, kw_only=True)
class Lattice:
    """One channel of one plane: its size, the side of its cells in pixels, its plane and its channel there."""

    rows: int
    columns: int
    cell: int
    plane: int
    channel: int

    @property
    def count(self) -> int:
        """Numbers in it."""
        return self.rows * self.columns


class Group:
    """The numbers of one channel that are met in one pass, in reading order.

    Attributes:
        place: of its channel in the order of coding.
        number: of the pass.
        count: n, how many they are.
    """

    def __init__(self, order: Sequence[Lattice], starts: Integers, place: int, below: int | None, number: int) -> None:
        self.place, self.number = place, number
        self._order, self._starts, self._below = order, starts, below
        own, (stride, top, left) = order[place], PASSES[number]
        self._columns = len(range(left, own.columns, stride))
        self.count = self._columns * len(range(top, own.rows, stride))

    def at(self, part: slice = slice(None)) -> Integers:
        """Return (n,) where they, or a part of them, lie among all numbers: channel after channel, row by row."""
        y, x = self._cells(part)
        return self._places(self.place, y, x)

    def seen(self, part: slice = slice(None)) -> NDArray[np.int32]:
        """Return (NEIGHBOURS, n): where what they, or a part of them, are expected from lies.

        The place after the last number of all, which is always zero, stands for what is not there or not yet met.
        """
        y, x = self._cells(part)
        own, (stride, top, left) = self._order[self.place], PASSES[self.number]
        empty, apart = np.full(len(y), self._starts[-1]), stride // 2
        seen = [
            self._places(self.place, y + apart * dy, x + apart * dx)
            if _MET[(top + apart * dy) % 4, (left + apart * dx) % 4] < self.number
            else empty
            for dy, dx in _AROUND
        ]
        if self._below is None:
            seen += [empty] * len(_COARSER)
        else:
            coarse = self._order[self._below].cell
            rows, columns = ((2 * axis + 1) * own.cell // (2 * coarse) for axis in (y, x))
            seen += [self._places(self._below, rows + dy, columns + dx) for dy, dx in _COARSER]
        for before in (own.channel, 1):
            seen.append(self._places(self.place - before, y, x) if own.channel >= max(before, 1) else empty)
        return np.stack(seen).astype(np.int32)

    def _cells(self, part: slice) -> tuple[Integers, Integers]:
        """Return row and column of each."""
        stride, top, left = PASSES[self.number]
        y, x = np.divmod(np.arange(*part.indices(self.count)), max(self._columns, 1))
        return top + stride * y, left + stride * x

    def _places(self, which: int, y: Integers, x: Integers) -> Integers:
        lattice = self._order[which]
        inside = (y >= 0) & (x >= 0) & (y < lattice.rows) & (x < lattice.columns)
        found: Integers = np.where(inside, self._starts[which] + y * lattice.columns + x, self._starts[-1])
        return found


def lattices(layouts: Iterable[Sequence[Plane]], width: int, height: int) -> list[Lattice]:
    """Return the channels of all grades' planes as they are met: grade after grade, the coarsest plane first."""
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
    """Yield the groups of channels in the order they are met; channels of a plane follow each other."""
    starts = np.cumsum([0, *(lattice.count for lattice in order)])
    before: list[int] | None = None
    for _, channels in itertools.groupby(range(len(order)), key=lambda place: order[place].plane):
        places = list(channels)
        for place, number in itertools.product(places, range(len(PASSES))):
            below = None if before is None else before[min(order[place].channel, len(before) - 1)]
            yield Group(order, starts, place, below, number)
        before = places


@dataclass(frozen=True, kw_only=True)
class Context:
    """The network, its weights counted in 256ths; H hidden neurons, C channels in all.

    h = relu(first f + passes[p] + places[c]),  (centre, log2 of the mean distance from it) = last h + offsets[c]

    with f the numbers seen, then their magnitudes.

    Attributes:
        first: (H, 2 NEIGHBOURS).
        passes: (7, H).
        places: (C, H).
        last: (2, H).
        offsets: (C, 2).
    """

    first: Integers
    passes: Integers
    places: Integers
    last: Integers
    offsets: Integers

    @property
    def tensors(self) -> tuple[Integers, ...]:
        """All weights, in the order of the file."""
        return self.first, self.passes, self.places, self.last, self.offsets

    def first_channels(self, channels: int) -> "Context":
        """Return the context of a model that ends after so many channels of planes."""
        return replace(self, places=self.places[:channels], offsets=self.offsets[:channels])

    @staticmethod
    def shapes(hidden: int, channels: int) -> tuple[tuple[int, int], ...]:
        """Return the shapes of `tensors`."""
        return (hidden, 2 * NEIGHBOURS), (len(PASSES), hidden), (channels, hidden), (2, hidden), (channels, 2)

    def expect(self, numbers: NDArray[np.signedinteger], group: Group) -> tuple[Integers, Integers]:
        """Return what a group's numbers may be.

        Args:
            numbers: (all + 1,) those known so far, zero elsewhere.
            group: which are asked for.

        Returns:
            Centres in sixteenths, within 16 times LARGEST, and tables 0..63, the k-th of mean distance 2^(k/4) / 16.
        """
        centres, spreads = np.zeros((2, group.count), np.int64)
        bias = self.passes[group.number] + self.places[group.place]
        first, last = self.first.astype(np.float64), self.last.astype(np.float64)
        for start in range(0, group.count, _PART):
            part = slice(start, start + _PART)
            seen = features(numbers[group.seen(part)]).astype(np.float64)  # small integers: exact, whatever the order
            hidden = np.maximum(first @ seen + bias[:, None], 0.0)
            hidden = np.minimum(np.floor(hidden / 16), 2.0**15)
            out = last @ hidden + 16.0 * self.offsets[group.place][:, None]  # in parts of 4096
            centres[part], spreads[part] = np.floor((np.array([[16.0], [4.0]]) * out + 2048) / 4096)
        return np.clip(centres, -16 * LARGEST, 16 * LARGEST), np.clip(spreads + 16, 0, 63)


def features(seen: NDArray[np.signedinteger]) -> NDArray[np.signedinteger]:
    """Return numbers cut to +-64, then their magnitudes: (NEIGHBOURS, n) -> (2 NEIGHBOURS, n)."""
    cut = np.clip(seen, -_SEEN, _SEEN)
    return np.concatenate([cut, np.abs(cut)])
