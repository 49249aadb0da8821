"""Image and configuration -> a model by joint training that keeps to a limit on bytes, or comes to a PSNR."""

import dataclasses
import math
from collections.abc import Callable

import torch

from inr.device import give_back_freed_memory
from inr.imaging.image import Image
from inr.settings.config import FitConfig
from inr.settings.trainings import JointTraining
from inr.training.joint.closed_form import solve
from inr.training.joint.finish import FEW, HOPELESS, End, badness, ended, finished, missed, profile_bytes, psnr, refuse
from inr.training.joint.rate_control import RateControl
from inr.training.joint.sizing import sized
from inr.training.joint.state import JointState
from inr.training.joint.trainer import refine
from inr.training.loop import Length, retry
from inr.training.memory import memory_limit
from inr.training.result import FitResult, GradeLog, Progress

_LITTLE = 1_000
"""A file whose latents are all zero may take more bytes than that, colour profile not counted."""
_SOLUTIONS, _NEAR = 6, 0.008
"""Closed forms at most that are solved to find the lambda of a limit, and how near it, in logarithms, is enough."""
_BYTES_BY_LAMBDA, _ERROR_BY_LAMBDA = -0.5, 0.75
"""Powers of lambda that the bytes of a file and its error follow, about."""
_LMBDAS = (1e-7, 0.9)
"""Least and largest lambda."""
_AIM = 0.99
"""Part of the bytes allowed that the closed form aims at."""


def fit_joint(
    image: Image,
    config: FitConfig,
    training: JointTraining,
    device: torch.device,
    memory: float | None,
    progress: Callable[[Progress], None] | None,
) -> FitResult:
    """Fit a picture to as few bytes as its quality allows, or as well as its bytes allow.

    The closed form alone, with networks that only add, makes a first file. Joint training begins at the same lambda
    with networks that can do more, and makes a second. The better one is what the fit ends with.

    Args:
        image: (H, W, C) in [0, 1].
        config: of the fit.
        training: its training.
        device: that solves and trains; files are made on the processor.
        memory: see `inr.fit`.
        progress: called after every step.

    Raises:
        ConfigError: the picture cannot be made so small, or the memory is too little.
        TrainingError: the error did not stay finite.
    """
    length = Length(steps=max(training.steps, 1), seconds=config.seconds)
    max_bytes = bytes_allowed(image, config)
    config, training, overhead = sized(image, config, training, max_bytes)
    memory_limit(image, config, memory, device)
    end = _closed_form(image, config, training, max_bytes, length, device)
    said = []
    refines = training.steps > 0 and end.lmbda >= training.idle_below
    if refines and length.fraction(0) < 1.0:
        give_back_freed_memory()
        begin = dataclasses.replace(training, lmbda=end.lmbda)
        trained = _trained(image, config, begin, (max_bytes, overhead), length, device, progress)
        if not trained.whole:
            said.append(f"time limit of {config.seconds:g} s")
        if badness(trained, config, max_bytes) <= badness(end, config, max_bytes):
            end = trained
        else:
            end = dataclasses.replace(end, refinement=trained.refinement)
            said.append("joint training gained nothing, so the file holds the closed form")
    elif refines or not end.whole:
        said.append(f"time limit of {config.seconds:g} s")
    give_back_freed_memory()
    if config.target_psnr is not None:
        said += missed(end.error, config.target_psnr)
    seconds, refinement = length.elapsed, end.refinement
    if refinement is not None:  # its time is all that the grades' own parts did not take
        refinement = dataclasses.replace(refinement, seconds=seconds - sum(log.seconds for log in end.grades))
    return FitResult(
        model=end.encoded.model,
        config=end.config,
        grades=end.grades,
        refinement=refinement,
        device=str(device),
        precision="float32",
        seconds=seconds,
        stopped=", ".join(said) or None,
        encoded=end.encoded,
    )


