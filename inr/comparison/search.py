"""A method and a picture -> the best that a small search over optimiser, learning rate and bandwidth finds for it."""

import dataclasses
import math
from dataclasses import dataclass

from inr.comparison.contenders import Contender
from inr.comparison.runs import Run, Store
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.settings.rivals import RIVALS
from inr.settings.trainings import GreedyTraining, JointTraining
from inr.spectra.bandwidth import choose_sigma

RATE, BANDWIDTH = 3.0, 2.0
"""Factors by which a search changes the learning rate, then the bandwidth, up and down, as long as that helps."""
FURTHEST = 3
"""How many times it goes in one direction."""


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search over optimiser, learning rate and bandwidth found for a method, and what it cost.

    Attributes:
        options: the best it saw.
        as_it_comes: whether that is what it is without a search.
        probes: fits it made, those of the whole budget at its end among them.
        seconds: of training, in all.
    """

    options: FitOptions
    as_it_comes: bool
    probes: int
    seconds: float


def search(store: Store, image: Image, contender: Contender) -> Tuned:
    """Take the better optimiser, then move the rate, then the bandwidth, as long as the PSNR over all pixels rises.

    What is best in a probe's time need not be in all of it: the method as it comes, where the search began and where it
    ended are fitted with the whole budget, and the best is taken. Adam begins at the rate of the method's paper or of
    this program; complex weights, for one, do better by it than by Muon at any rate.
    """
    best = contender.options
    if isinstance(configure(best).training, JointTraining):  # which chooses its rates itself
        return Tuned(options=best, as_it_comes=True, probes=0, seconds=0.0)
    if best.recipe is None and (best.method in RIVALS or best.method.endswith("-paper")):
        best = dataclasses.replace(best, recipe="inr")
    probes: list[Run] = []
    start = best

    def judged(options: FitOptions, *, probe: bool = True) -> float:
        as_it_comes = options == contender.options and not probe  # which has its row anyway, and costs nothing more
        try:
            run = store.run(image, contender.name, contender.first if as_it_comes else "tuned", options, probe=probe)
        except ConfigError:  # a rate or bandwidth out of range
            return -math.inf
        if not as_it_comes:
            probes.append(run)
        return -math.inf if run.quality is None else run.quality.psnr_db

    highest = judged(best)
    if best.optimizer is None and _greedy(best).optimizer != "adam":
        adam = dataclasses.replace(best, optimizer="adam", learning_rate=None)
        reached = judged(adam)
        if reached > highest:
            highest, best = reached, adam
    for name, origin, factor in _axes(best, image):
        for direction in (1, -1):
            value, moves = origin, 0
            while moves < FURTHEST:
                value *= factor**direction
                candidate = dataclasses.replace(best, **{name: value})  # type: ignore[arg-type]
                reached = judged(candidate)
                if reached <= highest:
                    break
                highest, best, moves = reached, candidate, moves + 1
            if moves:
                break
    ends = list(dict.fromkeys((best, start, contender.options)))
    if len(ends) > 1:
        best = max(ends, key=lambda options: judged(options, probe=False))
    seconds = sum(run.seconds for run in probes)
    return Tuned(options=best, as_it_comes=best == contender.options, probes=len(probes), seconds=seconds)


def _axes(options: FitOptions, image: Image) -> list[tuple[str, float, float]]:
    """Return what a search moves: the option's name, where it starts and the factor of a move."""
    config = configure(options)
    axes = [("learning_rate", _greedy(options).learning_rate, RATE)]
    rival, form, sigma = RIVALS.get(options.method), config.grades[0].form, config.encoding.sigma
    if rival is not None and rival.bandwidth == "omega":
        axes.append(("omega", form.scales[-1] if form.scales else form.gain, BANDWIDTH))
    elif config.encoding.frequencies:
        axes.append(("sigma", choose_sigma(image) if sigma is None else sigma, BANDWIDTH))
    return axes


def _greedy(options: FitOptions) -> GreedyTraining:
    training = configure(options).training
    assert isinstance(training, GreedyTraining), "only greedy training is searched"
    return training
