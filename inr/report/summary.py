"""A fit and its measurements -> the report, as plain data, JSON and Markdown."""

import dataclasses
import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inr.analysis.metrics import EXACT_DB, Quality
from inr.analysis.spectrum import Spectrum
from inr.imaging.image import Image
from inr.imaging.sampling import training_pixels
from inr.report.environment import Environment, environment
from inr.report.spectrum_text import spectrum_data, spectrum_markdown
from inr.settings.config import FitConfig, GreedyTraining, JointTraining
from inr.training.result import FitResult

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

    `gain_db` is over the grade before. `seconds`, `steps` and `learning_rate` are None where all grades were trained
    together. `train_psnr_db` and `held_out_psnr_db` are None where nothing is held out.
    """

    grade: int
    psnr_db: float
    gain_db: float | None
    psnr_unclipped_db: float
    ssim: float | None
    parameters: int
    seconds: float | None = None
    steps: int | None = None
    learning_rate: float | None = None
    train_psnr_db: float | None = None
    held_out_psnr_db: float | None = None


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """The file on disk: bytes, and bits per pixel = 8 x bytes / (height x width).

    `half_precision_bytes` is what its numbers would take in half precision, two bytes each.
    """

    name: str
    bytes: int
    bpp: float
    bytes_per_grade: tuple[int, ...]
    half_precision_bytes: int
    parameters: int


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything `report.json` holds; `schema` counts its incompatible changes.

    `seconds` and `steps` are of the whole training; `batch` is the pixels of one step of greedy training, else None;
    `held` is as in `FitResult`; `spectrum` what each grade learned by frequency.
    """

    schema: int
    image: ImageFacts
    config: FitConfig
    grades: tuple[GradeRow, ...]
    model: ModelFacts
    seconds: float
    steps: int
    stopped: str | None
    batch: int | None
    held: float
    environment: Environment
    spectrum: Spectrum | None = None


def make_report(
    image: Image,
    result: FitResult,
    qualities: tuple[Quality, ...],
    file: Path,
    bytes_per_grade: tuple[int, ...],
    spectrum: Spectrum | None = None,
) -> Report:
    """Collect what is known about a fit; the file's size is read from disk."""
    rows = []
    before: float | None = None
    config, greedy = result.config, isinstance(result.config.training, GreedyTraining)
    logs = result.grades if greedy else (None,) * len(qualities)
    for number, (log, quality, grade) in enumerate(zip(logs, qualities, result.model.grades, strict=True), start=1):
        gain = quality.psnr_db - before if before is not None and math.isfinite(before) else None
        before = quality.psnr_db
        rows.append(
            GradeRow(
                grade=number,
                psnr_db=quality.psnr_db,
                gain_db=gain if gain is not None and math.isfinite(gain) else None,
                psnr_unclipped_db=quality.psnr_unclipped_db,
                ssim=quality.ssim,
                parameters=grade.parameters_count,
                seconds=log.seconds if log else None,
                steps=log.steps if log else None,
                learning_rate=log.learning_rate if log else None,
                train_psnr_db=quality.train_psnr_db,
                held_out_psnr_db=quality.held_out_psnr_db,
            )
        )
    size = file.stat().st_size
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
        grades=tuple(rows),
        model=ModelFacts(
            name=file.name,
            bytes=size,
            bpp=8.0 * size / (image.width * image.height),
            bytes_per_grade=bytes_per_grade,
            half_precision_bytes=2 * result.model.parameters_count,
            parameters=result.model.parameters_count,
        ),
        seconds=result.seconds,
        steps=sum(log.steps for log in result.grades),
        stopped=result.stopped,
        batch=config.training.batch(len(training_pixels(image.width, image.height, config.pixels)))
        if isinstance(config.training, GreedyTraining)
        else None,
        held=result.held,
        environment=environment(result),
        spectrum=spectrum,
    )


def to_json(report: Report) -> str:
    """Return the report as indented JSON.

    The PSNR of an exact copy is null; what a row has no value for is left out.
    """
    data: dict[str, Any] = dataclasses.asdict(report)
    for row in data["grades"]:
        for key in ("train_psnr_db", "held_out_psnr_db", "seconds", "steps", "learning_rate"):
            if row[key] is None:
                del row[key]
        for key in [key for key in row if key.endswith("psnr_db")]:
            if math.isinf(row[key]):
                row[key] = None
    if report.spectrum is not None:
        data["spectrum"] = spectrum_data(report.spectrum)
    text = json.dumps(data, indent=2, allow_nan=False)
    # Rows of numbers on one line each; a string holds no line break, so none is touched.
    return re.sub(r"\[\n[^\[\]{}\"]*\]", lambda row: " ".join(row[0].split()), text) + "\n"


