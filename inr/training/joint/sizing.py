"""A picture, and the bytes or the PSNR that its file may have -> size of networks and planes, and a first lambda."""

import dataclasses
import math

import torch

from inr.imaging.image import Image
from inr.imaging.sampling import spacing
from inr.settings.config import FitConfig
from inr.settings.shape import GradeShape
from inr.settings.trainings import JointTraining
from inr.training.joint.decompose import decompose, entropy, quant_steps
from inr.training.joint.reading import Reading

_ENTROPY_MODEL_GAIN = 0.75
"""Bits of latents under the trained entropy model over those without one, about."""
_TRAINING_GAIN = 1.1
"""Mean squared error of the first planes over that of the finished fit, about."""
_NETWORKS = ((3_000, (8, 4), 900), (10_000, (12, 8), 1_500), (60_000, (16, 12), 2_400), (math.inf, (24, 16), 4_000))
"""Files of less than so many bytes: neurons of a grade and of the entropy model, and the bytes these take, about."""
_COARSE = 5e-3
"""Above this lambda cells of twice the side are better (by 2.5 % at 0.011, and worse by 2 % at 0.0025)."""
_COLOURED = {2: 5e-5, 1: 1e-5}
"""Below this lambda a plane with cells of so many training pixels a side stores chroma as well as luma.

At 3e-5, chroma gains 0.2 dB at two pixels and loses 0.2 dB at one; at 6e-6 it gains 3.4 and 3.9 dB (cat.png).
"""
_USUAL_BPP = 0.5
"""Bits per pixel that networks are sized for where no bytes are asked for."""


def sized(
    image: Image, config: FitConfig, training: JointTraining, max_bytes: int | None
) -> tuple[FitConfig, JointTraining, float]:
    """Return configuration and training for a picture, with a lambda, and the bytes that all but the latents may take.

    Args:
        image: the source.
        config: of the fit.
        training: its training.
        max_bytes: of the file, or None.
    """
    lmbda = training.lmbda or _first_lambda(image, config, max_bytes, 0.0, config.grades)
    if lmbda < training.idle_below:
        training = dataclasses.replace(training, steps=0)
    grades, training, overhead = _networks(image, config, training, max_bytes)
    lmbda = training.lmbda or _first_lambda(image, config, max_bytes, overhead, grades)
    if lmbda > _COARSE:
        doubled = tuple(_doubled(shape) for shape in grades)
        again = training.lmbda or _first_lambda(image, config, max_bytes, overhead, doubled)
        if again > _COARSE:  # else coarse planes alone cannot draw what is asked for
            grades, lmbda = doubled, again
    elif lmbda < max(_COLOURED.values()):
        apart, channels = spacing(config.pixels), grades[0].planes[0].channels
        grades = tuple(_coloured(shape, channels, lmbda, apart) for shape in grades)
        lmbda = training.lmbda or _first_lambda(image, config, max_bytes, overhead, grades)
    training = dataclasses.replace(training, lmbda=lmbda)
    return dataclasses.replace(config, grades=grades, training=training), training, overhead


def _networks(
    image: Image, config: FitConfig, training: JointTraining, max_bytes: int | None
) -> tuple[tuple[GradeShape, ...], JointTraining, float]:
    """Return shapes and training for a picture, and the bytes that all but the latents may take.

    The networks are small enough to leave most of the bytes to the latents. Planes get as many channels as the picture
    has colours, and one for alpha.
    """
    expected = max_bytes or image.width * image.height * _USUAL_BPP / 8.0
    (width, hidden), overhead = next((sizes, taken) for most, sizes, taken in _NETWORKS if expected < most)
    if not training.steps:
        width = image.channels  # the closed form is linear: more neurons would have no part in the picture
    colours, alpha = (1, 3)[image.channels > 2], int(image.channels in (2, 4))
    grades = tuple(
        dataclasses.replace(
            shape,
            width=width if training.sized else shape.width,
            planes=tuple(
                dataclasses.replace(plane, channels=min(plane.channels, colours) + alpha) for plane in shape.planes
            ),
        )
        for shape in config.grades
    )
    return grades, dataclasses.replace(training, hidden=hidden), overhead


def _doubled(shape: GradeShape) -> GradeShape:
    """Return a grade with cells of twice the side."""
    planes = tuple(dataclasses.replace(plane, cell=2 * plane.cell) for plane in shape.planes)
    return dataclasses.replace(shape, planes=planes)


def _coloured(shape: GradeShape, channels: int, lmbda: float, apart: int) -> GradeShape:
    """Return a grade whose fine planes store chroma too, where lambda is small enough for it."""
    planes = tuple(
        dataclasses.replace(plane, channels=channels) if lmbda < _COLOURED.get(plane.cell // apart, 0.0) else plane
        for plane in shape.planes
    )
    return dataclasses.replace(shape, planes=planes)


def _first_lambda(
    image: Image,
    config: FitConfig,
    max_bytes: int | None,
    overhead: float,
    grades: tuple[GradeShape, ...],
) -> float:
    """Return a lambda that may lead to the bytes, or to the PSNR, that are wanted."""
    apart = spacing(config.pixels)
    pixels = torch.from_numpy(image.pixels[::apart, ::apart]).permute(2, 0, 1)
    pixels = pixels - pixels.mean((1, 2), keepdim=True)
    layout = [plane for shape in grades for plane in shape.planes]
    readings = [Reading(plane, image.width, image.height, apart) for plane in layout]
    low, high = -26.0, -2.0
    for _ in range(8):
        middle = (low + high) / 2.0
        planes, left = decompose(pixels, layout, readings, quant_steps(layout, 2.0**middle, apart))
        if max_bytes is not None:
            too_fine = entropy(planes) * _ENTROPY_MODEL_GAIN > 8.0 * max(max_bytes - overhead, 0.1 * max_bytes)
        else:
            assert config.target_psnr is not None
            too_fine = float(left.square().mean()) < _TRAINING_GAIN * math.pow(10.0, -config.target_psnr / 10.0)
        low, high = (middle, high) if too_fine else (low, middle)
    return float(2.0 ** ((low + high) / 2.0))
