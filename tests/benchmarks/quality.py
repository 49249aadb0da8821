"""PSNR by grade and seconds of the default fit, and of one grade with as many steps, as the README's table.

    python tests/benchmarks/quality.py data/cat.png more.png ...

Seconds are of the whole fit on this machine, so they compare within one run only.
"""

import platform
import sys
from importlib.metadata import version

import torch

import inr


def main(paths: list[str]) -> None:
    print("| picture | numbers in it | method | parameters | seconds | PSNR by grade, dB |")
    print("|---|---:|---|---:|---:|---|")
    precision = ""
    for path in paths:
        image = inr.load_image(path)
        for method in ("mgdl", "sgdl"):
            result = inr.fit(image, inr.configure(inr.FitOptions(method=method)))
            model = inr.model_from_bytes(inr.model_to_bytes(result.model))
            qualities, _ = inr.measure(image, model)
            by_grade = " / ".join(f"{quality.psnr_db:.2f}" for quality in qualities)
            name, numbers = image.name.rpartition("/")[2], image.pixels.size
            cells = (f"`{name}`", f"{numbers:,}", f"`{method}`", f"{model.parameters_count:,}", f"{result.seconds:.1f}")
            print("| " + " | ".join((*cells, by_grade)) + " |", flush=True)
            precision = result.precision
    processor = platform.processor() or platform.machine()
    print(f"\n{processor}, {torch.get_num_threads()} threads, {precision}, torch {version('torch')}, seed 0")


if __name__ == "__main__":
    main(sys.argv[1:])
