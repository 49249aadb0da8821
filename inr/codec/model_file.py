"""Model <-> `.inr` bytes: one chunk per grade, in order, so that the start of a file is already a picture."""

import warnings
import zlib
from pathlib import Path

import numpy as np
import torch

from inr.codec.container import MAGIC, Chunk, Container, pack, unpack
from inr.codec.header import Header, make_header
from inr.codec.quantize import decode_tensor, encode_tensor, encoded_size
from inr.errors import ModelFileError, ModelFileWarning
from inr.files import write_whole
from inr.networks.encoding import Encoding
from inr.networks.grade import Grade
from inr.networks.model import Model

GRADE = b"GRAD"
PROFILE = b"iccp"
MAX_PROFILE = 16_777_216
MAX_FREQUENCY = 1e7


def model_to_bytes(model: Model) -> bytes:
    """Return the bytes of a version 1 model file.

    Raises:
        ModelFileError: a weight is not finite, or the colour profile is too large.
    """
    chunks = []
    if model.icc_profile:
        if len(model.icc_profile) > MAX_PROFILE:
            raise ModelFileError(
                f"the colour profile has {len(model.icc_profile):,} bytes; at most {MAX_PROFILE:,} fit."
            )
        chunks.append(Chunk(tag=PROFILE, payload=zlib.compress(model.icc_profile, 9)))
    for number, grade in enumerate(model.grades):
        tables = [model.encoding.frequencies, grade.waves] if number == 0 else [grade.waves]
        frequencies = b"".join(table.cpu().numpy().astype("<f4").tobytes() for table in tables)
        weights = b"".join(encode_tensor(p) for p in grade.parameters())
        chunks.append(Chunk(tag=GRADE, payload=frequencies + weights))
    return pack(make_header(model), chunks)


def model_from_bytes(data: bytes) -> Model:
    """Parse a model file; one cut short after its first grade gives the grades that are whole, with a warning.

    Raises:
        ModelFileError: anything else that is wrong with the bytes.
    """
    container = unpack(data)
    header = Header(container.header)
    payloads = _checked_payloads(container, header)
    frequencies = _read_table(payloads[0], header.frequencies)
    grades: list[Grade] = []
    for number, payload in enumerate(payloads):
        grade = header.empty_grade(number)
        start = 0 if grades else 8 * header.frequencies
        grade.waves.copy_(_read_table(payload[start:], grade.form.shifts))
        _read_weights(grade, payload[start + 8 * grade.form.shifts :])
        grades.append(grade)
    if len(grades) < len(header.grades):
        warnings.warn(
            f"the file is cut short; grades used: {len(grades)} of {len(header.grades)}.",
            ModelFileWarning,
            stacklevel=2,
        )
    return Model(
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=header.bit_depth,
        frame=header.frame,
        encoding=Encoding(frequencies),
        feed=header.feed,
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
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} is no file; give one .inr model file.")
    try:
        with path.open("rb") as file:
            data = file.read(len(MAGIC))
            data += file.read() if data == MAGIC else b""  # a foreign file may be of any size
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
    try:
        return model_from_bytes(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error


def grade_bytes(model: Model) -> tuple[int, ...]:
    """Return the bytes each grade's chunk takes in a model file, its frame of tag, length and checksum included."""
    frequencies = 4 * model.encoding.frequencies.numel()
    sizes = [
        12 + 4 * grade.waves.numel() + sum(encoded_size(p.numel()) for p in grade.parameters())
        for grade in model.grades
    ]
    return (sizes[0] + frequencies, *sizes[1:])


def _checked_payloads(container: Container, header: Header) -> list[bytes]:
    """Return the grades' payloads, at least one, each of the size that the header asks for."""
    payloads, sizes = [], header.payload_sizes()
    for chunk in container.chunks:
        if chunk.tag == GRADE:
            payloads.append(chunk.payload)
        elif not chunk.tag[:1].islower():
            raise ModelFileError(f"the file holds a chunk {chunk.tag!r} that this program does not know.")
    if len(payloads) > len(sizes) or (container.cut and len(payloads) == len(sizes)):
        raise ModelFileError(f"the file goes on after its last grade, number {len(sizes)}; it is damaged.")
    found = [len(payload) for payload in payloads]
    found += [] if container.cut_length is None else [container.cut_length]
    for number, (length, size) in enumerate(zip(found, sizes, strict=False), start=1):
        if length != size:
            raise ModelFileError(f"grade {number} has {length} bytes where its header needs {size}; it is damaged.")
    if not payloads:
        raise ModelFileError("the file is cut short before the end of its first grade; nothing can be drawn from it.")
    return payloads


def _profile(container: Container) -> bytes | None:
    for chunk in container.chunks:
        if chunk.tag == PROFILE:
            inflater = zlib.decompressobj()
            try:
                profile = inflater.decompress(chunk.payload, MAX_PROFILE)
            except zlib.error as error:
                raise ModelFileError(f"the colour profile is damaged ({error}).") from error
            if not inflater.eof or inflater.unused_data:
                raise ModelFileError("the colour profile is damaged, or larger than any that is accepted.")
            return profile
    return None


def _read_table(data: bytes, count: int) -> torch.Tensor:
    """Return the (2, count) float32 frequencies at the start of these bytes."""
    table = np.frombuffer(data, dtype="<f4", count=2 * count).reshape(2, -1)
    if not (np.abs(table) <= MAX_FREQUENCY).all():  # NaN compares false
        raise ModelFileError("a frequency is out of range; the file is damaged.")
    return torch.from_numpy(table.astype(np.float32))


@torch.no_grad()
def _read_weights(grade: Grade, payload: bytes) -> None:
    position = 0
    for parameter in grade.parameters():
        size = encoded_size(parameter.numel())
        parameter.copy_(decode_tensor(payload[position : position + size], tuple(parameter.shape)))
        position += size
