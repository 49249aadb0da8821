"""Budgets, runs and their resumption, ranking, interpolation, and what is written."""

import csv
import dataclasses
import json

import numpy as np
import pytest
from helpers.configs import changed
from helpers.pictures import has_figures, picture

import inr
from inr.analysis.interpolation import INTERPOLATIONS, interpolate
from inr.analysis.metrics import Quality, compare_pictures
from inr.comparison import compare as module
from inr.comparison import runs as runs_module
from inr.comparison.budget import Budget, parse_budget, under
from inr.comparison.compare import compare
from inr.comparison.contenders import BEST_QUALITY, ON_PLANES, parse_methods
from inr.comparison.folder import write_comparison
from inr.comparison.page import table
from inr.comparison.ranking import rank
from inr.comparison.runs import Run, run_from_json, run_to_json
from inr.comparison.verdict import verdict
from inr.report.text import json_text
from inr.settings.methods import METHODS
from inr.settings.options import FitOptions
from inr.spectra.bandwidth import choose_sigma

STEPS = Budget(seconds=None, steps=8)


@pytest.fixture
def named():
    return [
        dataclasses.replace(inr.image_from_array(picture(seed=n)), name=f"{n}.png", sha256=str(n) * 64)
        for n in range(2)
    ]


def small(text: str):
    return [
        dataclasses.replace(
            c, options=dataclasses.replace(c.options, width=8, batch_size=None if c.options.method in ON_PLANES else 0)
        )
        for c in parse_methods(text)
    ]


def of(method: str) -> inr.FitConfig:
    return inr.configure(FitOptions(method=method))


def test_budget_of_steps_is_shared_as_the_method_shares_its_own(image):
    config = changed(of("mgdl-fourier"), steps=(700, 700, 300, 300))
    config = under(Budget(seconds=None, steps=4000), config, image)
    assert list(config.training.steps) == pytest.approx([1400, 1400, 600, 600], abs=2)
    assert config.seconds is None


@pytest.mark.parametrize("steps", range(4, 50))
def test_budget_of_steps_is_spent_to_the_last_and_not_beyond(image, steps):
    shares = under(Budget(seconds=None, steps=steps), of("mgdl-fourier"), image).training.steps
    assert sum(shares) == steps and min(shares) >= 1


def test_fewer_steps_than_grades_are_refused(image):
    with pytest.raises(inr.ConfigError, match="'mgdl-fourier' has 4 grades; give steps=4 or more"):
        under(Budget(seconds=None, steps=3), of("mgdl-fourier"), image)


def test_a_budget_that_none_can_keep_is_refused_before_anything_runs(named, tmp_path):
    budget = Budget(seconds=None, steps=3)
    with pytest.raises(inr.ConfigError, match="4 grades"):
        compare(named, parse_methods("mgdl-fourier"), tmp_path / "none", budget=budget)
    assert not (tmp_path / "none").exists()
    result = compare(named[:1], small("mgdl-fourier,sgdl-fourier"), tmp_path / "some", budget=budget, tune=False)
    assert [run.error is None for run in result.runs] == [False, True]


def test_budget_of_seconds_ends_training_before_the_steps_do(image):
    config = under(Budget(), of("mgdl-fourier"), image)
    assert config.seconds == 30 and config.training.steps[0] == 360_000


def test_budget_of_a_joint_fit(image):
    """Bytes become its limit; it has no parameters to hold equal, and no rates to search."""
    (contender,) = parse_methods("mgdl:target-bpp=1")
    config = under(Budget(seconds=None, steps=7, bytes=5000), inr.configure(contender.options), image)
    assert (config.training.steps, config.max_bytes, config.target_bpp) == (7, 5000, None)
    assert under(Budget(seconds=3.0), inr.configure(contender.options), image).seconds == 3.0
    (aiming,) = parse_methods("mgdl:target-psnr=30")
    config = inr.configure(aiming.options)
    assert under(Budget(seconds=3.0), config, image).target_psnr == 30
    assert under(Budget(bytes=5000), config, image).target_psnr is None
    with pytest.raises(inr.ConfigError, match="takes seconds, steps and bytes"):
        under(Budget(parameters=1000), inr.configure(contender.options), image)


