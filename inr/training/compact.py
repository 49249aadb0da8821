"""Image and configuration -> a model whose bits are weighed against its error, all grades trained together.

What is learned are whole numbers on feature planes, what to make of them, and what each is expected to be. The loss is
D + weight * R: D the mean squared error, with a small share of that of every earlier prefix, so that each stays a
picture; R the bits per pixel that the context asks for the numbers (Dupont et al. 2021; Ladune et al. 2023).
"""

import copy
import math
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from inr.codec.quantize import Step
from inr.config import CompactConfig, FitConfig
from inr.errors import TrainingError
from inr.imaging.image import Image
from inr.imaging.pixels import axis
from inr.networks.context import LARGEST, lattices
from inr.networks.encoding import Encoding, plane_shape
from inr.networks.grade import Grade
from inr.networks.model import Model, Record, empty_grade, grade_input
from inr.training.decompose import colour_directions, decompose, reading
from inr.training.expectation import Expectation
from inr.training.start import generator

_PHASES = ((0, 0), (1, 1), (0, 1), (1, 0))
_BLOCK = 16_384
_SETTLED = 0.95
"""Share of the training after which the numbers stay what they are, and only the networks learn."""


# A step of the planes adds its square over 12 to the error, and a bit takes away 2 ln 2 of that: where most numbers are
# not zero, sqrt(12 weight / 2 ln 2) is best. Where most are zero a wider one is (measured: 1 to 2, the best is 1.5).
_STEP = 1.5 * math.sqrt(12.0 / (2.0 * math.log(2.0)))


def best_step(weight: float) -> float:
    """Return the step of the planes' grids for a weight of a bit per pixel."""
    return Step.at_most(_STEP * math.sqrt(weight)).value


