"""Never one byte over: whatever asks for a limit on bytes, the file keeps it, or there is no file."""

import dataclasses
import re

import numpy as np
import pytest
from helpers.batches import AtOnce
from helpers.commands import run, told
from helpers.configs import hasty_config, small_config
from helpers.pictures import PROFILE, noise
from hypothesis import given, settings, target
from hypothesis import strategies as st

import inr
from inr.analysis.fitted import fit_and_measure

FEW = ("--grades", "2", "--steps", "4")


@settings(max_examples=10, deadline=None)
@given(
    limit=st.integers(230, 1800),
    size=st.tuples(st.integers(1, 24), st.integers(1, 24)),
    channels=st.integers(1, 4),
    profile=st.sampled_from([0, 0, 40, 700]),
    grades=st.integers(1, 3),
    steps=st.sampled_from([0, 1, 8]),
    seed=st.integers(0, 2**63 - 1),
)
def test_a_fit_keeps_its_limit_or_says_that_it_cannot(limit, size, channels, profile, grades, steps, seed):
    image = inr.image_from_array(noise(*size, channels, seed % 1000))
    image = dataclasses.replace(image, icc_profile=np.random.default_rng(0).bytes(profile) or None)
    try:
        fitted = fit_and_measure(image, hasty_config(max_bytes=limit, grades=grades, steps=steps, seed=seed))
    except inr.ConfigError as error:
        (least,) = re.findall(r"the least seen was ([\d,]+)", str(error))
        assert int(least.replace(",", "")) > limit
        return
    target(len(fitted.data) / limit)
    assert len(fitted.data) <= limit
    read = inr.model_from_bytes(fitted.data)
    assert np.array_equal(read.render(), fitted.model.render()) and inr.model_to_bytes(read) == fitted.data
    measured = [quality.psnr_db for quality in fitted.qualities]
    assert read.record.psnr_db == () or read.record.psnr_db == pytest.approx(measured, abs=1e-3)


def test_a_record_that_alone_breaks_the_limit_is_left_out_and_no_larger_file_is_made(image, monkeypatch):
    whole = fit_and_measure(image, small_config())
    alone = dataclasses.replace(whole.model, record=dataclasses.replace(whole.model.record, psnr_db=()))
    size, short = len(whole.data), len(inr.model_to_bytes(alone))
    assert short < size

    def within(limit: int) -> bytes:
        monkeypatch.setattr("inr.analysis.fitted.bytes_allowed", lambda *_: limit)
        return fit_and_measure(image, small_config()).data

    assert within(size) == whole.data
    for limit in (size - 1, short):
        data = within(limit)
        assert len(data) == short and inr.model_from_bytes(data).record.psnr_db == ()
        assert np.array_equal(inr.model_from_bytes(data).render(), whole.model.render())
    with pytest.raises(inr.TrainingError, match=f"the file has {short:,} bytes, more than the {short - 1:,} allowed"):
        within(short - 1)


@pytest.mark.parametrize(
    ("channels", "wish", "limit"),
    [
        (1, ["--max-bytes", "500"], 500), (3, ["--max-bytes", "0.7k"], 700), (4, ["--max-bytes", "1k"], 1000),
        (2, ["--target-bpp", "7.5"], 30 * 22 * 7.5 / 8), (3, ["--target-bpp", "11"], 30 * 22 * 11 / 8),
    ],
)  # fmt: skip
def test_inr_fit(tmp_path, channels, wish, limit, hasty):
    inr.save_image(tmp_path / "a.png", noise(22, 30, channels), icc_profile=PROFILE if channels > 2 else None)
    report = told("fit", tmp_path / "a.png", *wish, *FEW, "--out", tmp_path / "out")
    size = (tmp_path / "out" / "a.inr").stat().st_size
    assert 0.3 * limit < size <= limit and report["model"]["bytes"] == size


def test_inr_fit_leaves_nothing_where_the_limit_cannot_be_kept(tmp_path, hasty):
    inr.save_image(tmp_path / "a.png", noise(22, 30, 3))
    done = run("fit", tmp_path / "a.png", "--max-bytes", "150", "--out", tmp_path / "out", code=2)
    assert "does not fit in 150 bytes" in done.stderr and not (tmp_path / "out").exists()


def test_inr_batch(tmp_path, monkeypatch, hasty):
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    (tmp_path / "in").mkdir()
    for channels in range(1, 5):
        inr.save_image(tmp_path / "in" / f"{channels}.png", noise(9 + channels, 20, channels))
    inr.save_image(tmp_path / "in" / "dot.png", noise(1, 1, 3))
    rows = told("batch", tmp_path / "in", "-o", tmp_path / "out", "--max-bytes", "620", *FEW)["rows"]
    assert [row["status"] for row in rows] == ["done"] * 5
    for row in rows:
        size = (tmp_path / "out" / f"{row['image']}.inr").stat().st_size
        assert size <= 620 and row["bytes"] == size


def test_inr_compare(tmp_path, hasty):
    inr.save_image(tmp_path / "a.png", noise(22, 30, 3), icc_profile=PROFILE)
    others = "mgdl-fourier:grades=2,sgdl-fourier:encoding=positional,siren,wire,phase"
    for limit, methods in ((900, "mgdl,sgdl"), (6000, others)):
        budget = ("--budget", f"steps=12,bytes={limit}", "--methods", methods, "--no-tune")
        runs = told("compare", tmp_path / "a.png", *budget, "-o", tmp_path / str(limit))["runs"]
        assert len(runs) == len(methods.split(","))
        for each in runs:
            size = (tmp_path / str(limit) / "runs" / each["model"]).stat().st_size
            assert size <= limit and each["bytes"] == size, each["contender"]
            of_use = size if methods == "mgdl,sgdl" else each["parameters"]  # which deflate well after so few steps
            assert of_use > 0.25 * limit, each["contender"]


@pytest.mark.parametrize("part", [0.95, 0.6, 0.4])
def test_inr_pack(fit_folder, tmp_path, part):
    whole = (fit_folder / "cat.inr").stat().st_size
    limit = int(part * whole)
    facts = told("pack", fit_folder / "cat.inr", "--max-bytes", limit, "-o", tmp_path / "a.inr")
    size = (tmp_path / "a.inr").stat().st_size
    assert 0.7 * limit < size <= limit and facts["bytes"] == size and facts["bytes_before"] == whole
    assert inr.load_model(tmp_path / "a.inr").render().shape == (20, 30, 3)
