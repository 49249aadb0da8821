"""The benchmarks run by hand still run; what they print is not judged here."""

import subprocess
import sys
from pathlib import Path

import numpy as np
from conftest import picture

import inr

SPEED = Path(__file__).parent / "benchmarks" / "speed.py"


def table(*arguments: str) -> list[str]:
    done = subprocess.run([sys.executable, SPEED, *arguments], capture_output=True, text=True, check=True)
    return [line for line in done.stdout.splitlines() if line.startswith("|")]


def test_fits_and_scale_print_their_tables(tmp_path):
    inr.save_image(tmp_path / "a.png", picture(40, 60).astype(np.uint8))
    rows = table("fits", str(tmp_path), "--seconds", "0.2", "--only", "one grade")
    assert len(rows) == 3 and "`grid`" in rows[2]
    rows = table("scale", str(tmp_path / "a.png"), "--megapixels", "0.01", "--seconds", "4")
    assert len(rows) == 3 and rows[2].count("|") == 9
