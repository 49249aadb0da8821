import dataclasses
import json
import math

import numpy as np
import pytest
from helpers.configs import small_config
from helpers.pictures import has_figures, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from kornia.metrics import ssim as kornia_ssim

import inr
from inr.analysis import metrics
from inr.analysis.fitted import fit_and_measure
from inr.report.figures import draw_grades
from inr.report.markdown import to_markdown
from inr.report.summary import make_report, to_json


@settings(max_examples=50, deadline=None)
@given(st.floats(1e-9, 1.0))
def test_psnr_definition(mse):
    assert metrics.psnr(mse) == pytest.approx(10 * math.log10(1 / mse))
    assert metrics.psnr(0.0) == math.inf


def test_measure_equals_the_definition_written_out(image, model):
    qualities, pictures = inr.measure(image, model, pixels="half")
    mask = np.zeros((12, 17), bool)
    mask[::2, ::2] = True
    for number, (quality, drawn) in enumerate(zip(qualities, pictures, strict=True), start=1):
        values = model.up_to(number).render()
        assert (drawn == inr.quantize(values, 8)).all()
        rounded = (drawn / 255.0 - image.pixels) ** 2
        assert quality.psnr_db == pytest.approx(-10 * math.log10(rounded.mean()), abs=1e-4)
        assert quality.psnr_unclipped_db == pytest.approx(
            -10 * math.log10(((values - image.pixels) ** 2).mean()), abs=1e-4
        )
        assert quality.train_psnr_db == pytest.approx(-10 * math.log10(rounded[mask].mean()), abs=1e-4)
        assert quality.held_out_psnr_db == pytest.approx(-10 * math.log10(rounded[~mask].mean()), abs=1e-4)


def test_nothing_is_held_out_when_all_pixels_are_trained_on(image, model):
    quality = inr.measure(image, model)[0][-1]
    assert quality.train_psnr_db is None and quality.held_out_psnr_db is None


def test_ssim_in_tiles_equals_the_whole(monkeypatch):
    import torch

    a, b = (picture(70, 30, seed=s).astype(np.float32) / 255 for s in (0, 1))
    x, y = (torch.from_numpy(p).permute(2, 0, 1)[None] for p in (a, b))
    whole = float(kornia_ssim(x, y, 11, 1.0).mean())
    for side in (7, 16, 29, 35, 64, 1024):
        monkeypatch.setattr(metrics, "_SSIM_TILE", side)
        assert metrics.ssim(a, b) == pytest.approx(whole, abs=1e-5)
    assert metrics.ssim(a, a) == pytest.approx(1.0, abs=1e-6)
    assert metrics.ssim(a[:10], a[:10]) is None


@pytest.mark.filterwarnings("error")  # Matplotlib's, of words that find no room
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (1100, 20)])
def test_figure_of_any_shape(tmp_path, shape, channels):
    source = inr.image_from_array(picture(*shape, channels))
    drawn = tuple(inr.quantize(source.pixels * f, 8) for f in (0.5, 0.8, 1.0))
    quality = metrics.Quality(psnr_db=math.inf, psnr_unclipped_db=50.0, ssim=None)
    draw_grades(tmp_path / "a.png", source, drawn, (quality,) * 3)
    assert inr.load_image(tmp_path / "a.png").width > 100 and has_figures(tmp_path / "a.png")
    draw_grades(tmp_path / "b.png", source, tuple(255 - grade for grade in drawn), (quality,) * 3)
    assert (tmp_path / "b.png").read_bytes() != (tmp_path / "a.png").read_bytes()  # it shows what it is given


def test_figure_of_many_grades_shows_six(tmp_path):
    source = inr.image_from_array(picture())
    quality = metrics.Quality(psnr_db=30.0, psnr_unclipped_db=30.0, ssim=0.9)
    draw_grades(tmp_path / "a.png", source, (picture(),) * 20, (quality,) * 20)
    draw_grades(tmp_path / "b.png", source, (picture(),) * 6, (quality,) * 6)
    assert inr.load_image(tmp_path / "a.png").width == inr.load_image(tmp_path / "b.png").width
    assert has_figures(tmp_path / "a.png") and has_figures(tmp_path / "b.png")


def test_report_of_an_exact_copy_is_valid_json(image):
    fitted = fit_and_measure(image, small_config(), device="cpu")
    exact = metrics.Quality(psnr_db=math.inf, psnr_unclipped_db=80.0, ssim=1.0)
    report = make_report(image, dataclasses.replace(fitted, qualities=(exact,) * 3), "a.inr")
    data = json.loads(to_json(report), parse_constant=pytest.fail)
    assert data["grades"][0]["psnr_db"] is None and "train_psnr_db" not in data["grades"][0]
    assert data["model"]["bytes"] == len(fitted.data) == data["grades"][-1]["bytes_so_far"]
    assert data["config"]["grades"][0]["width"] == 16
    assert "exact" in to_markdown(report, "a.png")
    part = dataclasses.replace(exact, train_psnr_db=math.inf, held_out_psnr_db=20.0)
    result = dataclasses.replace(fitted.result, config=small_config(pixels="half"))
    half = make_report(image, dataclasses.replace(fitted, result=result, qualities=(part,) * 3), "a.inr")
    row = json.loads(to_json(half))["grades"][0]
    assert row["train_psnr_db"] is None and row["held_out_psnr_db"] == 20.0
    assert "held-out dB" in to_markdown(half, "a.png")
