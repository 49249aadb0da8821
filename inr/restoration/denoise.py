"""A noisy picture -> the same with less noise: its blocks shrunk, then networks of a pixel's surroundings.

picture + noise z / 2 -> blocks shrunk (grade 0) -> networks, whose answers are the picture - 2 z -> the picture itself

Of Gaussian noise of one deviation, the two sums have independent noise, so the networks cannot learn it (recorrupted to
recorrupted, Pang et al. 2021, arXiv 2102.02234); and the error of any method on pixels that it did not learn from, less
the known noise of the answers, is what it would be against the clean picture.
"""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from inr.analysis.metrics import psnr
from inr.device import choose_device
from inr.errors import ConfigError
from inr.imaging.alpha import without_hidden
from inr.imaging.image import Image, quantize
from inr.networks.grade import Grade
from inr.restoration.effort import Effort
from inr.restoration.mask import check_side
from inr.restoration.noise import estimate_noise
from inr.restoration.shrinkage import shrunk
from inr.settings.config import DeviceName
from inr.training.greedy.surroundings import draw
from inr.training.greedy.windows import Copy

_SIDE = 7
"""Side of the windows, in pixels."""
_COPIES = 3
_ADDED = 0.5
"""Part of the noise that is added once more: alpha of Pang et al. 2021."""
_PART = 512
"""Longest side of the part that is learned from, the picture's middle."""
_ROWS = 512
"""Rows that are cleaned at once, and twice eight beside them."""
_LEAST_NOISE = 0.35
"""Noise in levels of 255 below which there is nothing to clean: rounding to 8 bits alone makes 0.29."""
MOST_NOISE = 128.0
_CUT_OFF = 0.02
"""Part of the values at the ends of the range from which on noise is cut off there: it is no longer Gaussian, networks
learn a wrong mean (on crops with noise of 50 levels they lost 0.7 to 1.9 dB), and the check does not see it."""


@dataclass(frozen=True, kw_only=True)
class Denoised:
    """A cleaned picture.

    Attributes:
        picture: (H, W, C) uint8 or uint16; alpha as it was.
        sigma: standard deviation of the noise that was taken away, in levels of 255.
        method: `networks` on top of shrinkage, `shrinkage` alone, or `none` where there was no noise.
        residual: standard deviation of what was taken away, in levels of 255.
        estimated: what the noise is estimated to be, in levels of 255, whatever was said.
        check: estimated PSNR in dB against the clean picture, by method, of pixels not learned from, with a little more
            noise than there is; empty where there was none, or where an error was not above its own uncertainty: of a
            picture with less noise than `sigma`, or too small or too smooth for a check.
        checked: how many these are; 0 where there was no check.
        cut_off: whether so much noise is cut off at the ends of the range that nothing was learned or checked.
        training_seconds: of the networks; 0 where none was trained.
        drawing_seconds: of the whole picture.
    """

    picture: np.ndarray[Any, Any]
    sigma: float
    estimated: float
    method: str
    residual: float
    check: dict[str, float]
    checked: int
    cut_off: bool = False
    training_seconds: float
    drawing_seconds: float


@dataclass(frozen=True, kw_only=True)
class _Learned:
    grades: Sequence[Grade] = ()
    check: dict[str, float] = field(default_factory=dict)
    checked: int = 0


def denoise(
    image: Image,
    sigma: float | None,
    effort: Effort,
    *,
    device: DeviceName = "auto",
    progress: Callable[[str, float], None] | None = None,
) -> Denoised:
    """Take white Gaussian noise out of a picture.

    Args:
        image: the picture; alpha stays.
        sigma: standard deviation of its noise, in levels of 255; None estimates it.
        effort: of the training.
        device: shrinks, trains and draws; the noise is estimated on the processor.
        progress: told what is done and which part of that is.

    Raises:
        InrError: the picture is too small, the noise is no deviation, the device is not there, or the training did
            not stay finite.
    """
    on = choose_device(device)
    check_side(image, "denoise")
    if sigma is not None and not 0.0 < sigma <= MOST_NOISE:
        raise ConfigError(
            f"--noise is {sigma:g}; it must be above 0 and at most {MOST_NOISE:g} levels of 255, or auto."
        )
    tell = progress or (lambda *_: None)
    colours = image.channels - (image.channels + 1) % 2
    noisy = torch.from_numpy(without_hidden(image).pixels[:, :, :colours]).contiguous()
    estimated = 255.0 * estimate_noise(noisy)
    level = estimated if sigma is None else sigma
    began = time.perf_counter()
    picture = quantize(image.pixels, image.bit_depth)
    if level < _LEAST_NOISE:
        return Denoised(
            picture=picture, sigma=level, estimated=estimated, method="none", residual=0.0, check={}, checked=0,
            training_seconds=0.0, drawing_seconds=0.0,
        )  # fmt: skip
    cut_off = float(((noisy <= 0.0) | (noisy >= 1.0)).float().mean()) > _CUT_OFF
    learned = _Learned() if cut_off else _learn(_middle(noisy).to(on), level / 255.0, effort, tell)
    trained = began if cut_off else time.perf_counter()
    clean = torch.empty_like(noisy)
    for top in range(0, len(noisy), _ROWS):
        first, last = max(0, top - 16), min(len(noisy), top + _ROWS + 16)
        drawn = _drawn(learned.grades, _seen(noisy[first:last].to(on), level / 255.0))
        clean[top : top + _ROWS] = drawn[top - first : top - first + _ROWS]
        tell("cleaning", last / len(noisy))
    picture[:, :, :colours] = quantize(clean.numpy(), image.bit_depth)
    return Denoised(
        picture=picture,
        sigma=level,
        estimated=estimated,
        method="networks" if learned.grades else "shrinkage",
        residual=255.0 * float((noisy - clean).square().mean().sqrt()),
        check=learned.check,
        checked=learned.checked,
        cut_off=cut_off,
        training_seconds=trained - began,
        drawing_seconds=time.perf_counter() - trained,
    )


