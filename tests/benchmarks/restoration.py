"""Pictures -> Markdown tables of what lies between the pixels: held-out pixels, enlarging, drawing smaller.

    python tests/benchmarks/restoration.py held-out photos/*.png
    python tests/benchmarks/restoration.py enlarge photos/*.png --scales 2 3 4
    python tests/benchmarks/restoration.py smaller photos/*.png

PSNR in dB, of all channels. Every number is of this program and of Pillow on the same pixels; nothing is read from
elsewhere.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

import inr
from inr.analysis.fitted import fit_and_measure
from inr.analysis.interpolation import INTERPOLATIONS, best_interpolation, interpolations
from inr.analysis.metrics import psnr
from inr.networks.averaging import block_means

_MARGIN = 8


def config(steps: int | None, pixels: str = "all") -> inr.FitConfig:
    return inr.configure(inr.FitOptions(method="local", steps=steps, pixels=pixels))


def table(head: list[str], rows: Iterable[list[str | float]]) -> None:
    """Print a row as soon as it is measured, and the means at the end."""
    print("| " + " | ".join(head) + " |\n|---|" + "---:|" * (len(head) - 1), flush=True)
    columns: list[list[float]] = [[] for _ in head[1:]]
    for name, *figures in rows:
        for column, figure in zip(columns, figures, strict=True):
            column.extend([figure] if isinstance(figure, float) else [])
        cells = [f"{figure:.2f}" if isinstance(figure, float) else str(figure) for figure in figures]
        print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
    means = [f"{statistics.fmean(column):.2f}" if column else "" for column in columns]
    print("| mean | " + " | ".join(means) + " |", flush=True)


def held_out(paths: list[Path], steps: int | None) -> None:
    """Held-out pixels of `--pixels half`: every interpolation, the local network, its gain over the best of them."""

    def rows() -> Iterable[list[str | float]]:
        for path in paths:
            image = inr.load_image(path)
            found = interpolations(image, "half")
            began = time.process_time()
            fitted = fit_and_measure(image, config(steps, "half"))
            spent, quality = time.process_time() - began, fitted.qualities[-1]
            assert quality.held_out_psnr_db is not None
            name, best = best_interpolation(found)
            each = [float(found[n].judged_db) for n in INTERPOLATIONS]
            own = quality.held_out_psnr_db
            yield [path.stem, *each, own, f"{own - best:+.2f} ({name})", quality.psnr_db, f"{spent:.0f}"]

    table(["picture", *INTERPOLATIONS, "local", "over the best", "local, all pixels", "CPU s"], rows())


def enlarge(paths: list[Path], steps: int | None, scales: list[int]) -> None:
    """Pictures made smaller, by leaving pixels out or by Pillow's bicubic with its filter, and enlarged again."""
    for decimated in (True, False):
        print(f"\n{'Every nth pixel, no filter' if decimated else 'Bicubic with a filter'}\n")

        def rows(decimated: bool = decimated) -> Iterable[list[str | float]]:
            for path in paths:
                whole = inr.load_image(path).pixels
                cells: list[str | float] = [path.stem]
                for scale in scales:
                    height, width = (side // scale * scale for side in whole.shape[:2])
                    truth = whole[:height, :width]
                    cells += _enlarged(truth, scale, decimated, steps)
                yield cells

        head = [f"x{scale} {name}" for scale in scales for name in ("bicubic", "lanczos", "local")]
        table(["picture", *head], rows())


def _enlarged(truth: np.ndarray, scale: int, decimated: bool, steps: int | None) -> list[float]:
    height, width, _ = truth.shape
    if decimated:
        small = truth[::scale, ::scale]
    else:
        small = np.clip(_each(truth, lambda p: p.resize((width // scale, height // scale), Pillow.BICUBIC)), 0, 1)
    image = inr.image_from_array(inr.quantize(small, 8))
    first = 0.5 - 0.5 / scale if decimated else 0.0  # sample i of a decimated picture lies on pixel i * scale
    padded = np.pad(image.pixels, ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    left = _MARGIN + first
    box = (left, left, left + width / scale, left + height / scale)
    drawn = [
        _each(padded, lambda p, kernel=kernel: p.resize((width, height), kernel, box))
        for kernel in (Pillow.BICUBIC, Pillow.LANCZOS)
    ]
    region = inr.Region(x0=first, y0=first, x1=first + width / scale, y1=first + height / scale)
    drawn.append(inr.fit(image, config(steps)).model.render(width=width, height=height, region=region))
    return [_psnr(picture, truth) for picture in drawn]


def smaller(paths: list[Path], methods: list[str]) -> None:
    """Drawings at 1/2, 1/4 and 1/8, against area means of the source; beside them single points, which alias."""
    parts = (2, 4, 8)

    def rows() -> Iterable[list[str | float]]:
        for path in paths:
            image = inr.load_image(path)
            height, width = (side // 8 * 8 for side in image.pixels.shape[:2])
            source = image.pixels[:height, :width]
            region = inr.Region(x0=0, y0=0, x1=width, y1=height)
            for method in methods:
                model = inr.fit(image, inr.configure(inr.FitOptions(method=method, preset="fast"))).model
                own = model.render(region=region)
                cells: list[str | float] = [f"{path.stem}, {method}", _psnr(own, source)]
                for part in parts:
                    means = block_means(source, part, part)
                    drawn = model.render(region=region, width=width // part, height=height // part)
                    cells += [_psnr(drawn, means), _psnr(own[part // 2 :: part, part // 2 :: part], means)]
                yield cells

    head = [f"1/{part} {name}" for part in parts for name in ("drawn", "single points")]
    table(["picture", "1/1", *head], rows())


def _each(picture: np.ndarray, change: Callable[[Pillow.Image], Pillow.Image]) -> np.ndarray:
    channels = np.moveaxis(picture, 2, 0)
    return np.stack([np.asarray(change(Pillow.fromarray(np.ascontiguousarray(c)))) for c in channels], axis=2)


def _psnr(picture: np.ndarray, truth: np.ndarray) -> float:
    return min(99.0, psnr(float(np.square(np.clip(picture, 0, 1) - truth, dtype=np.float64).mean())))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["held-out", "enlarge", "smaller"])
    parser.add_argument("pictures", nargs="+", type=Path)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--scales", nargs="+", type=int, default=[2, 3, 4])
    parser.add_argument("--methods", nargs="+", default=["mgdl", "local"])
    given = parser.parse_args()
    if given.what == "held-out":
        held_out(given.pictures, given.steps)
    elif given.what == "enlarge":
        enlarge(given.pictures, given.steps, given.scales)
    else:
        smaller(given.pictures, given.methods)


if __name__ == "__main__":
    main()
