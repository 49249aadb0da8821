"""`inr upscale`, and `inr fit --method local`, down to the files and back."""

import json
import re

import numpy as np
import pytest
from helpers.commands import run
from helpers.pictures import picture, saved

import inr
from inr.imaging.image import quantize


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("local")
    saved(folder / "cat.png", picture(20, 27))
    return folder


def test_fit_of_half_says_how_it_stands_to_interpolation(folder):
    out = folder / "out"
    result = run(
        "fit", folder / "cat.png", "--method", "local", "--pixels", "half", "--steps", 3, "--width", 4, "--out", out
    )
    report = json.loads((out / "report.json").read_text())
    page = (out / "report.md").read_text()
    assert report["grades"][0]["train_psnr_db"] is None and report["grades"][0]["held_out_psnr_db"] > 10  # exact; not
    for name in ("bilinear", "bicubic", "lanczos", "least-squares"):
        assert report["interpolation"][name]["held_out_psnr_db"] > 10
        assert f"| {name} |" in page and f"{name}  " in result.stdout
    assert "On held-out pixels" in result.stdout and "On held-out pixels" in page
    facts = json.loads(run("info", out / "cat.inr", "--json").stdout)
    assert facts["lattice"] == [14, 10] and facts["method"] == "local"
    assert "lattice of 14 x 10 pixels" in run("info", out / "cat.inr").stdout


def test_the_file_draws_any_part_at_any_size(folder):
    run("fit", folder / "cat.png", "--method", "local", "--steps", 2, "--width", 4, "--out", folder / "all", "-q")
    at = folder / "all" / "cat.inr"
    run("render", at, "-o", folder / "same.png")
    assert (folder / "same.png").read_bytes() == (folder / "all" / "cat.grade1.png").read_bytes()
    assert np.array_equal(inr.load_image(folder / "same.png").pixels, inr.load_image(folder / "cat.png").pixels)
    run("render", at, "--scale", 2.5, "--region", "3,2,11,8", "-o", folder / "part.png")
    assert inr.load_image(folder / "part.png").pixels.shape == (15, 20, 3)
    run("render", at, "--scale", 0.5, "--region", "0,0,26,20", "-o", folder / "small.png")
    source = inr.load_image(folder / "cat.png").pixels
    means = source[:, :26].reshape(10, 2, 13, 2, 3).mean(axis=(1, 3))
    assert np.abs(inr.load_image(folder / "small.png").pixels - means).max() <= 0.51 / 255


@pytest.mark.parametrize(
    ("channels", "dtype", "scale"), [(1, np.uint8, 2), (2, np.uint8, 1.5), (3, np.uint16, 2.5), (4, np.uint8, 1.2)]
)
def test_upscale_writes_the_picture_and_a_page_of_before_and_after(tmp_path, channels, dtype, scale):
    image = picture(14, 17, channels, dtype=dtype)
    inr.save_image(tmp_path / "a.png", image)
    out = tmp_path / "big.png"
    result = run("upscale", tmp_path / "a.png", "--scale", scale, "-o", out, "--steps", 2, "--json")
    facts, big = json.loads(result.stdout), inr.load_image(out)
    assert (big.width, big.height) == (round(17 * scale), round(14 * scale)) == (facts["width"], facts["height"])
    assert big.channels == channels and big.bit_depth == 8 * image.itemsize
    assert set(facts["check"]) >= {"local", "bilinear", "bicubic", "lanczos", "least-squares"}
    page = (tmp_path / "big.md").read_text()
    assert "One scale down" in page and "![before and after](big.before-after.png)" in page
    assert inr.load_image(tmp_path / "big.before-after.png").width > 100
    assert abs(float(big.pixels.mean()) - float(quantize(image / np.iinfo(dtype).max, 8).mean() / 255)) < 0.02
    run("upscale", tmp_path / "a.png", "-o", out, "--steps", 1, code=1)  # exists


