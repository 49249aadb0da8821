"""Image and configuration -> a model by joint training that keeps to a limit on bytes, or comes to a PSNR."""

import dataclasses
import math
import zlib
from collections.abc import Callable

import torch

from inr.codec.model_file import Encoded
from inr.device import give_back_freed_memory
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.imaging.sampling import spacing
from inr.settings.config import FitConfig, JointTraining
from inr.training.joint.closed_form import solve
from inr.training.joint.rate_control import FEW, RateControl, mean_squared_error, smallest
from inr.training.joint.sizing import sized
from inr.training.joint.state import JointState
from inr.training.joint.trainer import refine
from inr.training.loop import Length, retry
from inr.training.memory import memory_limit
from inr.training.result import FitResult, GradeLog, Progress
from inr.training.rounding.networks import SAMPLE, round_networks

_NEAR_DB = 0.1
_HOPELESS = 1e6
"""A dead zone in which all latents become zero."""
_LITTLE = 1_000
"""A file whose latents are all zero may take more bytes than that, colour profile not counted."""
_SOLUTIONS, _NEAR = 5, 0.01
"""Closed forms at most that are solved to find the lambda of a limit, and how near it, in logarithms, is enough."""
_BYTES_BY_LAMBDA, _ERROR_BY_LAMBDA = -0.5, 0.75
"""Powers of lambda that the bytes of a file and its error follow, about."""
_AIM = 0.99
"""Part of the bytes allowed that the closed form aims at."""


def fit_joint(
    image: Image,
    config: FitConfig,
    training: JointTraining,
    memory: float | None,
    progress: Callable[[Progress], None] | None,
) -> FitResult:
    """Fit a picture to as few bytes as its quality allows, or as well as its bytes allow.

    Args:
        image: (H, W, C) in [0, 1].
        config: of the fit.
        training: its training.
        memory: see `inr.fit`.
        progress: called after every step.

    Raises:
        ConfigError: the picture cannot be made so small, or the memory is too little.
        TrainingError: the error did not stay finite.
    """
    length = Length(steps=max(training.steps, 1), seconds=config.seconds)
    max_bytes = bytes_allowed(image, config)
    config, training, overhead = sized(image, config, training, max_bytes)
    profile = len(zlib.compress(image.icc_profile, 9)) if image.icc_profile and not is_srgb(image.icc_profile) else 0
    overhead += profile
    memory_limit(image, config, memory, torch.device("cpu"))

    def attempt(rate: float, rest: Length) -> tuple[JointState, list[GradeLog], int]:
        state, logs = _solved(image, config, training, max_bytes, overhead)
        if max_bytes is not None and max_bytes < _LITTLE + profile:
            state.dead_zone = _HOPELESS
            _refuse(max_bytes, _finished(state, FEW)[0], profile)
            state.dead_zone = 0.5
        if not training.steps or rest.fraction(0) >= 1.0:
            return state, logs, 0
        control = RateControl(state, max_bytes, config.target_psnr, overhead)

        def on_step(done: int, fraction: float, error: float) -> None:
            control.turn(done, fraction)
            if progress is not None:
                progress(_progress(state, done, fraction, error, length.elapsed))

        return state, logs, refine(state, rest, rate=rate / training.network_rate, on_step=on_step)

    (state, logs, done), rate = retry(
        attempt, training.network_rate, length, what="joint training", hint="give another --seed"
    )
    give_back_freed_memory()
    size, encoded = smallest(round_networks(state.model(), state.lmbda, state.prefix_weights))
    if max_bytes is not None and size > max_bytes:
        encoded = _cut(state, max_bytes, profile)
    spent = length.elapsed - sum(log.seconds for log in logs)
    refinement = GradeLog(steps=done, seconds=spent, learning_rate=rate, psnr_db=_psnr(state.error()))
    return FitResult(
        model=encoded.model,
        config=dataclasses.replace(config, training=dataclasses.replace(training, lmbda=state.lmbda)),
        grades=tuple(logs),
        refinement=refinement if done else None,
        device="cpu",
        precision="float32",
        seconds=length.elapsed,
        stopped=_said(image, encoded, config, done < training.steps),
        encoded=encoded,
    )


