"""What a step of greedy training is given: inputs, what they should give, and how much each error counts."""

from torch import Tensor

CHUNK = 8192
"""Pixels pushed through a network at once: its activations stay in cache."""

Batch = tuple[Tensor, Tensor, Tensor | None]
"""Inputs (n, d), residual (n, C), and how much of it is seen (n, C), None for all."""


def weighed(error: Tensor, shown: Tensor | None) -> Tensor:
    """Return an (n, C) error as it counts: what alpha hides of it does not."""
    return error if shown is None else error * shown


def picked(values: Tensor | None, index: Tensor | slice) -> Tensor | None:
    """Return the values at these places, if there are any."""
    return None if values is None else values[index]
