"""Grades <-> the payloads of their chunks: tables of frequencies, side information of each tensor, their integers."""

import numpy as np
import torch

from inr.codec.header import MAX_FREQUENCY
from inr.codec.latents import LatentCoder
from inr.codec.range_coder import Decoder, Encoder
from inr.codec.tensors import SideInfo, read_integers, side_info, write_integers
from inr.errors import ModelFileError
from inr.networks.grade import Grade
from inr.networks.model import Model
from inr.networks.quantised import Quantised, quantise_16
from inr.settings.shape import Plane


def layouts(model: Model) -> list[tuple[Plane, ...]]:
    """Return the planes of each grade."""
    return [grade.planes.layout if grade.planes else () for grade in model.grades]


def quantised(model: Model, number: int) -> list[Quantised]:
    """Return the tensors of a grade, numbered from 0, as integers: as it was quantised, or the nearest of 16 bits.

    A tensor that was changed after it was quantised is quantised anew.

    Raises:
        ModelFileError: a weight is not finite, or beyond the range of the format.
    """
    parameters = list(model.grades[number].parameters())
    known = model.quantised[number] if model.quantised else (None,) * len(parameters)
    try:
        return [
            of_tensor
            if of_tensor is not None and torch.equal(of_tensor.tensor(tuple(parameter.shape)), parameter.cpu())
            else quantise_16(parameter)
            for parameter, of_tensor in zip(parameters, known, strict=True)
        ]
    except ValueError as error:
        raise ModelFileError("a weight is not a finite number; the model cannot be written.") from error


def write_grades(model: Model) -> list[bytes]:
    """Return the payload of each grade.

    Raises:
        ModelFileError: a weight is not finite, or beyond the range of the format.
    """
    coder = LatentCoder(layouts(model), model.width, model.height, model.entropy_model)
    payloads = []
    for number, grade in enumerate(model.grades):
        stored = number == 0 and model.encoding.draw is None
        tables = [model.encoding.frequencies, grade.waves] if stored else [grade.waves]
        frequencies = b"".join(table.cpu().numpy().astype("<f4").tobytes() for table in tables)
        encoder, sides, tensors = Encoder(), [], quantised(model, number)
        alone = _coded_alone(grade, coder)
        for tensor in tensors[:alone]:
            sides.append(side_info(tensor))
            write_integers(encoder, sides[-1], tensor.integers)
        if alone < len(tensors):
            sides += coder.write(encoder, number, tensors[alone:])
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
def read_weights(grade: Grade, payload: bytes, coder: LatentCoder, number: int) -> tuple[Quantised, ...]:
    """Fill the next grade, numbered from 0, from its payload after the tables, and return its quantised tensors.

    Raises:
        ModelFileError: no encoder writes such a payload.
    """
    parameters = list(grade.parameters())
    sides = [SideInfo.unpack(payload[4 * i : 4 * i + 4]) for i in range(len(parameters))]
    decoder = Decoder(payload[4 * len(parameters) :])
    alone = _coded_alone(grade, coder)
    tensors = [
        Quantised(side.step, read_integers(decoder, side, parameter.numel()))
        for parameter, side in zip(parameters[:alone], sides, strict=False)
    ]
    if alone < len(parameters):
        tensors += coder.read(decoder, number, sides[alone:])
    decoder.finish()
    for parameter, tensor in zip(parameters, tensors, strict=True):
        parameter.copy_(tensor.tensor(tuple(parameter.shape)))
    return tuple(tensors)


def _coded_alone(grade: Grade, coder: LatentCoder) -> int:
    """Return how many tensors of a grade, its first, are coded by one table each; the others are planes of latents."""
    count = len(list(grade.parameters()))
    return count if grade.planes is None or coder.entropy_model is None else count - len(grade.planes.values)
