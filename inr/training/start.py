"""Configuration and residual -> a grade at the start of its training, and the randomness of each part of a fit."""

import dataclasses
import math

import torch
from torch import Tensor

from inr.imaging.image import Image
from inr.networks.chain import empty_grade
from inr.networks.grade import Grade
from inr.settings.config import FitConfig
from inr.spectra.bandwidth import lattice_spectrum, median_radius, strongest
from inr.training.decompose import colour_directions
from inr.training.pool import Pool


def new_grade(image: Image, pool: Pool, config: FitConfig, number: int, encoding: int) -> Grade:
    """Build a grade at the start of its training, with the frequencies that it reads from the residual.

    Args:
        image: the source.
        pool: at this grade: its inputs and residual.
        config: of the fit.
        number: of the grade, from 1.
        encoding: features of the fixed encoding.
    """
    own = config.grades[number - 1]
    form, waves, reach = own.form, None, 0.0
    if own.scale_from_residual or form.shifts:
        frequencies, power = lattice_spectrum(
            pool.leftover().cpu().numpy(), image.width, image.height, config.frame, 2 if config.pixels == "half" else 1
        )
        if own.scale_from_residual:
            reach = 2.0 * math.pi * median_radius(frequencies, power)
            form = dataclasses.replace(form, scales=(1.0,))
        waves = torch.from_numpy(strongest(frequencies, power, form.shifts))
    shapes = list(config.grades)
    shapes[number - 1] = dataclasses.replace(own, form=form)
    grade = empty_grade(
        shapes,
        number - 1,
        encoding=encoding,
        channels=image.channels,
        width=image.width,
        height=image.height,
        feed=config.feed,
    )
    raw = config.encoding.kind == "none" and (number == 1 or config.feed == "encoding")
    middle = 0.0 if config.targets == "symmetric" else 0.5
    grade.start(config.init, generator(config.seed, number), first=number == 1, raw=raw, middle=middle)
    if waves is not None:
        grade.waves.copy_(waves)
    if own.scale_from_residual:
        grade.reach(reach)
    return grade


@torch.no_grad()
def adding_grade(image: Image, config: FitConfig, number: int, step: float, mean: Tensor) -> Grade:
    """Build a grade that adds up its planes, of a compact fit: colour directions through pairs of rectified neurons.

    Args:
        image: the source.
        config: of the fit.
        number: of the grade, from 0.
        step: what one stands for in a plane, in colours.
        mean: (C,) colours of the picture, which grade 0 begins with.
    """
    own, channels = config.grades[number], image.channels
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
    mine = sum(plane.features for plane in own.planes)
    features = weights.shape[1] - 2 - read - mine
    weights[:, features : features + read] *= step
    weights[:, -mine:] *= step
    for half, sign in ((0, 1.0), (1, -1.0)):
        rows = slice(half * channels, (half + 1) * channels)
        weights[rows] = 0.0
        at = weights.shape[1] - mine
        for plane in own.planes:
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


def generator(seed: int, purpose: int) -> torch.Generator:
    """Return a source of randomness of its own for each part of a fit: 0 the encoding, -1 the order, l grade l."""
    return torch.Generator().manual_seed(seed_of(seed, purpose))


def seed_of(seed: int, purpose: int) -> int:
    """Return the seed of a part of a fit, see `generator`."""
    return (seed * 1009 + purpose) % 2**64
