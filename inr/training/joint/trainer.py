"""Image and configuration -> a model whose bits are weighed against its error, all grades trained together.

What is learned are whole numbers on feature planes, what to make of them, and what each is expected to be. The loss is
D + weight * R: D the mean squared error, with a small share of that of every earlier prefix, so that each stays a
picture; R the bits per pixel that the context asks for the numbers (Dupont et al. 2021; Ladune et al. 2023).
"""

import copy
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor

from inr.errors import TrainingError
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.imaging.sampling import coordinates, samples
from inr.networks.chain import prefixes
from inr.networks.encoding import Encoding, plane_shape
from inr.networks.entropy_model import LARGEST, lattices
from inr.networks.layers import Dense
from inr.networks.model import Model, Record
from inr.settings.config import CompactConfig, FitConfig
from inr.training.joint.decompose import decompose
from inr.training.joint.entropy_model import Expectation
from inr.training.joint.latents import Numbers
from inr.training.joint.reading import Reading
from inr.training.joint.start import adding_grade
from inr.training.optimizers import Muon
from inr.training.seeds import generator

_BLOCK = 16_384
"""Pixels drawn at once, about."""
SETTLED = 0.95
"""Share of the training after which the numbers stay what they are, and only the networks learn."""
_STEP = 1.5 * math.sqrt(12.0 / (2.0 * math.log(2.0)))
"""What one stands for in colours at the start, over the square root of a bit's weight.

Rounding adds its square over 12 to the error, and a bit takes away 2 ln 2 of that: where most numbers are not zero,
sqrt(12 weight / 2 ln 2) is best. Where most are zero it is wider (measured: 1.5 and 1.8 times end alike).
"""


def best_step(weight: float) -> float:
    """Return what one should stand for in a plane, for a weight of a bit per pixel."""
    return _STEP * math.sqrt(weight)


