"""Image and configuration -> a model trained on L = D + lambda R, all grades together.

    L = D_L + sum_l w_l D_l + lambda R

D_l is the mean squared error of the picture after grade l, w_l a small weight that keeps each prefix a picture, and R
the bits per pixel that the entropy model predicts for the latents (Dupont et al. 2021, arXiv 2103.03123; Ladune et al.
2023, Cool-Chic, arXiv 2212.05458). What is learned: latents on feature planes, the grades' networks that turn them into
colours, and the entropy model.
"""

import copy
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import torch
from torch import Tensor

from inr.imaging.alpha import visibility
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.imaging.sampling import coordinates, row_samples
from inr.networks.chain import prefixes
from inr.networks.encoding import Encoding
from inr.networks.entropy_model import LARGEST, lattices
from inr.networks.layers import Dense
from inr.networks.model import Model, Record
from inr.networks.planes import plane_shape
from inr.networks.quantised import QuantStep, quantise
from inr.settings.config import FitConfig, JointTraining
from inr.training.joint.decompose import Reading, decompose
from inr.training.joint.entropy_model import EntropyModelTrainer
from inr.training.joint.latents import Latents
from inr.training.joint.start import adding_grade, best_step
from inr.training.loop import Length, cosine, train
from inr.training.optimizers import Muon
from inr.training.seeds import generator

_CHUNK = 16_384
"""Pixels drawn at once, about."""
LATENTS_END = 0.95
"""Fraction of the training after which latents stay as they are, and only the networks learn."""
_LOWEST_FACTOR = 0.02
"""Factor on all learning rates at the end."""
_UNIT = QuantStep.at_most(1.0)
"""Latents are stored as integers; the networks' weights hold the scale."""


