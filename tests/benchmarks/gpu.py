"""Default fits on a GPU and on the processor: seconds, PSNR, bytes, and whether both devices draw the file alike.

    python tests/benchmarks/gpu.py PICTURE [PICTURE ...] [--device cuda] [--steps 400]

Each picture is fitted as `inr fit --grades 4` does, then with joint training at quality 60, then on Fourier features:
on the device and on the processor. A file is the same network on both; PSNR of the fits should agree within 0.1 dB. A
large picture is made from the first one, repeated, with noise so that no two copies are alike. Without a GPU,
`--device cpu` shows that the script runs.
"""

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np

import inr
from inr.analysis.fitted import fit_and_measure
from inr.device import choose_device
from inr.imaging.image import Image


def main() -> None:
    """Print a row for each picture and kind of fit."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pictures", type=Path, nargs="+")
    parser.add_argument("--device", default="cuda", choices=("cuda", "mps", "cpu"))
    parser.add_argument("--steps", type=int, default=400, help="of joint training and of each Fourier fit")
    parser.add_argument("--megapixels", type=float, default=12.0, help="of the large picture")
    arguments = parser.parse_args()
    kinds = {
        "default": inr.FitOptions(grades=4),
        "trained": inr.FitOptions(grades=4, quality=60, steps=arguments.steps),
        "mgdl-fourier": inr.FitOptions(method="mgdl-fourier", grades=4, steps=arguments.steps),
    }
    images = {path.stem: inr.load_image(path) for path in arguments.pictures}
    print("| picture | fit | s there | s here | dB there | dB here | bytes there | bytes here | levels apart |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for name, image in images.items():
        for kind, options in kinds.items():
            row(name, kind, image, options, arguments.device)
    first = next(iter(images.values()))
    height = round((arguments.megapixels * 1e6 * 3 / 4) ** 0.5)
    row(f"{arguments.megapixels:g} megapixels", "default", large(first, height), kinds["default"], arguments.device)


def row(name: str, kind: str, image: Image, options: inr.FitOptions, device) -> None:
    """Fit on both devices, and print what each took and gave."""
    cells, config = [], inr.configure(options)
    for on in (device, "cpu"):
        start = time.perf_counter()
        fitted = fit_and_measure(image, config, device=on)
        cells.append((time.perf_counter() - start, fitted.qualities[-1].psnr_db, len(fitted.data), fitted.data))
    there, here = cells
    apart = "not drawn"
    if image.width * image.height < 1e6:
        drawn = [
            inr.model_from_bytes(there[3]).to(choose_device(on)).render(bit_depth=8).astype(int)
            for on in (device, "cpu")
        ]
        apart = str(np.abs(drawn[0] - drawn[1]).max())
    seconds, psnr, sizes, _ = zip(there, here, strict=True)
    print(
        f"| {name} | {kind} | {seconds[0]:.1f} | {seconds[1]:.1f} | {psnr[0]:.2f} | {psnr[1]:.2f} | "
        f"{sizes[0]:,} | {sizes[1]:,} | {apart} |",
        flush=True,
    )


def large(image: Image, height: int) -> Image:
    """Return a picture of four to three: an image repeated, with noise."""
    width = height * 4 // 3
    times = (-(-height // image.height), -(-width // image.width), 1)
    pixels = np.tile(image.pixels, times)[:height, :width]
    noise = np.random.default_rng(0).normal(0.0, 0.01, pixels.shape).astype(np.float32)
    return dataclasses.replace(image, pixels=(pixels + noise).clip(0.0, 1.0))


if __name__ == "__main__":
    main()
