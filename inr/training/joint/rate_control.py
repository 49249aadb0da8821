"""A joint training in progress and the bytes or PSNR wanted -> lambda, changed so that the fit ends there.

The controller is proportional-integral on log lambda: it compares the bytes (or the error) that it expects at the end
with those wanted, and moves lambda by the change of that ratio and by the ratio itself.
"""

import math

from inr.imaging.sampling import spacing
from inr.training.joint.finish import FEW, finished, mean_squared_error
from inr.training.joint.state import JointState
from inr.training.joint.trainer import LATENTS_END

_AIM = 0.995
"""Part of the bytes allowed that is aimed at: bytes too many at the end cost more quality than bytes left over."""
_CONTROLLED = (0.1, 0.94)
"""Fractions of the training between which lambda is moved."""
_EVERY, _LEAST_STEPS = 0.02, 20
"""Fraction of the training, and steps at least, from one move to the next."""
_PROPORTIONAL, _INTEGRAL = 1.5, 16.0
"""Gains of the controller, in log lambda per log of the ratio; the second over the whole training.

Bits fall, and the error grows, as about the 0.6th power of lambda, but a tenth or more of the training later.
"""
_FALL, _RISE, _GAIN = 0.22, 4e-4, 2.0
"""How bits fall and rise again, see `_growth`, and how PSNR still rises, in dB over the whole training."""
_LMBDAS = (1e-8, 0.9)
"""Least and largest lambda."""
_MEASURED = (0.45, 0.7, 0.88, math.inf)
"""Fractions after which a file is encoded to see what it takes beside the latents, and what its rounding loses."""
_DROPPED = 1.4
"""Largest dead zone that may be set before the networks' last steps; if more has to go, it does at the end."""


class RateControl:
    """Raises lambda if too many bytes are spent or the PSNR is better than asked for, and lowers it if not."""

    def __init__(self, state: JointState, max_bytes: int | None, target_psnr: float | None, overhead: float) -> None:
        """Begin.

        Args:
            state: whose lambda and dead zone are changed.
            max_bytes: of the file, or None.
            target_psnr: in dB, or None.
            overhead: bytes that all but the latents take, about.
        """
        self._state, self._max_bytes, self._target = state, max_bytes, target_psnr
        self._overhead, self._loss, self._measured = overhead, 1.0, 0
        self._next_step, self._last, self._off, self._dropped = _LEAST_STEPS, _CONTROLLED[0] - _EVERY, 0.0, False

    def turn(self, done: int, fraction: float) -> None:
        """Change lambda after so many steps, a fraction of the training, if it is time to."""
        if self._max_bytes is not None and fraction >= LATENTS_END and not self._dropped:
            self._dropped = True
            self._measure()
            _widen_dead_zone(self._state, 8.0 * (_AIM * self._max_bytes - self._overhead))
        since = fraction - self._last
        if done < self._next_step or since < _EVERY or fraction > _CONTROLLED[1]:
            return
        if self._max_bytes is None and self._target is None:
            return
        self._next_step, self._last = done + _LEAST_STEPS, fraction
        if fraction >= _MEASURED[self._measured]:
            self._measured += 1
            self._measure()
        before, self._off = self._off, math.log(self._ratio(fraction))
        change = _PROPORTIONAL * (self._off - before) + _INTEGRAL * min(since, 2.0 * _EVERY) * self._off
        lmbda = self._state.lmbda * math.exp(min(max(change, -0.5), 0.5))
        self._state.lmbda = min(max(lmbda, _LMBDAS[0]), _LMBDAS[1])

    def _measure(self) -> None:
        """Encode a file to see what it takes beside the latents, and, for a target PSNR, what its rounding loses."""
        state = self._state
        size, encoded = finished(state, FEW)
        self._overhead = size - state.bits() / 8.0
        if self._target is not None:
            self._loss = mean_squared_error(state.image, encoded.model, spacing(state.config.pixels)) / max(
                state.error(), 1e-20
            )

    def _ratio(self, fraction: float) -> float:
        """Return the bytes expected at the end over those wanted, or the error wanted over the one expected."""
        if self._max_bytes is not None:
            latents = self._state.bits() / 8.0 / self._growth(fraction)
            return (latents + max(self._overhead, 1.0)) / (_AIM * self._max_bytes)
        assert self._target is not None
        error = self._state.error() * self._loss * 10.0 ** (-_GAIN * (_CONTROLLED[1] - fraction) / 10.0)
        return float(10.0 ** (-self._target / 10.0) / max(error, 1e-20))

    def _growth(self, fraction: float) -> float:
        """Return the bits of the latents now over those at the end, by how few they are (measured at five rates)."""
        each = max(self._state.bits() / len(self._state.latents.flat), 0.05)
        falling = _FALL * max(-math.log(each), 0.0) * max(0.7 - fraction, 0.0)
        return 1.0 + falling - _RISE / each**2 * min((LATENTS_END - fraction) / 0.2, 1.0)


def _widen_dead_zone(state: JointState, bits: float) -> None:
    """Widen the dead zone until the latents cost at most about so many bits."""
    low, high = 0.5, _DROPPED
    if state.bits() <= bits:
        return
    while high - low > 1e-3:
        state.dead_zone = (low + high) / 2.0
        low, high = (state.dead_zone, high) if state.bits() > bits else (low, state.dead_zone)
    state.dead_zone = high
