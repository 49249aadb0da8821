"""A source picture and a model -> PSNR and SSIM after each grade, and the pictures themselves."""

import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from inr.errors import ImageError
from inr.imaging.alpha import seen
from inr.imaging.image import Image, quantize, unit
from inr.imaging.sampling import training_pixels
from inr.networks.model import Model
from inr.settings.config import PixelsName

EXACT_DB = 120.0
"""What an exact copy counts as in a mean: a PSNR that no picture of 16 bits passes without being exact."""
_ROWS = 64
"""Rows compared at once: whole pictures in float64 are large. An even number, so that each part begins a lattice."""
_SSIM_WINDOW = 11
_SSIM_TILE = 512
"""Pixels of a side that are compared at once: what is computed on the way fits in cache."""


@dataclass(frozen=True, kw_only=True)
class Quality:
    """How near a picture is to its source. PSNR in dB at peak 1; infinity is an exact copy.

    Of pictures with alpha what is seen is compared: each colour times its alpha, and alpha itself. Colours that alpha
    hides count for nothing.

    Attributes:
        psnr_db: all pixels, values clipped and rounded to the source's bit depth.
        psnr_unclipped_db: all pixels, values as the network gives them (the papers' PSNR).
        ssim: mean structural similarity, 11 x 11 Gaussian window of 1.5 pixels, on the rounded picture;
            None below 11 pixels a side.
        train_psnr_db: as psnr_db, training pixels only; None where all pixels were trained on.
        held_out_psnr_db: as psnr_db, the pixels never trained on; None where there are none.
    """

    psnr_db: float
    psnr_unclipped_db: float
    ssim: float | None
    train_psnr_db: float | None = None
    held_out_psnr_db: float | None = None

    @property
    def judged_db(self) -> float:
        """The PSNR that decides: of the held-out pixels, or of all where none were held out."""
        return self.psnr_db if self.held_out_psnr_db is None else self.held_out_psnr_db


def psnr(mean_squared_error: float) -> float:
    """Return 10 log10(1 / MSE) in dB, infinity for 0."""
    return math.inf if mean_squared_error == 0 else -10.0 * math.log10(mean_squared_error)


def measure(
    image: Image,
    model: Model,
    *,
    pixels: PixelsName = "all",
    on_strip: Callable[[slice, tuple[np.ndarray[Any, Any], ...]], None] | None = None,
) -> tuple[tuple[Quality, ...], tuple[np.ndarray[Any, Any], ...]]:
    """Draw every prefix of a model at its own size, once, and compare each with the source.

    Args:
        image: the source.
        model: of the same size and channels.
        pixels: what the model was trained on, for the training and held-out PSNR.
        on_strip: called with what `Model.strips` yields, so that one drawing serves other measurements too.

    Returns:
        A quality per grade, and the pictures (H, W, C) in uint8 or uint16.

    Raises:
        ImageError: see `check_alike`.

    Example:
        >>> import numpy as np
        >>> image = inr.image_from_array(np.full((4, 6), 0.5))
        >>> model = inr.fit(image, inr.configure(inr.FitOptions(grades=2, preset="fast"))).model
        >>> qualities, pictures = inr.measure(image, model)
        >>> len(qualities), pictures[-1].shape, pictures[-1].dtype
        (2, (4, 6, 1), dtype('uint8'))
    """
    check_alike(image, model)
    count = len(model.grades)
    shape = image.pixels.shape
    dtype = np.uint16 if image.bit_depth == 16 else np.uint8
    pictures = tuple(np.empty(shape, dtype) for _ in range(count))
    squares = np.zeros((count, 3))  # summed over: all pixels unclipped, all pixels, training pixels
    for rows, prefixes in model.strips():
        if on_strip is not None:
            on_strip(rows, prefixes)
        source, lattice = seen(image.pixels[rows]), rows.start % 2
        for number, prefix in enumerate(prefixes):
            pictures[number][rows] = quantize(prefix, image.bit_depth)
            error = np.square(seen(unit(pictures[number][rows])) - source, dtype=np.float64)
            unclipped = np.square(seen(prefix) - source, dtype=np.float64)
            trained = error[lattice::2, ::2] if pixels == "half" else error
            squares[number] += unclipped.sum(), error.sum(), trained.sum()
    trained_count = len(training_pixels(image.width, image.height, pixels)) * image.channels
    return tuple(
        _quality(image, picture, sums, trained_count) for picture, sums in zip(pictures, squares, strict=True)
    ), pictures


