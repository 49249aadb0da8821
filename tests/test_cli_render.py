import json

import numpy as np
import pytest
from helpers.commands import names, run
from helpers.pictures import GOLDEN

import inr


def render(fit_folder, tmp_path, *arguments, code=0, name="a.png"):
    return run("render", fit_folder / "cat.inr", "-o", tmp_path / name, *arguments, code=code)


@pytest.mark.parametrize("grade", [1, 2, 3])
def test_native_size_gives_the_very_bytes_of_the_fit(fit_folder, tmp_path, grade):
    render(fit_folder, tmp_path, "--grade", grade)
    assert (tmp_path / "a.png").read_bytes() == (fit_folder / f"cat.grade{grade}.png").read_bytes()


def test_all_grades_is_the_default(fit_folder, tmp_path):
    render(fit_folder, tmp_path)
    assert (tmp_path / "a.png").read_bytes() == (fit_folder / "cat.grade3.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        (["--scale", "3"], (90, 60)),
        (["--scale", "0.5"], (15, 10)),
        (["--size", "7x50"], (7, 50)),
        (["--region", "2,3,12,9"], (10, 6)),
        (["--region", "0.5,0.5,4.5,2.5", "--scale", "10"], (40, 20)),
        (["--region", "0.2,0,0.4,0.1"], (1, 1)),
    ],
)
def test_sizes(fit_folder, tmp_path, arguments, size):
    result = render(fit_folder, tmp_path, "--json", *arguments)
    facts = json.loads(result.stdout)
    drawn = inr.load_image(tmp_path / "a.png")
    assert (drawn.width, drawn.height) == size == (facts["width"], facts["height"])


def test_a_region_is_that_part_of_the_whole(fit_folder, tmp_path):
    model = inr.load_model(fit_folder / "cat.inr")
    whole = model.render()
    part = model.render(region=inr.Region(x0=2, y0=3, x1=12, y1=9))
    np.testing.assert_allclose(part, whole[3:9, 2:12], atol=1e-5)


def test_three_times_the_size_has_the_original_at_every_third_pixel(fit_folder):
    model = inr.load_model(fit_folder / "cat.inr")
    np.testing.assert_allclose(model.render(width=90, height=60)[1::3, 1::3], model.render(), atol=1e-4)


@pytest.mark.parametrize("name", ["a.jpg", "a.webp", "a.tif", "a.bmp", "a.PNG"])
def test_the_ending_is_the_type(fit_folder, tmp_path, name):
    render(fit_folder, tmp_path, name=name)
    drawn = inr.quantize(inr.load_model(fit_folder / "cat.inr").render(), 8) / 255
    read = inr.load_image(tmp_path / name).pixels
    exact = not name.endswith(("jpg", "webp"))
    assert np.abs(read - drawn).max() < 1e-6 if exact else np.corrcoef(read.ravel(), drawn.ravel())[0, 1] > 0.9


def test_a_cut_file_is_drawn_with_a_warning(fit_folder, tmp_path):
    data = (fit_folder / "cat.inr").read_bytes()
    (tmp_path / "cut.inr").write_bytes(data[:-1])
    result = run("render", tmp_path / "cut.inr", "-o", tmp_path / "a.png")
    assert "Warning: the file is cut short; grades used: 2 of 3" in result.stderr
    assert (tmp_path / "a.png").read_bytes() == (fit_folder / "cat.grade2.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--scale", "2", "--size", "3x3"], 2, "both --scale and --size"),
        (["--scale", "0"], 2, "--scale is 0"),
        (["--scale", "nan"], 2, "--scale is nan"),
        (["--scale", "900"], 2, "--max-pixels"),
        (["--size", "3by4"], 2, "--size is '3by4'"),
        (["--size", "0x4"], 2, "--size is '0x4'"),
        (["--region", "1,2,3"], 2, "takes four numbers"),
        (["--region", "5,5,2,9"], 2, "not a rectangle inside"),
        (["--region", "0,0,31,20"], 2, "not a rectangle inside"),
        (["--region", "nan,0,3,3"], 2, "not a rectangle inside"),
        (["--grade", "4"], 2, "grades 1 to 3"),
    ],
)
def test_bad_requests(fit_folder, tmp_path, arguments, code, message):
    result = render(fit_folder, tmp_path, *arguments, code=code)
    assert message in result.stderr and names(tmp_path) == []


def test_bad_places(fit_folder, tmp_path):
    assert "ending .xyz" in render(fit_folder, tmp_path, name="a.xyz", code=1).stderr
    assert "cannot be written" in render(fit_folder, tmp_path, name="none/a.png", code=1).stderr
    assert "no such file" in run("render", tmp_path / "none.inr", code=1).stderr
    (tmp_path / "a.png").write_bytes(b"before")
    assert "exists already" in render(fit_folder, tmp_path, code=1).stderr
    assert (tmp_path / "a.png").read_bytes() == b"before"
    render(fit_folder, tmp_path, "--overwrite")
    (tmp_path / "bad.inr").write_bytes(b"hello")
    assert "not an .inr model file" in run("render", tmp_path / "bad.inr", code=1).stderr


def test_info_says_what_is_in_the_file_whatever_its_version(tmp_path):
    """Not what the model would take if it were written now."""
    golden = GOLDEN / "version1.inr"
    data = golden.read_bytes()
    facts = json.loads(run("info", golden, "--json").stdout)
    header = 14 + int.from_bytes(data[6:10], "little")
    assert header + sum(row["bytes"] for row in facts["grades"]) == facts["bytes"] == len(data)


def test_info(fit_folder):
    text = run("info", fit_folder / "cat.inr").stdout
    for fact in ("30 x 20, RGB, 8 bits", "mgdl, seed 0", "8 frequencies", "isotropic", "torch"):
        assert fact in text
    facts = json.loads(run("info", fit_folder / "cat.inr", "--json").stdout)
    report = json.loads((fit_folder / "report.json").read_text())
    assert facts["bytes"] == (fit_folder / "cat.inr").stat().st_size
    assert facts["parameters"] == report["model"]["parameters"]
    assert [row["bytes"] for row in facts["grades"]] == report["model"]["bytes_per_grade"]
    assert [row["psnr_db"] for row in facts["grades"]] == [round(r["psnr_db"], 4) for r in report["grades"]]
