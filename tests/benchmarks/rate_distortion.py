"""Bytes against quality: compact fits beside JPEG, WebP and AVIF, all measured on the same pictures in the same run.

    python tests/benchmarks/rate_distortion.py FOLDER --out OUT [--bpp 0.12,0.3,0.6,1.2,2.5,5]
        [--preset balanced | --steps 2200] [--published FOLDER]

Goes on where it was interrupted: OUT keeps every model file and what was measured of it, by picture, configuration and
version of inr (after a change of its code give another OUT). PSNR is of RGB, 8 bits, all
pixels, of what was decoded from the file; bits per pixel are those of the file on disk. Published curves, drawn dashed,
are JSON files as CompressAI keeps them (name, results: bpp, psnr); mostly they are means over all 24 Kodak pictures.
"""

import argparse
import dataclasses
import hashlib
import io
import json
import re
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from scipy.interpolate import PchipInterpolator

import inr
from inr.analysis.fitted import fit_and_measure
from inr.analysis.metrics import measure

CODECS = {
    "JPEG": ("JPEG", {}, (3, 5, 8, 12, 18, 25, 35, 45, 55, 65, 75, 82, 88, 92, 95)),
    "WebP": ("WEBP", {"method": 6}, (0, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 88, 93, 96)),
    "AVIF": ("AVIF", {"speed": 4}, (5, 10, 20, 30, 40, 50, 60, 70, 80, 88, 94)),
}
"""Pillow's name, its options, and the qualities swept; JPEG is 4:2:0 by default."""