def _learn(noisy: Tensor, sigma: float, effort: Effort, tell: Callable[[str, float], None]) -> _Learned:
    """Return networks that clean a noisy picture and their check; no networks where the check cannot be read."""
    copies, held_out = _copies(noisy, sigma, effort.seed)
    grades = effort.fit(copies, _SIDE, lambda at: tell("training", at))
    check = _check(noisy, copies, grades, held_out, sigma)
    return _Learned(grades=grades if check else (), check=check, checked=len(held_out))


def _middle(pixels: Tensor) -> Tensor:
    height, width, _ = pixels.shape
    top, left = (max(0, (side - _PART) // 2) for side in (height, width))
    return pixels[top : top + _PART, left : left + _PART]


def _seen(noisy: Tensor, sigma: float, answers: Tensor | None = None) -> Copy:
    """Return a noisy picture as networks see it: shrunk, and what that took away, in units of the noise."""
    height, width, _ = noisy.shape
    mended = shrunk(noisy, sigma)
    places = torch.arange(height * width, device=noisy.device)
    held_out = (places // width % 3 == 1) & (places % width % 3 == 1)
    nothing = answers is None
    return Copy(
        mended=mended,
        beside=(noisy - mended) / sigma,
        answers=noisy if answers is None else answers,
        places=places if nothing else places[~held_out],
        held_out=places[:0] if nothing else places[held_out],
    )


def _copies(noisy: Tensor, sigma: float, seed: int) -> tuple[list[Copy], Tensor]:
    """Return copies with more noise, whose answers have noise that is independent of it, and the places held out."""
    random = torch.Generator().manual_seed(seed)
    copies = []
    for _ in range(_COPIES):
        more = sigma * torch.randn(noisy.shape, generator=random).to(noisy.device)
        copies.append(_seen(noisy + _ADDED * more, math.hypot(1.0, _ADDED) * sigma, noisy - more / _ADDED))
    return copies, copies[0].held_out


def _check(
    noisy: Tensor, copies: list[Copy], grades: Sequence[Grade], held_out: Tensor, sigma: float
) -> dict[str, float]:
    """Return the estimated PSNR, on the places held out, of the copies as they are, shrunk, and by the networks.

    With the copy's own noise z, the error against the clean picture c is the mean of (p - y)^2 + 4 sigma z (p - y)
    - sigma^2, for what a method makes, p, of the copy of the picture y: both noises of the answers are taken off.
    Nothing is returned where an error is not above its own standard error.
    """
    found: dict[str, list[Tensor]] = {}
    for copy in copies:
        more = math.hypot(1.0, _ADDED) * sigma
        drawn = {"noisy": copy.mended + more * copy.beside, "shrinkage": copy.mended}
        if grades:
            drawn["networks"] = _drawn(grades, copy)
        for name, picture in drawn.items():
            away, added = picture - noisy, noisy - copy.answers
            errors = (away.square() + 2.0 * away * added - sigma**2).flatten(0, 1)[held_out]
            found.setdefault(name, []).append(errors.mean(dim=1))
    means = {name: torch.stack(errors).mean(dim=0) for name, errors in found.items()}
    if any(float(each.mean()) <= float(each.std()) / math.sqrt(len(each)) for each in means.values()):
        return {}
    return {name: psnr(float(each.mean())) for name, each in means.items()}


def _drawn(grades: Sequence[Grade], copy: Copy) -> Tensor:
    """Return (H, W, C): every pixel by the networks."""
    if not grades:
        return copy.mended
    every = Copy(
        mended=copy.mended,
        beside=copy.beside,
        answers=copy.answers,
        places=torch.arange(copy.mended.shape[0] * copy.mended.shape[1], device=copy.mended.device),
        held_out=copy.held_out,
    )
    return draw(grades, every, _SIDE).view_as(copy.mended)
