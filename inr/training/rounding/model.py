"""A model and the picture it draws -> the same model with wider quantisation steps, as a loss or a size allows."""

import copy
import dataclasses
import math

import numpy as np
import torch
from torch import Tensor

from inr.codec.grades import quantised
from inr.codec.model_file import model_to_bytes
from inr.errors import ConfigError
from inr.imaging.alpha import visibility, without_hidden
from inr.imaging.image import Image
from inr.imaging.sampling import coordinates
from inr.networks.chain import prefixes
from inr.networks.lattice import added
from inr.networks.model import Model
from inr.networks.quantised import MOST, Quantised, QuantStep, quantise

_SAMPLE = 2**17
"""Pixels that a loss is measured on, at most."""
_CHUNK = 8192
_NARROWER = 2.0**-0.25
_TRIES = 64


def round_model(model: Model, image: Image, *, loss_db: float) -> Model:
    """Round a model's weights as coarsely as a loss of PSNR allows.

    Rounding the n_t weights of tensor t to a step s_t adds s_t^2 / 12 * S_t to the mean squared error, with S_t the sum
    over its weights of the mean squared derivative of the picture. A given error saves most bits where each weight adds
    as much to it as any other: s_t^2 S_t / n_t is the same for all t (the argument of reverse water-filling).

    Args:
        model: on the processor.
        image: what it was fitted to, of the same size.
        loss_db: PSNR that may be lost, on the unclipped picture; 0 leaves the model as it is.
    """
    if loss_db <= 0.0:
        return model
    pixels = _sample(model)
    shown = visibility(image)
    colours = torch.from_numpy(without_hidden(image).pixels).reshape(-1, model.channels)[pixels.long()]
    weights = torch.ones_like(colours)
    if shown is not None:
        weights = torch.from_numpy(shown).reshape(-1, model.channels)[pixels.long()]
    error = _error(model, pixels, colours, weights)
    allowed = error * (10.0 ** (loss_db / 10.0) - 1.0)
    sensitivities = _sensitivities(model, pixels, weights)
    added = allowed
    for _ in range(_TRIES):
        rounded = _rounded(model, sensitivities, added)
        if _error(rounded, pixels, colours, weights) - error <= allowed:
            return rounded
        added *= _NARROWER
    return model


def round_to_bytes(model: Model, max_bytes: int) -> Model:
    """Round a model's weights just so that its file has at most so many bytes, at the least loss to its picture.

    What the fit wrote down of its PSNR is no longer true then, and is left out.

    Raises:
        ConfigError: no rounding makes the file so small.
    """
    if len(model_to_bytes(model)) <= max_bytes:
        return model
    model = dataclasses.replace(model, record=dataclasses.replace(model.record, psnr_db=()))
    sensitivities = _sensitivities(model, _sample(model))
    steps = [[tensor.step.value for tensor in quantised(model, number)] for number in range(len(model.grades))]
    low, high = -40.0, 2.0  # log2 of the mean squared error that is added: nothing, everything
    best, smallest = None, math.inf
    for _ in range(12):
        middle = (low + high) / 2
        rounded = _rounded(model, sensitivities, 2.0**middle, steps)
        alone = dataclasses.replace(rounded, entropy_model=None)  # trained on latents in the steps they had before
        size, rounded = min(((len(model_to_bytes(m)), m) for m in (rounded, alone)), key=lambda pair: pair[0])
        smallest = min(smallest, size)
        if size <= max_bytes:
            best, high = rounded, middle
        else:
            low = middle
    if best is None:
        raise ConfigError(f"no rounding makes this model {max_bytes:,} bytes; the least seen was {smallest:,.0f}.")
    return best


def _sample(model: Model) -> Tensor:
    """Return the indices of the pixels to measure on: all of a small picture, a random sample of a large one."""
    count = model.width * model.height
    if count <= _SAMPLE:
        return torch.arange(count, dtype=torch.int32)
    drawn = np.random.default_rng(0).choice(count, _SAMPLE, replace=False)
    return torch.from_numpy(np.sort(drawn).astype(np.int32))


