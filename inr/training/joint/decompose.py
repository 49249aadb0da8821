"""A picture and planes -> latents that add up to about that picture, by least squares: the closed form of MGDL.

Every plane is solved on what the rounded latents of the planes before left over. A plane's part of the picture is
linear in its latents, so each minimum is exact, as the theorem of Fang & Xu 2024 (section 2) asks of a grade.
"""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from inr.settings.shape import Plane
from inr.training.joint.reading import Reading

_DEAD_ZONE = 0.55
"""Latents of a smaller magnitude become zero at the start."""
_STEP = math.sqrt(12.0 / (2.0 * math.log(2.0)))
"""Quantisation step in units of the colours over the square root of lambda: rounding to a step s adds s^2 / 12 to the
error, and one bit more for each latent takes away 2 ln 2 of that."""
_CHROMA_STEP = 1.5
"""A channel that ends at a plane with cells of c pixels has quantisation steps narrower by this over c: one of its
latents costs a bit once for c^2 pixels, but its rounding spoils them all (measured on four pictures at two lambdas)."""
_DIRECTIONS = {
    1: torch.tensor([[1.0]]),
    2: torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
    3: torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]]),
    4: torch.tensor([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, -1.0, 0.0], [-0.5, 1.0, -0.5, 0.0]]),
}


def colour_directions(channels: int) -> Tensor:
    """Return (C, C): the colours that a plane's channels stand for, each as long as one unit of all colours.

    Luma comes first, then alpha if there is one, then the two directions of chroma.
    """
    colours = _DIRECTIONS[channels]
    unit: Tensor = colours / colours.norm(dim=1, keepdim=True)
    return unit * math.sqrt(channels)


def quant_steps(layout: Sequence[Plane], lmbda: float, spacing: int = 1) -> list[Tensor]:
    """Return the (channels,) quantisation steps of each plane, in units of the colours.

    Args:
        layout: the planes.
        lmbda: mean squared error that a bit for each training pixel is worth.
        spacing: pixels from one training pixel to the next.
    """
    finest = [
        min((plane.cell / spacing for plane in layout if plane.channels > channel), default=1.0)
        for channel in range(max(plane.channels for plane in layout))
    ]
    step = _STEP * math.sqrt(lmbda)
    of_channels = torch.tensor([step * min(1.0, _CHROMA_STEP / cell) for cell in finest])
    return [of_channels[: plane.channels] for plane in layout]


def direction_weights(shown: Tensor) -> Tensor:
    """Return (C, H, W): what a squared error along each of the colour directions counts, of (C, H, W) how much is seen.

    All colours of a pixel are seen alike, so a direction that is not alpha's has the weight of any colour.
    """
    colours = colour_directions(len(shown)).to(shown.device)
    first = colours.abs().argmax(dim=1)  # a colour that it changes
    return shown[first].square()


def decompose(
    left: Tensor,
    layout: Sequence[Plane],
    readings: Sequence[Reading],
    quant_steps: Sequence[Tensor],
    weights: Tensor | None = None,
) -> tuple[list[Tensor], Tensor]:
    """Fill planes with what is left of a picture, one after another, each with what the rounded ones before left over.

    Args:
        left: (C, H, W), of mean zero.
        layout: the planes, the coarsest first.
        readings: of each.
        quant_steps: of each, (channels,), in units of the colours.
        weights: of `direction_weights`; latents of what is hardly seen have a wider dead zone.

    Returns:
        For each plane (channels, h, w) latents in quantisation steps, near the integers they are to become; channels
        beyond the picture's are zero. And (C, H, W), what the integers leave over.
    """
    channels = len(left)
    colours, found = colour_directions(channels).to(left.device), []
    for plane, reading, of_plane in zip(layout, readings, quant_steps, strict=True):
        along, step = colours[: plane.channels], of_plane[:channels, None, None]
        wanted = reading.nearest(torch.einsum("kc,chw->khw", along, left) / channels) / step
        whole = wanted.sign() * (wanted.abs() + 1.0 - _DEAD_ZONE).floor()
        if weights is not None:
            whole[wanted.abs() * _seen(reading, weights[: len(along)]).sqrt() < _DEAD_ZONE] = 0.0
        values = wanted.new_zeros(plane.channels, *wanted.shape[1:])
        values[: len(along)] = torch.where(whole == wanted.round(), wanted, whole + (wanted - whole).clamp(-0.45, 0.45))
        found.append(values)
        left = left - torch.einsum("kc,khw->chw", along, reading.centre(whole * step))
    return found, left


def _seen(reading: Reading, weights: Tensor) -> Tensor:
    """Return the (c, h, w) means of (c, H, W) weights over the pixels that each latent is read at."""
    return reading.squares(weights) / reading.squares().clamp(min=1e-12)


def entropy(planes: Sequence[Tensor]) -> float:
    """Return the bits of rounded latents if each channel's were drawn independently: the sum of their entropies."""
    bits = 0.0
    for plane in planes:
        for channel in plane.round():
            _, counts = channel.unique(return_counts=True)
            bits -= float((counts * (counts / channel.numel()).log2()).sum())
    return bits
