"""Shapes and quantisation steps -> grades that draw the sum of their planes: where joint training begins."""

import torch
from torch import Tensor

from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.networks.chain import empty_grade
from inr.networks.grade import Grade
from inr.settings.config import FitConfig
from inr.settings.shape import ActivationName, Plane
from inr.training.joint.decompose import colour_directions
from inr.training.seeds import generator

_LINEAR: dict[ActivationName, tuple[float, float]] = {
    "relu": (1.0, 1.0),
    "gelu": (1.0, 6.0),
    "sine": (0.02, 0.0),
    "tanh": (0.02, 0.0),
}
"""Factor and offset that bring colours to where an activation is linear, with slope 1."""
_OTHERS = 0.3
"""Factor on the weights of the neurons that begin with no part in the picture."""


@torch.no_grad()
def adding_grade(image: Image, config: FitConfig, number: int, quant_steps: list[list[Tensor]], mean: Tensor) -> Grade:
    """Build a grade that draws the sum of its planes, through one or two neurons of each layer for each colour.

    Where `relu` has room for them these are pairs, relu(z) - relu(-z) = z: their kinks are what training makes use of.
    Otherwise one neuron for each colour works where the activation is linear. The other neurons see the planes too and
    are connected to nothing yet.

    Args:
        image: the source.
        config: of the fit.
        number: of the grade, from 0.
        quant_steps: quantisation steps of each grade's planes, (channels,), in units of the colours.
        mean: (C,) mean colour of the picture, which grade 0 adds.

    Raises:
        ConfigError: fewer neurons than colours.
    """
    shape, colours = config.grades[number], image.channels
    if shape.width < colours:
        raise ConfigError(
            f"width is {shape.width}; with planes a picture of {colours} channels needs at least {colours} neurons."
        )
    grade = empty_grade(
        config.grades,
        number,
        encoding=2,
        channels=colours,
        width=image.width,
        height=image.height,
        feed="both",
    )
    grade.start("fan-in", generator(config.seed, number + 1), first=number == 0, raw=False)
    first: Tensor = grade.layers[0].weight  # type: ignore[assignment]
    first.mul_(_OTHERS)
    mine = _columns(shape.planes, quant_steps[number])
    before = torch.cat(
        [torch.empty(0), *(_columns(config.grades[n].planes, quant_steps[n]) for n in range(number - 1, -1, -1))]
    )
    end = first.shape[1] - 2 - len(mine)
    first[:, end - len(before) : end] *= before
    first[:, -len(mine) :] *= mine
    signs, (factor, offset) = [1.0], _LINEAR[shape.activation]
    if shape.activation == "relu" and shape.width >= 2 * colours:
        signs, offset = [1.0, -1.0], 0.0
    used = len(signs) * colours
    sign = torch.tensor(signs).repeat_interleave(colours)
    first[:used] = 0.0
    at = first.shape[1] - len(mine)
    directions = colour_directions(colours)
    for plane, of_plane in zip(shape.planes, quant_steps[number], strict=True):  # at the place of the coordinate itself
        count = min(plane.channels, colours)
        columns = factor * (directions[:count] * of_plane[:count, None]).T
        first[:used, at : at + count] = sign[:, None] * columns.repeat(len(signs), 1)
        at += plane.features
    grade.layers[0].bias[:used] = offset  # type: ignore[operator]
    for layer in grade.layers[1:]:
        layer.weight[:used] = torch.eye(used, shape.width)  # type: ignore[operator]
        layer.bias[:used] = 0.0  # type: ignore[operator]
    grade.head.weight.zero_()
    grade.head.weight[:, :used] = torch.eye(colours).repeat(1, len(signs)) * sign / factor
    grade.head.bias.copy_((mean if number == 0 else torch.zeros(colours)) - offset / factor)
    return grade


def _columns(planes: tuple[Plane, ...], quant_steps: list[Tensor]) -> Tensor:
    """Return the quantisation step of each number that is read of some planes."""
    return torch.cat([step.repeat(len(plane.places)) for plane, step in zip(planes, quant_steps, strict=True)])
