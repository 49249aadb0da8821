"""The papers' experiments: their definitions against plain formulas, their runs, their pages."""

import dataclasses
import gzip
import hashlib
import json
import math
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.pictures import picture, saved

import inr
from inr.experiments import (
    digits,
    frequency,
    images,
    inventions,
    labels,
    manifold,
    published,
    robustness,
    sines,
    synthetic,
    training,
)
from inr.experiments.figures import Curves, Figure, HeatMap, Line, Picture, draw
from inr.experiments.methods import Authors, Problem, authors_training, configuration
from inr.experiments.page import Page, Table, cell, table_lines, text_lines, write_page
from inr.experiments.picture_spectra import Lattice, spectrum_figures
from inr.experiments.registry import EXPERIMENTS, NETWORKS
from inr.experiments.runs import Case, Data, Moment, Run, score
from inr.experiments.shared import samples
from inr.experiments.store import Store
from inr.experiments.training import do
from inr.experiments.wishes import Wishes
from inr.networks.chain import grade_inputs
from inr.networks.grade import parameter_shapes
from inr.settings.config import FitConfig
from inr.settings.shape import EncodingConfig, GradeShape
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.engine import _schedule
from inr.training.greedy.pool import Pool
from inr.training.samples import fit_samples

SMOKE = Authors(highest=1e-3, lowest=1e-4, batch=None, epochs=301)


def problem(**changes) -> Problem:
    plain = {"samples": 40, "grades": 2, "depth": 1, "single": 2, "width": 16, "reach": 3.0, "steps": 5, "batch": 16}
    return Problem(**(plain | changes))


def line_data() -> Data:
    x = np.arange(40) / 40
    train, held = (samples(at, np.sin(2 * np.pi * at)) for at in (x, x + 0.01))
    return Data(train=train, validation=held, test=held)


def case(method="mgdl", seed=0, **changes) -> Case:
    config = configuration(method, problem(**changes), effort="quick", authors=SMOKE, seed=seed)
    return Case(name="a line", method=method, config=config, data=line_data(), looks=8)


# the functions


def test_the_phases_are_those_of_the_authors_code():
    assert np.round(sines.PHASES[:5], 4).tolist() == [3.4483, 4.4937, 3.7873, 3.4236, 2.6619]


@pytest.mark.parametrize("setting", [1, 2, 3, 4])
@pytest.mark.parametrize("x", [0.0, 0.123, 0.77])
def test_sums_of_sines_are_the_papers_formula(setting, x):
    def alpha(j):
        return {1: 1.0, 2: 1.05 - 0.05 * j, 3: math.exp(-x) * math.cos((j - 1) * x), 4: 0.05 * j}[setting]

    expected = sum(alpha(j) * math.sin(2 * math.pi * 10 * j * x + sines.PHASES[j - 1]) for j in range(1, 21))
    at = np.array([x])
    assert sines.waves(sines.amplitudes(setting, at), at)[0] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("setting", [1, 2])
def test_functions_on_the_manifold_are_the_papers_formula(setting):
    x, q = 0.31, 4
    alpha = {1: lambda j: 0.025 * j, 2: lambda j: math.exp(-x) * math.cos((j - 1) * x)}[setting]
    expected = sum(alpha(j) * math.sin(2 * math.pi * 10 * j * x + sines.PHASES[j - 1]) for j in range(1, 41))
    at = np.array([x])
    assert sines.waves(sines.manifold_amplitudes(setting, at), at)[0] == pytest.approx(expected, abs=1e-9)
    radius = 1 + 0.5 * math.sin(2 * math.pi * q * x)
    where = [radius * math.cos(2 * math.pi * x), radius * math.sin(2 * math.pi * x)]
    assert manifold.curve(q, at)[0].tolist() == pytest.approx(where)


def test_the_samples_of_the_synthetic_settings():
    data = synthetic.data(1)
    assert [len(each.inputs) for each in (data.train, data.validation, data.test)] == [6000, 2000, 2000]
    assert data.train.inputs[[0, 1, -1], 0].tolist() == pytest.approx([0.0, 1 / 6000, 5999 / 6000])
    assert data.validation.inputs[0, 0] == pytest.approx(np.random.RandomState(0).uniform(size=1)[0])
    assert data.test.inputs[0, 0] == pytest.approx(np.random.RandomState(1).uniform(size=1)[0])
    assert len(manifold.data(1, 0).train.inputs) == 12_000 and len(manifold.data(1, 0).test.inputs) == 4000


