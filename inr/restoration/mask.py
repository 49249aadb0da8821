"""A mask's picture -> which pixels of another picture are known."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inr.errors import ConfigError
from inr.imaging.image import Image

LEAST_SIDE = 8
"""Pictures with a shorter side have too few pixels to learn anything from."""
_GREY = (1 / 8, 7 / 8)
"""A mask is black up to the first and white from the second."""
_MOSTLY = 0.5
"""Part of the pixels that a mask may mark before it is asked whether it is the wrong way round: of a photograph with
random loss more may be unknown, of one with scratches or text hardly ever."""


def check_side(image: Image, command: str) -> None:
    """Raise ConfigError for a picture that has too few pixels for a command."""
    if min(image.width, image.height) < LEAST_SIDE:
        raise ConfigError(
            f"{image.name} has {image.width} x {image.height} pixels; `inr {command}` needs at least "
            f"{LEAST_SIDE} x {LEAST_SIDE}."
        )


def known_pixels(image: Image, mask: Image, *, grow: int = 0) -> tuple[Tensor, int]:
    """Return (H, W) bool, true where a mask is black (white is unknown), and how many more pixels `grow` made unknown.

    Args:
        image: the picture.
        mask: of the same size.
        grow: known pixels that are at most so many rows and columns from an unknown one count as unknown too.

    Raises:
        ConfigError: the picture is too small, or the mask is of another size, not black and white, or all of one.
    """
    check_side(image, "inpaint")
    if (mask.width, mask.height) != (image.width, image.height):
        raise ConfigError(
            f"the mask {mask.name} has {mask.width} x {mask.height} pixels, but {image.name} has "
            f"{image.width} x {image.height}; they must be of one size."
        )
    values = mask.pixels
    if mask.channels in (2, 4):
        if values[:, :, -1].min() < 1.0:
            raise ConfigError(f"the mask {mask.name} has transparent pixels; say what is unknown in black and white.")
        values = values[:, :, :-1]
    grey = ((values > _GREY[0]) & (values < _GREY[1])).any(axis=2) | (np.ptp(values, axis=2) > _GREY[0])
    if grey.any():
        raise ConfigError(
            f"the mask {mask.name} has {int(grey.sum()):,} pixels that are neither black nor white, as soft edges "
            "have; white is unknown and black is known, so make every pixel that is not black white."
        )
    known = values[:, :, 0] <= _GREY[0]
    if known.all():
        raise ConfigError(f"the mask {mask.name} {_without_white(mask, float(values.max()))}")
    if not known.any():
        raise ConfigError(f"the mask {mask.name} is all white: no pixel is known, and there is nothing to fill from.")
    left = np.ascontiguousarray(~_grown(_grown(~known, grow).T, grow).T)
    if not left.any():
        raise ConfigError(f"the mask {mask.name}, grown by {grow} pixels, is all white; give a smaller --grow.")
    return torch.from_numpy(left), int(known.sum()) - int(left.sum())


def _without_white(mask: Image, brightest: float) -> str:
    """Return in a sentence's end what is wrong with a mask that has no white; its values are 0 to `brightest` of 1."""
    if brightest == 0.0:
        return "is all black: every pixel is known, and there is nothing to fill."
    most = 2**mask.bit_depth - 1
    return (
        f"has no white pixel: the brightest value is {round(brightest * most)} of {most:,}. White is unknown: give "
        f"what is to be filled the value {most:,}."
    )


def doubt(known: Tensor, grown: int) -> str | None:
    """Return what is peculiar about a mask that is mostly white: it may be the wrong way round.

    Args:
        known: (H, W) bool, and
        grown: pixels that the mask does not mark, see `known_pixels`.
    """
    white = (int((~known).sum()) - grown) / known.numel()
    if white <= _MOSTLY:
        return None
    return (
        f"{100 * white:.0f} % of the mask's pixels are white, so unknown. If white should be what is known, invert the "
        "mask."
    )


def _grown(unknown: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Return (H, W) bool, true where there is an unknown pixel at most so many rows away; by running counts."""
    padded = np.pad(unknown, ((by + 1, by), (0, 0)))
    counts = padded.cumsum(axis=0, dtype=np.int32)
    grown: NDArray[np.bool_] = counts[2 * by + 1 :] > counts[: -2 * by - 1]
    return grown
