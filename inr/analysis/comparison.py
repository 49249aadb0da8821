"""Pictures, methods and a budget -> one measured run for each, kept on disk so that nothing is done twice."""

import dataclasses
import hashlib
import itertools
import json
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import torch

from inr.analysis.budget import Budget, under
from inr.analysis.metrics import Quality, measure
from inr.codec.model_file import model_from_bytes, model_to_bytes
from inr.config import DeviceName, FitConfig, PixelsName
from inr.errors import ConfigError, InrError
from inr.files import write_whole
from inr.imaging.image import Image
from inr.methods import METHODS, configure
from inr.options import FitOptions
from inr.rivals import RIVALS
from inr.training.grades import Progress, fit

Variant = Literal["default", "paper", "tuned"]
RATE, BANDWIDTH = 3.0, 2.0
"""Factors by which a search changes the learning rate, then the bandwidth, up and down, as long as that helps."""
FURTHEST = 3
"""How many times it goes in one direction."""
PROBE = 6
"""A probe of the search has one part in so many of the budget."""
_CURVE_POINTS = 200


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
class Run:
    """One fit of a comparison, measured on the model file's own numbers. PSNR in dB, infinity an exact copy.

    Attributes:
        image: name of the picture.
        contender: its name.
        variant: `paper` (its paper's settings), `default` (ours), or `tuned` (after a search).
        seed: of the fit.
        quality: of the last grade, None if the run failed.
        seconds: of training.
        steps: updates in all.
        planned: as many as the paper takes, where the variant is `paper`; else 0.
        parameters: numbers learned.
        bytes: of the model file.
        curve: seconds and PSNR of the training pixels, estimated during training, some two hundred points; measured
            at the end.
        error: why it failed, or None.
        model: name of the model file beside the record.
    """

    image: str
    contender: str
    variant: Variant
    seed: int
    quality: Quality | None
    seconds: float
    steps: int
    planned: int
    parameters: int
    bytes: int
    curve: tuple[tuple[float, float], ...]
    error: str | None
    model: str


@dataclass(frozen=True, kw_only=True)
class Tuned:
    """What a search over learning rate and bandwidth found for a method, and what it cost.

    Attributes:
        options: the best it saw.
        probes: fits it made.
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

    A method runs as its paper (a rival) or this program (the rest) sets it and, with `tune`, once more with
    the best of a small search, made once, on the first picture. Rivals are then trained by `inr`'s recipe. Runs
    of one picture and seed follow each other in a shuffled order, so that a drift of the machine meets all alike.
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
        InrError: the folder cannot be written.
    """
    store = _Store(Path(folder) / "runs", budget, pixels, device, memory)
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


def _search(store: "_Store", image: Image, contender: Contender) -> Tuned:
    """Move the rate, then the bandwidth, up and down as long as the picture's PSNR over all pixels rises."""
    best = contender.options
    if best.method in RIVALS and best.recipe is None:
        best = dataclasses.replace(best, recipe="inr")
    probes: list[Run] = []

    def judged(options: FitOptions) -> float:
        probes.append(store.run(image, contender.name, "tuned", options, probe=True))
        return -math.inf if probes[-1].quality is None else probes[-1].quality.psnr_db

    highest = judged(best)
    for name, start, factor in _axes(best):
        for direction in (1, -1):
            value, moves = start, 0
            while moves < FURTHEST:
                value *= factor**direction
                candidate = dataclasses.replace(best, **{name: value})  # type: ignore[arg-type]
                reached = judged(candidate)
                if reached <= highest:
                    break
                highest, best, moves = reached, candidate, moves + 1
            if moves:
                break
    return Tuned(options=best, probes=len(probes), seconds=sum(run.seconds for run in probes))


def _axes(options: FitOptions) -> list[tuple[str, float, float]]:
    """Return what a search moves: the option's name, where it starts and the factor of a move."""
    config = configure(options)
    axes = [("learning_rate", config.grades[0].learning_rate, RATE)]
    rival, form, sigma = RIVALS.get(options.method), config.grades[0].form, config.encoding.sigma
    if rival is not None and rival.bandwidth == "omega":
        axes.append(("omega", form.scales[-1] if form.scales else form.gain, BANDWIDTH))
    elif config.encoding.frequencies and sigma:
        axes.append(("sigma", sigma, BANDWIDTH))
    return axes