def test_noisy_labels_are_the_papers_formula():
    inputs = np.array([[0.1, 0.2, 0.2], [0.5, 0.0, 0.0]])
    found = digits.noisy(inputs, np.array([3, 0]), beta=0.5, kappa=7.0)
    for row, label, size in ((0, 3, 0.3), (1, 0, 0.5)):
        expected = np.zeros(10)
        expected[label] = 1 + 0.5 * math.sin(2 * math.pi * 7 * size)
        assert found[row] == pytest.approx(expected)


def test_the_split_of_digits_is_scikit_learns():
    model_selection = pytest.importorskip("sklearn.model_selection")
    theirs = model_selection.train_test_split(np.arange(1348), random_state=0, test_size=0.25)
    for own, other in zip(digits.split(1348), theirs, strict=True):
        assert own.tolist() == other.tolist()


def test_without_files_of_mnist_the_small_digits_are_split_as_they_say():
    pytest.importorskip("sklearn")
    small = digits.load_digits(None)
    assert small.inputs.shape == (1348, 64) and small.test_inputs.shape == (449, 64) and small.inputs.max() <= 1
    data = labels.data(small, 1.0, 5.0)
    assert [len(each.inputs) for each in (data.train, data.validation, data.test)] == [1011, 337, 449]
    assert set(np.unique(data.test.targets)) == {0.0, 1.0} and float(data.train.targets.max()) > 1.5


# measures


def test_errors_are_the_papers_formulas():
    target, predicted = torch.tensor([[3.0], [4.0]]), torch.tensor([[3.0], [3.0]])
    found = score(target - predicted, target)
    assert found.rse == pytest.approx(1 / 25) and found.psnr_db == pytest.approx(-10 * math.log10(1 / 2))


def test_errors_by_frequency_are_plain_sums():
    n = 48
    x = np.arange(n)
    target = np.sin(2 * np.pi * 3 * x / n) + 0.5 * np.cos(2 * np.pi * 7 * x / n)
    shifted = np.cos(2 * np.pi * 3 * x / n)

    def transform(values, k):
        return sum(values[i] * np.exp(-2j * np.pi * k * i / n) for i in range(n)) / n

    for k in (3, 7):
        wanted, got = transform(target, k), transform(shifted, k)
        assert frequency.complex_error(shifted, target, [k])[0] == pytest.approx(abs(got - wanted) / abs(wanted))
        assert frequency.magnitude_error(shifted, target, [k])[0] == pytest.approx(
            abs(abs(got) - abs(wanted)) / abs(wanted)
        )
        assert frequency.learned(shifted, target, [k])[0] == pytest.approx(min(abs(got) / abs(wanted), 1), abs=1e-12)
    assert frequency.magnitude_error(shifted, target, [3])[0] < 1e-12 < frequency.complex_error(shifted, target, [3])[0]
    low, high = frequency.low_high(shifted, target, 5)
    assert low == pytest.approx(math.sqrt(2)) and high == pytest.approx(1)
    many = frequency.complex_error(np.stack([shifted, target]), target, [3, 7])
    assert many.shape == (2, 2) and many[1].tolist() == pytest.approx([0, 0], abs=1e-12)


# configurations


def parameters(config: FitConfig, inputs: int, outputs: int) -> int:
    sizes = grade_inputs(config.grades, inputs, feed=config.feed)
    shapes = [parameter_shapes(n, outputs, own, 1, 1) for n, own in zip(sizes, config.grades, strict=True)]
    return sum(math.prod(shape) for grade in shapes for shape in grade)


def test_parameter_counts_are_those_of_the_papers_networks():
    def synthetic_network(method, setting):
        return configuration(method, synthetic.problem(setting, "quick"), effort="quick", authors=SMOKE, seed=0)

    assert parameters(synthetic_network("sgdl", 1), 1, 1) == 461_313
    assert parameters(synthetic_network("mgdl", 1), 1, 1) == 462_084
    assert parameters(synthetic_network("sgdl-paper", 4), 1, 1) == 592_897
    assert parameters(synthetic_network("mgdl-paper", 4), 1, 1) == 593_925
    of = {each.method: each.config for each in manifold.cases(Wishes(setting=1, q=0))}
    assert (parameters(of["sgdl"], 2, 1), parameters(of["mgdl"], 2, 1)) == (461_569, 462_340)
    for method, count in (("sgdl", 184_330), ("mgdl", 186_910), ("mgdl-b", 190_780)):
        assert parameters(labels.network(method, "quick", 45_000, 0), 784, 10) == count
    small = inr.image_from_array(np.zeros((8, 8, 3), np.uint8))
    for method, count in (("sgdl-paper", 725_251), ("mgdl-paper", 727_564)):
        assert parameters(images._configuration(method, small, Wishes(), 0), 2, 3) == count