def bytes_allowed(image: Image, config: FitConfig) -> int | None:
    """Return the bytes that a fit's model file may have, or None if there is no limit."""
    if config.target_bpp is not None:
        return max(1, int(config.target_bpp * image.width * image.height / 8.0))
    return config.max_bytes


def _solved(
    image: Image, config: FitConfig, training: JointTraining, max_bytes: int | None, overhead: float
) -> tuple[JointState, list[GradeLog]]:
    """Return the closed form; where a limit or a PSNR is asked for, at a lambda that comes near it."""
    assert training.lmbda is not None, "sized() has chosen one"
    lmbda, solved = training.lmbda, 0
    while True:
        solved += 1
        state = JointState(image, config, training, lmbda)
        logs = solve(state)
        if max_bytes is not None:
            size = state.bits() / 8.0 + overhead if training.steps else _finished(state, FEW)[0]
            off = math.log(size / (_AIM * max_bytes)) / _BYTES_BY_LAMBDA
        elif config.target_psnr is not None:
            off = math.log(state.error() / 10.0 ** (-config.target_psnr / 10.0)) / _ERROR_BY_LAMBDA
        else:
            return state, logs
        if abs(off) < _NEAR or solved == _SOLUTIONS:
            return state, logs
        lmbda = min(max(lmbda * math.exp(-min(max(off, -2.0), 2.0)), 1e-8), 0.9)
        del state  # before the next takes as much memory


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
        psnr_db=_psnr(error),
        leftover=state.leftover,
    )


def _psnr(error: float) -> float:
    return -10.0 * math.log10(max(error, 1e-20))


def _said(image: Image, encoded: Encoded, config: FitConfig, cut_short: bool) -> str | None:
    """Return what is to be said of the end: the time ran out, or the PSNR is not the one that was asked for."""
    said = [f"time limit of {config.seconds:g} s"] if cut_short else []
    if config.target_psnr is not None:
        reached = _psnr(mean_squared_error(image, encoded.model, spacing(config.pixels)))
        if abs(reached - config.target_psnr) > _NEAR_DB:
            said.append(f"reached {reached:.2f} dB of the {config.target_psnr:g} dB asked for")
    return ", ".join(said) or None


def _refuse(max_bytes: int, least: int, profile: int) -> None:
    """Raise ConfigError if a file whose latents are all zero, of `least` bytes, does not keep the limit."""
    if least > max_bytes:
        of_those = f", {profile:,} of them its colour profile" if profile else ""
        raise ConfigError(f"this picture does not fit in {max_bytes:,} bytes; the least seen was {least:,}{of_those}.")


def _cut(state: JointState, max_bytes: int, profile: int) -> Encoded:
    """Return a model that keeps a limit: a wider dead zone and coarser networks, as far as it takes.

    Raises:
        ConfigError: no latents are left, and the file is still too large.
    """
    low, high, best = state.dead_zone, 2.0 * state.dead_zone, None
    while best is None or high - low > 0.002 * high:
        state.dead_zone = high if best is None else (low + high) / 2.0
        size, encoded = _finished(state, FEW)
        if size <= max_bytes:
            best, high = encoded, state.dead_zone
        elif best is not None:
            low = state.dead_zone
        else:
            if state.dead_zone > _HOPELESS:
                _refuse(max_bytes, size, profile)
            low, high = high, 2.0 * high
    state.dead_zone = high
    size, encoded = _finished(state, SAMPLE)
    return encoded if size <= max_bytes else best


def _finished(state: JointState, pixels: int) -> tuple[int, Encoded]:
    """Return size and file of the model as it is now; its networks are rounded as coarsely as the dead zone is wide."""
    lmbda = state.lmbda * max(state.dead_zone, 1.0)
    return smallest(round_networks(state.model(), lmbda, state.prefix_weights, pixels=pixels))
