"""Configuration and residual -> a grade at the start of its greedy training."""

import dataclasses
import math

import torch

from inr.imaging.image import Image
from inr.networks.chain import empty_grade
from inr.networks.grade import Grade
from inr.settings.config import FitConfig, GreedyTraining
from inr.spectra.bandwidth import lattice_spectrum, median_radius, strongest
from inr.training.greedy.pool import Pool
from inr.training.seeds import generator


def new_grade(
    image: Image, pool: Pool, config: FitConfig, training: GreedyTraining, number: int, encoding: int
) -> Grade:
    """Build a grade at the start of its training, with the frequencies that it reads from the residual.

    Args:
        image: the source.
        pool: at this grade: its inputs and residual.
        config: of the fit.
        training: its training.
        number: of the grade, from 1.
        encoding: features of the fixed encoding.
    """
    own = config.grades[number - 1]
    form, waves, reach = own.form, None, 0.0
    scaled = training.scale_from_residual and number > 1
    if scaled or form.shifts:
        frequencies, power = lattice_spectrum(
            pool.leftover().cpu().numpy(), image.width, image.height, config.frame, 2 if config.pixels == "half" else 1
        )
        if scaled:
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
    middle = 0.0 if training.targets == "symmetric" else 0.5
    grade.start(
        training.init, generator(config.seed, number), first=number == 1, raw=raw, middle=middle, spread=training.spread
    )
    if waves is not None:
        grade.waves.copy_(waves)
    if scaled:
        grade.reach(reach)
    return grade
