"""Integer latents and their entropy model -> latents of less D + lambda R, one step up or down where that gains.

As long as the picture is linear in the latents, which it is before the networks are trained, the change of D by one
latent is exact: with e the error, u the latent's part of the picture for one step, it is (u . u -+ 2 u . e) / (C N).
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inr.settings.shape import Plane
from inr.training.joint.decompose import colour_directions
from inr.training.joint.reading import Reading

Bits = Callable[[Tensor, Tensor, Tensor], Tensor]
_QUARTERS = tuple((slice(y, None, 2), slice(x, None, 2)) for y in (0, 1) for x in (0, 1))
"""Every fourth latent of a plane: those of a quarter are read by hardly any pixel together."""
_BAND = 2**18
"""Latents of single pixels that are moved at once."""


@torch.no_grad()
def descend(
    left: Tensor,
    latents: Sequence[Tensor],
    layout: Sequence[Plane],
    readings: Sequence[Reading],
    quant_steps: Sequence[Tensor],
    *,
    predicted: Sequence[tuple[Tensor, Tensor]],
    bits: Bits,
    lmbda: float,
    weights: Tensor | None = None,
) -> Tensor:
    """Move each latent by one where that lowers D + lambda R, plane after plane, in place; return the new error.

    Args:
        left: (C, H, W) colours minus the picture.
        latents: integers of each plane, (c, h, w).
        layout: the planes.
        readings: of each.
        quant_steps: of each, (c,), in units of the colours.
        predicted: centre and log2 scale of each latent's distribution.
        bits: of latents under their distributions.
        lmbda: mean squared error that a bit per pixel is worth.
        weights: (C, H, W) of the squared errors along each colour direction; all 1 by default.
    """
    colours = len(left)
    given = zip(layout, readings, quant_steps, latents, predicted, strict=True)
    for plane, reading, step, whole, (centres, scales) in given:
        count = min(plane.channels, colours)
        along, unit = colour_directions(colours)[:count].to(left.device), step[:count, None, None]
        counts = 1.0 if weights is None else weights[:count]
        gain = reading.adjoint(torch.einsum("kc,chw->khw", along, left) * counts) * unit  # u . e
        square = unit.square() * colours * reading.squares(None if weights is None else weights[:count])  # u . u
        moved = torch.zeros_like(whole[:count])
        for part in _QUARTERS if plane.cell > 1 else _bands(*whole.shape[1:]):
            at = (slice(count), *part)
            change = _best_change(
                whole[at], gain[:, *part], square[:, *part], (centres[at], scales[at]), bits, lmbda * colours
            )
            moved[:, *part] = change
            if plane.cell > 1:
                only = torch.zeros_like(moved)
                only[:, *part] = change
                gain -= reading.adjoint(reading.centre(only) * counts) * unit.square() * colours
        whole[:count] += moved
        left = left - torch.einsum("kc,khw->chw", along, reading.centre(moved * unit))
    return left


def _bands(height: int, width: int) -> list[tuple[slice, slice]]:
    """Return bands of rows: latents of single pixels have no part in each other's, and all at once take memory."""
    rows = max(1, _BAND // width)
    return [(slice(top, top + rows), slice(None)) for top in range(0, height, rows)]


def _best_change(
    whole: Tensor, gain: Tensor, square: Tensor, predicted: tuple[Tensor, Tensor], bits: Bits, bit: float
) -> Tensor:
    """Return -1, 0 or 1 for each latent: the change with the least squared error plus bits, each worth `bit`."""
    now = bits(whole, *predicted)
    best, change = torch.zeros_like(gain), torch.zeros_like(gain)
    for move in (-1.0, 1.0):
        cost = square - 2.0 * move * gain + bit * (bits(whole + move, *predicted) - now)
        better = cost < best
        best, change = torch.where(better, cost, best), torch.where(better, move, change)
    return change
