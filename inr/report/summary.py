"""A fit and its measurements -> the report, as plain data and JSON."""

import dataclasses
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from inr.analysis.classical import Classical, classical
from inr.analysis.fitted import Fitted
from inr.analysis.interpolation import interpolations
from inr.analysis.metrics import Quality
from inr.analysis.spectrum import Spectrum
from inr.codec.model_file import grade_bytes
from inr.imaging.image import Image
from inr.imaging.sampling import training_pixels
from inr.report.environment import Environment, environment
from inr.report.spectrum_text import spectrum_data
from inr.report.text import json_text, without_missing
from inr.settings.config import FitConfig
from inr.settings.trainings import GreedyTraining
from inr.training.result import GradeLog

SCHEMA = 2


@dataclass(frozen=True, kw_only=True)
class ImageFacts:
    """The source: size in pixels, what the file held, and what was done on loading."""

    name: str
    width: int
    height: int
    channels: int
    bit_depth: int
    icc_profile: bool
    notes: tuple[str, ...]
    sha256: str


@dataclass(frozen=True, kw_only=True)
class GradeRow:
    """One grade. PSNR in dB as in `inr.Quality`, of the picture after this grade; infinity is an exact copy.

    `gain_db` is over the grade before. `own_psnr_db` is of the training pixels, unclipped, as the grade's own training
    ended; `seconds`, `steps` and `learning_rate` are of that training. `bytes_so_far` are those of the file up to the
    end of this grade. `train_psnr_db` and `held_out_psnr_db` are None where nothing is held out. `kept_step` and
    `validation_db` are as in `GradeLog`, None where the training did not stop by pixels held out from it.
    """

    grade: int
    psnr_db: float
    gain_db: float | None
    psnr_unclipped_db: float
    ssim: float | None
    bytes_so_far: int
    parameters: int
    own_psnr_db: float
    seconds: float
    steps: int
    learning_rate: float | None
    train_psnr_db: float | None = None
    held_out_psnr_db: float | None = None
    kept_step: int | None = None
    validation_db: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The file on disk: bytes, and bits per pixel = 8 x bytes / (height x width).

    `half_precision_bytes` is what its numbers would take in half precision, two bytes each. `multiplications` are
    those of the networks for one pixel; `decoding_seconds` is the time from the file's bytes to the picture.
    """

    name: str
    bytes: int
    bpp: float
    bytes_per_grade: tuple[int, ...]
    half_precision_bytes: int
    parameters: int
    multiplications: int
    decoding_seconds: float


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything `report.json` holds; `schema` counts its incompatible changes.

    `classical` is what PNG and JPEG take for the same picture; `seconds` is the time of the whole training and
    `refinement` a log of the training of all grades together; `batch` is the pixels of one step of greedy training,
    else None; `held` is as in `FitResult`; `spectrum` what each grade learned by frequency. `curve` is seconds and PSNR
    in dB of the training pixels, estimated during training and measured at its end; `command` is what was typed;
    `interpolation` what each classical interpolation of the training pixels is worth, where pixels are held out.
    """

    schema: int
    image: ImageFacts
    config: FitConfig
    grades: tuple[GradeRow, ...]
    model: ModelFacts
    classical: Classical
    seconds: float
    refinement: GradeLog | None
    stopped: str | None
    batch: int | None
    held: float
    environment: Environment
    spectrum: Spectrum | None = None
    curve: tuple[tuple[float, float], ...] = ()
    command: str | None = None
    interpolation: dict[str, Quality] = field(default_factory=dict)


def make_report(
    image: Image,
    fitted: Fitted,
    name: str,
    spectrum: Spectrum | None = None,
    *,
    curve: Sequence[tuple[float, float]] = (),
    command: str | None = None,
) -> Report:
    """Collect what is known about a fit.

    Args:
        image: the source.
        fitted: the fit and its measurements.
        name: of the model file.
        spectrum: of its grades.
        curve: see `Report`.
        command: that was typed.
    """
    result, config, size = fitted.result, fitted.result.config, len(fitted.data)
    sizes = grade_bytes(fitted.data)
    return Report(
        schema=SCHEMA,
        image=ImageFacts(
            name=image.name,
            width=image.width,
            height=image.height,
            channels=image.channels,
            bit_depth=image.bit_depth,
            icc_profile=image.icc_profile is not None,
            notes=image.notes,
            sha256=image.sha256,
        ),
        config=config,
        grades=_rows(fitted, sizes),
        model=ModelFacts(
            name=name,
            bytes=size,
            bpp=8.0 * size / (image.width * image.height),
            bytes_per_grade=sizes,
            half_precision_bytes=2 * fitted.model.parameters_count,
            parameters=fitted.model.parameters_count,
            multiplications=fitted.model.multiplications,
            decoding_seconds=fitted.decoding_seconds,
        ),
        classical=classical(image, [quality.psnr_db for quality in fitted.qualities]),
        seconds=result.seconds,
        refinement=result.refinement,
        stopped=result.stopped,
        batch=config.training.batch(len(training_pixels(image.width, image.height, config.pixels)))
        if isinstance(config.training, GreedyTraining)
        else None,
        held=result.held,
        environment=environment(result),
        spectrum=spectrum,
        curve=tuple(curve),
        command=command,
        interpolation=interpolations(image, config.pixels),
    )


def _rows(fitted: Fitted, sizes: tuple[int, ...]) -> tuple[GradeRow, ...]:
    """Return a row for each grade."""
    rows: list[GradeRow] = []
    for number, (log, quality, grade) in enumerate(
        zip(fitted.result.grades, fitted.qualities, fitted.model.grades, strict=True), start=1
    ):
        gain = quality.psnr_db - rows[-1].psnr_db if rows and math.isfinite(rows[-1].psnr_db) else math.inf
        rows.append(
            GradeRow(
                grade=number,
                psnr_db=quality.psnr_db,
                gain_db=gain if math.isfinite(gain) else None,
                psnr_unclipped_db=quality.psnr_unclipped_db,
                ssim=quality.ssim,
                bytes_so_far=len(fitted.data) - sum(sizes[number:]),
                parameters=grade.parameters_count,
                own_psnr_db=log.psnr_db,
                seconds=log.seconds,
                steps=log.steps,
                learning_rate=log.learning_rate,
                train_psnr_db=quality.train_psnr_db,
                held_out_psnr_db=quality.held_out_psnr_db,
                kept_step=log.kept_step,
                validation_db=log.validation_db,
            )
        )
    return tuple(rows)


def to_json(report: Report) -> str:
    """Return the report as indented JSON.

    The PSNR of an exact copy is null; what a row has no value for is left out.
    """
    data: dict[str, Any] = dataclasses.asdict(report)
    data["grades"] = [without_missing(row) for row in data["grades"]]
    data["interpolation"] = {name: without_missing(row) for name, row in data["interpolation"].items()}
    if report.spectrum is not None:
        data["spectrum"] = spectrum_data(report.spectrum)
    text = json_text(data)
    # Rows of numbers on one line each; a string holds no line break, so none is touched.
    return re.sub(r"\[\n[^\[\]{}\"]*\]", lambda row: " ".join(row[0].split()), text) + "\n"
