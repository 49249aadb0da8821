"""Image and configuration -> a folder with the model file, a picture per grade and the report."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inr.analysis.fitted import fit_and_measure
from inr.analysis.recorder import SpectrumRecorder
from inr.analysis.spectrum import spectrum
from inr.codec.model_file import load_model, model_to_bytes, save_model
from inr.errors import ImageError, InrError, ModelFileError
from inr.files import staged_folder
from inr.imaging.image import Image
from inr.imaging.writing import save_image
from inr.report.figures import draw_grades
from inr.report.spectrum_figure import draw_spectrum
from inr.report.summary import Report, make_report, to_json, to_markdown
from inr.settings.config import DeviceName, FitConfig
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
) -> Written:
    """Fit a picture and write everything about it; the folder gets all files or none.

    Args:
        image: the source.
        config: of the fit.
        folder: made if need be.
        stem: first part of the file names; by default that of the source's file.
        overwrite: replace the outputs of an earlier fit.
        device: see `inr.fit`.
        memory: see `inr.fit`.
        progress: see `inr.fit`.

    Raises:
        InrError: outputs that exist already, a folder that cannot be written, or what `inr.fit` raises.
    """
    folder, stem = Path(folder), stem or Path(image.name).stem
    _check_free(folder, stem, overwrite)
    try:
        with staged_folder(folder) as stage:  # made first: a folder that cannot be written fails before the fit
            recorder = SpectrumRecorder(image, config)

            def watch(at: Progress) -> None:
                recorder(at)
                if progress is not None:
                    progress(at)

            fitted = fit_and_measure(image, config, device=device, memory=memory, progress=watch)
            model_path = stage / f"{stem}.inr"
            save_model(fitted.model, model_path)
            if model_to_bytes(load_model(model_path)) != model_path.read_bytes():
                raise ModelFileError(f"{folder / model_path.name}: what was written does not read back the same.")
            history = recorder.history(len(fitted.model.grades))
            found = spectrum(image, fitted.model, pixels=config.pixels, prefixes=fitted.prefixes, history=history)
            report = make_report(image, fitted, model_path.name, found)
            names = [model_path.name]
            for number, picture in enumerate(fitted.pictures, start=1):
                names.append(f"{stem}.grade{number}.png")
                save_image(stage / names[-1], picture, icc_profile=fitted.model.icc_profile)
            figure = f"{stem}.grades.png"
            draw_grades(stage / figure, image, fitted.pictures, fitted.qualities)
            spectra = f"{stem}.spectrum.png"
            draw_spectrum(stage / spectra, found)
            (stage / "report.json").write_text(to_json(report), encoding="utf-8")
            (stage / "report.md").write_text(to_markdown(report, figure, spectra), encoding="utf-8")
            names += [figure, spectra, "report.json", "report.md"]
            _check_free(folder, stem, overwrite)  # again: another run may have been quicker
        for stale in set(_outputs(folder, stem)) - {folder / name for name in names}:
            stale.unlink()  # grades of an earlier, longer fit
    except OSError as error:
        raise ImageError(f"{folder} cannot be written: {error.strerror or error}.") from error
    except (ImageError, ModelFileError) as error:
        raise type(error)(re.sub(r"\.inr-[^/]*/", "", str(error))) from error  # the staging folder is our affair
    return Written(report=report, files=tuple(folder / name for name in names))


def _outputs(folder: Path, stem: str) -> list[Path]:
    """Return the files in the folder that a fit of this name would have left."""
    fixed = [
        folder / f"{stem}.inr",
        folder / f"{stem}.grades.png",
        folder / f"{stem}.spectrum.png",
        folder / "report.json",
        folder / "report.md",
    ]
    pattern = re.compile(re.escape(stem) + r"\.grade[1-9][0-9]*\.png")
    grades = [path for path in folder.glob("*.png") if pattern.fullmatch(path.name)]
    return [path for path in (*fixed, *grades) if path.exists()]


def _check_free(folder: Path, stem: str, overwrite: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise InrError(f"{folder} is a file; --out takes a folder.")
    existing = _outputs(folder, stem)
    if existing and not overwrite:
        names = ", ".join(path.name for path in existing[:3]) + (", ..." if len(existing) > 3 else "")
        raise InrError(f"{folder} already holds {names}; give --overwrite to replace them, or another --out.")