def test_a_joint_fit_is_compared_without_a_search(named, tmp_path, hasty):
    """Its configuration has one row, whether or not a search is asked for, at the highest quality."""
    found = compare(named[:1], small("mgdl,sgdl"), tmp_path, budget=STEPS)
    assert [(run.contender, run.variant, run.error) for run in found.runs] == [
        ("mgdl", "default", None),
        ("sgdl", "default", None),
    ]
    assert {tuned.probes for tuned in found.searches.values()} == {0}
    for run in found.runs:
        assert run.quality.psnr_db > 45 and run.bytes == (tmp_path / "runs" / run.model).stat().st_size


def test_methods_on_planes_are_compared_at_the_highest_quality():
    asked = "mgdl,sgdl,mgdl:quality=50,mgdl:max-bytes=9k,mgdl:target-psnr=30,mgdl:encoding=fourier,mgdl-fourier"
    assert [c.options.quality for c in parse_methods(asked)] == [BEST_QUALITY, BEST_QUALITY, 50, *[None] * 4]


def test_bytes_of_a_budget_are_those_of_the_file(named, tmp_path, hasty):
    """On planes and on waves; of these the file may be smaller, because its weights are rounded."""
    budget = Budget(seconds=None, steps=8, bytes=3000)
    found = compare(named[:1], parse_methods("mgdl,sgdl,sgdl-fourier"), tmp_path, budget=budget, tune=False)
    assert not found.equal  # bytes are equal already
    for run in found.runs:
        assert run.error is None and run.bytes == (tmp_path / "runs" / run.model).stat().st_size <= 3000


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ON_PLANES])
@pytest.mark.parametrize("limit", [3_000, 60_000])
def test_budget_of_numbers_is_met_and_nearly_spent(name, limit):
    image = inr.image_from_array(picture(64, 96))
    options = {} if name.endswith("-paper") else {"depth": 2}
    config = inr.configure(FitOptions(method=name, **options))
    for kind in ("parameters", "bytes"):
        asked = limit * (2 if kind == "bytes" else 1)
        try:
            sized = under(Budget(seconds=None, steps=len(config.grades), **{kind: asked}), config, image)
        except inr.ConfigError as error:
            pixels = name == "local" and kind == "bytes"  # its file holds them, however many bytes these take
            assert "pixels of the picture" in str(error) if pixels else "smallest" in str(error) and limit == 3_000
            continue
        model = inr.fit(image, changed(sized, batch_size=16)).model
        spent = model.parameters_count if kind == "parameters" else len(inr.model_to_bytes(model))
        assert 0.5 * asked < spent <= asked


def test_parse_budget():
    assert parse_budget("steps=500, parameters=1e5") == Budget(seconds=None, steps=500, parameters=100_000)
    assert parse_budget("seconds=1.5").seconds == 1.5 and parse_budget(None).seconds == 30
    for wrong in (
        "hours=3",
        "seconds",
        "steps=inf",
        "seconds=nan",
        "steps=1.5",
        "seconds=-1",
        "bytes=9,parameters=9",
        "seconds=nan",
    ):
        with pytest.raises(inr.ConfigError, match="budget"):
            parse_budget(wrong)


def test_parse_methods():
    assert [c.name for c in parse_methods("all")] == list(METHODS)
    (contender,) = parse_methods("siren:grades=4:depth=1:learning-rate=0.01:recipe=inr")
    assert contender.options == FitOptions(method="siren", grades=4, depth=1, learning_rate=0.01, recipe="inr")
    for wrong in ("", "mgdl,mgdl", "nothing", "siren:colour=3", "siren:grades=x", "sgdl:grades=3", "mgdl:seed=1"):
        with pytest.raises(inr.ConfigError):
            parse_methods(wrong)


def test_contenders_are_checked_before_anything_runs(named, tmp_path):
    with pytest.raises(inr.ConfigError, match="joint training takes seconds, steps and bytes"):
        compare(named, parse_methods("mgdl,sgdl"), tmp_path / "none", budget=Budget(parameters=1000))
    assert not (tmp_path / "none").exists()


