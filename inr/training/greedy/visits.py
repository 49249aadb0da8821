"""How many training pixels there are, and a seed -> which are held, and which of these a step looks at next."""

import torch
from torch import Tensor

_LOOKED_AT = 16_384
"""Pixels that are held out to validate and are looked at, at most."""


class Visits:
    """The random order in which training pixels are held, a portion at a time, and visited, pass after pass.

    Attributes:
        places: (R,) int32, the training pixels that are held.
        visited: (V,) int64 indices into `places` of those that are trained on; None where all are.
        looked_at: (W,) int64 indices into `places` of those that validate, a sample at most; None without such.
    """

    places: Tensor
    visited: Tensor | None
    looked_at: Tensor | None
    _pass: Tensor
    _position: int

    def __init__(self, count: int, portion: int, seed: int, validation: Tensor | None = None) -> None:
        """Hold the first portion.

        Args:
            count: training pixels.
            portion: of them that are held at once.
            seed: of the order.
            validation: (count,) whether a training pixel is never visited, only looked at; None where all are visited.
        """
        self._portion, self._validation = portion, validation
        self._generator = torch.Generator().manual_seed(seed)
        self._order, self._next = self._shuffled(count), 0
        self.hold_next()

    @property
    def over(self) -> bool:
        """Whether every pixel that is held was visited in this pass."""
        return self._position == len(self._pass)

    @property
    def state(self) -> dict[str, Tensor]:
        """Where the order stands and what draws the next; for training pixels that are all held."""
        return {
            "generator": self._generator.get_state(),
            "visits": self._pass.clone(),
            "position": torch.tensor(self._position),
        }

    @state.setter
    def state(self, state: dict[str, Tensor]) -> None:
        self._generator.set_state(state["generator"])
        self._pass, self._position = state["visits"], int(state["position"])

    def hold_next(self) -> None:
        """Go on to the next portion, and begin a pass over it."""
        if self._next + self._portion > len(self._order):
            self._order, self._next = self._shuffled(len(self._order)), 0
        self.places = self._order[self._next : self._next + self._portion]
        self._next += self._portion
        self.visited, self.looked_at = None, None
        if self._validation is not None:
            apart = self._validation[self.places]
            self.visited, self.looked_at = (~apart).nonzero()[:, 0], apart.nonzero()[:, 0][:_LOOKED_AT]
        self.begin_pass()

    def begin_pass(self) -> None:
        """Begin another pass over what is held."""
        if self.visited is None:
            self._pass = self._shuffled(len(self.places))
        else:
            self._pass = self.visited[self._shuffled(len(self.visited)).long()]
        self._position = 0

    def take(self, most: int) -> Tensor:
        """Return the next (n,) indices into `places`, no more than the pass has left."""
        taken = self._pass[self._position : self._position + most]
        self._position += len(taken)
        return taken

    def _shuffled(self, count: int) -> Tensor:
        return torch.randperm(count, generator=self._generator, dtype=torch.int32)
