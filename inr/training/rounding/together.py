"""Tensors and the second derivative of a loss -> the same tensors on quantisation steps, rounded together.

Rounding every weight to its nearest multiple spoils most in directions that other weights could have followed. So the
weights are rounded one after another, the one to which the loss is least sensitive first. After each, the weights that
are still free move to where they undo most of the damage: Babai's nearest plane (1986), as Frantar et al. round
language models (2022, GPTQ, arXiv 2210.17323).
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inr.networks.quantised import QuantStep

_RIDGE = 1e-3
"""Part of the diagonal that is added to it: how far the second derivative is trusted (1e-5 to 1e-2 end alike)."""


@torch.no_grad()
def round_together(
    tensors: Sequence[Tensor],
    rounded: Sequence[bool],
    matrix: Tensor,
    bit: float,
    *,
    slope: Tensor | None = None,
    allowed: Callable[[float], QuantStep] = QuantStep.at_most,
) -> list[QuantStep]:
    """Round some tensors, in place, so that one bit more for any of their weights would gain what it costs.

    Moved by d, the tensors lose 2 slope . d + d . matrix d. Rounding the n weights of a tensor to a step s adds
    s^2 S / 12 to the loss; S is the sum over the weights of the loss's second derivative while the weights that are
    rounded later are free to follow. One bit more for each weight would save 3/4 of that, at the margin 2 ln 2 a bit.

    Args:
        tensors: of n weights in all.
        rounded: which of them are rounded; the others move to where they make good best.
        matrix: (n, n) float64, positive semidefinite; overwritten.
        bit: loss that one bit is worth.
        slope: (n,) float64; zero if it is not given.
        allowed: from the best quantisation step to the one that is taken.

    Returns:
        The quantisation step of each tensor; without meaning for those that are not rounded.
    """
    counts = torch.tensor([tensor.numel() for tensor in tensors])
    tensor_of = torch.repeat_interleave(torch.arange(len(tensors)), counts)  # of each weight
    diagonal = matrix.diagonal()
    later = ~torch.tensor(rounded)[tensor_of]
    order = torch.argsort(torch.where(later, math.inf, diagonal.log()), descending=True)  # and from its end
    ordered = matrix[order[:, None], order]
    ordered.diagonal().add_((_RIDGE * diagonal + 1e-9 * diagonal.mean() + 1e-30)[order])
    upper = torch.linalg.cholesky(ordered, out=matrix.mT).mT.contiguous()
    del ordered  # as large as the matrix
    curvature = torch.zeros(len(tensors), dtype=torch.float64)
    curvature.index_add_(0, tensor_of[order], upper.diagonal().square())
    best = (12.0 * bit / (2.0 * math.log(2.0)) * counts / curvature).sqrt()
    widest = [2.0 * float(tensor.abs().max()) for tensor in tensors]
    steps = [
        allowed(min(float(s), w)) if w > 0.0 else QuantStep.at_most(1.0) for s, w in zip(best, widest, strict=True)
    ]
    grids = torch.tensor([step.value for step in steps])
    wanted = torch.cat([tensor.flatten() for tensor in tensors]).double()[order]
    if slope is not None:
        half = torch.linalg.solve_triangular(upper.mT, slope[order, None], upper=False)
        wanted -= torch.linalg.solve_triangular(upper, half, upper=True)[:, 0]  # cholesky_solve copies the matrix
    step, done = grids.double()[tensor_of[order]], torch.zeros_like(wanted)
    kept = int(later.sum())
    for place in range(len(wanted) - 1, -1, -1):
        moved = wanted[place] - (upper[place, place + 1 :] @ done[place + 1 :]) / upper[place, place]
        if place >= kept:
            moved = (moved / step[place]).round() * step[place]
        done[place] = moved - wanted[place]
    values = torch.empty_like(wanted)
    values[order] = wanted + done
    for tensor, new in zip(tensors, torch.split(values, counts.tolist()), strict=True):
        tensor.copy_(new.view(tensor.shape))
    return steps
