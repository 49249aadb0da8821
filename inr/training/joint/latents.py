"""The latents of all planes in training: rounded softly with noise, and updated by Adam."""

import math
from collections.abc import Sequence
from functools import cached_property

import torch
from torch import Tensor

_DECAYS = (0.9, 0.95)
"""Of Adam's averages of gradients and of their squares."""


class Latents:
    """The latents of all planes, which are to become integers.

    Attributes:
        flat: (all,) in quantisation steps, plane after plane.
    """

    def __init__(self, start: Sequence[Tensor]) -> None:
        """Begin with the (c, h, w) latents of each plane."""
        self.flat = torch.cat([values.flatten() for values in start])
        self._shapes = [values.shape for values in start]
        counts = [values.numel() for values in start]
        self._bounds = [sum(counts[:i]) for i in range(len(counts) + 1)]
        self._updates = [self.flat.new_zeros(shape[1], 1) for shape in self._shapes]

    @cached_property
    def _averages(self) -> tuple[Tensor, Tensor]:
        """Adam's, of gradients and of their squares: memory that a closed form needs not."""
        return torch.zeros_like(self.flat), torch.zeros_like(self.flat)

    def plane(self, values: Tensor, number: int) -> Tensor:
        """Return one plane's part of (all,) values, as (c, h, w)."""
        return values[self._bounds[number] : self._bounds[number + 1]].view(self._shapes[number])

    def soft_round(
        self, number: int, rows: Tensor | slice, *, temperature: float, noise: float, random: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return latents of a plane as rounding will leave them, about, and the derivative of that.

        s_T(s_T(y) + u): soft rounding at temperature T, uniform noise u of this width, soft rounding again (Agustsson
        & Theis 2020, arXiv 2006.09952, section 4.1; the noise narrows during training as in C3, Kim et al. 2023,
        arXiv 2312.02753, section 3).

        Args:
            number: of the plane.
            rows: of the plane.
            temperature: of the soft rounding; towards zero it becomes rounding.
            noise: width of the noise.
            random: draws the noise, on the processor: it is the same wherever the training runs.
        """
        once, first = _soft_round(self.plane(self.flat, number)[:, rows], temperature)
        moved = torch.rand(once.shape, generator=random).to(once.device).sub_(0.5).mul_(noise).add_(once)
        twice, second = _soft_round(moved, temperature)
        return twice, first.mul_(second)

    def update(self, number: int, rows: Tensor | slice, gradient: Tensor, *, rate: float) -> None:
        """Take one step of Adam on some rows of a plane; each row counts how often it was updated."""
        planes = [self.plane(values, number) for values in (self.flat, *self._averages)]
        values, mean, square = (plane[:, rows] for plane in planes)
        self._updates[number][rows] += 1.0
        sure = [1.0 - decay ** self._updates[number][rows] for decay in _DECAYS]
        mean = mean.mul(_DECAYS[0]).add_(gradient, alpha=1.0 - _DECAYS[0])
        square = square.mul(_DECAYS[1]).addcmul_(gradient, gradient, value=1.0 - _DECAYS[1])
        size = (square / sure[1]).sqrt_().add_(1e-20)
        for plane, new in zip(planes, (values - rate * (mean / sure[0]).div_(size), mean, square), strict=True):
            plane[:, rows] = new


def _soft_round(latents: Tensor, temperature: float) -> tuple[Tensor, Tensor]:
    """Return latents drawn towards the nearest integers, and the derivative of that.

    s_T(y) = m + tanh((y - m) / T) / (2 tanh(1 / (2 T))), with m = floor(y) + 1/2 (Agustsson & Theis 2020,
    section 4.1, with T in the place of 1 / alpha).
    """
    middle = latents.floor().add_(0.5)
    bent = (latents - middle).div_(temperature).tanh_()
    scale = 0.5 / math.tanh(0.5 / temperature)
    slope = bent.square().neg_().add_(1.0).mul_(scale / temperature)
    return middle.add_(bent, alpha=scale), slope
