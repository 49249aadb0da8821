"""Pictures, methods and a budget -> a measured run for each, with its paper's settings and after a search."""

import dataclasses
import itertools
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from inr.comparison.budget import Budget, under
from inr.comparison.contenders import Contender
from inr.comparison.runs import Run, Store, Variant
from inr.comparison.search import Tuned, search
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.settings.config import DeviceName, PixelsName
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.training.fit import check_memory


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All runs of a comparison, and the searches by contender; a run that failed is among them."""

    budget: Budget
    pixels: PixelsName
    seeds: int
    runs: tuple[Run, ...]
    searches: dict[str, Tuned]


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

    A method runs as its paper (a published one) or this program (the rest) sets it. With `tune`, it runs once more with
    the best of a small search, if that finds anything better; the search is made once, on the first picture, and trains
    published networks by `inr`'s recipe.
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
        ConfigError: a contender that does not go with these pixels, or a budget or limit of memory that none can keep.
        InrError: the folder cannot be written.
    """
    _check(images, contenders, budget, pixels, device, memory)
    store = Store(Path(folder) / "runs", budget, pixels, device, memory)
    plan = [(image, seed) for seed in range(seeds) for image in images]
    variants = 2 if tune else 1
    searched = [c for c in contenders if tune]
    total, done = len(plan) * len(contenders) * variants + len(searched), 0  # fewer, where a search finds nothing

    def tell(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(what, done, total)
        done += 1

    searches = {}
    for contender in searched:
        tell(f"search: {contender.name}")
        searches[contender.name] = search(store, images[0], contender)
    runs = []
    for number, (image, seed) in enumerate(plan):
        entries: list[tuple[Contender, Variant, FitOptions]] = [(c, c.first, c.options) for c in contenders]
        entries += [(c, "tuned", searches[c.name].options) for c in searched if not searches[c.name].as_it_comes]
        random.Random(number).shuffle(entries)
        for contender, variant, options in entries:
            tell(f"{image.name}: {contender.name}, {variant}, seed {seed}")
            runs.append(store.run(image, contender.name, variant, dataclasses.replace(options, seed=seed)))
    order = {(c.name, v): n for n, (c, v) in enumerate(itertools.product(contenders, get_args(Variant)))}
    runs.sort(key=lambda run: (order[run.contender, run.variant], run.seed))
    return Comparison(budget=budget, pixels=pixels, seeds=seeds, runs=tuple(runs), searches=searches)


def _check(
    images: Sequence[Image],
    contenders: Sequence[Contender],
    budget: Budget,
    pixels: PixelsName,
    device: DeviceName,
    memory: float | None,
) -> None:
    """Raise what is wrong with settings before anything runs; what is too large beside others is a row that says so."""
    configs = [configure(dataclasses.replace(contender.options, pixels=pixels)) for contender in contenders]
    too_large = []
    for image, config in itertools.product(images, configs):
        try:
            check_memory(image, under(budget, config, image), device=device, memory=memory)
        except ConfigError as error:
            too_large.append(error)
    if len(too_large) == len(images) * len(configs):
        raise too_large[0]
