"""A published method, or network, and wishes -> its configuration, with its paper's training or with ours."""

import dataclasses

from inr.errors import ConfigError
from inr.settings.config import FitConfig
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS
from inr.settings.shape import EncodingConfig, GradeShape
from inr.settings.trainings import GreedyTraining

MUON_RATE = 0.06
"""Learning rate of Muon for a published network; their papers train by Adam."""
_LADDER = 64.0
"""Highest frequency of the positional mapping, 2^6 (Tancik et al. 2020, their notebook on natural pictures)."""


def configure_rival(options: FitOptions) -> FitConfig:
    """Return a rival's settings with what is wished for otherwise; `grades` repeats its last grade, or leaves some out.

    Raises:
        ConfigError: a wish that the method has no room for.
    """
    rival = RIVALS[options.method]
    config = rival.config
    for name, wish, own in (
        ("activation", options.activation, config.grades[0].form.first or config.grades[0].activation),
        ("encoding", None if options.method == "fourier" else options.encoding, config.encoding.kind),
    ):
        if wish not in (None, own, *rival.activations):
            raise ConfigError(f"method '{options.method}' fixes {name}; use --method mgdl to change it.")
    if options.preset is not None:
        raise ConfigError(f"method '{options.method}' has no presets, but its paper's number of steps; give --steps.")
    if options.omega is not None and rival.bandwidth != "omega":
        raise ConfigError(f"method '{options.method}' has no omega; leave it out.")
    training = greedy(config)
    if options.recipe == "inr":
        training = own_recipe(config)
    optimizer = options.optimizer or training.optimizer
    usual = MUON_RATE if optimizer == "muon" else training.learning_rate
    grades, steps = config.grades, training.steps
    if isinstance(options.grades, int):
        form = grades[0].form
        if options.grades > 1 and (form.sigmoid or form.branches > 1):  # which give colours, not what is left over
            raise ConfigError(f"method '{options.method}' is one grade, but grades is {options.grades}; leave it out.")
        grades = (*grades, *(grades[-1],) * options.grades)[: options.grades]
        steps = (*steps, *(steps[-1],) * options.grades)[: options.grades]
    return dataclasses.replace(
        config,
        method=options.method,
        encoding=_encoding(options, config.encoding),
        grades=tuple(_grade(options, own) for own in grades),
        training=dataclasses.replace(
            training,
            steps=steps if options.steps is None else (options.steps,) * len(steps),
            learning_rate=usual if options.learning_rate is None else options.learning_rate,
            optimizer=optimizer,
            batch_size=training.batch_size if options.batch_size is None else options.batch_size or None,
            precision=options.precision or training.precision,
        ),
    )


def greedy(config: FitConfig) -> GreedyTraining:
    """Return the training of a published method, which is greedy."""
    assert isinstance(config.training, GreedyTraining), "published methods are trained grade by grade"
    return config.training


def own_recipe(config: FitConfig) -> GreedyTraining:
    """Return this program's training of a published network, in place of its paper's; the rate is the caller's."""
    form, paper = config.grades[0].form, greedy(config)
    glorot = paper.init in ("glorot-normal", "wide-normal")
    return dataclasses.replace(
        paper,
        optimizer="muon",
        schedule="cosine",
        batch_size=4096,
        precision="auto",
        rescale_residual=not form.sigmoid,
        targets="unit" if form.sigmoid else "symmetric",
        # Biases as wide as the coordinates: else all waves and ramps of bare coordinates begin at the origin.
        init="fan-in" if glorot and not (form.sigmoid or form.shifts) else paper.init,
    )


def _grade(options: FitOptions, own: GradeShape) -> GradeShape:
    form = own.form
    if options.omega is not None and form.scales:
        form = dataclasses.replace(form, scales=tuple(s * options.omega / form.scales[-1] for s in form.scales))
    elif options.omega is not None:
        form = dataclasses.replace(form, gain=options.omega)
    if form.scales and options.activation is not None:  # the compact one, in the layer that has scales
        form = dataclasses.replace(form, first=options.activation)
    return dataclasses.replace(
        own,
        activation=own.activation if form.scales else options.activation or own.activation,
        depth=own.depth if options.depth is None else options.depth,
        width=own.width if options.width is None else options.width,
        form=form,
    )


def _encoding(options: FitOptions, own: EncodingConfig) -> EncodingConfig:
    kind = options.encoding or own.kind
    if kind == "grid":
        raise ConfigError(f"method '{options.method}' has no feature planes; use --method mgdl or sgdl.")
    if kind == "none":
        if options.frequencies is not None or options.sigma is not None:
            raise ConfigError(f"frequencies or sigma is given, but method '{options.method}' has no such encoding.")
        return EncodingConfig(kind="none")
    usual = own.sigma if kind == own.kind else _LADDER
    sigma = usual if options.sigma is None else options.sigma
    return dataclasses.replace(own, kind=kind, frequencies=options.frequencies or own.frequencies, sigma=sigma)