def test_a_bandwidth_read_off_the_picture_is_searched_from_there(named, tmp_path, monkeypatch):
    (contender,) = parse_methods("mgdl:encoding=fourier:grades=1:depth=1:width=8")
    run, tried = runs_module.Store.run, []

    def noted(self, image, name, variant, options, **more):
        tried.append(options.sigma)
        return run(self, image, name, variant, options, **more)

    monkeypatch.setattr(runs_module.Store, "run", noted)
    compare(named[:1], [contender], tmp_path, budget=STEPS)
    start = choose_sigma(named[0])
    assert {None, 2 * start} <= set(tried) or {None, start / 2} <= set(tried)


def test_runs_are_shuffled(named, tmp_path, hasty):
    told = []
    methods = "mgdl,sgdl,mgdl-fourier,siren,gauss,adaptive"
    compare(
        named[:1], small(methods), tmp_path, budget=Budget(seconds=None, steps=1), tune=False,
        progress=lambda what, *_: told.append(what.split(": ")[1].split(",")[0].split(":")[0]),
    )  # fmt: skip
    *runs, last = told
    assert sorted(runs) == sorted(methods.split(",")) and runs != methods.split(",")
    assert last == "mgdl and sgdl at equal PSNR"


def test_every_method_runs_on_every_picture_and_seed(named, tmp_path):
    result = compare(named, small("mgdl-fourier,siren"), tmp_path, budget=STEPS, seeds=2)
    seen = {(run.contender, run.variant, run.image, run.seed) for run in result.runs}
    found = [name for name, tuned in result.searches.items() if not tuned.as_it_comes]
    rows = {(name, "default") for name in ("mgdl-fourier", "siren")} | {(name, "tuned") for name in found}
    assert len(result.runs) == len(seen) and seen == {(*row, i.name, s) for row in rows for i in named for s in (0, 1)}
    assert result.searches["siren"].options.recipe == "inr" and result.searches["siren"].probes >= 6
    for run in result.runs:
        model = inr.load_model(tmp_path / "runs" / run.model)
        quality = inr.measure(next(i for i in named if i.name == run.image), model)[0][-1]
        assert (quality, model.parameters_count, run.steps) == (run.quality, run.parameters, 8)


@pytest.mark.parametrize("better", ["muon", "adam"])
def test_a_search_takes_the_best_it_saw(named, tmp_path, monkeypatch, better):
    def judged(self, image, name, variant, options, *, probe=False):
        start = {"muon": 0.06, "adam": 1e-4}[options.optimizer or "muon"]
        near = -abs(np.log10((options.learning_rate or start) / (3 * start)))
        near -= abs(np.log10((options.omega or 30) / 60))
        near -= (options.optimizer or "muon") != better
        quality = Quality(psnr_db=50 + near, psnr_unclipped_db=0, ssim=None)
        return Run(
            image="0.png", contender=name, variant=variant, seed=0, quality=quality, seconds=1, steps=1, planned=0,
            parameters=1, bytes=1, precision="float32", curve=(), error=None, model="",
        )  # fmt: skip

    monkeypatch.setattr(runs_module.Store, "run", judged)
    tuned = compare(named[:1], parse_methods("siren"), tmp_path).searches["siren"]
    found = tuned.options
    assert (found.optimizer, found.omega) == ({"muon": None, "adam": "adam"}[better], 60)
    assert found.learning_rate == pytest.approx({"muon": 0.18, "adam": 3e-4}[better])
    assert (tuned.probes, tuned.seconds) == (8, 8)  # as it comes; by Adam; rate up, up; omega up, up; the ends again


def test_a_papers_own_settings_are_kept_where_they_are_better(named, tmp_path, monkeypatch):
    def judged(self, image, name, variant, options, *, probe=False):
        return made(name, "0.png", 0, 30 if options.recipe is None else 20, variant)

    monkeypatch.setattr(runs_module.Store, "run", judged)
    tuned = compare(named[:1], parse_methods("siren"), tmp_path).searches["siren"]
    assert tuned.options == FitOptions(method="siren") and tuned.as_it_comes


