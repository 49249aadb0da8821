"""An exact copy: its PSNR is infinite, null in every JSON and "exact" in every text."""

import csv
import json

import numpy as np
import pytest
from helpers.batches import AtOnce
from helpers.commands import run

import inr
from inr.report.text import json_text, without_missing

TINY = ["--encoding", "none", "--grades", "1", "--depth", "1", "--width", "8", "--steps", "2"]


def strict(text):
    def refuse(name):
        raise AssertionError(f"{name} is no JSON")

    return json.loads(text, parse_constant=refuse)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A black picture that is transparent everywhere, and a model of it that draws it to the bit."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    (tmp_path / "in").mkdir()
    inr.save_image("in/black.png", np.zeros((12, 12, 4), np.uint8))
    return tmp_path


@pytest.mark.parametrize("pixels", ["all", "half"])
def test_every_json_says_null_and_every_table_exact(folder, pixels):
    half = pixels == "half"
    names = ["psnr_db", "train_psnr_db", "held_out_psnr_db"] if half else ["psnr_db"]
    done = run("fit", "in/black.png", *TINY, "--pixels", pixels, "--out", "one", "--json")
    (grade,) = strict(done.stdout)["grades"]
    assert all(grade[name] is None for name in names), "the fit is not exact; another picture is needed here"
    assert half or "held_out_psnr_db" not in grade
    assert "exact" in (folder / "one" / "report.md").read_text() and strict(
        (folder / "one" / "report.json").read_text()
    )

    table = strict(run("batch", "in", *TINY, "--pixels", pixels, "--out", "many", "--json").stdout)
    assert all(table["rows"][0][name] == [None] for name in names) and table["summary"]["median_psnr_db"] is None
    assert next(csv.DictReader((folder / "many" / "batch.csv").open()))["psnr_db"] == "exact"
    again = strict(run("batch", "in", *TINY, "--pixels", pixels, "--out", "many", "--json").stdout)
    assert again["rows"] == table["rows"]

    budget = ["--methods", "sgdl:encoding=none:depth=1:width=8", "--budget", "steps=2", "--no-tune", "--pixels", pixels]
    first = strict(run("compare", "in/black.png", *budget, "--out", "which", "--json").stdout)
    again = strict(run("compare", "in/black.png", *budget, "--out", "which", "--json").stdout)
    assert first["runs"] == again["runs"], "what was found on the disk is not what was put there"
    for figures in (first["runs"][0]["quality"], first["rows"][0]):
        assert all(figures[name] is None for name in names)
        assert half or not {"train_psnr_db", "held_out_psnr_db"} & set(figures)
    assert next(csv.DictReader((folder / "which" / "comparison.csv").open()))["psnr_db"] == "exact"
    for record in (folder / "which" / "runs").glob("*.json"):
        strict(record.read_text())


def test_what_reads_a_model_says_null_too(folder):
    run("fit", "in/black.png", *TINY, "--out", "one")
    model = folder / "one" / "black.inr"
    assert strict(run("info", model, "--json").stdout)["grades"][0]["psnr_db"] is None
    packed = run("pack", model, "--image", "in/black.png", "--max-bytes", "1k", "--out", "small.inr", "--json")
    assert strict(packed.stdout)["psnr_db"] == [None] and "PSNR exact dB" in packed.stderr
    strict(run("spectrum", model, "--image", "in/black.png", "--out", "s.png", "--json").stdout)
    strict(run("render", model, "--out", "r.png", "--json").stdout)


def test_what_is_not_finite_is_null_wherever_it_stands():
    infinite, nothing = float("inf"), float("nan")
    data = {"a": infinite, "b": [1.5, (nothing, -infinite)], "c": {"d": nothing}, "e": "inf", "f": None, "g": True}
    assert strict(json_text(data)) == {
        "a": None, "b": [1.5, [None, None]], "c": {"d": None}, "e": "inf", "f": None, "g": True
    }  # fmt: skip
    kept = without_missing({"psnr_db": None, "train_psnr_db": infinite, "ssim": None})
    assert kept == {"train_psnr_db": infinite, "ssim": None}
