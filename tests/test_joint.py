"""Joint fits on planes: what is trained, what is coded, and that both are the same."""

import copy
import dataclasses
import itertools
import warnings

import numpy as np
import pytest
import torch
from helpers.configs import hasty_config, joint_config
from helpers.damage import damaged
from helpers.pictures import noise, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms
from torch import nn

import inr
from inr.analysis.fitted import fit_and_measure
from inr.codec.latents import read_entropy_model, write_entropy_model
from inr.imaging.alpha import seen
from inr.imaging.sampling import row_samples
from inr.networks.entropy_model import FINE, NEIGHBOURS, PASSES, EntropyModel, groups, lattices
from inr.networks.planes import Planes
from inr.networks.quantised import QuantStep
from inr.settings.shape import Plane
from inr.training.joint.closed_form import solve
from inr.training.joint.decompose import colour_directions, decompose, entropy
from inr.training.joint.entropy_model import EntropyModelTrainer
from inr.training.joint.finish import EXACT, missed, smallest
from inr.training.joint.latents import Latents
from inr.training.joint.rate_control import RateControl
from inr.training.joint.reading import Reading
from inr.training.joint.sizing import sized
from inr.training.joint.state import JointState
from inr.training.joint.trainer import refine
from inr.training.loop import Length
from inr.training.rounding.networks import round_networks
from inr.training.rounding.together import round_together

SIZE = {"width": 51, "height": 38}


@pytest.fixture(scope="module")
def image():
    return inr.image_from_array(picture(**SIZE))


@pytest.fixture(scope="module")
def solved(image) -> JointState:
    """A joint fit of the small file at its closed form, to be copied."""
    config = joint_config()
    config, training, _ = sized(image, config, config.training, None)
    state = JointState(image, config, training, training.lmbda)
    solve(state)
    return state


@pytest.fixture
def begun(solved) -> JointState:
    """The same, to be trained."""
    return copy.deepcopy(solved)


@pytest.fixture(scope="module")
def trained(solved) -> JointState:
    """The same at the end of its training, to be read only."""
    state = copy.deepcopy(solved)
    refine(state, Length(steps=240), rate=1.0, on_step=lambda *at: None)
    return state


@pytest.fixture(scope="module")
def fitted(trained):
    """A model with its entropy model, which a fit of so small a picture would leave out."""
    return round_networks(trained.model(), trained.lmbda, trained.prefix_weights)


def test_a_plane_is_read_a_cell_away():
    """Its eight neighbours are what a plane gives a cell further; beyond its border, its border."""
    plane = Planes([Plane(cell=2, channels=1, around=True)], 8, 6)
    plane.values[0].data.copy_(torch.arange(12.0).view(1, 1, 3, 4))
    (seen,) = plane(torch.tensor([[-0.75, -0.5]])).detach()  # the centre of the first cell, at a corner
    assert seen.tolist() == pytest.approx([0, 0, 0, 1, 0, 1, 4, 4, 5], abs=1e-5)


