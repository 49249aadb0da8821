"""Image and configuration -> a folder with the model file, a picture per grade and the report."""

import errno
import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inr.analysis.fitted import Fitted, fit_and_measure
from inr.analysis.recorder import CurveRecorder, History, SpectrumRecorder
from inr.analysis.spectrum import spectrum
from inr.errors import ImageError, InrError, ModelFileError
from inr.files import staged_folder, sync_folder
from inr.imaging.image import Image
from inr.imaging.writing import save_image
from inr.report.figures import draw_grades
from inr.report.fit_html import fit_html
from inr.report.html import NAME
from inr.report.markdown import to_markdown
from inr.report.spectrum_figure import draw_spectrum
from inr.report.summary import Report, make_report, to_json
from inr.settings.config import DeviceName, FitConfig
from inr.training.fit import check_memory
from inr.training.result import Progress


@dataclass(frozen=True, kw_only=True)
class Written:
    """The report of a fit and the files it left, in the order they are best looked at."""

    report: Report
    files: tuple[Path, ...]


def fit_to_folder(
    image: Image,
    config: FitConfig,
    folder: str | Path,
    *,
    stem: str | None = None,
    overwrite: bool = False,
    device: DeviceName = "auto",
    memory: float | None = None,
    progress: Callable[[Progress], None] | None = None,
    command: str | None = None,
) -> Written:
    """Fit a picture and write everything about it, see `inr.files.staged_folder`; a failure leaves what was there.

    Whatever would keep the outputs from being written is found before the fit, as far as it can be known.

    Args:
        image: the source.
        config: of the fit.
        folder: made if need be.
        stem: first part of the file names; by default that of the source's file.
        overwrite: replace the outputs of an earlier fit.
        device: see `inr.fit`.
        memory: see `inr.fit`.
        progress: see `inr.fit`.
        command: that a person typed for this fit; the report shows it.

    Raises:
        InrError: outputs that exist already, a folder that cannot be written, or what `inr.fit` raises.
    """
    folder, stem = Path(folder), stem or Path(image.name).stem
    check_memory(image, config, device=device, memory=memory)  # settings before files: they are told first
    _check_free(folder, stem, overwrite)
    try:
        with staged_folder(folder) as stage:  # made first: a folder that cannot be written fails before the fit
            _check_names(stage, file_names(stem, len(config.grades)))
            # Nothing is left over at the pixels of a lattice: there is no error over training time to look at.
            recorder = None if config.encoding.kind == "lattice" else SpectrumRecorder(image, config)
            curve = CurveRecorder()

            def watch(at: Progress) -> None:
                if recorder is not None:
                    recorder(at)
                    curve(at)
                if progress is not None:
                    progress(at)

            fitted = fit_and_measure(image, config, device=device, memory=memory, progress=watch)
            end = fitted.qualities[-1]
            curve.add(fitted.result.seconds, end.train_psnr_db or end.psnr_db)
            history = None if recorder is None else recorder.history(len(fitted.model.grades))
            report = _write(stage, stem, image, fitted, history, curve.points, command)
            _check_free(folder, stem, overwrite)  # again: another run may have been quicker
        names = file_names(stem, len(report.grades))
        for stale in set(_outputs(folder, stem)) - {folder / name for name in names}:
            stale.unlink()  # grades of an earlier, longer fit
        sync_folder(folder)
    except OSError as error:
        raise ImageError(f"{folder} cannot be written: {error.strerror or error}.") from error
    except (ImageError, ModelFileError) as error:
        raise type(error)(re.sub(r"\.inr-[^/]*/", "", str(error))) from error  # the staging folder is our affair
    return Written(report=report, files=tuple(folder / name for name in names))


def file_names(stem: str, grades: int) -> tuple[str, ...]:
    """Return the names of what a fit leaves, in the order they are best looked at."""
    drawn = (f"{stem}.grade{number}.png" for number in range(1, grades + 1))
    return (f"{stem}.inr", *drawn, f"{stem}.grades.png", f"{stem}.spectrum.png", NAME, "report.json", "report.md")


def _write(
    stage: Path,
    stem: str,
    image: Image,
    fitted: Fitted,
    history: History | None,
    curve: Sequence[tuple[float, float]],
    command: str | None,
) -> Report:
    """Write everything about a fit to an empty folder."""
    model, *drawn, figure, spectra, looks, facts, page = (stage / n for n in file_names(stem, len(fitted.pictures)))
    model.write_bytes(fitted.data)  # the bytes that were decoded and measured
    if model.read_bytes() != fitted.data:
        raise ModelFileError(f"{model}: what was written does not read back the same.")
    pixels = fitted.result.config.pixels
    found = spectrum(image, fitted.model, pixels=pixels, prefixes=fitted.prefixes, history=history)
    report = make_report(image, fitted, model.name, found, curve=curve, command=command)
    for path, picture in zip(drawn, fitted.pictures, strict=True):
        save_image(path, picture, icc_profile=fitted.model.icc_profile)
    draw_grades(figure, image, fitted.pictures, fitted.qualities)
    draw_spectrum(spectra, found)
    text = to_json(report)
    facts.write_text(text, encoding="utf-8")
    looks.write_bytes(fit_html(text, image, fitted.pictures))
    page.write_text(to_markdown(report, figure.name, spectra.name), encoding="utf-8")
    return report


def _outputs(folder: Path, stem: str) -> list[Path]:
    """Return what is in the folder under the names that a fit might use, links to nothing among them."""
    fixed = (folder / name for name in file_names(stem, 0))
    pattern = re.compile(re.escape(stem) + r"\.grade[1-9][0-9]*\.png")
    grades = [path for path in folder.glob("*.png") if pattern.fullmatch(path.name)]
    return [path for path in (*fixed, *grades) if os.path.lexists(path)]


def _check_free(folder: Path, stem: str, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InrError(f"{folder} is a file; --out takes a folder.")
    existing = _outputs(folder, stem)
    if existing and not overwrite:
        names = ", ".join(path.name for path in existing[:3]) + (", ..." if len(existing) > 3 else "")
        raise InrError(f"{folder} already holds {names}; give --overwrite to replace them, or another --out.")
    for path in existing:
        if path.is_dir():
            raise InrError(f"{path} is a folder where a file is to be written; move it, or give another --out.")


def _check_names(stage: Path, names: Sequence[str]) -> None:
    """Check that files can have these names, and that there is room for any at all.

    Raises:
        ImageError: they cannot; the picture's name is too long, or has characters that the file system has not.
    """
    for name in names:
        try:
            (stage / name).write_bytes(bytes(4096))
            (stage / name).unlink()
        except OSError as error:
            hint = "; give the picture a shorter name" if error.errno == errno.ENAMETOOLONG else ""
            raise ImageError(f"{stage / name} cannot be written: {error.strerror or error}{hint}.") from error
