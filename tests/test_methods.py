import dataclasses
import itertools

import pytest
from helpers.configs import changed, small_config

import inr
from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr.settings.planes import CELLS, deal, quality_lambda
from inr.settings.shape import GradeShape, Plane


def test_default_is_the_default_configuration():
    assert configure() == configure(FitOptions(method="mgdl", encoding="grid", preset="balanced", grades=4))


@pytest.mark.parametrize("wishes", [{"method": "mgdl-fourier"}, {"method": "sgdl-fourier"}, {"encoding": "none"}])
def test_presets_on_waves_differ_in_steps_and_the_size_of_the_network(wishes):
    fast, balanced, best = (configure(FitOptions(preset=preset, **wishes)) for preset in ("fast", "balanced", "best"))
    steps = [each.training.steps for each in (fast, balanced, best)]
    assert all(few < more < most for few, more, most in zip(*steps, strict=True))
    assert changed(fast, steps=steps[1]) == balanced
    assert best.grades[0].width > balanced.grades[0].width and len(best.grades) == len(balanced.grades)
    quick, long = (configure(FitOptions(seconds=seconds, **wishes)) for seconds in (59, 60))
    assert dataclasses.replace(quick, seconds=None) == balanced
    assert dataclasses.replace(long, seconds=None) == changed(best, steps=steps[1])  # there is time for it


@pytest.mark.parametrize("wishes", [{}, {"method": "sgdl"}, {"grades": 6, "quality": 40}])
def test_fast_on_planes_is_the_closed_form_and_the_others_go_on_from_there(wishes):
    fast, balanced, best = (configure(FitOptions(preset=preset, **wishes)) for preset in ("fast", "balanced", "best"))
    assert fast.training.steps == 0 < balanced.training.steps < best.training.steps
    assert fast.grades == balanced.grades == best.grades
    assert fast.training.lmbda == balanced.training.lmbda == best.training.lmbda


def test_single_grade_has_the_same_total_depth_on_waves():
    several, single = (configure(FitOptions(method=m)) for m in ("mgdl-fourier", "sgdl-fourier"))
    assert [g.depth for g in single.grades] == [sum(g.depth for g in several.grades)]
    assert single.training.steps == several.training.steps[:1]


def test_methods_on_planes_differ_in_nothing_but_grades():
    several, single = configure(FitOptions(grades=1)), configure(FitOptions(method="sgdl"))
    assert dataclasses.replace(several, method="sgdl") == single
    four = configure()
    assert dataclasses.replace(four, method="sgdl", grades=single.grades) == single
    assert tuple(plane for grade in four.grades for plane in grade.planes) == single.grades[0].planes


def test_mgdl_may_be_asked_for_on_waves():
    named, asked = (configure(FitOptions(**w)) for w in ({"method": "mgdl-fourier"}, {"encoding": "fourier"}))
    assert dataclasses.replace(named, method="mgdl") == asked


def test_planes_are_as_fine_as_the_training_lattice():
    finest = [min(p.cell for g in configure(FitOptions(pixels=p)).grades for p in g.planes) for p in ("all", "half")]
    assert finest == [1, 2]


@pytest.mark.parametrize("grades", range(1, 14))
def test_planes_are_dealt_from_coarse_to_fine(grades):
    """Every grade has planes, the finest have one each, and together they are a pyramid down to a pixel."""
    dealt = deal(grades)
    cells = [cell for own in dealt for cell in own]
    assert len(dealt) == grades and cells[-1] == 1 and all(a == 2 * b for a, b in itertools.pairwise(cells))
    assert all(len(own) == 1 for own in dealt[1:]) and len(cells) == max(grades, len(CELLS))
    assert [[p.cell for p in g.planes] for g in configure(FitOptions(grades=grades)).grades] == list(map(list, dealt))


@pytest.mark.parametrize("grades", [14, 64])
def test_more_grades_than_a_pyramid_gives_are_refused(grades):
    with pytest.raises(inr.ConfigError, match=f"grades is {grades}; feature planes make at most 13"):
        configure(FitOptions(grades=grades))


def test_quality_is_a_falling_lambda():
    found = [quality_lambda(quality) for quality in range(1, 101)]
    assert all(a > b for a, b in itertools.pairwise(found))
    assert found[0] == pytest.approx(6e-2) and found[-1] == pytest.approx(3e-6)
    assert configure(FitOptions(quality=50)).training.lmbda == pytest.approx(found[49])
    assert configure() == configure(FitOptions(quality=97))


@pytest.mark.parametrize("quality", [0, 101, -3])
def test_no_other_quality(quality):
    with pytest.raises(inr.ConfigError, match=f"quality is {quality}; it must lie between 1 and 100"):
        configure(FitOptions(quality=quality))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("frequencies", 8), ("sigma", 3.0), ("omega", 30.0), ("batch_size", 64), ("learning_rate", 0.1),
        ("optimizer", "adam"), ("recipe", "inr"), ("precision", "bf16"),
    ],
)  # fmt: skip
def test_what_planes_have_not_is_refused(name, value):
    said = f"--{name.replace('_', '-')} is given, but feature planes have none; leave it out, or use --encoding fourier"
    for method in ("mgdl", "sgdl"):
        with pytest.raises(inr.ConfigError, match=said):
            configure(FitOptions(method=method, **{name: value}))


