"""Numbers of feature planes known already -> what the next ones may be: centre and spread of each, in integers.

The numbers are met in seven passes over each channel of each plane, from every fourth row and column to all, coarser
planes first: all that a pass expects it can compute at once. A tiny network in integers decides, so that every
machine expects the same (a context model in the sense of Minnen et al. 2018, with passes as those of He et al. 2021).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inr.networks.encoding import plane_shape
from inr.shape import Plane

PASSES = ((4, 0, 0), (4, 2, 2), (4, 0, 2), (4, 2, 0), (2, 1, 1), (2, 0, 1), (2, 1, 0))
"""Stride, first row and first column of the numbers met in each pass."""
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


@dataclass(frozen=True, kw_only=True)
class Group:
    """The numbers of one channel that are met in one pass.

    Attributes:
        place: of its channel in the order of coding.
        number: of the pass.
        at: (n,) where they lie among all numbers, channel after channel, row by row.
        seen: (NEIGHBOURS, n) where what they are expected from lies; the place after the last number is always zero.
    """

    place: int
    number: int
    at: Integers
    seen: NDArray[np.int32]


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
    met = np.zeros((4, 4), np.int64)  # the pass of a number, by row and column modulo four
    for number, (stride, top, left) in enumerate(PASSES):
        met[top::stride, left::stride] = number
    starts = np.cumsum([0, *(lattice.count for lattice in order)])
    nothing = int(starts[-1])

    def places(which: int, y: Integers, x: Integers) -> Integers:
        lattice = order[which]
        inside = (y >= 0) & (x >= 0) & (y < lattice.rows) & (x < lattice.columns)
        return np.where(inside, starts[which] + y * lattice.columns + x, nothing)

    for place, own in enumerate(order):
        coarser = [i for i in range(place) if order[i].plane != own.plane]
        below = None
        if coarser:
            plane = order[coarser[-1]].plane
            same = [i for i in coarser if order[i].plane == plane]
            below = same[min(own.channel, len(same) - 1)]
        for number, (stride, top, left) in enumerate(PASSES):
            y, x = (axis.ravel() for axis in np.mgrid[top : own.rows : stride, left : own.columns : stride])
            empty, apart = np.full(len(y), nothing), stride // 2
            seen = [
                places(place, y + apart * dy, x + apart * dx)
                if met[(top + apart * dy) % 4, (left + apart * dx) % 4] < number
                else empty
                for dy, dx in _AROUND
            ]
            for dy, dx in _COARSER:
                if below is None:
                    seen.append(empty)
                else:
                    ratio = order[below].cell / own.cell
                    rows, columns = (np.floor((axis + 0.5) / ratio).astype(np.int64) for axis in (y, x))
                    seen.append(places(below, rows + dy, columns + dx))
            for before in (own.channel, 1):
                seen.append(places(place - before, y, x) if own.channel >= max(before, 1) else empty)
            at = starts[place] + y * own.columns + x
            yield Group(place=place, number=number, at=at, seen=np.stack(seen).astype(np.int32))


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

    def expect(self, numbers: Integers, group: Group) -> tuple[Integers, Integers]:
        """Return what a group's numbers may be.

        Args:
            numbers: (all + 1,) those known so far, zero elsewhere.
            group: which are asked for.

        Returns:
            Centres in sixteenths, within 16 times LARGEST, and tables 0..63, the k-th of mean distance 2^(k/4) / 16.
        """
        seen = features(numbers[group.seen]).astype(np.float64)  # products of small integers: exact, whatever the order
        bias = self.passes[group.number] + self.places[group.place]
        hidden = np.maximum(self.first.astype(np.float64) @ seen + bias[:, None], 0.0)
        hidden = np.minimum(np.floor(hidden / 16), 2.0**15)
        out = self.last.astype(np.float64) @ hidden + 16.0 * self.offsets[group.place][:, None]  # in parts of 4096
        centres, spreads = np.floor((np.array([[16.0], [4.0]]) * out + 2048) / 4096).astype(np.int64)
        return np.clip(centres, -16 * LARGEST, 16 * LARGEST), np.clip(spreads + 16, 0, 63)


def features(seen: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return numbers cut to +-64, then their magnitudes: (NEIGHBOURS, n) -> (2 NEIGHBOURS, n)."""
    cut = np.clip(seen, -_SEEN, _SEEN)
    return np.concatenate([cut, np.abs(cut)])