def test_the_authors_training_is_theirs():
    training = authors_training(Authors(highest=1e-3, lowest=1e-5, batch=256, epochs=31), 6000, 4)
    assert training.steps == (31 * 24,) * 4 and training.init == "uniform" and not training.rescale_residual
    factor, gamma = _schedule(training), math.log(1e-3 / 1e-5) / 30
    for epoch in (0, 1, 17, 30):
        for step in (0, 23):
            fraction = (24 * epoch + step) / training.steps[0]
            assert 1e-3 * factor(fraction) == pytest.approx(1e-3 * math.exp(-gamma * epoch))


def test_the_authors_later_grades_begin_alike_and_ours_do_not():
    still = Authors(highest=1e-9, lowest=1e-9, batch=None, epochs=1)
    for method, alike in (("mgdl-paper", True), ("mgdl", False)):
        config = configuration(method, problem(grades=3, steps=1), effort="paper", authors=still, seed=0)
        config = dataclasses.replace(config, training=dataclasses.replace(config.training, learning_rate=1e-9))
        _, second, third = fit_samples(line_data().train, config).grades
        assert torch.allclose(second.layers[0].weight, third.layers[0].weight, atol=1e-6) == alike


def test_a_pass_with_a_short_batch_visits_every_sample_once():
    pool = Pool(
        pixels=torch.arange(10), colours=torch.arange(10.0)[:, None], encode=lambda at: at.float()[:, None],
        feed="features", widest=1, visits=0, seed=0, pool_bytes=1 << 40,
    )  # fmt: skip
    for _ in range(3):
        parts = [pool.batch(4, short=True)[0][:, 0].tolist() for _ in range(3)]
        assert [len(part) for part in parts] == [4, 4, 2] and sorted(x for part in parts for x in part) == list(
            range(10)
        )


@pytest.mark.parametrize("method", NETWORKS)
@pytest.mark.parametrize("inputs", [1, 2])
def test_every_method_learns_functions_of_one_and_two_variables(method, inputs):
    x = np.random.RandomState(0).uniform(size=(60, inputs))
    table = samples(x, np.sin(5 * x.sum(axis=1)))
    for effort in ("quick", "paper"):
        config = configuration(method, problem(), effort=effort, authors=SMOKE, seed=0)
        steps = (2,) * len(config.grades)
        config = dataclasses.replace(config, training=dataclasses.replace(config.training, steps=steps))
        run = do(Case(name="f", method=method, config=config, data=Data(train=table), looks=2))
        assert math.isfinite(run.grades[-1].train.rse) and run.final.shape == (len(steps), 60, 1)


def test_another_grade_is_kept_only_while_the_validation_error_falls():
    data = line_data()
    random = torch.from_numpy(np.random.RandomState(0).normal(size=(40, 1))).float()
    noise = dataclasses.replace(data.validation, targets=random)
    falling = configuration("mgdl", problem(steps=60), effort="quick", authors=SMOKE, seed=0, grades=0)
    assert falling.grades_auto and len(falling.grades) == 8
    kept = do(Case(name="f", method="mgdl", config=falling, data=data))
    held = [at.validation.rse for at in kept.grades]
    assert len(held) > 1 and held == sorted(held, reverse=True)
    stopped = do(Case(name="f", method="mgdl", config=falling, data=dataclasses.replace(data, validation=noise)))
    assert len(stopped.grades) < 10 and "did not lower the validation error" in stopped.stopped
    with pytest.raises(inr.ConfigError, match="no validation set"):
        do(Case(name="f", method="mgdl", config=falling, data=Data(train=data.train)))


def test_only_the_authors_methods_have_a_grid():
    asked = Wishes(effort="paper", grid=True, methods=("mgdl",))
    with pytest.raises(inr.ConfigError, match="name a method that ends in -paper"):
        synthetic.cases(dataclasses.replace(asked, setting=1))


def overfitting(steps: int) -> Case:
    """Return three grades that learn noise, and stop where samples without that noise say so."""
    x = np.linspace(0, 1, 40)
    noise = np.random.RandomState(0).normal(size=(2, 40))
    of = [samples(at, np.sin(5 * at) + part) for at, part in zip((x, x + 0.01), noise, strict=True)]
    config = configuration("mgdl", problem(steps=steps), effort="quick", authors=SMOKE, seed=0, grades=3)
    data = Data(train=of[0], validation=of[1])
    return Case(name="f", method="mgdl", config=dataclasses.replace(config, stop="held-out"), data=data)