@pytest.mark.parametrize("name", ["mgdl-fourier", "sgdl-fourier", "mgdl-paper", "siren"])
@pytest.mark.parametrize("wish", [{"quality": 50}, {"max_bytes": 5000}, {"target_bpp": 1.0}])
def test_what_only_planes_keep_is_refused_elsewhere(name, wish):
    with pytest.raises(inr.ConfigError, match="needs feature planes, the default of methods mgdl and sgdl"):
        configure(FitOptions(method=name, **wish))


@pytest.mark.parametrize("cells", [(), (2, 4)])
def test_every_grade_of_a_joint_fit_has_planes_the_coarsest_first(cells):
    config = configure(FitOptions(grades=2))
    own = dataclasses.replace(config.grades[1], planes=tuple(Plane(cell=cell, channels=1) for cell in cells))
    with pytest.raises(inr.ConfigError, match="needs planes in every grade, the coarsest first"):
        dataclasses.replace(config, grades=(config.grades[0], own))


def test_greedy_training_refuses_planes():
    greedy = configure(FitOptions(method="mgdl-fourier")).training
    with pytest.raises(inr.ConfigError, match="feature planes need joint training"):
        dataclasses.replace(configure(), training=greedy)
    with pytest.raises(inr.ConfigError, match="a limit on bytes needs joint training"):
        dataclasses.replace(configure(FitOptions(method="mgdl-fourier")), max_bytes=1000)


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
    assert configure(FitOptions(method="mgdl-fourier", batch_size=0)).training.batch_size is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"method": "magic"}, "method is 'magic'; accepted are mgdl"),
        ({"preset": "slow"}, "preset is 'slow'"),
        ({"method": "sgdl", "grades": 4}, "is one grade, but grades is 4; use 'mgdl'"),
        ({"method": "sgdl-paper", "grades": 2}, "use 'mgdl-paper'"),
        ({"method": "grid"}, "'grid' is called 'sgdl' now"),
        ({"method": "sgdl-fourier", "grades": 4}, "use 'mgdl-fourier' for several"),
        ({"method": "mgdl-fourier", "encoding": "grid"}, "has no feature planes; use --method mgdl or sgdl"),
        ({"method": "fourier", "encoding": "grid"}, "has no feature planes; use --method mgdl or sgdl"),
        ({"method": "fourier", "grades": 2}, "method 'fourier' is one grade, but grades is 2; leave it out"),
        ({"method": "siren", "learning_rate": 0.0}, "learning rate is 0"),
        ({"method": "siren", "depth": 0}, "depth is 0"),
        ({"preset": "compact"}, "preset 'compact' is the default now; for smaller files give --quality"),
        ({"activation": "gabor"}, "with feature planes accepted are relu, gelu, sine, tanh"),
        ({"max_bytes": 9000, "target_bpp": 1.0}, "--max-bytes and --target-bpp are both given; choose one"),
        ({"preset": "fast", "steps": 9}, "give one"),
        ({"encoding": "none", "sigma": 3.0}, "sigma is given, but encoding 'none'"),
        ({"encoding": "none", "frequencies": 3}, "frequencies is given"),
        ({"encoding": "positional", "frequencies": 7}, "even number"),
        ({"method": "mgdl-paper", "optimizer": "muon"}, "fixes optimizer"),
        ({"method": "mgdl-paper", "preset": "fast"}, "fixes preset"),
        ({"method": "sgdl-paper", "encoding": "fourier"}, "use --method sgdl"),
        ({"encoding": "fourier", "sigma": -1.0}, "sigma is -1"),
        ({"encoding": "fourier", "sigma": float("nan")}, "sigma is nan"),
        ({"method": "mgdl-fourier", "learning_rate": 0.0}, "learning rate is 0"),
        ({"width": 0}, "width is 0"),
        ({"depth": 99}, "depth is 99"),
        ({"grades": 65}, "grades is 65"),
        ({"steps": -1}, "steps is -1"),
        ({"method": "mgdl-fourier", "steps": 0}, "steps is 0"),
        ({"method": "mgdl-fourier", "batch_size": -1}, "batch size is -1"),
        ({"seed": -1}, "seed is -1"),
        ({"target_psnr": 0.0}, "target PSNR is 0"),
        ({"seconds": -1.0}, "seconds is -1"),
        ({"method": "mgdl-fourier", "activation": "step"}, "activation is 'step'"),
        ({"method": "mgdl-fourier", "optimizer": "lion"}, "optimizer is 'lion'"),
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
