"""Image and what its file may be -> the compact model that keeps to it: the search for the weight of a bit."""

import dataclasses
import math
import time
from collections.abc import Callable

import numpy as np
import torch

from inr.codec.model_file import model_to_bytes
from inr.config import CompactConfig, FitConfig
from inr.errors import ConfigError
from inr.imaging.image import Image, quantize
from inr.networks.model import Model, program_versions
from inr.training.compact import SETTLED, Compact, best_step
from inr.training.decompose import Reading, decompose, entropy
from inr.training.engine import Step
from inr.training.result import FitResult, GradeLog, Progress
from inr.training.settle import settle_networks

_SLACK = 4
"""Bytes by which what is written down of a fit may deflate worse than what `_size` puts in its place."""
_CONTEXT_GAIN = 0.75
"""Bits of the trained numbers over those of the decomposition, about."""
_TRAINING_GAIN = 4.0
"""Mean squared error of the decomposition over that of the trained fit, about."""
_NEAR_DB = 0.1
_STEERED = (0.1, 0.94)
"""Share of the training in which the weight of a bit is moved."""
_EVERY, _LEAST_STEPS = 0.02, 20
"""Share of the training, and steps at least, from one move to the next."""
_AT_ONCE, _IN_TIME = 1.5, 16.0
"""How far a move follows what is off, and what was off since: in logarithms, the second for all of the training.

Bits fall, and the error grows, as about the 0.6th power of the weight, but a tenth or more of the training later.
"""
_FALL, _RISE, _GAIN = 0.22, 4e-4, 2.0
"""How bits fall and rise again, see `_Steering._growth`, and how PSNR still rises, in dB for all of the training."""
_WEIGHTS = (1e-8, 0.9)
_MEASURED = (0.4, 0.6, 0.75, 0.85, 0.92, math.inf)
"""Shares after which a file is written to see what it takes besides the numbers, and what its rounding loses."""
_NETWORKS = ((3_000, (8, 4), 900), (10_000, (12, 8), 1_500), (60_000, (16, 12), 2_400), (math.inf, (24, 16), 4_000))
"""Neurons of a grade and of the context for files of less than so many bytes, and what they then take, about."""
_USUAL_BPP = 0.5
"""Bits per pixel that networks are made for where no bytes are asked for."""
_HOPELESS = 1e6
_LONGEST = 16_384
"""Pixels of a side, whose square a fit's way of reading planes grows with."""
_FEW = 4096
"""Pixels that the rounding of networks looks at where only their bytes matter."""
_AIM = 0.995
"""Share of the bytes allowed that is aimed at: what is over in the end costs more than what is left."""


def fit_compact(image: Image, config: FitConfig, progress: Callable[[Progress], None] | None) -> FitResult:
    """Fit a picture to as few bytes as its quality allows, or as well as its bytes allow.

    Args:
        image: (H, W, C) in [0, 1].
        config: with a `compact` part.
        progress: called after every step.

    Raises:
        ConfigError: the picture is too long, or cannot be made so small.
    """
    assert config.compact is not None
    start = time.perf_counter()
    if max(image.width, image.height) > _LONGEST:
        raise ConfigError(
            f"{image.name} is {image.width} x {image.height}; compact fits take sides of up to {_LONGEST:,} pixels."
        )
    wanted = _bytes_wanted(image, config.compact)
    config, compact, overhead = _sized(image, config, config.compact, wanted)
    fit = Compact(image, config, compact, _first_weight(image, config, wanted, overhead))
    steering = _Steering(fit, wanted, config.target_psnr, overhead)

    def step(done: int, spent: float, error: float) -> None:
        steering.turn(done, spent)
        if progress is not None:
            at = Step(step=done, loss=error / 2.0, psnr_db=-10.0 * math.log10(max(error, 1e-20)))
            progress(
                Progress(
                    grade=len(config.grades),
                    grades=len(config.grades),
                    steps=compact.steps,
                    at=at,
                    done=done,
                    total=compact.steps,
                    seconds=time.perf_counter() - start,
                    leftover=fit.leftover,
                )
            )

    done = fit.train(step, began=start)
    model = settle_networks(fit.model(), fit.weight, fit.shares)
    if wanted is not None and _size(model) > wanted:
        model = _cut(fit, wanted)
    seconds = time.perf_counter() - start
    shared = GradeLog(steps=done, seconds=seconds / len(config.grades), learning_rate=compact.network_rate)
    return FitResult(
        model=model,
        config=dataclasses.replace(config, compact=dataclasses.replace(compact, weight=fit.weight)),
        grades=(shared,) * len(config.grades),
        device="cpu",
        precision="float32",
        seconds=seconds,
        stopped=_said(image, model, config, done < compact.steps),
    )


