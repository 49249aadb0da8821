"""Image and configuration -> model: grade after grade, each on what the ones before left over."""

import dataclasses
import math
import time
from collections.abc import Callable

import torch

from inr.device import choose_precision
from inr.errors import TrainingError
from inr.imaging.alpha import visibility
from inr.imaging.image import Image
from inr.imaging.sampling import coordinates, training_pixels
from inr.networks.chain import grade_inputs
from inr.networks.encoding import Encoding, draw_encoding
from inr.networks.grade import Grade
from inr.networks.model import Model, Record
from inr.settings.config import FitConfig, GreedyTraining
from inr.spectra.bandwidth import choose_sigma
from inr.training.greedy.engine import train_grade
from inr.training.greedy.pool import Pool
from inr.training.greedy.start import new_grade
from inr.training.loop import Length, retry
from inr.training.memory import memory_limit, pool_bytes
from inr.training.result import FitResult, GradeLog, Leftover, Progress
from inr.training.seeds import seed_of


def fit_greedy(
    image: Image,
    config: FitConfig,
    training: GreedyTraining,
    on: torch.device,
    memory: float | None,
    progress: Callable[[Progress], None] | None,
) -> FitResult:
    """Train each grade on what the ones before left over, then freeze it.

    Args:
        image: (H, W, C) in [0, 1].
        config: of the fit.
        training: its training.
        on: device that trains.
        memory: see `inr.fit`.
        progress: see `inr.fit`.

    Raises:
        ConfigError: the memory is too little.
        TrainingError: a loss did not stay finite, even at a quarter of the learning rate.
    """
    whole = Length(steps=sum(training.steps), seconds=config.seconds)
    if config.encoding.sigma is None:
        chosen = dataclasses.replace(config.encoding, sigma=choose_sigma(image))
        config = dataclasses.replace(config, encoding=chosen)
    dtype = choose_precision(training.precision, on)
    encoding = draw_encoding(config.encoding, config.frame, seed_of(config.seed, 0)).to(on)
    limit = memory_limit(image, config, memory, on)
    pool = _pool(image, config, training, encoding, on, limit)
    grades: list[Grade] = []
    logs: list[GradeLog] = []
    stopped = None
    for number, steps in enumerate(training.steps, start=1):
        length, began = whole.rest(steps, sum(training.steps[number - 1 :])), time.perf_counter()
        if length.seconds == 0.0 and grades:
            break
        before = pool.error
        report = _reporter(training, number, whole, progress)

        def attempt(rate: float, rest: Length, number: int = number, report: _Report = report) -> tuple[Grade, int]:
            grade = new_grade(image, pool, config, training, number, encoding.size).to(on)
            done = train_grade(
                grade, pool, training, rate, rest, dtype=dtype, target_psnr=config.target_psnr, on_step=report
            )
            return grade, done

        (grade, done), rate = retry(
            attempt, training.learning_rate, length, what=f"grade {number}", hint="give a lower --learning-rate"
        )
        grade.requires_grad_(False)
        grades.append(grade)
        pool.freeze(grade, last=number == len(config.grades))
        after = pool.error
        reached = -10.0 * math.log10(max(after, 1e-20)) if math.isfinite(after) else math.nan
        logs.append(GradeLog(steps=done, seconds=time.perf_counter() - began, learning_rate=rate, psnr_db=reached))
        if not math.isfinite(after):
            raise TrainingError(f"grade {number}: the picture is no longer finite; give a lower --learning-rate.")
        if config.seconds is not None and done < steps and len(grades) > 1 and after > before:
            grades.pop()  # cut off before it was of use
            logs.pop()
            break
        if config.target_psnr is not None and reached >= config.target_psnr:
            stopped = f"target of {config.target_psnr:g} dB reached on the training pixels in grade {number}"
            break
    if stopped is None and config.seconds is not None and tuple(log.steps for log in logs) != training.steps:
        stopped = f"time limit of {config.seconds:g} s"
    return FitResult(
        model=_model(image, config, encoding, grades),
        config=config,
        grades=tuple(logs),
        device=str(on),
        precision="bf16" if dtype == torch.bfloat16 else "float32",
        seconds=whole.elapsed,
        stopped=stopped,
        held=pool.held,
    )


_Report = Callable[[int, float, float, float, Leftover], None]
"""Told after every update the steps done, the fraction spent, loss, estimated PSNR and leftover; see `train_grade`."""


def _reporter(
    training: GreedyTraining, number: int, whole: Length, progress: Callable[[Progress], None] | None
) -> _Report:
    """Return what turns the report of a grade's step into the progress of the whole fit."""
    before, own = sum(training.steps[: number - 1]), training.steps[number - 1]

    def report(done: int, fraction: float, loss: float, psnr: float, leftover: Leftover) -> None:
        if progress is not None:
            progress(
                Progress(
                    grade=number,
                    grades=len(training.steps),
                    step=done,
                    done=before + done,
                    fraction=(before + own * fraction) / whole.steps,
                    grade_fraction=fraction,
                    seconds=whole.elapsed,
                    loss=loss,
                    psnr_db=psnr,
                    leftover=leftover,
                )
            )

    return report


def _model(image: Image, config: FitConfig, encoding: Encoding, grades: list[Grade]) -> Model:
    """Put the trained parts together, on the processor."""
    return Model(
        width=image.width,
        height=image.height,
        channels=image.channels,
        bit_depth=image.bit_depth,
        frame=config.frame,
        encoding=encoding.cpu(),
        feed=config.feed,
        grades=tuple(grade.cpu() for grade in grades),
        icc_profile=image.icc_profile,
        record=Record(method=config.method, seed=config.seed),
    )


def _pool(
    image: Image,
    config: FitConfig,
    training: GreedyTraining,
    encoding: Encoding,
    device: torch.device,
    limit: int,
) -> Pool:
    def encode(pixels: torch.Tensor) -> torch.Tensor:
        where = coordinates(pixels, image.width, image.height, config.frame)
        encoded: torch.Tensor = encoding(where.to(device))
        return encoded

    widest = max(grade_inputs(config.grades, encoding.size, feed=config.feed))
    pixels, shown = training_pixels(image.width, image.height, config.pixels), visibility(image)
    return Pool(
        pixels=pixels,
        colours=torch.from_numpy(image.pixels).reshape(-1, image.channels).to(device),
        shown=None if shown is None else torch.from_numpy(shown).reshape(-1, image.channels).to(device),
        encode=encode,
        feed=config.feed,
        widest=widest,
        visits=max(training.steps) * training.batch(len(pixels)),
        seed=seed_of(config.seed, -1),
        pool_bytes=pool_bytes(image, config, training, limit, device),
    )
