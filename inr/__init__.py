"""`inr`: an image as a small coordinate network, fitted grade by grade, and back into pixels at any size.

    image file -> load_image -> Image
    Image + configure(FitOptions) -> fit -> FitResult(model, logs)
    model -> save_model -> .inr file -> load_model -> model
    model -> render / up_to -> pixels -> quantize -> save_image -> image file
    Image + model -> measure -> a Quality per grade
    Images + methods + Budget -> compare -> Comparison -> rank / write_comparison -> tables and figures
    Image + model -> spectrum -> Spectrum: what each grade learned, by frequency
    Image + options -> fit_to_folder -> pictures, model file and report in one folder

Names are imported when they are first used, so that `import inr` does not wait for torch.
"""

import importlib
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from inr.analysis.metrics import Quality, measure
    from inr.analysis.recorder import History, SpectrumRecorder
    from inr.analysis.spectrum import Spectrum, spectrum
    from inr.codec.model_file import load_model, model_from_bytes, model_to_bytes, save_model
    from inr.comparison.budget import Budget
    from inr.comparison.compare import Comparison, compare
    from inr.comparison.contenders import parse_methods
    from inr.comparison.folder import write_comparison
    from inr.comparison.ranking import rank
    from inr.errors import (
        ConfigError,
        ImageError,
        ImageWarning,
        InrError,
        ModelFileError,
        ModelFileWarning,
        TrainingError,
    )
    from inr.imaging.image import Image, image_from_array, quantize
    from inr.imaging.reading import load_image
    from inr.imaging.writing import save_image
    from inr.networks.model import Model, Region
    from inr.report.folder import fit_to_folder
    from inr.settings.config import FitConfig
    from inr.settings.methods import configure
    from inr.settings.options import FitOptions
    from inr.settings.shape import EncodingConfig, Form, GradeConfig, GradeShape, Plane
    from inr.settings.trainings import GreedyTraining, JointTraining
    from inr.training.fit import fit
    from inr.training.result import FitResult, Progress

_HOME = {
    "Budget": "inr.comparison.budget",
    "Comparison": "inr.comparison.compare",
    "compare": "inr.comparison.compare",
    "parse_methods": "inr.comparison.contenders",
    "rank": "inr.comparison.ranking",
    "write_comparison": "inr.comparison.folder",
    "Quality": "inr.analysis.metrics",
    "measure": "inr.analysis.metrics",
    "History": "inr.analysis.recorder",
    "SpectrumRecorder": "inr.analysis.recorder",
    "Spectrum": "inr.analysis.spectrum",
    "spectrum": "inr.analysis.spectrum",
    "load_model": "inr.codec.model_file",
    "model_from_bytes": "inr.codec.model_file",
    "model_to_bytes": "inr.codec.model_file",
    "save_model": "inr.codec.model_file",
    "EncodingConfig": "inr.settings.shape",
    "FitConfig": "inr.settings.config",
    "Form": "inr.settings.shape",
    "GradeConfig": "inr.settings.shape",
    "GradeShape": "inr.settings.shape",
    "GreedyTraining": "inr.settings.trainings",
    "JointTraining": "inr.settings.trainings",
    "Plane": "inr.settings.shape",
    "ConfigError": "inr.errors",
    "ImageError": "inr.errors",
    "ImageWarning": "inr.errors",
    "InrError": "inr.errors",
    "ModelFileError": "inr.errors",
    "ModelFileWarning": "inr.errors",
    "TrainingError": "inr.errors",
    "Image": "inr.imaging.image",
    "image_from_array": "inr.imaging.image",
    "load_image": "inr.imaging.reading",
    "quantize": "inr.imaging.image",
    "save_image": "inr.imaging.writing",
    "FitOptions": "inr.settings.options",
    "configure": "inr.settings.methods",
    "Model": "inr.networks.model",
    "Region": "inr.networks.model",
    "fit_to_folder": "inr.report.folder",
    "FitResult": "inr.training.result",
    "Progress": "inr.training.result",
    "fit": "inr.training.fit",
}

__all__ = [
    "Budget", "Comparison", "ConfigError", "EncodingConfig", "FitConfig", "FitOptions", "FitResult", "Form",
    "GradeConfig", "GradeShape", "GreedyTraining", "History", "Image", "ImageError", "ImageWarning", "InrError",
    "JointTraining", "Model", "ModelFileError", "ModelFileWarning", "Plane", "Progress", "Quality", "Region",
    "Spectrum", "SpectrumRecorder", "TrainingError", "compare", "configure", "fit", "fit_to_folder",
    "image_from_array", "load_image", "load_model", "measure", "model_from_bytes", "model_to_bytes", "parse_methods",
    "quantize", "rank", "save_image", "save_model", "spectrum", "write_comparison",
]  # fmt: skip


def __getattr__(name: str) -> object:
    """Import a public name from its home on first use."""
    if name not in _HOME:
        raise AttributeError(f"module 'inr' has no attribute {name!r}")
    value: object = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
