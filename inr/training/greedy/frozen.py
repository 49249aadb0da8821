"""Pixels and frozen grades -> what the next grade sees of them, and what the grades leave over."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from inr.networks.chain import advance, grade_input
from inr.networks.grade import Grade
from inr.settings.shape import FeedName
from inr.training.greedy.batches import CHUNK


class Frozen:
    """The grades that are trained already, in order.

    pixels -> encoding -> grades -> inputs (n, d) of the next grade, residual (n, C)

    Attributes:
        grades: frozen, in order.
    """

    def __init__(self, encode: Callable[[Tensor], Tensor], feed: FeedName) -> None:
        """Begin without a grade.

        Args:
            encode: (M,) pixel indices -> (M, E) encoding.
            feed: what later grades see, see `FitConfig.feed`.
        """
        self.grades: list[Grade] = []
        self._encode, self._feed = encode, feed

    def push(self, pixels: Tensor, colours: Tensor, *, keep: bool = True) -> tuple[Tensor, Tensor]:
        """Push pixels through all grades.

        Args:
            pixels: (n,) indices.
            colours: (n, C) of these pixels.
            keep: whether the inputs are wanted; they are empty otherwise.

        Returns:
            (n, d) inputs of the next grade, and (n, C) residual.
        """
        return self._push(self.grades, pixels, None, colours, keep)

    def push_through(
        self, grade: Grade, inputs: Tensor, residual: Tensor, *, keep: bool = True
    ) -> tuple[Tensor, Tensor]:
        """Push the (n, d) inputs and (n, C) residual behind the grades so far through one grade more."""
        return self._push([grade], inputs, inputs, residual, keep)

    @torch.no_grad()
    def _push(
        self, grades: Sequence[Grade], pixels: Tensor, inputs: Tensor | None, residual: Tensor, keep: bool
    ) -> tuple[Tensor, Tensor]:
        residual = residual.clone()
        after = torch.empty(0)
        for start in range(0, len(pixels), CHUNK):
            part = slice(start, start + CHUNK)
            features, encoded = (None, self._encode(pixels[part])) if inputs is None else self._split(inputs[part])
            for grade in grades:
                features, encoded, prediction = advance(grade, encoded, features, feed=self._feed)
                residual[part] -= prediction
            if not keep:
                continue
            x = grade_input(encoded, features, feed=self._feed)
            if start == 0:  # whole from the first: small kept tensors amid large freed ones would fragment memory
                after = torch.empty(len(pixels), x.shape[1], device=x.device, dtype=x.dtype)
            after[part] = x
        return after, residual

    def _split(self, inputs: Tensor) -> tuple[Tensor | None, Tensor]:
        """Return features and encoding of inputs; no encoding where the grades to come do not see it."""
        if not self.grades or self._feed == "encoding":
            return None, inputs
        count = self.grades[-1].features
        return inputs[:, :count], inputs[:, count:]
