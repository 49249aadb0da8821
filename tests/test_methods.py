import dataclasses

import pytest
from conftest import small_config

import inr
from inr.settings.methods import GRID_STEPS, NETWORK_STEPS, configure
from inr.settings.options import FitOptions
from inr.settings.shape import GradeShape, Plane


def test_default_is_the_default_configuration():
    assert configure() == configure(FitOptions(method="mgdl", encoding="grid", preset="balanced", grades=4))


@pytest.mark.parametrize("preset", GRID_STEPS)
def test_preset_is_steps(preset):
    assert configure(FitOptions(preset=preset)).training.steps == GRID_STEPS[preset]
    waves = configure(FitOptions(preset=preset, encoding="fourier"))
    assert waves.training.steps == (NETWORK_STEPS[preset],) * 4


def test_single_grade_has_the_same_total_depth_or_as_many_steps_on_planes():
    several, single = (configure(FitOptions(method=m, encoding="fourier")) for m in ("mgdl", "sgdl"))
    assert [g.depth for g in single.grades] == [sum(g.depth for g in several.grades)]
    assert single.training.steps == several.training.steps[:1]
    several, single = (configure(FitOptions(method=m)) for m in ("mgdl", "sgdl"))
    assert single.training.steps == (sum(several.training.steps),)


def test_grid_is_the_single_grade_on_planes():
    a, b = (configure(FitOptions(method=m)) for m in ("grid", "sgdl"))
    assert dataclasses.replace(a, method="sgdl") == b


def test_planes_are_as_fine_as_the_training_lattice():
    finest = [min(p.cell for g in configure(FitOptions(pixels=p)).grades for p in g.planes) for p in ("all", "half")]
    assert finest == [1, 2]


def test_grades_beyond_the_fourth_are_like_the_fourth():
    config = configure(FitOptions(grades=7))
    for of_grade in (config.grades, config.training.steps):
        assert len(of_grade) == 7 and set(of_grade[3:]) == {of_grade[3]}


def test_planes_and_their_encoding_go_together():
    config = configure()
    for changes in (
        {"encoding": inr.EncodingConfig(kind="none")},
        {"grades": tuple(dataclasses.replace(g, planes=()) for g in config.grades)},
        {"feed": "features"},
        {"frame": "unit"},
    ):
        with pytest.raises(inr.ConfigError, match="encoding 'grid'"):
            dataclasses.replace(config, **changes)
    for cell, channels in ((0, 1), (1, 0), (5000, 1), (1, 17), (1.5, 1), (True, 1)):
        with pytest.raises(inr.ConfigError, match="must be a whole number"):
            Plane(cell=cell, channels=channels)


def test_full_batch_is_zero():
    assert configure(FitOptions(batch_size=0)).training.batch_size is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method is 'magic'; accepted are mgdl"),
        ({"preset": "slow"}, "preset is 'slow'"),
        ({"method": "sgdl", "grades": 4}, "is one grade, but grades is 4; use 'mgdl'"),
        ({"method": "sgdl-paper", "grades": 2}, "use 'mgdl-paper'"),
        ({"method": "grid", "grades": 2}, "use 'mgdl'"),
        ({"method": "grid", "encoding": "fourier"}, "use --method sgdl"),
        ({"sigma": 3.0}, "sigma is given, but encoding 'grid'"),
        ({"preset": "fast", "steps": 9}, "give one"),
        ({"encoding": "none", "sigma": 3.0}, "sigma is given, but encoding 'none'"),
        ({"encoding": "none", "frequencies": 3}, "frequencies is given"),
        ({"encoding": "positional", "frequencies": 7}, "even number"),
        ({"method": "mgdl-paper", "optimizer": "muon"}, "fixes optimizer"),
        ({"method": "mgdl-paper", "preset": "fast"}, "fixes preset"),
        ({"method": "sgdl-paper", "encoding": "fourier"}, "use --method sgdl"),
        ({"encoding": "fourier", "sigma": -1.0}, "sigma is -1"),
        ({"encoding": "fourier", "sigma": float("nan")}, "sigma is nan"),
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
        GradeShape(depth=1, width=1, activation="relu").width = 3


def test_unknown_device(image):
    with pytest.raises(inr.ConfigError, match="device 'mps' is not available"):
        inr.fit(image, small_config(), device="mps")


def test_public_names_are_guarded():
    for name in inr.__all__:
        assert getattr(inr, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'magic'"):
        inr.magic  # noqa: B018
