"""A picture, a configuration and a budget -> one measured run, kept on disk so that nothing is done twice."""

import dataclasses
import hashlib
import json
import math
import os
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import torch

from inr.analysis.fitted import fit_and_measure
from inr.analysis.metrics import Quality
from inr.analysis.recorder import CurveRecorder
from inr.comparison.budget import Budget, under
from inr.errors import OUT_OF_MEMORY, InrError, lacks_memory
from inr.files import check_place, write_whole
from inr.imaging.image import Image
from inr.report.text import json_text, without_missing
from inr.settings.config import DeviceName, FitConfig, PixelsName
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.settings.trainings import GreedyTraining

Variant = Literal["default", "paper", "tuned", "equal"]
PROBE = 6
"""A probe of a search has one part in so many of the budget."""
_CURVE_POINTS = 200
_RECORD = 2
"""Of the records on disk: another number leaves those of other numbers where they are, and does the runs again."""
_STEM = 160
"""Bytes of a record's name before its hash: file systems take 255 with it and its ending."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fit of a comparison, measured on the file that `inr fit` would write. PSNR in dB, infinity an exact copy.

    Attributes:
        image: name of the picture.
        contender: its name.
        variant: `paper` (its paper's settings), `default` (ours), `tuned` (after a search), or `equal`
            (`default`, as far as the PSNR of the method that it is compared with).
        seed: of the fit.
        quality: of the last grade, None if the run failed.
        seconds: of training.
        steps: updates in all.
        planned: as many as the paper takes, where the variant is `paper`; else 0.
        parameters: numbers learned.
        bytes: of the model file.
        precision: of the products in training, `float32` or `bf16`; empty if it failed.
        curve: seconds and PSNR of the training pixels, estimated during training, some two hundred points; measured
            at the end. Empty where the file holds these pixels themselves.
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
    precision: str = ""
    curve: tuple[tuple[float, float], ...]
    error: str | None
    model: str


class Store:
    """Runs on disk: one record and one model file each, named by what they are of and a hash of all that decides."""

    def __init__(
        self, folder: Path, budget: Budget, pixels: PixelsName, device: DeviceName, memory: float | None
    ) -> None:
        self._folder, self._budget, self._pixels = folder, budget, pixels
        self._device, self._memory = device, memory
        try:
            folder.mkdir(parents=True, exist_ok=True)
            check_place(folder / "run.json")  # now, rather than after the first run
        except OSError as error:
            raise InrError(f"{folder} cannot be written: {error.strerror or error}; give another --out.") from error

    def run(self, image: Image, name: str, variant: Variant, options: FitOptions, *, probe: bool = False) -> Run:
        """Return the run as it is found on disk, or do it and keep it."""
        budget = self._budget
        config = configure(dataclasses.replace(options, pixels=self._pixels, seconds=budget.seconds))
        if probe:
            budget = dataclasses.replace(
                budget,
                seconds=None if budget.seconds is None else max(budget.seconds / PROBE, 0.1),
                steps=None if budget.steps is None else max(budget.steps // PROBE, len(config.grades)),
            )
        where = [_RECORD, version("inr"), version("torch"), torch.get_num_threads(), self._device, self._memory]
        decides = [image.sha256, dataclasses.asdict(config), dataclasses.asdict(budget), where]
        key = json.dumps(decides, sort_keys=True)
        of = "probe" if probe else variant
        stem = "-".join((Path(image.name).stem, name.replace(":", "_"), of, str(config.seed)))
        stem = os.fsencode(stem)[:_STEM].decode("utf-8", "ignore")
        record = self._folder / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:12]}.json"
        found = _read(record, needs_model=not probe)
        if found is not None:
            return dataclasses.replace(found, image=image.name, contender=name, variant=variant)
        model, run = self._do(image, name, variant, config, budget, record.with_suffix(".inr").name)
        if run.error is None:  # a failure is tried again next time
            try:
                if not probe:
                    write_whole(record.with_suffix(".inr"), model)
                write_whole(record, (json_text(run_to_json(run), indent=1) + "\n").encode())
            except OSError as error:
                raise InrError(f"{record} cannot be written: {error.strerror or error}.") from error
        return run

    def _do(
        self, image: Image, name: str, variant: Variant, config: FitConfig, budget: Budget, model: str
    ) -> tuple[bytes, Run]:
        curve = CurveRecorder(apart=(budget.seconds or 0.0) / _CURVE_POINTS)
        start = time.perf_counter()
        training = config.training
        planned = sum(training.steps) if variant == "paper" and isinstance(training, GreedyTraining) else 0
        common: dict[str, Any] = {
            "image": image.name, "contender": name, "variant": variant, "seed": config.seed, "planned": planned
        }  # fmt: skip
        try:
            fitted = fit_and_measure(
                image, under(budget, config, image), device=self._device, memory=self._memory, progress=curve
            )
            result, quality = fitted.result, fitted.qualities[-1]
            curve.add(result.seconds, quality.train_psnr_db or quality.psnr_db)
            if config.encoding.kind == "lattice":  # its PSNR in training is that of pairs, and no picture's
                curve.points.clear()
        except (InrError, MemoryError, RuntimeError) as error:
            text = f"{OUT_OF_MEMORY}." if lacks_memory(error) else str(error)
            return b"", Run(
                **common, quality=None, seconds=time.perf_counter() - start, steps=0, parameters=0, bytes=0,
                precision="", curve=tuple(curve.points), error=text or type(error).__name__, model="",
            )  # fmt: skip
        return fitted.data, Run(
            **common,
            quality=quality,
            seconds=result.seconds,
            steps=result.steps,
            parameters=result.model.parameters_count,
            bytes=len(fitted.data),
            precision=result.precision,
            curve=tuple(curve.points),
            error=None,
            model=model,
        )


def _read(record: Path, *, needs_model: bool) -> Run | None:
    """Return the run of a record, or None if it is not there, not whole, or without its model."""
    if not record.exists() or (needs_model and not record.with_suffix(".inr").exists()):
        return None
    try:
        return run_from_json(json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def run_to_json(run: Run) -> dict[str, Any]:
    """Return a run as plain data, see `quality_to_json`."""
    return {**dataclasses.asdict(run), "quality": None if run.quality is None else quality_to_json(run.quality)}


def quality_to_json(quality: Quality) -> dict[str, Any]:
    """Return a quality as plain data; a PSNR that there is not is left out, that of an exact copy is null in JSON."""
    return without_missing(dataclasses.asdict(quality))


def run_from_json(data: dict[str, Any]) -> Run:
    """Return the run that `run_to_json` wrote."""
    quality = data["quality"]
    if quality is not None:
        quality = Quality(**{k: math.inf if v is None and "psnr" in k else v for k, v in quality.items()})
    curve = tuple((float(s), float(p)) for s, p in data["curve"])
    return Run(**{**data, "quality": quality, "curve": curve})
