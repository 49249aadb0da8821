"""Pictures spoiled on purpose -> tables of `inr inpaint` and `inr denoise` beside classical methods, PSNR in dB.

Called by `restoration.py`. Holes are measured on the unknown pixels only; noise on all, in files of 8 bits.
"""

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image as Pillow
from PIL import ImageDraw
from scipy.interpolate import LinearNDInterpolator, NearestNDInterpolator
from skimage.restoration import denoise_nl_means, denoise_tv_chambolle, inpaint_biharmonic

import inr
from inr.restoration.denoise import denoise
from inr.restoration.effort import Effort
from inr.restoration.inpaint import inpaint

Rows = Iterable[list[str | float]]
INPAINT = ["linear scattered", "Telea", "biharmonic (scikit-image)", "inr", "inr by"]
DENOISE = ["noisy", "TV", "non-local means", "BM3D", "inr", "inr by"]


def masks(height: int, width: int) -> dict[str, np.ndarray]:
    """Unknown pixels: scratches of 3 pixels, text, a missing block of 24 x 24, random loss."""
    random = np.random.default_rng(0)
    scratches, text = Pillow.new("L", (width, height)), Pillow.new("L", (width, height))
    for _ in range(max(3, width * height // 3000)):
        x, y, turn = random.integers(width), random.integers(height), random.uniform(0, 2 * np.pi)
        length = random.uniform(0.1, 0.4) * width
        end = (x + length * np.cos(turn), y + length * np.sin(turn))
        ImageDraw.Draw(scratches).line([(x, y), end], fill=255, width=3)
    for y in range(4, height, 28):
        ImageDraw.Draw(text).text((4, y), "the quick brown fox jumps over it " * (1 + width // 200), fill=255)
    block = np.zeros((height, width), bool)
    block[height // 2 - 12 : height // 2 + 12, width // 2 - 12 : width // 2 + 12] = True
    lost = {f"{share} % lost": random.random((height, width)) < share / 100 for share in (50, 90)}
    return {"scratches": np.asarray(scratches) > 0, "text": np.asarray(text) > 0, "block": block, **lost}


def holes(paths: list[Path], crop: int, steps: int) -> Rows:
    """Yield for each picture and mask the PSNR of the unknown pixels, by method."""
    for path in paths:
        truth = part(path, crop)
        for name, unknown in masks(*truth.shape[:2]).items():
            spoiled = np.where(unknown[:, :, None], np.float32(0), truth)
            ours = inpaint(inr.image_from_array(spoiled), torch.from_numpy(~unknown), Effort(steps=steps))
            found = [_scattered(spoiled, unknown), _telea(spoiled, unknown)]
            found += [inpaint_biharmonic(spoiled, unknown, channel_axis=2), ours.picture / 255]
            yield [f"{path.stem}, {name}", *(psnr(each[unknown], truth[unknown]) for each in found), ours.method]


def noise(paths: list[Path], crop: int, steps: int, sigmas: list[float]) -> Rows:
    """Yield for each picture and noise the PSNR of all pixels, by method; every method is told the noise."""
    import bm3d

    for path in paths:
        truth = part(path, crop)
        for sigma in sigmas:
            random, level = np.random.default_rng(0), sigma / 255
            noisy = inr.quantize(truth + random.normal(0, level, truth.shape), 8).astype(np.float32) / np.float32(255)
            ours = denoise(inr.image_from_array(noisy), sigma, Effort(steps=steps))
            three = noisy.repeat(3 // noisy.shape[2], 2)  # non-local means takes no single channel
            means = denoise_nl_means(three, sigma=level, h=0.8 * level, fast_mode=False, patch_size=5, patch_distance=6,
                                     channel_axis=2)[:, :, : truth.shape[2]]  # fmt: skip
            best = (bm3d.bm3d_rgb if truth.shape[2] == 3 else bm3d.bm3d)(noisy, level).reshape(truth.shape)
            found = [noisy, _best_tv(noisy, truth, level), means, best, ours.picture / 255]
            yield [f"{path.stem}, {sigma:g}", *(psnr(each, truth) for each in found), ours.method]


def part(path: Path, crop: int) -> np.ndarray:
    """The middle of a picture, (crop, crop, C); 0 is all of it."""
    pixels = inr.load_image(path).pixels
    if not crop:
        return pixels
    top, left = ((side - min(crop, side)) // 2 for side in pixels.shape[:2])
    return np.ascontiguousarray(pixels[top : top + crop, left : left + crop])


def psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    return float(-10 * np.log10(np.square(np.clip(picture, 0, 1) - truth, dtype=np.float64).mean()))


def _scattered(pixels: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    """Linear on the triangles of known pixels; outside them the nearest."""
    known, filled = np.argwhere(~unknown), pixels.copy()
    holes = np.argwhere(unknown)
    linear = LinearNDInterpolator(known, pixels[~unknown])(holes)
    nearest = NearestNDInterpolator(known, pixels[~unknown])(holes)
    filled[unknown] = np.where(np.isnan(linear), nearest, linear)
    return filled


def _telea(pixels: np.ndarray, unknown: np.ndarray) -> np.ndarray:
    whole = inr.quantize(pixels, 8)
    return cv2.inpaint(whole, unknown.astype(np.uint8), 3, cv2.INPAINT_TELEA).reshape(whole.shape) / 255


def _best_tv(noisy: np.ndarray, truth: np.ndarray, level: float) -> np.ndarray:
    """Total variation at the weight that is best for this very picture: more than a user could know."""
    each: list[np.ndarray] = [
        denoise_tv_chambolle(noisy, weight=factor * level, channel_axis=2) for factor in (0.5, 0.75, 1.0, 1.5, 2.0)
    ]
    return max(each, key=lambda picture: psnr(picture, truth))