def test_a_search_that_misleads_ends_where_it_began(named, tmp_path, monkeypatch):
    """A high rate is best in a probe's time, and worst in all of it."""

    def judged(self, image, name, variant, options, *, probe=False):
        psnr = 30 + (1 if probe else -1) * np.log10(inr.configure(options).training.learning_rate)
        return made(name, "0.png", 0, psnr if options.recipe == "inr" else 0, variant)

    monkeypatch.setattr(runs_module.Store, "run", judged)
    tuned = compare(named[:1], parse_methods("siren"), tmp_path).searches["siren"]
    assert tuned.options == FitOptions(method="siren", recipe="inr")


def test_begun_again_only_what_is_missing_is_done(named, tmp_path, monkeypatch):
    done = []
    fit = runs_module.fit_and_measure

    def counted(image, config, **options):
        done.append(config.method)
        if len(done) == 4:
            raise KeyboardInterrupt
        return fit(image, config, **options)

    monkeypatch.setattr(runs_module, "fit_and_measure", counted)
    arguments = (named, small("mgdl-fourier,sgdl-fourier"), tmp_path)
    with pytest.raises(KeyboardInterrupt):
        compare(*arguments, budget=STEPS, tune=False)
    assert len(list((tmp_path / "runs").glob("*.json"))) == 3
    result = compare(*arguments, budget=STEPS, tune=False)
    assert len(done) == 5 and len(result.runs) == 4  # one of the five was cut off
    assert compare(*arguments, budget=STEPS, tune=False) == result and len(done) == 5
    compare(*arguments, budget=Budget(seconds=None, steps=9), tune=False)
    assert len(done) == 9  # another budget is another comparison


def test_a_method_that_fails_is_a_row_that_says_why(named, tmp_path, monkeypatch):
    fit = runs_module.fit_and_measure

    def fails(image, config, **options):
        if config.method == "sgdl-fourier" and image.name == "1.png":
            raise inr.TrainingError("the loss went away.")
        return fit(image, config, **options)

    monkeypatch.setattr(runs_module, "fit_and_measure", fails)
    result = compare(named, small("mgdl-fourier,sgdl-fourier"), tmp_path, budget=STEPS, tune=False)
    row = next(row for row in rank(result) if row.contender == "sgdl-fourier")
    assert row.errors == ("1.png: the loss went away.",) and (row.runs, row.failed) == (1, 1)
    write_comparison(result, named, tmp_path)
    assert "- sgdl-fourier (default): `1.png: the loss went away.`" in (tmp_path / "comparison.md").read_text()
    monkeypatch.setattr(runs_module, "fit_and_measure", fit)
    assert all(
        run.error is None
        for run in compare(named, small("mgdl-fourier,sgdl-fourier"), tmp_path, budget=STEPS, tune=False).runs
    )


def test_damaged_records_and_lost_models_are_done_again(named, tmp_path):
    arguments = (named[:1], small("mgdl-fourier,sgdl-fourier"), tmp_path)
    result = compare(*arguments, budget=STEPS, tune=False)
    records = sorted((tmp_path / "runs").glob("*.json"))
    records[0].write_text("{")
    records[1].with_suffix(".inr").unlink()
    again = compare(*arguments, budget=STEPS, tune=False)
    assert [run.quality for run in again.runs] == [run.quality for run in result.runs]
    write_comparison(again, named[:1], tmp_path)


def test_a_picture_may_come_by_another_path(named, tmp_path):
    compare(named[:1], small("mgdl-fourier"), tmp_path, budget=STEPS, tune=False)
    moved = dataclasses.replace(named[0], name="elsewhere/0.png")
    assert (
        compare([moved], small("mgdl-fourier"), tmp_path, budget=STEPS, tune=False).runs[0].image == "elsewhere/0.png"
    )


def test_options_make_a_rival_no_longer_its_papers():
    assert [c.published for c in parse_methods("siren,siren:recipe=inr,mgdl,mgdl-fourier,mgdl-paper")] == [
        True,
        False,
        False,
        False,
        True,
    ]


