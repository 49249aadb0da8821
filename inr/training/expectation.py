"""Numbers of planes in training -> what each is expected to be, and what a bit there weighs: the context's trainer."""

import math

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inr.networks.context import FINE, NEIGHBOURS, Context, Lattice, groups

_LOWEST, _HIGHEST = -4.0, 11.0
_LEAST = 2.0**-20


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
        met = list(groups(order))
        count = sum(lattice.count for lattice in order)
        shuffled = torch.randperm(count, generator=generator).numpy()
        self._at = torch.from_numpy(np.concatenate([group.at for group in met])[shuffled])
        self._seen = torch.from_numpy(np.ascontiguousarray(np.concatenate([g.seen for g in met], axis=1)[:, shuffled]))
        kinds = [np.full((len(group.at), 2), (group.number, group.place)).T for group in met]
        self._kind = torch.from_numpy(np.ascontiguousarray(np.concatenate(kinds, axis=1)[:, shuffled]))
        self._portion, self._next = -(-count // portions), 0
        self.centres, self.spreads = torch.zeros(count), torch.zeros(count)
        first, passes, places, last, offsets = Context.shapes(hidden, len(order))
        draw = torch.randn(first, generator=generator) / math.sqrt(2 * NEIGHBOURS)
        empty = [torch.zeros(shape) for shape in (passes, places, last, offsets)]
        self.parameters = [tensor.requires_grad_(True) for tensor in (draw, *empty)]

    def refresh(self, numbers: Tensor) -> Tensor:
        """Look at the next portion of (all,) whole numbers and return its mean bits, with a graph to the parameters."""
        rows = slice(self._next, self._next + self._portion)
        self._next = 0 if rows.stop >= len(self._at) else rows.stop
        known = torch.cat([numbers, numbers.new_zeros(1)])
        seen = known[self._seen[:, rows]]
        cut = seen.clamp(-64, 64)
        first, passes, places, last, offsets = self.parameters
        kind = self._kind[:, rows]
        bias = functional.embedding(kind[0], passes) + functional.embedding(kind[1], places)
        hidden = torch.relu(first @ torch.cat([cut, cut.abs()]) + bias.T)
        out = last @ hidden + functional.embedding(kind[1], offsets).T
        at, spread = self._at[rows], out[1].clamp(_LOWEST, _HIGHEST)
        with torch.no_grad():
            self.centres[at], self.spreads[at] = out[0], spread
        bits: Tensor = _Bits.apply(known[at], out[0], spread)  # type: ignore[no-untyped-call]
        return bits.mean()

    @staticmethod
    def bits(numbers: Tensor, centres: Tensor, spreads: Tensor) -> Tensor:
        """Return the bits of numbers by what is expected of them."""
        return -torch.log2(_edges(numbers - centres, spreads)[0])

    @staticmethod
    def slope(numbers: Tensor, centres: Tensor, spreads: Tensor) -> Tensor:
        """Return the derivative of the bits of each number by that number."""
        offset = numbers - centres
        return _by_number(offset, *_edges(offset, spreads)).mul_(-1.0 / math.log(2.0))

    def context(self) -> Context:
        """Return the network in integers."""
        whole = [np.rint(p.detach().numpy() * FINE).astype(np.int64).clip(-32_767, 32_767) for p in self.parameters]
        first, passes, places, last, offsets = whole
        return Context(first=first, passes=passes, places=places, last=last, offsets=offsets)


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


class _Bits(torch.autograd.Function):
    """Bits of numbers that are given, by centres and spreads that are learned."""

    @staticmethod
    def forward(ctx, numbers, centres, spreads):  # type: ignore[no-untyped-def]
        offset = numbers - centres
        probability, near, far, inverse = _edges(offset, spreads)
        distance = offset.abs()
        by_spread = (0.5 - distance) * near + (distance + 0.5) * far
        by_spread.mul_(inverse).div_(probability).mul_(0.5)  # b times d ln P / d (1 / b), without its sign
        ctx.save_for_backward(_by_number(offset, probability, near, far, inverse), by_spread)
        return -torch.log2(probability)

    @staticmethod
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        slope, by_spread = ctx.saved_tensors
        return None, given * slope * (1.0 / math.log(2.0)), given * by_spread
