"""A grade and what it trains on -> the loss of a step with its gradient, and what the grade leaves over."""

from dataclasses import dataclass
from functools import partial

import torch

from inr.device import autocast
from inr.networks.grade import Grade
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.batches import CHUNK, weighed
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.greedy.windows import Windows
from inr.training.result import Leftover


@dataclass(frozen=True, kw_only=True)
class Objective:
    """1/2 mean ((e^l - shift) / scale - g_l(x^l))^2 over pixels and channels (Fang & Xu 2024, section 2).

    The factor 1/2 is that of their image code.

    Attributes:
        grade: g_l, in training.
        pool: x^l and e^l.
        scale: RMS(e^l) with `rescale_residual`, 1/2 for symmetric targets; half of max |e^l| for
            samples on a line with `scale_from_residual`.
        shift: 1/2 for symmetric targets, else 0.
        dtype: of the products.
    """

    grade: Grade
    pool: Pool | Pairs | Windows
    scale: float
    shift: float
    dtype: torch.dtype

    def backward(self, batch_size: int | None, *, short: bool = False) -> float:
        """Add the gradient of the next batch's loss to the grade's and return the loss; large batches go in chunks.

        Args:
            batch_size: pixels; None is every training pixel.
            short: the last batch of a pass is short.
        """
        if batch_size is None:
            pieces, count = self.pool.portions(), self.pool.count
        else:
            batch = self.pool.batch(batch_size, short=short)
            pieces, count = iter([batch]), len(batch[0])
        total = 0.0
        for inputs, residual, shown in pieces:
            for start in range(0, len(inputs), CHUNK):
                part = slice(start, start + CHUNK)
                with autocast(self.dtype, inputs.device):
                    prediction = self.grade(inputs[part])
                weight = len(prediction) / count
                error = prediction.to(residual.dtype) - (residual[part] - self.shift) / self.scale
                loss = 0.5 * weight * weighed(error, None if shown is None else shown[part]).square().mean()
                loss.backward()  # type: ignore[no-untyped-call]
                total += float(loss.detach())
        return total

    def left_of(self, pool: Pool | Pairs | Windows) -> Leftover:
        """Return what computes, of any pool at this grade, its leftover there and then."""
        return partial(pool.leftover, grade=self.grade, scale=self.scale, shift=self.shift)

    @torch.no_grad()
    def reached(self, target_psnr: float) -> bool:
        """Return whether the training pixels, as they would be after this grade, have this PSNR in dB."""
        squares = sum(
            float(weighed(residual - self.shift - self.scale * self.grade(inputs), shown).square().sum())
            for inputs, residual, shown in self.pool.chunks()
        )
        allowed = self.pool.count * self.pool.residual.shape[1] * 10.0 ** (-target_psnr / 10.0)
        return bool(squares <= allowed)


def make_objective(
    grade: Grade, pool: Pool | Pairs | Windows, training: GreedyTraining, dtype: torch.dtype
) -> Objective:
    """Return what a grade is fitted to, its residual rescaled or shifted as the training says."""
    scale, shift = 1.0, 0.0
    if training.targets == "symmetric" and pool.first:
        scale, shift = 0.5, 0.5
    elif training.rescale_residual:
        on_a_line = isinstance(pool, Pool) and pool.sign_changes is not None
        scale = _size(pool.residual, largest=training.scale_from_residual and on_a_line)
    return Objective(grade=grade, pool=pool, scale=scale, shift=shift, dtype=dtype)


def _size(residual: torch.Tensor, *, largest: bool) -> float:
    size = residual.abs().max() / 2.0 if largest else residual.square().mean().sqrt()
    return max(float(size), 1e-8 if residual.dtype == torch.float32 else 1e-18)
