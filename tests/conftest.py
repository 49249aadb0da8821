"""Fixtures that every test may use, all made here, and the switch that renews golden JSON and pictures."""

import dataclasses
import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two tests run at once; before torch is imported, here and in commands

import pytest
import torch
from helpers.commands import SMALL, run
from helpers.configs import grid_config, hasten, small_config
from helpers.golden import check_picture
from helpers.pictures import picture

import inr

pytest_plugins = ["helpers.browser"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--renew-goldens",
        action="store_true",
        help="Write the JSON and pictures in tests/golden anew from what the program says and shows now, instead of "
        "comparing them. Model files there are never renewed. Look at `git diff tests/golden` before you commit.",
    )


@pytest.fixture(autouse=True)
def one_thread() -> None:
    """Whatever a command before asked for: with two tests at once, more threads than cores wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture
def hasty(monkeypatch) -> None:
    """See `helpers.configs.HASTE`."""
    hasten(monkeypatch)


@pytest.fixture
def golden_picture(request):
    """Hold a picture to a golden one: `golden_picture("viewer-1x.png", pixels)`."""
    renew = request.config.getoption("--renew-goldens")
    return lambda name, pixels: check_picture(name, pixels, renew=renew)


@pytest.fixture
def image() -> inr.Image:
    return inr.image_from_array(picture())


@pytest.fixture(scope="session", params=["waves", "planes"])
def model(request) -> inr.Model:
    config = grid_config() if request.param == "planes" else small_config()
    fitted = inr.fit(inr.image_from_array(picture()), config).model
    record = dataclasses.replace(fitted.record, psnr_db=(20.0, 25.5, float("inf")), versions=(("inr", "0.1.0"),))
    return dataclasses.replace(fitted, record=record, icc_profile=b"a profile" * 9)


@pytest.fixture(scope="session")
def fit_folder(tmp_path_factory):
    """What `inr fit` left of a picture beside it, cat.png, in three grades; to be read only."""
    folder = tmp_path_factory.mktemp("fitted")
    inr.save_image(folder / "cat.png", picture(20, 30))
    run("fit", folder / "cat.png", "--grades", "3", "--out", folder / "out", *SMALL, "--precision", "float32")
    return folder / "out"
