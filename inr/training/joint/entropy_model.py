"""Latents in training -> a Laplace distribution for each, and the bits it costs: the trainer of the entropy model."""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from inr.device import CPU
from inr.networks.entropy_model import FINE, NEIGHBOURS, EntropyModel, Lattice
from inr.networks.quantised import QuantStep
from inr.training.joint.neighbours import Neighbourhoods
from inr.training.optimizers import Adam
from inr.training.rounding.together import round_together

_LOWEST, _HIGHEST = -4.0, 11.0
"""Bounds of log2 b, b the mean distance of a latent from its centre: the range coder has tables for these."""
_LEAST = 2.0**-20
"""Least probability that a latent is counted with."""
_MOST = 32_767
"""Largest magnitude of a weight of the entropy model, in parts of `FINE`."""
_SAMPLE, _CHUNK = 65_536, 4096
"""Latents that are looked at to round the entropy model, and how many at once."""
_PREDICTED = 65_536
"""Latents that are predicted at once."""


class EntropyModelTrainer:
    """Trains an entropy model while the latents change, on a batch of them at a time.

    A latent's gradient has the bits of its own code; the bits of other latents, which change through their predictions,
    are left out. Measured, including them makes a step a third longer and gains nothing.

    Attributes:
        centres: (all,) predicted centres, as of the last look at each latent.
        log_scales: (all,) predicted log2 of the mean distance from the centre, likewise.
        parameters: the float32 weights in training, see `EntropyModel`.
    """

    def __init__(
        self,
        order: list[Lattice],
        hidden: int,
        generator: torch.Generator,
        *,
        batches: int,
        rate: float,
        device: torch.device = CPU,
    ) -> None:
        """Draw the start.

        Args:
            order: the channels of all planes in the order of coding.
            hidden: neurons.
            generator: draws the weights and the order in which latents are looked at.
            batches: into which the latents are divided; a step looks at one.
            rate: learning rate of Adam.
            device: that trains.
        """
        self._device = device
        count = sum(lattice.count for lattice in order)
        self._neighbours = Neighbourhoods(order, torch.randperm(count, generator=generator).numpy(), device)
        self._batch, self._next = -(-count // batches), 0
        self.centres, self.log_scales = (torch.zeros(count, device=device) for _ in range(2))
        first, passes, channels, last, offsets = EntropyModel.shapes(hidden, len(order))
        draw = torch.randn(first, generator=generator) / math.sqrt(2 * NEIGHBOURS)
        empty = [torch.zeros(shape) for shape in (passes, channels, last, offsets)]
        self.parameters = [tensor.to(device).requires_grad_(True) for tensor in (draw, *empty)]
        self._batches, self._rate = batches, rate
        self._optimizer = Adam(self.parameters, lr=rate, betas=(0.9, 0.99), eps=1e-12, fused=True)

    def learn(self, latents: Tensor, rounded: Callable[[Tensor], Tensor], *, passes: float) -> None:
        """Learn from all latents as they are, so many times, at the full rate."""
        for _ in range(round(passes * self._batches)):
            self.learn_batch(latents, rounded, rate=self._rate)

    @torch.enable_grad()
    def learn_batch(self, latents: Tensor, rounded: Callable[[Tensor], Tensor], *, rate: float) -> None:
        """Take one step of Adam on the mean bits of the next batch of (all,) latents."""
        self._optimizer.param_groups[0]["lr"] = rate
        self._optimizer.zero_grad()
        self.batch_bits(latents, rounded).backward()  # type: ignore[no-untyped-call]
        self._optimizer.step()

    def batch_bits(self, latents: Tensor, rounded: Callable[[Tensor], Tensor]) -> Tensor:
        """Predict the next batch of (all,) latents and return its mean bits, with a graph to the parameters.

        Args:
            latents: as they are in training.
            rounded: what any of them become in the file.
        """
        end = min(self._next + self._batch, self._neighbours.count)
        looks = torch.arange(self._next, end, device=self._device)
        self._next = 0 if end == self._neighbours.count else end
        at = self._neighbours.at[looks]
        *_, out = self._predict(rounded(self._neighbours.around(latents, looks)), looks)
        log_scale = out[1].clamp(_LOWEST, _HIGHEST)
        with torch.no_grad():
            self.centres[at], self.log_scales[at] = out[0], log_scale
        bits: Tensor = _Bits.apply(rounded(latents[at]), out[0], log_scale)  # type: ignore[no-untyped-call]
        return bits.mean()

    @torch.no_grad()
    def predict_all(self, latents: Tensor) -> None:
        """Predict all latents anew, (all,) integers, by the entropy model as it is now."""
        for looks in torch.split(torch.arange(self._neighbours.count, device=self._device), _PREDICTED):
            *_, out = self._predict(self._neighbours.around(latents, looks), looks)
            self.centres[self._neighbours.at[looks]] = out[0]
            self.log_scales[self._neighbours.at[looks]] = out[1].clamp(_LOWEST, _HIGHEST)

    def _predict(self, around: Tensor, looks: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Go through the network with the (NEIGHBOURS, n) neighbours of some latents.

        Returns:
            Its inputs (2 NEIGHBOURS, n); the pass (7, n) and the channel (C, n) of each latent, one-hot, because
            products are faster than looking up; the hidden neurons (H, n); centres and log scales (2, n).
        """
        first, passes, channels, last, offsets = self.parameters
        clipped = around.clamp(-64, 64)
        number, channel = (
            functional.one_hot(kind, count).T.float()
            for kind, count in zip(self._neighbours.kind(looks), (len(passes), len(channels)), strict=True)
        )
        seen = torch.cat([clipped, clipped.abs()])
        hidden = torch.relu(first @ seen + passes.T @ number + channels.T @ channel)
        return seen, number, channel, hidden, last @ hidden + offsets.T @ channel

    @staticmethod
    def bits(latents: Tensor, centres: Tensor, log_scales: Tensor) -> Tensor:
        """Return the bits of latents under their Laplace distributions."""
        return -torch.log2(_probability(latents - centres, log_scales)[0])

    @staticmethod
    def slope(latents: Tensor, centres: Tensor, log_scales: Tensor) -> Tensor:
        """Return the derivative of the bits of each latent by that latent."""
        offset = latents - centres
        return _by_latent(offset, *_probability(offset, log_scales)).mul_(-1.0 / math.log(2.0))

    @torch.no_grad()
    def rounded(self, latents: Tensor) -> EntropyModel:
        """Return the entropy model in integers, rounded so that it and (all,) integer latents take the fewest bits."""
        weights = [parameter.detach().cpu().clone() for parameter in self.parameters]
        round_together(weights, [True] * len(weights), self._curvature(latents), 1.0, allowed=_power_of_two)
        whole = [np.rint(tensor.numpy() * FINE).astype(np.int64).clip(-_MOST, _MOST) for tensor in weights]
        first, passes, channels, last, offsets = whole
        return EntropyModel(first=first, passes=passes, channels=channels, last=last, offsets=offsets)

    def _curvature(self, latents: Tensor) -> Tensor:
        """Return (n, n): the second derivative of the bits of all latents by the n weights, from a sample of latents.

        Bits are -log2 P, so the mean of their second derivative is ln 2 times that of the square of their first
        (the Fisher information).
        """
        last = self.parameters[3]
        total = sum(parameter.numel() for parameter in self.parameters)
        matrix = torch.zeros(total, total, dtype=torch.float64)
        sample = torch.arange(min(_SAMPLE, self._neighbours.count), device=self._device)  # of latents in random order
        for looks in torch.split(sample, _CHUNK):
            seen, number, channel, hidden, out = self._predict(self._neighbours.around(latents, looks), looks)
            offset, log_scale = latents[self._neighbours.at[looks]] - out[0], out[1].clamp(_LOWEST, _HIGHEST)
            laplace = _probability(offset, log_scale)
            by_centre = _by_latent(offset, *laplace) / math.log(2.0)
            by_out = torch.stack([by_centre, _by_log_scale(offset, *laplace) * (log_scale == out[1])])
            by_hidden = (last.T @ by_out) * (hidden > 0.0)
            pairs = ((by_hidden, seen), (number, by_hidden), (channel, by_hidden), (by_out, hidden), (channel, by_out))
            slopes = torch.cat([(a[:, None] * b[None]).flatten(0, 1) for a, b in pairs])
            matrix += (slopes @ slopes.T).cpu().double()
        return matrix * (0.5 * math.log(2.0) * self._neighbours.count / len(sample))


def _power_of_two(step: float) -> QuantStep:
    """Return the power of two, from one of FINE parts to one, that is next below a step."""
    return QuantStep.at_most(2.0 ** min(max(math.floor(math.log2(step)), 1 - FINE.bit_length()), 0))


def _probability(offset: Tensor, log_scales: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return the probabilities of intervals of length one under Laplace distributions, and what derivatives need.

    P = F(d + 1/2) - F(d - 1/2), with d the offset from the centre and F of mean distance b = 2^log_scale.

    Returns:
        P, at least 2^-20; exp(-|edge| / b) of the nearer and of the farther edge; 1 / b.
    """
    inverse = torch.exp2(-log_scales)
    distance = offset.abs()
    near = ((distance - 0.5).abs_() * inverse).neg_().exp_()
    far = ((distance + 0.5) * inverse).neg_().exp_()
    outside, inside = near - far, 2.0 - near - far
    probability = torch.where(distance >= 0.5, outside, inside).mul_(0.5).clamp_(min=_LEAST)
    return probability, near, far, inverse


def _by_latent(offset: Tensor, probability: Tensor, near: Tensor, far: Tensor, inverse: Tensor) -> Tensor:
    """Return d ln P / d latent; outside the interval around the centre it is 1 / b, whatever P was cut to."""
    inside = (near - far).div_(probability).mul_(0.5).clamp_(max=1.0)
    slope = torch.where(offset.abs() >= 0.5, torch.ones_like(inside), inside)
    return slope.mul_(inverse).copysign_(offset).neg_()


def _by_log_scale(offset: Tensor, probability: Tensor, near: Tensor, far: Tensor, inverse: Tensor) -> Tensor:
    """Return the derivative of the bits by the log scale."""
    distance = offset.abs()
    slope = (0.5 - distance) * near + (distance + 0.5) * far
    return slope.mul_(inverse).div_(probability).mul_(0.5)  # b times d ln P / d (1 / b), without its sign


class _Bits(torch.autograd.Function):
    """The bits of given latents, as a function of their centres and log scales."""

    @staticmethod
    def forward(ctx, latents, centres, log_scales):  # type: ignore[no-untyped-def]
        offset = latents - centres
        laplace = _probability(offset, log_scales)
        ctx.save_for_backward(_by_latent(offset, *laplace), _by_log_scale(offset, *laplace))
        return -torch.log2(laplace[0])

    @staticmethod
    def backward(ctx, given):  # type: ignore[no-untyped-def]
        slope, by_log_scale = ctx.saved_tensors
        return None, given * slope * (1.0 / math.log(2.0)), given * by_log_scale
