"""The state of a joint fit: latents, networks and entropy model; the picture they draw, its bits, and the model."""

import copy
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from inr.device import CPU
from inr.imaging.alpha import visibility
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.imaging.sampling import coordinates, spacing
from inr.networks.chain import prefixes
from inr.networks.encoding import Encoding
from inr.networks.entropy_model import LARGEST, lattices
from inr.networks.model import Model
from inr.networks.planes import plane_shape
from inr.networks.quantised import QuantStep, quantise
from inr.networks.record import Record
from inr.settings.config import FitConfig
from inr.settings.trainings import JointTraining
from inr.training.joint.decompose import quant_steps
from inr.training.joint.entropy_model import EntropyModelTrainer
from inr.training.joint.latents import Latents
from inr.training.joint.reading import Reading
from inr.training.joint.start import adding_grade
from inr.training.seeds import generator

_CHUNK = 16_384
"""Pixels drawn at once, about."""
_COUNTED = 2**20
"""Latents whose bits are counted at once."""
_UNIT = QuantStep.at_most(1.0)
"""Latents are stored as integers; the networks' weights hold the scale."""


class JointState:
    """A joint fit in progress: what it has learned, and what that draws and costs.

    Attributes:
        grades: the networks; their planes are filled at the end.
        lmbda: lambda, the mean squared error that a bit per pixel is worth; it may be changed during training.
        dead_zone: latents of a smaller magnitude become zero; 0.5, where rounding does that anyway, or more.
        prefix_weights: weight of the error of the picture after each grade, in L.
        device: that all of it is on.
        pixels: (C, height, width) colours of the training pixels.
        shown: (C, height, width) how much of each is seen, which its error counts by; None where all is.
    """

    def __init__(
        self, image: Image, config: FitConfig, training: JointTraining, lmbda: float, device: torch.device = CPU
    ) -> None:
        """Make networks that add up their planes, which are still empty; `closed_form.solve` fills them.

        All random numbers are drawn on the processor, so that a fit begins alike on every device.
        """
        self.image, self.config, self.training, self.lmbda = image, config, training, lmbda
        self.device = device
        self.dead_zone, self._spacing = 0.5, spacing(config.pixels)
        lattice = image.pixels[:: self._spacing, :: self._spacing]
        self.pixels = torch.from_numpy(lattice).permute(2, 0, 1).contiguous().to(device)
        _, self.height, self.width = self.pixels.shape
        shown = visibility(image)
        if shown is not None:
            shown = np.ascontiguousarray(shown[:: self._spacing, :: self._spacing])
        self.shown = None if shown is None else torch.from_numpy(shown).permute(2, 0, 1).contiguous().to(device)
        self.planes = [plane for shape in config.grades for plane in shape.planes]
        self.readings = [Reading(plane, image.width, image.height, self._spacing, device) for plane in self.planes]
        self.random = generator(config.seed, -2)
        self.mean = self.pixels.mean((1, 2), keepdim=True)
        of_planes = iter(quant_steps(self.planes, lmbda, self._spacing))
        found = [[next(of_planes) for _ in shape.planes] for shape in config.grades]
        self.quant_steps = [[step.to(device) for step in of_grade] for of_grade in found]
        order = lattices([shape.planes for shape in config.grades], image.width, image.height)
        self.entropy_model = EntropyModelTrainer(
            order,
            training.hidden,
            self.random,
            batches=training.entropy_model_batches,
            rate=training.entropy_model_rate,
            device=device,
        )
        shapes = [plane_shape(plane, image.width, image.height) for plane in self.planes]
        self.latents = Latents([torch.zeros(shape, device=device) for shape in shapes])
        mean = self.mean.flatten().cpu()
        self.grades = [
            adding_grade(image, config, number, found, mean).to(device) for number in range(len(config.grades))
        ]
        self.prefix_weights = [1.0] * len(self.grades)

    def draw(self, planes: Sequence[Tensor], rows: Tensor) -> list[Tensor]:
        """Return the (n, C) picture after each grade in some rows of pixels, from the rows of planes they need."""
        up = [reading.up(of_plane, rows) for reading, of_plane in zip(self.readings, planes, strict=True)]
        read = iter([features.flatten(1).T for features in up])
        seen = [torch.cat([next(read) for _ in shape.planes], dim=1) for shape in self.config.grades]
        return list(prefixes(self.grades, self._where(rows), feed="both", read=seen))

    def _where(self, rows: Tensor) -> Tensor:
        """Return the (n, 2) coordinates of the pixels in some rows."""
        width, height = self.image.width, self.image.height
        pixels = self._spacing * (rows[:, None] * width + torch.arange(self.width, device=self.device))
        return coordinates(pixels.flatten(), width, height, "isotropic")

    def rounded(self, latents: Tensor) -> Tensor:
        """Return the integers that latents become in the file: zero inside the dead zone, else the nearest."""
        return torch.where(latents.abs() < self.dead_zone, 0.0, latents.round())

    @torch.no_grad()
    def bits(self) -> float:
        """Return the bits of all latents, by the distributions of the last look at each."""
        known = (self.latents.flat, self.entropy_model.centres, self.entropy_model.log_scales)
        parts = zip(*(torch.split(values, _COUNTED) for values in known), strict=True)
        return sum(
            float(self.entropy_model.bits(self.rounded(latents), centres, log_scales).sum())
            for latents, centres, log_scales in parts
        )

    @torch.no_grad()
    def leftover(self, places: Tensor | None = None) -> Tensor:
        """Return colours minus the picture with its latents rounded as they are now.

        Args:
            places: (M,) pixel indices; all by default.

        Returns:
            (M, C) float32.
        """
        left = torch.cat([colours - drawn[-1] for drawn, colours in self.parts()])
        return left if places is None else left[places]

    def parts(self) -> Iterator[tuple[list[Tensor], Tensor]]:
        """Yield, some rows at a time, the (n, C) pictures after each grade, latents rounded, and the (n, C) colours."""
        whole = self.rounded(self.latents.flat)
        planes = [self.latents.plane(whole, number) for number in range(len(self.planes))]
        for part in torch.split(torch.arange(self.height, device=self.device), max(1, _CHUNK // self.width)):
            needed = [values[:, r.needed(part)] for values, r in zip(planes, self.readings, strict=True)]
            yield self.draw(needed, part), self.pixels[:, part].flatten(1).T

    def error(self) -> float:
        """Return the mean squared error of what is seen of the picture, its latents rounded as they are now."""
        left = self.leftover()
        return float((left if self.shown is None else left * self.shown.flatten(1).T).square().mean())

    @torch.no_grad()
    def model(self) -> Model:
        """Return what has been learned, on the processor: latents and entropy model as integers, float32 networks."""
        whole = self.rounded(self.latents.flat).clamp(-LARGEST, LARGEST)
        profile = self.image.icc_profile
        grades, quantised, number = [], [], 0
        for trained in self.grades:
            grade = copy.deepcopy(trained).cpu()
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
            width=self.image.width,
            height=self.image.height,
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

    def cost(self, measured: tuple[float, float] | None = None) -> float:
        """Return D + lambda R at lambda as it is now; R in bits per training pixel, as the entropy model predicts.

        Args:
            measured: mean squared error and bits of all latents; by default as everything is now.
        """
        error, bits = measured or (self.error(), self.bits())
        return error + self.lmbda * bits / (self.width * self.height)

    def learned(self) -> list[Tensor]:
        """Return all tensors that training changes."""
        known = self.entropy_model
        layers = [layer for grade in self.grades for layer in (*grade.layers, grade.head)]
        networks = [parameter for layer in layers for parameter in layer.parameters()]
        return [self.latents.flat, known.centres, known.log_scales, *known.parameters, *networks]
