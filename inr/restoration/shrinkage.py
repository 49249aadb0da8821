"""A noisy picture and its noise -> a cleaner one, by shrinking the cosine transform of every 8 x 8 block.

Every block at every offset is transformed, coefficients that noise explains become zero (Yu & Sapiro 2011, "DCT image
denoising: a simple and effective image denoising algorithm", IPOL), and what the blocks say of a pixel is averaged, the
blocks of few coefficients more. A second pass weighs the coefficients of the noisy picture by those of the first one's
result, as the second step of BM3D does (Dabov et al. 2007).
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from inr.training.joint.decompose import colour_directions

_BLOCK = 8
_THRESHOLD = 2.8
"""Coefficients below so many standard deviations of the noise become zero in the first pass."""


def shrunk(noisy: Tensor, sigma: float) -> Tensor:
    """Return the (H, W, C) picture with less noise, not clipped.

    Args:
        noisy: (H, W, C) float32, C 1 or 3.
        sigma: standard deviation of the noise, in units of the colours.
    """
    directions = colour_directions(noisy.shape[2]).to(noisy.device)
    directions = directions / directions.norm(dim=1, keepdim=True)  # orthonormal: the noise stays what it is
    planes = torch.einsum("kc,hwc->khw", directions, noisy)
    first = _pass(planes, None, sigma)
    return torch.einsum("kc,khw->hwc", directions, _pass(planes, first, sigma))


def _pass(planes: Tensor, pilot: Tensor | None, sigma: float) -> Tensor:
    """Return (C, H, W): all blocks shrunk by a threshold, or by the coefficients of a pilot (Wiener's filter)."""
    _, height, width = planes.shape
    rim = _BLOCK - 1
    right, below = (rim + -(side + rim) % _BLOCK for side in (width, height))
    pad = (rim, right, rim, below)
    padded, guide = (None if p is None else functional.pad(p[None], pad, mode="replicate")[0] for p in (planes, pilot))
    assert padded is not None
    total, weights = torch.zeros_like(padded), torch.zeros_like(padded)
    transform = _cosines().to(planes.device)
    for y in range(_BLOCK):
        for x in range(_BLOCK):
            rows, columns = ((side - at) // _BLOCK * _BLOCK for side, at in zip(padded.shape[1:], (y, x), strict=True))
            here = (slice(None), slice(y, y + rows), slice(x, x + columns))
            found = _blocks(padded[here], transform)
            if guide is None:
                kept = found.abs() > _THRESHOLD * sigma
                kept[..., 0, 0] = True
                gain = kept.float()
            else:
                power = _blocks(guide[here], transform).square()
                gain = power / (power + sigma**2)
                gain[..., 0, 0] = 1.0
            weight = 1.0 / gain.square().sum(dim=(-2, -1), keepdim=True)
            back = transform.T @ (found * gain) @ transform
            total[here] += _joined(back * weight, rows, columns)
            weights[here] += _joined(weight.expand_as(back), rows, columns)
    inside = (slice(None), slice(rim, rim + height), slice(rim, rim + width))
    return total[inside] / weights[inside]


def _blocks(planes: Tensor, transform: Tensor) -> Tensor:
    """Return the (C, rows, columns, 8, 8) cosine transforms of the blocks of (C, 8 rows, 8 columns)."""
    blocks = planes.unfold(1, _BLOCK, _BLOCK).unfold(2, _BLOCK, _BLOCK)
    return transform @ blocks @ transform.T


def _joined(blocks: Tensor, rows: int, columns: int) -> Tensor:
    return blocks.transpose(2, 3).reshape(len(blocks), rows, columns)


def _cosines() -> Tensor:
    """Return the (8, 8) orthonormal cosine transform (DCT-II)."""
    k = torch.arange(_BLOCK, dtype=torch.float64)
    table = torch.cos(math.pi / _BLOCK * (k[None] + 0.5) * k[:, None]) * math.sqrt(2.0 / _BLOCK)
    table[0] /= math.sqrt(2.0)
    return table.float()
