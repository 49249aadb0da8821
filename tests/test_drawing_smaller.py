"""A drawing smaller than the source: the mean over areas, for every kind of model, so that detail does not alias."""

import numpy as np
import pytest
from test_local import golden_local

import inr
from inr.networks.averaging import block_means, points_each


@pytest.mark.parametrize("parts", [2, 4, 8])
def test_it_is_the_mean_over_areas_of_the_whole(model, parts):
    width, height = 16, 8
    region = inr.Region(x0=0, y0=0, x1=width, y1=height)
    whole = model.render(region=region)
    smaller = model.render(region=region, width=width // parts, height=height // parts)
    means = whole.reshape(height // parts, parts, width // parts, parts, -1).mean(axis=(1, 3))
    assert np.abs(smaller - means).max() < 1e-5


def test_a_local_model_is_averaged_too_and_in_strips(monkeypatch):
    model, region = golden_local(), inr.Region(x0=0, y0=0, x1=8, y1=6)
    means = model.render(region=region).reshape(3, 2, 4, 2, 3).mean(axis=(1, 3))
    monkeypatch.setattr("inr.networks.model._LATTICE_PIXELS", 10)
    assert np.abs(model.render(region=region, width=4, height=3) - means).max() < 1e-5


def test_a_fine_pattern_becomes_grey():
    board = (np.indices((16, 16)).sum(axis=0) % 2 * 255).astype(np.uint8)
    model = inr.fit(inr.image_from_array(board), inr.configure(inr.FitOptions(method="local", width=4, steps=1))).model
    assert np.abs(model.render(width=8, height=8) - 0.5).max() < 1e-3
    assert np.abs(model.render(width=5, height=6)[1:-1, 1:-1] - 0.5).max() < 0.13  # sides that no whole number divides


def test_what_is_hidden_does_not_show():
    picture = np.zeros((2, 2, 2), np.float32)
    picture[0, 0] = 0.75, 1.0
    assert np.allclose(block_means(picture, 2, 2), [[[0.75, 0.25]]])


def test_points_lie_no_further_apart_than_pixels():
    assert [points_each(8, count) for count in (16, 8, 7, 4, 3, 1)] == [1, 1, 2, 2, 3, 8]
