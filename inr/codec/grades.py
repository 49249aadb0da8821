"""Grades <-> the payloads of their chunks: tables of frequencies, what is said of each tensor, and their numbers."""

import numpy as np
import torch

from inr.codec.header import MAX_FREQUENCY
from inr.codec.latents import PlaneCoder
from inr.codec.range_coder import Decoder, Encoder
from inr.codec.tensors import (
    Side,
    decode_tensor_1,
    describe,
    encoded_size_1,
    grid_of,
    read_numbers,
    to_tensor,
    write_numbers,
)
from inr.errors import ModelFileError
from inr.networks.entropy_model import Context
from inr.networks.grade import Grade
from inr.networks.model import Model
from inr.settings.shape import Plane


def layouts(model: Model) -> list[tuple[Plane, ...]]:
    """Return the planes of each grade."""
    return [grade.planes.layout if grade.planes else () for grade in model.grades]


def write_grades(model: Model) -> list[bytes]:
    """Return the payload of each grade.

    Raises:
        ModelFileError: a weight is not finite, or beyond the range of the format.
    """
    coder = PlaneCoder(layouts(model), model.width, model.height, model.context)
    payloads = []
    for number, grade in enumerate(model.grades):
        stored = number == 0 and model.encoding.draw is None
        tables = [model.encoding.frequencies, grade.waves] if stored else [grade.waves]
        frequencies = b"".join(table.cpu().numpy().astype("<f4").tobytes() for table in tables)
        encoder, sides = Encoder(), []
        for parameter in _static(grade, model.context):
            step, numbers = grid_of(parameter)
            sides.append(describe(step, numbers))
            write_numbers(encoder, sides[-1], numbers)
        if model.context is not None and grade.planes is not None:
            sides += coder.write(encoder, number, list(grade.planes.values))
        payloads.append(frequencies + b"".join(side.pack() for side in sides) + encoder.bytes())
    return payloads


def read_table(data: bytes, count: int) -> torch.Tensor:
    """Return the (2, count) float32 frequencies at the start of these bytes.

    Raises:
        ModelFileError: one is out of range.
    """
    table = np.frombuffer(data, dtype="<f4", count=2 * count).reshape(2, -1)
    if not (np.abs(table) <= MAX_FREQUENCY).all():  # NaN compares false
        raise ModelFileError("a frequency is out of range; the file is damaged.")
    return torch.from_numpy(table.astype(np.float32))


@torch.no_grad()
def read_weights(grade: Grade, payload: bytes, coder: PlaneCoder, number: int) -> None:
    """Fill the next grade, numbered from 0, from its payload after the tables.

    Raises:
        ModelFileError: it holds what no encoder writes.
    """
    count = len(list(grade.parameters()))
    sides = [Side.unpack(payload[4 * i : 4 * i + 4]) for i in range(count)]
    decoder = Decoder(payload[4 * count :])
    static = _static(grade, coder.context)
    for parameter, side in zip(static, sides, strict=False):
        numbers = read_numbers(decoder, side, parameter.numel())
        parameter.copy_(to_tensor(side.step, numbers, tuple(parameter.shape)))
    if grade.planes is not None and coder.context is not None:
        for plane, values in zip(grade.planes.values, coder.read(decoder, number, sides[len(static) :]), strict=True):
            plane.copy_(values)
    decoder.finish()


@torch.no_grad()
def read_weights_1(grade: Grade, payload: bytes) -> None:
    """Fill a grade from its payload of version 1, after the tables.

    Raises:
        ModelFileError: it holds what no encoder writes.
    """
    position = 0
    for parameter in grade.parameters():
        size = encoded_size_1(parameter.numel())
        parameter.copy_(decode_tensor_1(payload[position : position + size], tuple(parameter.shape)))
        position += size


def _static(grade: Grade, context: Context | None) -> list[torch.nn.Parameter]:
    """Return the tensors of a grade that are coded on their own, without regard to what lies around a number."""
    parameters = list(grade.parameters())
    planes = 0 if grade.planes is None or context is None else len(grade.planes.values)
    return parameters[: len(parameters) - planes]
