"""Image and configuration -> a model by joint training that keeps to a limit on bytes, or comes to a PSNR."""

import dataclasses
import math
import zlib
from collections.abc import Callable
from functools import partial

import torch

from inr.codec.model_file import Encoded
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.imaging.profile import is_srgb
from inr.settings.config import FitConfig, JointTraining
from inr.settings.shape import GradeShape
from inr.training.joint.decompose import Reading, decompose, entropy
from inr.training.joint.rate_control import FEW, RateControl, mean_squared_error, smallest
from inr.training.joint.start import best_step
from inr.training.joint.trainer import JointTrainer
from inr.training.loop import Length, retry
from inr.training.result import FitResult, GradeLog, Progress
from inr.training.rounding.networks import SAMPLE, round_networks

_ENTROPY_MODEL_GAIN = 0.75
"""Bits of the trained latents over those of the closed form without an entropy model, about."""
_TRAINING_GAIN = 4.0
"""Mean squared error of the closed form over that of the trained fit, about."""
_NEAR_DB = 0.1
_NETWORKS = ((3_000, (8, 4), 900), (10_000, (12, 8), 1_500), (60_000, (16, 12), 2_400), (math.inf, (24, 16), 4_000))
"""Files of less than so many bytes: neurons of a grade and of the entropy model, and the bytes these take, about."""
_COARSE = 5e-3
"""Above this lambda cells of twice the side are better (by 2.5 % at 0.011, and worse by 2 % at 0.0025)."""
_COLOURED = {2: 5e-5, 1: 1e-5}
"""Below this lambda a plane with this cell size stores chroma as well as luma.

At 3e-5, chroma gains 0.2 dB at two pixels and loses 0.2 dB at one; at 6e-6 it gains 3.4 and 3.9 dB (cat.png).
"""
_USUAL_BPP = 0.5
"""Bits per pixel that networks are sized for where no bytes are asked for."""
_HOPELESS = 1e6
"""A dead zone in which all latents become zero."""
_LITTLE = 1_000
"""A file whose latents are all zero may take more bytes than that, colour profile not counted."""
_LONGEST = 16_384
"""Longest side in pixels: the memory and the time of `Reading` grow with its square."""


def fit_joint(
    image: Image, config: FitConfig, training: JointTraining, progress: Callable[[Progress], None] | None
) -> FitResult:
    """Fit a picture to as few bytes as its quality allows, or as well as its bytes allow.

    Args:
        image: (H, W, C) in [0, 1].
        config: of the fit.
        training: its training.
        progress: called after every step.

    Raises:
        ConfigError: the picture is too long, or cannot be made so small.
        TrainingError: the error did not stay finite.
    """
    length = Length(steps=training.steps, seconds=config.seconds)
    if max(image.width, image.height) > _LONGEST:
        raise ConfigError(
            f"{image.name} is {image.width} x {image.height}; joint training takes sides of up to {_LONGEST:,} pixels."
        )
    max_bytes = bytes_allowed(image, config)
    grades, training, overhead = _sized(image, config, training, max_bytes)
    profile = len(zlib.compress(image.icc_profile, 9)) if image.icc_profile and not is_srgb(image.icc_profile) else 0
    overhead += profile
    first = partial(_first_lambda, image, config, training, max_bytes, overhead)
    lmbda = first(grades)
    if lmbda > _COARSE:
        grades = tuple(_doubled(shape) for shape in grades)
    elif lmbda < max(_COLOURED.values()):
        grades = tuple(_coloured(shape, grades[0].planes[0].channels, lmbda) for shape in grades)
        lmbda = first(grades)
    config = dataclasses.replace(config, grades=grades)

    def attempt(rate: float, rest: Length) -> tuple[JointTrainer, int]:
        trainer = JointTrainer(image, config, training, lmbda)
        if max_bytes is not None and max_bytes < _LITTLE + profile:
            trainer.dead_zone = _HOPELESS
            _refuse(max_bytes, _finished(trainer, FEW)[0], profile)
            trainer.dead_zone = 0.5
        control = RateControl(trainer, max_bytes, config.target_psnr, overhead)

        def on_step(done: int, fraction: float, error: float) -> None:
            control.turn(done, fraction)
            if progress is not None:
                progress(_progress(trainer, done, fraction, error, length.elapsed))

        return trainer, trainer.train(rest, rate=rate / training.network_rate, on_step=on_step)

    (trainer, done), rate = retry(
        attempt, training.network_rate, length, what="joint training", hint="give another --seed"
    )
    size, encoded = smallest(round_networks(trainer.model(), trainer.lmbda, trainer.prefix_weights))
    if max_bytes is not None and size > max_bytes:
        encoded = _cut(trainer, max_bytes, profile)
    log = GradeLog(steps=done, seconds=length.elapsed, learning_rate=rate)
    training = dataclasses.replace(training, lmbda=trainer.lmbda)
    return FitResult(
        model=encoded.model,
        config=dataclasses.replace(config, training=training),
        grades=(log,),
        device="cpu",
        precision="float32",
        seconds=length.elapsed,
        stopped=_said(image, encoded, config, done < training.steps),
        encoded=encoded,
    )


def bytes_allowed(image: Image, config: FitConfig) -> int | None:
    """Return the bytes that a fit's model file may have, or None if there is no limit."""
    if config.target_bpp is not None:
        return max(1, int(config.target_bpp * image.width * image.height / 8.0))
    return config.max_bytes


