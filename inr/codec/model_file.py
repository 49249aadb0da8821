"""Model <-> `.inr` bytes: one chunk per grade, in order, so that the start of a file is already a picture."""

import math
import warnings
import zlib
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch

from inr.codec.container import Chunk, Container, pack, unpack
from inr.codec.quantize import decode_tensor, encode_tensor, encoded_size
from inr.config import ActivationName, FrameName
from inr.errors import ModelFileError, ModelFileWarning
from inr.files import write_whole
from inr.networks.encoding import Encoding
from inr.networks.grade import Grade
from inr.networks.model import Model, Record, grade_input_size

GRADE = b"GRAD"
PROFILE = b"iccp"
MAX_SIDE = 1_048_576
MAX_PROFILE = 16_777_216


def model_to_bytes(model: Model) -> bytes:
    """Return the bytes of a version 1 model file."""
    chunks = []
    if model.icc_profile:
        chunks.append(Chunk(tag=PROFILE, payload=zlib.compress(model.icc_profile, 9)))
    for number, grade in enumerate(model.grades):
        frequencies = model.encoding.frequencies.cpu().numpy().astype("<f4").tobytes() if number == 0 else b""
        weights = b"".join(encode_tensor(p) for p in grade.parameters())
        chunks.append(Chunk(tag=GRADE, payload=frequencies + weights))
    return pack(_header(model), chunks)


def model_from_bytes(data: bytes) -> Model:
    """Parse a model file; one cut short after its first grade gives the grades that are whole, with a warning.

    Raises:
        ModelFileError: anything else that is wrong with the bytes.
    """
    container = unpack(data)
    header = _Header(container.header)
    payloads = _grade_payloads(container)
    if len(payloads) > len(header.grades) or (container.cut and len(payloads) == len(header.grades)):
        raise ModelFileError(f"the file goes on after its {len(header.grades)} grades; it is damaged.")
    if not payloads:
        raise ModelFileError("the file is cut short before the end of its first grade; nothing can be drawn from it.")
    grades: list[Grade] = []
    encoding = Encoding(torch.zeros(2, header.frequencies))
    for number, (payload, (depth, width, activation)) in enumerate(zip(payloads, header.grades, strict=False)):
        before = grades[-1].width if grades else None
        inputs = grade_input_size(encoding.size, before, feed_encoding=header.feed_encoding)
        skip = 8 * header.frequencies if number == 0 else 0
        expected = skip + _weights_size(inputs, header.channels, depth, width)
        if len(payload) != expected:
            raise ModelFileError(
                f"grade {number + 1} has {len(payload)} bytes where its header needs {expected}; the file is damaged."
            )
        if skip:
            table = np.frombuffer(payload, dtype="<f4", count=2 * header.frequencies).reshape(2, -1)
            if not np.isfinite(table).all():
                raise ModelFileError("a frequency is not a finite number; the file is damaged.")
            encoding = Encoding(torch.from_numpy(table.astype(np.float32)))
        grade = Grade(inputs, header.channels, depth=depth, width=width, activation=activation)
        _read_weights(grade, payload[skip:])
        grades.append(grade)
    if len(grades) < len(header.grades):
        warnings.warn(
            f"the file is cut short: {len(grades)} of {len(header.grades)} grades are whole and used.",
            ModelFileWarning,
            stacklevel=2,
        )
    return Model(
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=16 if header.bit_depth == 16 else 8,
        frame=header.frame,
        encoding=encoding,
        feed_encoding=header.feed_encoding,
        grades=tuple(grades),
        icc_profile=_profile(container),
        record=header.record(len(grades)),
    )


def save_model(model: Model, path: str | Path) -> None:
    """Write a model file, whole or not at all.

    Raises:
        ModelFileError: the folder cannot be written or the disk is full.
    """
    path = Path(path)
    try:
        write_whole(path, model_to_bytes(model))
    except OSError as error:
        raise ModelFileError(f"{path} cannot be written: {error.strerror or error}.") from error


def load_model(path: str | Path) -> Model:
    """Read a model file (see `model_from_bytes`).

    Raises:
        ModelFileError: no such file, or anything that is wrong with it.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return model_from_bytes(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def grade_bytes(model: Model) -> tuple[int, ...]:
    """Return the bytes each grade's chunk takes in a model file, its frame of tag, length and checksum included."""
    frequencies = 4 * model.encoding.frequencies.numel()
    sizes = [12 + sum(encoded_size(p.numel()) for p in grade.parameters()) for grade in model.grades]
    return (sizes[0] + frequencies, *sizes[1:])


