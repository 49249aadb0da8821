"""How fast pictures are fitted: a step's parts, growth with size, rivals' settings; `inr compare` has the quality.

    python tests/benchmarks/speed.py step PICTURE                   # where the milliseconds of a step go
    python tests/benchmarks/speed.py scale PICTURE                  # time and memory as the picture grows
    python tests/benchmarks/speed.py rivals PICTURE                 # papers' settings, our time to their PSNR

Tables go to stdout as Markdown, with the machine and its measured float32 product below. PSNR is of all pixels, clipped
and rounded to 8 bits. Every fit is one process-wide run on all threads, seed 0; compare seconds within one run only.
"""

import argparse
import itertools
import math
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch

import inr


def row(*cells: object) -> None:
    print("| " + " | ".join(str(cell) for cell in cells) + " |", flush=True)


def quality(image: inr.Image, model: inr.Model) -> float:
    drawn = inr.quantize(inr.model_from_bytes(inr.model_to_bytes(model)).render(), 8).astype(np.float64) / 255
    error = float(np.square(drawn - image.pixels).mean())
    return math.inf if error == 0 else -10 * math.log10(error)


def product_gflops(rows: int, inner: int, columns: int, repeat: int = 30) -> float:
    a, b = torch.randn(rows, inner), torch.randn(inner, columns)
    best = math.inf
    for _ in range(repeat):
        start = time.perf_counter()
        torch.mm(a, b)
        best = min(best, time.perf_counter() - start)
    return 2 * rows * inner * columns / best / 1e9


def step(path: Path, steps: int) -> None:
    """Share of the product peak inside the training loop, and the operations that take most of a step."""
    from torch.profiler import ProfilerActivity, profile

    image = inr.load_image(path)
    row(
        "setting",
        "ms a step",
        "product GFLOP a step",
        "GFLOP/s",
        "of such products alone",
        "share",
        "where the time goes",
    )
    row("---", *["---:"] * 5, "---")
    for method in ("mgdl-fourier", "sgdl-fourier"):
        config = inr.configure(inr.FitOptions(method=method, steps=steps, precision="float32"))
        inr.fit(image, config)
        pixels = config.training.batch(image.width * image.height)
        marks: list[float] = []
        fitted = inr.fit(image, config, progress=lambda p, marks=marks: marks.append(time.perf_counter()))
        gaps = [b - a for a, b in itertools.pairwise(marks)]
        seconds = statistics.median(gaps)
        flops = statistics.mean(_products(grade) for grade in fitted.model.grades) * pixels
        own = config.grades[0]
        peak = product_gflops(pixels, own.width, own.width)
        with profile(activities=[ProfilerActivity.CPU]) as profiler:
            inr.fit(image, config)
        events = sorted(profiler.key_averages(), key=lambda e: -e.self_cpu_time_total)
        total = sum(e.self_cpu_time_total for e in events)
        parts = ", ".join(f"{e.key.removeprefix('aten::')} {e.self_cpu_time_total / total:.0%}" for e in events[:8])
        row(
            f"`{method}`", f"{seconds * 1e3:.1f}", f"{flops / 1e9:.2f}", f"{flops / seconds / 1e9:.0f}", f"{peak:.0f}",
            f"{flops / seconds / 1e9 / peak:.0%}", parts,
        )  # fmt: skip


def _products(grade: torch.nn.Module) -> int:
    """Multiply-adds times two, a pixel: forward, weight gradient, and input gradient but for a grade's fixed input."""
    sizes = [(layer.weight.shape[1], layer.weight.shape[0]) for layer in (*grade.layers, grade.head)]
    full = sum(3 * 2 * a * b for a, b in sizes)
    channels = grade.planes.features if grade.planes else 0
    return full - 2 * (sizes[0][0] - channels) * sizes[0][1]


