"""Image and configuration -> a model as its file will hold it, measured: what every command that fits has in common."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from inr.analysis.metrics import Quality, measure
from inr.analysis.spectrum import Prefixes
from inr.codec.model_file import checked_bytes, model_from_bytes, model_to_bytes
from inr.device import choose_device
from inr.imaging.image import Image
from inr.networks.model import Model, Record, program_versions
from inr.settings.config import DeviceName, FitConfig
from inr.training.fit import fit
from inr.training.result import FitResult, Progress
from inr.training.rounding.model import round_model


@dataclass(frozen=True, kw_only=True)
class Fitted:
    """A fit and what its model file is worth.

    Attributes:
        result: of the fit.
        model: as decoded from `data`, on the processor.
        data: the bytes of the model file.
        qualities: one per grade, of the decoded model.
        pictures: (H, W, C) uint8 or uint16, one per grade.
        prefixes: the same, unclipped, for spectra.
    """

    result: FitResult
    model: Model
    data: bytes
    qualities: tuple[Quality, ...]
    pictures: tuple[np.ndarray[Any, Any], ...]
    prefixes: Prefixes


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
    decoded = model_from_bytes(model_to_bytes(round_model(result.model, image, loss_db=config.rounding_db)))
    # Where `render` would draw it too, so that both give the same bytes.
    prefixes = Prefixes(decoded)
    on = choose_device(device)
    qualities, pictures = measure(image, decoded.to(on), pixels=config.pixels, on_strip=prefixes.add)
    record = Record(
        method=config.method,
        seed=config.seed,
        psnr_db=tuple(q.psnr_db for q in qualities),
        versions=program_versions(),
    )
    model = dataclasses.replace(decoded.to(torch.device("cpu")), record=record)
    return Fitted(
        result=result, model=model, data=checked_bytes(model), qualities=qualities, pictures=pictures, prefixes=prefixes
    )