def _progress(trainer: JointTrainer, done: int, fraction: float, error: float, seconds: float) -> Progress:
    grades = len(trainer.grades)
    return Progress(
        grade=grades,
        grades=grades,
        step=done,
        done=done,
        fraction=fraction,
        grade_fraction=fraction,
        seconds=seconds,
        loss=error / 2.0,
        psnr_db=-10.0 * math.log10(max(error, 1e-20)),
        leftover=trainer.leftover,
    )


def _said(image: Image, encoded: Encoded, config: FitConfig, cut_short: bool) -> str | None:
    """Return what is to be said of the end: the time ran out, or the PSNR is not the one that was asked for."""
    said = [f"time limit of {config.seconds:g} s"] if cut_short else []
    if config.target_psnr is not None:
        reached = -10.0 * math.log10(mean_squared_error(image, encoded.model))
        if abs(reached - config.target_psnr) > _NEAR_DB:
            said.append(f"reached {reached:.2f} dB of the {config.target_psnr:g} dB asked for")
    return ", ".join(said) or None


def _sized(
    image: Image, config: FitConfig, training: JointTraining, max_bytes: int | None
) -> tuple[tuple[GradeShape, ...], JointTraining, float]:
    """Return shapes and training for a picture, and the bytes that all but the latents may take.

    The networks are small enough to leave most of the bytes to the latents. Planes get as many channels as the picture
    has colours, and one for alpha.
    """
    expected = max_bytes or image.width * image.height * _USUAL_BPP / 8.0
    (width, hidden), overhead = next((sizes, taken) for most, sizes, taken in _NETWORKS if expected < most)
    colours, alpha = (1, 3)[image.channels > 2], int(image.channels in (2, 4))
    grades = tuple(
        dataclasses.replace(
            shape,
            width=width,
            planes=tuple(
                dataclasses.replace(plane, channels=min(plane.channels, colours) + alpha) for plane in shape.planes
            ),
        )
        for shape in config.grades
    )
    return grades, dataclasses.replace(training, hidden=hidden), overhead


def _doubled(shape: GradeShape) -> GradeShape:
    """Return a grade with cells of twice the side."""
    planes = tuple(dataclasses.replace(plane, cell=2 * plane.cell) for plane in shape.planes)
    return dataclasses.replace(shape, planes=planes)


def _coloured(shape: GradeShape, channels: int, lmbda: float) -> GradeShape:
    """Return a grade whose fine planes store chroma too, where lambda is small enough for it."""
    planes = tuple(
        dataclasses.replace(plane, channels=channels) if lmbda < _COLOURED.get(plane.cell, 0.0) else plane
        for plane in shape.planes
    )
    return dataclasses.replace(shape, planes=planes)


def _first_lambda(
    image: Image,
    config: FitConfig,
    training: JointTraining,
    max_bytes: int | None,
    overhead: float,
    grades: tuple[GradeShape, ...],
) -> float:
    """Return a lambda that may lead to the bytes, or to the PSNR, that are wanted."""
    if training.lmbda is not None:
        return training.lmbda
    pixels = torch.from_numpy(image.pixels).permute(2, 0, 1)
    pixels = pixels - pixels.mean((1, 2), keepdim=True)
    layout = [plane for shape in grades for plane in shape.planes]
    readings = [Reading(plane, image.width, image.height) for plane in layout]
    low, high = -26.0, -2.0
    for _ in range(8):
        middle = (low + high) / 2.0
        planes, error = decompose(pixels, layout, readings, best_step(2.0**middle))
        if max_bytes is not None:
            too_fine = entropy(planes) * _ENTROPY_MODEL_GAIN > 8.0 * max(max_bytes - overhead, 0.1 * max_bytes)
        else:
            assert config.target_psnr is not None
            too_fine = error < _TRAINING_GAIN * math.pow(10.0, -config.target_psnr / 10.0)
        low, high = (middle, high) if too_fine else (low, middle)
    return float(2.0 ** ((low + high) / 2.0))


def _refuse(max_bytes: int, least: int, profile: int) -> None:
    """Raise ConfigError if a file whose latents are all zero, of `least` bytes, does not keep the limit."""
    if least > max_bytes:
        of_those = f", {profile:,} of them its colour profile" if profile else ""
        raise ConfigError(f"this picture does not fit in {max_bytes:,} bytes; the least seen was {least:,}{of_those}.")


def _cut(trainer: JointTrainer, max_bytes: int, profile: int) -> Encoded:
    """Return a model that keeps a limit: a wider dead zone and coarser networks, as far as it takes.

    Raises:
        ConfigError: no latents are left, and the file is still too large.
    """
    low, high, best = trainer.dead_zone, 2.0 * trainer.dead_zone, None
    while best is None or high - low > 0.002 * high:
        trainer.dead_zone = high if best is None else (low + high) / 2.0
        size, encoded = _finished(trainer, FEW)
        if size <= max_bytes:
            best, high = encoded, trainer.dead_zone
        elif best is not None:
            low = trainer.dead_zone
        else:
            if trainer.dead_zone > _HOPELESS:
                _refuse(max_bytes, size, profile)
            low, high = high, 2.0 * high
    trainer.dead_zone = high
    size, encoded = _finished(trainer, SAMPLE)
    return encoded if size <= max_bytes else best


def _finished(trainer: JointTrainer, pixels: int) -> tuple[int, Encoded]:
    """Return size and file of the model as it is now; its networks are rounded as coarsely as the dead zone is wide."""
    lmbda = trainer.lmbda * max(trainer.dead_zone, 1.0)
    return smallest(round_networks(trainer.model(), lmbda, trainer.prefix_weights, pixels=pixels))
