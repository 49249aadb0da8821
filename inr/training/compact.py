"""Image and configuration -> a model whose bits are weighed against its error, all grades trained together.

What is learned are whole numbers on feature planes, what to make of them, and what each is expected to be. The loss is
D + weight * R: D the mean squared error, with a small share of that of every earlier prefix, so that each stays a
picture; R the bits per pixel that the context asks for the numbers (Dupont et al. 2021; Ladune et al. 2023).
"""

import copy
import math
import time
from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor

from inr.config import CompactConfig, FitConfig
from inr.errors import TrainingError
from inr.imaging.image import Image
from inr.imaging.pixels import EVERY_PIXEL, Sample, axis, samples
from inr.networks.context import LARGEST, lattices
from inr.networks.encoding import Encoding
from inr.networks.model import Model, Record
from inr.training.decompose import decompose, reading
from inr.training.expectation import Expectation
from inr.training.numbers import Numbers
from inr.training.optimizer import Muon
from inr.training.start import adding_grade, generator
from inr.training.together import Together

_SETTLED = 0.95
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
    """

    def __init__(self, image: Image, config: FitConfig, compact: CompactConfig, weight: float) -> None:
        self.image, self.config, self.compact, self.weight = image, config, compact, weight
        self.width, self.height = image.width, image.height
        self.pixels = torch.from_numpy(image.pixels).permute(2, 0, 1).contiguous()
        self.planes = [plane for own in config.grades for plane in own.planes]
        self.readings = [reading(plane, self.width, self.height) for plane in self.planes]
        self.random = generator(config.seed, -2)
        order = lattices([own.planes for own in config.grades], self.width, self.height)
        self.expectation = Expectation(order, compact.hidden, self.random, compact.portions)
        mean, step = self.pixels.mean((1, 2), keepdim=True), best_step(weight)
        found, _ = decompose(self.pixels - mean, self.planes, self.readings, step)
        self.numbers = Numbers(self.planes, found)
        self.grades = [
            adding_grade(image, config, number, step, mean.flatten()) for number in range(len(config.grades))
        ]
        self.together = Together(self.grades)
        self.shares = [1.0] * len(self.grades)
        self.samples = samples(compact.stride, self.width, self.height)

    def train(self, on_step: Callable[[int, float, float], None]) -> int:
        """Train everything together and return the steps done.

        Args:
            on_step: told after every step how many were done, what share of the training is spent, and the mean squared
                error.

        Raises:
            TrainingError: the error did not stay finite.
        """
        compact, began, done = self.compact, time.perf_counter(), 0
        adam = partial(torch.optim.Adam, betas=(0.9, 0.99), eps=1e-12, fused=True)
        context = adam(self.expectation.parameters, lr=compact.context_rate)
        rest = adam(self.together.rest, lr=compact.network_rate)
        matrices = Muon(self.together.matrices, lr=compact.network_rate, momentum=0.95, dtype=torch.float32)
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
            matrices.step()
            rest.step()
            self._learn_context(context)
            done += 1
            on_step(done, spent, error)
        return done

    def _learn_context(self, optimizer: torch.optim.Optimizer) -> None:
        self.expectation.refresh(self.numbers.flat.round()).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    @torch.no_grad()
    def _step(self, done: int, spent: float, rate: float) -> float:
        """Look at one sample of the pixels, update the numbers, leave the weights their gradients; return the error."""
        at = self.samples[done % len(self.samples)]
        parts = [self.numbers.part(which, at) for which in range(len(self.planes))]
        softened = [self._soften(which, part, spent) for which, part in enumerate(parts)]
        read = [each.up(own[0], at) for each, own in zip(self.readings, softened, strict=True)]
        wanted = self.pixels[:, at[0], at[1]]
        errors, given = self.together.learn(torch.cat(read).flatten(1), self._where(at), wanted.flatten(1), self.shares)
        small = self.compact.prefix_share
        self.shares = [small * min(errors[-1] / max(error, 1e-12), 1.0) for error in errors[:-1]] + [1.0]
        if spent < _SETTLED:
            of_planes = torch.split(given.view(-1, *wanted.shape[1:]), [plane.channels for plane in self.planes])
            for which, (part, (soft, slope), gradient) in enumerate(zip(parts, softened, of_planes, strict=True)):
                # Cells of one pixel are looked at in one step of several, and weigh as much as if in each.
                fine = self.planes[which].cell == 1
                share = wanted[0].numel() / (self.width * self.height) if fine else 1.0
                centres, spreads = (
                    self.numbers.plane(t, which)[part] for t in (self.expectation.centres, self.expectation.spreads)
                )
                by_bits = self.expectation.slope(soft, centres, spreads)
                own = self.readings[which].down(gradient, at) * share
                own.add_(by_bits, alpha=self.weight / (self.width * self.height)).mul_(slope)
                self.numbers.update(which, part, own, rate=rate, before=done // len(self.samples) if fine else done)
        return errors[-1]

    def _soften(self, which: int, part: tuple[slice, ...], spent: float) -> tuple[Tensor, Tensor]:
        """Return what part of a plane may become, and the slope of that; once settled, what it is."""
        if spent >= _SETTLED:
            whole = self.numbers.plane(self.numbers.flat, which)[part].round()
            return whole, whole
        softness, noise = (
            start + (end - start) * spent / _SETTLED for start, end in (self.compact.softness, self.compact.noise)
        )
        return self.numbers.soften(which, part, softness=softness, noise=noise, random=self.random)

    def _where(self, pixels: Sample) -> Tensor:
        """Return the (2, n) coordinates of the pixels of a sample."""
        longer = max(self.width, self.height)
        xs = axis(0, self.width, self.width, self.width, longer, "isotropic")[pixels[1]]
        ys = axis(0, self.height, self.height, self.height, longer, "isotropic")[pixels[0]]
        return torch.stack([xs.repeat(len(ys)), ys.repeat_interleave(len(xs))])

    @torch.no_grad()
    def bits(self) -> float:
        """Return what the numbers cost, by what was expected of each when it was last looked at."""
        known = self.expectation
        return float(known.bits(self.numbers.flat.round(), known.centres, known.spreads).sum())

    @torch.no_grad()
    def leftover(self, rows: Tensor | None = None) -> Tensor:
        """Return colours minus the picture as it is now, its numbers whole.

        Args:
            rows: (M,) pixels to compute; all by default.

        Returns:
            (M, C) in reading order.
        """
        whole = self.numbers.flat.round()
        read = [each.up(self.numbers.plane(whole, which)) for which, each in enumerate(self.readings)]
        planes, where, colours = torch.cat(read).flatten(1), self._where(EVERY_PIXEL), self.pixels.flatten(1)
        if rows is not None:
            planes, where, colours = planes[:, rows], where[:, rows], colours[:, rows]
        return (colours - self.together.draw(planes, where)).T

    def error(self) -> float:
        """Return the mean squared error of the picture as it is now."""
        return float(self.leftover().square().mean())

    @torch.no_grad()
    def model(self, threshold: float = 0.5) -> Model:
        """Return what has been learned, its numbers whole, those below a threshold zero, and its context."""
        flat = self.numbers.flat
        whole = flat.round().clamp(-LARGEST, LARGEST)
        whole[flat.abs() < threshold] = 0.0
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
            icc_profile=self.image.icc_profile,
            record=Record(method=self.config.method, seed=self.config.seed),
            context=self.expectation.context(),
        )