def _closed_form(
    image: Image,
    config: FitConfig,
    training: JointTraining,
    max_bytes: int | None,
    length: Length,
    device: torch.device,
) -> End:
    """Return the closed form; where a limit or a PSNR is asked for, the best of several lambdas, as far as time allows.

    Bytes do not fall evenly with lambda, as rounded networks take now more, now less. So the secant method is kept
    between a lambda that was too small and one that was too large, and the best file seen is what is returned.
    """
    assert training.lmbda is not None, "sized() has chosen one"
    wanted = max_bytes is not None or config.target_psnr is not None
    profile, best, (low, high) = profile_bytes(image), None, _LMBDAS
    lmbda = max(training.lmbda, low) if wanted else training.lmbda
    seen: list[tuple[float, float]] = []
    if training.sized:  # the closed form is linear: more neurons would have no part in the picture
        grades = tuple(dataclasses.replace(shape, width=image.channels) for shape in config.grades)
        config = dataclasses.replace(config, grades=grades)
    for _ in range(_SOLUTIONS if wanted else 1):
        state = JointState(image, config, training, lmbda, device)
        logs = solve(state)
        if best is None and max_bytes is not None and max_bytes < _LITTLE + profile:
            state.dead_zone = HOPELESS
            refuse(max_bytes, finished(state, FEW)[0], profile)
            state.dead_zone = 0.5
        end = ended(state, logs, None, None)
        del state  # before the next takes as much memory
        best = end if best is None else min(best, end, key=lambda one: badness(one, config, max_bytes))
        off, slope = _off(end, config, max_bytes)
        if abs(off) < _NEAR:
            break
        if wanted and length.fraction(0) >= 1.0:
            best = dataclasses.replace(best, whole=False)
            break
        low, high = (low, lmbda) if (off > 0.0) == (slope > 0.0) else (lmbda, high)
        seen.append((math.log(lmbda), off))
        lmbda = math.exp(_secant(seen[-2:], slope))
        lmbda = lmbda if low < lmbda < high else math.sqrt(low * high)
    assert best is not None
    if max_bytes is not None and best.size > max_bytes:
        state = JointState(image, config, training, best.lmbda, device)
        best = dataclasses.replace(ended(state, solve(state), None, max_bytes), whole=best.whole)
    return best


def _off(end: End, config: FitConfig, max_bytes: int | None) -> tuple[float, float]:
    """Return log(bytes or error of an end / those wanted), and the power of lambda that they follow, about."""
    if config.target_psnr is not None:
        return math.log(end.error / 10.0 ** (-config.target_psnr / 10.0)), _ERROR_BY_LAMBDA
    return 0.0 if max_bytes is None else math.log(end.size / (_AIM * max_bytes)), _BYTES_BY_LAMBDA


def _secant(seen: list[tuple[float, float]], slope: float) -> float:
    """Return the log lambda at which the offset is about zero: on the line through the last two points.

    Where their line is far from the slope that is usual, it is a line of that slope through the last point.

    Args:
        seen: (log lambda, offset), the last two or the only one.
        slope: the usual one.
    """
    (x0, y0), (x1, y1) = seen[0], seen[-1]
    measured = (y1 - y0) / (x1 - x0) if x1 != x0 else slope
    if not 0.1 < measured / slope < 3.0:
        measured = slope
    return x1 - min(max(y1 / measured, -3.0), 3.0)


def _trained(
    image: Image,
    config: FitConfig,
    training: JointTraining,
    limit: tuple[int | None, float],
    length: Length,
    device: torch.device,
    progress: Callable[[Progress], None] | None,
) -> End:
    """Solve the closed form, train it jointly, and return its file.

    Args:
        image: the source.
        config: of the fit.
        training: its training, with a lambda.
        limit: bytes of the file or None, and the bytes that all but the latents take, about.
        length: of the fit.
        device: that trains.
        progress: called after every step.
    """
    lmbda, (max_bytes, overhead) = training.lmbda, limit
    assert lmbda is not None, "the closed form's"

    def attempt(rate: float, rest: Length) -> tuple[JointState, list[GradeLog], int]:
        state = JointState(image, config, training, lmbda, device)
        logs = solve(state)
        control = RateControl(state, max_bytes, config.target_psnr, overhead + profile_bytes(image))

        def on_step(done: int, fraction: float, error: float) -> None:
            control.turn(done, fraction)
            if progress is not None:
                progress(_progress(state, done, fraction, error, length.elapsed))

        return state, logs, refine(state, rest, rate=rate / training.network_rate, on_step=on_step)

    (state, logs, done), rate = retry(
        attempt, training.network_rate, length, what="joint training", hint="give another --seed"
    )
    log = GradeLog(steps=done, seconds=length.elapsed, learning_rate=rate, psnr_db=psnr(state.error()))
    return dataclasses.replace(ended(state, logs, log, max_bytes), whole=done >= training.steps)


def bytes_allowed(image: Image, config: FitConfig) -> int | None:
    """Return the bytes that a fit's model file may have, or None if there is no limit."""
    if config.target_bpp is not None:
        return max(1, int(config.target_bpp * image.width * image.height / 8.0))
    return config.max_bytes


def _progress(state: JointState, done: int, fraction: float, error: float, seconds: float) -> Progress:
    grades = len(state.grades)
    return Progress(
        grade=grades,
        grades=grades,
        step=done,
        done=done,
        fraction=fraction,
        grade_fraction=fraction,
        seconds=seconds,
        loss=error / 2.0,
        psnr_db=psnr(error),
        leftover=state.leftover,
    )