def test_the_estimate_of_a_full_batch_does_not_lag(image):
    seen = []
    config = inr.configure(FitOptions(method="siren", width=16, steps=30, learning_rate=0.01))
    model = inr.fit(image, config, progress=lambda at: seen.append(at.psnr_db)).model
    assert seen[-1] == pytest.approx(inr.measure(image, model)[0][-1].psnr_unclipped_db, abs=1.0)


def made(contender, image, seed, psnr, variant="default", held_out=None) -> Run:
    quality = Quality(psnr_db=psnr, psnr_unclipped_db=psnr, ssim=0.5, held_out_psnr_db=held_out, train_psnr_db=held_out)
    return Run(
        image=image, contender=contender, variant=variant, seed=seed, quality=quality, seconds=2, steps=3, planned=0,
        parameters=4, bytes=5, precision="float32", curve=((0.1, 3.0), (1.0, 9.0)), error=None, model="",
    )  # fmt: skip


def test_gain_is_paired_by_picture():
    runs = [made("mgdl", i, s, p) for i, s, p in (("a", 0, 31), ("a", 1, 33), ("b", 0, 41), ("b", 1, 43))]
    runs += [made("sgdl", i, s, p) for i, s, p in (("a", 0, 30), ("a", 1, 30), ("b", 0, 38), ("b", 1, 38))]
    result = module.Comparison(budget=Budget(), pixels="all", seeds=2, runs=tuple(runs), searches={})
    best, other = rank(result)
    assert (best.contender, other.contender) == ("mgdl", "sgdl")
    assert best.gain_db == pytest.approx(3.0) and best.gain_error_db == pytest.approx(1.0)  # 2 and 4 dB
    assert best.spread_db == pytest.approx(2**0.5) and (best.ahead, best.pictures) == (2, 2)
    assert (other.gain_db, other.spread_db) == (None, 0.0)
    said = " ".join(verdict([best, other], {}))
    assert "mgdl (default) is first, 3.00 dB before sgdl (default), ahead on 2 of 2 pictures" in said
    assert "the mean is known to ± 1.00 dB" in said


def test_gains_are_over_one_row_the_best_of_the_reference():
    runs = [made("sgdl", "a", 0, 30), made("sgdl", "a", 0, 32, "tuned")]
    runs += [made("siren", "a", 0, 20, "paper"), made("siren", "a", 0, 31, "tuned")]
    result = module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(runs), searches={})
    rows = rank(result)
    assert [row.gain_db for row in rows] == [None, -1, -2, -12]
    assert verdict(rows, {}) == [
        "sgdl (tuned) is first, 1.00 dB before siren (tuned).",
        "One picture cannot tell how much of that is chance.",
    ]


def test_several_grades_are_measured_against_one_of_their_kind():
    """On planes and on waves at once; all others against `sgdl`. Beside the PSNR stand the bytes of the files."""
    psnr = {"mgdl": 48, "sgdl": 49, "mgdl-fourier": 47, "sgdl-fourier": 41, "siren": 40, "sgdl:depth=3": 45}
    runs = [dataclasses.replace(made(name, "a", 0, p), bytes=1000 * p) for name, p in psnr.items()]
    rows = rank(module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(runs), searches={}))
    assert {row.contender: (row.over, row.gain_db) for row in rows} == {
        "sgdl": (None, None), "mgdl": ("sgdl", -1), "mgdl-fourier": ("sgdl-fourier", 6), "sgdl:depth=3": ("sgdl", -4),
        "sgdl-fourier": ("sgdl", -8), "siren": ("sgdl", -9),
    }  # fmt: skip
    first, _, *others = verdict(rows, {})
    assert first == "sgdl (default) is first, 1.00 dB before mgdl (default)."
    assert sorted(others) == [
        "Several grades against one: mgdl (default) has -1.00 dB over sgdl (default), "
        "and a file of 48,000 bytes against 49,000.",
        "Several grades against one: mgdl-fourier (default) has +6.00 dB over sgdl-fourier (default), "
        "and a file of 47,000 bytes against 41,000.",
    ]
    without = [run for run in runs if run.contender in ("mgdl-fourier", "siren")]
    rows = rank(module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(without), searches={}))
    assert [(row.contender, row.over) for row in rows] == [("mgdl-fourier", None), ("siren", "mgdl-fourier")]


