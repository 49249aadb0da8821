"""The greedy training on functions of any dimension, by samples instead of a picture."""

import math

import numpy as np
import pytest
import torch
from helpers.configs import small_config

import inr
from inr.settings.shape import EncodingConfig, Form, GradeShape
from inr.spectra.samples import sign_changes, spectrum_of
from inr.training.greedy.objective import make_objective
from inr.training.greedy.pool import Pool
from inr.training.greedy.start import new_grade
from inr.training.samples import Samples, fit_samples


def config(**changes):
    plain = {
        "encoding": EncodingConfig(kind="none"),
        "grades": (GradeShape(depth=2, width=16, activation="tanh"),) * 2,
        "feed": "features",
    }
    steps = (150,) * len(changes.get("grades", plain["grades"]))
    return small_config(**(plain | {"steps": steps, "batch_size": None} | changes))


def line(count=64, dtype=torch.float32):
    x = torch.arange(count, dtype=dtype)[:, None] / count
    return Samples(inputs=x, targets=torch.sin(2 * math.pi * x))


def rse(prediction, target):
    return float((prediction - target).square().sum() / target.square().sum())


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (2, 1), (2, 3), (784, 10)])
def test_functions_of_any_dimension_are_learned(inputs, outputs):
    random = torch.Generator().manual_seed(0)
    x = torch.rand(80, inputs, generator=random)
    y = torch.tanh(x @ torch.randn(inputs, outputs, generator=random) / inputs**0.5)
    fitted = fit_samples(Samples(inputs=x, targets=y), config())
    after = [rse(p, y) for p in fitted.predictions(x)]
    assert after[0] < 0.1 and after[1] < after[0]
    mse = -10 * math.log10(float((fitted.predictions(x)[1] - y).square().mean()))
    assert fitted.logs[-1].psnr_db == pytest.approx(mse, abs=1e-3)
    assert fitted.parameters_count == sum(
        n * m + m for n, m in ((inputs, 16), (16, 16), (16, outputs), (16, 16), (16, 16), (16, outputs))
    )


def test_what_is_watched_is_not_trained_on_and_told_as_the_model_has_it():
    samples, other = line(), Samples(inputs=torch.tensor([[0.3], [0.1]]), targets=torch.tensor([[5.0], [7.0]]))
    told = []

    def look(at):
        if at.step in (1, 150):
            told.append((at.leftover(), at.watched[0]()))

    watching = fit_samples(samples, config(), watched=[other], progress=look)
    alone = fit_samples(samples, config())
    for ours, theirs in zip(watching.predictions(other.inputs), alone.predictions(other.inputs), strict=True):
        assert torch.equal(ours, theirs)
    for number in (0, 1):
        own, watched = told[2 * number + 1]
        after = (samples.targets - watching.predictions(samples.inputs)[number], other.targets)
        torch.testing.assert_close(own, after[0], atol=1e-5, rtol=0)
        torch.testing.assert_close(
            watched, other.targets - watching.predictions(other.inputs)[number], atol=1e-5, rtol=0
        )


def test_numbers_in_float64_stay_so_from_end_to_end():
    samples, left = line(dtype=torch.float64), []
    fine = fit_samples(samples, config(steps=(20, 20)), progress=lambda at: left.append(at.leftover))
    assert all(p.dtype == torch.float64 for grade in fine.grades for p in grade.parameters())
    after = samples.targets - fine.predictions(samples.inputs)[-1]
    assert fine.logs[-1].psnr_db == pytest.approx(-10 * math.log10(float(after.square().mean())), abs=1e-12)


@pytest.mark.parametrize(
    "form", [Form(shifts=3), Form(scales=(1.0, 4.0), separate=True, first="phi"), Form(gain=10.0, slope=True)]
)
def test_the_published_forms_work_on_a_line(form):
    shape = GradeShape(depth=2, width=16, activation="tanh", form=form)
    fitted = fit_samples(line(), config(grades=(shape,), steps=(300,), init="glorot-normal"))
    assert rse(fitted.predictions(line().inputs)[0], line().targets) < 0.05


def test_the_strongest_frequency_of_a_line_is_a_shift():
    x = torch.arange(128)[:, None] / 128.0
    samples = Samples(inputs=x, targets=torch.sin(2 * math.pi * 17 * x) + 0.1 * torch.sin(2 * math.pi * 3 * x))
    shape = GradeShape(depth=1, width=8, activation="tanh", form=Form(shifts=2))
    fitted = fit_samples(samples, config(grades=(shape,), steps=(2,)))
    assert fitted.grades[0].waves.tolist() == [[17.0, 3.0]]


