"""Image and a factor -> the picture enlarged by a local network of its own, and what that is worth one scale down."""

import dataclasses
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from inr.analysis.interpolation import interpolations
from inr.analysis.metrics import Quality, measure
from inr.device import choose_device
from inr.errors import ConfigError
from inr.imaging.image import Image, quantize
from inr.networks.model import Model
from inr.restoration.mask import LEAST_SIDE
from inr.settings.config import DeviceName, FitConfig
from inr.settings.trainings import GreedyTraining
from inr.training.fit import fit
from inr.training.result import Progress

MOST_SCALE = 64.0
_CHECKED = 768
"""Longest side of the part that is checked: as much as tells methods apart, and no more time than a small picture."""


@dataclass(frozen=True, kw_only=True)
class Check:
    """How well pixels of the picture are told that were left out: a quarter of a central part was kept.

    Attributes:
        width: of the part, in pixels.
        height: of the part, in pixels.
        quality: of the local network; `held_out_psnr_db` is that of the pixels left out.
        interpolation: the same of each classical interpolation.
    """

    width: int
    height: int
    quality: Quality
    interpolation: dict[str, Quality]


@dataclass(frozen=True, kw_only=True)
class Upscaled:
    """An enlarged picture.

    Attributes:
        picture: (H, W, C) uint8 or uint16.
        model: that drew it.
        check: one scale down, or None for a picture too small to learn from.
        training_seconds: of the fit that drew it; 0 for a picture too small to learn from.
        drawing_seconds: of the drawing.
    """

    picture: np.ndarray[Any, Any]
    model: Model
    check: Check | None
    training_seconds: float
    drawing_seconds: float


def enlarged_size(image: Image, scale: float, max_pixels: int) -> tuple[int, int]:
    """Return width and height of a picture enlarged.

    Raises:
        ConfigError: the factor does not enlarge, or the result has too many pixels.
    """
    if not 1.0 < scale <= MOST_SCALE:  # also refuses NaN
        raise ConfigError(
            f"--scale is {scale:g}; it must be above 1 and at most {MOST_SCALE:g} (`inr render --scale` draws smaller)."
        )
    width, height = round(image.width * scale), round(image.height * scale)
    if width * height > max_pixels:
        raise ConfigError(f"{width} x {height} is more than {max_pixels:,} pixels; raise the limit with --max-pixels.")
    return width, height


def upscale(
    image: Image,
    size: tuple[int, int],
    config: FitConfig,
    *,
    device: DeviceName = "auto",
    progress: Callable[[str, float], None] | None = None,
) -> Upscaled:
    """Fit a local network to a picture and draw it larger, a strip at a time.

    Args:
        image: the source.
        size: width and height of the result, see `enlarged_size`.
        config: of method `local`, for all pixels.
        device: see `inr.fit`.
        progress: told what is done and which part of that is.

    Raises:
        InrError: what `inr.fit` raises.
    """
    tell = progress or (lambda *_: None)
    small = min(image.width, image.height) < LEAST_SIDE
    check = None if small else _check(image, config, device, tell)
    result = fit(
        image,
        _hardly_trained(config) if small else config,
        device=device,
        progress=lambda at: tell("training", at.fraction),
    )
    began = time.perf_counter()
    width, height = size
    picture = np.empty((height, width, image.channels), np.uint16 if image.bit_depth == 16 else np.uint8)
    for rows, drawn in result.model.to(choose_device(device)).strips(width=width, height=height):
        picture[rows] = quantize(drawn[-1], image.bit_depth)
        tell("drawing", rows.stop / height)
    return Upscaled(
        picture=picture,
        model=result.model,
        check=check,
        training_seconds=0.0 if small else result.seconds,
        drawing_seconds=time.perf_counter() - began,
    )


def _hardly_trained(config: FitConfig) -> FitConfig:
    """Return the same with one update of each grade, after which a model draws what grade 0 does, Keys' cubic."""
    assert isinstance(config.training, GreedyTraining)
    return dataclasses.replace(config, training=dataclasses.replace(config.training, steps=(1,) * len(config.grades)))


def _check(image: Image, config: FitConfig, device: DeviceName, tell: Callable[[str, float], None]) -> Check:
    """Leave three pixels of four out of a central part, fit the others, and measure those left out."""
    part = _central(image)

    def watch(at: Progress) -> None:
        tell("checking one scale down", at.fraction)

    half = dataclasses.replace(config, pixels="half")
    model = fit(part, half, device=device, progress=watch).model
    (*_, quality), _ = measure(part, model.to(choose_device(device)), pixels="half")
    return Check(width=part.width, height=part.height, quality=quality, interpolation=interpolations(part, "half"))


def _central(image: Image) -> Image:
    """Return the central part of a picture that is checked."""
    width, height = (min(side, _CHECKED) for side in (image.width, image.height))
    left, top = (image.width - width) // 2, (image.height - height) // 2
    pixels = np.ascontiguousarray(image.pixels[top : top + height, left : left + width])
    return dataclasses.replace(image, pixels=pixels)


def gain_db(check: Check) -> tuple[str, float]:
    """Return the best classical interpolation of a check, and how many dB the network is above it."""
    name = max(check.interpolation, key=lambda each: check.interpolation[each].judged_db)
    ours, theirs = check.quality.judged_db, check.interpolation[name].judged_db
    return name, (0.0 if ours == theirs else ours - theirs) if math.isfinite(theirs) else -math.inf