def test_each_grade_is_left_where_the_validation_error_was_least():
    one = overfitting(200)
    stopped = do(one)
    to_the_end = do(dataclasses.replace(one, config=dataclasses.replace(one.config, stop="end")))
    last, other = stopped.grades[-1], to_the_end.grades[-1]
    assert last.validation.rse < 0.9 * other.validation.rse and last.train.rse > 1.2 * other.train.rse
    looks = [at.validation.rse for at in stopped.curve if at.grade == 1]
    assert stopped.grades[0].validation.rse <= 1.02 * min(looks) and looks[-1] > 1.05 * min(looks)
    assert len(stopped.grades) == 1 and "grade 2 did not lower the validation error" in stopped.stopped
    assert 0 < last.kept < stopped.curve[-1].step <= last.step == stopped.steps < 150
    for without in (Data(train=one.data.train), Data(train=one.data.train, test=one.data.validation)):
        with pytest.raises(inr.ConfigError, match="no validation set"):
            do(dataclasses.replace(one, data=without))


def test_grades_that_lower_the_validation_error_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "EVERY", 0.0)
    data = line_data()
    config = configuration("mgdl", problem(steps=60), effort="quick", authors=SMOKE, seed=0, grades=3)
    one = Case(name="f", method="mgdl", config=dataclasses.replace(config, stop="held-out"), data=data)
    run = do(one)
    held = [at.validation.rse for at in run.grades]
    assert len(held) > 1 and held == sorted(held, reverse=True)
    assert all(at.kept is not None and at.kept <= at.step for at in run.grades)
    assert [at.step for at in run.curve] == sorted(at.step for at in run.curve)
    goes_on(one, 90, tmp_path / "x.part.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"inputs": torch.empty(0, 1), "targets": torch.empty(0, 1)}, r"validation inputs are \(0, 1\)"),
        ({"targets": torch.zeros(40, 2)}, r"validation targets are \(40, 2\) of torch.float32; rows like"),
        ({"targets": torch.full((40, 1), math.nan)}, "validation targets hold a number that is not finite"),
    ],
)
def test_validation_samples_of_another_kind_are_refused(change, message):
    one = overfitting(5)
    other = dataclasses.replace(one.data.validation, **change)
    with pytest.raises(inr.ConfigError, match=message):
        do(dataclasses.replace(one, data=dataclasses.replace(one.data, validation=other)))


def test_lbfgs_finishes_where_adam_does_not_arrive():
    x = np.linspace(-1, 1, 60)
    data = Data(train=samples(x, x**2, dtype=torch.float64))
    plain = FitConfig(
        method="f", encoding=EncodingConfig(kind="none"), feed="features",
        grades=(GradeShape(depth=1, width=12, activation="tanh"),),
        training=GreedyTraining(
            steps=(100,), learning_rate=1e-2, optimizer="adam", batch_size=None, precision="float32"
        ),
    )  # fmt: skip
    ended = dataclasses.replace(plain, training=dataclasses.replace(plain.training, finish=150))
    adam, both = (do(Case(name="f", method="m", config=config, data=data, looks=4)) for config in (plain, ended))
    assert both.steps == 250 and both.curve[-1].step == 250
    assert both.grades[-1].train.rse < 1e-3 * adam.grades[-1].train.rse


# runs and pages


def test_a_run_measures_what_the_model_predicts(tmp_path):
    one = case(steps=7)
    run = do(one)
    assert [at.grade for at in run.grades] == [1, 2] and run.grades[-1].step == run.steps == 14
    assert tuple(at.step for at in run.curve) == one.moments and run.view.shape == (len(run.curve), 40, 1)
    targets = one.data.train.targets.numpy()
    for final, at in zip(run.final, run.grades, strict=True):
        assert at.train.rse == pytest.approx(((final - targets) ** 2).sum() / (targets**2).sum(), rel=1e-4)
    assert run.curve[-1].test.rse == pytest.approx(run.grades[-1].test.rse, rel=1e-4)
    np.testing.assert_allclose(run.view[-1], run.final[-1], atol=1e-5)


