"""Grades whose hidden layers and latents are given -> their heads, all at once, by least squares."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from inr.networks.grade import Grade

_RIDGE = 1e-4
"""Part of the diagonal that keeps heads near what they were where the pixels say little of them."""


@torch.no_grad()
def solve_heads(grades: Sequence[Grade], parts: Iterator[tuple[Sequence[Tensor], Tensor]], most: float) -> list[float]:
    """Set the heads so that the weighted sum of the errors after all grades is least; the picture is linear in them.

    Args:
        grades: changed in place.
        parts: of the picture, each drawn by the grades as it is asked for: (n, C) after each grade, and (n, C) colours.
        most: weight of the error after each grade but the last, at most.

    Returns:
        The weights, 1 for the last grade.
    """
    gram: Tensor | None = None
    errors = torch.zeros(len(grades), dtype=torch.float64)
    seen: list[Tensor] = []
    hooks = [grade.head.register_forward_hook(lambda _, given, __: seen.append(given[0])) for grade in grades]
    for drawn, colours in parts:
        ones = colours.new_ones(len(colours), 1)
        columns = torch.cat([*(torch.cat([features, ones], dim=1) for features in seen), colours], dim=1)
        product = (columns.T @ columns).cpu().double()
        gram = product if gram is None else gram + product
        errors += torch.stack([(after - colours).square().sum() for after in drawn]).cpu().double()
        seen.clear()
    for hook in hooks:
        hook.remove()
    assert gram is not None, "a picture has pixels"
    weights = [*(most * min(float(errors[-1] / error.clamp(min=1e-12)), 1.0) for error in errors[:-1]), 1.0]
    heads = torch.cat([torch.cat([grade.head.weight.T, grade.head.bias[None]]) for grade in grades]).cpu().double()
    matrix, right = torch.zeros(2, len(gram), len(gram), dtype=torch.float64)
    count, end = len(heads), 0
    for grade, weight in zip(grades, weights, strict=True):
        end += grade.head.weight.shape[1] + 1
        matrix[:end, :end] += weight * gram[:end, :end]
        right[:end, count:] += weight * gram[:end, count:]
    ridge = _RIDGE * matrix.diagonal()[:count] + 1e-12 * matrix.diagonal().max()
    solved = torch.linalg.solve(
        matrix[:count, :count] + torch.diag(ridge), right[:count, count:] + ridge[:, None] * heads
    )
    at = 0
    for grade in grades:
        width = grade.head.weight.shape[1]
        grade.head.weight.copy_(solved[at : at + width].T)
        grade.head.bias.copy_(solved[at + width])
        at += width + 1
    return weights
