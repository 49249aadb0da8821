"""`inr fit IMAGE`: a picture -> a folder with its model, its grades and a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inr.config import ActivationName, EncodingName, OptimizerName, PixelsName, PrecisionName
from inr.errors import ConfigError
from inr.methods import GRID_STEPS, NETWORK_STEPS, configure
from inr.options import FitOptions, MethodName, PresetName, RecipeName
from inr_cli import options as common

if TYPE_CHECKING:
    from inr.report.folder import Written
    from inr.report.summary import Report
    from inr.training.grades import Progress

DEFAULT = configure()
GRADE = DEFAULT.grades[0]
FOURIER = configure(FitOptions(encoding="fourier"))
WAVES = FOURIER.grades[0]
STEPS = ", ".join(f"{name} {sum(steps)}" for name, steps in GRID_STEPS.items())
WAVES_STEPS = ", ".join(f"{name} {steps}" for name, steps in NETWORK_STEPS.items())


def fit(
    image: Annotated[Path, typer.Argument(help="PNG, JPEG, WebP, TIFF, BMP or GIF.", readable=False)],
    method: Annotated[
        MethodName,
        typer.Option(
            help="mgdl: several grades; sgdl, grid: one; -paper: the authors' settings; `inr methods` tells of all.",
            metavar="NAME",
        ),
    ] = "mgdl",
    preset: Annotated[
        PresetName | None,
        typer.Option(
            help=f"Effort, in steps of four grades: {STEPS}; without a grid, of each: {WAVES_STEPS}. "
            "[default: balanced]"
        ),
    ] = None,
    grades: Annotated[
        int | None, typer.Option(min=1, max=64, help=f"Number of grades. [default: {len(DEFAULT.grades)}]")
    ] = None,
    depth: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=64,
            help=f"Hidden layers per grade. [default: {GRADE.depth}; sgdl without a grid: {4 * WAVES.depth}]",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(
            min=1, max=8192, help=f"Neurons per hidden layer. [default: {GRADE.width}; without a grid: {WAVES.width}]"
        ),
    ] = None,
    encoding: Annotated[
        EncodingName | None,
        typer.Option(
            help=f"What a coordinate becomes: learned feature planes, or waves. [default: {DEFAULT.encoding.kind}]"
        ),
    ] = None,
    sigma: Annotated[
        str | None,
        typer.Option(help="Bandwidth, cycles per longer side; auto reads it off the picture. [default: auto]"),
    ] = None,
    omega: Annotated[
        float | None, typer.Option(help="Of siren and its like: the gain; of mscale: the highest scale.")
    ] = None,
    frequencies: Annotated[
        int | None,
        typer.Option(min=1, help=f"Frequencies of the encoding. [default: {FOURIER.encoding.frequencies}]"),
    ] = None,
    activation: Annotated[
        ActivationName | None,
        typer.Option(
            help=f"After each hidden layer. [default: {GRADE.activation}; without a grid: {WAVES.activation}]"
        ),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="Updates per grade; by default what the preset says.")
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            min=0,
            help=f"Pixels per step; 0 is all. [default: {DEFAULT.batch_size} or a 64th of them, whichever is more; "
            f"without a grid: {FOURIER.batch_size}]",
        ),
    ] = None,
    learning_rate: Annotated[
        float | None,
        typer.Option(
            help=f"At its highest. [default: {GRADE.learning_rate:g}; without a grid: {WAVES.learning_rate:g}; "
            "adam: 0.001]"
        ),
    ] = None,
    optimizer: Annotated[
        OptimizerName | None, typer.Option(help=f"For the hidden matrices. [default: {DEFAULT.optimizer}]")
    ] = None,
    recipe: Annotated[
        RecipeName | None,
        typer.Option(help="How a rival is trained: as its paper does, or as inr does. [default: paper]"),
    ] = None,
    pixels: Annotated[
        PixelsName,
        typer.Option(help="Train on all pixels, or on every other row and column (the papers' protocol)."),
    ] = "all",
    target_psnr: Annotated[
        float | None, typer.Option(help="Stop when the training pixels reach this PSNR, dB.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop training after this time.")] = None,
    precision: Annotated[
        PrecisionName | None,
        typer.Option(help=f"Of the products in training; auto takes the faster. [default: {DEFAULT.precision}]"),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for the outputs. [default: NAME-inr]", show_default=False),
    ] = None,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    seed: common.Seed = 0,
    device: common.Device = "auto",
    threads: common.Threads = None,
    memory: common.Memory = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Fit IMAGE grade by grade; leave its model file, a picture per grade and a report in a folder.

    Example: inr fit cat.png --grades 4
    """
    with common.running(debug=debug, threads=threads):
        config = configure(
            FitOptions(
                method=method,
                preset=preset,
                grades=grades,
                depth=depth,
                width=width,
                activation=activation,
                encoding=encoding,
                frequencies=frequencies,
                sigma=_bandwidth(sigma),
                omega=omega,
                steps=steps,
                batch_size=batch_size,
                learning_rate=learning_rate,
                optimizer=optimizer,
                recipe=recipe,
                precision=precision,
                pixels=pixels,
                seed=seed,
                target_psnr=target_psnr,
                seconds=seconds,
            )
        )
        from inr.imaging.reading import load_image
        from inr.report.folder import fit_to_folder
        from inr.report.summary import to_json

        picture = load_image(image, max_pixels=max_pixels)
        for note in picture.notes:
            common.talk(f"{image}: {note}.", quiet=quiet)
        folder = out or Path(f"{image.stem}-inr")
        with _Bar(quiet) as bar:
            written = fit_to_folder(
                picture,
                config,
                folder,
                overwrite=overwrite,
                device=device,
                memory=memory,
                progress=bar.show,
            )
        if json:
            typer.echo(to_json(written.report), nl=False)
        elif not quiet:
            typer.echo(_table(written.report))
        common.talk(_summary(written), quiet=quiet)


