"""Numbers of planes in training -> what each is expected to be, and what a bit there weighs: the context's trainer."""

import math

import numpy as np
import torch
from torch import Tensor

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
        kinds = [np.full((len(group.at), 2), (group.number, group.place)) for group in met]
        self._kind = torch.from_numpy(np.concatenate(kinds)[shuffled])
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
        kind = self._kind[rows]
        bias = passes[kind[:, 0]] + places[kind[:, 1]]
        hidden = torch.relu(first @ torch.cat([cut, cut.abs()]) + bias.T)
        out = last @ hidden + offsets[kind[:, 1]].T
        at, spread = self._at[rows], out[1].clamp(_LOWEST, _HIGHEST)
        with torch.no_grad():
            self.centres[at], self.spreads[at] = out[0], spread
        bits: Tensor = _Bits.apply(known[at], out[0], spread)  # type: ignore[no-untyped-call]
        return bits.mean()

    @staticmethod
    def cost(numbers: Tensor, centres: Tensor, spreads: Tensor) -> tuple[Tensor, Tensor]:
        """Return the bits of numbers by what is expected of them, and the derivative of each by its number."""
        probability, slope, _ = laplace(numbers, centres, spreads)
        return -torch.log2(probability), slope * (-1.0 / math.log(2.0))

    def context(self) -> Context:
        """Return the network in integers."""
        whole = [np.rint(p.detach().numpy() * FINE).astype(np.int64).clip(-32_767, 32_767) for p in self.parameters]
        first, passes, places, last, offsets = whole
        return Context(first=first, passes=passes, places=places, last=last, offsets=offsets)


def laplace(numbers: Tensor, centres: Tensor, spreads: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the probability of intervals of length one under Laplace distributions, and the slopes of its logarithm.

    P = F(d + 1/2) - F(d - 1/2), d the distance from the centre, F with mean distance b = 2^spread.

    Returns:
        P, at least 2^-20; d ln P / d number; d ln P / d spread.
    """
    inverse = torch.exp2(-spreads)
    offset = numbers - centres
    distance = offset.abs()
    far = distance >= 0.5
    near_edge = torch.exp(-(distance - 0.5).abs() * inverse)
    far_edge = torch.exp(-(distance + 0.5) * inverse)
    probability = torch.where(far, 0.5 * (near_edge - far_edge), 1.0 - 0.5 * (near_edge + far_edge)).clamp_(min=_LEAST)
    half = 0.5 / probability
    slope = torch.where(far, -inverse, -inverse * (near_edge - far_edge) * half) * offset.sign()
    by_spread = ((0.5 - distance) * near_edge + (distance + 0.5) * far_edge) * half * inverse
    return probability, slope, by_spread * -math.log(2.0)


class _Bits(torch.autograd.Function):
    """Bits of numbers that are given, by centres and spreads that are learned."""

    @staticmethod
    def forward(ctx, numbers, centres, spreads):  # type: ignore[no-untyped-def]
        probability, slope, by_spread = laplace(numbers, centres, spreads)
        ctx.save_for_backward(slope, by_spread)
        return -torch.log2(probability)

    @staticmethod
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        slope, by_spread = ctx.saved_tensors
        given = given * (-1.0 / math.log(2.0))
        return None, -given * slope, given * by_spread