def _said(image: Image, model: Model, config: FitConfig, cut_short: bool) -> str | None:
    """Return what is to be said of the end: the time ran out, or the PSNR is not the one that was asked for."""
    if cut_short:
        return f"time limit of {config.seconds:g} s"
    if config.target_psnr is None:
        return None
    reached = -10.0 * math.log10(_error(image, model))
    if abs(reached - config.target_psnr) <= _NEAR_DB:
        return None
    return f"{reached:.2f} dB where {config.target_psnr:g} were asked for"


def _error(image: Image, model: Model) -> float:
    """Return the mean squared error of a model's picture as it will be measured, clipped and in whole levels."""
    drawn = quantize(model.render(), image.bit_depth)
    wrong = drawn / np.float32(np.iinfo(drawn.dtype).max) - image.pixels
    return max(float(np.square(wrong).mean()), 1e-20)


def _bytes_wanted(image: Image, compact: CompactConfig) -> int | None:
    if compact.target_bpp is not None:
        return max(1, int(compact.target_bpp * image.width * image.height / 8.0))
    return compact.max_bytes


def _sized(
    image: Image, config: FitConfig, compact: CompactConfig, wanted: int | None
) -> tuple[FitConfig, CompactConfig, float]:
    """Return the configuration for a picture, and the bytes that all but the numbers of planes may take.

    Networks leave most of the bytes to the planes; these get the colours that there are, and alpha if there is.
    """
    expected = wanted or image.width * image.height * _USUAL_BPP / 8.0
    (width, hidden), overhead = next((sizes, taken) for most, sizes, taken in _NETWORKS if expected < most)
    compact = dataclasses.replace(compact, hidden=hidden)
    colours, alpha = (1, 3)[image.channels > 2], int(image.channels in (2, 4))
    grades = tuple(
        dataclasses.replace(
            own,
            width=width,
            planes=tuple(
                dataclasses.replace(plane, channels=min(plane.channels, colours) + alpha) for plane in own.planes
            ),
        )
        for own in config.grades
    )
    return dataclasses.replace(config, grades=grades, compact=compact), compact, overhead


def _first_weight(image: Image, config: FitConfig, wanted: int | None, overhead: float) -> float:
    """Return a weight of a bit that may lead to the bytes, or the PSNR, that are wanted."""
    assert config.compact is not None
    if config.compact.weight is not None:
        return config.compact.weight
    pixels = torch.from_numpy(image.pixels).permute(2, 0, 1)
    pixels = pixels - pixels.mean((1, 2), keepdim=True)
    layout = [plane for own in config.grades for plane in own.planes]
    readings = [Reading(plane, image.width, image.height) for plane in layout]
    low, high = -26.0, -2.0
    for _ in range(8):
        middle = (low + high) / 2.0
        planes, error = decompose(pixels, layout, readings, best_step(2.0**middle))
        if wanted is not None:
            too_fine = entropy(planes) * _CONTEXT_GAIN > 8.0 * max(wanted - overhead, 0.1 * wanted)
        else:
            assert config.target_psnr is not None
            too_fine = error < _TRAINING_GAIN * math.pow(10.0, -config.target_psnr / 10.0)
        low, high = (middle, high) if too_fine else (low, middle)
    return float(2.0 ** ((low + high) / 2.0))


