"""A grade in training and pixels held out from it -> the grade as it was when their error was least."""

import math

import torch
from torch import Tensor

from inr.networks.grade import Grade
from inr.training.greedy.batches import CHUNK, Batch, weighed

_LOOKS = 40
"""Looks at the held-out pixels in the training of a grade, evenly spaced."""
_PATIENCE = 0.35
"""Part of a grade's training that may pass without a lower error: the last part, at small rates, is often the best."""


class Best:
    """Watches the error of pixels that are not trained on (early stopping; Prechelt 1998).

    Attributes:
        error: the least so far, mean square in units of the colours.
        step: updates after which it was so.
    """

    def __init__(self, grade: Grade, watched: Batch) -> None:
        self.error, self.step = math.inf, 0
        self._grade, self._watched = grade, watched
        self._kept: dict[str, Tensor] = {}
        self._due, self._found = 0.0, 0.0

    @torch.no_grad()
    def over(self, done: int, fraction: float, scale: float, shift: float) -> bool:
        """Look, if a look is due, and return whether the training may end, as the error has not fallen for long.

        Args:
            done: updates so far.
            fraction: of the grade's training that is spent.
            scale: what the prediction of the grade is to be multiplied by.
            shift: what is then to be added to it.
        """
        if fraction < self._due:
            return False
        self._due = min(fraction + 1.0 / _LOOKS, 1.0)
        inputs, residual, shown = self._watched
        squares = 0.0
        for start in range(0, len(inputs), CHUNK):
            part = slice(start, start + CHUNK)
            left = residual[part] - shift - scale * self._grade(inputs[part])
            squares += float(weighed(left, None if shown is None else shown[part]).square().sum())
        error = squares / residual.numel()
        if error < self.error:
            self.error, self.step, self._found = error, done, fraction
            self._kept = {name: value.clone() for name, value in self._grade.state_dict().items()}
        return fraction - self._found > _PATIENCE

    @property
    def table(self) -> dict[str, Tensor]:
        """What `go_on` needs: `facts` (error, step, when the next look is due, when this was found) and the weights."""
        facts = torch.tensor([self.error, self.step, self._due, self._found], dtype=torch.float64)
        return {"facts": facts} | {f"grade.{name}": value for name, value in self._kept.items()}

    def go_on(self, table: dict[str, Tensor]) -> None:
        """Go on from what `table` told of an interrupted training."""
        self.error, step, self._due, self._found = table["facts"].tolist()
        self.step, prefix = int(step), "grade."
        self._kept = {name.removeprefix(prefix): value for name, value in table.items() if name.startswith(prefix)}

    def restore(self) -> None:
        """Make the grade what it was at its best."""
        if self._kept:
            self._grade.load_state_dict(self._kept)
