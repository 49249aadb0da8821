"""Numbers of feature planes <-> bytes, each expected from those met before it by the model's context."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np
from torch import Tensor

from inr.codec.range_coder import FRACTIONS, Decoder, Encoder
from inr.codec.tensors import Side, Step, describe, grid_of, read_numbers, to_tensor, write_numbers
from inr.errors import ModelFileError
from inr.networks.encoding import plane_shape
from inr.networks.entropy_model import FINE, LARGEST, PASSES, Context, Group, Integers, groups, lattices
from inr.settings.shape import Plane

MAX_HIDDEN, MAX_CHANNELS = 64, 256
_FINEST = 8 * (-FINE.bit_length() - 2)
"""Step of the finest grid of a context's tensor, one of `FINE` parts of one."""
_WHOLE = FINE.bit_length() - 1
"""The coarsest grid, of whole numbers, is so many powers of two wider."""


class PlaneCoder:
    """Codes the planes of one grade after another; what was met is kept as context for the next.

    Attributes:
        context: the network that expects; without it there is nothing to code.
    """

    def __init__(self, layouts: Sequence[Sequence[Plane]], width: int, height: int, context: Context | None) -> None:
        self.context = context
        self._layouts = layouts
        self._size = (width, height)
        order = lattices(layouts, width, height) if context else []
        self._groups = groups(order)
        self._numbers = np.zeros(sum(lattice.count for lattice in order) + 1, np.int16)
        self._met = 0

    def write(self, encoder: Encoder, grade: int, planes: Sequence[Tensor]) -> list[Side]:
        """Code the planes of the next grade, numbered from 0, and return what is to be said of each, coarsest first.

        Raises:
            ModelFileError: a number is too large for a context.
        """
        sides = []
        for place in coding_order(self._layouts[grade]):
            step, numbers = grid_of(planes[place])
            largest = int(np.abs(numbers).max(initial=0))
            if largest > LARGEST:
                raise ModelFileError(f"a plane reaches {largest} steps; at most {LARGEST} are coded with a context.")
            sides.append(Side(step, 0, 0, largest.bit_length()))
            for at, scales, centres, reach in self._expected(self._layouts[grade][place], sides[-1]):
                encoder.write(numbers[at - self._met], scales, centres, reach)
                self._numbers[at] = numbers[at - self._met]
            self._met += len(numbers)
        return sides

    def read(self, decoder: Decoder, grade: int, sides: Sequence[Side]) -> list[Tensor]:
        """Return the planes of the next grade, in their own order.

        Raises:
            ModelFileError: what is said of a plane is nothing an encoder says.
        """
        layout, planes = self._layouts[grade], {}
        for place, side in zip(coding_order(layout), sides, strict=True):
            if side.reach > LARGEST or side.low or side.scale:
                raise ModelFileError("a plane is outside the range of the format; the file is damaged.")
            shape = (1, *plane_shape(layout[place], *self._size))
            for at, scales, centres, reach in self._expected(layout[place], side):
                self._numbers[at] = np.clip(decoder.read(scales, centres, reach), -LARGEST, LARGEST)
            numbers = self._numbers[self._met : self._met + math.prod(shape)].astype(np.int64)
            planes[place] = to_tensor(side.step, numbers, shape)
            self._met += len(numbers)
        return [planes[place] for place in range(len(layout))]

    def _expected(self, plane: Plane, side: Side) -> Iterator[tuple[Integers, Integers, Integers, int]]:
        """Yield where each group of a plane lies, its tables, its centres and their reach; nothing of a zero plane."""
        assert self.context is not None
        group: Group
        for group in islice(self._groups, len(PASSES) * plane.channels):
            if side.reach and group.count:
                centres, scales = self.context.expect(self._numbers, group)
                most = FRACTIONS * side.reach
                yield group.at(), scales, np.clip(centres, -most, most), 2 * side.reach + 1


def coding_order(layout: Sequence[Plane]) -> list[int]:
    """Return the places of a grade's planes in the order they are coded, the coarsest first."""
    return sorted(range(len(layout)), key=lambda place: -layout[place].cell)


def write_context(context: Context, channels: int) -> bytes:
    """Return the payload of the context's chunk: hidden neurons (u8), then its tensors as those of a grade.

    What it knows of later channels than the first so many is left out.

    Raises:
        ModelFileError: there are more channels than a reader takes.
    """
    if channels > MAX_CHANNELS:
        raise ModelFileError(f"a context of {channels} channels of planes; at most {MAX_CHANNELS} are coded with one.")
    encoder, sides = Encoder(), []
    for tensor in context.first_channels(channels).tensors:
        numbers = tensor.ravel()
        shift = next((k for k in range(_WHOLE, 0, -1) if not (numbers & ((1 << k) - 1)).any()), 0)
        sides.append(describe(Step(_FINEST + 8 * shift), numbers >> shift))
        write_numbers(encoder, sides[-1], numbers >> shift)
    return bytes([len(context.first)]) + b"".join(side.pack() for side in sides) + encoder.bytes()


def read_context(payload: bytes, channels: int) -> Context:
    """Read what `write_context` wrote, for so many channels of planes.

    Raises:
        ModelFileError: it is none of that.
    """
    hidden = payload[0] if payload else 0
    shapes = Context.shapes(hidden, channels)
    if not 1 <= hidden <= MAX_HIDDEN or channels > MAX_CHANNELS or len(payload) < 1 + 4 * len(shapes):
        raise ModelFileError("the context of the planes is damaged.")
    decoder = Decoder(payload[1 + 4 * len(shapes) :])
    tensors = []
    for number, shape in enumerate(shapes):
        side = Side.unpack(payload[1 + 4 * number : 5 + 4 * number])
        shift, odd = divmod(side.step.code - _FINEST, 8)
        if odd or not 0 <= shift <= _WHOLE or side.reach_bits + side.low + shift > 16:
            raise ModelFileError("the context of the planes is outside the range of the format; the file is damaged.")
        tensors.append((read_numbers(decoder, side, math.prod(shape)) << shift).reshape(shape))
    decoder.finish()
    first, kinds, places, last, offsets = tensors
    return Context(first=first, passes=kinds, places=places, last=last, offsets=offsets)