def _bandwidth(text: str | None) -> float | None:
    if text is None or text == "auto":
        return None
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"--sigma is {text!r}; accepted are a number of cycles, or auto.") from None


class _Bar:
    """A progress bar on stderr, if that is a terminal: grade, step, loss, PSNR so far, time left."""

    def __init__(self, quiet: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(disable=True if quiet else None, unit="step", leave=False, dynamic_ncols=True)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: "Progress") -> None:
        """Move the bar to where training stands."""
        if self._bar.disable:
            return
        self._bar.total, self._bar.n = progress.total, progress.done
        self._bar.set_description_str(f"grade {progress.grade}/{progress.grades}", refresh=False)
        self._bar.set_postfix_str(f"loss {progress.at.loss:.2e}, {progress.at.psnr_db:.2f} dB", refresh=False)
        self._bar.update(0)


def _table(report: "Report") -> str:
    from inr.report.summary import decibels

    half = report.config.pixels == "half"
    lines = [f"{'grade':>5}  {'PSNR dB':>8}  {'gain dB':>8}  {'SSIM':>6}  {'seconds':>7}"]
    lines[0] += f"  {'train dB':>8}  {'held-out dB':>11}" if half else ""
    for row in report.grades:
        gain = "" if row.gain_db is None else f"{row.gain_db:+.2f}"
        ssim = "" if row.ssim is None else f"{row.ssim:.4f}"
        line = f"{row.grade:>5}  {decibels(row.psnr_db):>8}  {gain:>8}  {ssim:>6}  {row.seconds:>7.1f}"
        if half:
            line += f"  {decibels(row.train_psnr_db):>8}  {decibels(row.held_out_psnr_db):>11}"
        lines.append(line)
    return "\n".join(lines)


def _summary(written: "Written") -> str:
    report, model = written.report, written.files[0]
    lines = [
        f"{model}: {report.model.bytes:,} bytes, {report.model.bpp:.2f} bits per pixel, "
        f"{report.model.parameters:,} parameters"
    ]
    lines += [f"Stopped: {report.stopped}."] if report.stopped else []
    config = report.config
    if config.encoding.kind != "grid" and not config.method.endswith("-paper") and config.pixels == "all":
        lines.append("For more dB in the same time use --encoding grid, the default: learned feature planes.")
    names = ", ".join(path.name for path in written.files[1:])
    lines.append(f"In {model.parent}/ beside it: {names}")
    return "\n".join(lines)