def test_bytes_of_grades_and_of_one_are_compared_at_equal_psnr(named, tmp_path):
    methods = parse_methods("mgdl:quality=40,sgdl:quality=60")
    methods = [dataclasses.replace(c, name=name) for c, name in zip(methods, ON_PLANES, strict=True)]
    result = compare(named[:1], methods, tmp_path, budget=STEPS, tune=False)
    ((grades, one),) = result.equal
    runs = {run.contender: run for run in result.runs}
    assert grades == runs["mgdl"] and one.variant == "equal" and one.bytes < runs["sgdl"].bytes
    assert one.quality.psnr_db == pytest.approx(grades.quality.psnr_db, abs=0.1)
    off = 100 * (grades.bytes / one.bytes - 1)
    sentence = verdict(rank(result), {}, result.equal)[-1]
    assert f"the file of mgdl is {abs(off):.0f} % " in sentence and ("larger" in sentence) == (off > 0)
    write_comparison(result, named[:1], tmp_path)
    assert sentence in (tmp_path / "comparison.md").read_text()
    written = json.loads((tmp_path / "comparison.json").read_text())
    assert [run["bytes"] for run in written["equal_psnr"][0]["runs"]] == [grades.bytes, one.bytes]


def test_what_may_be_chance_is_said_to_be():
    runs = [made("sgdl", i, 0, 30) for i in "abc"]
    runs += [made("mgdl", i, 0, p) for i, p in (("a", 29), ("b", 32), ("c", 30.5))]
    rows = rank(module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(runs), searches={}))
    said = verdict(rows, {})
    assert "ahead on 2 of 3 pictures" in said[0] and said[1] == "By Student's t that may be chance."


def test_two_of_one_size_are_equal_and_few_pictures_prove_little():
    def said(*gains):
        runs = [made("sgdl", str(n), 0, 30) for n in range(len(gains))]
        runs += [made("mgdl", str(n), 0, 30 + gain) for n, gain in enumerate(gains)]
        rows = rank(module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(runs), searches={}))
        return [one for one in verdict(rows, {}) if not one.startswith("Several grades against one")]

    assert said(0, 0, 0) == ["sgdl (default) and mgdl (default) are first, equal to a hundredth of a dB."]
    assert "ahead on 1 of 3" in said(0, 0, -1)[0]  # not on those where they are equal
    assert len(said(1.6, 2.4)) == 2 and len(said(1.6, 2.4, 1.6, 2.4)) == 1  # 2.0 +- 0.4, and +- 0.23


def test_a_method_that_failed_somewhere_is_not_compared():
    lost = dataclasses.replace(made("sgdl", "b", 0, 50), quality=None, error="gone")
    runs = [made("sgdl", "a", 0, 50), lost, made("mgdl", "a", 0, 30), made("mgdl", "b", 0, 31)]
    rows = rank(module.Comparison(budget=Budget(), pixels="all", seeds=1, runs=tuple(runs), searches={}))
    assert verdict(rows, {}) == ["mgdl (default) is first."]


def test_interpolation_is_ranked_among_the_methods_and_named_where_it_is_better():
    runs = [made("sgdl", "a", 0, 40, held_out=20), made("mgdl", "a", 0, 30, held_out=25)]
    rows = rank(module.Comparison(budget=Budget(), pixels="half", seeds=1, runs=tuple(runs), searches={}))
    classical = {"bicubic": (dataclasses.replace(runs[0].quality, held_out_psnr_db=22),)}
    assert [line.split()[1] for line in table(rows, classical)[2:]] == ["mgdl", "bicubic", "sgdl"]
    said = "The bicubic interpolation of the training pixels is better than sgdl (default): 22.00 dB."
    assert verdict(rows, classical)[-1] == said
    classical = {"bicubic": (dataclasses.replace(runs[0].quality, held_out_psnr_db=26),)}
    assert verdict(rows, classical)[-1] == (
        "The bicubic interpolation of the training pixels is better than all methods here: 26.00 dB."
    )


