"""The frequency principle's demonstrations: their measures by plain formulas, and all of them down to their page."""

import dataclasses
import hashlib
import io
import json
import math
import shutil
import tarfile

import numpy as np
import pytest
from helpers.pictures import DATA
from test_cli import run as command

import inr
from inr.experiments.frequency_principle import data, measures, targets
from inr.experiments.frequency_principle.columns import split_errors
from inr.experiments.frequency_principle.demo import Network
from inr.experiments.frequency_principle.experiment import DEMOS
from inr.experiments.runs import Moment, Run, Score
from inr.experiments.wishes import Wishes

QUICK = Wishes()


def test_the_functions_have_the_books_values():
    x = np.array([0.0, 0.5, 2.0])
    np.testing.assert_allclose(targets.sines(x, ((1, 1), (0.2, 3))), [math.sin(v) + 0.2 * math.sin(3 * v) for v in x])
    np.testing.assert_array_equal(targets.staircase(np.array([0.1, math.pi / 2, -1.0, 0.6])), [0, 1, -1, 1])
    noise = targets.noisy(np.zeros(4000), 0.2, 1)
    assert abs(noise.mean()) < 0.01 and noise.std() == pytest.approx(0.2, rel=0.05)
    points = targets.cube(4)
    assert len(np.unique(points, axis=0)) == 16 and set(points.ravel()) == {-1.0, 1.0}
    assert targets.parity(np.array([[1, -1, -1, -1], [1, 1, -1, -1]])).tolist() == [-1, 1]
    k = np.linspace(0, 1.5, 7)
    found = targets.diagonal_transform(points, targets.parity(points), k)
    np.testing.assert_allclose(found, (-1j * np.sin(k)) ** 4, atol=1e-12)


def test_magnitudes_do_not_see_a_wrong_phase_and_complex_errors_do():
    x = np.arange(128) * 2 * np.pi / 128
    target = np.sin(3 * x) + 0.5 * np.sin(10 * x)
    shifted = np.sin(3 * x + np.pi) + 0.25 * np.sin(10 * x)
    found = measures.errors_at_peaks(np.stack([target, shifted]), target)
    assert found.frequency.tolist() == [3, 10]
    np.testing.assert_allclose(found.magnitude, [[0, 0], [0, 0.5]], atol=1e-4)
    np.testing.assert_allclose(found.whole, [[0, 0], [2, 0.5]], atol=1e-4)


def test_peaks_are_local_maxima_ends_included():
    assert measures.peaks(np.array([5, 1, 3, 2, 0.1, 0.2, 0.1, 4])).tolist() == [0, 2, 7]
    assert measures.peaks(np.array([5.0, 1, 3, 2, 4]), most=2).tolist() == [0, 2]


def test_a_frequency_is_learned_from_where_its_error_stays_below_the_level():
    errors = np.full((12, 3), 0.5)
    errors[1, 0] = errors[4:, 0] = 0.05
    errors[11, 1] = 0.05
    assert measures.learned_at(errors, range(0, 120, 10), row=3) == [40, 110, None]


@pytest.mark.parametrize(
    ("learned", "tau", "order"),
    [
        ([1, 5, 9], 1.0, "low first"),
        ([9, 5, None], 1 / 3, "no order"),
        ([9, 5, 1], -1.0, "high first"),
        ([4, 4, 4], 0.0, "no order"),
        ([3, None, None], 1.0, "no order"),
        ([3, 4, None, None], 1.0, "low first"),
        ([None, None], 0.0, "no order"),
    ],
)
def test_order_is_kendalls_tau_of_frequency_and_time(learned, tau, order):
    assert measures.tau(learned) == pytest.approx(tau)
    assert measures.order(learned) == order


def test_a_gaussian_filter_splits_as_the_formula_says():
    random = np.random.default_rng(0)
    x, y, h = random.uniform(size=(9, 3)), random.normal(size=(9, 2)), random.normal(size=(9, 2))
    low = measures.gaussian_low(x, 0.2)
    for i in range(9):
        weights = [math.exp(-sum((x[i] - x[j]) ** 2) / 0.4) for j in range(9)]
        mean = sum(w * y[j] for j, w in enumerate(weights)) / sum(weights)
        np.testing.assert_allclose(low[i] @ y, mean, rtol=1e-5)
    e_low, e_high = measures.low_high_error(low, h, y)
    assert e_low == pytest.approx(np.linalg.norm(low @ (h - y)) / np.linalg.norm(low @ y), rel=1e-5)
    rest = np.eye(9) - low
    assert e_high == pytest.approx(np.linalg.norm(rest @ (h - y)) / np.linalg.norm(rest @ y), rel=1e-5)


