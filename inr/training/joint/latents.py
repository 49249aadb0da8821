"""Numbers of feature planes in training: drawn softly towards whole ones, and led by Adam."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

_DECAYS = (0.9, 0.95)


class Numbers:
    """The numbers of all planes, which are to become whole.

    Attributes:
        flat: (all,) plane after plane.
    """

    def __init__(self, start: Sequence[Tensor]) -> None:
        self.flat = torch.cat([values.flatten() for values in start])
        self._shapes = [values.shape for values in start]
        counts = [values.numel() for values in start]
        self._bounds = [sum(counts[:i]) for i in range(len(counts) + 1)]
        self._means, self._squares = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        self._updates = [torch.zeros(shape[1], 1) for shape in self._shapes]

    def plane(self, values: Tensor, which: int) -> Tensor:
        """Return one plane's part of (all,) values, as (c, h, w)."""
        return values[self._bounds[which] : self._bounds[which + 1]].view(self._shapes[which])

    def soften(
        self, which: int, rows: Tensor | slice, *, softness: float, noise: float, random: torch.Generator
    ) -> tuple[Tensor, Tensor]:
        """Return numbers about as rounding will leave them, and the slope of that.

        They are rounded softly, moved by uniform noise, and rounded softly again (Agustsson & Theis 2020; the noise
        narrows in training as in Kim et al. 2023).

        Args:
            which: plane.
            rows: of it.
            softness: of the rounding; towards zero it becomes hard.
            noise: width of the noise.
            random: where the noise comes from.
        """
        once, first = _soft_round(self.plane(self.flat, which)[:, rows], softness)
        moved = torch.rand(once.shape, generator=random).sub_(0.5).mul_(noise).add_(once)
        twice, second = _soft_round(moved, softness)
        return twice, first.mul_(second)

    def update(self, which: int, rows: Tensor | slice, gradient: Tensor, *, rate: float) -> None:
        """Take one step of Adam on some rows of a plane."""
        planes = [self.plane(values, which) for values in (self.flat, self._means, self._squares)]
        values, mean, square = (plane[:, rows] for plane in planes)
        self._updates[which][rows] += 1.0
        sure = [1.0 - decay ** self._updates[which][rows] for decay in _DECAYS]
        mean = mean.mul(_DECAYS[0]).add_(gradient, alpha=1.0 - _DECAYS[0])
        square = square.mul(_DECAYS[1]).addcmul_(gradient, gradient, value=1.0 - _DECAYS[1])
        size = (square / sure[1]).sqrt_().add_(1e-20)
        for plane, new in zip(planes, (values - rate * (mean / sure[0]).div_(size), mean, square), strict=True):
            plane[:, rows] = new


def _soft_round(numbers: Tensor, softness: float) -> tuple[Tensor, Tensor]:
    """Return numbers drawn towards the nearest whole ones, less so the larger `softness`, and the slope of that."""
    middle = numbers.floor().add_(0.5)
    bent = (numbers - middle).div_(softness).tanh_()
    scale = 0.5 / math.tanh(0.5 / softness)
    slope = bent.square().neg_().add_(1.0).mul_(scale / softness)
    return middle.add_(bent, alpha=scale), slope
