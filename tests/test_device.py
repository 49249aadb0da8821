"""Fits on feature planes away from the processor: every tensor is where the others are, and the file is the same."""

import dataclasses

import pytest
import torch
from helpers.pictures import picture
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
