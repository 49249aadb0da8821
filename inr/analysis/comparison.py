"""Pictures, methods and a budget -> a measured run for each, with its paper's settings and after a search."""

import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args, get_type_hints

from inr.analysis.budget import Budget
from inr.analysis.runs import Run, Store, Variant
from inr.config import DeviceName, PixelsName
from inr.errors import ConfigError
from inr.imaging.bandwidth import choose_sigma
from inr.imaging.image import Image
from inr.methods import METHODS, configure
from inr.options import FitOptions
from inr.rivals import RIVALS

RATE, BANDWIDTH = 3.0, 2.0
"""Factors by which a search changes the learning rate, then the bandwidth, up and down, as long as that helps."""
FURTHEST = 3
"""How many times it goes in one direction."""


@dataclass(frozen=True, kw_only=True)
class Contender:
    """A method in the running.

    Attributes:
        name: as it was asked for: a method, with options behind colons if any.
        options: what `configure` is given.
    """

    name: str
    options: FitOptions

    @property
    def published(self) -> bool:
        """Whether its first variant is its paper's settings."""
        plain = self.options == FitOptions(method=self.options.method)
        return plain and (self.options.method in RIVALS or self.options.method.endswith("-paper"))


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search over optimiser, learning rate and bandwidth found for a method, and what it cost.

    Attributes:
        options: the best it saw.
        probes: fits it made, those of the whole budget at its end among them.
        seconds: of training, in all.
    """

    options: FitOptions
    probes: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All runs of a comparison, and the searches by contender; a run that failed is among them."""

    budget: Budget
    pixels: PixelsName
    seeds: int
    runs: tuple[Run, ...]
    searches: dict[str, Tuned]


def parse_methods(text: str) -> list[Contender]:
    """Return the contenders that `mgdl,siren,siren:grades=4:depth=1` or `all` names.

    Raises:
        ConfigError: an unknown method or option, or a value that is none.
    """
    names = list(METHODS) if text == "all" else [name.strip() for name in text.split(",") if name.strip()]
    if not names or len(set(names)) < len(names):
        raise ConfigError(f"--methods is {text!r}; it takes different names, separated by commas, or all.")
    return [Contender(name=name, options=_options(name)) for name in names]


def _options(name: str) -> FitOptions:
    method, *settings = name.split(":")
    hints, values = get_type_hints(FitOptions), {}
    for setting in settings:
        key, _, value = setting.partition("=")
        key = key.replace("-", "_")
        if key not in hints or key in ("method", "seed", "seconds", "pixels"):
            raise ConfigError(f"--methods: {name!r} has an option {key!r} that a method does not take.")
        values[key] = _value(value, get_args(hints[key]), name)
    options = FitOptions(method=method, **values)  # type: ignore[arg-type]
    configure(options)
    return options


def _value(text: str, kinds: tuple[object, ...], name: str) -> object:
    for kind in (int, float):
        if kind in kinds:
            try:
                return kind(text)
            except ValueError:
                raise ConfigError(f"--methods: {name!r} gives {text!r} where a number is needed.") from None
    return text