def to_markdown(report: Report, figure: str, spectrum_figure: str = "") -> str:
    """Return the report for a reader; the figures are the names of the pictures of all grades and of their spectra."""
    image, model, config, env = report.image, report.model, report.config, report.environment
    half = config.pixels == "half"
    greedy = isinstance(config.training, GreedyTraining)
    head = ["grade", "PSNR dB", "gain dB", "unclipped dB", "SSIM", "parameters"]
    head += ["seconds", "steps"] if greedy else []
    head += ["train dB", "held-out dB"] if half else []
    lines = [
        f"# {Path(image.name).name}, fitted by `{config.method}`",
        "",
        f"![source and grades]({figure})",
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---:|" * len(head),
    ]
    for row in report.grades:
        cells = [str(row.grade), decibels(row.psnr_db), "" if row.gain_db is None else f"{row.gain_db:+.2f}"]
        cells += [decibels(row.psnr_unclipped_db), "" if row.ssim is None else f"{row.ssim:.4f}"]
        cells += [f"{row.parameters:,}"]
        cells += [f"{row.seconds:.1f}", f"{row.steps:,}"] if greedy else []
        cells += [decibels(row.train_psnr_db), decibels(row.held_out_psnr_db)] if half else []
        lines.append("| " + " | ".join(cells) + " |")
    trained = "one pixel in four, the lattice [::2, ::2]" if half else "all pixels"
    encoding = config.encoding
    named = f"{encoding.kind}"
    if encoding.frequencies:
        named += f", {encoding.frequencies} frequencies, sigma {encoding.sigma:g} cycles per longer side"
    first = config.grades[0]
    if first.planes:
        named += "; planes, pixels per cell x latents: " + "; ".join(
            f"grade {number}: " + ", ".join(f"{plane.cell} x {plane.channels}" for plane in shape.planes)
            for number, shape in enumerate(config.grades[: len(report.grades)], start=1)
        )
    lines += [
        "",
        "PSNR is of all pixels, clipped and rounded to the source's bits, of the picture decoded from the file.",
        "",
        f"- Source: {image.width} x {image.height}, {image.channels} channels, {image.bit_depth} bits"
        + "".join(f"; {note}" for note in image.notes),
        f"- Model file: `{model.name}`, {model.bytes:,} bytes, {model.bpp:.2f} bits per pixel, "
        f"{model.parameters:,} parameters for {image.width * image.height * image.channels:,} numbers in the picture; "
        f"in half precision the weights alone would take {model.half_precision_bytes:,} bytes",
        f"- Trained on {trained}, {report.seconds:.1f} s" + (f", stopped: {report.stopped}" if report.stopped else ""),
        f"- Grades: {len(report.grades)} x {first.depth} layers x {first.width}, {first.activation}; encoding: {named}",
        _training(report),
        f"- Ran on {env.processor}, {env.device}, {env.threads} threads, {env.precision}; inr {env.inr}, "
        f"Python {env.python}, " + ", ".join(f"{k} {v}" for k, v in env.packages.items()),
    ]
    if report.spectrum is not None:
        lines += ["", *spectrum_markdown(report.spectrum, spectrum_figure)]
    return "\n".join(lines) + "\n"


def _training(report: Report) -> str:
    """Return how the networks were trained, in a line."""
    training, seed = report.config.training, report.config.seed
    if isinstance(training, JointTraining):
        return (
            f"- All grades trained together on L = D + lambda R by Muon and Adam, {report.steps:,} steps, "
            f"lambda {training.lmbda:.3g} (mean squared error at peak 1, bits per pixel); seed {seed}"
        )
    return (
        f"- Optimiser: {training.optimizer}, rate {training.learning_rate:g}, {training.schedule}; "
        f"{'all' if training.batch_size is None else report.batch} pixels a step; seed {seed}"
        + ("" if report.held == 1 else f"; in portions, {report.held:.1%} of the pixels at a time")
    )


def decibels(value: float | None) -> str:
    """Return a PSNR with two decimals; that of an exact copy in words; a dash for none."""
    return "-" if value is None else "exact" if value >= EXACT_DB else f"{value:.2f}"
