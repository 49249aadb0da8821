"""A report -> Markdown, for a reader."""

from collections.abc import Iterator
from pathlib import Path

from inr.report.decibels import decibels
from inr.report.interpolation_text import against_interpolation, interpolation_rows
from inr.report.spectrum_text import spectrum_markdown
from inr.report.summary import Report
from inr.report.text import code, link
from inr.settings.config import FitConfig
from inr.settings.shape import NEIGHBOURS
from inr.settings.trainings import JointTraining

_OF_PAIRS = (
    " It was fitted to pairs: coarser copies of the training pixels, and the training pixels between those. The "
    "training pixels themselves are in the file."
)


def to_markdown(report: Report, figure: str, spectrum_figure: str = "") -> str:
    """Return the report for a reader; the figures are the names of the pictures of all grades and of their spectra."""
    lines = [
        f"# {code(Path(report.image.name).name)}, fitted by `{report.config.method}`",
        "",
        f"![source and grades]({link(figure)})",
        "",
        *_table(report),
        "",
        _explained(report),
        "",
        *(f"- {fact}" for fact in _facts(report)),
    ]
    if report.spectrum is not None:
        lines += ["", *spectrum_markdown(report.spectrum, spectrum_figure)]
    return "\n".join(lines) + "\n"


def classical_text(report: Report) -> str:
    """Return what PNG and JPEG take for the same picture, in a line."""
    found = report.classical
    parts = [] if found.png_bytes is None else [f"PNG {found.png_bytes:,} bytes"]
    if found.jpeg_bytes is not None:
        parts.append(f"JPEG of at least that PSNR {found.jpeg_bytes:,} ({decibels(found.jpeg_psnr_db)} dB)")
    return "; ".join(parts) or "no PNG or JPEG of this picture to compare with"


def _table(report: Report) -> list[str]:
    """Return a row for each grade, and what interpolations reach beside it."""
    image, half = report.image, report.config.pixels == "half"
    head = ["grade", "PSNR dB", "gain dB", "unclipped dB", "SSIM", "bytes so far", "bits per pixel", "parameters"]
    head += ["alone dB", "seconds", "steps"]
    head += ["train dB", "held-out dB"] if half else []
    lines = ["| " + " | ".join(head) + " |", "|" + "---:|" * len(head)]
    for row in report.grades:
        cells = [str(row.grade), decibels(row.psnr_db), "" if row.gain_db is None else f"{row.gain_db:+.2f}"]
        cells += [decibels(row.psnr_unclipped_db), "" if row.ssim is None else f"{row.ssim:.4f}"]
        bpp = 8.0 * row.bytes_so_far / (image.width * image.height)
        cells += [f"{row.bytes_so_far:,}", f"{bpp:.2f}", f"{row.parameters:,}"]
        cells += [decibels(row.own_psnr_db), f"{row.seconds:.1f}", f"{row.steps:,}"]
        cells += [decibels(row.train_psnr_db), decibels(row.held_out_psnr_db)] if half else []
        lines.append("| " + " | ".join(cells) + " |")
    lines += interpolation_rows(report.interpolation)
    last = report.grades[-1]
    own = last.psnr_db if last.held_out_psnr_db is None else last.held_out_psnr_db
    return [*lines, "", against_interpolation(own, report.interpolation)] if report.interpolation else lines


def _explained(report: Report) -> str:
    """Return what the columns of the table are."""
    text = (
        "PSNR is of all pixels, clipped and rounded to the source's bits, of the picture decoded from the file. Alone: "
        "of the training pixels, unclipped, when the grade had been fitted to what the ones before left over; "
        "seconds and steps are of that."
    )
    if report.config.encoding.kind == "lattice":
        text += _OF_PAIRS
    if report.refinement:
        text += (
            f" Then all grades were trained together: {report.refinement.steps:,} steps, "
            f"{report.refinement.seconds:.1f} s."
        )
    return text


def _facts(report: Report) -> Iterator[str]:
    """Yield what is known of the source, the file, the training and the machine, each in a line."""
    image, model, config, env = report.image, report.model, report.config, report.environment
    yield f"Source: {image.width} x {image.height}, {image.channels} channels, {image.bit_depth} bits" + "".join(
        f"; {note}" for note in image.notes
    )
    yield (
        f"Model file: {code(model.name)}, {model.bytes:,} bytes, {model.bpp:.2f} bits per pixel, "
        f"{model.parameters:,} parameters for {image.width * image.height * image.channels:,} numbers in the picture; "
        f"in half precision the weights alone would take {model.half_precision_bytes:,} bytes"
    )
    yield classical_text(report)
    yield f"Decoding: {model.decoding_seconds:.2f} s, {model.multiplications:,} multiplications per pixel"
    trained = "one pixel in four, the lattice [::2, ::2]" if config.pixels == "half" else "all pixels"
    yield f"Trained on {trained}, {report.seconds:.1f} s" + (f", stopped: {report.stopped}" if report.stopped else "")
    yield from _stops(report)
    first, count = config.grades[0], len(report.grades)
    yield (
        f"Grades: {count} x {first.depth} layers x {first.width}, {first.activation}; "
        f"encoding: {_encoding(config, count)}"
    )
    yield _training(report)
    yield (
        f"Ran on {env.processor}, {env.device}, {env.threads} threads, {env.precision}; inr {env.inr}, "
        f"Python {env.python}, " + ", ".join(f"{k} {v}" for k, v in env.packages.items())
    )


def _encoding(config: FitConfig, grades: int) -> str:
    """Return what the first so many grades see, in words."""
    encoding, named = config.encoding, str(config.encoding.kind)
    if encoding.frequencies:
        named += f", {encoding.frequencies} frequencies, sigma {encoding.sigma:g} cycles per longer side"
    if encoding.kind == "lattice":
        named += f", the {NEIGHBOURS} x {NEIGHBOURS} training pixels around a place, and Keys' cubic of them as grade 0"
    if config.grades[0].planes:
        named += "; planes, pixels per cell x latents: " + "; ".join(
            f"grade {number}: " + ", ".join(f"{plane.cell} x {plane.channels}" for plane in shape.planes)
            for number, shape in enumerate(config.grades[:grades], start=1)
        )
    return named


def _stops(report: Report) -> Iterator[str]:
    """Yield after which step each grade was kept, where held-out training pixels said so."""
    kept = [
        f"grade {row.grade} kept after step {row.kept_step:,} of {row.steps:,}, {decibels(row.validation_db)} dB"
        for row in report.grades
        if row.kept_step is not None
    ]
    if kept:
        yield f"One training pixel in nine was held out to stop, PSNR of these: {'; '.join(kept)}"


def _training(report: Report) -> str:
    """Return how the networks were trained."""
    training, seed = report.config.training, report.config.seed
    if isinstance(training, JointTraining):
        steps = report.refinement.steps if report.refinement else 0
        return (
            f"Each grade in closed form, then {steps:,} steps of Adam on L = D + lambda R, all grades "
            f"together; lambda {training.lmbda:.3g} (mean squared error at peak 1, bits per pixel); seed {seed}"
        )
    return (
        f"Optimiser: {training.optimizer}, rate {training.learning_rate:g}, {training.schedule}; "
        f"{'all' if training.batch_size is None else report.batch} pixels a step; seed {seed}"
        + ("" if report.held == 1 else f"; in portions, {report.held:.1%} of the pixels at a time")
    )
