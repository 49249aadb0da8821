"""Small pictures made from seeds, where the project's own files lie, and whether a picture shows anything."""

from pathlib import Path

import numpy as np
import PIL.Image

import inr
from inr.imaging.icc import BT709, gamma_curve, make_profile

ROOT = Path(__file__).parent.parent.parent
DATA = ROOT / "data"
README = ROOT / "README.md"
GOLDEN = ROOT / "tests" / "golden"
PROFILE = make_profile(gamma_curve(1.8), BT709)
"""A colour profile of RGB that is not sRGB."""
GREY_PROFILE = make_profile(gamma_curve(1.8), None)


def picture(height: int = 12, width: int = 17, channels: int = 3, *, dtype=np.uint8, seed: int = 0) -> np.ndarray:
    """A smooth picture with some detail, (H, W, C), over the full range of the type."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3 + c) * np.cos(y / (2 + c)) for c in range(channels)]
    values = 0.5 + 0.4 * np.stack(waves, axis=2) + random.uniform(-0.1, 0.1, (height, width, channels))
    return np.rint(np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def saved(path: Path, array: np.ndarray, mode: str | None = None, **options) -> Path:
    """The path of a picture that Pillow has written there."""
    PIL.Image.fromarray(array if array.ndim == 2 or array.shape[2] > 1 else array[:, :, 0], mode).save(path, **options)
    return path


def noise(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    """Pixels that no small file can hold, (H, W, C) uint8."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def psnr_of_flat(image: inr.Image) -> float:
    """PSNR of the best picture of one colour: what a fit has to beat to have shown anything."""
    return float(-10.0 * np.log10(image.pixels.var(axis=(0, 1)).mean()))


def has_figures(path: Path) -> bool:
    """Whether a written figure is more than paper: lines or pixels of many levels, on much of it."""
    drawn = inr.load_image(path).pixels
    marked = (np.abs(drawn - drawn[0, 0]).max(axis=2) > 0.1).mean()
    return bool(marked > 0.02 and len(np.unique(drawn)) > 20)
