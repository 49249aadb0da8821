"""Small pictures, configurations and models that every test may use; all made here, from seeds."""

import dataclasses
import os
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two tests run at once; before torch is imported, here and in commands

import numpy as np
import pytest
import torch

import inr
from inr.imaging.icc import BT709, gamma_curve, make_profile
from inr.settings.config import FitConfig, GradeConfig
from inr.settings.shape import EncodingConfig, Plane

DATA = Path(__file__).parent.parent / "data"
README = Path(__file__).parent.parent / "README.md"
PROFILE = make_profile(gamma_curve(1.8), BT709)
"""A colour profile of RGB that is not sRGB."""


def picture(height: int = 12, width: int = 17, channels: int = 3, *, dtype=np.uint8, seed: int = 0) -> np.ndarray:
    """A smooth picture with some detail, (H, W, C), over the full range of the type."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [np.sin(x / 3 + c) * np.cos(y / (2 + c)) for c in range(channels)]
    values = 0.5 + 0.4 * np.stack(waves, axis=2) + random.uniform(-0.1, 0.1, (height, width, channels))
    return np.rint(np.clip(values, 0, 1) * np.iinfo(dtype).max).astype(dtype)


def small_config(**changes) -> FitConfig:
    grade = GradeConfig(depth=2, width=16, activation="sine", steps=12, learning_rate=0.05)
    config = FitConfig(
        method="mgdl",
        encoding=EncodingConfig(kind="fourier", frequencies=8, sigma=3.0),
        grades=(grade,) * 3,
        batch_size=64,
        seed=5,
        precision="float32",
    )
    return dataclasses.replace(config, **changes)


def grid_config(**changes) -> FitConfig:
    planes = (((1, 1), (4, 2)), ((2, 2),), ())
    grades = tuple(
        GradeConfig(
            depth=2, width=8, activation="gelu", steps=12, learning_rate=0.04,
            planes=tuple(Plane(cell=cell, channels=channels) for cell, channels in own),
        )
        for own in planes
    )  # fmt: skip
    return small_config(encoding=EncodingConfig(kind="grid"), grades=grades, **changes)


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
