"""Numbers of planes in training -> what each is expected to be, and what a bit there weighs: the context's trainer."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inr.networks.entropy_model import FINE, NEIGHBOURS, Context, Lattice, groups
from inr.training.rounding.together import round_together

_LOWEST, _HIGHEST = -4.0, 11.0
_LEAST = 2.0**-20
_MOST = 32_767
_SAMPLE, _CHUNK = 65_536, 4096
"""Numbers that are looked at to round the context, and how many at once."""
_PART = 65_536
"""Numbers whose neighbours are looked up at once."""


class Expectation:
    """Learns a context while the numbers change, a portion of them at a time.

    The gradient of a number's own bits is kept; that of the bits of others, through what they expect, is not: measured,
    it makes a step a third longer and gains nothing.

    Attributes:
        centres: (all,) expected values, as of the last look at each number.
        spreads: (all,) log2 of the mean distance from them.
        parameters: to be trained.
    """

    def __init__(self, order: list[Lattice], hidden: int, generator: torch.Generator, portions: int) -> None:
        count = sum(lattice.count for lattice in order)
        shuffled = torch.randperm(count, generator=generator).to(torch.int32)
        places = torch.empty_like(shuffled)
        places[shuffled] = torch.arange(count, dtype=torch.int32)
        self._at = torch.empty(count, dtype=torch.int32)
        self._seen = torch.empty(NEIGHBOURS, count, dtype=torch.int32)
        self._kind = torch.empty(2, count, dtype=torch.uint8)
        before = 0
        for group in groups(order):  # written where they belong, a part at a time: for large pictures these are large
            for start in range(0, group.count, _PART):
                part = slice(start, min(start + _PART, group.count))
                to = places[before + part.start : before + part.stop]
                self._at[to] = torch.from_numpy(group.at(part)).to(torch.int32)
                self._seen[:, to] = torch.from_numpy(group.seen(part))
                self._kind[:, to] = torch.tensor([[group.number], [group.place]], dtype=torch.uint8)
            before += group.count
        self._portion, self._next = -(-count // portions), 0
        self.centres, self.spreads = torch.zeros(count), torch.zeros(count)
        first, *others = Context.shapes(hidden, len(order))
        draw = torch.randn(first, generator=generator) / math.sqrt(2 * NEIGHBOURS)
        empty = [torch.zeros(shape) for shape in others]
        self.parameters = [tensor.requires_grad_(True) for tensor in (draw, *empty)]

    def refresh(self, numbers: Tensor, whole: Callable[[Tensor], Tensor]) -> Tensor:
        """Look at the next portion of (all,) numbers and return its mean bits, with a graph to the parameters.

        Args:
            numbers: as they are in training.
            whole: what any of them become.
        """
        rows = torch.arange(self._next, min(self._next + self._portion, len(self._at)))
        self._next = 0 if self._next + self._portion >= len(self._at) else self._next + self._portion
        at = self._at[rows]
        *_, out = self._expect(whole(self._around(numbers, rows)), rows)
        spread = out[1].clamp(_LOWEST, _HIGHEST)
        with torch.no_grad():
            self.centres[at], self.spreads[at] = out[0], spread
        bits: Tensor = _Bits.apply(whole(numbers[at]), out[0], spread)  # type: ignore[no-untyped-call]
        return bits.mean()

    def _around(self, numbers: Tensor, rows: Tensor) -> Tensor:
        """Return the (NEIGHBOURS, n) of (all,) numbers that some are expected from, zero where there is none."""
        at = self._seen[:, rows]
        return numbers[at.clamp(max=len(numbers) - 1)] * (at < len(numbers))

    def _expect(self, around: Tensor, rows: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Go through the network with what lies around some numbers, (NEIGHBOURS, n).

        Returns:
            What they see (2 NEIGHBOURS, n); their pass (7, n) and channel (C, n), one-hot, as products are faster than
            looking up; the hidden neurons (H, n); centres and spreads (2, n).
        """
        first, passes, places, last, offsets = self.parameters
        cut = around.clamp(-64, 64)
        number, place = (
            functional.one_hot(kind.long(), count).T.float()
            for kind, count in zip(self._kind[:, rows], (len(passes), len(places)), strict=True)
        )
        seen = torch.cat([cut, cut.abs()])
        hidden = torch.relu(first @ seen + passes.T @ number + places.T @ place)
        return seen, number, place, hidden, last @ hidden + offsets.T @ place

    @staticmethod
    def bits(numbers: Tensor, centres: Tensor, spreads: Tensor) -> Tensor:
        """Return the bits of numbers by what is expected of them."""
        return -torch.log2(_edges(numbers - centres, spreads)[0])

    @staticmethod
    def slope(numbers: Tensor, centres: Tensor, spreads: Tensor) -> Tensor:
        """Return the derivative of the bits of each number by that number."""
        offset = numbers - centres
        return _by_number(offset, *_edges(offset, spreads)).mul_(-1.0 / math.log(2.0))

    @torch.no_grad()
    def context(self, numbers: Tensor) -> Context:
        """Return the network in integers, rounded together so that (all,) whole numbers and it take the fewest bits."""
        settled = [parameter.detach().clone() for parameter in self.parameters]
        round_together(settled, [True] * len(settled), self._bend(numbers), 1.0, grid=_grid)
        whole = [np.rint(tensor.numpy() * FINE).astype(np.int64).clip(-_MOST, _MOST) for tensor in settled]
        first, passes, places, last, offsets = whole
        return Context(first=first, passes=passes, places=places, last=last, offsets=offsets)

    def _bend(self, numbers: Tensor) -> Tensor:
        """Return (n, n): how the bits of all numbers bend over the network's own, from a sample of them.

        Bits are -log2 P, so that the mean of what they bend is ln 2 times that of the square of their slope (Fisher).
        """
        last = self.parameters[3]
        total = sum(parameter.numel() for parameter in self.parameters)
        matrix = torch.zeros(total, total, dtype=torch.float64)
        for rows in torch.split(torch.arange(min(_SAMPLE, len(self._at))), _CHUNK):  # they lie in random order
            seen, number, place, hidden, out = self._expect(self._around(numbers, rows), rows)
            offset, spread = numbers[self._at[rows]] - out[0], out[1].clamp(_LOWEST, _HIGHEST)
            edges = _edges(offset, spread)
            by_centre = _by_number(offset, *edges) / math.log(2.0)
            by_out = torch.stack([by_centre, _by_spread(offset, *edges) * (spread == out[1])])
            by_hidden = (last.T @ by_out) * (hidden > 0.0)
            pairs = ((by_hidden, seen), (number, by_hidden), (place, by_hidden), (by_out, hidden), (place, by_out))
            slopes = torch.cat([(a[:, None] * b[None]).flatten(0, 1) for a, b in pairs])
            matrix += (slopes @ slopes.T).double()
        return matrix * (0.5 * math.log(2.0) * len(self._at) / min(_SAMPLE, len(self._at)))


