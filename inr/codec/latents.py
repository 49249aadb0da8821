"""Latents of feature planes <-> a range coder, each by the distribution that the model's entropy model predicts."""

import math
from collections.abc import Iterator, Sequence
from itertools import islice

import numpy as np

from inr.codec.range_coder import FRACTIONS, Decoder, Encoder
from inr.codec.tensors import SideInfo, read_integers, side_info, write_integers
from inr.errors import ModelFileError
from inr.networks.entropy_model import FINE, LARGEST, PASSES, EntropyModel, Group, groups, lattices
from inr.networks.planes import plane_shape
from inr.networks.quantised import Integers, Quantised, QuantStep
from inr.settings.shape import Plane

MAX_HIDDEN, MAX_CHANNELS = 64, 256
"""Most hidden neurons of an entropy model, and most channels of planes that are coded with one."""
_FINEST = 8 * (-FINE.bit_length() - 2)
"""Code of the finest step of an entropy model's tensor, one of `FINE` parts of one."""
_WHOLE = FINE.bit_length() - 1
"""The widest step, one, is so many powers of two wider."""


class LatentCoder:
    """Codes the planes of one grade after another; the latents coded so far are what later ones are predicted from.

    Attributes:
        entropy_model: predicts each latent; without one there is nothing to code.
    """

    def __init__(
        self, layouts: Sequence[Sequence[Plane]], width: int, height: int, entropy_model: EntropyModel | None
    ) -> None:
        self.entropy_model = entropy_model
        self._layouts = layouts
        self._size = (width, height)
        order = lattices(layouts, width, height) if entropy_model else []
        self._groups = groups(order)
        self._latents = np.zeros(sum(lattice.count for lattice in order) + 1, np.int16)
        self._coded = 0

    def write(self, encoder: Encoder, grade: int, planes: Sequence[Quantised]) -> list[SideInfo]:
        """Code the planes of the next grade, numbered from 0, and return the side information, coarsest plane first.

        Raises:
            ModelFileError: a latent is too large for an entropy model.
        """
        sides = []
        for place in coding_order(self._layouts[grade]):
            latents = planes[place].integers
            largest = int(np.abs(latents).max(initial=0))
            if largest > LARGEST:
                raise ModelFileError(
                    f"a plane has a latent of {largest} steps; an entropy model codes up to {LARGEST}."
                )
            sides.append(SideInfo(planes[place].step, 0, 0, largest.bit_length()))
            for at, tables, centres, reach in self._distributions(self._layouts[grade][place], sides[-1]):
                encoder.write(latents[at - self._coded], tables, centres, reach)
                self._latents[at] = latents[at - self._coded]
            self._coded += len(latents)
        return sides

    def read(self, decoder: Decoder, grade: int, sides: Sequence[SideInfo]) -> list[Quantised]:
        """Return the planes of the next grade, in their own order.

        Raises:
            ModelFileError: no encoder writes such side information.
        """
        layout, planes = self._layouts[grade], {}
        for place, side in zip(coding_order(layout), sides, strict=True):
            if side.reach > LARGEST or side.low_bits or side.table:
                raise ModelFileError("a plane is outside the range of the format; the file is damaged.")
            count = math.prod(plane_shape(layout[place], *self._size))
            for at, tables, centres, reach in self._distributions(layout[place], side):
                self._latents[at] = np.clip(decoder.read(tables, centres, reach), -LARGEST, LARGEST)
            latents = self._latents[self._coded : self._coded + count].astype(np.int64)
            planes[place] = Quantised(side.step, latents)
            self._coded += count
        return [planes[place] for place in range(len(layout))]

    def _distributions(self, plane: Plane, side: SideInfo) -> Iterator[tuple[Integers, Integers, Integers, int]]:
        """Yield the places, tables, centres and reach of each group of a plane; nothing of a plane of zeros."""
        assert self.entropy_model is not None
        group: Group
        for group in islice(self._groups, len(PASSES) * plane.channels):
            if side.reach and group.count:
                centres, tables = self.entropy_model.predict(self._latents, group)
                most = FRACTIONS * side.reach
                yield group.at(), tables, np.clip(centres, -most, most), 2 * side.reach + 1


def coding_order(layout: Sequence[Plane]) -> list[int]:
    """Return the places of a grade's planes in the order of coding, the coarsest first."""
    return sorted(range(len(layout)), key=lambda place: -layout[place].cell)


def write_entropy_model(entropy_model: EntropyModel, channels: int) -> bytes:
    """Return the payload of the entropy model's chunk: hidden neurons (u8), then its tensors as those of a grade.

    What it holds for later channels than the first so many is left out.

    Raises:
        ModelFileError: there are more channels than a reader takes.
    """
    if channels > MAX_CHANNELS:
        raise ModelFileError(
            f"an entropy model of {channels} channels of planes; a file holds one of at most {MAX_CHANNELS}."
        )
    encoder, sides = Encoder(), []
    for tensor in entropy_model.first_channels(channels).tensors:
        weights = tensor.ravel()
        shift = next((k for k in range(_WHOLE, 0, -1) if not (weights & ((1 << k) - 1)).any()), 0)
        sides.append(side_info(Quantised(QuantStep(_FINEST + 8 * shift), weights >> shift)))
        write_integers(encoder, sides[-1], weights >> shift)
    return bytes([len(entropy_model.first)]) + b"".join(side.pack() for side in sides) + encoder.bytes()


def read_entropy_model(payload: bytes, channels: int) -> EntropyModel:
    """Read what `write_entropy_model` wrote, for so many channels of planes.

    Raises:
        ModelFileError: the payload is no such.
    """
    hidden = payload[0] if payload else 0
    shapes = EntropyModel.shapes(hidden, channels)
    if not 1 <= hidden <= MAX_HIDDEN or channels > MAX_CHANNELS or len(payload) < 1 + 4 * len(shapes):
        raise ModelFileError("the entropy model of the planes is damaged.")
    decoder = Decoder(payload[1 + 4 * len(shapes) :])
    tensors = []
    for number, shape in enumerate(shapes):
        side = SideInfo.unpack(payload[1 + 4 * number : 5 + 4 * number])
        shift, odd = divmod(side.step.code - _FINEST, 8)
        if odd or not 0 <= shift <= _WHOLE or side.high_bits + side.low_bits + shift > 16:
            raise ModelFileError("the entropy model is outside the range of the format; the file is damaged.")
        tensors.append((read_integers(decoder, side, math.prod(shape)) << shift).reshape(shape))
    decoder.finish()
    first, passes, of_channels, last, offsets = tensors
    return EntropyModel(first=first, passes=passes, channels=of_channels, last=last, offsets=offsets)
