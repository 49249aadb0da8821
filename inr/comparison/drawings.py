"""A comparison -> what its figures show: curves over seconds, and pictures drawn from the models that were kept."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inr.analysis.metrics import EXACT_DB
from inr.analysis.spectrum import Spectrum, spectrum
from inr.codec.model_file import load_model
from inr.comparison.compare import Comparison
from inr.comparison.ranking import Row
from inr.comparison.runs import Run
from inr.imaging.image import Image, quantize

_POINTS = 120


@dataclass(frozen=True, kw_only=True)
class Drawing:
    """A method's reconstruction of a picture, seed 0, by the better of its variants.

    Attributes:
        run: that left the model.
        picture: (H, W, C) uint16.
        spectrum: of its grades, against the source.
    """

    run: Run
    picture: np.ndarray[Any, np.dtype[np.uint16]]
    spectrum: Spectrum


def drawings(comparison: Comparison, rows: Sequence[Row], image: Image, folder: Path) -> tuple[Drawing, ...]:
    """Return each method's drawing of a picture, the best method first.

    Args:
        comparison: with the runs.
        rows: best first.
        image: one of its pictures.
        folder: of the model files.
    """
    seen: dict[str, Run] = {}
    for row in rows:
        for run in comparison.runs:
            mine = (run.contender, run.variant, run.image, run.seed) == (row.contender, row.variant, image.name, 0)
            if mine and run.quality is not None:
                seen.setdefault(row.contender, run)
    found = []
    for run in seen.values():
        model = load_model(folder / run.model)
        lacks = spectrum(image, model, pixels=comparison.pixels)
        found.append(Drawing(run=run, picture=quantize(model.render(), 16), spectrum=lacks))
    return tuple(found)


def telling_pictures(comparison: Comparison, rows: Sequence[Row], images: Sequence[Image]) -> tuple[Image, ...]:
    """Return the pictures that a page shows: the first, and those where the best method is ahead most and least.

    Ahead of the best of the others on that picture, by the PSNR that decides.
    """
    ahead: dict[str, float] = {}
    for image in images:
        values: dict[str, list[float]] = {}
        for run in comparison.runs:
            if run.image == image.name and run.quality is not None:
                values.setdefault(run.contender, []).append(min(run.quality.judged_db, EXACT_DB))
        means = {contender: statistics.fmean(of_runs) for contender, of_runs in values.items()}
        own = means.pop(rows[0].contender, None)
        if own is not None and means:
            ahead[image.name] = own - max(means.values())
    ends = {min(ahead, key=ahead.__getitem__), max(ahead, key=ahead.__getitem__)} if ahead else set()
    return tuple(image for number, image in enumerate(images) if number == 0 or image.name in ends)


def mean_curve(comparison: Comparison, row: Row) -> np.ndarray[Any, Any] | None:
    """Return (2, points): seconds, and the mean PSNR of the training pixels over all runs of a row; None for no curve.

    Runs are averaged at equal shares of their own training, however long each took, from where all have an estimate.
    """
    curves = [
        np.array(run.curve)
        for run in comparison.runs
        if (run.contender, run.variant) == (row.contender, row.variant) and run.quality and len(run.curve) > 1
    ]
    if not curves:
        return None
    shares = np.geomspace(max(1e-4, *(c[0, 0] / c[-1, 0] for c in curves)), 1.0, _POINTS)
    seconds = np.mean([shares * c[-1, 0] for c in curves], axis=0)
    return np.stack([seconds, np.mean([np.interp(shares * c[-1, 0], c[:, 0], c[:, 1]) for c in curves], axis=0)])
