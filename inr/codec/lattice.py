"""Pixels of a lattice <-> bytes, without loss: what a simple predictor leaves over, in a range coder.

pixels -> green and differences -> less the median edge predictor (LOCO-I; Weinberger et al. 2000) -> integers
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inr.codec.range_coder import Decoder, Encoder
from inr.codec.tensors import FREE_NUMBERS, NUMBERS_A_BYTE, SideInfo, read_integers, side_info, write_integers
from inr.errors import ModelFileError
from inr.imaging.image import quantize
from inr.networks.quantised import Quantised, QuantStep

_ONE = QuantStep(-24)
"""The quantisation step 1."""
_SIDE = 4
"""Bytes of side information of a channel."""


def write_lattice(pixels: Tensor, bit_depth: int) -> bytes:
    """Return the payload of (h, w, C) pixels in [0, 1] that are whole numbers of the bit depth."""
    planes = _decorrelated(quantize(pixels.cpu().numpy(), bit_depth).astype(np.int64))
    encoder, sides = Encoder(), []
    for plane in planes:
        left, above, corner = _shifted(plane, 0, 1), _shifted(plane, 1, 0), _shifted(plane, 1, 1)
        rest = plane - _predicted(left, above, corner)
        rest[0], rest[1:, 0] = np.diff(plane[0], prepend=0), np.diff(plane[:, 0])
        sides.append(side_info(Quantised(_ONE, rest.ravel())))
        write_integers(encoder, sides[-1], rest.ravel())
    return b"".join(side.pack() for side in sides) + encoder.bytes()


def read_lattice(found: Sequence[bytes], shape: tuple[int, int, int], bit_depth: int) -> Tensor:
    """Return the (h, w, C) float32 pixels in [0, 1] that `write_lattice` wrote.

    Args:
        found: the one payload of this kind in a file.
        shape: of the lattice.
        bit_depth: of its pixels.

    Raises:
        ModelFileError: there is not one, or no encoder writes such bytes.
    """
    if len(found) != 1:
        raise ModelFileError(f"the file holds {len(found)} lattices of pixels where its header needs one.")
    data, (height, width, channels) = found[0], shape
    if math.prod(shape) > FREE_NUMBERS + NUMBERS_A_BYTE * len(data):
        raise ModelFileError(f"the lattice has {len(data)} bytes, too few for its pixels; it is damaged.")
    if len(data) < _SIDE * channels:
        raise ModelFileError("the lattice of pixels is cut short.")
    sides = [SideInfo.unpack(data[_SIDE * c : _SIDE * (c + 1)]) for c in range(channels)]
    if any(side.step != _ONE for side in sides):
        raise ModelFileError("the lattice holds other than whole numbers; it is damaged.")
    decoder = Decoder(data[_SIDE * channels :])
    rests = [read_integers(decoder, side, height * width).reshape(height, width) for side in sides]
    decoder.finish()
    most = 2**bit_depth - 1
    whole = _correlated([_restored(rest) for rest in rests])
    if whole.min() < 0 or whole.max() > most:
        raise ModelFileError("a pixel of the lattice is out of range; it is damaged.")
    return torch.from_numpy(whole.astype(np.float32) / np.float32(most))


def _decorrelated(whole: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Return the planes that are coded: of RGB, green and what red and blue differ by from it."""
    planes = [whole[:, :, c] for c in range(whole.shape[2])]
    if len(planes) > 2:
        planes[:3] = [planes[1], planes[0] - planes[1], planes[2] - planes[1]]
    return planes


def _correlated(planes: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    if len(planes) > 2:
        planes = [planes[0] + planes[1], planes[0], planes[0] + planes[2], *planes[3:]]
    return np.stack(planes, axis=2)


def _shifted(plane: NDArray[np.int64], down: int, right: int) -> NDArray[np.int64]:
    return np.pad(plane, ((down, 0), (right, 0)))[: plane.shape[0], : plane.shape[1]]


def _predicted(left: NDArray[Any], above: NDArray[Any], corner: NDArray[Any]) -> NDArray[Any]:
    """Return the median of left, above, and left + above - corner."""
    low, high = np.minimum(left, above), np.maximum(left, above)
    median: np.ndarray[Any, Any] = np.clip(left + above - corner, low, high)
    return median


def _restored(rest: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the plane of which the predictor left this over, one diagonal from lower left to upper right at a time."""
    height, width = rest.shape
    plane = np.zeros((height, width), np.int64)
    plane[0], plane[:, 0] = np.cumsum(rest[0]), np.cumsum(rest[:, 0])
    for diagonal in range(2, height + width - 1):
        y = np.arange(max(1, diagonal - width + 1), min(height - 1, diagonal - 1) + 1)
        x = diagonal - y
        plane[y, x] = rest[y, x] + _predicted(plane[y, x - 1], plane[y - 1, x], plane[y - 1, x - 1])
    return plane
