"""Image and configuration -> a model trained on L = D + lambda R, all grades together.

    L = D_L + sum_l w_l D_l + lambda R

D_l is the mean squared error of the picture after grade l, w_l a small weight that keeps each prefix a picture, and R
the bits per pixel that the entropy model predicts for the latents (Dupont et al. 2021, arXiv 2103.03123; Ladune et al.
2023, Cool-Chic, arXiv 2212.05458). What is learned: latents on feature planes, the grades' networks that turn them into
colours, and the entropy model.
"""

import math
from collections.abc import Callable, Sequence
from typing import cast

import torch
from torch import Tensor

from inr.imaging.sampling import row_samples
from inr.networks.layers import Dense
from inr.networks.planes import plane_shape
from inr.training.joint.state import JointState
from inr.training.loop import Length, cosine, train
from inr.training.optimizers import Adam

LATENTS_END = 0.95
"""Fraction of the training after which latents stay as they are, and only the networks learn."""
_DRAWN = 65_536
"""Pixels, about, whose gradient is computed at once."""
_LOWEST_FACTOR = 0.02
"""Factor on all learning rates at the end."""


def refine(state: JointState, length: Length, *, rate: float, on_step: Callable[[int, float, float], None]) -> int:
    """Train everything together on L = D + lambda R and return the steps done.

    Where D + lambda R, at the lambda of the end, is larger than it was at the beginning, the beginning is put back.

    Args:
        state: changed in place.
        length: in steps and seconds.
        rate: factor on all learning rates.
        on_step: told after every step how many are done, the fraction spent and the mean squared error.

    Raises:
        DivergedError: the error did not stay finite.
    """
    training, updates = state.training, _Updates(state)
    layers = [cast(Dense, layer) for grade in state.grades for layer in (*grade.layers, grade.head)]
    weights = [parameter for layer in layers for parameter in (layer.weight, layer.bias)]
    network_rate = rate * training.network_rate * math.sqrt(state.lmbda)
    networks = Adam(weights, lr=network_rate, betas=(0.9, 0.99), eps=1e-12, fused=True)

    def update(done: int, fraction: float, factor: float) -> float:
        return updates.step(done, fraction, rate * training.latent_rate * factor)

    def report(done: int, fraction: float, error: float) -> bool:
        state.entropy_model.learn_batch(
            state.latents.flat, state.rounded, rate=rate * training.entropy_model_rate * _schedule(fraction)
        )
        on_step(done, fraction, error)
        return False

    start, dead_zone = (state.error(), state.bits()), state.dead_zone
    kept = [tensor.detach().clone() for tensor in state.learned()]
    done = train(update, (networks,), length, schedule=_schedule, on_step=report)
    state.entropy_model.predict_all(state.rounded(state.latents.flat))
    if state.cost() > state.cost(start):
        state.dead_zone = dead_zone
        with torch.no_grad():
            for tensor, before in zip(state.learned(), kept, strict=True):
                tensor.copy_(before)
    return done


