"""A picture with unknown pixels -> these filled by a smooth surface through the known ones.

unknown pixels and two beside them -> means over ever larger blocks -> preconditioned conjugate gradients -> the surface

Conjugate gradients alone carry the rim of a hole inwards by a pixel or two a step, and the biharmonic equation needs
the more steps, the wider the hole is. So each residual is first spread over ever coarser lattices, as far as these fit
into the hole (Bramble, Pasciak & Xu 1990, "Parallel multilevel preconditioners"): then the steps hardly depend on the
width.
"""

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from inr.imaging.alpha import continued

FillName = Literal["biharmonic", "harmonic"]
_STEPS = 120
"""Steps of conjugate gradients at most: a hole inside the picture takes 70 to 120, whether 24 or 400 pixels wide. At
the picture's rim, where fewer coarse cells fit, wide holes take more, and their start partly stays."""
_ENOUGH = 1e-4
"""Part of the first residual at which they end."""
_REACH = 2
"""Pixels beside an unknown one that its equation reads."""


def filled(pixels: Tensor, known: Tensor, fill: FillName) -> Tensor:
    """Return (H, W, C) pixels whose unknown ones are replaced by the surface that bends, or slopes, least.

    `biharmonic` minimises the sum of squares of the Laplacian over the unknown pixels, `harmonic` that of the
    gradient, by conjugate gradients that begin at means over ever larger blocks. A biharmonic surface swings beyond
    what it is drawn through: it is cut off at the least and the most that a known pixel has, in each channel.

    Args:
        pixels: (H, W, C) float32; what the unknown ones hold is not read.
        known: (H, W) bool, true for one pixel at least, on the same device, which does all but the means.
        fill: which of both.
    """
    means = continued(pixels.cpu().numpy(), known.cpu().numpy().astype("float32"))
    whole = torch.from_numpy(means).to(pixels.device)
    if known.all():
        return whole
    here = _around(~known)
    planes = _solved(whole[here].permute(2, 0, 1)[:, None], (~known[here]).float()[None, None], fill)
    given = pixels[known]
    low, high = given.amin(0), given.amax(0)
    whole[here] = planes[:, 0].permute(1, 2, 0).clamp(low, high)
    return whole


def _around(unknown: Tensor) -> tuple[slice, slice]:
    """Return the rows and columns that the equations of the unknown pixels read."""
    rows, columns = (unknown.any(side).nonzero()[:, 0] for side in (1, 0))
    spans = ((int(at[0]) - _REACH, int(at[-1]) + _REACH + 1) for at in (rows, columns))
    top, left = (slice(max(0, first), last) for first, last in spans)
    return top, left


def _solved(start: Tensor, free: Tensor, fill: FillName) -> Tensor:
    """Return (C, 1, H, W) planes of the least energy that differ from the start only where (1, 1, H, W) `free` is 1."""
    # A coarse cell's energy is that of a pixel, over 4 for bending: it counts so much more, and alike for sloping.
    gain, lattices = (4.0 if fill == "biharmonic" else 1.0), _lattices(free)

    def bent(surface: Tensor) -> Tensor:
        once = _laplacian(surface)
        return _laplacian(once) if fill == "biharmonic" else once.neg_()

    planes, residual = start.clone(), bent(start).mul_(free).neg_()
    spread = _spread(residual, lattices, gain)
    direction, square = spread.clone(), (residual * spread).sum()
    least = square * _ENOUGH**2
    for _ in range(_STEPS):
        if square <= least:
            break
        applied = bent(direction).mul_(free)
        step = square / (direction * applied).sum()
        planes += step * direction
        residual -= applied.mul_(step)
        spread = _spread(residual, lattices, gain)
        square, before = (residual * spread).sum(), square
        direction.mul_(square / before).add_(spread)
    return planes


def _laplacian(planes: Tensor) -> Tensor:
    """Return the Laplacian of (C, 1, H, W) planes, their rims repeated: symmetric, so that its square is too."""
    total = torch.zeros_like(planes)
    for side in (2, 3):
        steps, length = planes.diff(dim=side), planes.shape[side] - 1
        total.narrow(side, 0, length).add_(steps)
        total.narrow(side, 1, length).sub_(steps)
    return total


def _lattices(free: Tensor) -> list[Tensor]:
    """Return for each coarser lattice (1, 1, h, w) which of its cells are free: all the finer ones it moves are."""
    found = list[Tensor]()
    while bool(free.any()) and min(free.shape[2:]) > 1:
        free = -functional.max_pool2d(-_padded(free), 4, stride=2)
        found.append(free)
    return found[:-1] if found and not bool(free.any()) else found


def _spread(residual: Tensor, lattices: list[Tensor], gain: float) -> Tensor:
    """Return the preconditioned residual: itself, and its sums on every coarser lattice, drawn on this one.

    Args:
        residual: (C, 1, H, W).
        lattices: the coarser ones, from the next on; see `_lattices`.
        gain: what a cell counts more than one of the lattice before.
    """
    if not lattices:
        return residual
    twice = functional.avg_pool2d(functional.avg_pool2d(_padded(residual), 2, stride=1), 2, stride=1)
    sums = 4.0 * functional.avg_pool2d(twice, 2) * lattices[0]  # the transpose of the enlargement below
    coarse = _spread(sums, lattices[1:], gain)
    height, width = residual.shape[2:]
    drawn = functional.interpolate(coarse, scale_factor=2.0, mode="bilinear")  # splines of degree 2: they bend finitely
    return gain * drawn[:, :, :height, :width] + residual


def _padded(planes: Tensor) -> Tensor:
    """Return the planes with a rim of zeros, of an even number of rows and columns."""
    height, width = planes.shape[2:]
    return functional.pad(planes, (1, 1 + width % 2, 1, 1 + height % 2))
