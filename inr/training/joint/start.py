"""Configuration and mean colour -> a grade that adds up its planes: the networks at the start of joint training."""

import math

import torch
from torch import Tensor

from inr.imaging.image import Image
from inr.networks.chain import empty_grade
from inr.networks.grade import Grade
from inr.settings.config import FitConfig
from inr.training.joint.decompose import colour_directions
from inr.training.seeds import generator

_STEP = 1.5 * math.sqrt(12.0 / (2.0 * math.log(2.0)))
"""Quantisation step of the planes at the start, in units of the colours, over the square root of lambda.

Rounding to a step s adds s^2 / 12 to the error, and one bit more for each latent takes away 2 ln 2 of that. Where most
latents are not zero, sqrt(12 lambda / 2 ln 2) is best. Where most are zero, a wider step is (measured: 1.5 and 1.8
times as wide end alike).
"""


def best_step(lmbda: float) -> float:
    """Return the quantisation step of the planes at the start, in units of the colours."""
    return _STEP * math.sqrt(lmbda)


@torch.no_grad()
def adding_grade(image: Image, config: FitConfig, number: int, step: float, mean: Tensor) -> Grade:
    """Build a grade that draws the sum of its planes: their colour directions, through pairs of rectified neurons.

    The other neurons see planes too and are connected to nothing yet.

    Args:
        image: the source.
        config: of the fit.
        number: of the grade, from 0.
        step: quantisation step of the planes, in units of the colours.
        mean: (C,) mean colour of the picture, which grade 0 adds.
    """
    shape, channels = config.grades[number], image.channels
    grade = empty_grade(
        config.grades,
        number,
        encoding=2,
        channels=channels,
        width=image.width,
        height=image.height,
        feed="both",
    )
    grade.start("fan-in", generator(config.seed, number + 1), first=number == 0, raw=False)
    colours = colour_directions(channels) * step
    weights: Tensor = grade.layers[0].weight  # type: ignore[assignment]
    weights.mul_(0.3)
    read = sum(plane.features for before in config.grades[:number] for plane in before.planes)
    mine = sum(plane.features for plane in shape.planes)
    features = weights.shape[1] - 2 - read - mine
    weights[:, features : features + read] *= step
    weights[:, -mine:] *= step
    for half, sign in ((0, 1.0), (1, -1.0)):
        rows = slice(half * channels, (half + 1) * channels)
        weights[rows] = 0.0
        at = weights.shape[1] - mine
        for plane in shape.planes:
            weights[rows, at : at + len(colours[: plane.channels])] = sign * colours[: plane.channels].T
            at += plane.features
    for layer in grade.layers[1:]:
        layer.weight.copy_(torch.eye(len(layer.weight)))  # type: ignore[operator, arg-type]
        layer.bias.zero_()  # type: ignore[operator]
    eye = torch.eye(channels)
    grade.head.weight.zero_()
    grade.head.weight[:, : 2 * channels] = torch.cat([eye, -eye], dim=1)
    grade.head.bias.copy_(mean if number == 0 else torch.zeros(channels))
    return grade
