"""`inr pack`: a smaller file of the same model."""

import json

import pytest
from helpers.commands import run
from helpers.pictures import DATA, picture, psnr_of_flat

import inr


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    path = tmp_path_factory.mktemp("pack") / "cat.inr"
    image = inr.load_image(DATA / "cat.png")
    inr.save_model(inr.fit(image, inr.configure(inr.FitOptions(steps=20))).model, path)
    return path


def test_a_smaller_file_and_what_is_left(tmp_path, model):
    small = tmp_path / "small.inr"
    done = run("pack", model, "--max-bytes", "40k", "-o", small, "--image", DATA / "cat.png", "--json")
    facts = json.loads(done.stdout)
    assert small.stat().st_size == facts["bytes"] <= 40_000 < facts["bytes_before"] == model.stat().st_size
    assert len(facts["psnr_db"]) == 4 and facts["psnr_db"][-1] > 15
    assert inr.load_model(small).record.psnr_db == ()
    assert "PSNR" in done.stderr


def test_what_is_small_enough_stays_as_it_is(tmp_path, model):
    run("pack", model, "--max-bytes", "9M", "-o", tmp_path / "a.inr")
    assert (tmp_path / "a.inr").read_bytes() == inr.model_to_bytes(inr.load_model(model))


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["--max-bytes", "many"], "--max-bytes is 'many'", 2), (["--max-bytes", "10"], "the least seen was", 2),
        ([], "Missing option", 2),
    ],
)  # fmt: skip
def test_bad_wishes(tmp_path, model, arguments, message, code):
    done = run("pack", model, "-o", tmp_path / "b.inr", *arguments, code=code)
    assert message in done.stderr and not (tmp_path / "b.inr").exists()


def test_another_picture_is_refused_before_anything_is_written(tmp_path, model):
    inr.save_image(tmp_path / "other.png", picture(7, 9))
    arguments = (model, "--max-bytes", "60k", "-o", tmp_path / "d.inr", "--image", tmp_path / "other.png")
    done = run("pack", *arguments, code=1)
    assert "give the picture it was fitted to" in done.stderr
    assert not (tmp_path / "d.inr").exists()


def test_nothing_is_replaced_unasked(tmp_path, model):
    taken = tmp_path / "c.inr"
    taken.write_bytes(b"x")
    assert "exists already" in run("pack", model, "--max-bytes", "60k", "-o", taken, code=1).stderr
    assert taken.read_bytes() == b"x"
    run("pack", model, "--max-bytes", "60k", "-o", taken, "--overwrite")
    assert len(inr.load_model(taken).grades) == 4


def test_a_file_of_planes_may_be_made_smaller(tmp_path):
    """Its latents are integers that its entropy model predicts: their steps are made wider or left, never narrower."""
    source = tmp_path / "source.png"
    inr.save_image(source, picture(30, 40))
    image = inr.load_image(source)
    config = inr.configure(inr.FitOptions(max_bytes=2000, steps=50))
    whole, small = tmp_path / "whole.inr", tmp_path / "small.inr"
    inr.save_model(inr.fit(image, config).model, whole)
    limit = whole.stat().st_size // 2
    run("pack", whole, "--max-bytes", limit, "-o", small, "--image", source)
    assert small.stat().st_size <= limit
    lost = [inr.measure(image, inr.load_model(path))[0][-1].psnr_db for path in (whole, small)]
    assert psnr_of_flat(image) + 6 < lost[1] < lost[0], lost