@pytest.mark.parametrize(("stride", "height"), [(1, 3), (2, 4), (16, 38), (16, 3), (16, 1)])
def test_samples_share_the_rows(stride, height):
    found = row_samples(stride, height)
    assert torch.equal(torch.cat(found).sort().values, torch.arange(height))
    assert len(found) == min(stride, height) and all(0 < len(rows) <= -(-height // stride) for rows in found)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_decomposition_adds_up_to_the_picture(channels):
    pixels = torch.from_numpy(picture(channels=channels, **SIZE).astype(np.float32) / 255).reshape(38, 51, channels)
    pixels = pixels.permute(2, 0, 1)
    pixels = pixels - pixels.mean((1, 2), keepdim=True)
    layout = [Plane(cell=8, channels=3), Plane(cell=2, channels=channels), Plane(cell=1, channels=channels)]
    readings = [Reading(plane, 51, 38) for plane in layout]
    steps = [torch.full((plane.channels,), 0.01) for plane in layout]
    found, left = decompose(pixels, layout, readings, steps)
    colours = colour_directions(channels)
    drawn = sum(
        torch.einsum("kc,khw->chw", colours[: plane.channels], read.centre(values.round()[:channels] * 0.01))
        for plane, read, values in zip(layout, readings, found, strict=True)
    )
    torch.testing.assert_close(pixels - drawn, left, atol=1e-5, rtol=0)
    assert (drawn - pixels).abs().max() < 0.025  # two steps: the dead zone, in as many colours
    assert entropy(found) > entropy([plane / 2 for plane in found])


def test_slopes_of_bits():
    latents = torch.linspace(-4, 4, 41, dtype=torch.float64).requires_grad_()
    for centre, log_scale in ((0.0, 0.0), (0.3, -1.0), (-0.7, 1.5)):
        c, s = (torch.full((41,), value, dtype=torch.float64) for value in (centre, log_scale))
        b, d = torch.exp2(s), latents - c

        def below(x, b=b):
            return torch.where(x < 0, 0.5 * torch.exp(x / b), 1 - 0.5 * torch.exp(-x / b))

        exact = -(below(d + 0.5) - below(d - 0.5)).log2()
        torch.testing.assert_close(EntropyModelTrainer.bits(latents, c, s), exact)
        (wanted,) = torch.autograd.grad(exact.sum(), latents)
        torch.testing.assert_close(EntropyModelTrainer.slope(latents.detach(), c, s), wanted, atol=1e-6, rtol=1e-6)


def test_what_the_entropy_model_learns_from():
    """The written-out slopes by centre and log scale are those of the bits."""
    order = lattices([(Plane(cell=1, channels=1),)], 12, 9)
    trainer = EntropyModelTrainer(order, 4, torch.Generator().manual_seed(0), batches=1, rate=0.03)
    with torch.no_grad():
        trainer.parameters[3].normal_(generator=torch.Generator().manual_seed(1))
    latents = torch.randint(-3, 4, (108,), generator=torch.Generator().manual_seed(2)).float()
    trainer.batch_bits(latents, torch.round).backward()
    for parameter in trainer.parameters[3:]:
        place = int(parameter.grad.abs().argmax())
        kept, costs = parameter.detach().clone(), []
        for change in (1e-2, -1e-2):
            with torch.no_grad():
                parameter.copy_(kept).view(-1)[place] += change
            costs.append(trainer.batch_bits(latents, torch.round).item())
        with torch.no_grad():
            parameter.copy_(kept)
        assert parameter.grad.view(-1)[place].item() == pytest.approx((costs[0] - costs[1]) / 2e-2, abs=1e-3, rel=0.02)


def test_latents_are_rounded_softly_then_hard():
    latents, part = Latents([torch.linspace(-2, 2, 40).view(1, 5, 8)]), slice(None)
    given = latents.plane(latents.flat, 0)
    quiet = {"noise": 0.0, "random": torch.Generator().manual_seed(0)}
    mild, slope = latents.soft_round(0, part, temperature=100.0, **quiet)
    torch.testing.assert_close(mild, given, atol=1e-4, rtol=0)
    torch.testing.assert_close(slope, torch.ones_like(slope), atol=1e-3, rtol=0)
    hard, _ = latents.soft_round(0, part, temperature=1e-3, **quiet)
    torch.testing.assert_close(hard, given.round(), atol=1e-3, rtol=0)
    noisy, _ = latents.soft_round(0, part, temperature=100.0, noise=1.0, random=quiet["random"])
    assert 0.1 < (noisy - given).abs().max() <= 0.51


def test_latents_are_updated_by_adam():
    """As torch's, row by row, however often each is looked at."""
    start, random = torch.linspace(-2, 2, 40).view(1, 5, 8), torch.Generator().manual_seed(0)
    latents = Latents([start])
    rows = [nn.Parameter(start[:, y].clone()) for y in range(5)]
    optimizers = [torch.optim.Adam([row], lr=0.01, betas=(0.9, 0.95), eps=1e-20) for row in rows]
    for looked_at in ([0, 1, 4], [1, 2], [1, 4], [0, 1, 2, 3, 4]):
        gradient = torch.randn(1, len(looked_at), 8, generator=random)
        latents.update(0, torch.tensor(looked_at), gradient, rate=0.01)
        for place, y in enumerate(looked_at):
            rows[y].grad = gradient[:, place]
            optimizers[y].step()
    expected = torch.stack([row.detach() for row in rows], dim=1)
    torch.testing.assert_close(latents.plane(latents.flat, 0), expected, atol=1e-6, rtol=0)


def test_what_rounding_spoils_is_made_good():
    """On a quadratic loss: everything lies on its grid, at less loss than rounding each number to its nearest."""
    random = torch.Generator().manual_seed(0)
    mixing = torch.randn(60, 12, generator=random, dtype=torch.float64) @ torch.randn(12, 30, generator=random).double()
    matrix = mixing.T @ mixing / 60 + 1e-3 * torch.eye(30, dtype=torch.float64)
    start = [torch.randn(4, 5, generator=random), torch.randn(10, generator=random)]
    tensors = [tensor.clone() for tensor in start]
    steps = round_together(tensors, [True, False], matrix.clone(), 0.05, allowed=lambda step: QuantStep.at_most(0.25))
    assert steps[0].value == 0.25 and torch.equal((tensors[0] * 4).round() / 4, tensors[0])
    assert not torch.equal(tensors[1], start[1])

    def loss(numbers):
        moved = torch.cat([(a - b).flatten() for a, b in zip(numbers, start, strict=True)]).double()
        return float(moved @ matrix @ moved)

    assert loss(tensors) < 0.2 * loss([(start[0] * 4).round() / 4, start[1]])


def test_networks_are_rounded_for_less_than_they_cost(image, trained):
    """The picture after every grade stays near, in far fewer bytes, and the planes stay what they are."""
    model = trained.model()
    rounded = round_networks(model, 1e-3, trained.prefix_weights)
    sizes = [len(inr.model_to_bytes(m)) for m in (model, rounded)]
    errors = [np.square(m.render() - image.pixels).mean() for m in (model, rounded)]
    assert errors[1] - errors[0] < 1e-3 * 8 * (sizes[0] - sizes[1]) / (51 * 38) and sizes[1] < 0.8 * sizes[0]
    for ours, theirs in zip(model.grades, rounded.grades, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours.planes.values, theirs.planes.values, strict=True))


@pytest.mark.parametrize(("width", "height"), [(13, 9), (1, 1), (5, 1), (1, 5), (3, 2)])
def test_groups_meet_every_latent_once_and_only_see_what_was_met(width, height):
    layouts = [(Plane(cell=4, channels=2),), (Plane(cell=2, channels=1), Plane(cell=1, channels=3))]
    order = lattices(layouts, width, height)
    assert [lattice.cell for lattice in order] == [4, 4, 2, 1, 1, 1]
    count = sum(lattice.count for lattice in order)
    met = np.zeros(count + 1, bool)
    met[count] = True  # the place that is always zero
    found = list(groups(order))
    assert len(found) == len(PASSES) * len(order)
    for group in found:
        at, seen = group.at(), group.neighbours()
        assert seen.shape == (NEIGHBOURS, group.count) and met[seen].all() and not met[at].any()
        assert np.array_equal(group.at(slice(1, 4)), at[1:4]) and np.array_equal(
            group.neighbours(slice(1, 4)), seen[:, 1:4]
        )
        met[at] = True
    assert met.all()


def test_what_a_pass_sees_around_a_latent():
    """Of eight: those already met, two rows away where only every fourth is met."""
    order = lattices([(Plane(cell=1, channels=1),)], 24, 24)
    for group, expected in zip(groups(order), [0, 4, 4, 8, 4, 4, 8], strict=True):
        inner = (np.abs(np.stack(np.divmod(group.at(), 24)) - 11.5) < 9).all(0)
        seen = group.neighbours()[:8, inner]
        assert ((seen != 24 * 24).sum(0) == expected).all()
        rows, columns = np.divmod(seen[seen != 24 * 24], 24)
        own = np.broadcast_to(group.at()[inner], seen.shape)[seen != 24 * 24]
        if expected:
            apart = np.maximum(np.abs(rows - own // 24), np.abs(columns - own % 24))
            assert (apart == PASSES[group.number][0] // 2).all()


def test_the_entropy_model_in_integers_predicts_what_the_trained_one_does():
    order = lattices([(Plane(cell=2, channels=2), Plane(cell=1, channels=1))], 24, 18)
    random = torch.Generator().manual_seed(0)
    latents = torch.randint(-3, 4, (sum(lattice.count for lattice in order),), generator=random).float()
    trainer = EntropyModelTrainer(order, 8, random, batches=3, rate=0.03)
    optimizer = torch.optim.Adam(trainer.parameters, lr=0.02)
    first = None
    for _ in range(60):
        bits = trainer.batch_bits(latents, torch.round)
        first = first or bits.item()
        optimizer.zero_grad()
        bits.backward()
        optimizer.step()
    assert bits.item() < first
    entropy_model, known = trainer.rounded(latents), np.append(latents.numpy().astype(np.int64), 0)
    names = ("first", "passes", "channels", "last", "offsets")
    nearest = (np.rint(p.detach().numpy() * FINE).astype(np.int64) for p in trainer.parameters)
    one_by_one = EntropyModel(**dict(zip(names, nearest, strict=True)))
    costs = []
    for rounded in (one_by_one, entropy_model):
        with torch.no_grad():
            for parameter, whole in zip(trainer.parameters, rounded.tensors, strict=True):
                parameter.copy_(torch.from_numpy(whole / FINE))
        mean = sum(trainer.batch_bits(latents, torch.round).item() for _ in range(3)) / 3
        costs.append(mean * len(latents) + 8 * len(write_entropy_model(rounded, len(order))))
    assert costs[1] < 0.9 * costs[0]  # a network and the latents it is for, together
    for group in groups(order):
        centres, tables = entropy_model.predict(known, group)
        at = torch.from_numpy(group.at())
        assert np.abs(centres / 16 - trainer.centres[at].numpy()).max() < 0.2
        assert np.abs((tables - 16) / 4 - trainer.log_scales[at].numpy()).max() < 0.3
    read = read_entropy_model(write_entropy_model(entropy_model, len(order)), len(order))
    assert all(np.array_equal(a, b) for a, b in zip(entropy_model.tensors, read.tensors, strict=True))


@pytest.mark.parametrize("scale", [40, 32_767])
def test_predictions_are_those_of_whole_numbers(scale):
    """Whatever parts, order and thread sums of floating-point products are taken in, they are those of integers."""
    order = lattices([(Plane(cell=1, channels=1),)], 530, 520)  # more of a pass than are predicted at once
    random = np.random.default_rng(0)
    first, passes, channels, last, offsets = (
        random.integers(-scale, scale + 1, shape) for shape in EntropyModel.shapes(64, 1)
    )
    entropy_model = EntropyModel(first=first, passes=passes, channels=channels, last=last, offsets=offsets)
    latents = np.append(random.integers(-1023, 1024, 530 * 520), 0)
    *_, group = groups(order)
    seen = np.clip(latents[group.neighbours()], -64, 64)
    sums = first @ np.concatenate([seen, abs(seen)]) + (passes[group.number] + channels[0])[:, None]
    hidden = np.minimum(np.maximum(sums, 0) // 16, 2**15)
    centre, log_scale = last @ hidden + 16 * offsets[0][:, None]
    centres, tables = entropy_model.predict(latents, group)
    assert np.array_equal(centres, np.clip((16 * centre + 2048) // 4096, -16 * 1023, 16 * 1023))
    assert np.array_equal(tables, np.clip((4 * log_scale + 2048) // 4096 + 16, 0, 63))
    assert len(np.unique(tables)) > 2 or scale > 40


def test_an_entropy_model_that_does_not_pay_is_left_out(image, fitted):
    kept = len(inr.model_to_bytes(fitted))
    _, encoded = smallest(fitted)
    assert encoded.model.entropy_model is None and len(encoded.data) < kept
    np.testing.assert_array_equal(encoded.model.render(), fitted.render())
    assert inr.fit(image, joint_config(steps=32)).model.entropy_model is None


def test_an_srgb_profile_is_left_out_and_others_are_kept(image):
    srgb, other = (
        ImageCms.ImageCmsProfile(made).tobytes()
        for made in (ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"))
    )
    for profile, kept in ((srgb, None), (other, other), (b"none at all", b"none at all")):
        config = hasty_config(steps=2)
        assert inr.fit(dataclasses.replace(image, icc_profile=profile), config).model.icc_profile == kept


def test_the_file_holds_what_was_trained(image, fitted):
    data = inr.model_to_bytes(fitted)
    read = inr.model_from_bytes(data)
    assert inr.model_to_bytes(read) == data and read.entropy_model is not None
    for ours, theirs in zip(fitted.grades, read.grades, strict=True):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)
    errors = [np.square(read.render(grade=n) - image.pixels).mean() for n in (1, 2, 3)]
    assert errors[2] < errors[0] < np.square(image.pixels - image.pixels.mean((0, 1))).mean()
    assert len(data) < 0.5 * image.pixels.size


def test_pixels_are_the_same_on_every_machine_but_for_one_level(fitted):
    """One thread or two, products in 32 bits or more: sums in another order move no pixel by more than a level."""
    drawn, before = [], torch.get_num_threads()
    for threads in (1, 2):
        torch.set_num_threads(threads)
        drawn.append(inr.quantize(fitted.render(), 8).astype(int))
    torch.set_num_threads(before)
    exact = dataclasses.replace(fitted, grades=tuple(copy.deepcopy(grade).double() for grade in fitted.grades))
    y, x = torch.meshgrid((2 * torch.arange(38) + 1 - 38) / 51, (2 * torch.arange(51) + 1 - 51) / 51, indexing="ij")
    *_, last = exact.predictions(torch.stack([x, y], dim=2).reshape(-1, 2).double())
    drawn.append(inr.quantize(last.numpy().reshape(38, 51, 3), 8).astype(int))
    assert np.abs(drawn[0] - drawn[1]).max() <= 1 and np.abs(drawn[0] - drawn[2]).max() <= 1


def test_what_is_trained_is_what_is_drawn(image, begun):
    drawn = image.pixels.reshape(-1, 3) - begun.leftover().numpy()
    np.testing.assert_allclose(begun.model().render().reshape(-1, 3), drawn, atol=1e-5)
    some = torch.tensor([3, 700, 1900])
    torch.testing.assert_close(begun.leftover(some), begun.leftover()[some])
    assert begun.error() < 0.3 * float(image.pixels.var())  # the start is a picture already


def test_training_pays(solved, trained):
    assert trained.cost() < 0.98 * solved.cost()


def test_training_tells_of_every_step(begun):
    told = []
    assert refine(begun, Length(steps=8), rate=1.0, on_step=lambda *at: told.append(at)) == 8
    assert [at[0] for at in told] == list(range(1, 9))


@pytest.mark.parametrize("limit", [900, 1500, 2600])
def test_a_byte_limit_is_kept_by_the_finished_file(image, limit):
    fitted = fit_and_measure(image, hasty_config(max_bytes=limit, steps=48))
    assert 0.5 * limit < len(fitted.data) <= limit
    assert len(fitted.model.record.psnr_db) == 3 and fitted.result.config.training.lmbda > 0


def test_bits_per_pixel_are_a_byte_limit():
    image = inr.image_from_array(picture(20, 25))
    by_bits = inr.fit(image, hasty_config(target_bpp=16.0, steps=4)).model
    by_bytes = inr.fit(image, hasty_config(max_bytes=2 * 20 * 25, steps=4)).model
    assert inr.model_to_bytes(by_bits) == inr.model_to_bytes(by_bytes)


def test_a_limit_that_cannot_be_kept_is_said(image):
    with pytest.raises(inr.ConfigError, match=r"does not fit in 200 bytes; the least seen was"):
        inr.fit(image, hasty_config(max_bytes=200, steps=32))


def test_a_target_psnr_is_neared(image):
    reached = []
    for target in (24.0, 30.0):
        result = inr.fit(image, hasty_config(target_psnr=target, steps=64))
        reached.append(inr.measure(image, result.model)[0][-1].psnr_db)
        said = (
            None if abs(reached[-1] - target) <= 0.1 else f"reached {reached[-1]:.2f} dB of the {target:g} dB asked for"
        )
        assert (said or "") in (result.stopped or "") and (said is not None or "reached" not in (result.stopped or ""))
    assert abs(reached[0] - 24) < 3 and reached[1] > reached[0] + 2  # of a picture of two thousand pixels


@pytest.mark.parametrize("wish", [{"max_bytes": 1500}, {"target_psnr": 31.0}])
def test_the_search_for_lambda_ends_with_the_time(image, wish, monkeypatch):
    """Each of its closed forms takes seconds on a large picture; the first is finished in any case."""
    solved = []
    monkeypatch.setattr("inr.training.joint.fit.solve", lambda state: solved.append(state.lmbda) or solve(state))
    result = inr.fit(image, hasty_config(steps=None, preset="fast", seconds=0.01, **wish))
    assert len(solved) <= 2 and result.stopped.startswith("time limit of 0.01 s")  # once more, to cut it


def test_an_exact_copy_is_said_to_be_one():
    assert missed(0.0, 20.0) == missed(EXACT, 20.0) == ["reached an exact copy instead of the 20 dB asked for"]
    assert missed(0.009, 20.0) == ["reached 20.46 dB of the 20 dB asked for"] and missed(0.01, 20.05) == []


def test_a_low_psnr_of_what_only_single_pixels_draw_is_reached():
    """A large lambda makes cells larger, but not where they could not draw the picture that well."""
    image = inr.image_from_array(noise(20, 24, 1))
    result = inr.fit(image, hasty_config(target_psnr=20.0, steps=None, preset="fast"))
    assert result.stopped is None and abs(inr.measure(image, result.model)[0][-1].psnr_db - 20.0) < 0.1


def test_a_target_psnr_that_the_clock_cuts_off_is_said_too(image):
    result = inr.fit(image, hasty_config(target_psnr=90.0, seconds=0.1))
    assert result.stopped.startswith("time limit of 0.1 s, ") and "of the 90 dB asked for" in result.stopped


def test_what_does_not_fit_is_said_before_training(image):
    told = []
    with pytest.raises(inr.ConfigError, match=r"does not fit in 200 bytes"):
        inr.fit(image, hasty_config(max_bytes=200), progress=told.append)
    profile = np.random.default_rng(0).bytes(5_000)
    with pytest.raises(inr.ConfigError, match=r"does not fit in 5,000 bytes.*of them its colour profile"):
        inr.fit(dataclasses.replace(image, icc_profile=profile), hasty_config(max_bytes=5_000), progress=told.append)
    assert not told


@pytest.mark.parametrize(("lmbda", "held"), [(1e-4, [1, 1]), (2e-5, [3, 1]), (3e-6, [3, 3])])
def test_fine_planes_hold_chroma_where_bits_are_many(lmbda, held):
    """With luma alone, colours that change from pixel to pixel would be lost whatever the bytes."""
    random = np.random.default_rng(0).integers(0, 256, (24, 32, 3), dtype=np.uint8)
    config = hasty_config(steps=2)
    config = dataclasses.replace(config, training=dataclasses.replace(config.training, lmbda=lmbda))
    model = inr.fit(inr.image_from_array(random), config).model
    assert [grade.planes.layout[0].channels for grade in model.grades[1:]] == held


@pytest.mark.parametrize(("lmbda", "held"), [(1e-4, [1, 1]), (2e-5, [3, 1]), (3e-6, [3, 3])])
def test_fine_planes_of_half_the_pixels_hold_chroma_likewise(image, lmbda, held):
    config = joint_config(pixels="half")
    training = dataclasses.replace(config.training, lmbda=lmbda)
    config, *_ = sized(image, dataclasses.replace(config, training=training), training, None)
    assert [shape.planes[0].cell for shape in config.grades[1:]] == [4, 2]
    assert [shape.planes[0].channels for shape in config.grades[1:]] == held


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_other_channels(channels):
    pixels = picture(channels=channels, **SIZE)
    if channels in (2, 4):
        pixels[..., -1] = 255 * (np.hypot(*np.mgrid[-19:19, -25:26]) < 15)  # a sharp edge where colours have none
    image = inr.image_from_array(pixels)
    model = inr.fit(image, hasty_config(steps=160, quality=59)).model  # lambda is 0.001
    drawn = inr.model_from_bytes(inr.model_to_bytes(model)).render()
    errors = np.square(seen(drawn) - seen(image.pixels)).mean((0, 1))
    assert (errors < 0.008).all()  # of which 0.003 is noise
    assert channels == 1 or errors[-1] < 0.003  # sharper than colours, and without noise


def test_a_prefix_can_be_written_again(fitted):
    """The entropy model of a prefix knows of the channels of its own grades only, as its header does."""
    whole = inr.model_to_bytes(fitted)
    with pytest.warns(inr.ModelFileWarning, match="grades used: 2 of 3"):
        cut = inr.model_from_bytes(whole[: len(whole) - 5])
    for prefix in (cut, fitted.up_to(2)):
        read = inr.model_from_bytes(inr.model_to_bytes(prefix))
        assert np.array_equal(read.render(), fitted.up_to(2).render())


@pytest.mark.parametrize(("wish", "up"), [((60_000, None), False), ((None, 90.0), False), ((None, 3.0), True)])
def test_lambda_goes_as_far_as_it_may_for_what_is_out_of_reach(begun, wish, up):
    """By moves of a factor each, neither of which is large."""
    state = begun
    control, start = RateControl(state, *wish, 500.0), state.lmbda
    passed = []
    for move in range(1, 41):
        control.turn(100 * move, 0.1 + 0.0205 * move)
        passed.append(state.lmbda)
    assert all(0.6 < after / before < 1.7 for before, after in itertools.pairwise([start, *passed]))
    moves = [after > before for before, after in itertools.pairwise(passed) if after != before]
    assert len(moves) > 10 and sum(move != up for move in moves) <= 3  # what each encoded file says may turn it once
    assert passed[-1] == {True: 0.9, False: 1e-8}[up]


@pytest.mark.parametrize(("target", "end"), [(90.0, "of the 90 dB asked for"), (3.0, "of the 3 dB asked for")])
def test_a_psnr_out_of_reach_is_said(image, target, end):
    assert end in inr.fit(image, hasty_config(steps=40, target_psnr=target)).stopped


def test_bits_a_pixel_of_hardly_any_pixels():
    image = inr.image_from_array(picture(2, 2))
    with pytest.raises(inr.ConfigError, match="does not fit in 1 bytes"):
        inr.fit(image, hasty_config(target_bpp=0.5, steps=32))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (7, 1), (2, 3)])
def test_very_small_pictures(height, width):
    """A byte limit on such pictures is tested in test_limits.py."""
    image = inr.image_from_array(picture(height, width))
    data = inr.model_to_bytes(inr.fit(image, hasty_config(quality=100, steps=16)).model)
    drawn = inr.model_from_bytes(data).render()
    assert len(data) <= 900 and drawn.shape == (height, width, 3)
    assert np.square(drawn - image.pixels).mean() < max(0.3 * image.pixels.var((0, 1)).mean(), 1e-3)


def test_more_bytes_make_a_better_picture(image):
    """Up to more than there is use for."""
    fits = [
        inr.fit(image, hasty_config(max_bytes=limit, steps=8, width=8)).model for limit in (1000, 2000, 6000, 60_000)
    ]
    reached = [inr.measure(image, model)[0][-1].psnr_db for model in fits]
    assert all(after > before + 0.5 for before, after in itertools.pairwise(reached)), reached


def test_a_limit_above_what_a_quality_takes_gives_no_less(image):
    """At a small lambda latents are many steps large: a dead zone that saves bytes there takes away what is seen."""
    free, limited = (
        inr.fit(image, hasty_config(steps=0, **wish)).model for wish in ({"quality": 100}, {"max_bytes": 6000})
    )
    assert len(inr.model_to_bytes(free)) < 6000
    before, after = (inr.measure(image, model)[0][-1].psnr_db for model in (free, limited))
    assert after > before - 1.0


def test_the_same_seed_gives_the_same_bytes(image):
    one, two = (inr.model_to_bytes(inr.fit(image, hasty_config(steps=16)).model) for _ in range(2))
    other = inr.model_to_bytes(inr.fit(image, hasty_config(steps=16, seed=1)).model)
    assert one == two != other


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"max_bytes": 9}, "bytes is 9"), ({"target_bpp": 0.0}, "bits per pixel is 0"),
        ({"max_bytes": 1000, "target_psnr": 30.0}, "--target-psnr and --max-bytes are both given; choose one"),
        ({"quality": 50, "target_bpp": 1.0}, "--quality and --target-bpp are both given; choose one"),
        ({"encoding": "fourier", "max_bytes": 1000}, "--max-bytes needs feature planes"),
        ({"method": "mgdl-fourier", "quality": 50}, "--quality needs feature planes"),
    ],
)  # fmt: skip
def test_wishes_that_do_not_go_together(changes, message):
    with pytest.raises(inr.ConfigError, match=message):
        joint_config(**changes)


def test_a_device_that_is_not_there(image):
    with pytest.raises(inr.ConfigError, match="device 'mps' is not available"):
        inr.fit(image, joint_config(), device="mps")


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_fuzz(fitted, data):
    """Random damage to a file with an entropy model ends in a picture of whole grades or a ModelFileError."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = inr.model_from_bytes(data.draw(damaged(inr.model_to_bytes(fitted))))
        except inr.ModelFileError:
            return
    for ours, theirs in zip(fitted.grades, read.grades, strict=False):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)  # never wrong pixels: what is read at all is what was written


def test_damage_behind_valid_checksums(fitted):
    """A file made to deceive: whatever the payloads hold, memory stays bounded and the error is ours."""
    from inr.codec.container import pack, unpack

    container = unpack(inr.model_to_bytes(fitted))
    random = np.random.default_rng(0)
    for _ in range(120):
        chunks = list(container.chunks)
        which = int(random.integers(len(chunks)))
        payload = bytearray(chunks[which].payload)
        for place in random.integers(0, len(payload), int(random.integers(1, 4))):
            payload[place] = int(random.integers(256))
        chunks[which] = dataclasses.replace(chunks[which], payload=bytes(payload))
        try:
            read = inr.model_from_bytes(pack(container.header, chunks))
        except inr.ModelFileError:
            continue
        assert all(bool(p.isfinite().all()) for grade in read.grades for p in grade.parameters())
        with np.errstate(invalid="raise"):
            inr.quantize(read.render(), 8)