class Compact:
    """A compact fit in progress.

    Attributes:
        grades: the networks; their planes are filled at the end.
        weight: of a bit per pixel, which may be changed while it trains.
        least: magnitude below which a number becomes zero; a half, where it is rounded to it anyway, or more.
    """

    def __init__(self, image: Image, config: FitConfig, compact: CompactConfig, weight: float) -> None:
        self.image, self.config, self.compact, self.weight = image, config, compact, weight
        self.width, self.height, self.least = image.width, image.height, 0.5
        self.pixels = torch.from_numpy(image.pixels).permute(2, 0, 1).contiguous()
        self.planes = [plane for own in config.grades for plane in own.planes]
        self.readings = [Reading(plane, self.width, self.height) for plane in self.planes]
        self.random = generator(config.seed, -2)
        order = lattices([own.planes for own in config.grades], self.width, self.height)
        self.expectation = Expectation(order, compact.hidden, self.random, compact.portions)
        mean, step = self.pixels.mean((1, 2), keepdim=True), best_step(weight)
        found, _ = decompose(self.pixels - mean, self.planes, self.readings, step)
        self.numbers = Numbers(found)
        self.grades = [
            adding_grade(image, config, number, step, mean.flatten()) for number in range(len(config.grades))
        ]
        self.shares = [1.0] * len(self.grades)
        self.samples = samples(compact.share, self.height)
        self.visits = [self._visits(which) for which in range(len(self.planes))]

    def train(self, on_step: Callable[[int, float, float], None], *, began: float | None = None) -> int:
        """Train everything together and return the steps done.

        Args:
            on_step: told after every step how many were done, what share of the training is spent, and the mean squared
                error.
            began: when the seconds of the configuration began, on `time.perf_counter`'s clock; now by default.

        Raises:
            TrainingError: the error did not stay finite.
        """
        compact, done = self.compact, 0
        began = time.perf_counter() if began is None else began
        adam = partial(torch.optim.Adam, betas=(0.9, 0.99), eps=1e-12, fused=True)
        context = adam(self.expectation.parameters, lr=compact.context_rate)
        layers = [cast(Dense, layer) for grade in self.grades for layer in grade.layers]
        others = [*(layer.bias for layer in layers), *(p for grade in self.grades for p in grade.head.parameters())]
        rest = adam(others, lr=compact.network_rate)
        matrices = Muon([layer.weight for layer in layers], lr=compact.network_rate, momentum=0.95, dtype=torch.float32)
        peaks: dict[torch.optim.Optimizer, float] = {
            context: compact.context_rate,
            rest: compact.network_rate,
            matrices: compact.network_rate,
        }
        for _ in range(2 * compact.portions):
            self._learn_context(context)
        while done < compact.steps:
            spent = done / compact.steps
            if self.config.seconds is not None:
                spent = max(spent, (time.perf_counter() - began) / self.config.seconds)
                if spent >= 1.0 and done:
                    break
            factor = 0.02 + 0.49 * (1.0 + math.cos(math.pi * spent))
            for optimizer, peak in peaks.items():
                optimizer.param_groups[0]["lr"] = peak * factor
            error = self._step(done, spent, compact.number_rate * factor)
            if not math.isfinite(error):
                raise TrainingError(f"the error did not stay finite in step {done + 1}; give another --seed.")
            for optimizer in (matrices, rest):
                optimizer.step()
                optimizer.zero_grad()
            self._learn_context(context)
            done += 1
            on_step(done, spent, error)
        return done

    def _learn_context(self, optimizer: torch.optim.Optimizer) -> None:
        self.expectation.refresh(self.numbers.flat, self.whole).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    def _step(self, done: int, spent: float, rate: float) -> float:
        """Look at one sample of the pixels, update the numbers, leave the weights their gradients; return the error."""
        at = self.samples[done % len(self.samples)]
        rows = [read.needed(at) for read in self.readings]
        softened = [self._soften(which, own, spent) for which, own in enumerate(rows)]
        for soft, _ in softened:
            soft.requires_grad_(spent < SETTLED)
        wanted = self.pixels[:, at].flatten(1).T
        errors = [(drawn - wanted).square().mean() for drawn in self._draw([soft for soft, _ in softened], at)]
        loss = torch.stack([share * error for share, error in zip(self.shares, errors, strict=True)]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        *before, last = (float(error.detach()) for error in errors)
        self.shares = [*(self.compact.prefix_share * min(last / max(error, 1e-12), 1.0) for error in before), 1.0]
        if spent < SETTLED:
            for which, (own, (soft, slope)) in enumerate(zip(rows, softened, strict=True)):
                self._update(which, own, soft, slope, rate)
        return last

    @torch.no_grad()
    def _update(self, which: int, rows: Tensor | slice, soft: Tensor, slope: Tensor, rate: float) -> None:
        """Move some rows of a plane by what the error and the bits say of what they were softened to."""
        expected = self.expectation
        centres, spreads = (self.numbers.plane(t, which)[:, rows] for t in (expected.centres, expected.spreads))
        by_bits = expected.slope(soft.detach(), centres, spreads)
        by_error = soft.grad
        assert by_error is not None
        once = len(self.samples) * self.weight / (self.width * self.height)  # bits weigh as if seen in every step
        gradient = by_bits.mul_(once / self.visits[which][rows]).add_(by_error).mul_(slope)
        self.numbers.update(which, rows, gradient, rate=rate)

    def _visits(self, which: int) -> Tensor:
        """Return (rows, 1): in how many samples a row of a plane is looked at."""
        visits = torch.zeros(plane_shape(self.planes[which], self.width, self.height)[1], 1)
        for at in self.samples:
            visits[self.readings[which].needed(at)] += 1.0
        return visits

    def _draw(self, planes: Sequence[Tensor], rows: Tensor) -> list[Tensor]:
        """Return the (n, C) picture after each grade in some rows of pixels, from the rows of planes they need."""
        read = iter([each.up(own, rows).flatten(1).T for each, own in zip(self.readings, planes, strict=True)])
        seen = [torch.cat([next(read) for _ in own.planes], dim=1) for own in self.config.grades]
        return list(prefixes(self.grades, self._where(rows), feed="both", read=seen))

    def _soften(self, which: int, rows: Tensor | slice, spent: float) -> tuple[Tensor, Tensor]:
        """Return what rows of a plane may become, and the slope of that; once settled, what they are."""
        if spent >= SETTLED:
            whole = self.whole(self.numbers.plane(self.numbers.flat, which)[:, rows])
            return whole, whole
        softness, noise = (
            start + (end - start) * spent / SETTLED for start, end in (self.compact.softness, self.compact.noise)
        )
        return self.numbers.soften(which, rows, softness=softness, noise=noise, random=self.random)

    def _where(self, rows: Tensor) -> Tensor:
        """Return the (n, 2) coordinates of the pixels in some rows."""
        pixels = rows[:, None] * self.width + torch.arange(self.width)
        return coordinates(pixels.flatten(), self.width, self.height, "isotropic")

    def whole(self, numbers: Tensor) -> Tensor:
        """Return what numbers become at the end."""
        return torch.where(numbers.abs() < self.least, 0.0, numbers.round())

    @torch.no_grad()
    def bits(self) -> float:
        """Return what the numbers cost, by what was expected of each when it was last looked at."""
        known = self.expectation
        return float(known.bits(self.whole(self.numbers.flat), known.centres, known.spreads).sum())

    @torch.no_grad()
    def leftover(self, rows: Tensor | None = None) -> Tensor:
        """Return colours minus the picture as it is now, its numbers whole.

        Args:
            rows: (M,) numbers of pixels in reading order; all by default.

        Returns:
            (M, C).
        """
        whole = self.whole(self.numbers.flat)
        planes = [self.numbers.plane(whole, which) for which in range(len(self.planes))]
        parts = []
        for part in torch.split(torch.arange(self.height), max(1, _BLOCK // self.width)):
            own = [values[:, read.needed(part)] for values, read in zip(planes, self.readings, strict=True)]
            parts.append(self.pixels[:, part].flatten(1).T - self._draw(own, part)[-1])
        left = torch.cat(parts)
        return left if rows is None else left[rows]

    def error(self) -> float:
        """Return the mean squared error of the picture as it is now."""
        return float(self.leftover().square().mean())

    @torch.no_grad()
    def model(self) -> Model:
        """Return what has been learned, its numbers whole, and its context."""
        whole, profile = self.whole(self.numbers.flat).clamp(-LARGEST, LARGEST), self.image.icc_profile
        grades, which = [], 0
        for own in self.grades:
            grade = copy.deepcopy(own)
            assert grade.planes is not None
            for values in grade.planes.values:
                values.copy_(self.numbers.plane(whole, which)[None])
                which += 1
            grades.append(grade.requires_grad_(False))
        return Model(
            width=self.width,
            height=self.height,
            channels=self.image.channels,
            bit_depth=self.image.bit_depth,
            frame="isotropic",
            encoding=Encoding(torch.zeros(2, 0)),
            feed="both",
            grades=tuple(grades),
            icc_profile=None if profile is not None and is_srgb(profile) else profile,
            record=Record(method=self.config.method, seed=self.config.seed),
            context=self.expectation.context(whole),
        )
