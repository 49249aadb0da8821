"""Image and what its file may be -> the compact model that keeps to it."""

import dataclasses
import math
import time
import zlib
from collections.abc import Callable

import torch

from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.networks.model import Model
from inr.settings.config import CompactConfig, FitConfig, GradeConfig
from inr.training.joint.decompose import decompose, entropy
from inr.training.joint.rate_control import FEW, Steering, mean_squared_error, smallest
from inr.training.joint.reading import Reading
from inr.training.joint.trainer import Compact, best_step
from inr.training.result import FitResult, GradeLog, Progress, Step
from inr.training.rounding.networks import SAMPLE, settle_networks

_CONTEXT_GAIN = 0.75
"""Bits of the trained numbers over those of the decomposition, about."""
_TRAINING_GAIN = 4.0
"""Mean squared error of the decomposition over that of the trained fit, about."""
_NEAR_DB = 0.1
_NETWORKS = ((3_000, (8, 4), 900), (10_000, (12, 8), 1_500), (60_000, (16, 12), 2_400), (math.inf, (24, 16), 4_000))
"""Neurons of a grade and of the context for files of less than so many bytes, and what they then take, about."""
_COARSE = 5e-3
"""Weight of a bit from which on cells of twice the side are better (by 2.5 % at 0.011, and worse by 2 % at 0.0025)."""
_COLOURED = {2: 5e-5, 1: 1e-5}
"""Weight of a bit from which down on planes of so large cells hold all colours, not lightness alone.

At 3e-5 colours at two pixels gain 0.2 dB, and at one pixel lose 0.2; at 6e-6 they gain 3.4 and 3.9 (cat.png).
"""
_USUAL_BPP = 0.5
"""Bits per pixel that networks are made for where no bytes are asked for."""
_HOPELESS = 1e6
"""Magnitude below which a number becomes zero where all do."""
_LITTLE = 1_000
"""Bytes, besides a colour profile, that a file without numbers may take more than."""


def fit_joint(image: Image, config: FitConfig, progress: Callable[[Progress], None] | None) -> FitResult:
    """Fit a picture to as few bytes as its quality allows, or as well as its bytes allow.

    Args:
        image: (H, W, C) in [0, 1].
        config: with a `compact` part.
        progress: called after every step.

    Raises:
        ConfigError: the picture cannot be made so small.
    """
    assert config.compact is not None
    start = time.perf_counter()
    wanted = _bytes_wanted(image, config.compact)
    config, compact, overhead = _sized(image, config, config.compact, wanted)
    profile = len(zlib.compress(image.icc_profile, 9)) if image.icc_profile and not is_srgb(image.icc_profile) else 0
    overhead += profile
    weight = _first_weight(image, config, wanted, overhead)
    if weight > _COARSE:
        config = dataclasses.replace(config, grades=tuple(_doubled(own) for own in config.grades))
    elif weight < max(_COLOURED.values()):
        config = dataclasses.replace(config, grades=tuple(_coloured(own, config, weight) for own in config.grades))
        weight = _first_weight(image, config, wanted, overhead)
    fit = Compact(image, config, compact, weight)
    if wanted is not None and wanted < _LITTLE + profile:
        fit.least = _HOPELESS
        _refuse(wanted, _settled(fit, FEW)[0], profile)
        fit.least = 0.5
    steering = Steering(fit, wanted, config.target_psnr, overhead)

    def step(done: int, spent: float, error: float) -> None:
        steering.turn(done, spent)
        if progress is not None:
            at = Step(step=done, loss=error / 2.0, psnr_db=-10.0 * math.log10(max(error, 1e-20)))
            progress(
                Progress(
                    grade=len(config.grades),
                    grades=len(config.grades),
                    steps=compact.steps,
                    at=at,
                    done=done,
                    total=compact.steps,
                    seconds=time.perf_counter() - start,
                    leftover=fit.leftover,
                )
            )

    done = fit.train(step, began=start)
    size, model = smallest(settle_networks(fit.model(), fit.weight, fit.shares))
    if wanted is not None and size > wanted:
        model = _cut(fit, wanted, profile)
    seconds = time.perf_counter() - start
    shared = GradeLog(steps=done, seconds=seconds / len(config.grades), learning_rate=compact.network_rate)
    return FitResult(
        model=model,
        config=dataclasses.replace(config, compact=dataclasses.replace(compact, weight=fit.weight)),
        grades=(shared,) * len(config.grades),
        device="cpu",
        precision="float32",
        seconds=seconds,
        stopped=_said(image, model, config, done < compact.steps),
    )


def _said(image: Image, model: Model, config: FitConfig, cut_short: bool) -> str | None:
    """Return what is to be said of the end: the time ran out, or the PSNR is not the one that was asked for."""
    said = [f"time limit of {config.seconds:g} s"] if cut_short else []
    if config.target_psnr is not None:
        reached = -10.0 * math.log10(mean_squared_error(image, model))
        if abs(reached - config.target_psnr) > _NEAR_DB:
            said.append(f"{reached:.2f} dB where {config.target_psnr:g} were asked for")
    return ", ".join(said) or None