def compare(
    images: Sequence[Image],
    contenders: Sequence[Contender],
    folder: str | Path,
    *,
    budget: Budget = Budget(),
    seeds: int = 1,
    pixels: PixelsName = "all",
    tune: bool = True,
    device: DeviceName = "auto",
    memory: float | None = None,
    progress: Callable[[str, int, int], None] | None = None,
) -> Comparison:
    """Run every method on every picture under one budget.

    A method runs as its paper (a published one) or this program (the rest) sets it and, with `tune`, once more with
    the best of a small search, made once, on the first picture; published networks are then trained by `inr`'s recipe.
    Runs of one picture and seed follow each other in a shuffled order, so that a drift of the machine meets all alike.
    What is found finished in the folder is not done again.

    Args:
        images: of different names.
        contenders: see `parse_methods`.
        folder: records and model files go to its `runs`; made if need be.
        budget: what is equal.
        seeds: fits per picture and method, with seeds 0, 1, ...
        pixels: trained on.
        tune: whether to search.
        device: see `inr.fit`.
        memory: see `inr.fit`.
        progress: told what runs, how many runs are done, and how many there are, before each.

    Raises:
        ConfigError: a contender that does not go with these pixels.
        InrError: the folder cannot be written.
    """
    for contender in contenders:
        configure(dataclasses.replace(contender.options, pixels=pixels))
    store = Store(Path(folder) / "runs", budget, pixels, device, memory)
    plan = [(image, seed) for seed in range(seeds) for image in images]
    variants = 2 if tune else 1
    searched = [c for c in contenders if tune]
    total, done = len(plan) * len(contenders) * variants + len(searched), 0

    def tell(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(what, done, total)
        done += 1

    searches = {}
    for contender in searched:
        tell(f"search: {contender.name}")
        searches[contender.name] = _search(store, images[0], contender)
    runs = []
    for number, (image, seed) in enumerate(plan):
        entries: list[tuple[Contender, Variant, FitOptions]] = [
            (c, "paper" if c.published else "default", c.options) for c in contenders
        ]
        entries += [(c, "tuned", searches[c.name].options) for c in searched]
        random.Random(number).shuffle(entries)
        for contender, variant, options in entries:
            tell(f"{image.name}: {contender.name}, {variant}, seed {seed}")
            runs.append(store.run(image, contender.name, variant, dataclasses.replace(options, seed=seed)))
    order = {(c.name, v): n for n, (c, v) in enumerate(itertools.product(contenders, get_args(Variant)))}
    runs.sort(key=lambda run: (order[run.contender, run.variant], run.seed))
    return Comparison(budget=budget, pixels=pixels, seeds=seeds, runs=tuple(runs), searches=searches)


def _search(store: "Store", image: Image, contender: Contender) -> Tuned:
    """Take the better optimiser, then move the rate, then the bandwidth, as long as the PSNR over all pixels rises.

    What is best in a probe's time need not be in all of it: where the search began and where it ended are fitted with
    the whole budget, and the better is taken. Adam begins at the rate of the method's paper or of this program; complex
    weights, for one, do better by it than by Muon at any rate.
    """
    best = contender.options
    if configure(best).compact is not None:  # which chooses its rates itself
        return Tuned(options=best, probes=0, seconds=0.0)
    if best.recipe is None and (best.method in RIVALS or best.method.endswith("-paper")):
        best = dataclasses.replace(best, recipe="inr")
    probes: list[Run] = []
    start = best

    def judged(options: FitOptions, *, probe: bool = True) -> float:
        try:
            probes.append(store.run(image, contender.name, "tuned", options, probe=probe))
        except ConfigError:  # a rate or bandwidth out of range
            return -math.inf
        return -math.inf if probes[-1].quality is None else probes[-1].quality.psnr_db

    highest = judged(best)
    if best.optimizer is None and configure(best).optimizer != "adam":
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
    if best != start and judged(start, probe=False) > judged(best, probe=False):
        best = start
    return Tuned(options=best, probes=len(probes), seconds=sum(run.seconds for run in probes))


def _axes(options: FitOptions, image: Image) -> list[tuple[str, float, float]]:
    """Return what a search moves: the option's name, where it starts and the factor of a move."""
    config = configure(options)
    axes = [("learning_rate", config.grades[0].learning_rate, RATE)]
    rival, form, sigma = RIVALS.get(options.method), config.grades[0].form, config.encoding.sigma
    if rival is not None and rival.bandwidth == "omega":
        axes.append(("omega", form.scales[-1] if form.scales else form.gain, BANDWIDTH))
    elif config.encoding.frequencies:
        axes.append(("sigma", choose_sigma(image) if sigma is None else sigma, BANDWIDTH))
    return axes
