"""A picture and planes -> whole numbers on the planes that add up to about that picture: where a compact fit begins."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from inr.networks.encoding import plane_shape
from inr.settings.shape import Plane
from inr.training.joint.reading import Reading

_DEAD_ZONE = 0.6
_COLOURS = {
    1: torch.tensor([[1.0]]),
    2: torch.tensor([[1.0, 0.0], [0.0, 1.0]]),
    3: torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-0.5, 1.0, -0.5]]),
    4: torch.tensor([[1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0], [1.0, 0.0, -1.0, 0.0], [-0.5, 1.0, -0.5, 0.0]]),
}


def colour_directions(channels: int) -> Tensor:
    """Return (C, C): what a plane's channels stand for, each as long as one unit of all colours.

    Lightness comes first, then alpha, then what colours differ in.
    """
    colours = _COLOURS[channels]
    unit: Tensor = colours / colours.norm(dim=1, keepdim=True)
    return unit * math.sqrt(channels)


def decompose(
    pixels: Tensor, layout: Sequence[Plane], readings: Sequence[Reading], step: float
) -> tuple[list[Tensor], float]:
    """Fill planes with a picture, one after another, each with what the whole numbers of those before left over.

    Args:
        pixels: (C, H, W), of mean zero.
        layout: the planes, the coarsest first.
        readings: of each.
        step: what one stands for.

    Returns:
        For each plane (channels, h, w) numbers in steps, next to the whole ones they are to become; channels beyond
        the picture's are zero. And the mean squared error that the whole ones leave.
    """
    channels, height, width = pixels.shape
    colours, left, found = colour_directions(channels), pixels, []
    for plane, read in zip(layout, readings, strict=True):
        along = colours[: plane.channels]
        wanted = read.nearest(torch.einsum("kc,chw->khw", along, left) / channels) / step
        whole = wanted.sign() * (wanted.abs() + 1.0 - _DEAD_ZONE).floor()
        values = torch.zeros(plane_shape(plane, width, height))
        values[: len(along)] = torch.where(whole == wanted.round(), wanted, whole + (wanted - whole).clamp(-0.45, 0.45))
        found.append(values)
        left = left - torch.einsum("kc,khw->chw", along, read.centre(whole * step))
    return found, float(left.square().mean())


def entropy(planes: Sequence[Tensor]) -> float:
    """Return the bits of whole numbers if each channel's were drawn at random from what they are: an upper estimate."""
    bits = 0.0
    for plane in planes:
        for channel in plane.round():
            _, counts = channel.unique(return_counts=True)
            bits -= float((counts * (counts / channel.numel()).log2()).sum())
    return bits