def test_the_page_names_an_interpolation_that_is_better(tmp_path):
    y, x = np.mgrid[:32, :32]
    saved(tmp_path / "slope.png", (4 * x + 3 * y).astype(np.uint8)[:, :, None])
    said = run("upscale", tmp_path / "slope.png", "--steps", 1, "-o", tmp_path / "b.png").stdout
    assert "interpolation" in said and ("use that instead" in said or "exactly" in said)


@pytest.mark.parametrize(("scale", "unchecked"), [(2, ""), (3, " x3 itself was not checked.")])
def test_the_verdict_says_which_factor_was_checked_and_on_what(folder, tmp_path, scale, unchecked):
    command = ("upscale", folder / "cat.png", "--scale", scale, "--steps", 1, "-o", tmp_path / "b.png")
    said = run(*command).output
    assert "One scale down, at x2, " in said and "the pixels left out of the whole picture" in said
    assert ("itself was not checked" in said) == bool(unchecked) and unchecked in said
    gain = float(re.search(r"(?:is|by) ([0-9.]+) dB (?:above|on)", said)[1])
    assert ("hardly visible" in said) == (gain < 1)


def test_a_large_picture_is_checked_on_its_middle(tmp_path):
    saved(tmp_path / "a.png", np.zeros((8, 800, 1), np.uint8) + np.arange(800, dtype=np.uint8)[:, None])
    assert "its central 768 x 8" in run("upscale", tmp_path / "a.png", "--steps", 1, "-o", tmp_path / "b.png").output


@pytest.mark.parametrize("scale", ["0", "1", "-2", "nan", "65"])
def test_a_scale_that_does_not_enlarge_is_refused(folder, tmp_path, scale):
    result = run("upscale", folder / "cat.png", "--scale", scale, "-o", tmp_path / "b.png", code=2)
    assert "--scale is" in result.output and not list(tmp_path.iterdir())


def test_where_stderr_is_no_terminal_a_line_says_how_far_it_is(folder, tmp_path, monkeypatch):
    monkeypatch.setattr("inr_cli.options.TELL_EVERY", -1.0)
    done = run("upscale", folder / "cat.png", "--steps", 2, "-o", tmp_path / "b.png")
    assert "\n50 % done; now: training\n" in done.stderr and "\n100 % done; now: drawing\n" in done.stderr


def test_a_picture_of_one_pixel_is_enlarged(tmp_path):
    saved(tmp_path / "one.png", np.full((1, 1, 3), 200, np.uint8))
    said = run("upscale", tmp_path / "one.png", "--scale", 3, "--steps", 1, "-o", tmp_path / "b.png").output
    assert "too small to learn from, and to check" in said and "of training" not in said
    assert "of training" not in (tmp_path / "b.md").read_text() and np.all(
        inr.load_image(tmp_path / "b.png").pixels == np.float32(200 / 255)
    )


def test_a_result_of_too_many_pixels_is_refused_before_the_training(folder, tmp_path):
    arguments = ("upscale", folder / "cat.png", "--scale", 4, "-o", tmp_path / "b.png", "--max-pixels", 1000)
    assert "more than 1,000 pixels" in run(*arguments, code=2).output


def test_stop_is_told_in_the_report(tmp_path):
    saved(tmp_path / "a.png", np.random.default_rng(0).integers(0, 255, (24, 24, 1), dtype=np.uint8))
    run("fit", tmp_path / "a.png", "--method", "mgdl-fourier", "--pixels", "half", "--grades", "auto", "--steps", 12,
        "--width", 16, "--stop", "held-out", "--out", tmp_path / "o")  # fmt: skip
    report = json.loads((tmp_path / "o" / "report.json").read_text())
    assert report["config"]["stop"] == "held-out" and report["stopped"].startswith("grade")
    assert all(row["kept_step"] >= 1 and row["validation_db"] > 0 for row in report["grades"])
    assert "kept after step" in (tmp_path / "o" / "report.md").read_text()
