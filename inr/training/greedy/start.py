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

_HALF_TURN = 6.0 * math.sqrt(2.0 / 31.0)
"""Radians of the first layer's RMS frequency for each sign change per unit of a line: 3 times the zero crossings on
[-1, 1], as the code of Wang & Lai has it, before weights of Glorot's start of a layer from 1 to 30."""


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
        changes = pool.sign_changes(left) if scaled and pool.sign_changes is not None else 0.0
        if form.shifts or not changes:
            frequencies, power = pool.spectrum(left)
            waves = torch.from_numpy(strongest(frequencies, power, form.shifts))
        if scaled:
            reach = _HALF_TURN * changes if changes else 2.0 * math.pi * median_radius(frequencies, power)
            form = dataclasses.replace(form, scales=(1.0,))
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