def check_alike(image: Image, model: Model) -> None:
    """Check that a picture may be what a model draws.

    Raises:
        ImageError: it is of another size, or has other channels.
    """
    if image.pixels.shape != (model.height, model.width, model.channels):
        raise ImageError(
            f"{image.name}: {image.width} x {image.height} pixels of {image.channels} channels, but the model draws "
            f"{model.width} x {model.height} of {model.channels}; give the picture it was fitted to."
        )


def compare_pictures(
    image: Image, picture: np.ndarray[Any, Any], *, pixels: PixelsName = "all", with_ssim: bool = True
) -> Quality:
    """Compare any picture with the source, as `measure` does a model's.

    Args:
        image: the source.
        picture: (H, W, C), uint8 or uint16.
        pixels: what is taken as trained on.
        with_ssim: whether to compute the SSIM, which takes most of the time.
    """
    everywhere, trained, trained_count = 0.0, 0.0, 0
    for top in range(0, image.height, _ROWS):
        rows = slice(top, top + _ROWS)
        error = np.square(seen(unit(picture[rows])) - seen(image.pixels[rows]), dtype=np.float64)
        of_training = error[::2, ::2] if pixels == "half" else error
        everywhere += float(error.sum())
        trained, trained_count = trained + float(of_training.sum()), trained_count + of_training.size
    return _quality(image, picture, np.array([everywhere, everywhere, trained]), trained_count, with_ssim)


def _quality(
    image: Image, picture: np.ndarray[Any, Any], sums: np.ndarray[Any, Any], trained_count: int, with_ssim: bool = True
) -> Quality:
    unclipped, everywhere, trained = (float(value) for value in sums)
    count = image.pixels.size
    split = trained_count < count  # a single pixel has nothing to hold out
    return Quality(
        psnr_db=psnr(everywhere / count),
        psnr_unclipped_db=psnr(unclipped / count),
        ssim=ssim(image.pixels, picture) if with_ssim else None,
        train_psnr_db=psnr(trained / trained_count) if split else None,
        held_out_psnr_db=psnr(max(0.0, everywhere - trained) / (count - trained_count)) if split else None,
    )


def ssim(a: np.ndarray[Any, Any], b: np.ndarray[Any, Any]) -> float | None:
    """Return the mean SSIM of what is seen of two (H, W, C) pictures (kornia's), or None if a side is under 11 pixels.

    Both are float32 in [0, 1], or unsigned integers of 8 or 16 bits.

    They are compared a tile at a time; pixels beside a seam see their true neighbours.
    """
    from kornia.metrics import ssim as kornia_ssim  # noqa: PLC0415 - kornia takes seconds to import

    height, width = a.shape[:2]
    if min(height, width) < _SSIM_WINDOW:
        return None
    total = 0.0
    for (down, own_rows), (across, own_columns) in itertools.product(_tiles(height), _tiles(width)):
        x, y = (torch.from_numpy(seen(unit(p[down, across]))).permute(2, 0, 1)[None] for p in (a, b))
        values = kornia_ssim(x, y, _SSIM_WINDOW, 1.0)[0].mean(dim=0)
        total += float(values[own_rows, own_columns].double().sum())
    mean: float = total / (height * width)
    return mean


def _tiles(side: int) -> Iterator[tuple[slice, slice]]:
    """Yield parts of a side that overlap by a window, and which of their pixels are each one's own."""
    margin = _SSIM_WINDOW // 2
    for start in range(0, side, _SSIM_TILE):
        first = max(0, min(start - margin, side - _SSIM_WINDOW))
        last = min(side, start + _SSIM_TILE + margin)
        yield slice(first, last), slice(start - first, start - first + _SSIM_TILE)
