"""Labelled pictures, points of many dimensions: the order of frequencies along one direction, and after a Gaussian."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Curves, Figure, HeatMap, Line
from inr.experiments.frequency_principle.data import Labelled, labelled
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, samples, steps
from inr.experiments.frequency_principle.measures import (
    errors_between,
    gaussian_low,
    learned_at,
    low_high_error,
    order,
    peaks,
)
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.wishes import Wishes
from inr.settings.shape import ActivationName
from inr.spectra.signals import along, principal_direction

_CLASS = 8
_KEPT = 0.05
_CIFAR_SPREAD = 7.4
_CIFAR_DISTANCE = 370.0


def _labelled(wishes: Wishes) -> tuple[Labelled, int]:
    """Return the pictures, and how many of them are trained on."""
    count = {"quick": 400, "standard": 1000, "paper": 5000}[wishes.effort]
    data = labelled(wishes.data, 2 * count)
    return data, min(count, len(data.labels) * 2 // 3)


def _one_hot(data: Labelled) -> Array:
    return np.eye(10, dtype=np.float32)[data.labels]


def _cases(wishes: Wishes, activation: ActivationName, rate: float) -> list[Case]:
    """Return trainings of a dense network on the labels, one column for each class, by the squared error."""
    data, count = _labelled(wishes)
    table = samples(data.pixels[:count], _one_hot(data)[:count]), samples(data.pixels[count:], _one_hot(data)[count:])
    passes = {"quick": 30, "standard": 100, "paper": 100}[wishes.effort]
    widths = (100, 100) if wishes.effort == "quick" else (400, 400)
    network = Network(widths=widths, rate=rate, steps=passes * count // 50, activation=activation, batch=50)
    return network.cases(data.name, Data(train=table[0], test=table[1]), wishes, looks=100, grades=False)