def _grid(step: float) -> float:
    """Return the power of two, from one of FINE parts to one, that is next below a step."""
    return float(2.0 ** min(max(math.floor(math.log2(step)), 1 - FINE.bit_length()), 0))


def _edges(offset: Tensor, spreads: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return probabilities of intervals of length one under Laplace distributions, and what their slopes are made of.

    P = F(d + 1/2) - F(d - 1/2), d the offset from the centre, F with mean distance b = 2^spread.

    Returns:
        P, at least 2^-20; exp(-|edge| / b) of the nearer and of the farther edge; 1 / b.
    """
    inverse = torch.exp2(-spreads)
    distance = offset.abs()
    near = ((distance - 0.5).abs_() * inverse).neg_().exp_()
    far = ((distance + 0.5) * inverse).neg_().exp_()
    outside, inside = near - far, 2.0 - near - far
    probability = torch.where(distance >= 0.5, outside, inside).mul_(0.5).clamp_(min=_LEAST)
    return probability, near, far, inverse


def _by_number(offset: Tensor, probability: Tensor, near: Tensor, far: Tensor, inverse: Tensor) -> Tensor:
    """Return d ln P / d number; beyond the interval itself it is 1 / b, whatever P was cut to."""
    inside = (near - far).div_(probability).mul_(0.5).clamp_(max=1.0)
    slope = torch.where(offset.abs() >= 0.5, torch.ones_like(inside), inside)
    return slope.mul_(inverse).copysign_(offset).neg_()


def _by_spread(offset: Tensor, probability: Tensor, near: Tensor, far: Tensor, inverse: Tensor) -> Tensor:
    """Return the derivative of the bits by the spread."""
    distance = offset.abs()
    slope = (0.5 - distance) * near + (distance + 0.5) * far
    return slope.mul_(inverse).div_(probability).mul_(0.5)  # b times d ln P / d (1 / b), without its sign


class _Bits(torch.autograd.Function):
    """Bits of numbers that are given, by centres and spreads that are learned."""

    @staticmethod
    def forward(ctx, numbers, centres, spreads):  # type: ignore[no-untyped-def]
        offset = numbers - centres
        edges = _edges(offset, spreads)
        ctx.save_for_backward(_by_number(offset, *edges), _by_spread(offset, *edges))
        return -torch.log2(edges[0])

    @staticmethod
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        slope, by_spread = ctx.saved_tensors
        return None, given * slope * (1.0 / math.log(2.0)), given * by_spread
