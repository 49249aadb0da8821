"""Image and configuration -> model, by greedy training."""

import dataclasses
from collections.abc import Callable

import torch

from inr.device import choose_precision
from inr.errors import ConfigError
from inr.imaging.alpha import visibility
from inr.imaging.image import Image
from inr.imaging.sampling import coordinates, spacing, training_pixels, validation_pixels
from inr.networks.chain import grade_inputs
from inr.networks.encoding import Encoding, draw_encoding
from inr.networks.grade import Grade
from inr.networks.lattice import Lattice
from inr.networks.model import Model
from inr.networks.record import Record
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.spectra.bandwidth import choose_sigma, lattice_spectrum
from inr.training.greedy.grades import train_grades
from inr.training.greedy.pairs import Pairs
from inr.training.greedy.pool import Pool
from inr.training.loop import Length
from inr.training.memory import memory_limit, pool_bytes
from inr.training.result import FitResult, Progress
from inr.training.seeds import seed_of

_OF_FINER = 0.5
"""Part of what a local network adds that holds between the training pixels: it learned between coarser ones, where a
picture is rougher and fences alias otherwise. The half is never worse than the best interpolation on twelve Kodak
pictures; all of it is 0.8 dB worse on kodim19, and better by half a dB on others."""


def fit_greedy(
    image: Image,
    config: FitConfig,
    training: GreedyTraining,
    on: torch.device,
    memory: float | None,
    progress: Callable[[Progress], None] | None,
) -> FitResult:
    """Train each grade on what the ones before left over, then freeze it.

    Args:
        image: (H, W, C) in [0, 1].
        config: of the fit.
        training: its training.
        on: device that trains.
        memory: see `inr.fit`.
        progress: see `inr.fit`.

    Raises:
        ConfigError: the memory is too little, or `grades_auto` is asked for.
        TrainingError: a loss did not stay finite, even at a quarter of the learning rate.
    """
    if config.grades_auto:
        raise ConfigError("grades_auto needs validation samples, which a picture has not; give it the stop 'held-out'.")
    whole = Length(steps=sum(training.updates), seconds=config.seconds)
    if config.encoding.sigma is None:
        chosen = dataclasses.replace(config.encoding, sigma=choose_sigma(image))
        config = dataclasses.replace(config, encoding=chosen)
    dtype = choose_precision(training.precision, on)
    encoding = draw_encoding(config.encoding, config.frame, seed_of(config.seed, 0)).to(on)
    lattice = _lattice(image, config)
    limit = memory_limit(image, config, memory, on)
    pool = _pairs(lattice, config, training, on) if lattice else _pool(image, config, training, encoding, on, limit)
    trained = train_grades(pool, config, training, length=whole, dtype=dtype, progress=progress)
    for grade in trained.grades if lattice else ():
        grade.rescale(_OF_FINER, 0.0)
    return FitResult(
        model=_model(image, config, encoding, lattice, trained.grades),
        config=config,
        grades=trained.logs,
        device=str(on),
        precision="bf16" if dtype == torch.bfloat16 else "float32",
        seconds=whole.elapsed,
        stopped=trained.stopped,
        held=pool.held,
    )


def _lattice(image: Image, config: FitConfig) -> Lattice | None:
    """Return the training pixels, where the encoding is made of them."""
    if config.encoding.kind != "lattice":
        return None
    step = spacing(config.pixels)
    return Lattice(torch.from_numpy(image.pixels[::step, ::step].copy()), step)


def _model(
    image: Image, config: FitConfig, encoding: Encoding, lattice: Lattice | None, grades: tuple[Grade, ...]
) -> Model:
    """Put the trained parts together, on the processor."""
    return Model(
        width=image.width,
        height=image.height,
        channels=image.channels,
        bit_depth=image.bit_depth,
        frame=config.frame,
        encoding=encoding.cpu(),
        feed=config.feed,
        grades=tuple(grade.cpu() for grade in grades),
        lattice=lattice,
        icc_profile=image.icc_profile,
        record=Record(method=config.method, seed=config.seed),
    )


def _pairs(lattice: Lattice, config: FitConfig, training: GreedyTraining, device: torch.device) -> Pairs:
    return Pairs(lattice.pixels, training.blur, feed=config.feed, seed=seed_of(config.seed, -1), device=device)


def _pool(
    image: Image,
    config: FitConfig,
    training: GreedyTraining,
    encoding: Encoding,
    device: torch.device,
    limit: int,
) -> Pool:
    """Return the training pixels at grade 1."""

    def encode(pixels: torch.Tensor) -> torch.Tensor:
        where = coordinates(pixels, image.width, image.height, config.frame)
        encoded: torch.Tensor = encoding(where.to(device))
        return encoded

    widest = max(grade_inputs(config.grades, encoding.size, feed=config.feed))
    stops = config.stop == "held-out"
    validation = validation_pixels(image.width, image.height, config.pixels) if stops else None
    pixels, shown = training_pixels(image.width, image.height, config.pixels), visibility(image)
    return Pool(
        pixels=pixels,
        colours=torch.from_numpy(image.pixels).reshape(-1, image.channels).to(device),
        shown=None if shown is None else torch.from_numpy(shown).reshape(-1, image.channels).to(device),
        encode=encode,
        feed=config.feed,
        widest=widest,
        visits=max(training.steps) * training.batch(len(pixels)),
        seed=seed_of(config.seed, -1),
        validation=validation,
        pool_bytes=pool_bytes(image, config, training, limit, device),
        spectrum=lambda values: lattice_spectrum(
            values, image.width, image.height, config.frame, spacing(config.pixels)
        ),
    )