class _Store:
    """Runs on disk: one record and one model file each, named by what they are of and a hash of all that decides."""

    def __init__(
        self, folder: Path, budget: Budget, pixels: PixelsName, device: DeviceName, memory: float | None
    ) -> None:
        self._folder, self._budget, self._pixels = folder, budget, pixels
        self._device, self._memory = device, memory
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InrError(f"{folder} cannot be made: {error.strerror or error}.") from error

    def run(self, image: Image, name: str, variant: Variant, options: FitOptions, *, probe: bool = False) -> Run:
        """Return the run as it is found on disk, or do it and keep it."""
        options = dataclasses.replace(options, pixels=self._pixels)
        share = PROBE if probe else 1
        budget = dataclasses.replace(
            self._budget,
            seconds=None if self._budget.seconds is None else self._budget.seconds / share,
            steps=None if self._budget.steps is None else max(1, self._budget.steps // share),
        )
        config = configure(options)
        where = [version("inr"), version("torch"), torch.get_num_threads(), self._device, self._memory]
        decides = [image.sha256, dataclasses.asdict(config), dataclasses.asdict(budget), where]
        key = json.dumps(decides, sort_keys=True)
        stem = "-".join(
            (Path(image.name).stem, name.replace(":", "_"), "probe" if probe else variant, str(config.seed))
        )
        record = self._folder / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"
        found = _read(record, needs_model=not probe)
        if found is not None:
            return dataclasses.replace(found, image=image.name, contender=name, variant=variant)
        model, run = self._do(image, name, variant, config, budget, record.with_suffix(".inr").name)
        if run.error is None:  # a failure is tried again next time
            try:
                if not probe:
                    write_whole(record.with_suffix(".inr"), model)
                write_whole(record, (json.dumps(run_to_json(run), indent=1) + "\n").encode())
            except OSError as error:
                raise InrError(f"{record} cannot be written: {error.strerror or error}.") from error
        return run

    def _do(
        self, image: Image, name: str, variant: Variant, config: FitConfig, budget: Budget, model: str
    ) -> tuple[bytes, Run]:
        curve: list[tuple[float, float]] = []
        start = time.perf_counter()

        def note(at: Progress) -> None:
            apart = (budget.seconds or 0.0) / _CURVE_POINTS
            if not curve or at.seconds - curve[-1][0] >= max(apart, 0.02 * curve[-1][0]):
                curve.append((round(at.seconds, 3), round(at.at.psnr_db, 3)))

        planned = sum(own.steps for own in config.grades) if variant == "paper" else 0
        common: dict[str, Any] = {
            "image": image.name, "contender": name, "variant": variant, "seed": config.seed, "planned": planned
        }  # fmt: skip
        try:
            result = fit(image, under(budget, config, image), device=self._device, memory=self._memory, progress=note)
            data = model_to_bytes(result.model)
            qualities, _ = measure(image, model_from_bytes(data), pixels=config.pixels)
            trained = qualities[-1].train_psnr_db or qualities[-1].psnr_db
            curve.append((round(result.seconds, 3), round(min(trained, 200.0), 3)))
        except (InrError, MemoryError, RuntimeError) as error:  # torch reports a lack of memory as RuntimeError
            return b"", Run(
                **common, quality=None, seconds=time.perf_counter() - start, steps=0, parameters=0, bytes=0,
                curve=tuple(curve), error=str(error) or type(error).__name__, model="",
            )  # fmt: skip
        return data, Run(
            **common,
            quality=qualities[-1],
            seconds=result.seconds,
            steps=sum(log.steps for log in result.grades),
            parameters=result.model.parameters_count,
            bytes=len(data),
            curve=tuple(curve),
            error=None,
            model=model,
        )


def _read(record: Path, *, needs_model: bool) -> Run | None:
    """Return the run of a record, or None if it is not there, not whole, or without its model."""
    if not record.exists() or (needs_model and not record.with_suffix(".inr").exists()):
        return None
    try:
        return run_from_json(json.loads(record.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError):
        return None


def run_to_json(run: Run) -> dict[str, Any]:
    """Return a run as plain data; an infinite PSNR becomes the text `exact`."""
    return {**dataclasses.asdict(run), "quality": None if run.quality is None else quality_to_json(run.quality)}


def quality_to_json(quality: Quality) -> dict[str, Any]:
    """Return a quality as plain data; an infinite PSNR becomes the text `exact`."""
    return {name: "exact" if value == math.inf else value for name, value in dataclasses.asdict(quality).items()}


def run_from_json(data: dict[str, Any]) -> Run:
    """Return the run that `run_to_json` wrote."""
    quality = data["quality"]
    if quality is not None:
        quality = Quality(**{k: math.inf if v == "exact" else v for k, v in quality.items()})
    curve = tuple((float(s), float(p)) for s, p in data["curve"])
    return Run(**{**data, "quality": quality, "curve": curve})
