"""A model of latents and networks -> the same with its networks' weights on quantisation steps, rounded together."""

import copy
import dataclasses
from collections.abc import Sequence
from typing import cast

import torch
from torch import Tensor, nn

from inr.imaging.sampling import coordinates
from inr.networks.chain import prefixes
from inr.networks.grade import Grade
from inr.networks.layers import Dense
from inr.networks.model import Model
from inr.networks.quantised import QuantStep, quantise
from inr.training.rounding.together import round_together

SAMPLE = 16_384
"""Pixels that the rounding of a file looks at; where only its size is asked for, fewer do."""
_CHUNK = 4096
_ROWS = 256
"""Rows of a matrix that are added at once."""
_LEAST_PIXELS = 2**14
"""Smaller pictures are rounded as if they had so many: bit for bit, no weight of a network would be worth its place."""


def round_networks(model: Model, lmbda: float, prefix_weights: Sequence[float], *, pixels: int = SAMPLE) -> Model:
    """Round all tensors but the planes so that one bit more for any weight would gain about what it costs.

    The hidden layers are rounded first, while heads and all other weights make good for them; then the heads.

    Args:
        model: on the processor, of dense layers; its planes are quantised already.
        lmbda: mean squared error that one bit per pixel is worth.
        prefix_weights: weight of the error of the picture after each grade, in the loss that is kept low.
        pixels: looked at.
    """
    random = torch.Generator().manual_seed(0)
    sample = torch.randperm(model.width * model.height, generator=random)[:pixels].int()
    wanted = _prefixes(model, sample)
    grades = tuple(copy.deepcopy(grade).requires_grad_(True) for grade in model.grades)
    model = dataclasses.replace(model, grades=grades)
    layers = [layer for grade in grades for layer in _layers(grade)]
    weights = [tensor for layer in layers for tensor in (layer.weight, layer.bias)]
    heads = [tensor for grade in grades for tensor in (grade.head.weight, grade.head.bias)]
    hidden = {id(tensor) for tensor in weights} - {id(tensor) for tensor in heads}
    bit = lmbda / max(model.width * model.height, _LEAST_PIXELS)
    steps: dict[int, QuantStep] = {}
    for free, chosen in ((weights, hidden), (heads, {id(tensor) for tensor in heads})):
        matrix, slope = _moments(model, layers, sample, wanted, prefix_weights, free)
        found = round_together(free, [id(tensor) in chosen for tensor in free], matrix, bit, slope=slope)
        steps |= {id(tensor): step for tensor, step in zip(free, found, strict=True) if id(tensor) in chosen}
    for grade in grades:
        grade.requires_grad_(False)
    quantised = tuple(
        tuple(
            quantise(parameter, steps[id(parameter)]) if id(parameter) in steps else known
            for parameter, known in zip(grade.parameters(), of_grade, strict=True)
        )
        for grade, of_grade in zip(grades, model.quantised, strict=True)
    )
    return dataclasses.replace(model, quantised=quantised)


def _layers(grade: Grade) -> list[Dense]:
    return [cast(Dense, layer) for layer in (*grade.layers, grade.head)]


@torch.no_grad()
def _prefixes(model: Model, pixels: Tensor) -> Tensor:
    """Return (grades, n, C): the picture after each grade."""
    parts = (coordinates(part, model.width, model.height, model.frame) for part in torch.split(pixels, _CHUNK))
    return torch.cat([torch.stack(list(model.predictions(where))) for where in parts], dim=1)


def _moments(
    model: Model,
    layers: list[Dense],
    pixels: Tensor,
    wanted: Tensor,
    prefix_weights: Sequence[float],
    free: list[nn.Parameter],
) -> tuple[Tensor, Tensor]:
    """Return the second derivative (n, n) and the slope (n,) of half the error by the weights of the free tensors.

    Each pixel gives one row of J: a sum of the derivatives of all channels after all grades, with random signs.
    """
    places = [id(tensor) for tensor in free]
    count = sum(tensor.numel() for tensor in free)
    matrix, slope = torch.zeros(count, count, dtype=torch.float64), torch.zeros(count, dtype=torch.float64)
    random = torch.Generator().manual_seed(1)
    factors = torch.tensor(list(prefix_weights)).sqrt()[:, None, None]
    for part, goal in zip(torch.split(pixels, _CHUNK), torch.split(wanted, _CHUNK, dim=1), strict=True):
        signs = factors * (2.0 * torch.randint(0, 2, goal.shape, generator=random) - 1.0)
        met: list[tuple[Tensor, Tensor]] = []

        def note(_: object, given: tuple[Tensor, ...], out: Tensor, met: list[tuple[Tensor, Tensor]] = met) -> None:
            met.append((given[0], out))

        hooks = [layer.register_forward_hook(note) for layer in layers]
        with torch.enable_grad():
            where = model.encoding(coordinates(part, model.width, model.height, model.frame))
            drawn = torch.stack(list(prefixes(model.grades, where, feed=model.feed)))
            summed = (drawn * signs).sum((0, 2))
            by_sums = torch.autograd.grad(summed.sum(), [out for _, out in met])
        for hook in hooks:
            hook.remove()
        rows_of_j = torch.empty(len(part), count)
        columns = dict(zip(places, torch.split(rows_of_j, [tensor.numel() for tensor in free], dim=1), strict=True))
        for layer, (given, _), by_sum in zip(layers, met, by_sums, strict=True):
            if id(layer.weight) in columns:
                columns[id(layer.weight)].copy_((by_sum[:, :, None] * given.detach()[:, None]).flatten(1))
                columns[id(layer.bias)].copy_(by_sum)
        product = rows_of_j.T @ rows_of_j
        for total, more in zip(torch.split(matrix, _ROWS), torch.split(product, _ROWS), strict=True):
            total.add_(more)  # a whole one would be copied into float64 first
        slope += (rows_of_j.T @ (summed.detach() - (goal * signs).sum((0, 2)))).double()
    return matrix.div_(pixels.numel() * model.channels), slope.div_(pixels.numel() * model.channels)
