"""Weights on coarser grids: as coarse as a loss or a size allows, and no more."""

import dataclasses

import numpy as np
import pytest
import torch
from helpers.configs import changed, small_config
from helpers.pictures import picture

import inr
from inr.codec.grades import quantised
from inr.training.rounding.model import round_model, round_to_bytes


@pytest.fixture(scope="module")
def fitted():
    image = inr.image_from_array(picture())
    return image, inr.fit(image, small_config(rounding_db=0.0)).model


def psnr(model, image):
    return -10 * np.log10(np.square(model.render() - image.pixels).mean())


@pytest.mark.parametrize("loss", [0.02, 0.1, 1.0])
def test_the_loss_is_kept_and_bytes_are_saved(fitted, loss):
    image, model = fitted
    rounded = round_model(model, image, loss_db=loss)
    assert psnr(model, image) - psnr(rounded, image) <= loss + 1e-4
    assert len(inr.model_to_bytes(rounded)) < 0.8 * len(inr.model_to_bytes(model))
    assert inr.model_to_bytes(inr.model_from_bytes(inr.model_to_bytes(rounded))) == inr.model_to_bytes(rounded)
    read = inr.model_from_bytes(inr.model_to_bytes(rounded))
    for ours, theirs in zip(rounded.grades, read.grades, strict=True):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)  # what was measured is what is written


def test_a_fit_that_is_nearly_exact_is_rounded_too(fitted):
    """Its steps would be too fine for a number to hold; the finest there are will do."""
    image, model = fitted
    noise = 1e-5 * np.random.default_rng(0).standard_normal(image.pixels.shape)
    near = dataclasses.replace(image, pixels=(model.render() + noise).astype(np.float32))
    rounded = round_model(model, near, loss_db=0.5)
    assert rounded is not model and psnr(model, near) - psnr(rounded, near) <= 0.5 + 1e-2


def test_nothing_to_lose_nothing_changed(fitted):
    image, model = fitted
    assert round_model(model, image, loss_db=0.0) is model


def test_a_size_is_kept(fitted):
    _, model = fitted
    whole = len(inr.model_to_bytes(model))
    last = np.inf
    for limit in (whole, whole // 2, whole // 3):
        size = len(inr.model_to_bytes(round_to_bytes(model, limit)))
        assert size <= min(limit, last)
        last = size
    with pytest.raises(inr.ConfigError, match="the least seen was"):
        round_to_bytes(model, 20)


def test_a_number_that_matters_more_gets_a_finer_step(fitted):
    image, model = fitted
    rounded = round_model(model, image, loss_db=0.3)
    steps = [tensor.step.value for tensor in quantised(rounded, 0) if len(tensor.integers) > 8]
    assert len(set(steps)) > 1


def test_a_fit_is_rounded_unless_it_is_the_authors():
    assert inr.configure(inr.FitOptions(method="mgdl-paper")).training.rounding_db == 0.0
    waves = inr.configure(inr.FitOptions(method="mgdl-fourier"))
    assert waves.training.rounding_db == 0.1
    with pytest.raises(inr.ConfigError, match="rounding is -1"):
        changed(waves, rounding_db=-1.0)