def test_a_sine_changes_its_sign_twice_a_cycle():
    x = np.random.RandomState(0).permutation(np.linspace(-1, 1, 4001))[:, None]
    waves = np.concatenate([np.sin(2 * np.pi * f * x + 0.1) for f in (5, 20)], axis=1)
    assert sign_changes(x, waves[:, :1]) == pytest.approx(10, abs=0.5)
    assert sign_changes(x, waves) == pytest.approx(25, abs=0.5)


@pytest.mark.parametrize("line", [True, False])
def test_a_stage_on_a_line_has_the_size_and_scale_of_the_authors_code(line):
    """Wang & Lai's regression code: half of the largest error, and 3 times its zero crossings on [-1, 1]."""
    x = torch.linspace(-1, 1, 400, dtype=torch.float64)[:, None]
    left = torch.cos(40 * x) * x.exp()
    shape = GradeShape(depth=2, width=30, activation="tanh", form=Form(first="sine"))
    two = config(
        feed="encoding", rescale_residual=True, scale_from_residual=True, init="glorot-normal", grades=(shape,) * 2
    )
    pool = Pool(
        pixels=torch.arange(400), colours=left, encode=lambda at: x[at], feed="encoding", widest=1, visits=0, seed=0,
        pool_bytes=1 << 40, dimensions=1, middle=0.0, spectrum=lambda values: spectrum_of(x.numpy(), values),
        sign_changes=(lambda values: sign_changes(x.numpy(), values)) if line else None,
    )  # fmt: skip
    stage = new_grade(pool, two, two.training, 2)
    scale = make_objective(stage, pool, two.training, torch.float32).scale
    reach = float(stage.layers[0].weight.detach().square().sum(dim=1).mean().sqrt()) * stage.form.scales[0]
    crossings = int((left[1:, 0].sign() != left[:-1, 0].sign()).sum())
    assert crossings == 26
    if line:
        assert scale == pytest.approx(float(left.abs().max()) / 2)
        assert reach == pytest.approx(3 * crossings * math.sqrt(2 / 31), rel=0.05)
    else:
        assert scale == pytest.approx(float(left.square().mean().sqrt())) and reach == pytest.approx(40, rel=0.05)


def test_a_residual_of_one_sign_is_scaled_by_its_spectrum():
    x = torch.linspace(-1, 1, 200)[:, None]
    shape = GradeShape(depth=1, width=30, activation="tanh", form=Form(first="sine"))
    two = config(
        feed="encoding", steps=(1, 1), scale_from_residual=True, rescale_residual=True, learning_rate=1e-9,
        grades=(shape,) * 2,
    )  # fmt: skip
    fitted = fit_samples(Samples(inputs=x, targets=9.0 + torch.cos(30 * x)), two)
    layer = fitted.grades[1].layers[0].weight.detach()
    reach = float(layer.square().sum(dim=1).mean().sqrt()) * fitted.grades[1].form.scales[0]
    assert reach > 1.0  # without a change of sign it would be 0
    with pytest.raises(inr.ConfigError, match="all samples lie at one point"):
        fit_samples(Samples(inputs=torch.ones(9, 1), targets=torch.rand(9, 1)), two)


def test_the_spectrum_of_points_anywhere_peaks_where_the_wave_is():
    random = np.random.default_rng(0)
    scattered = np.sort(random.uniform(size=(300, 1)), axis=0)
    waves, power = spectrum_of(scattered, np.sin(2 * np.pi * 20 * scattered))
    assert abs(waves[0, power.argmax()] - 20) < 0.5
    plane = random.uniform(size=(900, 2))
    waves, power = spectrum_of(plane, np.cos(2 * np.pi * (5 * plane[:, :1] - 11 * plane[:, 1:])))
    assert np.abs(np.abs(waves[:, power.argmax()]) - [5, 11]).max() < 0.5
    with pytest.raises(inr.ConfigError, match="needs the spectrum"):
        shape = GradeShape(depth=1, width=8, activation="tanh", form=Form(shifts=2))
        fit_samples(Samples(inputs=torch.rand(9, 3), targets=torch.rand(9, 1)), config(grades=(shape,)))


def test_tables_that_do_not_fit_together_are_refused():
    with pytest.raises(inr.ConfigError, match="equally many rows"):
        Samples(inputs=torch.zeros(3, 1), targets=torch.zeros(4, 1))
    with pytest.raises(inr.ConfigError, match="give one type"):
        Samples(inputs=torch.zeros(3, 1), targets=torch.zeros(3, 1, dtype=torch.float64))
    with pytest.raises(inr.ConfigError, match="needs a picture"):
        fit_samples(line(), inr.configure(inr.FitOptions()))
