"""Configuration and residual -> a grade at the start of its greedy training."""

import dataclasses
import math

import torch

from inr.errors import ConfigError
from inr.networks.grade import Grade
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.spectra.bandwidth import median_radius, strongest
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.seeds import generator


def new_grade(pool: Pool | Pairs, config: FitConfig, training: GreedyTraining, number: int) -> Grade:
    """Build a grade at the start of its training, with the frequencies that it reads from the residual.

    Args:
        pool: at this grade: its inputs and residual.
        config: of the fit.
        training: its training.
        number: of the grade, from 1.

    Raises:
        ConfigError: it needs a spectrum, and there is none.
    """
    own = config.grades[number - 1]
    form, waves, reach = own.form, None, 0.0
    scaled = training.scale_from_residual and number > 1
    if scaled or form.shifts:
        if pool.spectrum is None:
            raise ConfigError(f"method '{config.method}' needs the spectrum of its samples, which these do not have.")
        left = pool.leftover().cpu().numpy()
        frequencies, power = pool.spectrum(left)
        if scaled:
            # On a line as the authors' code: 3 times the zero crossings on [-1, 1], before weights of Glorot's start.
            along = pool.sign_changes
            reach = 2.0 * math.pi * median_radius(frequencies, power) if along is None else 0.5 * math.pi * along(left)
            form = dataclasses.replace(form, scales=(1.0,))
        waves = torch.from_numpy(strongest(frequencies, power, form.shifts))
    grade = Grade(
        pool.inputs.shape[1],
        pool.residual.shape[1],
        depth=own.depth,
        width=own.width,
        activation=own.activation,
        form=form,
        dimensions=pool.dimensions,
    )
    raw = config.encoding.kind == "none" and (number == 1 or config.feed == "encoding")
    draw = generator(config.seed, number if training.redraw else 1)
    middle = 0.0 if training.targets == "symmetric" else pool.middle
    begins = number == 1 and config.encoding.kind != "lattice"  # of a lattice, grade 0 has the colours
    grade.start(
        training.init,
        draw,
        first=begins,
        raw=raw,
        middle=middle,
        deviation=training.init_deviation,
    )
    if training.init == "samples" and raw:
        grade.meet(pool.inputs, draw)
    if waves is not None:
        grade.waves.copy_(waves)
    if scaled:
        grade.reach(reach)
    return grade