def test_runs_are_kept_and_done_once(tmp_path, monkeypatch):
    cases, told = [case("mgdl"), case("sgdl"), case("mgdl", seed=1)], []
    first = Store(tmp_path).runs(cases, tell=lambda *at: told.append(at))
    assert told[0] == ("a line, mgdl, seed 0", 0, 25) and told[-1] == ("a line, mgdl, seed 1", 25, 25)
    assert first[0].grades[-1].train.rse != first[2].grades[-1].train.rse
    monkeypatch.setattr("inr.experiments.store.do", lambda *_, **__: pytest.fail("it is there"))
    again = Store(tmp_path).runs(cases)
    for one, other in zip(first, again, strict=True):
        assert (one.grades, one.curve, one.rates) == (other.grades, other.curve, other.rates)
        assert np.array_equal(one.view, other.view) and np.array_equal(one.final, other.final)


def test_a_record_that_is_not_whole_is_done_again(tmp_path):
    one = case()
    whole = Store(tmp_path).runs([one])[0]
    for broken, content in (("*.npz", b"PK"), ("*.json", b"{"), ("*.json", b"[]")):
        next(tmp_path.glob(broken)).write_bytes(content)
        assert Store(tmp_path).runs([one])[0].grades[-1].train == whole.grades[-1].train


def test_an_interruption_keeps_what_is_done(tmp_path):
    def stop(what, done, _total):
        if "sgdl" in what and done > 12:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Store(tmp_path).runs([case("mgdl"), case("sgdl")], tell=stop)
    assert [path.stem.split("-")[3] for path in tmp_path.glob("*.json")] == ["0"] and len(list(tmp_path.iterdir())) == 2


def goes_on(one: Case, stop: int, part: Path) -> None:
    """Cut a training off after `stop` updates, and check that it goes on from there as if it had not been."""

    def interrupt(done):
        if done == stop:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        do(one, tell=interrupt, part=part)
    told = []
    through, again = do(one), do(one, tell=told.append, part=part)
    assert told[0] == stop and again.parameters == through.parameters
    for ours, theirs in zip((*again.curve, *again.grades), (*through.curve, *through.grades), strict=True):
        assert dataclasses.replace(ours, seconds=0) == dataclasses.replace(theirs, seconds=0)
    assert np.array_equal(again.final, through.final) and np.array_equal(again.view, through.view)
    assert again.seconds > 0 and again.grades[-1].seconds > 0


@pytest.mark.parametrize("method", ["mgdl", "mgdl-paper", "adaptive", "msnn"])
@pytest.mark.parametrize("stop", [3, 9])
def test_an_interrupted_training_goes_on_to_the_same_numbers(tmp_path, monkeypatch, method, stop):
    """Cut off in its first and in its second grade; what was done since it was last kept is done again."""
    monkeypatch.setattr(training, "EVERY", 0.0)
    one = case(method, steps=6)
    if method != "adaptive":
        short = dataclasses.replace(one.training, steps=(6,) * len(one.config.grades))
        one = dataclasses.replace(one, config=dataclasses.replace(one.config, training=short))
    part = tmp_path / "x.part.npz"
    goes_on(one, stop, part)
    part.write_bytes(b"PK half of it")
    whole = []
    do(one, tell=whole.append, part=part)
    assert whole[0] == 1


@pytest.mark.parametrize("stop", [5, 6, 7, 120, 135])
def test_an_interrupted_finish_goes_on_to_the_same_numbers(tmp_path, monkeypatch, stop):
    """Cut off as L-BFGS begins, after its first steps, after a step that dropped its oldest memory, and in grade 2."""
    monkeypatch.setattr(training, "EVERY", 0.0)
    x = np.linspace(-1, 1, 60)
    config = published.stages(2, 4, 120)
    one = Case(name="f", method="msnn", config=config, data=Data(train=samples(x, x**2, dtype=torch.float64)))
    goes_on(one, stop, tmp_path / "x.part.npz")


@pytest.mark.parametrize("stop", [30, 59, 81, 90])
def test_an_interrupted_training_remembers_where_it_was_best(tmp_path, monkeypatch, stop):
    """Cut off in grade 1 before its best and in its last update, and in grade 2, which is dropped in the end."""
    monkeypatch.setattr(training, "EVERY", 0.0)
    goes_on(overfitting(80), stop, tmp_path / "x.part.npz")


def test_a_training_that_diverges_is_a_row(tmp_path):
    one = robustness.gradient_descent("mgdl", 1e3, 40, 0)
    found = Store(tmp_path).runs([Case(name="f", method="mgdl", config=one, data=line_data(), looks=2)])
    assert found[0].grades == () and "did not stay finite" in found[0].stopped
    table = synthetic.tables("f", "a function", (), found)[0]
    assert table.rows == (("mgdl: diverged", 0, *[None] * 5),)