def test_runs_that_failed_are_counted_one_by_one():
    failed = dataclasses.replace(made("mgdl", "a", 1, 30), quality=None, error="it went away.")
    runs = [made("mgdl", "a", 0, 30), failed, dataclasses.replace(failed, seed=2), made("sgdl", "a", 0, 20)]
    result = module.Comparison(budget=Budget(), pixels="all", seeds=3, runs=tuple(runs), searches={})
    first, second = rank(result)
    assert first.contender == "sgdl"  # the mean of the other is over fewer, and may be of easier pictures
    assert (second.contender, second.runs, second.failed, len(second.errors)) == ("mgdl", 1, 2, 1)


def test_ranking_and_gain_are_of_held_out_pixels_where_there_are_any():
    runs = [made("sgdl", "a", 0, 40, held_out=20), made("mgdl", "a", 0, 30, held_out=25)]
    result = module.Comparison(budget=Budget(), pixels="half", seeds=1, runs=tuple(runs), searches={})
    assert [(row.contender, row.gain_db) for row in rank(result)] == [("mgdl", 5.0), ("sgdl", None)]


def test_an_exact_copy_survives_the_way_to_disk_and_back():
    run = made("mgdl", "a", 0, float("inf"))
    assert run_from_json(json.loads(json_text(run_to_json(run)))) == run


@pytest.mark.parametrize("name", INTERPOLATIONS)
@pytest.mark.parametrize("size", [(24, 36), (23, 37)])
def test_interpolation_keeps_the_lattice_and_follows_a_slope(name, size):
    y, x = np.mgrid[: size[0], : size[1]]
    image = inr.image_from_array(np.stack([0.1 + 0.01 * x + 0.005 * y] * 3, axis=2).astype(np.float32))
    drawn = interpolate(image, name) / (65535 if image.bit_depth == 16 else 255)
    tolerance = 0.004 if name != "lanczos" else 0.012  # lanczos does not keep a slope exactly
    inner = (slice(6, -8),) * 2
    assert np.abs(drawn[inner] - image.pixels[inner]).max() < tolerance
    assert abs(float((drawn[inner] - image.pixels[inner]).mean())) < 0.001  # half a pixel aside: 0.0075
    if name == "bilinear":
        assert np.abs(drawn[::2, ::2] - image.pixels[::2, ::2]).max() < 0.003


def test_interpolation_of_a_wave_is_not_shifted():
    x = np.arange(64)
    wave = 0.5 + 0.4 * np.sin(2 * np.pi * x / 16)
    image = inr.image_from_array(np.tile(wave[None, :, None], (64, 1, 3)).astype(np.float32))
    assert (
        compare_pictures(image, interpolate(image, "bicubic"), pixels="half").held_out_psnr_db > 33
    )  # half a pixel aside: 25


@pytest.mark.parametrize("pixels", ["all", "half"])
def test_what_is_written(named, tmp_path, pixels):
    ours = "mgdl" if pixels == "all" else "mgdl-fourier"
    result = compare(named, small(f"{ours},sgdl-fourier,siren"), tmp_path, budget=STEPS, seeds=2, pixels=pixels)
    paths = write_comparison(result, named, tmp_path)
    assert [p.name for p in paths] == [
        "comparison.json", "comparison.csv", "comparison.md", "report.html",
        "curves.png", "pictures.png", "spectrum.png",
    ]  # fmt: skip
    data = json.loads(paths[0].read_text())
    rows = {(run.contender, run.variant) for run in result.runs}
    assert len(data["runs"]) == 4 * len(rows) >= 12 and len(data["rows"]) == len(rows) and data["budget"]["steps"] == 8
    lines = list(csv.DictReader(paths[1].read_text().splitlines()))
    assert len(lines) == len(result.runs) and float(lines[0]["psnr_db"]) == data["runs"][0]["quality"]["psnr_db"]
    text = paths[2].read_text()
    assert "Products in training: " in text and "Bytes: of the file that `inr fit` would write." in text
    assert "Equal for all: 8 steps" in text and "| siren | default |" in text and "±" in text
    assert ("bicubic interpolation" in text) == ("held-out dB" in text) == (pixels == "half")
    for path in paths[4:]:
        assert inr.load_image(path).width > 300 and has_figures(path)