class _Updates:
    """The updates of one training: of the latents here, of the networks through their gradients."""

    def __init__(self, state: JointState) -> None:
        self.state = state
        self.samples = [rows.to(state.device) for rows in row_samples(state.training.row_stride, state.height)]
        self.visits = [self._visits(number) for number in range(len(state.planes))]

    def step(self, done: int, fraction: float, rate: float) -> float:
        """Update the latents by one sample of rows, leave the networks their gradients, and return the error."""
        state = self.state
        at = self.samples[done % len(self.samples)]
        rows = [reading.needed(at) for reading in state.readings]
        softened = [self._soft_round(number, of_plane, fraction) for number, of_plane in enumerate(rows)]
        for soft, _ in softened:
            soft.requires_grad_(fraction < LATENTS_END)
        *before, last = self._backward(at, rows, [soft for soft, _ in softened])
        most = state.training.prefix_weight
        state.prefix_weights = [*(most * min(last / max(error, 1e-12), 1.0) for error in before), 1.0]
        if fraction < LATENTS_END:
            for number, (of_plane, (soft, slope)) in enumerate(zip(rows, softened, strict=True)):
                self._update(number, of_plane, soft, slope, rate)
        return last

    def _backward(self, at: Tensor, rows: Sequence[Tensor | slice], planes: Sequence[Tensor]) -> list[float]:
        """Add the gradient of the error in some rows of pixels, and return it after each grade.

        Args:
            at: rows of pixels; those of a large picture are drawn a part at a time.
            rows: of each plane that decide them.
            planes: their latents, (c, r, w), as they are read.
        """
        state, total = self.state, torch.zeros(len(self.state.grades), device=self.state.device)
        parts = torch.split(at, max(1, _DRAWN // state.width))
        for part in parts:
            needed = planes if len(parts) == 1 else self._needed(part, rows, planes)
            wanted, proportion = state.pixels[:, part].flatten(1).T, len(part) / len(at)
            shown = 1.0 if state.shown is None else state.shown[:, part].flatten(1).T
            errors = [proportion * ((drawn - wanted) * shown).square().mean() for drawn in state.draw(needed, part)]
            loss = torch.stack([w * error for w, error in zip(state.prefix_weights, errors, strict=True)]).sum()
            loss.backward()  # type: ignore[no-untyped-call]
            total += torch.stack(errors).detach()
        return list(total.cpu().tolist())  # read once: reading waits for a GPU

    def _needed(self, part: Tensor, rows: Sequence[Tensor | slice], planes: Sequence[Tensor]) -> list[Tensor]:
        """Return, of the rows of each plane that are given, those that decide a part of the rows of pixels."""
        needed = []
        for reading, of_plane, values in zip(self.state.readings, rows, planes, strict=True):
            own = reading.needed(part)
            if isinstance(own, Tensor) and isinstance(of_plane, Tensor):  # else all rows of the plane
                values = values.index_select(1, torch.searchsorted(of_plane, own))  # noqa: PLW2901
            needed.append(values)
        return needed

    @torch.no_grad()
    def _update(self, number: int, rows: Tensor | slice, soft: Tensor, slope: Tensor, rate: float) -> None:
        """Move some rows of a plane down the gradient of D + lambda R at the softly rounded latents."""
        state = self.state
        predicted = state.entropy_model
        centres, scales = (state.latents.plane(t, number)[:, rows] for t in (predicted.centres, predicted.log_scales))
        by_bits = predicted.slope(soft.detach(), centres, scales)
        by_error = soft.grad
        assert by_error is not None
        once = len(self.samples) * state.lmbda / (state.width * state.height)  # bits count as if seen in every step
        gradient = by_bits.mul_(once / self.visits[number][rows]).add_(by_error).mul_(slope)
        state.latents.update(number, rows, gradient, rate=rate)

    def _visits(self, number: int) -> Tensor:
        """Return (rows, 1): in how many samples each row of a plane is looked at."""
        image = self.state.image
        rows = plane_shape(self.state.planes[number], image.width, image.height)[1]
        visits = torch.zeros(rows, 1, device=self.state.device)
        for at in self.samples:
            visits[self.state.readings[number].needed(at)] += 1.0
        return visits

    def _soft_round(self, number: int, rows: Tensor | slice, fraction: float) -> tuple[Tensor, Tensor]:
        """Return rows of a plane as rounding will leave them, and the derivative of that; at the end, rounded."""
        state = self.state
        if fraction >= LATENTS_END:
            whole = state.rounded(state.latents.plane(state.latents.flat, number)[:, rows])
            return whole, whole
        temperature, noise = (
            start + (end - start) * fraction / LATENTS_END
            for start, end in (state.training.temperature, state.training.noise)
        )
        return state.latents.soft_round(number, rows, temperature=temperature, noise=noise, random=state.random)


def _schedule(fraction: float) -> float:
    return _LOWEST_FACTOR + (1.0 - _LOWEST_FACTOR) * cosine(fraction)