class JointTrainer:
    """A joint training in progress.

    Attributes:
        grades: the networks; their planes are filled at the end.
        lmbda: lambda, the mean squared error that a bit per pixel is worth; it may be changed during training.
        dead_zone: latents of a smaller magnitude become zero; 0.5, where rounding does that anyway, or more.
        prefix_weights: weight of the error of the picture after each grade, in L.
    """

    def __init__(self, image: Image, config: FitConfig, training: JointTraining, lmbda: float) -> None:
        """Begin with the closed form: planes by least squares, grade after grade, and networks that add them up."""
        self.image, self.config, self.training, self.lmbda = image, config, training, lmbda
        self.width, self.height, self.dead_zone = image.width, image.height, 0.5
        self.pixels = torch.from_numpy(image.pixels).permute(2, 0, 1).contiguous()
        shown = visibility(image)
        self.shown = None if shown is None else torch.from_numpy(shown).permute(2, 0, 1).contiguous()
        self.planes = [plane for shape in config.grades for plane in shape.planes]
        self.readings = [Reading(plane, self.width, self.height) for plane in self.planes]
        self.random = generator(config.seed, -2)
        order = lattices([shape.planes for shape in config.grades], self.width, self.height)
        self.entropy_model = EntropyModelTrainer(order, training.hidden, self.random, training.portions)
        mean, step = self.pixels.mean((1, 2), keepdim=True), best_step(lmbda)
        found, _ = decompose(self.pixels - mean, self.planes, self.readings, step)
        self.latents = Latents(found)
        self.grades = [
            adding_grade(image, config, number, step, mean.flatten()) for number in range(len(config.grades))
        ]
        self.prefix_weights = [1.0] * len(self.grades)
        self.samples = row_samples(training.row_stride, self.height)
        self.visits = [self._visits(number) for number in range(len(self.planes))]

    def train(self, length: Length, *, rate: float, on_step: Callable[[int, float, float], None]) -> int:
        """Train everything together on L = D + lambda R and return the steps done.

        Args:
            length: in steps and seconds.
            rate: factor on all learning rates.
            on_step: told after every step how many are done, the fraction spent and the mean squared error.

        Raises:
            DivergedError: the error did not stay finite.
        """
        training = self.training
        adam = partial(torch.optim.Adam, betas=(0.9, 0.99), eps=1e-12, fused=True)
        learner = adam(self.entropy_model.parameters, lr=rate * training.entropy_model_rate)
        layers = [cast(Dense, layer) for grade in self.grades for layer in grade.layers]
        others = [*(layer.bias for layer in layers), *(p for grade in self.grades for p in grade.head.parameters())]
        network_rate = rate * training.network_rate
        rest = adam(others, lr=network_rate)
        matrices = Muon([layer.weight for layer in layers], lr=network_rate, momentum=0.95, dtype=torch.float32)
        for _ in range(2 * training.portions):
            self._learn_entropy_model(learner)

        def update(done: int, fraction: float, factor: float) -> float:
            learner.param_groups[0]["lr"] = rate * training.entropy_model_rate * factor
            return self._step(done, fraction, rate * training.latent_rate * factor)

        def report(done: int, fraction: float, error: float) -> bool:
            self._learn_entropy_model(learner)
            on_step(done, fraction, error)
            return False

        return train(update, (matrices, rest), length, schedule=_schedule, on_step=report)

    def _learn_entropy_model(self, optimizer: torch.optim.Optimizer) -> None:
        self.entropy_model.portion_bits(self.latents.flat, self.rounded).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()

    def _step(self, done: int, fraction: float, rate: float) -> float:
        """Update the latents by one sample of rows, leave the networks their gradients, and return the error."""
        at = self.samples[done % len(self.samples)]
        rows = [reading.needed(at) for reading in self.readings]
        softened = [self._soft_round(number, of_plane, fraction) for number, of_plane in enumerate(rows)]
        for soft, _ in softened:
            soft.requires_grad_(fraction < LATENTS_END)
        wanted = self.pixels[:, at].flatten(1).T
        shown = 1.0 if self.shown is None else self.shown[:, at].flatten(1).T
        errors = [
            ((drawn - wanted) * shown).square().mean() for drawn in self._draw([soft for soft, _ in softened], at)
        ]
        loss = torch.stack([w * error for w, error in zip(self.prefix_weights, errors, strict=True)]).sum()
        loss.backward()  # type: ignore[no-untyped-call]
        *before, last = (float(error.detach()) for error in errors)
        most = self.training.prefix_weight
        self.prefix_weights = [*(most * min(last / max(error, 1e-12), 1.0) for error in before), 1.0]
        if fraction < LATENTS_END:
            for number, (of_plane, (soft, slope)) in enumerate(zip(rows, softened, strict=True)):
                self._update(number, of_plane, soft, slope, rate)
        return last

    @torch.no_grad()
    def _update(self, number: int, rows: Tensor | slice, soft: Tensor, slope: Tensor, rate: float) -> None:
        """Move some rows of a plane down the gradient of D + lambda R at the softly rounded latents."""
        predicted = self.entropy_model
        centres, scales = (self.latents.plane(t, number)[:, rows] for t in (predicted.centres, predicted.log_scales))
        by_bits = predicted.slope(soft.detach(), centres, scales)
        by_error = soft.grad
        assert by_error is not None
        once = len(self.samples) * self.lmbda / (self.width * self.height)  # bits count as if seen in every step
        gradient = by_bits.mul_(once / self.visits[number][rows]).add_(by_error).mul_(slope)
        self.latents.update(number, rows, gradient, rate=rate)

    def _visits(self, number: int) -> Tensor:
        """Return (rows, 1): in how many samples each row of a plane is looked at."""
        visits = torch.zeros(plane_shape(self.planes[number], self.width, self.height)[1], 1)
        for at in self.samples:
            visits[self.readings[number].needed(at)] += 1.0
        return visits

    def _draw(self, planes: Sequence[Tensor], rows: Tensor) -> list[Tensor]:
        """Return the (n, C) picture after each grade in some rows of pixels, from the rows of planes they need."""
        up = [reading.up(of_plane, rows) for reading, of_plane in zip(self.readings, planes, strict=True)]
        read = iter([features.flatten(1).T for features in up])
        seen = [torch.cat([next(read) for _ in shape.planes], dim=1) for shape in self.config.grades]
        return list(prefixes(self.grades, self._where(rows), feed="both", read=seen))

    def _soft_round(self, number: int, rows: Tensor | slice, fraction: float) -> tuple[Tensor, Tensor]:
        """Return rows of a plane as rounding will leave them, and the derivative of that; at the end, rounded."""
        if fraction >= LATENTS_END:
            whole = self.rounded(self.latents.plane(self.latents.flat, number)[:, rows])
            return whole, whole
        temperature, noise = (
            start + (end - start) * fraction / LATENTS_END
            for start, end in (self.training.temperature, self.training.noise)
        )
        return self.latents.soft_round(number, rows, temperature=temperature, noise=noise, random=self.random)

    def _where(self, rows: Tensor) -> Tensor:
        """Return the (n, 2) coordinates of the pixels in some rows."""
        pixels = rows[:, None] * self.width + torch.arange(self.width)
        return coordinates(pixels.flatten(), self.width, self.height, "isotropic")

    def rounded(self, latents: Tensor) -> Tensor:
        """Return the integers that latents become in the file: zero inside the dead zone, else the nearest."""
        return torch.where(latents.abs() < self.dead_zone, 0.0, latents.round())

    @torch.no_grad()
    def bits(self) -> float:
        """Return the bits of all latents, by the distributions of the last look at each."""
        known = self.entropy_model
        return float(known.bits(self.rounded(self.latents.flat), known.centres, known.log_scales).sum())

    @torch.no_grad()
    def leftover(self, places: Tensor | None = None) -> Tensor:
        """Return colours minus the picture with its latents rounded as they are now.

        Args:
            places: (M,) pixel indices; all by default.

        Returns:
            (M, C) float32.
        """
        whole = self.rounded(self.latents.flat)
        planes = [self.latents.plane(whole, number) for number in range(len(self.planes))]
        parts = []
        for part in torch.split(torch.arange(self.height), max(1, _CHUNK // self.width)):
            needed = [values[:, r.needed(part)] for values, r in zip(planes, self.readings, strict=True)]
            parts.append(self.pixels[:, part].flatten(1).T - self._draw(needed, part)[-1])
        left = torch.cat(parts)
        return left if places is None else left[places]

    def error(self) -> float:
        """Return the mean squared error of the picture with its latents rounded as they are now."""
        left = self.leftover()
        return float((left if self.shown is None else left * self.shown.flatten(1).T).square().mean())

    @torch.no_grad()
    def model(self) -> Model:
        """Return what has been learned: latents as integers, networks in float32, the entropy model in integers."""
        whole, profile = self.rounded(self.latents.flat).clamp(-LARGEST, LARGEST), self.image.icc_profile
        grades, quantised, number = [], [], 0
        for trained in self.grades:
            grade = copy.deepcopy(trained)
            assert grade.planes is not None
            latents = []
            for values in grade.planes.values:
                values.copy_(self.latents.plane(whole, number)[None])
                latents.append(quantise(values, _UNIT))
                number += 1
            others = len(list(grade.parameters())) - len(latents)
            quantised.append((*[None] * others, *latents))
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
            entropy_model=self.entropy_model.rounded(whole),
            quantised=tuple(quantised),
        )


def _schedule(fraction: float) -> float:
    return _LOWEST_FACTOR + (1.0 - _LOWEST_FACTOR) * cosine(fraction)