def test_rates_at_which_some_trainings_diverged_are_named(tmp_path, monkeypatch):
    pytest.importorskip("sklearn")
    monkeypatch.setattr(labels, "STEPS", 2)
    for name, value in (("STEPS", 2), ("NOISE", ((1.0,), (5.0,))), ("RATES", (0.01,))):
        monkeypatch.setattr(robustness, name, {"quick": value})
    asked = Wishes(seeds=2)
    runs = Store(tmp_path).runs(robustness.cases(asked))
    lost = [run.method == "sgdl" and run.seed == 0 and run.case.startswith("set 1") for run in runs]
    runs = [dataclasses.replace(run, grades=()) if gone else run for run, gone in zip(runs, lost, strict=True)]
    found = {part.name: part for part in robustness.page(asked, runs).parts if hasattr(part, "rows")}
    assert "not in the mean: sgdl at 0.01: 1 of 2." in found["rates-1"].note and found["rates-1"].rows[1][1] > 0
    assert "Lost" not in found["rates-2"].note


@pytest.mark.parametrize("name", ["synthetic", "manifold", "images"])
def test_a_page_of_nothing_but_diverged_trainings_is_written(tmp_path, name):
    saved(tmp_path / "a.png", picture(12, 12))
    module = {"synthetic": synthetic, "manifold": manifold, "images": images}[name]
    wishes = Wishes(setting=None if name == "images" else 1, image=tmp_path / "a.png" if name == "images" else None)
    runs = [
        Run(
            case=each.name, method=each.method, seed=0, parameters=0, steps=0, seconds=0.0, stopped="diverged",
            rates=(), curve=(), grades=(), view=np.empty(0), final=np.empty(0),
        )
        for each in module.cases(wishes)
    ]  # fmt: skip
    files = write_page(module.page(wishes, runs), tmp_path / "out", "inr reproduce")
    assert all(path.exists() for path in files) and "diverged" in files[0].read_text()


def test_cells_and_tables_are_what_a_reader_sees():
    assert [cell(v) for v in (None, 0.12345, 1.5e-7, 2e6, 12_345, "text", math.nan, 0.0)] == [
        "-", "0.1235", "1.50e-07", "2.00e+06", "12,345", "text", "-", "0",
    ]  # fmt: skip
    table = Table(name="t", title="T", columns=("a", "b"), rows=(("x", 1.0), ("y", None)))
    assert table_lines(table) == ["| a | b |", "| --- | ---: |", "| x | 1 |", "| y | - |"]
    long = Table(
        name="t", title="T", columns=("a", "a long heading", "c"),
        rows=(("x", 1.0, f"{'word ' * 9}end"), ("long", None, None)),
    )  # fmt: skip
    assert text_lines(long) == [
        "a      a long  c",
        "      heading",
        "x           1  " + "word " * 7 + "word",
        "               word end",
        "long        -  -",
    ]


def test_a_page_is_a_folder_with_figures_and_data(tmp_path):
    x = np.arange(5)
    panels = (
        Curves(
            title="c", x="x", y="y", lines=(Line(label="one $x$", x=x + 1, y=x + 1.0, style="o"),), log="xy", marks=(2,)
        ),
        HeatMap(title="h", x="x", y="y", columns=x, rows=np.arange(3), values=np.zeros((3, 5)), marks=(1.5,)),
        Picture(title="p", pixels=np.zeros((4, 6))),
        Picture(title="p", pixels=np.zeros((4, 6, 3))),
    )
    figure = Figure(name="fig", title="figure", caption="A caption.", panels=panels)
    table = Table(name="tab", title="Table", columns=("a",), rows=((1.5,), (None,)), note="A note.")
    run = do(case())
    page = Page(title="Title", about=("About it.",), parts=(table, figure, "A paragraph."), runs=(run,))
    files = write_page(page, tmp_path / "out", "inr reproduce x")
    assert sorted(path.name for path in files) == [
        "experiment.json", "experiment.md", "fig.npz", "fig.png", "report.html", "tab.csv",
    ]  # fmt: skip
    text = files[0].read_text()
    for part in ("# Title", "About it.", "inr reproduce x", "| 1.5 |", "A note.", "![figure](fig.png)", "A caption."):
        assert part in text
    data = json.loads((tmp_path / "out/experiment.json").read_text())
    assert data["tables"][0]["rows"] == [[1.5], [None]] and data["runs"][0]["grades"][0]["train"]["rse"] > 0
    assert (tmp_path / "out/tab.csv").read_text() == "a\n1.5\n\n".replace("\n\n", '\n""\n')
    with np.load(tmp_path / "out/fig.npz") as kept:
        assert kept["panel1_values"].shape == (3, 5) and kept["panel0_line0_y"].tolist() == (x + 1.0).tolist()
    draw(figure, tmp_path / "again.png")
    assert (tmp_path / "again.png").read_bytes() == (tmp_path / "out/fig.png").read_bytes()