class Compact:
    """A compact fit in progress.

    Attributes:
        step: of the planes' grids.
        grades: the networks; their planes are filled at the end.
    """

    def __init__(self, image: Image, config: FitConfig, compact: CompactConfig, weight: float) -> None:
        self.image, self.config, self.compact = image, config, compact
        self.width, self.height, self.channels = image.width, image.height, image.channels
        self.pixels = torch.from_numpy(image.pixels).permute(2, 0, 1).contiguous()
        self.weight, self.step = weight, best_step(weight)
        self.layout = [
            (number, place, own.planes[place])
            for number, own in enumerate(config.grades)
            for place in range(len(own.planes))
        ]
        self.readings = [reading(plane, self.width, self.height) for _, _, plane in self.layout]
        self.shapes = [plane_shape(plane, self.width, self.height) for _, _, plane in self.layout]
        counts = [math.prod(shape) for shape in self.shapes]
        self.bounds = [sum(counts[:i]) for i in range(len(counts) + 1)]
        random = generator(config.seed, -2)
        order = lattices([own.planes for own in config.grades], self.width, self.height)
        self.expectation = Expectation(order, compact.hidden, random, compact.portions)
        self.mean = self.pixels.mean((1, 2))
        self.grades = [self._start(number) for number in range(len(config.grades))]
        planes = [plane for _, _, plane in self.layout]
        found, _ = decompose(self.pixels - self.mean[:, None, None], planes, self.readings, self.step)
        self.numbers = torch.cat([values.flatten() for values in found])
        self.random = random
        self.mean_gradient, self.mean_square = torch.zeros_like(self.numbers), torch.zeros_like(self.numbers)
        self.shares = [1.0] * len(self.grades)
        self.phases = [at for at in _PHASES if at[0] < self.height and at[1] < self.width]

    def plane(self, values: Tensor, which: int) -> Tensor:
        """Return one plane's part of (all,) values, as (c, h, w)."""
        return values[self.bounds[which] : self.bounds[which + 1]].view(self.shapes[which])

    def _start(self, number: int) -> Grade:
        """Return a grade that adds up its planes: colour directions through pairs of rectified neurons."""
        own = self.config.grades[number]
        grade = empty_grade(
            self.config.grades,
            number,
            encoding=2,
            channels=self.channels,
            width=self.width,
            height=self.height,
            feed="both",
        )
        random = generator(self.config.seed, number + 1)
        grade.start("fan-in", random, first=number == 0, raw=False)
        colours = colour_directions(self.channels)
        with torch.no_grad():
            first: Tensor = grade.layers[0].weight  # type: ignore[assignment]
            first.mul_(0.3)
            mine = sum(plane.channels for plane in own.planes)
            for half, sign in ((0, 1.0), (1, -1.0)):
                rows = slice(half * self.channels, (half + 1) * self.channels)
                first[rows] = 0.0
                at = first.shape[1] - mine
                for plane in own.planes:
                    first[rows, at : at + len(colours[: plane.channels])] = sign * colours[: plane.channels].T
                    at += plane.channels
            for layer in grade.layers[1:]:
                inner: Tensor = layer.weight  # type: ignore[assignment]
                inner[: 2 * self.channels] = torch.eye(own.width)[: 2 * self.channels]
            eye = torch.eye(self.channels)
            grade.head.weight.zero_()
            grade.head.weight[:, : 2 * self.channels] = torch.cat([eye, -eye], dim=1)
            grade.head.bias.copy_(self.mean if number == 0 else torch.zeros(self.channels))
        return grade

    def parameters(self) -> list[Tensor]:
        """Return the weights of the networks, without the planes."""
        return [p for grade in self.grades for name, p in grade.named_parameters() if not name.startswith("planes.")]

    def train(self, on_step: Callable[[int, float, float], None]) -> int:
        """Train everything together and return the steps done.

        Args:
            on_step: told after every step how many were done, what share of the training is spent, and the mean squared
                error.

        Raises:
            TrainingError: the error did not stay finite.
        """
        compact, began, done = self.compact, time.perf_counter(), 0
        networks = torch.optim.Adam(
            [
                {"params": self.parameters(), "lr": compact.network_rate},
                {"params": self.expectation.parameters, "lr": compact.context_rate},
            ],
            betas=(0.9, 0.99),
            eps=1e-12,
        )
        for _ in range(2 * compact.portions):
            self._learn_context(networks)
        while done < compact.steps:
            spent = done / compact.steps
            if self.config.seconds is not None:
                spent = max(spent, (time.perf_counter() - began) / self.config.seconds)
                if spent >= 1.0 and done:
                    break
            factor = 0.5 * (1.0 + math.cos(math.pi * spent))
            for group, rate in zip(networks.param_groups, (compact.network_rate, compact.context_rate), strict=True):
                group["lr"] = rate * (0.98 * factor + 0.02)
            error = self._step(done, spent, factor)
            if not math.isfinite(error):
                raise TrainingError(f"the error did not stay finite in step {done + 1}; give another --seed.")
            self._learn_context(networks)
            done += 1
            on_step(done, spent, error)
        return done

    def _learn_context(self, networks: torch.optim.Optimizer) -> None:
        self.expectation.refresh(self.numbers.round()).backward()  # type: ignore[no-untyped-call]
        networks.step()
        networks.zero_grad()

    @torch.no_grad()
    def _step(self, done: int, spent: float, factor: float) -> float:
        """Look at a quarter of the pixels, update the numbers, leave the weights their gradients; return the error."""
        every = len(self.phases)  # four, but for a picture of one row or column
        phase = self.phases[done % every]
        settled = spent >= _SETTLED
        soft, slopes = (self.numbers.round(), None) if settled else self._soften(self.numbers, spent)
        read = [each.up(self.plane(soft, which), phase).flatten(1) for which, each in enumerate(self.readings)]
        planes = torch.cat(read).T.mul_(self.step)
        wanted = self.pixels[:, phase[0] :: 2, phase[1] :: 2]
        rows, columns = wanted.shape[1:]
        error, gradient = self._networks(planes, self._where(phase), wanted.flatten(1).T)
        gradient = gradient.T.mul_(self.step).contiguous()
        place = 0
        for which, each in enumerate(self.readings):
            channels = self.shapes[which][0]
            own = gradient[place : place + channels].view(channels, rows, columns)
            place += channels
            at = (
                (slice(None), slice(phase[0], None, 2), slice(phase[1], None, 2))
                if each.rows is None
                else (slice(None),)
            )
            share = 1.0 / every if each.rows is None else 1.0  # cell 1 sees a quarter of its pixels in a step
            if slopes is not None:
                centres, spreads = (
                    self.plane(t, which)[at] for t in (self.expectation.centres, self.expectation.spreads)
                )
                _, by_bits = self.expectation.cost(self.plane(soft, which)[at], centres, spreads)
                own = each.down(own, phase) * share + by_bits * (self.weight / (self.width * self.height))
                self._update(which, at, own * self.plane(slopes, which)[at], factor, int(done * share))
        return error

    def _soften(self, numbers: Tensor, spent: float) -> tuple[Tensor, Tensor]:
        """Return numbers as rounding will leave them, softly and with noise, and its slope (Kim et al. 2023)."""
        sharpness = self.compact.softness[0] + (self.compact.softness[1] - self.compact.softness[0]) * spent
        once, first = _soft_round(numbers, sharpness)
        noise = torch.rand(len(numbers), generator=self.random) - 0.5
        twice, second = _soft_round(once + noise, sharpness)
        return twice, first * second

    def _networks(self, planes: Tensor, where: Tensor, wanted: Tensor) -> tuple[float, Tensor]:
        """Return the error of all grades at (n, planes), (n, 2), and its gradient there; the weights get theirs."""
        given = torch.empty_like(planes)
        sums = [0.0] * len(self.grades)
        scale = 1.0 / wanted.numel()
        for start in range(0, len(planes), _BLOCK):
            block = slice(start, start + _BLOCK)
            seen = planes[block].detach().requires_grad_(True)
            with torch.enable_grad():
                loss = torch.zeros(())
                for number, drawn in enumerate(self._predict(seen, where[block])):
                    own = (drawn - wanted[block]).square().sum() * scale
                    sums[number] += float(own.detach())
                    loss = loss + own * self.shares[number]
            loss.backward()  # type: ignore[no-untyped-call]
            assert seen.grad is not None
            given[block] = seen.grad
        small = self.compact.prefix_share
        self.shares = [small * sums[-1] / max(own, 1e-12) for own in sums[:-1]] + [1.0]
        return sums[-1], given

    def _predict(self, seen: Tensor, where: Tensor) -> Iterator[Tensor]:
        """Yield the picture after each grade, (n, C), from what is read of all planes there and the coordinates."""
        encoded, features, total, place = where, None, None, 0
        for own, grade in zip(self.config.grades, self.grades, strict=True):
            read = seen[:, place : place + sum(plane.channels for plane in own.planes)]
            place += read.shape[1]
            x = grade_input(encoded, features, feed="both")
            features = grade.body(x, read)
            encoded = torch.cat([read, encoded], dim=1)
            drawn = grade.predict(features, x)
            total = drawn if total is None else total + drawn
            yield total

    def _where(self, phase: tuple[int, int] | None) -> Tensor:
        """Return the (n, 2) coordinates of all pixels, or of every other row and column from a phase on."""
        top, left, every = (0, 0, 1) if phase is None else (*phase, 2)
        longer = max(self.width, self.height)
        xs = axis(0, self.width, self.width, self.width, longer, "isotropic")[left::every]
        ys = axis(0, self.height, self.height, self.height, longer, "isotropic")[top::every]
        return torch.stack([xs.repeat(len(ys)), ys.repeat_interleave(len(xs))], dim=1)

    def _update(self, which: int, at: tuple[slice, ...], gradient: Tensor, factor: float, before: int) -> None:
        """Take one step of Adam on the numbers of a plane that were looked at."""
        mean, square = (self.plane(t, which)[at] for t in (self.mean_gradient, self.mean_square))
        mean.mul_(0.9).add_(gradient, alpha=0.1)
        square.mul_(0.95).addcmul_(gradient, gradient, value=0.05)
        sure = [1.0 - decay ** (before + 1) for decay in (0.9, 0.95)]
        size = (square / sure[1]).sqrt_().add_(1e-20)
        self.plane(self.numbers, which)[at].addcdiv_(mean, size, value=-self.compact.number_rate * factor / sure[0])

    @torch.no_grad()
    def bits(self) -> float:
        """Return what the numbers cost, by what was expected of each when it was last looked at."""
        bits, _ = self.expectation.cost(self.numbers.round(), self.expectation.centres, self.expectation.spreads)
        return float(bits.sum())

    def overhead(self) -> float:
        """Return about how many bytes all but the numbers take."""
        learned = sum(p.numel() for p in [*self.parameters(), *self.expectation.parameters])
        return 0.75 * learned + 200.0

    @torch.no_grad()
    def leftover(self, rows: Tensor | None = None) -> Tensor:
        """Return colours minus the picture as it is now, its numbers whole.

        Args:
            rows: (M,) pixels to compute; all by default.

        Returns:
            (M, C) in reading order.
        """
        whole = self.numbers.round()
        read = [each.up(self.plane(whole, which)).flatten(1) for which, each in enumerate(self.readings)]
        planes, where, colours = torch.cat(read).T, self._where(None), self.pixels.flatten(1).T
        if rows is not None:
            planes, where, colours = planes[rows], where[rows], colours[rows]
        parts = zip(torch.split(planes * self.step, _BLOCK), torch.split(where, _BLOCK), strict=True)
        return colours - torch.cat([list(self._predict(*part))[-1] for part in parts])

    def error(self) -> float:
        """Return the mean squared error of the picture as it is now."""
        return float(self.leftover().square().mean())

    @torch.no_grad()
    def model(self, threshold: float = 0.5) -> Model:
        """Return what has been learned, its numbers whole, those below a threshold zero, and its context."""
        whole = self.numbers.round().clamp(-LARGEST, LARGEST)
        whole[self.numbers.abs() < threshold] = 0.0
        grades = []
        for number, own in enumerate(self.grades):
            grade = copy.deepcopy(own)
            assert grade.planes is not None
            for which, (of_grade, place, _) in enumerate(self.layout):
                if of_grade == number:
                    grade.planes.values[place].copy_(self.plane(whole, which)[None] * self.step)
            grades.append(grade.requires_grad_(False))
        return Model(
            width=self.width,
            height=self.height,
            channels=self.channels,
            bit_depth=self.image.bit_depth,
            frame="isotropic",
            encoding=Encoding(torch.zeros(2, 0)),
            feed="both",
            grades=tuple(grades),
            icc_profile=self.image.icc_profile,
            record=Record(method=self.config.method, seed=self.config.seed),
            context=self.expectation.context(),
        )


def _soft_round(numbers: Tensor, sharpness: float) -> tuple[Tensor, Tensor]:
    """Return numbers drawn towards the nearest whole ones, less so the larger `sharpness`, and the slope of that."""
    low = numbers.floor()
    bent = torch.tanh((numbers - low - 0.5) / sharpness)
    scale = 0.5 / math.tanh(0.5 / sharpness)
    return low + 0.5 + bent * scale, (1.0 - bent.square()) * (scale / sharpness)
