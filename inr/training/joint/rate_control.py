"""A compact fit in progress and the bytes or PSNR wanted -> the weight of a bit, changed so that it ends there."""

import dataclasses
import math

import numpy as np

from inr.codec.model_file import model_to_bytes
from inr.imaging.image import Image, quantize
from inr.networks.model import Model, program_versions
from inr.training.joint.trainer import SETTLED, Compact
from inr.training.rounding.networks import settle_networks

FEW = 4096
"""Pixels that the rounding of networks looks at where only their bytes matter."""
_AIM = 0.995
"""Share of the bytes allowed that is aimed at: what is over in the end costs more than what is left."""
_SLACK = 4
"""Bytes by which what is written down of a fit may deflate worse than what `file_size` puts in its place."""
_STEERED = (0.1, 0.94)
"""Share of the training in which the weight of a bit is moved."""
_EVERY, _LEAST_STEPS = 0.02, 20
"""Share of the training, and steps at least, from one move to the next."""
_AT_ONCE, _IN_TIME = 1.5, 16.0
"""How far a move follows what is off, and what was off since: in logarithms, the second for all of the training.

Bits fall, and the error grows, as about the 0.6th power of the weight, but a tenth or more of the training later.
"""
_FALL, _RISE, _GAIN = 0.22, 4e-4, 2.0
"""How bits fall and rise again, see `Steering._growth`, and how PSNR still rises, in dB for all of the training."""
_WEIGHTS = (1e-8, 0.9)
_MEASURED = (0.45, 0.7, 0.88, math.inf)
"""Shares after which a file is written to see what it takes besides the numbers, and what its rounding loses."""
_DROPPED = 1.4
"""Largest magnitude of numbers that may become zero when numbers settle; if more has to go, it does at the end."""


class Steering:
    """Makes a bit weigh more if too many are spent or the PSNR is better than asked for, and less if not."""

    def __init__(self, fit: Compact, wanted: int | None, target_psnr: float | None, overhead: float) -> None:
        self._fit, self._wanted, self._target = fit, wanted, target_psnr
        self._overhead, self._loss, self._measured = overhead, 1.0, 0
        self._from, self._last, self._off, self._settled = _LEAST_STEPS, _STEERED[0] - _EVERY, 0.0, False

    def turn(self, done: int, spent: float) -> None:
        """Change the weight by what is seen after so many steps, a share of the training, if it is time to."""
        if self._wanted is not None and spent >= SETTLED and not self._settled:
            self._settled = True
            self._measure()
            _drop(self._fit, 8.0 * (_AIM * self._wanted - self._overhead))
        since = spent - self._last
        if done < self._from or since < _EVERY or spent > _STEERED[1]:
            return
        if self._wanted is None and self._target is None:
            return
        self._from, self._last = done + _LEAST_STEPS, spent
        if spent >= _MEASURED[self._measured]:
            self._measured += 1
            self._measure()
        before, self._off = self._off, math.log(self._beyond(spent))
        change = _AT_ONCE * (self._off - before) + _IN_TIME * min(since, 2.0 * _EVERY) * self._off
        weight = self._fit.weight * math.exp(min(max(change, -0.5), 0.5))
        self._fit.weight = min(max(weight, _WEIGHTS[0]), _WEIGHTS[1])

    def _measure(self) -> None:
        """Write a file to see what it takes besides the numbers, and, where that matters, what its rounding loses."""
        size, model = smallest(settle_networks(self._fit.model(), self._fit.weight, self._fit.shares, pixels=FEW))
        self._overhead = size - self._fit.bits() / 8.0
        if self._target is not None:
            self._loss = mean_squared_error(self._fit.image, model) / max(self._fit.error(), 1e-20)

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
    low, high = 0.5, _DROPPED
    if fit.bits() <= bits:
        return
    while high - low > 1e-3:
        fit.least = (low + high) / 2.0
        low, high = (fit.least, high) if fit.bits() > bits else (low, fit.least)
    fit.least = high


def file_size(model: Model) -> int:
    """Return the bytes of a model's file, with what will be written down of the fit once it is measured."""
    psnr = tuple(17.3958 + 20.5379 * number for number in range(len(model.grades)))  # digits that deflate badly
    record = dataclasses.replace(model.record, psnr_db=psnr, versions=program_versions())
    return len(model_to_bytes(dataclasses.replace(model, record=record))) + _SLACK


def smallest(model: Model) -> tuple[int, Model]:
    """Return the bytes of a model's file, and the model; without its context, which many numbers pay for, if less."""
    alone = dataclasses.replace(model, context=None)
    return min(((file_size(each), each) for each in (model, alone)), key=lambda pair: pair[0])


def mean_squared_error(image: Image, model: Model) -> float:
    """Return the mean squared error of a model's picture as it will be measured, clipped and in whole levels."""
    drawn = quantize(model.render(), image.bit_depth)
    wrong = drawn / np.float32(np.iinfo(drawn.dtype).max) - image.pixels
    return max(float(np.square(wrong).mean()), 1e-20)