def test_panels_can_be_compared_and_nothing_hides_a_curve(tmp_path, monkeypatch):
    kept = []
    monkeypatch.setattr("matplotlib.figure.Figure.savefig", lambda drawn, *_, **__: kept.append(drawn))
    x = np.arange(1, 6)
    curves = [
        Curves(
            title="c",
            x="x",
            y=y,
            lines=(Line(label="f", x=x, y=s * x, style="k--"), Line(label="h", x=x, y=x)),
            log=log,
        )
        for y, s, log in (("error", 1, "y"), ("error", 100, "y"), ("value", 10, ""))
    ]
    looks = np.array([1, 10, 500, 501, 2000])
    heat = HeatMap(
        title="h", x="updates", y="y", columns=looks, rows=x, values=np.zeros((5, 5)), marks=(500,), even=True
    )
    draw(Figure(name="f", title="f", caption="c", panels=(*curves, heat)), tmp_path / "f.png")
    kept[0].canvas.draw()
    first, second, other, even = kept[0].axes[:4]
    assert first.get_ylim() == second.get_ylim() != other.get_ylim() and first.get_ylim()[1] >= 500
    reference, drawn = first.get_lines()
    assert reference.get_zorder() > drawn.get_zorder() and reference.get_color() == "black"
    assert first.get_legend().get_window_extent().y1 < first.get_window_extent().y0
    assert [tick.get_text() for tick in even.get_xticklabels()] == ["1", "10", "500", "501", "2,000"]
    assert even.get_xticks().tolist() == [0, 1, 2, 3, 4] and even.get_lines()[0].get_xdata()[0] == 2.5


# files of data sets


def idx(array: np.ndarray) -> bytes:
    return struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@pytest.fixture
def mnist(tmp_path, monkeypatch):
    random = np.random.default_rng(0)
    content = {
        name: idx(random.integers(0, 256 if "images" in name else 10, shape, dtype=np.uint8))
        for name, shape in zip(digits.FILES, [(8, 28, 28), (8,), (3, 28, 28), (3,)], strict=True)
    }
    monkeypatch.setattr(digits, "FILES", {n: hashlib.md5(data).hexdigest() for n, data in content.items()})
    for number, (name, data) in enumerate(content.items()):
        if number % 2:
            (tmp_path / name).write_bytes(data)
        else:
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress(data))
    return tmp_path


def test_files_of_mnist_are_read_compressed_or_not(mnist):
    found = digits.load_digits(mnist)
    assert found.name == "MNIST" and found.inputs.shape == (8, 784) and found.test_inputs.shape == (3, 784)
    assert found.labels.max() <= 9 and 0.9 < found.inputs.max() <= 1


def test_files_that_are_not_mnists_are_refused(mnist):
    name = next(iter(digits.FILES))
    (mnist / f"{name}.gz").write_bytes(gzip.compress(b"something else"))
    with pytest.raises(inr.ImageError, match="checksum differs"):
        digits.load_digits(mnist)
    (mnist / f"{name}.gz").write_bytes(b"not gzip")
    with pytest.raises(inr.ImageError, match="cannot be read"):
        digits.load_digits(mnist)
    (mnist / f"{name}.gz").unlink()
    with pytest.raises(inr.ImageError, match="holds no train-images-idx3-ubyte"):
        digits.load_digits(mnist)


# the experiments