def scale(path: Path, megapixels: list[float], options: list[str]) -> None:
    """A picture enlarged to each size, fitted for some seconds in a process of its own and drawn; peak of the process.

    The mean step has the making of features for new portions in it, where a picture does not fit whole.
    """
    row(
        "megapixels", "steps done", "pixels a step", "ms a step", "us a pixel", "held at once", "seconds to draw",
        "peak GiB",
    )  # fmt: skip
    row(*["---:"] * 8)
    for size in megapixels:
        command = [sys.executable, __file__, "one-scale", str(path), str(size), *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        cells = done.stdout.strip().splitlines()[-1].split() if done.returncode == 0 else [done.stderr.strip()[-300:]]
        row(f"{size:g}", *cells)


def one_scale(path: Path, megapixels: float, memory: float | None, encoding: str, seconds: float) -> None:
    import resource

    from PIL import Image

    with Image.open(path) as opened:
        factor = math.sqrt(megapixels * 1e6 / (opened.width * opened.height))
        size = (round(opened.width * factor), round(opened.height * factor))
        image = inr.image_from_array(np.asarray(opened.convert("RGB").resize(size, Image.Resampling.BICUBIC)))
    config = inr.configure(inr.FitOptions(encoding=encoding, seconds=seconds))
    marks: list[tuple[int, float]] = []
    fitted = inr.fit(image, config, memory=memory, progress=lambda p: marks.append((p.grade, time.perf_counter())))
    gaps = [b[1] - a[1] for a, b in itertools.pairwise(marks) if a[0] == b[0]]
    step = statistics.mean(gaps) if gaps else math.nan  # a grade may have had time for one step only
    pixels = config.training.batch(image.width * image.height)
    start = time.perf_counter()
    fitted.model.render()
    drawing = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    held, steps = f"{fitted.held:.1%}", len(marks)
    print(f"{steps} {pixels} {step * 1e3:.1f} {step / pixels * 1e6:.2f} {held} {drawing:.1f} {peak:.2f}")


def rivals(path: Path, seconds: float) -> None:
    """Published methods as their papers set them, for the same seconds; then our default's time to the PSNR of each."""
    image = inr.load_image(path)
    reach = list(_our_curve(image))
    row("as its paper sets it", f"PSNR dB after {seconds:g} s", "steps", "parameters", "our seconds to it", "ratio")
    row("---", *["---:"] * 5)
    for name in ("mgdl-paper", "fourier", "siren"):
        fitted = inr.fit(image, inr.configure(inr.FitOptions(method=name, seconds=seconds)))
        psnr, steps = quality(image, fitted.model), sum(log.steps for log in fitted.grades)
        ours = next((at for at, value in reach if value >= psnr), math.nan)
        row(name, f"{psnr:.2f}", steps, f"{fitted.model.parameters_count:,}", f"{ours:.1f}", f"{seconds / ours:.0f}")


def _our_curve(image: inr.Image) -> Iterator[tuple[float, float]]:
    """Fit `mgdl-fourier` with ever more seconds, each from the start: honest times to a PSNR, all included."""
    for limit in (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32):
        start = time.perf_counter()
        fitted = inr.fit(
            image, inr.configure(inr.FitOptions(method="mgdl-fourier", seconds=limit, precision="float32"))
        )
        yield time.perf_counter() - start, quality(image, fitted.model)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    tables = parser.add_subparsers(dest="table", required=True)
    for name in ("step", "scale", "rivals", "one-scale"):
        table = tables.add_parser(name)
        table.add_argument("path", type=Path)
        if name == "step":
            table.add_argument("--steps", type=int, default=60)
        if name == "rivals":
            table.add_argument("--seconds", type=float, default=600.0)
        if name == "scale":
            table.add_argument("--megapixels", type=float, nargs="+", default=[0.1, 0.4, 1.6, 6.3, 25, 100])
        if name == "one-scale":
            table.add_argument("megapixels", type=float)
        if name in ("scale", "one-scale"):
            table.add_argument("--memory", type=float)
            table.add_argument("--encoding", default="fourier")
            table.add_argument("--seconds", type=float, default=20.0)
    given = parser.parse_args()
    match given.table:
        case "step":
            step(given.path, given.steps)
        case "scale":
            limit = [] if given.memory is None else ["--memory", str(given.memory)]
            scale(given.path, given.megapixels, [*limit, "--encoding", given.encoding, "--seconds", str(given.seconds)])
        case "rivals":
            rivals(given.path, given.seconds)
        case "one-scale":
            one_scale(given.path, given.megapixels, given.memory, given.encoding, given.seconds)
            return
    print(
        f"\n{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, float32 product of "
        f"(8192, 256) by (256, 256) {product_gflops(8192, 256, 256):.0f} GFLOP/s, torch {version('torch')}"
    )


if __name__ == "__main__":
    main()