def _header(model: Model) -> dict[str, Any]:
    record = model.record
    return {
        "width": model.width,
        "height": model.height,
        "channels": model.channels,
        "bit_depth": model.bit_depth,
        "frame": model.frame,
        "frequencies": model.encoding.frequencies.shape[1],
        "feed_encoding": model.feed_encoding,
        "grades": [[grade.depth, grade.width, grade.activation] for grade in model.grades],
        "record": {
            "method": record.method,
            "seed": record.seed,
            "psnr_db": [round(v, 4) if math.isfinite(v) else None for v in record.psnr_db],
            "versions": dict(record.versions),
        },
    }


class _Header:
    """The header's fields, each checked for type and range before anything is built from them."""

    def __init__(self, header: dict[str, Any]) -> None:
        self._header = header
        self.width = self._integer("width", 1, MAX_SIDE)
        self.height = self._integer("height", 1, MAX_SIDE)
        self.channels = self._integer("channels", 1, 4)
        self.bit_depth = self._integer("bit_depth", 8, 16)
        self.frequencies = self._integer("frequencies", 0, 16_384)
        frame, feed = header.get("frame"), header.get("feed_encoding")
        if self.bit_depth not in (8, 16) or frame not in get_args(FrameName) or not isinstance(feed, bool):
            raise ModelFileError("the header names a bit depth, frame or encoding rule this program does not know.")
        self.frame: FrameName = "unit" if frame == "unit" else "isotropic"
        self.feed_encoding = feed
        grades = header.get("grades")
        if not isinstance(grades, list) or not 1 <= len(grades) <= 64:
            raise ModelFileError("the header has no list of 1 to 64 grades.")
        self.grades: list[tuple[int, int, ActivationName]] = [self._grade(grade) for grade in grades]

    def _integer(self, name: str, low: int, high: int) -> int:
        value = self._header.get(name)
        if type(value) is not int or not low <= value <= high:
            raise ModelFileError(f"the header's {name} is {value!r}; accepted are {low} to {high}.")
        return value

    @staticmethod
    def _grade(entry: object) -> tuple[int, int, ActivationName]:
        match entry:
            case [int(depth), int(width), str(activation)] if (
                1 <= depth <= 64 and 1 <= width <= 8192 and activation in get_args(ActivationName)
            ):
                return depth, width, activation  # type: ignore[return-value]
        raise ModelFileError(f"the header describes a grade as {entry!r}, which this program does not know.")

    def record(self, grades: int) -> Record:
        match self._header.get("record"):
            case {
                "method": str(method),
                "seed": int(seed),
                "psnr_db": list(psnr),
                "versions": dict(versions),
            }:
                values = tuple(math.inf if v is None else float(v) for v in psnr if v is None or type(v) is float)
                pairs = tuple(sorted((str(k), str(v)) for k, v in versions.items()))
                return Record(method=method, seed=seed, psnr_db=values[:grades], versions=pairs)
        raise ModelFileError("the header's record of the fit is missing or malformed.")


def _grade_payloads(container: Container) -> list[bytes]:
    payloads = []
    for chunk in container.chunks:
        if chunk.tag == GRADE:
            payloads.append(chunk.payload)
        elif not chunk.tag[:1].islower():
            raise ModelFileError(f"the file holds a chunk {chunk.tag!r} that this program does not know.")
    return payloads


def _profile(container: Container) -> bytes | None:
    for chunk in container.chunks:
        if chunk.tag == PROFILE:
            try:
                return zlib.decompressobj().decompress(chunk.payload, MAX_PROFILE)
            except zlib.error as error:
                raise ModelFileError(f"the colour profile is damaged ({error}).") from error
    return None


def _weights_size(inputs: int, outputs: int, depth: int, width: int) -> int:
    shapes = [inputs * width, width] + [width * width, width] * (depth - 1) + [width * outputs, outputs]
    return sum(encoded_size(count) for count in shapes)


@torch.no_grad()
def _read_weights(grade: Grade, payload: bytes) -> None:
    position = 0
    for parameter in grade.parameters():
        size = encoded_size(parameter.numel())
        parameter.copy_(decode_tensor(payload[position : position + size], tuple(parameter.shape)))
        position += size
