"""Image and configuration -> a model as its file holds it, measured: what all commands that fit have in common."""

import dataclasses
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from inr.analysis.metrics import Quality, measure
from inr.analysis.spectrum import Prefixes
from inr.codec.model_file import Encoded, encode, verified
from inr.device import choose_device, give_back_freed_memory
from inr.errors import TrainingError
from inr.imaging.image import Image
from inr.networks.model import Model
from inr.networks.record import Record, program_versions
from inr.settings.config import DeviceName, FitConfig
from inr.settings.trainings import GreedyTraining
from inr.training.fit import fit
from inr.training.joint.fit import bytes_allowed
from inr.training.result import FitResult, Progress
from inr.training.rounding.model import round_model


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fit and what its model file is worth.

    Attributes:
        result: of the fit.
        model: as decoded from its own file, on the processor.
        data: the bytes of that file, which keep the limit if there is one.
        qualities: one per grade, of the decoded model.
        pictures: (H, W, C) uint8 or uint16, one per grade.
        prefixes: the same, unclipped, for spectra.
        decoding_seconds: from the file's bytes to the pictures of all grades.
    """

    result: FitResult
    model: Model
    data: bytes
    qualities: tuple[Quality, ...]
    pictures: tuple[np.ndarray[Any, Any], ...]
    prefixes: Prefixes
    decoding_seconds: float


def fit_and_measure(
    image: Image,
    config: FitConfig,
    *,
    device: DeviceName = "auto",
    memory: float | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Fitted:
    """Fit a picture, decode what its file will hold and measure that. Arguments as for `inr.fit`.

    Raises:
        InrError: what `inr.fit` raises, or a model whose bytes do not read back the same.
    """
    result = fit(image, config, device=device, memory=memory, progress=progress)
    encoded = result.encoded or encode(_rounded(result, image))
    give_back_freed_memory()
    began = time.perf_counter()
    decoded = verified(encoded)
    prefixes = Prefixes(decoded.model)
    drawn = began

    def keep(rows: slice, strips: tuple[np.ndarray[Any, Any], ...]) -> None:
        nonlocal drawn
        prefixes.add(rows, strips)
        drawn = time.perf_counter()

    # Drawn where `render` would draw it, so that both give the same picture.
    on = choose_device(device)
    qualities, pictures = measure(image, decoded.model.to(on), pixels=config.pixels, on_strip=keep)
    record = Record(
        method=config.method,
        seed=config.seed,
        psnr_db=tuple(q.psnr_db for q in qualities),
        versions=program_versions(),
    )
    decoded = _within(bytes_allowed(image, config), decoded.recorded(record))
    return Fitted(
        result=result,
        model=decoded.model.to(torch.device("cpu")),
        data=decoded.data,
        qualities=qualities,
        pictures=pictures,
        prefixes=prefixes,
        decoding_seconds=drawn - began,
    )


def _rounded(result: FitResult, image: Image) -> Model:
    """Return the model with its weights rounded as far as the training's loss of PSNR allows."""
    training = result.config.training
    loss = training.rounding_db if isinstance(training, GreedyTraining) else 0.0
    return round_model(result.model, image, loss_db=loss)


def _within(limit: int | None, encoded: Encoded) -> Encoded:
    """Return the file of a model with its record, or without the PSNR in it if that alone breaks the limit on bytes.

    Raises:
        TrainingError: the file is larger than the limit all the same.
    """
    if limit is None or len(encoded.data) <= limit:
        return encoded
    short = encoded.recorded(dataclasses.replace(encoded.model.record, psnr_db=()))
    if len(short.data) <= limit:
        return short
    raise TrainingError(
        f"the file has {len(short.data):,} bytes, more than the {limit:,} allowed; give another --seed."
    )
