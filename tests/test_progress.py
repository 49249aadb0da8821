"""How far a training is: lengths, fractions, retries, and what is told of them."""

import itertools
import math
import time

import numpy as np
import pytest
import torch
from helpers.commands import run
from helpers.configs import changed, joint_config, small_config
from helpers.pictures import picture
from hypothesis import given
from hypothesis import strategies as st

import inr
from inr.training.joint import fit as joint
from inr.training.loop import DivergedError, Length, cosine, retry, train


def ago(seconds: float) -> float:
    return time.perf_counter() - seconds


@given(steps=st.integers(1, 1000), done=st.integers(0, 2000))
def test_without_a_limit_of_time_the_fraction_is_of_steps(steps, done):
    assert Length(steps=steps).fraction(done) == min(1.0, done / steps)


def test_the_fraction_is_that_of_steps_or_of_time_whichever_is_more():
    length = Length(steps=100, seconds=1e6, began=ago(4e5))
    assert length.fraction(10) == pytest.approx(0.4, abs=1e-3) and length.fraction(70) == 0.7
    assert Length(steps=100, seconds=10.0, began=ago(60)).fraction(0) == 1.0
    assert length.elapsed == pytest.approx(4e5, rel=1e-3)


def test_the_rest_of_a_length_has_its_part_of_the_time_left():
    length = Length(steps=100, seconds=1e6, began=ago(4e5))
    rest = length.rest(20, 80)
    assert rest.steps == 20 and rest.seconds == pytest.approx(6e5 * 20 / 80, rel=1e-3)
    assert rest.elapsed < 1e3  # it begins now
    assert Length(steps=100).rest(20, 80).seconds is None
    assert Length(steps=100, seconds=10.0, began=ago(60)).rest(20, 80).seconds == 0.0


def test_parts_taken_one_after_another_share_all_the_time():
    """Where each part takes exactly its time, the last ends when the whole does."""
    steps, left, shares = (3, 1, 4, 2), 100.0, []
    for number, own in enumerate(steps):
        length = Length(steps=10, seconds=1e6, began=ago(1e6 - 1e4 * left))
        shares.append(length.rest(own, sum(steps[number:])).seconds / 1e4)
        left -= shares[-1]
    assert shares == pytest.approx([10.0 * own for own in steps], rel=1e-3)


def parabola() -> tuple[torch.nn.Parameter, torch.optim.Optimizer]:
    parameter = torch.nn.Parameter(torch.tensor(8.0))
    return parameter, torch.optim.SGD([parameter], lr=0.25)


def test_the_inner_loop_tells_every_step_and_follows_the_schedule():
    parameter, optimizer = parabola()
    told, given_rates = [], []

    def update(done, fraction, factor):
        given_rates.append((done, fraction, factor, optimizer.param_groups[0]["lr"]))
        loss = 0.5 * parameter.square()
        loss.backward()
        return float(loss.detach())

    done = train(
        update, (optimizer,), Length(steps=4), schedule=lambda fraction: 1.0 - fraction,
        on_step=lambda *at: told.append(at) or False,
    )  # fmt: skip
    assert done == 4 and [at[:2] for at in told] == [(1, 0.25), (2, 0.5), (3, 0.75), (4, 1.0)]
    assert given_rates == [(n, n / 4, 1 - n / 4, 0.25 * (1 - n / 4)) for n in range(4)]
    value, losses = 8.0, []
    for n in range(4):
        losses.append(0.5 * value**2)
        value *= 1 - 0.25 * (1 - n / 4)
    assert [at[2] for at in told] == pytest.approx(losses) and float(parameter.detach()) == pytest.approx(value)


@pytest.mark.parametrize("seconds", [0.0, 1e-12])
def test_one_step_is_done_in_any_case_and_a_caller_may_end_it(seconds):
    _, optimizer = parabola()
    arguments = {"schedule": cosine, "on_step": lambda *_: False}
    assert train(lambda *_: 1.0, (optimizer,), Length(steps=9, seconds=seconds), **arguments) == 1
    stopping = {"schedule": cosine, "on_step": lambda done, *_: done == 3}
    assert train(lambda *_: 1.0, (optimizer,), Length(steps=9), **stopping) == 3


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_not_finite_ends_the_loop_before_anything_moves(loss):
    parameter, optimizer = parabola()
    parameter.grad = torch.tensor(1.0)
    with pytest.raises(DivergedError):
        train(lambda *_: loss, (optimizer,), Length(steps=9), schedule=cosine, on_step=lambda *_: False)
    assert float(parameter.detach()) == 8.0


def test_an_attempt_is_made_again_at_a_quarter_of_the_rate_in_the_time_that_is_left():
    tried = []

    def attempt(rate, length):
        tried.append((rate, length.steps, length.seconds))
        if len(tried) < 2:
            raise DivergedError
        return "done"

    long = Length(steps=50, seconds=1e6, began=ago(3e5))
    assert retry(attempt, 0.4, long, what="it", hint="give less") == ("done", 0.1)
    (first, *_), (second, steps, seconds) = tried
    assert (first, second, steps) == (0.4, 0.1, 50) and seconds == pytest.approx(7e5, rel=1e-3)

    def never(rate, length):
        raise DivergedError

    with pytest.raises(inr.TrainingError, match=r"^it: .* at learning rate 0.4, nor at 0.1; give less\.$"):
        retry(never, 0.4, Length(steps=1), what="it", hint="give less")


