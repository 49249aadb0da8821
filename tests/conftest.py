"""Small pictures, configurations and models that every test may use; all made here, from seeds."""

import dataclasses
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two tests run at once; before torch is imported, here and in commands

import numpy as np
import PIL.Image
import pytest
import torch

import inr
from inr.imaging.icc import BT709, gamma_curve, make_profile
from inr.settings.config import FitConfig, GreedyTraining, JointTraining
from inr.settings.shape import EncodingConfig, GradeShape, Plane

pytest_plugins = ["helpers.browser"]

DATA = Path(__file__).parent.parent / "data"
README = Path(__file__).parent.parent / "README.md"
PROFILE = make_profile(gamma_curve(1.8), BT709)
"""A colour profile of RGB that is not sRGB."""
GREY_PROFILE = make_profile(gamma_curve(1.8), None)


def saved(path, array, mode=None, **options):
    """The path of a picture that Pillow has written there."""
    PIL.Image.fromarray(array if array.ndim == 2 or array.shape[2] > 1 else array[:, :, 0], mode).save(path, **options)
    return path


def picture(height: int = 12, width: int = 17, channels: int = 3, *, dtype=np.uint8, seed: int = 0) -> np.ndarray:
    """A smooth picture with some detail, (H, W, C), over the full range of the type."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3 + c) * np.cos(y / (2 + c)) for c in range(channels)]
    values = 0.5 + 0.4 * np.stack(waves, axis=2) + random.uniform(-0.1, 0.1, (height, width, channels))
    return np.rint(np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def changed(config: FitConfig, **changes) -> FitConfig:
    """A configuration with other values, those of its training among them."""
    names = {each.name for each in dataclasses.fields(config.training)}
    of_training = {name: changes.pop(name) for name in names & set(changes)}
    training = dataclasses.replace(config.training, **of_training)
    if isinstance(training, GreedyTraining) and "grades" in changes and "steps" not in of_training:
        training = dataclasses.replace(training, steps=training.steps[:1] * len(changes["grades"]))
    return dataclasses.replace(config, training=training, **changes)


def small_config(**changes) -> FitConfig:
    config = FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="fourier", frequencies=8, sigma=3.0),
        grades=(GradeShape(depth=2, width=16, activation="sine"),) * 3,
        training=GreedyTraining(steps=(12, 12, 12), learning_rate=0.05, batch_size=64, precision="float32"),
        seed=5,
    )
    return changed(config, **changes)


def grid_config(**changes) -> FitConfig:
    """Three grades of one small plane each, and so few updates that a test hardly waits for them."""
    config = FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="grid"),
        grades=tuple(
            GradeShape(depth=2, width=8, activation="gelu", planes=(Plane(cell=cell, channels=channels),))
            for cell, channels in ((4, 3), (2, 2), (1, 1))
        ),
        training=JointTraining(lmbda=1e-4, steps=6, sized=False),
        seed=5,
    )
    return changed(config, **changes)


@pytest.fixture
def image() -> inr.Image:
    return inr.image_from_array(picture())


@pytest.fixture(scope="session", params=["waves", "planes"])
def model(request) -> inr.Model:
    torch.set_num_threads(2)
    config = grid_config() if request.param == "planes" else small_config()
    fitted = inr.fit(inr.image_from_array(picture()), config).model
    record = dataclasses.replace(fitted.record, psnr_db=(20.0, 25.5, float("inf")), versions=(("inr", "0.1.0"),))
    return dataclasses.replace(fitted, record=record, icc_profile=b"a profile" * 9)