def _bytes_wanted(image: Image, compact: CompactConfig) -> int | None:
    if compact.target_bpp is not None:
        return max(1, int(compact.target_bpp * image.width * image.height / 8.0))
    return compact.max_bytes


def _sized(
    image: Image, config: FitConfig, compact: CompactConfig, wanted: int | None
) -> tuple[FitConfig, CompactConfig, float]:
    """Return the configuration for a picture, and the bytes that all but the numbers of planes may take.

    Networks leave most of the bytes to the planes; these get the colours that there are, and alpha if there is.
    """
    expected = wanted or image.width * image.height * _USUAL_BPP / 8.0
    (width, hidden), overhead = next((sizes, taken) for most, sizes, taken in _NETWORKS if expected < most)
    compact = dataclasses.replace(compact, hidden=hidden)
    colours, alpha = (1, 3)[image.channels > 2], int(image.channels in (2, 4))
    grades = tuple(
        dataclasses.replace(
            own,
            width=width,
            planes=tuple(
                dataclasses.replace(plane, channels=min(plane.channels, colours) + alpha) for plane in own.planes
            ),
        )
        for own in config.grades
    )
    return dataclasses.replace(config, grades=grades, compact=compact), compact, overhead


def _doubled(own: GradeConfig) -> GradeConfig:
    """Return a grade with cells of twice the side."""
    return dataclasses.replace(
        own, planes=tuple(dataclasses.replace(plane, cell=2 * plane.cell) for plane in own.planes)
    )


def _coloured(own: GradeConfig, config: FitConfig, weight: float) -> GradeConfig:
    """Return a grade whose fine planes hold as many channels as the coarsest, where a bit weighs so little."""
    channels = config.grades[0].planes[0].channels
    return dataclasses.replace(
        own,
        planes=tuple(
            dataclasses.replace(plane, channels=channels) if weight < _COLOURED.get(plane.cell, 0.0) else plane
            for plane in own.planes
        ),
    )


def _first_weight(image: Image, config: FitConfig, wanted: int | None, overhead: float) -> float:
    """Return a weight of a bit that may lead to the bytes, or the PSNR, that are wanted."""
    assert config.compact is not None
    if config.compact.weight is not None:
        return config.compact.weight
    pixels = torch.from_numpy(image.pixels).permute(2, 0, 1)
    pixels = pixels - pixels.mean((1, 2), keepdim=True)
    layout = [plane for own in config.grades for plane in own.planes]
    readings = [Reading(plane, image.width, image.height) for plane in layout]
    low, high = -26.0, -2.0
    for _ in range(8):
        middle = (low + high) / 2.0
        planes, error = decompose(pixels, layout, readings, best_step(2.0**middle))
        if wanted is not None:
            too_fine = entropy(planes) * _CONTEXT_GAIN > 8.0 * max(wanted - overhead, 0.1 * wanted)
        else:
            assert config.target_psnr is not None
            too_fine = error < _TRAINING_GAIN * math.pow(10.0, -config.target_psnr / 10.0)
        low, high = (middle, high) if too_fine else (low, middle)
    return float(2.0 ** ((low + high) / 2.0))


def _refuse(wanted: int, least: int, profile: int) -> None:
    """Raise what is said of a limit that a file without numbers, of so many bytes, does not keep."""
    if least > wanted:
        of_those = f", {profile:,} of them its colour profile" if profile else ""
        raise ConfigError(f"this picture does not fit in {wanted:,} bytes; the least seen was {least:,}{of_those}.")


def _cut(fit: Compact, wanted: int, profile: int) -> Model:
    """Return the model with its smallest numbers made zero, and coarser networks, as far as it takes to keep a size.

    Raises:
        ConfigError: no numbers are left, and the file is still too large.
    """
    low, high, best = fit.least, 2.0 * fit.least, None
    while best is None or high - low > 0.002 * high:
        fit.least = high if best is None else (low + high) / 2.0
        size, model = _settled(fit, FEW)
        if size <= wanted:
            best, high = model, fit.least
        elif best is not None:
            low = fit.least
        else:
            if fit.least > _HOPELESS:
                _refuse(wanted, size, profile)
            low, high = high, 2.0 * high
    fit.least = high
    size, model = _settled(fit, SAMPLE)
    return model if size <= wanted else best


def _settled(fit: Compact, pixels: int) -> tuple[int, Model]:
    """Return the bytes and the model of numbers as they now become, its networks rounded as coarsely as they are."""
    return smallest(settle_networks(fit.model(), fit.weight * max(fit.least, 1.0), fit.shares, pixels=pixels))