class _Steering:
    """Makes a bit weigh more if too many are spent or the PSNR is better than asked for, and less if not."""

    def __init__(self, fit: Compact, wanted: int | None, target_psnr: float | None, overhead: float) -> None:
        self._fit, self._wanted, self._target = fit, wanted, target_psnr
        self._overhead, self._loss, self._measured = overhead, 1.0, 0
        self._from, self._last, self._off, self._settled = _LEAST_STEPS, _STEERED[0] - _EVERY, 0.0, False

    def turn(self, done: int, spent: float) -> None:
        """Change the weight by what is seen after so many steps, a share of the training, if it is time to."""
        if self._wanted is not None and spent >= SETTLED and not self._settled:
            self._settled = True
            _drop(self._fit, 8.0 * (_AIM * self._wanted - self._overhead))
        since = spent - self._last
        if done < self._from or since < _EVERY or spent > _STEERED[1]:
            return
        if self._wanted is None and self._target is None:
            return
        self._from, self._last = done + _LEAST_STEPS, spent
        if spent >= _MEASURED[self._measured]:
            self._measured += 1
            model = settle_networks(self._fit.model(), self._fit.weight, self._fit.shares, pixels=_FEW)
            self._overhead = _size(model) - self._fit.bits() / 8.0
            self._loss = _error(self._fit.image, model) / max(self._fit.error(), 1e-20)
        before, self._off = self._off, math.log(self._beyond(spent))
        change = _AT_ONCE * (self._off - before) + _IN_TIME * min(since, 2.0 * _EVERY) * self._off
        weight = self._fit.weight * math.exp(min(max(change, -0.5), 0.5))
        self._fit.weight = min(max(weight, _WEIGHTS[0]), _WEIGHTS[1])

    def _beyond(self, spent: float) -> float:
        """Return the bytes expected at the end over those wanted, or the error wanted over the one expected."""
        if self._wanted is not None:
            numbers = self._fit.bits() / 8.0 / self._growth(spent)
            return (numbers + max(self._overhead, 1.0)) / (_AIM * self._wanted)
        assert self._target is not None
        error = self._fit.error() * self._loss * 10.0 ** (-_GAIN * (_STEERED[1] - spent) / 10.0)
        return float(10.0 ** (-self._target / 10.0) / max(error, 1e-20))

    def _growth(self, spent: float) -> float:
        """Return the bits of the numbers over those at the end, about, by how few they are (measured at five rates)."""
        each = max(self._fit.bits() / len(self._fit.numbers.flat), 0.05)
        falling = _FALL * max(-math.log(each), 0.0) * max(0.7 - spent, 0.0)
        return 1.0 + falling - _RISE / each**2 * min((SETTLED - spent) / 0.2, 1.0)


def _drop(fit: Compact, bits: float) -> None:
    """Make the smallest numbers zero, so that the rest cost at most about so much."""
    low, high = 0.5, 0.5
    while fit.bits() > bits and high < _HOPELESS:
        low, high = high, 2.0 * high
        fit.least = high
    while high - low > 1e-3:
        fit.least = (low + high) / 2.0
        low, high = (fit.least, high) if fit.bits() > bits else (low, fit.least)
    fit.least = high


def _size(model: Model) -> int:
    """Return the bytes of a model's file, with what will be written down of the fit once it is measured."""
    psnr = tuple(17.3958 + 20.5379 * number for number in range(len(model.grades)))  # digits that deflate badly
    record = dataclasses.replace(model.record, psnr_db=psnr, versions=program_versions())
    return len(model_to_bytes(dataclasses.replace(model, record=record))) + _SLACK


def _cut(fit: Compact, wanted: int) -> Model:
    """Return the model with its smallest numbers made zero, and coarser networks, as far as it takes to keep a size.

    Raises:
        ConfigError: no numbers are left, and the file is still too large.
    """
    low, high, best = fit.least, 2.0 * fit.least, None
    while best is None or high - low > 0.002 * high:
        fit.least = high if best is None else (low + high) / 2.0
        model = settle_networks(fit.model(), fit.weight * max(fit.least, 1.0), fit.shares, pixels=_FEW)
        size = _size(model)
        if size <= wanted:
            best, high = model, fit.least
        elif best is not None:
            low = fit.least
        elif fit.least > _HOPELESS:
            raise ConfigError(f"this picture does not fit in {wanted:,} bytes; the least seen was {size:,}.")
        else:
            low, high = high, 2.0 * high
    return best
