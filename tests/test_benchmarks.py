"""The benchmarks run by hand still run; what they print is not judged here."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.pictures import has_figures, picture

import inr

SPEED = Path(__file__).parent / "benchmarks" / "speed.py"


def table(*arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, SPEED, *arguments], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("|")]


def test_step_and_scale_print_their_tables(tmp_path):
    inr.save_image(tmp_path / "a.png", picture(40, 60).astype(np.uint8))
    rows = table("step", str(tmp_path / "a.png"), "--steps", "6")
    assert len(rows) == 4 and "`mgdl-fourier`" in rows[2]
    rows = table("scale", str(tmp_path / "a.png"), "--megapixels", "0.01", "--seconds", "1")
    assert len(rows) == 3 and rows[2].count("|") == 9
    megapixels, steps, pixels, milliseconds, *_ = (float(cell.strip(" %")) for cell in rows[2].split("|")[1:-1])
    assert megapixels == 0.01 and steps > 0 and pixels > 0 and (milliseconds > 0 or steps < 9)


def test_rate_distortion_prints_its_tables_and_goes_on_where_it_was(tmp_path):
    (tmp_path / "in").mkdir()
    inr.save_image(tmp_path / "in" / "a.png", picture(32, 48).astype(np.uint8))
    out = tmp_path / "out"
    command = [sys.executable, SPEED.with_name("rate_distortion.py"), tmp_path / "in", "--out", out]
    command += ["--bpp", "3,6", "--preset", "fast"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "| inr |" in done.stdout and "| 3 |" in done.stdout and "| 6 |" in done.stdout
    assert has_figures(out / "rate_distortion.png")
    models = {path: path.stat().st_mtime_ns for path in out.glob("*.inr")}
    assert len(models) == 2 and all(8 * path.stat().st_size <= 6 * 32 * 48 for path in models)
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert again.stdout == done.stdout and {p: p.stat().st_mtime_ns for p in out.glob("*.inr")} == models


def test_default_prints_a_row_for_each_picture_and_the_gains(tmp_path):
    for name in ("a", "b"):
        inr.save_image(tmp_path / f"{name}.png", picture(32, 48).astype(np.uint8))
    command = [sys.executable, SPEED.with_name("default.py"), tmp_path, "--preset", "fast", "--quality", "60"]
    done = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = [line.strip("| ").split(" | ") for line in done.splitlines() if line.startswith("| ")][1:]
    assert [row[0] for row in rows] == ["a", "b", "mean"] and "gain of a grade, dB: mean [" in done
    psnr, sizes = ([float(number.replace(",", "")) for number in cell.split(", ")] for cell in rows[0][1:3])
    assert psnr == sorted(psnr) and sizes == sorted(sizes) and len(psnr) == len(sizes) == 4


def test_rate_difference_of_known_curves():
    spec = importlib.util.spec_from_file_location("rate_distortion", SPEED.with_name("rate_distortion.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    anchor = [(0.1 * 2**k, 25.0 + 3 * k) for k in range(5)]
    assert abs(module.rate_difference([(rate / 2, psnr) for rate, psnr in anchor], anchor, anchor) + 0.5) < 1e-9
    assert abs(module.rate_difference([(rate, psnr - 3) for rate, psnr in anchor], anchor, anchor[1:3]) - 1.0) < 1e-9
    with pytest.raises(ValueError, match="no PSNR in common"):
        module.rate_difference(anchor, anchor, [(1.0, 90.0), (2.0, 95.0)])
    assert module.mean_curve({"a": [(1.0, 30.0)], "b": [(2.0, 40.0)]}) == [(1.5, 35.0)]


@pytest.mark.parametrize(("what", "options", "columns"), [
    ("held-out", ["--steps", "2"], 9),
    ("enlarge", ["--steps", "2", "--scales", "2"], 4),
    ("smaller", ["--methods", "mgdl"], 8),
])  # fmt: skip
def test_restoration_prints_its_tables(tmp_path, what, options, columns):
    inr.save_image(tmp_path / "a.png", picture(32, 40).astype(np.uint8))
    command = [sys.executable, SPEED.with_name("restoration.py"), what, tmp_path / "a.png", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line for line in done.stdout.splitlines() if line.startswith("| a")]
    assert len(rows) == (2 if what == "enlarge" else 1) and all(row.count("|") == columns + 1 for row in rows)


def test_gpu_prints_a_row_for_each_kind_of_fit(tmp_path):
    inr.save_image(tmp_path / "a.png", picture(24, 32).astype(np.uint8))
    command = [sys.executable, SPEED.with_name("gpu.py"), tmp_path / "a.png", "--device", "cpu"]
    command += ["--steps", "4", "--megapixels", "0.002"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()[2:]]
    assert [row[1] for row in rows] == ["default", "trained", "mgdl-fourier", "default"]
    assert all(row[4] == row[5] and row[6] == row[7] and row[8] == "0" for row in rows)  # the same device twice
