"""A picture mended by a classical method, several times -> what networks of a pixel's surroundings train on.

copy of the picture, spoiled once more and mended (grade 0) -> windows (n, k * k * D) -> frozen grades -> residual

The answers are known because the copy was spoiled on purpose: pixels that were hidden, or noise that was added.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from inr.networks.chain import advance, grade_input
from inr.networks.grade import Grade
from inr.settings.shape import FeedName
from inr.training.greedy.batches import Batch, weighed

FLOOR = 0.01
"""Added to the deviation of a window, so that flat parts of the picture stay flat."""
_SAMPLE = 16_384
"""Windows by which the error of the frozen grades is measured, and those held out, at most."""


@dataclass(frozen=True, kw_only=True)
class Copy:
    """A picture as the networks see it, and what they should say of some of its pixels.

    Attributes:
        mended: (H, W, C) float32, the picture by grade 0.
        beside: (H, W, D) float32, what else is known of each pixel, around 1 in size.
        answers: (H, W, C) float32, the colours wanted.
        places: (n,) int64 indices of the pixels that are trained on, or drawn; all tensors lie on one device.
        held_out: (m,) int64 indices of pixels whose answers are known but only looked at, to stop by.
    """

    mended: Tensor
    beside: Tensor
    answers: Tensor
    places: Tensor
    held_out: Tensor


class View:
    """A copy whose pixels can be looked at with their surroundings."""

    def __init__(self, copy: Copy, side: int) -> None:
        """Add a rim of copies of the outermost pixels.

        Args:
            copy: to look at.
            side: of a window, in pixels, odd.
        """
        reach, self.channels = side // 2, copy.mended.shape[2]
        planes = torch.cat([copy.mended, copy.beside], dim=2).permute(2, 0, 1)[None]
        padded = functional.pad(planes, (reach,) * 4, mode="replicate")[0].permute(1, 2, 0)
        self._columns, self._width = padded.shape[1], copy.mended.shape[1]
        self._planes = padded.reshape(-1, padded.shape[2])
        offsets = torch.arange(side, device=planes.device)
        self._offsets = (offsets[:, None] * self._columns + offsets).flatten()

    def windows(self, places: Tensor) -> tuple[Tensor, Tensor]:
        """Return what networks are given of the (n,) pixels with these indices, and what their answers count in.

        Returns:
            (n, k * k * (C + D)): colours of the window less their mean, over their deviation, and what is known
            besides; and that deviation, (n, 1).
        """
        first = places // self._width * self._columns + places % self._width
        seen = self._planes[first[:, None] + self._offsets]
        colours, beside = seen[:, :, : self.channels], seen[:, :, self.channels :]
        about = colours - colours.mean(dim=1, keepdim=True)
        deviation = about.square().mean(dim=(1, 2)).sqrt()[:, None] + FLOOR
        return torch.cat([(about / deviation[:, :, None]).flatten(1), beside.flatten(1)], dim=1), deviation


class Windows:
    """What networks of a pixel's surroundings train on; stands where a `Pool` does for networks of coordinates.

    Attributes:
        residual: (R, C) float32 of a sample: what grade 0 and the frozen grades miss, over the windows' deviation.
        shown: (R, 1) float32, that deviation: errors count by it, in units of the colours.
    """

    held = 1.0

    def __init__(self, copies: Sequence[Copy], side: int, *, feed: FeedName, seed: int) -> None:
        """Look at the copies.

        Args:
            copies: of one picture; some have places to train on, and some may have places held out.
            side: of a window, in pixels, odd.
            feed: what later grades see, see `FitConfig.feed`.
            seed: of the order of the windows.
        """
        self._copies, self._views = copies, [View(copy, side) for copy in copies]
        self._feed: FeedName = feed
        self._frozen: list[Grade] = []
        self._generator = torch.Generator().manual_seed(seed)
        self._trained = [which for which, copy in enumerate(copies) if len(copy.places)]
        self._validated = [self._sample(copy.held_out, 0) for copy in copies]
        self._measure()

    @property
    def count(self) -> int:
        """Number of windows."""
        return sum(len(copy.places) for copy in self._copies)

    @property
    def first(self) -> bool:
        """Whether grade 1 is still to be trained."""
        return not self._frozen

    @property
    def error(self) -> float:
        """Mean square of what is left over, in units of the colours, on a sample of the windows."""
        return float(weighed(self.residual, self.shown).square().mean())

    def batch(self, size: int, *, short: bool = False) -> Batch:
        """Return the inputs, the residual, and its weight, of so many windows drawn at random from one copy."""
        del short  # windows have no passes
        which = self._trained[int(torch.randint(len(self._trained), (1,), generator=self._generator))]
        places = self._copies[which].places
        drawn = torch.randint(len(places), (size,), generator=self._generator)  # the same on every device
        return self._look(which, places[drawn.to(places.device)])

    def portions(self) -> Iterator[Batch]:
        """Yield a sample of the windows once."""
        yield self._joined([self._sample(copy.places, 1) for copy in self._copies])

    chunks = portions

    def validation(self) -> Batch | None:
        """Return inputs, residual and weight of windows that are never trained on, or None without such."""
        return self._joined(self._validated) if any(map(len, self._validated)) else None

    def leftover(
        self, places: Tensor | None = None, *, grade: Grade | None = None, scale: float = 1.0, shift: float = 0.0
    ) -> Tensor:
        """Return the residual of a sample of the windows."""
        del places, grade, scale, shift
        return self.residual

    def freeze(self, grade: Grade, *, last: bool = False) -> None:
        """Put a trained grade behind the windows: the next batches hold its features and what it left over."""
        del last
        self._frozen.append(grade)
        self._measure()

    def _measure(self) -> None:
        (_, self.residual, self.shown) = next(self.portions())

    def _sample(self, places: Tensor, seed: int) -> Tensor:
        draw = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(len(places), generator=draw)[: _SAMPLE // len(self._copies)]
        return places[chosen.to(places.device)]

    def _joined(self, places: Sequence[Tensor]) -> Batch:
        inputs, residual, shown = zip(*(self._look(which, own) for which, own in enumerate(places)), strict=True)
        return torch.cat(inputs), torch.cat(residual), torch.cat(shown)

    @torch.no_grad()
    def _look(self, which: int, places: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        copy = self._copies[which]
        encoded, deviation = self._views[which].windows(places)
        missed = copy.answers.flatten(0, 1)[places] - copy.mended.flatten(0, 1)[places]
        residual, features = missed / deviation, None
        for grade in self._frozen:
            features, encoded, prediction = advance(grade, encoded, features, feed=self._feed)
            residual = residual - prediction
        return grade_input(encoded, features, feed=self._feed), residual, deviation
