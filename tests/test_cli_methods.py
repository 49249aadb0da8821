"""Every method, through the command line: fit to a file, render, pack, batch."""

import json
import math

import pytest
from helpers.batches import AtOnce
from helpers.commands import run
from helpers.pictures import picture

import inr
from inr.settings.methods import METHODS

AUTHORS = ("mgdl-paper", "sgdl-paper")  # which fix the size of their networks


@pytest.mark.parametrize("method", METHODS)
def test_every_method_goes_to_a_file_and_back(tmp_path, monkeypatch, method):
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    (tmp_path / "in").mkdir()
    inr.save_image(tmp_path / "in" / "cat.png", picture(13, 18))
    wishes = ["--method", method, "--steps", "2", *([] if method in AUTHORS else ["--width", "16"])]
    table = json.loads(run("batch", tmp_path / "in", "--out", tmp_path / "many", *wishes, "--json").stdout)
    (row,) = table["rows"]
    run("fit", tmp_path / "in" / "cat.png", "--out", tmp_path / "one", *wishes, "--seed", row["seed"])
    file = tmp_path / "one" / "cat.inr"
    assert file.read_bytes() == (tmp_path / "many" / "cat.png.inr").read_bytes()
    model = inr.load_model(file)
    assert model.record.method == method and inr.model_to_bytes(model) == file.read_bytes()
    source = inr.load_image(tmp_path / "in" / "cat.png")
    known = [math.inf if value is None else value for value in row["psnr_db"]]  # that of an exact copy is null
    assert known == pytest.approx([q.psnr_db for q in inr.measure(source, model)[0]], abs=1e-3)
    run("render", file, "--out", tmp_path / "drawn.png")
    last = tmp_path / "one" / f"cat.grade{len(model.grades)}.png"
    assert (tmp_path / "drawn.png").read_bytes() == last.read_bytes()
    if method not in AUTHORS:  # plain layers by the hundred thousand: nothing that the others do not have, in seconds
        limit = file.stat().st_size * 3 // 4
        run("pack", file, "--max-bytes", limit, "--out", tmp_path / "small.inr")
        assert (tmp_path / "small.inr").stat().st_size <= limit
        run("render", tmp_path / "small.inr", "--out", tmp_path / "small.png")
        assert inr.load_image(tmp_path / "small.png").width == 18
