import dataclasses

import pytest
from conftest import small_config

import inr
from inr.config import FitConfig, GradeConfig
from inr.methods import PRESET_STEPS, FitOptions, configure


def test_default_is_the_default_configuration():
    assert configure() == FitConfig() == configure(FitOptions(preset="balanced", grades=4))


@pytest.mark.parametrize("preset", PRESET_STEPS)
def test_preset_is_steps(preset):
    assert {g.steps for g in configure(FitOptions(preset=preset)).grades} == {PRESET_STEPS[preset]}


def test_single_grade_has_the_same_total_depth():
    several, single = configure(), configure(FitOptions(method="sgdl"))
    assert [g.depth for g in single.grades] == [sum(g.depth for g in several.grades)]
    assert single.grades[0].steps == several.grades[0].steps


def test_full_batch_is_zero():
    assert configure(FitOptions(batch_size=0)).batch_size is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method is 'magic'; accepted are mgdl"),
        ({"preset": "slow"}, "preset is 'slow'"),
        ({"method": "sgdl", "grades": 4}, "is one grade, but grades is 4; use 'mgdl'"),
        ({"method": "sgdl-paper", "grades": 2}, "use 'mgdl-paper'"),
        ({"preset": "fast", "steps": 9}, "give one"),
        ({"encoding": "none", "sigma": 3.0}, "sigma is given, but encoding 'none'"),
        ({"encoding": "none", "frequencies": 3}, "frequencies is given"),
        ({"encoding": "positional", "frequencies": 7}, "even number"),
        ({"method": "mgdl-paper", "optimizer": "muon"}, "fixes optimizer"),
        ({"method": "mgdl-paper", "preset": "fast"}, "fixes preset"),
        ({"method": "sgdl-paper", "encoding": "fourier"}, "use --method sgdl"),
        ({"sigma": -1.0}, "sigma is -1"),
        ({"sigma": float("nan")}, "sigma is nan"),
        ({"learning_rate": 0.0}, "learning rate is 0"),
        ({"width": 0}, "width is 0"),
        ({"depth": 99}, "depth is 99"),
        ({"grades": 65}, "grades is 65"),
        ({"steps": 0}, "steps is 0"),
        ({"batch_size": -1}, "batch size is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"target_psnr": 0.0}, "target PSNR is 0"),
        ({"seconds": -1.0}, "seconds is -1"),
        ({"activation": "step"}, "activation is 'step'"),
        ({"optimizer": "sgd"}, "optimizer is 'sgd'"),
        ({"encoding": "hash"}, "encoding is 'hash'"),
        ({"pixels": "third"}, "pixels is 'third'"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(options, message):
    with pytest.raises(inr.ConfigError, match=message):
        configure(FitOptions(**options))


def test_configurations_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        small_config().seed = 3
    with pytest.raises(dataclasses.FrozenInstanceError):
        GradeConfig().width = 3


def test_unknown_device(image):
    with pytest.raises(inr.ConfigError, match="device 'mps' is not available"):
        inr.fit(image, small_config(), device="mps")


def test_public_names_are_guarded():
    for name in inr.__all__:
        assert getattr(inr, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        inr.magic  # noqa: B018
