"""Model <-> `.inr` bytes: one chunk per grade, in order, so that the start of a file is already a picture."""

import dataclasses
import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

from inr.codec import version1_weights
from inr.codec.container import MAGIC, Chunk, chunk_size, pack, unpack
from inr.codec.grades import layouts, quantised, read_table, read_weights, write_grades
from inr.codec.header import Header, make_header
from inr.codec.latents import LatentCoder, write_entropy_model
from inr.codec.lattice import read_lattice, write_lattice
from inr.codec.outline import GRADE, PROFILE, read_profile
from inr.codec.payloads import ENTROPY_MODEL, LATTICE, checked_payloads
from inr.errors import ModelFileError, ModelFileWarning
from inr.files import write_whole
from inr.imaging.icc import MAX_PROFILE
from inr.networks.encoding import Encoding
from inr.networks.grade import Grade
from inr.networks.lattice import Lattice
from inr.networks.model import Model
from inr.networks.quantised import Quantised
from inr.networks.record import Record


@dataclass(frozen=True, kw_only=True)
class Encoded:
    """A model and the chunks of its file: all of the file but what the header says.

    Attributes:
        model: as it was encoded, or as it was decoded again.
        chunks: in the order of the file.
    """

    model: Model
    chunks: tuple[Chunk, ...]

    @property
    def data(self) -> bytes:
        """The bytes of the version 3 model file."""
        return pack(make_header(self.model), self.chunks)

    def recorded(self, record: Record) -> "Encoded":
        """Return the same with another record of the fit, which stands in the header."""
        return dataclasses.replace(self, model=dataclasses.replace(self.model, record=record))


def encode(model: Model) -> Encoded:
    """Code what a model file holds beside its header.

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
    channels = sum(plane.channels for layout in layouts(model) for plane in layout)
    if model.entropy_model is not None and channels:
        chunks.append(Chunk(tag=ENTROPY_MODEL, payload=write_entropy_model(model.entropy_model, channels)))
    if model.lattice is not None:
        chunks.append(Chunk(tag=LATTICE, payload=write_lattice(model.lattice.pixels, model.bit_depth)))
    chunks += [Chunk(tag=GRADE, payload=payload) for payload in write_grades(model)]
    return Encoded(model=model, chunks=tuple(chunks))


def verified(encoded: Encoded) -> Encoded:
    """Decode a model from its own bytes, check that every integer came back, and return the decoded model.

    Raises:
        ModelFileError: one did not.
    """
    decoded = model_from_bytes(encoded.data)
    for number in range(len(encoded.model.grades)):
        for before, after in zip(quantised(encoded.model, number), quantised(decoded, number), strict=True):
            if before.step != after.step or not (before.integers == after.integers).all():
                raise ModelFileError(f"grade {number + 1} does not read back the same from the model's bytes.")
    return dataclasses.replace(encoded, model=decoded)


def model_to_bytes(model: Model) -> bytes:
    """Return the bytes of a version 3 model file (see `encode` for the errors)."""
    return encode(model).data


def grade_bytes(data: bytes) -> tuple[int, ...]:
    """Return the bytes that each whole grade's chunk takes in a model file, frame and checksum included.

    Raises:
        ModelFileError: what `unpack` raises.
    """
    found = unpack(data)
    return tuple(chunk_size(len(chunk.payload), found.version) for chunk in found.chunks if chunk.tag == GRADE)


def model_from_bytes(data: bytes, *, grades: int | None = None) -> Model:
    """Parse a model file; one cut short after its first grade gives the grades that are whole, with a warning.

    Args:
        data: the bytes of the file.
        grades: decode no more than the first so many; all by default.

    Raises:
        ModelFileError: anything else that is wrong with the bytes.
    """
    container = unpack(data)
    header = Header(container.header)
    payloads, entropy_model = checked_payloads(container, header)
    wanted = len(header.grades) if grades is None else min(grades, len(header.grades))
    payloads = payloads[:wanted]
    lattice = None
    if header.lattice_shape:
        found = [chunk.payload for chunk in container.chunks if chunk.tag == LATTICE]
        lattice = Lattice(read_lattice(found, header.lattice_shape, header.bit_depth), header.spacing)
    drawn = header.draw
    frequencies = drawn.frequencies(header.frequencies) if drawn else read_table(payloads[0], header.frequencies)
    coder = LatentCoder(
        [shape.planes for shape in header.grades[: len(payloads)]], header.width, header.height, entropy_model
    )
    decoded: list[Grade] = []
    tensors: list[tuple[Quantised, ...]] = []
    for number, payload in enumerate(payloads):
        grade = header.empty_grade(number)
        start = 0 if decoded else 8 * header.table
        grade.waves.copy_(read_table(payload[start:], grade.form.shifts))
        rest = payload[start + 8 * grade.form.shifts :]
        if container.version == 1:
            version1_weights.read_weights(grade, rest)
        else:
            tensors.append(read_weights(grade, rest, coder, number))
        decoded.append(grade)
    if len(decoded) < wanted:
        warnings.warn(
            f"the file is cut short; grades used: {len(decoded)} of {len(header.grades)}.",
            ModelFileWarning,
            stacklevel=2,
        )
    return Model(
        width=header.width,
        height=header.height,
        channels=header.channels,
        bit_depth=header.bit_depth,
        frame=header.frame,
        encoding=Encoding(frequencies, drawn),
        feed=header.feed,
        grades=tuple(decoded),
        icc_profile=read_profile(container),
        record=header.record(len(decoded)),
        lattice=lattice,
        entropy_model=entropy_model,
        quantised=tuple(tensors),
    )


def save_model(model: Model, path: str | Path) -> None:
    """Write a model file, whole or not at all.

    Raises:
        ModelFileError: the folder cannot be written or the disk is full.

    Example:
        >>> import numpy as np
        >>> image = inr.image_from_array(np.full((4, 6), 0.5))
        >>> model = inr.fit(image, inr.configure(inr.FitOptions(grades=2, preset="fast"))).model
        >>> inr.save_model(model, "flat.inr")
        >>> inr.load_model("flat.inr").width
        6
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
    return named_model(read_model_file(path), path)


def named_model(data: bytes, name: object) -> Model:
    """Parse a model file (see `model_from_bytes`), and name it in errors."""
    try:
        return model_from_bytes(data)
    except ModelFileError as error:
        raise ModelFileError(f"{name}: {error}") from error


def read_model_file(path: str | Path) -> bytes:
    """Return the bytes of a model file; of a foreign one, which may be of any size, the first few.

    Raises:
        ModelFileError: no such file, or one that cannot be read.
    """
    path = Path(path)
    if path.exists() and not path.is_file():
        raise ModelFileError(f"{path} is no file; give one .inr model file.")
    try:
        with path.open("rb") as file:
            data = file.read(len(MAGIC))
            return data + (file.read() if data == MAGIC else b"")
    except FileNotFoundError:
        raise ModelFileError(f"{path}: no such file.") from None
    except OSError as error:
        raise ModelFileError(f"{path} cannot be read: {error.strerror}.") from error
