"""Tensors and how a loss bends around them -> the same on grids: what rounding one spoils, those still free make good.

Rounded each to its nearest number, weights spoil most in directions that others could have followed. So they are
rounded one after another, the one to which the loss is least sensitive first, and after each the rest move to where
they mend the most: Babai's nearest plane (1986), as Frantar et al. round language models (2022, arXiv 2210.17323).
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inr.codec.tensors import Step

_RIDGE = 1e-3
"""Share of the diagonal added to it: how far the bend is believed (for networks, 1e-5 to 1e-2 end alike)."""


def at_most(step: float) -> float:
    """Return the widest step of the file format that is not above a positive number."""
    return Step.at_most(step).value


@torch.no_grad()
def round_together(
    tensors: Sequence[Tensor],
    rounded: Sequence[bool],
    matrix: Tensor,
    bit: float,
    *,
    slope: Tensor | None = None,
    grid: Callable[[float], float] = at_most,
) -> None:
    """Round some tensors, in place, so that one more bit of any of their numbers would gain what it costs.

    Moved by d, they lose 2 slope . d + d . matrix d. Rounding the n numbers of a tensor to a step s adds s^2 S / 12 to
    that, S the sum of what the loss bends along each of them while those rounded later are free to follow; one bit more
    for each would save 3/4 of it, at the margin 2 ln 2 of it a bit.

    Args:
        tensors: of n numbers in all.
        rounded: which of them; the others move to where they make good for it best.
        matrix: (n, n) float64, positive semidefinite.
        bit: loss that one bit is worth.
        slope: (n,) float64; zero if it is not given.
        grid: from the step that would be best to the one that is taken.
    """
    counts = torch.tensor([tensor.numel() for tensor in tensors])
    own = torch.repeat_interleave(torch.arange(len(tensors)), counts)  # the tensor of each number
    diagonal = matrix.diagonal()
    later = ~torch.tensor(rounded)[own]
    order = torch.argsort(torch.where(later, math.inf, diagonal.log()), descending=True)  # and from its end
    ordered = matrix[order[:, None], order]
    ordered.diagonal().add_((_RIDGE * diagonal + 1e-9 * diagonal.mean() + 1e-30)[order])
    upper = torch.linalg.cholesky(ordered).mT.contiguous()
    del ordered  # as large as the matrix
    bends = torch.zeros(len(tensors), dtype=torch.float64)
    bends.index_add_(0, own[order], upper.diagonal().square())
    steps = (12.0 * bit / (2.0 * math.log(2.0)) * counts / bends).sqrt()
    widest = [2.0 * float(tensor.abs().max()) for tensor in tensors]
    grids = torch.tensor([grid(min(float(s), w)) if w > 0.0 else 1.0 for s, w in zip(steps, widest, strict=True)])
    wanted = torch.cat([tensor.flatten() for tensor in tensors]).double()[order]
    if slope is not None:
        wanted -= torch.cholesky_solve(slope[order, None], upper, upper=True)[:, 0]
    step, done = grids.double()[own[order]], torch.zeros_like(wanted)
    kept = int(later.sum())
    for place in range(len(wanted) - 1, -1, -1):
        best = wanted[place] - (upper[place, place + 1 :] @ done[place + 1 :]) / upper[place, place]
        if place >= kept:
            best = (best / step[place]).round() * step[place]
        done[place] = best - wanted[place]
    values = torch.empty_like(wanted)
    values[order] = wanted + done
    for tensor, new in zip(tensors, torch.split(values, counts.tolist()), strict=True):
        tensor.copy_(new.view(tensor.shape))
