"""Training pixels -> batches of (grade input, residual): the features of frozen grades, computed once and kept.

Training pixels are visited in random order, pass after pass. The features of as many pixels as memory allows are held
at a time. A picture whose features fit whole has them computed once for each grade; a larger one is taken in portions.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.settings.shape import FeedName
from inr.training.greedy.batches import CHUNK, Batch, picked, weighed
from inr.training.greedy.frozen import Frozen
from inr.training.greedy.visits import Visits

Array = np.ndarray[Any, Any]
Spectrum = Callable[[Array], tuple[Array, Array]]
"""(N, C) values -> (d, K) frequencies, cycles per unit of the coordinates, and their (K,) power."""
SignChanges = Callable[[Array], float]
"""(N, C) values along a line -> how often they change their sign, per unit of the coordinates."""


class Pool:
    """What the current grade trains on.

    pixels -> coordinates -> encoding -> frozen grades -> inputs (R, d), residual (R, C)

    Attributes:
        inputs: (R, d) float32, what the current grade sees.
        residual: (R, C) float32, e^l = colours minus the sum of the frozen heads.
        shown: (R, C) float32, how much of each number is seen, which its error counts by; None where all is.
        dimensions: see the constructor.
        middle: see the constructor.
        spectrum: see the constructor.
        sign_changes: see the constructor.
    """

    inputs: Tensor
    residual: Tensor
    shown: Tensor | None
    _held: Tensor

    def __init__(
        self,
        *,
        pixels: Tensor,
        colours: Tensor,
        encode: Callable[[Tensor], Tensor],
        feed: FeedName,
        widest: int,
        visits: int,
        seed: int,
        pool_bytes: int,
        shown: Tensor | None = None,
        dimensions: int = 2,
        middle: float = 0.5,
        spectrum: Spectrum | None = None,
        sign_changes: SignChanges | None = None,
        validation: Tensor | None = None,
        apart: "Pool | None" = None,
    ) -> None:
        """Hold the pixels of grade 1.

        Args:
            pixels: (N,) indices of the training pixels.
            colours: (pixels, C) float32 colours of the whole picture, by pixel index.
            encode: (M,) pixel indices -> (M, E) encoding.
            feed: what later grades see, see `FitConfig.feed`.
            widest: largest input size of any grade to come.
            visits: pixels a grade will ask for in all; more are not computed unless all are held.
            seed: of the order of visits.
            pool_bytes: memory for the inputs held at a time.
            shown: (pixels, C) float32, how much of each number is seen; None where all is.
            dimensions: of a coordinate.
            middle: what the colours lie around.
            spectrum: turns the leftover of all training pixels into its frequencies and their power; None where
                there is no way to do so.
            sign_changes: tells how often the leftover of all training samples changes its sign, per unit; None where
                they lie on no line.
            validation: (N,) whether a training pixel is never visited, only looked at; None where all are visited.
            apart: the pool of validation samples, where these are no part of `pixels`; the caller freezes the same
                grades in it.
        """
        self._validation, self._apart = validation, apart
        self.dimensions, self.middle = dimensions, middle
        self.spectrum, self.sign_changes = spectrum, sign_changes
        self._pixels, self._colours, self._shown = pixels, colours, shown
        self._frozen = Frozen(encode, feed)
        fits = pool_bytes // (4 * widest)
        self._portion = len(pixels) if fits >= len(pixels) else max(1, min(fits, visits))
        self._visits = Visits(len(pixels), self._portion, seed, validation)
        self._hold()

    @property
    def count(self) -> int:
        """Number of training pixels that are visited."""
        return len(self._pixels) - (0 if self._validation is None else int(self._validation.sum()))

    @property
    def held(self) -> float:
        """Part of the training pixels that is held at once."""
        return len(self._held) / len(self._pixels)

    @property
    def first(self) -> bool:
        """Whether grade 1 is still to be trained."""
        return not self._frozen.grades

    @property
    def whole(self) -> bool:
        """Whether every training pixel is held at once."""
        return len(self._held) == len(self._pixels)

    @property
    def error(self) -> float:
        """Mean square of what is seen of the residual held."""
        return float(weighed(self.residual, self.shown).square().mean())

    @property
    def order(self) -> dict[str, Tensor]:
        """The order of visits to come: where it stands, and what draws the next; for a pool that is held whole."""
        return self._visits.state

    @order.setter
    def order(self, order: dict[str, Tensor]) -> None:
        self._visits.state = order

    def portions(self) -> Iterator[Batch]:
        """Yield inputs, residual and `shown` of all training pixels once, as many as are held at a time."""
        if self.whole:
            visited = slice(None) if self._visits.visited is None else self._visits.visited
            yield self.inputs[visited], self.residual[visited], picked(self.shown, visited)
            return
        chosen = self._pixels if self._validation is None else self._pixels[~self._validation]
        for pixels in torch.split(chosen, self._portion):
            inputs, residual = self._frozen.push(pixels, self._colours[pixels])
            yield inputs, residual, picked(self._shown, pixels)

    def validation(self) -> Batch | None:
        """Return inputs, residual and `shown` of some pixels that are never visited, or None without such."""
        if self._apart is not None:
            return self._apart.inputs, self._apart.residual, self._apart.shown
        at = self._visits.looked_at
        if at is None:
            return None
        return self.inputs[at], self.residual[at], picked(self.shown, at)

    def chunks(self) -> Iterator[Batch]:
        """Yield inputs, residual and `shown` of all training pixels once, at most `CHUNK` pixels at a time."""
        for inputs, residual, shown in self.portions():
            for start in range(0, len(inputs), CHUNK):
                part = slice(start, start + CHUNK)
                yield inputs[part], residual[part], None if shown is None else shown[part]

    @torch.no_grad()
    def leftover(
        self, places: Tensor | None = None, *, grade: Grade | None = None, scale: float = 1.0, shift: float = 0.0
    ) -> Tensor:
        """Return what the picture so far leaves over, in reading order.

        Args:
            places: (M,) ascending int64 places among the training pixels, to compute only those; all by default.
            grade: one still in training, whose prediction is to be taken off too.
            scale: what its prediction is to be multiplied by.
            shift: what is then to be added to it.

        Returns:
            (M, C) float32, e^l, or e^l - scale * g_l - shift.
        """
        if self.whole:
            wanted = torch.full((len(self._pixels),), places is None)
            if places is not None:
                wanted[places] = True
            order = self._visits.places
            chosen = wanted.index_select(0, order).nonzero()[:, 0]
            chosen = chosen[order.index_select(0, chosen).argsort()]
        else:
            chosen = self._pixels if places is None else self._pixels[places]
        parts = []
        for part in torch.split(chosen, CHUNK):
            if self.whole:
                at = part.to(self.inputs.device)
                inputs, residual = self.inputs.index_select(0, at), self.residual.index_select(0, at)
            else:
                inputs, residual = self._frozen.push(part, self._colours[part])
            parts.append(residual if grade is None else residual - scale * grade(inputs) - shift)
        return torch.cat(parts)

    def batch(self, size: int, *, short: bool = False) -> Batch:
        """Return the next `size` inputs and residuals, and what is shown of them, in random order.

        Never more than all training pixels; a batch may end one pass, or portion, and begin the next, unless the last
        batch of a pass is to be short.
        """
        left, parts = min(size, self.count), list[Batch]()
        while left > 0:
            if self._visits.over:
                self._turn()
            index = self._visits.take(left).to(self.inputs.device)
            left = 0 if short else left - len(index)
            residual, shown = self.residual.index_select(0, index), picked(self.shown, index)
            parts.append((self.inputs.index_select(0, index), residual, shown))
        if len(parts) == 1:
            return parts[0]
        shown = None if self.shown is None else torch.cat([part[2] for part in parts if part[2] is not None])
        return torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts]), shown

    def freeze(self, grade: Grade, *, last: bool = False) -> None:
        """Put a trained grade behind the pool: the next batches hold its features and what it left over.

        After the last grade there are none, and only the residual is kept up to date.
        """
        if self.whole:
            self.inputs, self.residual = self._frozen.push_through(grade, self.inputs, self.residual, keep=not last)
        self._frozen.grades.append(grade)
        if self.whole:
            self._turn()
        elif not last:
            self._hold_next()
        else:
            self.inputs, self.residual = self._frozen.push(self._held, self._colours[self._held], keep=False)

    def _turn(self) -> None:
        """Begin another pass over the training pixels, or go on to the next portion of them."""
        if self.whole:
            self._visits.begin_pass()
        else:
            self._hold_next()

    def _hold_next(self) -> None:
        self._visits.hold_next()
        self._hold()

    def _hold(self) -> None:
        """Compute the features of the pixels that are to be held, and what the frozen grades leave over."""
        self._held = self._pixels[self._visits.places]
        self.shown = picked(self._shown, self._held)
        self.inputs, self.residual = self._frozen.push(self._held, self._colours[self._held])