def test_every_experiment_shows_a_page_of_its_own_runs(tmp_path, monkeypatch):
    """From data to page with two steps a training: what is planned is what is shown."""
    pytest.importorskip("sklearn")
    for each in (synthetic, manifold):
        monkeypatch.setattr(each, "STEPS", {"quick": 2})
        monkeypatch.setattr(each, "TRAIN", 1200)
        monkeypatch.setattr(each, "HELD_OUT", 50)
    monkeypatch.setattr(images, "STEPS", {"quick": 2})
    monkeypatch.setattr(labels, "STEPS", 2)
    monkeypatch.setattr(robustness, "STEPS", {"quick": 2})
    monkeypatch.setattr(robustness, "NOISE", {"quick": ((0.5, 1.0), (5.0,))})
    monkeypatch.setattr(robustness, "RATES", {"quick": (0.01, 0.1)})
    monkeypatch.setattr(inventions, "SHARE", {"quick": 1e-4})
    picture = tmp_path / "a.png"
    inr.save_image(picture, np.random.default_rng(0).integers(0, 256, (14, 18, 3), dtype=np.uint8))
    wishes = {
        "synthetic": Wishes(setting=3), "manifold": Wishes(), "images": Wishes(image=picture), "labels": Wishes(),
        "robustness": Wishes(), "methods": Wishes(demo="msnn"),
    }  # fmt: skip
    drawn = []
    monkeypatch.setattr("inr.experiments.page.draw", lambda figure, path: (drawn.append(figure), path.touch()))
    for name, asked in wishes.items():
        doing = EXPERIMENTS[name].doing(asked)
        cases = doing.cases(asked)
        assert len({each.key for each in cases}) == len(cases)
        page = doing.page(asked, Store(tmp_path / name).runs(cases))
        files = write_page(page, tmp_path / name, "command")
        names = [path.name for path in files]
        assert len(set(names)) == len(names) and any(n.endswith(".png") for n in names) and page.runs
    monkeypatch.undo()
    for figure in [each for each in drawn if each.name in ("noise", "rates-1", "pictures-mgdl", "msnn-error")]:
        draw(figure, tmp_path / f"{figure.name}.png")  # one of each kind: drawing takes most of the time


def test_a_picture_is_known_by_name_and_size_and_judged_on_pixels_apart(tmp_path):
    random = np.random.default_rng(0)
    image = inr.image_from_array(random.integers(0, 256, (6, 8, 4), dtype=np.uint8))
    assert images.known(image) is None
    data = images._data(image)
    assert data.train.targets.shape == (12, 3) and data.validation.inputs.shape == (12, 2)
    assert data.test.inputs[[0, 9]].tolist() == [[0.0, 0.0], [0.125, pytest.approx(1 / 6)]]
    left = torch.from_numpy(random.normal(size=(48, 3)))
    lattice = (torch.arange(6)[:, None] % 2 == 0) & (torch.arange(8) % 2 == 0)
    own = lattice.reshape(-1)
    at = Moment(grade=1, step=1, seconds=0, train=score(left[own], left[own]), test=score(left, left))
    assert images.held_out(at, 12, 48) == pytest.approx(-10 * math.log10(float(left[~own].square().mean())))


def test_the_spectrum_of_a_picture_shows_what_each_grade_adds():
    """Grade 1 draws all but one wave, and another brightness, which does not count; grade 2 draws that wave."""
    y, x = np.mgrid[:48, :64]
    rest = np.cos(2 * np.pi * 4 * x / 64) + np.random.default_rng(0).normal(0, 0.03, x.shape)
    wave = 0.25 * np.sin(2 * np.pi * 20 * y / 64)
    target, first = (each[:, :, None].astype(np.float32) for each in (rest + wave, rest + 1.0))
    looks = np.stack([np.zeros_like(target), first, target]).reshape(3, -1, 1)
    of = score(torch.ones(1), torch.ones(1))
    curve = tuple(Moment(grade=grade, step=step, seconds=0, train=of) for grade, step in ((1, 1), (1, 5), (2, 10)))
    run = Run(
        case="f", method="m", seed=0, parameters=1, steps=10, seconds=0, stopped=None, rates=(), curve=curve,
        grades=curve[1:], view=looks, final=looks[1:],
    )  # fmt: skip
    spectrum, errors = spectrum_figures([run], Lattice(target=target, step=3))
    added, after = spectrum.panels
    assert [line.x[line.y.argmax()] for line in added.lines] == pytest.approx([4, 20, 4], abs=0.6)
    np.testing.assert_allclose(after.lines[1].y, after.lines[2].y, atol=1e-6)
    assert "a half up to 18, 44 cycles after the grades in turn" in spectrum.caption
    assert "one in 3 along each side" in spectrum.caption and "shorter than 6 pixels" in errors.caption
    assert "Dotted: a grade ends. `m`: e_low is below" in errors.caption
    heat, curves = errors.panels
    low, high = (int(np.abs(heat.rows - cycles).argmin()) for cycles in (4, 20))
    assert heat.values[low].tolist() == pytest.approx([1, 0, 0], abs=0.01)
    assert heat.values[high].tolist() == pytest.approx([1, 1, 0], abs=0.01)
    assert [line.label for line in curves.lines[:2]] == ["e_low, 3 pixels", "e_high, 3 pixels"]
    assert curves.lines[0].y[1] < 0.1 and curves.lines[1].y[1] > 0.5
    assert not spectrum_figures([run], Lattice(target=np.full_like(target, 0.5), step=1))
