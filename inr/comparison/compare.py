"""Pictures, methods and a budget -> a measured run for each, with its paper's settings and after a search."""

import dataclasses
import itertools
import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from inr.comparison.budget import Budget, under
from inr.comparison.contenders import ON_PLANES, Contender
from inr.comparison.runs import Run, Store, Variant
from inr.comparison.search import Tuned, search
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.settings.config import DeviceName, PixelsName
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.training.fit import check_memory
from inr.training.joint.finish import NEAR_DB


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """All runs of a comparison, and the searches by contender; a run that failed is among them.

    Attributes:
        budget: what was equal for all.
        pixels: trained on.
        seeds: fits per picture and method.
        runs: of all methods.
        searches: by contender.
        equal: runs of several grades and of one at equal PSNR, whose bytes are compared; a pair a picture and seed.
    """

    budget: Budget
    pixels: PixelsName
    seeds: int
    runs: tuple[Run, ...]
    searches: dict[str, Tuned]
    equal: tuple[tuple[Run, Run], ...] = ()


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
    published networks by `inr`'s recipe. Where `mgdl` and `sgdl` are there, the better one runs once more with the
    other's PSNR as its target, so that their bytes can be compared.
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
    check_settings(images, contenders, budget, pixels, device, memory)
    store = Store(Path(folder) / "runs", budget, pixels, device, memory)
    plan = [(image, seed) for seed in range(seeds) for image in images]
    variants = 2 if tune else 1
    searched = [c for c in contenders if tune]
    paired = budget.bytes is None and {contender.name for contender in contenders} >= set(ON_PLANES)
    total = len(plan) * (len(contenders) * variants + paired) + len(searched)  # fewer, where a search finds nothing
    done = 0

    def tell(what: str) -> None:
        nonlocal done
        if progress is not None:
            progress(what, done, total)
        done += 1

    searches = {}
    for contender in searched:
        tell(f"search: {contender.name}")
        searches[contender.name] = search(store, images[0], contender)
    runs: list[Run] = []
    equal = []
    for number, (image, seed) in enumerate(plan):
        entries: list[tuple[Contender, Variant, FitOptions]] = [(c, c.first, c.options) for c in contenders]
        entries += [(c, "tuned", searches[c.name].options) for c in searched if not searches[c.name].as_it_comes]
        random.Random(number).shuffle(entries)
        of_picture = []
        for contender, variant, options in entries:
            tell(f"{image.name}: {contender.name}, {variant}, seed {seed}")
            of_picture.append(store.run(image, contender.name, variant, dataclasses.replace(options, seed=seed)))
        runs += of_picture
        if paired:
            tell(f"{image.name}: mgdl and sgdl at equal PSNR, seed {seed}")
            equal += _at_equal_psnr(store, image, contenders, of_picture)
    order = {(c.name, v): n for n, (c, v) in enumerate(itertools.product(contenders, get_args(Variant)))}
    runs.sort(key=lambda run: (order[run.contender, run.variant], run.seed))
    return Comparison(
        budget=budget, pixels=pixels, seeds=seeds, runs=tuple(runs), searches=searches, equal=tuple(equal)
    )


def _at_equal_psnr(
    store: Store, image: Image, contenders: Sequence[Contender], runs: Sequence[Run]
) -> list[tuple[Run, Run]]:
    """Return the runs of `mgdl` and of `sgdl` at equal PSNR: the better one once more, with the other's PSNR as target.

    Args:
        store: of the comparison.
        image: of the runs.
        contenders: of the comparison.
        runs: of one picture and seed.
    """
    by_name = {run.contender: run for run in runs if run.contender in ON_PLANES and run.variant == "default"}
    psnr = {name: _trained_psnr(run) for name, run in by_name.items()}
    if len(psnr) < len(ON_PLANES) or not all(map(math.isfinite, psnr.values())):
        return []
    better, worse = sorted(psnr, key=lambda name: -psnr[name])
    if psnr[better] - psnr[worse] > NEAR_DB:
        options = next(contender.options for contender in contenders if contender.name == better)
        wanted = dataclasses.replace(options, quality=None, target_psnr=psnr[worse], seed=by_name[better].seed)
        by_name[better] = store.run(image, better, "equal", wanted)
        if not abs(_trained_psnr(by_name[better]) - psnr[worse]) <= NEAR_DB:
            return []
    return [(by_name["mgdl"], by_name["sgdl"])]


def _trained_psnr(run: Run) -> float:
    """Return the PSNR of the training pixels; NaN for a run that failed."""
    quality = run.quality
    return math.nan if quality is None else quality.train_psnr_db or quality.psnr_db


def check_settings(
    images: Sequence[Image],
    contenders: Sequence[Contender],
    budget: Budget,
    pixels: PixelsName,
    device: DeviceName,
    memory: float | None,
) -> None:
    """Refuse, before anything runs, what `compare` refuses; what is too large beside others is a row that says so."""
    configs = [
        configure(dataclasses.replace(contender.options, pixels=pixels, seconds=budget.seconds))
        for contender in contenders
    ]
    too_large = []
    for image, config in itertools.product(images, configs):
        try:
            check_memory(image, under(budget, config, image), device=device, memory=memory)
        except ConfigError as error:
            too_large.append(error)
    if len(too_large) == len(images) * len(configs):
        raise too_large[0]
