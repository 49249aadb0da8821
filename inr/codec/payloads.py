"""Chunks of a model file -> the grades' payloads and the entropy model, none of an impossible size."""

import math

from inr.codec import version1
from inr.codec.container import Container
from inr.codec.header import Header
from inr.codec.latents import read_entropy_model
from inr.codec.outline import GRADE
from inr.codec.tensors import FREE_NUMBERS, NUMBERS_A_BYTE
from inr.errors import ModelFileError
from inr.networks.entropy_model import EntropyModel

ENTROPY_MODEL = b"E"
LATTICE = b"L"


def checked_payloads(container: Container, header: Header) -> tuple[list[bytes], EntropyModel | None]:
    """Return the grades' payloads, at least one and none of an impossible size, and the entropy model if any."""
    payloads, entropy_model = [], None
    channels = sum(plane.channels for shape in header.grades for plane in shape.planes)
    for chunk in container.chunks:
        if chunk.tag == GRADE:
            payloads.append(chunk.payload)
        elif (
            chunk.tag == ENTROPY_MODEL and container.version > 1 and entropy_model is None and not payloads and channels
        ):
            entropy_model = read_entropy_model(chunk.payload, channels)
        elif chunk.tag == LATTICE and header.spacing and not payloads:
            continue
        elif not chunk.tag.islower():
            raise ModelFileError(
                f"chunk {chunk.tag.decode('latin-1')!r} is unknown here: the file is damaged or too new."
            )
    total = len(header.grades)
    if len(payloads) > total or (container.cut and len(payloads) == total):
        raise ModelFileError(f"the file goes on after its last grade, number {total}; it is damaged.")
    _check_sizes(container, header, [len(payload) for payload in payloads])
    if not payloads:
        raise ModelFileError("the file is cut short before the end of its first grade; nothing can be drawn from it.")
    return payloads, entropy_model


def _check_sizes(container: Container, header: Header, found: list[int]) -> None:
    """Refuse payloads of a length that their grade cannot have, before memory is taken for it."""
    shapes, tables, allowed = header.shapes(), header.tables(), FREE_NUMBERS
    if container.cut_length is not None and container.version > 1:
        found = [*found, container.cut_length]
    for number, length in enumerate(found, start=1):
        counts = [math.prod(shape) for shape in shapes[number - 1]]
        if container.version == 1:
            size, most = 8 * tables[number - 1] + sum(map(version1.tensor_bytes, counts)), 0
        else:
            size, most = 8 * tables[number - 1] + 4 * len(counts), sum(counts)
        if length < size or (container.version == 1 and length != size):
            raise ModelFileError(f"grade {number} has {length} bytes where its header needs {size}; it is damaged.")
        allowed += NUMBERS_A_BYTE * length - most
        if allowed < 0:
            raise ModelFileError(f"grade {number} has {length} bytes, too few for {most:,} numbers; it is damaged.")
