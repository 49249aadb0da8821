"""Image and configuration -> model: grade after grade, each on what the ones before left over."""

import dataclasses
import math
import time
from collections.abc import Callable

import torch

from inr.device import choose_precision
from inr.errors import ConfigError, TrainingError
from inr.imaging.image import Image
from inr.imaging.sampling import coordinates, training_rows
from inr.networks.chain import grade_inputs
from inr.networks.encoding import Encoding, draw_encoding
from inr.networks.grade import Grade
from inr.networks.model import Model, Record
from inr.settings.config import FitConfig, GradeConfig
from inr.spectra.bandwidth import choose_sigma
from inr.training.greedy.engine import DivergedError, train_grade
from inr.training.greedy.memory import GIB, default_limit, pool_bytes
from inr.training.greedy.pool import Pool
from inr.training.greedy.start import new_grade
from inr.training.result import FitResult, GradeLog, Leftover, Progress, Step
from inr.training.seeds import seed_of

_RETRY_RATE = 0.25


def fit_greedy(
    image: Image,
    config: FitConfig,
    on: torch.device,
    memory: float | None,
    progress: Callable[[Progress], None] | None,
) -> FitResult:
    """Train each grade on what the ones before left over."""
    start = time.perf_counter()
    if config.encoding.sigma is None:
        chosen = dataclasses.replace(config.encoding, sigma=choose_sigma(image))
        config = dataclasses.replace(config, encoding=chosen)
    dtype = choose_precision(config.precision, on)
    encoding = draw_encoding(config.encoding, config.frame, seed_of(config.seed, 0)).to(on)
    if memory is not None and not 0.1 <= memory <= 1e6:
        raise ConfigError(f"memory is {memory:g} GiB; it must lie between 0.1 and 1,000,000.")
    limit = default_limit(on) if memory is None else round(memory * GIB)
    pool = _pool(image, config, encoding, on, limit)
    grades: list[Grade] = []
    logs: list[GradeLog] = []
    stopped = None
    for number, own in enumerate(config.grades, start=1):
        began = time.perf_counter()
        share = None
        if config.seconds is not None:
            ahead = sum(later.steps for later in config.grades[number - 1 :])
            share = max((config.seconds - (began - start)) * own.steps / ahead, 0.0)
            if share == 0.0 and grades:
                break
        before = float(pool.residual.square().mean())

        def report(step: Step, leftover: Leftover, number: int = number, own: GradeConfig = own) -> None:
            if progress is not None:
                progress(
                    Progress(
                        grade=number,
                        grades=len(config.grades),
                        steps=own.steps,
                        at=step,
                        done=sum(earlier.steps for earlier in config.grades[: number - 1]) + step.step,
                        total=sum(each.steps for each in config.grades),
                        seconds=time.perf_counter() - start,
                        leftover=leftover,
                    )
                )

        grade, steps, rate = _train(
            image, pool, config, number, encoding=encoding.size, dtype=dtype, seconds=share, on_step=report
        )
        out_of_time = config.seconds is not None and steps < own.steps
        grade.requires_grad_(False)
        grades.append(grade)
        pool.freeze(grade, last=number == len(config.grades))
        logs.append(GradeLog(steps=steps, seconds=time.perf_counter() - began, learning_rate=rate))
        after = float(pool.residual.square().mean())
        if not math.isfinite(after):
            raise TrainingError(f"grade {number}: the picture is no longer finite; give a lower --learning-rate.")
        if out_of_time and len(grades) > 1 and after > before:
            grades.pop()  # cut off before it was of use
            logs.pop()
            break
        reached = -10.0 * math.log10(max(after, 1e-20))
        if config.target_psnr is not None and reached >= config.target_psnr:
            stopped = f"target of {config.target_psnr:g} dB reached on the training pixels in grade {number}"
            break
    done = [log.steps for log in logs]
    if stopped is None and config.seconds is not None and done != [own.steps for own in config.grades]:
        stopped = f"time limit of {config.seconds:g} s"
    return FitResult(
        model=_model(image, config, encoding, grades),
        config=config,
        grades=tuple(logs),
        device=str(on),
        precision="bf16" if dtype == torch.bfloat16 else "float32",
        seconds=time.perf_counter() - start,
        stopped=stopped,
        held=pool.held,
    )


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


def _pool(image: Image, config: FitConfig, encoding: Encoding, device: torch.device, limit: int) -> Pool:
    def encode(rows: torch.Tensor) -> torch.Tensor:
        where = coordinates(rows, image.width, image.height, config.frame)
        encoded: torch.Tensor = encoding(where.to(device))
        return encoded

    widest = max(grade_inputs(config.grades, encoding.size, feed=config.feed))
    rows = training_rows(image.width, image.height, config.pixels)
    return Pool(
        rows=rows,
        colours=torch.from_numpy(image.pixels).reshape(-1, image.channels).to(device),
        encode=encode,
        feed=config.feed,
        widest=widest,
        visits=max(own.steps for own in config.grades) * config.batch(len(rows)),
        seed=seed_of(config.seed, -1),
        pool_bytes=pool_bytes(image, config, len(rows), widest, limit, device),
    )


def _train(
    image: Image,
    pool: Pool,
    config: FitConfig,
    number: int,
    *,
    encoding: int,
    dtype: torch.dtype,
    seconds: float | None,
    on_step: Callable[[Step, Leftover], None],
) -> tuple[Grade, int, float]:
    """Train one grade, once more at a lower rate if it diverges; return it, its steps and its rate."""
    own = config.grades[number - 1]
    began = time.perf_counter()
    for attempt in (own, dataclasses.replace(own, learning_rate=max(own.learning_rate * _RETRY_RATE, 1e-9))):
        grade = new_grade(image, pool, config, number, encoding)
        grade.to(pool.inputs.device)
        try:
            left = None if seconds is None else max(0.0, seconds - (time.perf_counter() - began))
            steps = train_grade(grade, pool, config, attempt, dtype=dtype, seconds=left, on_step=on_step)
        except DivergedError:
            continue
        return grade, steps, attempt.learning_rate
    raise TrainingError(
        f"grade {number}: the loss did not stay finite at learning rate {own.learning_rate:g}, "
        f"nor at {own.learning_rate * _RETRY_RATE:g}; give a lower --learning-rate."
    )