def test_low_and_high_frequencies_of_a_picture_are_told_apart():
    y, x = np.mgrid[:64, :64] / 64
    slow, fast = np.sin(2 * np.pi * (3 * x + 10 * y)), np.sin(2 * np.pi * 11 * x)
    low, high = split_errors(np.stack([0.5 * slow + fast, slow]), slow + fast)
    np.testing.assert_allclose(low, [0.5, 0.0], atol=1e-9)
    np.testing.assert_allclose(high, [0.0, 1.0], atol=1e-9)


def test_a_picture_is_shrunk_by_averaging_its_centre():
    image = inr.image_from_array(np.arange(8 * 12, dtype=np.float32).reshape(8, 12, 1) / 96)
    shrunk = data.grey(image, 4, 4)
    np.testing.assert_allclose(shrunk, image.pixels[:, 2:10, 0].reshape(4, 2, 4, 2).mean(axis=(1, 3)), rtol=1e-5)
    assert data.grey(image, 3, 5).mean() == pytest.approx(float(image.pixels.mean()), abs=0.02)
    with pytest.raises(inr.ConfigError, match="9 x 9 at least"):
        data.grey(image, 9, 9)


def archive(folder, count=30):
    """A file like CIFAR-10's; returns the bytes of the records in it."""
    records = np.random.default_rng(0).integers(0, 256, (count, 3073), dtype=np.uint8)
    records[:, 0] %= 10
    with tarfile.open(folder / data.CIFAR_NAME, "w:gz") as tar:
        info = tarfile.TarInfo("cifar-10-batches-bin/data_batch_1.bin")
        info.size = records.size
        tar.addfile(info, io.BytesIO(records.tobytes()))
    return records


def test_cifar_is_read_if_its_checksum_is_right(tmp_path, monkeypatch):
    records = archive(tmp_path)
    with pytest.raises(inr.ConfigError, match="SHA-256 is not that of CIFAR-10"):
        data.labelled(tmp_path, 5)
    own = hashlib.sha256((tmp_path / data.CIFAR_NAME).read_bytes()).hexdigest()
    monkeypatch.setattr(data, "CIFAR_SHA256", own)
    found = data.labelled(tmp_path, 5)
    assert found.name == "CIFAR-10" and found.labels.tolist() == records[:5, 0].tolist()
    np.testing.assert_allclose(found.pixels, records[:5, 1:] / 255, rtol=1e-6)


def test_a_network_has_the_books_layers_whole_or_in_grades_of_two():
    network = Network(widths=(20, 30, 40, 10), rate=1e-3, steps=100, spread=0.1)
    whole, graded = (network.config(method, 0) for method in ("sgdl", "mgdl"))
    assert (whole.grades[0].depth, whole.grades[0].form.before, whole.grades[0].width) == (4, (20, 30, 40), 10)
    assert [(grade.form.before, grade.width) for grade in graded.grades] == [((20,), 30), ((40,), 10)]
    assert whole.training.steps == (100,) and graded.training.steps == (50, 50)


def made(case, targets_there, weights, method="sgdl"):
    """A run whose predictions at look t are sum_k weights[t, k] of the parts of the target."""
    view = np.einsum("tk,kn->tn", np.asarray(weights), targets_there)[:, :, None].astype(np.float32)
    nothing = Score(rse=0.0, psnr_db=0.0)
    curve = tuple(Moment(grade=1, step=10 * (i + 1), seconds=0.0, train=nothing) for i in range(len(view)))
    return Run(case=case, method=method, seed=0, parameters=0, steps=curve[-1].step, seconds=0.0, stopped=None,
               rates=(1.0,), curve=curve, grades=curve[-1:], view=view,
               final=view[-1:])  # fmt: skip