def _error(model: Model, pixels: Tensor, colours: Tensor, weights: Tensor) -> float:
    """Return the mean squared error of the whole sum on these pixels, each number's times its weight."""
    total = 0.0
    chunks = (torch.split(values, _CHUNK) for values in (pixels, colours, weights))
    for part, wanted, weight in zip(*chunks, strict=True):
        where = coordinates(part, model.width, model.height, model.frame)
        *_, drawn = model.predictions(where)
        total += float(((drawn - wanted) * weight).square().sum())
    return total / colours.numel()


@torch.enable_grad()
def _sensitivities(model: Model, pixels: Tensor, weights: Tensor | None = None) -> list[list[float]]:
    """Return S_t of every tensor of every grade, estimated with random signs at the pixels (Hutchinson).

    Args:
        model: on the processor.
        pixels: (N,) indices.
        weights: (N, C) of the errors there; 1 by default.
    """
    grades = [copy.deepcopy(grade).requires_grad_(True) for grade in model.grades]
    parameters = [list(grade.parameters()) for grade in grades]
    flat = [p for of_grade in parameters for p in of_grade]
    sums = [0.0] * len(flat)
    random = torch.Generator().manual_seed(0)
    weights = torch.ones(len(pixels), model.channels) if weights is None else weights
    for part, weight in zip(torch.split(pixels, _CHUNK), torch.split(weights, _CHUNK), strict=True):
        if model.lattice is not None:
            *_, total = added(grades, model.lattice.windows(part), feed=model.feed)
            total = total.mean(dim=1)  # of the places between: the picture's derivative, but for a factor for all alike
        else:
            where = model.encoding(coordinates(part, model.width, model.height, model.frame))
            *_, total = prefixes(grades, where, feed=model.feed)
        signs = torch.randint(0, 2, total.shape, generator=random).to(total.dtype) * 2.0 - 1.0
        gradients = torch.autograd.grad((total * signs * weight).sum(), flat, allow_unused=True)
        for place, gradient in enumerate(gradients):
            if gradient is not None:
                sums[place] += float(gradient.square().sum())
    means = iter(value / (len(pixels) * model.channels) for value in sums)
    return [[next(means) for _ in of_grade] for of_grade in parameters]


@torch.no_grad()
def _rounded(
    model: Model, sensitivities: list[list[float]], added: float, steps: list[list[float]] | None = None
) -> Model:
    """Return a copy whose roundings add about so much to the mean squared error, shared evenly by all weights.

    Args:
        model: to be rounded.
        sensitivities: S_t of every tensor of every grade.
        added: to the mean squared error.
        steps: that tensors have already, which are not made finer.
    """
    each = 12.0 * added / sum(grade.parameters_count for grade in model.grades)
    grids = iter(steps or [[0.0] * len(of_grade) for of_grade in sensitivities])
    known = model.quantised or tuple((None,) * len(of_grade) for of_grade in sensitivities)
    grades, tensors = [], []
    for given, of_grade, before in zip(model.grades, sensitivities, known, strict=True):
        grade = copy.deepcopy(given)
        found: list[Quantised | None] = list(before)
        for place, (parameter, sensitivity, finest) in enumerate(
            zip(grade.parameters(), of_grade, next(grids), strict=True)
        ):
            widest = 2.0 * float(parameter.abs().max())
            step = math.sqrt(each * parameter.numel() / sensitivity) if sensitivity > 0.0 else widest
            if widest > 0.0 and step > finest:
                rounded = quantise(parameter, QuantStep.at_most(min(max(step, widest / MOST), widest)))
                parameter.copy_(rounded.tensor(tuple(parameter.shape)))
                found[place] = rounded
        grades.append(grade)
        tensors.append(tuple(found))
    return dataclasses.replace(model, grades=tuple(grades), quantised=tuple(tensors))
