"""The closed form of fits on planes, and that everything after it goes downhill in D + lambda R."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch
from helpers.configs import HASTE
from helpers.pictures import picture
from hypothesis import given, settings
from hypothesis import strategies as st

import inr
from inr.settings.planes import ACTIVATIONS
from inr.settings.shape import Plane
from inr.training.joint.closed_form import solve
from inr.training.joint.decompose import colour_directions
from inr.training.joint.descent import descend
from inr.training.joint.entropy_model import EntropyModelTrainer
from inr.training.joint.heads import solve_heads
from inr.training.joint.reading import Reading
from inr.training.joint.sizing import sized
from inr.training.joint.state import JointState
from inr.training.joint.trainer import refine
from inr.training.loop import Length

bits = EntropyModelTrainer.bits


def begun(image: inr.Image, lmbda: float, *, seed: int = 0, steps: int = 4, **wishes) -> JointState:
    """A joint fit of a picture at its closed form, at a lambda of its own, in haste."""
    config = inr.configure(inr.FitOptions(steps=steps, seed=seed, **wishes))
    training = dataclasses.replace(config.training, lmbda=lmbda, **HASTE)
    config, training, _ = sized(image, dataclasses.replace(config, training=training), training, None)
    return JointState(image, config, training, lmbda)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@settings(max_examples=25, deadline=None)
@given(
    lmbda=st.floats(-7, -2).map(lambda power: 10.0**power),
    height=st.integers(1, 30),
    width=st.integers(1, 30),
    channels=st.integers(1, 4),
    seed=st.integers(0, 99),
    grades=st.integers(1, 5),
    steps=st.integers(1, 8),
)
def test_training_never_ends_above_its_start(lmbda, height, width, channels, seed, grades, steps):
    """D + lambda R of what is written is at most that of the closed form, whatever training does to it."""
    image = inr.image_from_array(picture(height, width, channels, seed=seed))
    state = begun(image, lmbda, seed=seed, grades=grades)
    solve(state)
    before = state.cost()
    for rate in (1.0, 30.0):  # the second destroys it
        refine(state, Length(steps=steps), rate=rate, on_step=lambda *at: None)
        assert state.cost() <= before * (1 + 1e-6)
    drawn = state.model().render().reshape(-1, channels)
    left = torch.from_numpy(image.pixels.reshape(-1, channels) - drawn)
    torch.testing.assert_close(state.leftover(), left, atol=2e-5, rtol=0)


def test_what_training_spoils_is_put_back():
    state = begun(inr.image_from_array(picture(30, 40)), 1e-5)
    solve(state)
    kept, cost = [tensor.detach().clone() for tensor in state.learned()], state.cost()
    refine(state, Length(steps=30), rate=100.0, on_step=lambda *at: None)
    assert all(torch.equal(a, b) for a, b in zip(kept, state.learned(), strict=True)) and state.cost() == cost


def test_training_is_judged_at_the_lambda_that_it_ends_with():
    """Rate control raises lambda where bytes have to go: the start must not seem cheaper for the lambda it had."""
    state = begun(inr.image_from_array(picture(30, 40)), 1e-4)
    solve(state)
    before, start = state.latents.flat.clone(), (state.error(), state.bits())

    def dearer(*_):
        state.lmbda, state.dead_zone = 8e-4, 0.7

    refine(state, Length(steps=60), rate=1.0, on_step=dearer)
    assert not torch.equal(before, state.latents.flat) and state.dead_zone == 0.7
    assert state.cost() < state.cost(start)
    refine(state, Length(steps=2), rate=300.0, on_step=lambda *_: setattr(state, "dead_zone", 1.3))
    assert state.dead_zone == 0.7  # put back with all the rest


@pytest.mark.parametrize("sides", [(38, 51), (3, 1030), (700, 5), (1, 1)])
@pytest.mark.parametrize("cell", [1, 2, 4, 7, 32])
def test_adjoint_and_squares_of_reading(cell, sides):
    """<centre a, b> = <a, adjoint b>, and squares are the diagonal of adjoint times centre."""
    height, width = sides
    reading = Reading(Plane(cell=cell, channels=2, around=cell < 4), width, height)
    rows, columns = -(-height // cell), -(-width // cell)
    latents, pixels = noise(2, rows, columns).double().float(), noise(2, height, width, seed=1)
    there = float((reading.centre(latents).double() * pixels.double()).sum())
    back = float((latents.double() * reading.adjoint(pixels).double()).sum())
    assert there == pytest.approx(back, abs=1e-4 * (height * width) ** 0.5)
    assert reading.adjoint(pixels).shape == latents.shape and reading.squares().shape == (1, rows, columns)
    for y, x in {(0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3), (rows // 3, columns // 2)}:
        one = torch.zeros(1, rows, columns)
        one[0, y, x] = 1.0
        assert float(reading.squares()[0, y, x]) == pytest.approx(float(reading.centre(one).square().sum()), rel=1e-4)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("plane", [Plane(cell=1, channels=1), Plane(cell=2, channels=3), Plane(cell=5, channels=4)])
@pytest.mark.parametrize("lmbda", [1e-5, 1e-3, 1e-1])
def test_descent_lowers_what_it_says(channels, plane, lmbda):
    """Against the sum written out: squared error + lambda C bits under the given distributions never rises."""
    height, width, count = 13, 18, min(plane.channels, channels)
    reading, step = Reading(plane, width, height), 0.1 + 0.05 * torch.arange(plane.channels)
    shape = (plane.channels, -(-height // plane.cell), -(-width // plane.cell))
    whole = noise(*shape).mul(2).round()
    whole[count:] = 0.0
    centres, scales = noise(*shape, seed=1), 0.5 * noise(*shape, seed=2)
    colours, pixels = colour_directions(channels)[:count], 0.3 * noise(channels, height, width, seed=3)

    def left(latents):
        drawn = torch.einsum("kc,khw->chw", colours, reading.centre(latents[:count] * step[:count, None, None]))
        return pixels - drawn

    def cost(latents):
        error = float(left(latents).double().square().sum())
        return error + lmbda * channels * float(bits(latents[:count], centres[:count], scales[:count]).double().sum())

    before, costs = whole.clone(), [cost(whole)]
    for _ in range(4):
        found = descend(
            left(whole), [whole], [plane], [reading], [step], predicted=[(centres, scales)], bits=bits, lmbda=lmbda
        )
        costs.append(cost(whole))
        torch.testing.assert_close(found, left(whole), atol=1e-4, rtol=0)
    assert all(b <= a + 1e-5 * abs(a) for a, b in itertools.pairwise(costs)) and costs[-1] < costs[0]
    assert torch.equal(whole[count:], before[count:]) and torch.equal(whole, whole.round())


def test_one_step_of_the_descent_is_the_best_of_three():
    """A plane of pixels: each latent alone takes the cheapest of staying and of one up or down."""
    plane, step, lmbda = Plane(cell=1, channels=1), torch.tensor([0.1]), 1e-3
    pixels, whole = 0.2 * noise(1, 6, 7), noise(1, 6, 7, seed=1).round()
    centres, scales = 0.3 * noise(1, 6, 7, seed=2), noise(1, 6, 7, seed=3)
    tried = torch.stack([whole + move for move in (0.0, -1.0, 1.0)])
    costs = (pixels - 0.1 * tried).square() + lmbda * torch.stack([bits(each, centres, scales) for each in tried])
    expected = tried.gather(0, costs.argmin(0)[None])[0]
    descend(
        pixels - 0.1 * whole, [whole], [plane], [Reading(plane, 7, 6)], [step],
        predicted=[(centres, scales)], bits=bits, lmbda=lmbda,
    )  # fmt: skip
    assert torch.equal(whole, expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("room", [1, 3])
def test_networks_begin_by_adding_up_their_planes(activation, depth, channels, room):
    """With a neuron for each colour only, and with more, which have no part in the picture yet."""
    image = inr.image_from_array(picture(24, 31, channels))
    state = begun(image, 1e-4, activation=activation, depth=depth, width=room * channels, grades=3)
    state.latents.flat = noise(len(state.latents.flat)).mul(2).round()
    expected, number = state.mean.clone(), 0
    planes = [state.latents.plane(state.latents.flat, n) for n in range(len(state.planes))]
    for part, (drawn, _) in zip(state.quant_steps, _pictures(state), strict=True):
        for step in part:
            count = min(state.planes[number].channels, channels)
            read = state.readings[number].centre(planes[number][:count] * step[:count, None, None])
            expected = expected + torch.einsum("kc,khw->chw", colour_directions(channels)[:count], read)
            number += 1
        torch.testing.assert_close(drawn, expected, atol=1e-4, rtol=0)


def _pictures(state: JointState):
    """The (C, H, W) pictures after each grade."""
    parts = list(state.parts())
    for number in range(len(state.grades)):
        drawn = torch.cat([of_part[number] for of_part, _ in parts]).detach()
        yield drawn.T.reshape(state.pixels.shape), number


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("lmbda", [1e-5, 1e-3])
def test_solved_heads_are_no_worse(channels, lmbda):
    """The weighted sum of the errors after all grades falls, from the closed form and from any other heads."""
    state = begun(inr.image_from_array(picture(30, 41, channels)), lmbda, grades=3, width=16)
    solve(state)
    sums = [0.0, 0.0]
    for shaken in (0.0, 0.02):
        with torch.no_grad():
            for number, grade in enumerate(state.grades):
                grade.head.weight.add_(shaken * noise(*grade.head.weight.shape, seed=number))
        before = _errors(state)
        weights = solve_heads(state.grades, state.parts(), 0.1)
        assert weights[-1] == 1.0 and all(0.0 < weight <= 0.1 for weight in weights[:-1])
        least = sums[1]
        sums = [sum(w * e for w, e in zip(weights, errors, strict=True)) for errors in (before, _errors(state))]
        assert sums[1] <= sums[0] * (1 + 1e-5)
    assert sums[1] - least < 0.3 * (sums[0] - least)  # what was shaken is made good


def _errors(state: JointState) -> list[float]:
    return [float((drawn - state.pixels).double().square().mean()) for drawn, _ in _pictures(state)]


def test_every_grade_has_a_log_of_its_own_part(hasty):
    """Fast is the closed form and nothing else; the PSNR as each grade ended its part rises from grade to grade."""
    image = inr.image_from_array(picture(30, 40))
    fast = inr.fit(image, inr.configure(inr.FitOptions(preset="fast", quality=50)))
    assert fast.refinement is None and fast.steps == 0 and len(fast.grades) == 4
    own = [log.psnr_db for log in fast.grades]
    assert own == sorted(own) and all(log.steps == 0 and log.learning_rate is None for log in fast.grades)
    refined = inr.fit(image, inr.configure(inr.FitOptions(steps=8, quality=50)))
    assert refined.refinement.steps == refined.steps == 8 and refined.refinement.psnr_db > 20
    assert [log.psnr_db for log in refined.grades] == pytest.approx(own, abs=1e-6)


def test_what_grades_leave_counts_as_far_as_it_is_seen():
    """The PSNR of a grade's own part is of what is seen, as every other: here a tenth of the colours."""
    pixels = np.concatenate([picture(24, 30, 3), np.full((24, 30, 1), 26, np.uint8)], axis=2)
    state = begun(inr.image_from_array(pixels), 1e-4)
    logs = solve(state)
    left = state.pixels - state.mean
    most = 10.0 * np.log10(1.0 / float((left * state.shown).square().mean()))
    assert logs[0].psnr_db > most - 0.5  # of the mean colour alone; that of all colours is about 20 dB less
    assert logs[-1].psnr_db > most


def test_updates_that_gain_next_to_nothing_are_not_done(hasty):
    image = inr.image_from_array(picture(20, 30))
    idle, asked = (inr.fit(image, inr.configure(inr.FitOptions(quality=100, steps=s))) for s in (None, 3))
    assert (idle.refinement, asked.refinement.steps) == (None, 3)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("deep", [np.uint8, np.uint16])
def test_the_highest_quality_is_high(channels, deep, hasty):
    image = inr.image_from_array(picture(30, 40, channels, dtype=deep))
    model = inr.fit(image, inr.configure(inr.FitOptions(quality=100, preset="fast"))).model
    read = inr.model_from_bytes(inr.model_to_bytes(model))
    assert inr.measure(image, read)[0][-1].psnr_db > 48


def test_fewer_neurons_than_colours_are_refused():
    with pytest.raises(inr.ConfigError, match="width is 2; .* of 3 channels needs at least 3 neurons"):
        inr.fit(inr.image_from_array(picture()), inr.configure(inr.FitOptions(width=2)))