@pytest.mark.parametrize(("reverse", "shown"), [(False, True), (True, False)])
def test_a_verdict_is_measured(reverse, shown):
    x = targets.line(np.pi, 120)
    parts = np.stack([np.sin(k * x) for k in (1, 3, 5)])
    time = np.arange(60)[:, None] - np.array([5, 20, 35])[:: -1 if reverse else 1]
    finding = DEMOS["sines"].finding(QUICK, [made("sin x + sin 3x + sin 5x", parts, time > 0)])
    assert finding.holds is shown
    listed = "70, 220, 370" if not reverse else "370, 220, 70"
    assert f"low to high learned after {listed} updates" in finding.measured
    assert [row[3] for row in finding.parts[0].rows] == [int(step) for step in listed.split(", ")]


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """Networks of eight neurons, trained for some updates, in a folder with data/camera.png."""
    whole = Network.cases

    def few(self, *args, **kwargs):
        small = dataclasses.replace(self, widths=tuple(8 for _ in self.widths), steps=min(self.steps, 24))
        return whole(small, *args, **kwargs | {"looks": 12})

    monkeypatch.setattr(Network, "cases", few)
    (tmp_path / "data").mkdir()
    shutil.copy(DATA / "camera.png", tmp_path / "data")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_all_demonstrations_leave_one_page_with_what_was_measured(tiny):
    said = command("reproduce", "frequency-principle", "--methods", "sgdl", "--threads", "1")
    folder = tiny / "experiment-frequency-principle"
    page, facts = (folder / "experiment.md").read_text(), json.loads((folder / "experiment.json").read_text())
    verdicts = facts["tables"][0]
    assert [row[0] for row in verdicts["rows"]] == list(DEMOS)
    assert "no" in {row[2] for row in verdicts["rows"]}, "eight neurons cannot show it all"
    for demo in DEMOS.values():
        assert f"## {demo.title}" in page and demo.claim in page and f"\n{demo.name} " in said.stdout
    for figure in facts["figures"]:
        assert (folder / figure["file"]).stat().st_size > 1000 and figure["caption"] in page
    assert {"sines-heat.png", "columns-pictures.png", "filter.png"} <= {each["file"] for each in facts["figures"]}
    assert "in place of CIFAR-10" in page
    assert "sgdl misses the clean sine least after" in page and "mgdl misses" not in page and "Dotted" not in page


def test_captions_speak_of_every_method_that_is_shown(tiny):
    for name, said in (("sines", "wrong phases too. Dotted: a grade ends."), ("noise", "mgdl misses the clean sine")):
        run = command("reproduce", "frequency-principle", name, "-o", name, "--quiet")
        assert said in (tiny / name / "experiment.md").read_text() and not run.stdout


def test_one_demonstration_with_methods_seeds_and_a_picture(tiny):
    picture = str(DATA / "cat.png")
    arguments = ("reproduce", "frequency-principle", "columns", "--image", picture, "--seeds", "2")
    facts = json.loads(command(*arguments, "--json", "-o", "columns").stdout)
    assert {(run["method"], run["seed"]) for run in facts["runs"]} == {(m, s) for m in ("sgdl", "mgdl") for s in (0, 1)}
    assert facts["title"].endswith("A picture by every other column") and len(facts["tables"][0]["rows"]) == 1


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (("magic",), "there is no part 'magic'; experiment 'frequency-principle' has sines, staircase,", 2),
        (("sines", "--image", "a.png"), "demonstration 'sines' has no use for it; columns and camera have", 2),
        (("camera", "--data", "."), "has no use for it; projection and filter have", 2),
        (("projection", "--data", "nowhere"), "get it from https://www.cs.toronto.edu", 2),
        (("columns", "--image", "none.png"), "none.png", 1),
        (("sines", "--methods", "siren"), "--methods has 'siren'", 2),
        (("sines", "--setting", "1"), "'frequency-principle' takes --data, --effort, --image, --methods, --seeds.", 2),
    ],
)
def test_wishes_that_make_no_sense_are_one_sentence(tiny, arguments, message, code):
    said = command("reproduce", "frequency-principle", *arguments, code=code)
    assert message in said.stderr and len(said.stderr.strip().splitlines()) == 1


def test_without_the_sample_picture_a_sentence_says_so(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = command("reproduce", "frequency-principle", "camera", code=2)
    assert "there is no data/camera.png here; give a picture with --image FILE." in said.stderr


def test_without_the_sample_picture_the_other_demonstrations_are_done(tiny):
    (tiny / "data/camera.png").unlink()
    printed = command("reproduce", "frequency-principle", "--methods", "sgdl", "--threads", "1").stdout
    page = (tiny / "experiment-frequency-principle/experiment.md").read_text()
    for text in (printed, page):
        assert text.count("left out") == 2 and text.count("there is no data/camera.png here; give") == 2
    titles = [demo.title for demo in DEMOS.values() if f"## {demo.title}" not in page]
    assert titles == [DEMOS[name].title for name in ("columns", "camera")]
