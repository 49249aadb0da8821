"""`inr fit` on feature planes, the default: through the command line, to the file, and back."""

import json

import numpy as np
import pytest
from helpers.batches import AtOnce
from helpers.commands import run
from helpers.pictures import DATA, picture

import inr

pytestmark = pytest.mark.usefixtures("hasty")


@pytest.fixture
def small(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inr.save_image(tmp_path / "small.png", picture(30, 40))
    return tmp_path


def report(folder):
    return json.loads((folder / "report.json").read_text())


def fitted(folder, name="small"):
    """The report of a fit, whose file has given the pictures beside it and every figure in it."""
    told, model = report(folder / f"{name}-inr"), inr.load_model(folder / f"{name}-inr" / f"{name}.inr")
    source = inr.load_image(folder / f"{name}.png")
    qualities, pictures = inr.measure(source, model)
    for row, quality, drawn in zip(told["grades"], qualities, pictures, strict=True):
        row["psnr_db"] = np.inf if row["psnr_db"] is None else row["psnr_db"]  # an exact copy
        assert row["psnr_db"] == pytest.approx(quality.psnr_db)
        written = inr.load_image(folder / f"{name}-inr" / f"{name}.grade{row['grade']}.png")
        assert (inr.quantize(written.pixels, source.bit_depth) == drawn).all()
    size = (folder / f"{name}-inr" / f"{name}.inr").stat().st_size
    assert told["model"]["bytes"] == told["grades"][-1]["bytes_so_far"] == size
    return told


def test_four_grades_each_show_something(small):
    """A piece of the cat: from coarse to fine each grade gains, and few bytes come before many."""
    whole = inr.load_image(DATA / "cat.png")
    inr.save_image(small / "cat.png", inr.quantize(whole.pixels, 8)[100:196, 120:248])
    result = run("fit", "cat.png", "--preset", "fast")
    told = fitted(small, "cat")
    sizes = [row["bytes_so_far"] for row in told["grades"]]
    assert len(sizes) == 4 and sizes == sorted(set(sizes)) and all(row["gain_db"] > 1 for row in told["grades"][1:])
    assert told["grades"][-1]["psnr_db"] > 38 and sizes[-1] < 0.6 * told["classical"]["png_bytes"]
    assert told["classical"]["jpeg_psnr_db"] >= told["grades"][-1]["psnr_db"]
    assert told["model"]["multiplications"] > 0 and told["model"]["decoding_seconds"] > 0
    assert told["refinement"] is None and [row["steps"] for row in told["grades"]] == [0] * 4
    own = [row["own_psnr_db"] for row in told["grades"]]
    assert own == sorted(own)
    assert "bytes so far" in result.stdout and "PNG" in result.stderr and "JPEG of at least that PSNR" in result.stderr
    text = (small / "cat-inr" / "report.md").read_text()
    assert "Each grade in closed form" in text and "multiplications per pixel" in text


@pytest.mark.parametrize(
    ("more", "grades", "depth", "width", "activation"),
    [
        (["--grades", "1"], 1, 2, 3, "relu"),
        (["--grades", "2"], 2, 2, 3, "relu"),
        (["--grades", "6", "--depth", "1"], 6, 1, 3, "relu"),
        (["--grades", "8", "--width", "5"], 8, 2, 5, "relu"),
        (["--activation", "gelu", "--depth", "3"], 4, 3, 3, "gelu"),
        (["--activation", "sine"], 4, 2, 3, "sine"),
        (["--activation", "tanh"], 4, 2, 3, "tanh"),
        (["--method", "sgdl", "--width", "20"], 1, 2, 20, "relu"),
    ],
)
def test_options_shape_the_file(small, more, grades, depth, width, activation):
    run("fit", "small.png", "--steps", "3", "--quality", "80", *more)
    told = fitted(small)
    model = inr.load_model(small / "small-inr" / "small.inr")
    assert len(model.grades) == len(told["grades"]) == grades
    assert {(g.depth, g.width, g.activation) for g in model.grades} == {(depth, width, activation)}
    assert told["refinement"]["steps"] == 3 and told["grades"][-1]["psnr_db"] > 24


@pytest.mark.parametrize("channels", [1, 2, 4])
@pytest.mark.parametrize("deep", [np.uint8, np.uint16])
def test_grey_alpha_and_sixteen_bits(small, channels, deep):
    inr.save_image(small / "other.png", picture(20, 30, channels, dtype=deep))
    run("fit", "other.png", "--preset", "fast", "--quality", "100", "--grades", "2")
    told = fitted(small, "other")
    assert told["image"]["channels"] == channels and told["image"]["bit_depth"] == 8 * deep().itemsize
    assert told["grades"][-1]["psnr_db"] > 48


EFFORTS = [["--preset", "fast"], ["--steps", "24"]]


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("limit", [["--max-bytes", "1200"], ["--max-bytes", "2.5k"], ["--target-bpp", "8.5"]])
def test_not_one_byte_over_a_limit(small, effort, limit):
    most = {"1200": 1200, "2.5k": 2500, "8.5": 30 * 40 * 8.5 / 8}[limit[1]]
    run("fit", "small.png", *effort, *limit)
    assert 0.5 * most < fitted(small)["model"]["bytes"] <= most


@pytest.mark.parametrize("effort", EFFORTS)
@pytest.mark.parametrize("target", ["24", "34"])
def test_a_target_psnr_is_reached_or_what_was_reached_is_said(small, effort, target):
    run("fit", "small.png", *effort, "--target-psnr", target)
    told = fitted(small)
    reached = told["grades"][-1]["psnr_db"]
    said = f"reached {reached:.2f} dB of the {target} dB asked for"
    assert (said in (told["stopped"] or "")) == (abs(reached - float(target)) > 0.1)
    assert abs(reached - float(target)) < 2


def test_the_training_of_all_grades_together_has_one_time(small, monkeypatch):
    """What the grades have of their own is the closed form; the rest of the time is not shared out among them."""
    told = json.loads(run("fit", "small.png", "--grades", "3", "--quality", "60", "--steps", "7", "--json").stdout)
    assert told == report(small / "small-inr")
    assert told["refinement"]["steps"] == 7 and told["refinement"]["learning_rate"] > 0
    assert all(row["steps"] == 0 and row.get("learning_rate") is None for row in told["grades"])
    apart = [row["seconds"] for row in told["grades"]] + [told["refinement"]["seconds"]]
    assert all(seconds > 0 for seconds in apart) and sum(apart) == pytest.approx(told["seconds"], rel=0.01)
    table = run("fit", "small.png", "--grades", "3", "--steps", "7", "--overwrite").stdout
    assert "seconds" not in table and "steps" not in table and len(table.splitlines()) == 4
    text = (small / "small-inr" / "report.md").read_text()
    assert "Then all grades were trained together: 7 steps" in text
    (small / "in").mkdir()
    inr.save_image(small / "in" / "a.png", picture(12, 17))
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    batch = json.loads(run("batch", "in", "--steps", "7", "--out", "out", "--json").stdout)
    assert batch["config"]["training"]["kind"] == "joint" and batch["config"]["training"]["steps"] == 7
    assert type(batch["rows"][0]["training_seconds"]) is float  # one number


def test_quality_is_a_dial(small):
    found = []
    for quality in ("1", "40", "75", "100"):
        run("fit", "small.png", "--preset", "fast", "--quality", quality, "--overwrite")
        told = fitted(small)
        found.append((told["model"]["bytes"], told["grades"][-1]["psnr_db"]))
    assert found == sorted(found) and found[-1][1] > found[0][1] + 15


def test_the_same_seed_gives_the_same_bytes(small):
    for out in ("a", "b"):
        run("fit", "small.png", "--steps", "4", "--quality", "30", "--out", out)
    assert (small / "a" / "small.inr").read_bytes() == (small / "b" / "small.inr").read_bytes()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (13, 1), (2, 2)])
def test_tiny_pictures(small, shape):
    inr.save_image(small / "tiny.png", picture(*shape))
    run("fit", "tiny.png", "--steps", "2", "--quality", "100")
    assert fitted(small, "tiny")["grades"][-1]["psnr_db"] > 25