def main() -> None:
    """Measure what is missing, then print the tables and draw the curves."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--bpp", default="0.12,0.3,0.6,1.2,2.5,5")
    parser.add_argument("--preset", default="balanced", choices=("fast", "balanced", "best"))
    parser.add_argument("--steps", type=int, default=None, help="of joint training, in place of the preset's")
    parser.add_argument("--published", type=Path, default=None)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    pictures = sorted(arguments.folder.glob("*.png"))
    curves: dict[str, dict[str, list[tuple[float, float]]]] = {}
    rows = []
    for path in pictures:
        for name in CODECS:
            curves.setdefault(name, {})[path.stem] = classical(path, name)
        for bpp in map(float, arguments.bpp.split(",")):
            row = compact(path, wishes(arguments.preset, arguments.steps, bpp), arguments.out)
            rows.append(row)
            curves.setdefault("inr", {}).setdefault(path.stem, []).append((row["bpp"], row["psnr_db"][-1]))
            print(f"{path.stem} {row['bpp']:.3f} bpp  {row['psnr_db'][-1]:.2f} dB  {row['seconds']:.0f} s", flush=True)
    print_tables(curves, rows)
    draw(curves, published(arguments.published), arguments.out / "rate_distortion.png")


def classical(path: Path, name: str) -> list[tuple[float, float]]:
    """Return (bits per pixel, PSNR in dB) of a codec at each of its qualities."""
    kind, options, qualities = CODECS[name]
    picture = PillowImage.open(path).convert("RGB")
    source = np.asarray(picture, np.float64)
    points = []
    for quality in qualities:
        file = io.BytesIO()
        picture.save(file, kind, quality=quality, **options)
        decoded = np.asarray(PillowImage.open(file).convert("RGB"), np.float64)
        error = np.square(decoded - source).mean()
        points.append((8 * file.tell() / source[..., 0].size, 10 * np.log10(255**2 / error)))
    return points


def wishes(preset: str, steps: int | None, bpp: float) -> inr.FitOptions:
    """Return the options of a fit to so many bits per pixel."""
    return inr.FitOptions(preset=None if steps else preset, target_bpp=bpp, steps=steps)


def compact(path: Path, options: inr.FitOptions, out: Path) -> dict:
    """Return what is known of one fit; fit it if nothing is."""
    config, bpp = inr.configure(options), options.target_bpp
    image = inr.load_image(path)
    decides = [image.sha256, dataclasses.asdict(config), version("inr"), version("torch")]
    key = hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:12]
    stem = f"{path.stem}-{bpp:g}-{config.training.steps}-{key}"
    known = out / f"{stem}.json"
    if known.exists():
        return json.loads(known.read_text())
    start = time.perf_counter()
    fitted = fit_and_measure(image, config)
    seconds = time.perf_counter() - start
    file = out / f"{stem}.inr"
    inr.save_model(fitted.model, file)
    start = time.perf_counter()
    model = inr.load_model(file)
    model.render()
    decoding = time.perf_counter() - start
    qualities, _ = measure(image, model)
    row = {
        "image": path.stem,
        "target": bpp,
        "bytes": file.stat().st_size,
        "bpp": 8 * file.stat().st_size / (image.width * image.height),
        "psnr_db": [quality.psnr_db for quality in qualities],
        "ssim": qualities[-1].ssim,
        "seconds": seconds,
        "training_seconds": fitted.result.seconds,
        "decoding_seconds": decoding,
        "steps": fitted.result.steps,
    }
    known.write_text(json.dumps(row))
    return row


def rate_difference(
    ours: list[tuple[float, float]], anchor: list[tuple[float, float]], within: list[tuple[float, float]]
) -> float:
    """Return the mean difference in rate at equal PSNR (Bjontegaard's, with monotone cubic curves).

    Args:
        ours: (bits per pixel, PSNR) points.
        anchor: the same.
        within: points whose range of PSNR counts, as far as the others cover it.

    Returns:
        A share: -0.2 is a fifth fewer bits.

    Raises:
        ValueError: the curves have no PSNR in common.
    """
    curves = [sorted((psnr, np.log(rate)) for rate, psnr in points) for points in (ours, anchor, within)]
    low, high = max(curve[0][0] for curve in curves), min(curve[-1][0] for curve in curves)
    if low >= high:
        raise ValueError(f"no PSNR in common: one curve begins at {low:.2f} dB, another ends at {high:.2f} dB")
    at = np.linspace(low, high, 500)
    first, second = (PchipInterpolator(*zip(*curve, strict=True))(at) for curve in curves[:2])
    return float(np.exp((first - second).mean()) - 1)


def mean_curve(of_pictures: dict[str, list[tuple[float, float]]]) -> list[tuple[float, float]]:
    """Return the means over pictures, setting by setting."""
    return [tuple(np.mean(points, axis=0)) for points in zip(*of_pictures.values(), strict=True)]


def print_tables(curves: dict[str, dict[str, list[tuple[float, float]]]], rows: list[dict]) -> None:
    """Print the points of our fits, then the differences in rate over JPEG."""
    names = list(curves["inr"])
    print(f"\n{len(names)} pictures: {', '.join(names)}\n")
    print("| target bpp | bpp | PSNR dB | after grade 1 | after grade 2 | seconds | training | decoding |")
    print("|---:|---:|---:|---:|---:|---:|---:|---:|")
    for target in sorted({row["target"] for row in rows}):
        own = [row for row in rows if row["target"] == target]
        psnr = np.mean([row["psnr_db"] for row in own], axis=0)
        means = [
            np.mean([row[key] for row in own]) for key in ("bpp", "seconds", "training_seconds", "decoding_seconds")
        ]
        print(
            f"| {target:g} | {means[0]:.3f} | {psnr[-1]:.2f} | {psnr[0]:.2f} | {psnr[1]:.2f} "
            f"| {means[1]:.0f} | {means[2]:.0f} | {means[3]:.2f} |"
        )
    print("\n| rate at equal PSNR against JPEG | of the mean curves | mean of the pictures | worst |")
    print("|---|---:|---:|---:|")
    anchor, ours = curves["JPEG"], curves["inr"]
    for name, own in curves.items():
        if name != "JPEG":
            single = [rate_difference(own[picture], anchor[picture], ours[picture]) for picture in names]
            whole = rate_difference(mean_curve(own), mean_curve(anchor), mean_curve(ours))
            print(f"| {name} | {whole:+.0%} | {np.mean(single):+.0%} | {max(single):+.0%} |")


def published(folder: Path | None) -> dict[str, list[tuple[float, float]]]:
    """Return the (bits per pixel, PSNR) points of every file in a folder."""
    known = {}
    for path in sorted(folder.glob("*.json")) if folder else []:
        told = json.loads(re.sub(r",(\s*[\]}])", r"\1", path.read_text()))  # some end their lists with a comma
        known[told["name"]] = list(zip(told["results"]["bpp"], told["results"]["psnr"], strict=True))
    return known


def draw(
    curves: dict[str, dict[str, list[tuple[float, float]]]],
    others: dict[str, list[tuple[float, float]]],
    path: Path,
) -> None:
    """Draw the mean curves, and those of others dashed."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(8.4, 5), layout="constrained")
    for name, own in curves.items():
        rate, psnr = zip(*sorted(mean_curve(own)), strict=True)
        axes.plot(
            rate,
            psnr,
            marker="o",
            markersize=4 if name == "inr" else 2,
            linewidth=2 if name == "inr" else 1,
            label=name,
        )
    for name, points in others.items():
        axes.plot(*zip(*sorted(points), strict=True), "--", linewidth=1, label=name)
    axes.set(xlabel="bits per pixel", ylabel="PSNR, dB", xscale="log", xlim=(0.1, 6), ylim=(22, 50))
    axes.set_xticks((0.1, 0.2, 0.5, 1, 2, 5), ("0.1", "0.2", "0.5", "1", "2", "5"))
    axes.minorticks_off()
    axes.grid(alpha=0.3)
    axes.set_title(f"Mean over {len(curves['inr'])} pictures" + (", dashed: published, of all 24" if others else ""))
    figure.legend(loc="outside right center", frameon=False)
    figure.savefig(path, dpi=120)


if __name__ == "__main__":
    main()
