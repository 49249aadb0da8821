"""`inr fit IMAGE`: a picture -> a folder with its model, its grades and a report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr_cli import options as common
from inr_cli import streams
from inr_cli.fit_options import with_fit_options
from inr_cli.process import say, talk

if TYPE_CHECKING:
    from inr.imaging.image import Image
    from inr.report.folder import Written
    from inr.report.summary import Report
    from inr.settings.config import DeviceName, FitConfig
    from inr.training.result import Progress


@with_fit_options
def fit(
    image: streams.PicturePath,
    wishes: FitOptions,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            "-o",
            help="Folder for the outputs; - sends the model file alone to standard output. [default: NAME-inr]",
            show_default=False,
        ),
    ] = None,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
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
    folder = out or Path(f"{streams.stem(image)}-inr")
    with common.running(debug=debug, threads=threads, out=folder):
        config = configure(wishes)
        streams.check_stdout(folder, json=json)
        from inr.report.folder import file_names, fit_to_folder
        from inr.report.summary import to_json

        picture = streams.read_picture(image, max_pixels)
        for note in picture.notes:
            talk(f"{streams.source(image)}: {note}.", quiet=quiet)
        if folder == streams.STREAM:
            _fit_to_stdout(picture, config, device=device, memory=memory, quiet=quiet)
            return
        common.keep_inputs([folder / name for name in file_names(streams.stem(image), len(config.grades))], [image])
        with _Bar(quiet) as bar:
            written = fit_to_folder(
                picture,
                config,
                folder,
                overwrite=overwrite,
                device=device,
                memory=memory,
                progress=bar.show,
                command=common.this_command(),
            )
        if json:
            say(to_json(written.report))
        elif not quiet:
            say(_table(written.report))
        talk(_summary(written), quiet=quiet)


def _fit_to_stdout(
    picture: "Image", config: "FitConfig", *, device: "DeviceName", memory: float | None, quiet: bool
) -> None:
    """Fit a picture and send the model file to standard output, and its size and PSNR to stderr."""
    from inr.analysis.fitted import fit_and_measure
    from inr.report.decibels import decibels

    with _Bar(quiet) as bar:
        fitted = fit_and_measure(picture, config, device=device, memory=memory, progress=bar.show)
    streams.write(streams.STREAM, fitted.data)
    psnr = " / ".join(decibels(quality.psnr_db) for quality in fitted.qualities)
    talk(f"stdout: {len(fitted.data):,} bytes, PSNR {psnr} dB", quiet=quiet)


class _Bar:
    """A progress bar on stderr, if that is a terminal: grade, step, loss, PSNR so far, time left."""

    def __init__(self, quiet: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(disable=True if quiet else None, total=100, unit="%", leave=False, dynamic_ncols=True)

    def __enter__(self) -> "_Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def show(self, progress: "Progress") -> None:
        """Move the bar to where training stands."""
        if self._bar.disable:
            return
        self._bar.n = round(100.0 * progress.fraction, 1)
        self._bar.set_description_str(f"grade {progress.grade}/{progress.grades}", refresh=False)
        self._bar.set_postfix_str(
            f"step {progress.done:,}, loss {progress.loss:.2e}, {progress.psnr_db:.2f} dB", refresh=False
        )
        self._bar.update(0)


def _table(report: "Report") -> str:
    from inr.report.decibels import decibels
    from inr.report.interpolation_text import against_interpolation

    half = report.config.pixels == "half"
    first = max([5, *map(len, report.interpolation)])
    lines = [
        f"{'grade':>{first}}  {'PSNR dB':>8}  {'gain dB':>8}  {'SSIM':>6}  {'bytes so far':>12}  {'bits per pixel':>14}"
        + (f"  {'train dB':>8}  {'held-out dB':>11}" if half else "")
    ]
    for row in report.grades:
        gain = "" if row.gain_db is None else f"{row.gain_db:+.2f}"
        ssim = "" if row.ssim is None else f"{row.ssim:.4f}"
        bpp = 8.0 * row.bytes_so_far / (report.image.width * report.image.height)
        line = f"{row.grade:>{first}}  {decibels(row.psnr_db):>8}  {gain:>8}  {ssim:>6}"
        line += f"  {row.bytes_so_far:>12,}  {bpp:>14.2f}"
        if half:
            line += f"  {decibels(row.train_psnr_db):>8}  {decibels(row.held_out_psnr_db):>11}"
        lines.append(line)
    for name, quality in report.interpolation.items():
        ssim = "" if quality.ssim is None else f"{quality.ssim:.4f}"
        line = f"{name:>{first}}  {decibels(quality.psnr_db):>8}  {'':>8}  {ssim:>6}  {'':>12}  {'':>14}"
        lines.append(f"{line}  {decibels(quality.train_psnr_db):>8}  {decibels(quality.held_out_psnr_db):>11}")
    last = report.grades[-1]
    own = last.psnr_db if last.held_out_psnr_db is None else last.held_out_psnr_db
    lines += [against_interpolation(own, report.interpolation)] if report.interpolation else []
    return "\n".join(lines)


def _summary(written: "Written") -> str:
    from inr.report.markdown import classical_text

    report, model = written.report, written.files[0]
    lines = [
        f"{model}: {report.model.bytes:,} bytes; {classical_text(report)}",
        f"{report.seconds:.1f} s of training, {report.model.decoding_seconds:.2f} s to decode",
    ]
    lines += [f"Stopped: {report.stopped}."] if report.stopped else []
    names = ", ".join(path.name for path in written.files[1:])
    lines.append(f"In {model.parent}/ beside it: {names}")
    return "\n".join(lines)