FITS = {"waves": small_config(steps=(7, 5, 9)), "joint": joint_config(steps=33)}


def fitted(config):
    told = []
    result = inr.fit(inr.image_from_array(picture(18, 25)), config, progress=told.append)
    return told, result


@pytest.mark.parametrize("kind", FITS)
def test_progress_rises_step_by_step_to_one(kind):
    told, result = fitted(FITS[kind])
    steps = result.steps
    assert [at.done for at in told] == list(range(1, steps + 1))
    assert [at.fraction for at in told] == pytest.approx([done / steps for done in range(1, steps + 1)])
    for before, after in itertools.pairwise(told):
        assert before.seconds <= after.seconds and before.grade <= after.grade
        assert (after.step == before.step + 1) == (after.grade == before.grade) and after.step >= 1
    assert told[-1].fraction == told[-1].grade_fraction == 1.0 and told[-1].grade == told[-1].grades == 3
    if kind == "joint":
        assert all(at.grade == 3 and at.step == at.done and at.grade_fraction == at.fraction for at in told)
    else:
        assert [at.grade_fraction for at in told if at.grade == 2] == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


@pytest.mark.parametrize(("kind", "seconds"), [("waves", 0.3), ("joint", 2.0)])  # the closed form has to end first
def test_under_a_limit_of_time_progress_rises_to_one_too(kind, seconds):
    config = changed(FITS[kind], steps=10**7 if kind == "joint" else (10**7,) * 3, seconds=seconds)
    told, result = fitted(config)
    fractions = [at.fraction for at in told]
    assert fractions == sorted(fractions) and fractions[0] > 0
    assert all(0 < at.grade_fraction <= 1 for at in told)
    assert f"time limit of {seconds:g} s" in result.stopped
    assert fractions[-1] == 1.0 or len({at.grade for at in told}) < 3  # a machine too slow for all grades


def test_an_estimate_of_psnr_goes_with_every_step():
    """That of the step's pixels, which are all here: what was left over before the step."""
    image, left = inr.image_from_array(picture(18, 25)), []

    def look(at):
        left.append(float(at.leftover().square().mean()))
        if at.step > 1:
            assert 2 * at.loss == pytest.approx(left[-2], rel=1e-3)
        assert at.psnr_db == pytest.approx(-10 * math.log10(2 * at.loss), abs=1e-3)

    result = inr.fit(image, changed(FITS["waves"], batch_size=None), progress=look)
    assert left[-1] == pytest.approx(float(np.square(result.model.render() - image.pixels).mean()), rel=1e-3)


def test_a_joint_training_that_diverges_is_begun_anew_at_a_quarter_of_its_rates(monkeypatch):
    rates, states, refine = [], [], joint.refine

    def sometimes(state, length, *, rate, on_step):
        rates.append(rate)
        states.append(state)
        if len(rates) == 1:
            raise DivergedError
        return refine(state, length, rate=rate, on_step=on_step)

    monkeypatch.setattr(joint, "refine", sometimes)
    told, result = fitted(FITS["joint"])
    assert rates == [1.0, 0.25] and len(told) == 33 and states[0] is not states[1]
    assert result.refinement.learning_rate == FITS["joint"].training.network_rate / 4


def test_a_joint_training_that_never_stays_finite_is_said():
    config = changed(joint_config(steps=8), network_rate=1e30)
    with pytest.raises(inr.TrainingError, match=r"joint training: the loss did not stay finite .*give another --seed"):
        fitted(config)


class Bar:
    """Stands in for tqdm's bar on a terminal and keeps where it stood."""

    shown: list[tuple[float, str]]

    def __init__(self, **options):
        assert options["total"] == 100
        Bar.shown = []
        self.disable, self.n, self.what = False, 0.0, ""

    def set_description_str(self, text, refresh):
        self.what = text

    def set_postfix_str(self, text, refresh):
        pass

    def update(self, count):
        Bar.shown.append((self.n, self.what))

    def close(self):
        pass


@pytest.mark.parametrize(
    ("wishes", "grades"),
    [
        (["--encoding", "fourier", "--grades", "2", "--steps", "8"], ["grade 1/2"] * 8 + ["grade 2/2"] * 8),
        (["--grades", "3", "--quality", "40", "--steps", "20"], ["grade 3/3"] * 20),
    ],
)  # fmt: skip
def test_the_bar_stands_where_training_does(tmp_path, monkeypatch, wishes, grades):
    monkeypatch.setattr("tqdm.tqdm", Bar)
    inr.save_image(tmp_path / "a.png", picture(18, 25))
    run("fit", tmp_path / "a.png", *wishes, "--out", tmp_path / "out")
    count = len(grades)
    assert [n for n, _ in Bar.shown] == pytest.approx([100 * done / count for done in range(1, count + 1)], abs=0.06)
    assert [what for _, what in Bar.shown] == grades
