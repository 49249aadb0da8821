"""The default fit of many pictures: PSNR and bytes after each grade, beside other formats at equal PSNR.

    python tests/benchmarks/default.py FOLDER [--preset balanced] [--quality 97]

JPEG and AVIF are 4:4:4, WebP is 4:2:0 as it always is. Their bytes are those at the PSNR of the model file, between
the two qualities around it; a format that cannot reach it has no figure. PNG and lossless WebP hold the picture
exactly. All are made by Pillow. Seconds are of fitting, rounding, coding and decoding, without the start of Python.
"""

import argparse
import io
import time
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage

import inr
from inr.analysis.fitted import fit_and_measure
from inr.codec.model_file import grade_bytes

FORMATS = {
    "JPEG": ("JPEG", {"subsampling": 0, "optimize": True}),
    "WebP": ("WEBP", {"method": 6}),
    "AVIF": ("AVIF", {"speed": 4, "subsampling": "4:4:4"}),
}


def main() -> None:
    """Fit every picture and print a row for each, then the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--preset", default=None)
    parser.add_argument("--quality", type=int, default=None)
    arguments = parser.parse_args()
    options = inr.FitOptions(grades=4, preset=arguments.preset, quality=arguments.quality)
    print("| picture | PSNR dB after each grade | bytes after each grade | JPEG | WebP | AVIF | PNG | WebP exact | s |")
    print("|---|---|---|---:|---:|---:|---:|---:|---:|")
    rows = [row(path, options) for path in sorted(arguments.folder.glob("*.png"))]
    psnr, sizes, others, seconds = (np.array(column, float) for column in zip(*rows, strict=True))
    show("mean", psnr.mean(0), sizes.mean(0), others.mean(0), seconds.mean())
    gains = np.diff(psnr, axis=1)
    print(f"\ngain of a grade, dB: mean {gains.mean(0).round(2).tolist()}, least {gains.min(0).round(2).tolist()}")


def row(path: Path, options: inr.FitOptions) -> tuple[list[float], list[int], list[float], float]:
    """Print the row of a picture, and return its figures."""
    image = inr.load_image(path)
    start = time.perf_counter()
    fitted = fit_and_measure(image, inr.configure(options))
    seconds = time.perf_counter() - start
    psnr = [quality.psnr_db for quality in fitted.qualities]
    own = grade_bytes(fitted.data)
    sizes = [len(fitted.data) - sum(own[number:]) for number in range(1, len(own) + 1)]
    picture = PillowImage.open(path).convert("RGB")
    others = [bytes_at(picture, psnr[-1], *FORMATS[name]) for name in FORMATS]
    others += [size(picture, "PNG", optimize=True), size(picture, "WEBP", lossless=True, method=6)]
    show(path.stem, psnr, sizes, others, seconds)
    return psnr, sizes, others, seconds


def show(name: str, psnr, sizes, others, seconds: float) -> None:
    """Print a row."""
    cells = [", ".join(f"{value:.2f}" for value in psnr), ", ".join(f"{value:,.0f}" for value in sizes)]
    cells += ["-" if np.isnan(value) else f"{value:,.0f}" for value in others]
    print(f"| {name} | {' | '.join(cells)} | {seconds:.1f} |", flush=True)


def bytes_at(picture: PillowImage.Image, psnr: float, kind: str, options: dict) -> float:
    """Return the bytes at a PSNR, between the two qualities around it, or NaN if the highest does not reach it."""
    source, known, low, high = np.asarray(picture, np.float64), {}, 1, 100

    def made(quality: int) -> tuple[float, float]:
        file = io.BytesIO()
        picture.save(file, kind, quality=quality, **options)
        error = np.square(np.asarray(PillowImage.open(file).convert("RGB"), np.float64) - source).mean()
        return 10 * np.log10(255**2 / max(error, 1e-9)), np.log(file.tell())

    while low <= high:
        quality = (low + high) // 2
        known[quality] = made(quality)
        low, high = (low, quality - 1) if known[quality][0] >= psnr else (quality + 1, high)
    if low > 100:
        return float("nan")
    worse, better = (known[quality] if quality in known else made(quality) for quality in (max(low - 1, 1), low))
    return float(np.exp(np.interp(psnr, [worse[0], better[0]], [worse[1], better[1]])))


def size(picture: PillowImage.Image, kind: str, **options) -> int:
    """Return the bytes of a file."""
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.tell()


if __name__ == "__main__":
    main()
