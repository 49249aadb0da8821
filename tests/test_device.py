"""Fits and mended pictures away from the processor: every tensor is where the others are, and the file is the same."""

import dataclasses

import numpy as np
import pytest
import torch
from helpers.commands import run
from helpers.pictures import picture, saved
from helpers.pretended import pretended_device

import inr
from inr.settings.trainings import JointTraining
from inr.training.joint.fit import fit_joint


@pytest.mark.parametrize("wishes", [{}, {"pixels": "half", "steps": 2, "quality": 40}], ids=["closed form", "trained"])
def test_a_fit_on_planes_is_the_same_on_another_device(wishes):
    image = inr.image_from_array(picture(20, 14))
    config = inr.configure(inr.FitOptions(grades=2, **wishes))
    assert isinstance(config.training, JointTraining)
    training = dataclasses.replace(config.training, entropy_model_batches=2)  # few steps: the pretended device is slow
    config = dataclasses.replace(config, training=training)
    expected = inr.fit(image, config, device="cpu")
    with pretended_device() as device:
        result = fit_joint(image, config, training, device, None, None)
    assert result.device == str(device)
    assert result.encoded is not None
    assert result.encoded.data == expected.encoded.data
    assert (result.refinement is None) == (expected.refinement is None)


def test_tensors_of_two_devices_do_not_mix():
    with pretended_device() as device, pytest.raises(RuntimeError, match="meets one of the device"):
        torch.ones(3, device=device) + torch.ones(3)


@pytest.mark.parametrize("command", ["upscale", "inpaint", "denoise"])
def test_a_restored_picture_is_the_same_on_another_device(tmp_path, monkeypatch, command):
    mask = np.zeros((20, 24, 1), np.uint8)
    mask[9:15, 5:14] = mask[2::5, 3::4] = 255
    random = np.random.default_rng(0)
    saved(tmp_path / "a.png", np.clip(picture(20, 24) + random.normal(0, 12, (20, 24, 3)), 0, 255).astype(np.uint8))
    saved(tmp_path / "mask.png", mask)
    given = [tmp_path / "a.png", "--steps", 2, *(["--mask", tmp_path / "mask.png"] if command == "inpaint" else [])]
    run(command, *given, "-o", tmp_path / "expected.png", "--device", "cpu", "-q")
    asked = []
    with pretended_device() as device:
        for room in ("restoration.upscale", "restoration.inpaint", "restoration.denoise", "training.fit", "device"):
            monkeypatch.setattr(f"inr.{room}.choose_device", lambda name: asked.append(name) or device)
        run(command, *given, "-o", tmp_path / "found.png", "--device", "cuda", "-q", "--debug")
    assert set(asked) == {"cuda"} and len(asked) > 1
    assert (tmp_path / "found.png").read_bytes() == (tmp_path / "expected.png").read_bytes()


@pytest.mark.parametrize("command", [["upscale"], ["inpaint", "--mask", "none.png"], ["denoise"]])
def test_a_device_that_is_not_there_is_refused_before_anything_is_read(tmp_path, command):
    result = run(*command, tmp_path / "none.png", "--device", "mps", "-o", tmp_path / "out.png", code=2)
    assert "device 'mps' is not available" in result.stderr and len(result.stderr.strip().splitlines()) == 1
    assert not list(tmp_path.iterdir())
