"""The method is the paper's: each claim against a plain, slow reference."""

import dataclasses
import math

import numpy as np
import pytest
import torch
from helpers.configs import changed, grid_config, small_config
from helpers.pictures import picture, psnr_of_flat
from torch import nn

import inr
from inr.imaging.sampling import coordinates, training_pixels
from inr.networks.chain import grade_inputs
from inr.networks.encoding import Encoding, draw_encoding
from inr.networks.grade import Grade
from inr.networks.planes import Planes
from inr.settings.shape import Plane
from inr.training.greedy import engine, grades, objective
from inr.training.greedy import pool as pool_module
from inr.training.greedy.pool import Pool
from inr.training.loop import DivergedError, Length
from inr.training.seeds import generator


def all_coordinates(image: inr.Image, frame: str = "isotropic") -> torch.Tensor:
    return coordinates(torch.arange(image.width * image.height), image.width, image.height, frame)


def plain_forward(grade: Grade, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Features and prediction of a grade, written out."""
    act = {
        "sine": torch.sin,
        "relu": lambda z: z * (z > 0),
        "gelu": lambda z: 0.5 * z * (1 + torch.erf(z / 2**0.5)),
    }[grade.activation]
    for layer in grade.layers:
        x = act(x @ layer.weight.T + layer.bias)
    return x, x @ grade.head.weight.T + grade.head.bias


def pool_of(image: inr.Image, config: inr.FitConfig, encoding: Encoding, *, held: int = 10_000) -> Pool:
    """What the grades of a configuration train on, so many pixels at a time."""
    everywhere = all_coordinates(image, config.frame)
    widest = max(grade_inputs(config.grades, encoding.size, feed=config.feed))
    return Pool(
        pixels=torch.arange(len(everywhere), dtype=torch.int32),
        colours=torch.from_numpy(image.pixels).reshape(-1, image.channels),
        encode=lambda pixels: encoding(everywhere[pixels]),
        feed=config.feed,
        widest=widest,
        visits=1000,
        seed=3,
        pool_bytes=4 * widest * held,
    )


def assert_holds(pool: Pool, x: torch.Tensor, residual: torch.Tensor) -> None:
    """Each row that is held is input and residual of one pixel, and of another than every other row."""
    ours, theirs = torch.cat([pool.inputs, pool.residual], 1), torch.cat([x, residual], 1)
    pixels = torch.cdist(ours, theirs, compute_mode="donot_use_mm_for_euclid_dist").argmin(1)
    assert len(pixels.unique()) == len(pixels) > 0
    torch.testing.assert_close(ours, theirs[pixels], atol=1e-5, rtol=1e-4)


def handed_on(features, encoded, feed):
    return {"features": features, "encoding": encoded, "both": torch.cat([features, encoded], 1)}[feed]


@pytest.mark.parametrize("feed", ["features", "both", "encoding"])
def test_prediction_is_the_sum_of_heads_over_chained_features(image, feed):
    model = inr.fit(image, small_config(feed=feed)).model
    encoded = model.encoding(all_coordinates(image))
    x, total = encoded, 0.0
    for number, grade in enumerate(model.grades):
        x, g = plain_forward(grade, handed_on(x, encoded, feed) if number else x)
        total = total + g
        prefix = torch.from_numpy(model.up_to(number + 1).render()).reshape(-1, 3)
        torch.testing.assert_close(prefix, total, atol=1e-5, rtol=1e-5)


def test_up_to_plus_later_heads_is_the_whole(image, model):
    seen, x, heads = model.encoding(all_coordinates(image)), None, []
    for grade in model.grades:
        own = plain_read(grade, image)
        x, g = plain_forward(grade, torch.cat([seen, own] if x is None else [x, seen, own], 1))
        seen = torch.cat([own, seen], 1)
        heads.append(g)
    for k in range(1, 3):
        later = sum(heads[k:])
        part = torch.from_numpy(model.up_to(k).render()).reshape(-1, 3)
        torch.testing.assert_close(part + later, torch.from_numpy(model.render()).reshape(-1, 3), atol=3e-5, rtol=0)


def plain_read(grade: Grade, image: inr.Image) -> torch.Tensor:
    """The planes of a grade at every pixel, (H W, channels), by looping over cells as the formula says."""
    columns = []
    for values in grade.planes.values if grade.planes else []:
        _, channels, rows, cells = values.shape
        read = torch.empty(image.height, image.width, channels)
        for y in range(image.height):
            for x in range(image.width):
                v = min(max((y + 0.5) / image.height * rows - 0.5, 0), rows - 1)
                u = min(max((x + 0.5) / image.width * cells - 0.5, 0), cells - 1)
                top, left = math.floor(v), math.floor(u)
                below, right = min(top + 1, rows - 1), min(left + 1, cells - 1)
                a, b = v - top, u - left
                p = values[0].detach()
                read[y, x] = (1 - a) * ((1 - b) * p[:, top, left] + b * p[:, top, right])
                read[y, x] += a * ((1 - b) * p[:, below, left] + b * p[:, below, right])
        columns.append(read.reshape(-1, channels))
    return torch.cat(columns, 1) if columns else torch.empty(image.height * image.width, 0)


def test_planes_are_read_bilinearly_and_stay_in_sight_of_later_grades(image):
    """Grade l sees the features before it, the planes of the grades before, the coordinate, then its own planes."""
    model = inr.fit(image, grid_config()).model
    features, seen, total = torch.empty(image.width * image.height, 0), all_coordinates(image), 0.0
    for number, grade in enumerate(model.grades):
        own = plain_read(grade, image)
        features, g = plain_forward(grade, torch.cat([features, seen, own], 1))
        seen, total = torch.cat([own, seen], 1), total + g
        prefix = torch.from_numpy(model.up_to(number + 1).render()).reshape(-1, 3)
        torch.testing.assert_close(prefix, total, atol=3e-5, rtol=1e-5)  # offsets of 6 cost digits


def test_a_cell_of_one_pixel_is_that_pixel_and_the_border_goes_on(image):
    planes = Planes((Plane(cell=1, channels=1),), image.width, image.height)
    planes.start(torch.Generator().manual_seed(0))
    read = planes(all_coordinates(image)).reshape(image.height, image.width)
    torch.testing.assert_close(read, planes.values[0][0, 0], atol=1e-6, rtol=0)
    corner = planes(torch.tensor([[-1.0, -image.height / image.width]]))
    torch.testing.assert_close(corner[0], planes.values[0][0, :, 0, 0])


@pytest.mark.parametrize("held", [10_000, 31])
@pytest.mark.parametrize("feed", ["features", "both", "encoding"])
def test_cached_features_equal_the_plain_forward_pass(image, feed, held):
    """Held whole or a portion at a time, the pool holds x^l and e^l as the formulas say."""
    generator = torch.Generator().manual_seed(1)
    encoding = draw_encoding(small_config().encoding, "isotropic", 1)
    pool = pool_of(image, small_config(feed=feed), encoding, held=held)
    assert pool.whole == (held > 204)
    encoded = encoding(all_coordinates(image))
    x, residual = encoded, torch.from_numpy(image.pixels).reshape(-1, 3)
    for number in range(3):
        assert_holds(pool, x, residual)
        grade = Grade(x.shape[1], 3, depth=2, width=16, activation="sine")
        grade.start("glorot-normal", generator, first=number == 0, raw=False)
        grade.requires_grad_(False)
        features, g = plain_forward(grade, x)
        x = handed_on(features, encoded, feed)
        residual = residual - g
        pool.freeze(grade)


def test_portions_visit_every_training_pixel(image):
    colours = torch.from_numpy(image.pixels).reshape(-1, 3)
    seen: list[int] = []

    def encode(pixels):
        seen.extend(pixels.tolist())
        return torch.zeros(len(pixels), 2)

    lattice = training_pixels(image.width, image.height, "half")
    pool = Pool(
        pixels=lattice, colours=colours, encode=encode, feed="features", widest=2, visits=99, seed=0,
        pool_bytes=8 * 9,
    )  # fmt: skip
    for _ in range(40):
        pool.batch(4)
    assert set(seen) == set(lattice.tolist())


def test_only_the_current_grade_trains(image, monkeypatch):
    """Grades already frozen are the same bits after all later training."""
    snapshots = []
    original = grades.train_grade

    def spy(grade, *args, **kwargs):
        steps = original(grade, *args, **kwargs)
        snapshots.append([p.clone() for p in grade.parameters()])
        return steps

    monkeypatch.setattr(grades, "train_grade", spy)
    model = inr.fit(image, small_config()).model
    for grade, snapshot in zip(model.grades, snapshots, strict=True):
        for parameter, before in zip(grade.parameters(), snapshot, strict=True):
            assert torch.equal(parameter, before)


def test_first_grade_does_not_depend_on_the_number_of_grades(image):
    one = inr.fit(image, small_config(grades=small_config().grades[:1])).model
    three = inr.fit(image, small_config()).model
    for a, b in zip(one.grades[0].parameters(), three.grades[0].parameters(), strict=True):
        assert torch.equal(a, b)


def test_paper_setting_to_the_letter():
    config = inr.configure(inr.FitOptions(method="mgdl-paper", pixels="half"))
    assert len(config.grades) == 4
    assert {(g.depth, g.width, g.activation) for g in config.grades} == {(3, 256, "relu")}
    training = config.training
    assert training.steps == (10_000,) * 4 and training.batch_size is None
    assert (training.optimizer, training.schedule, training.init) == ("adam", "constant", "glorot-normal")
    assert config.frame == "unit" and config.encoding.kind == "none" and config.pixels == "half"
    assert config.feed == "features" and not training.rescale_residual
    single = inr.configure(inr.FitOptions(method="sgdl-paper"))
    assert [(g.depth, g.width) for g in single.grades] == [(12, 256)]


def test_paper_parameter_counts():
    """Fang & Xu 2024: 133,123 in grade 1, 198,147 in each later one; 725,251 in the single grade of 12."""
    assert Grade(2, 3, depth=3, width=256, activation="relu").parameters_count == 133_123
    assert Grade(256, 3, depth=3, width=256, activation="relu").parameters_count == 198_147
    assert Grade(2, 3, depth=12, width=256, activation="relu").parameters_count == 725_251


def test_paper_coordinates_are_column_over_width_and_row_over_height():
    where = coordinates(torch.arange(4 * 5), 5, 4, "unit").reshape(4, 5, 2)
    torch.testing.assert_close(where[2, 3], torch.tensor([3 / 5, 2 / 4]))
    assert float(where.min()) == 0.0 and float(where.max()) < 1.0


def test_paper_start_has_the_published_spread():
    grade = Grade(256, 3, depth=3, width=256, activation="relu")
    grade.start("glorot-normal", torch.Generator().manual_seed(0), first=False, raw=False)
    for layer in grade.layers:
        assert float(layer.weight.detach().std()) == pytest.approx(math.sqrt(2 / 512), rel=0.02)
        assert float(layer.bias.detach().std()) == pytest.approx(0.01, rel=0.2)


def test_paper_training_equals_a_plain_loop(image):
    """Two grades, full batch, constant-rate Adam on 1/2 mean squared error, against torch written out by hand."""
    steps, rate = 5, 1e-3
    own = inr.GradeShape(depth=3, width=16, activation="relu")
    base = inr.configure(inr.FitOptions(method="mgdl-paper", pixels="half", seed=2))
    config = changed(base, grades=(own, own), steps=(steps, steps), learning_rate=rate)
    model = inr.fit(image, config).model

    ys, xs = torch.meshgrid(torch.arange(0, 12, 2), torch.arange(0, 17, 2), indexing="ij")
    x = torch.stack([xs.reshape(-1) / 17, ys.reshape(-1) / 12], 1)
    target = torch.from_numpy(image.pixels)[::2, ::2].reshape(-1, 3)
    for number in (1, 2):
        fresh = Grade(x.shape[1], 3, depth=3, width=16, activation="relu")
        fresh.start("glorot-normal", generator(2, number), first=number == 1, raw=number == 1)
        layers = [nn.Linear(*reversed(layer.weight.shape)) for layer in (*fresh.layers, fresh.head)]
        for mine, theirs in zip(layers, (*fresh.layers, fresh.head), strict=True):
            mine.load_state_dict(theirs.state_dict())
        body = nn.Sequential(layers[0], nn.ReLU(), layers[1], nn.ReLU(), layers[2], nn.ReLU())
        adam = torch.optim.Adam([*body.parameters(), *layers[3].parameters()], lr=rate, betas=(0.9, 0.999), eps=1e-8)
        for _ in range(steps):
            adam.zero_grad()
            (0.5 * (layers[3](body(x)) - target).square().mean()).backward()
            adam.step()
        for mine, theirs in zip(layers, (*model.grades[number - 1].layers, model.grades[number - 1].head), strict=True):
            torch.testing.assert_close(theirs.weight, mine.weight, atol=2e-5, rtol=1e-4)
        with torch.no_grad():
            features = body(x)
            target = target - layers[3](features)
            x = features


def test_full_batch_in_chunks_and_portions_has_the_gradient_of_the_whole(image, monkeypatch):
    config = small_config()
    encoding = draw_encoding(config.encoding, config.frame, 0)
    grade = Grade(encoding.size, 3, depth=2, width=16, activation="sine")
    grade.start("glorot-normal", torch.Generator().manual_seed(0), first=True, raw=False)
    x = encoding(all_coordinates(image))
    whole = 0.5 * (grade(x) - torch.from_numpy(image.pixels).reshape(-1, 3)).square().mean()
    expected = torch.autograd.grad(whole, list(grade.parameters()))
    pool = pool_of(image, config, encoding, held=90)
    assert not pool.whole
    monkeypatch.setattr(pool_module, "CHUNK", 24)
    monkeypatch.setattr(objective, "CHUNK", 16)
    found = []

    def look(done, fraction, loss, *_):
        found.extend([loss, *(parameter.grad.clone() for parameter in grade.parameters())])

    training = changed(config, batch_size=None, optimizer="adam", rescale_residual=False).training
    engine.train_grade(
        grade, pool, training, 1e-9, Length(steps=1), dtype=torch.float32, target_psnr=None, on_step=look
    )
    loss, *gradients = found
    assert loss == pytest.approx(float(whole.detach()), rel=1e-5)
    for ours, wanted in zip(gradients, expected, strict=True):
        torch.testing.assert_close(ours, wanted, atol=1e-6, rtol=1e-4)


def test_rescaling_is_folded_into_the_head(image):
    """With a tiny residual, a rescaled grade still learns, and the sum needs no factor."""
    dim = inr.image_from_array((picture() // 64 + 100).astype("uint8"))
    fitted = inr.fit(dim, small_config())
    errors = [(fitted.model.up_to(k).render() - dim.pixels).std() for k in (1, 2, 3)]
    assert errors[2] < errors[1] < errors[0]
    # The rate is in units of what a grade fits, so halving the residual halves the grade: nothing else changes.
    plain = inr.fit(dim, small_config(rescale_residual=False))
    assert inr.model_to_bytes(plain.model) != inr.model_to_bytes(fitted.model)


def test_every_grade_gains_on_its_training_pixels(image):
    fitted = inr.fit(image, small_config(steps=(100, 100, 100)))
    errors = [((fitted.model.up_to(k).render() - image.pixels) ** 2).mean() for k in (1, 2, 3)]
    assert errors[2] < errors[1] < errors[0] < image.pixels.var(axis=(0, 1)).mean()


def test_same_seed_same_weights_and_another_seed_others(image):
    a, b = (inr.model_to_bytes(inr.fit(image, small_config()).model) for _ in range(2))
    c = inr.model_to_bytes(inr.fit(image, small_config(seed=6)).model)
    assert a == b != c


def test_global_random_state_is_neither_used_nor_changed(image):
    torch.manual_seed(1)
    before = torch.get_rng_state()
    a = inr.model_to_bytes(inr.fit(image, small_config()).model)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert a == inr.model_to_bytes(inr.fit(image, small_config()).model)


@pytest.mark.parametrize("width", [16, 2])
def test_bfloat16_trains_too(image, width):
    config = small_config(precision="bf16", steps=(160,) * 3, batch_size=None)
    narrow = tuple(dataclasses.replace(own, width=width) for own in config.grades)
    fitted = inr.fit(image, dataclasses.replace(config, grades=narrow))
    assert fitted.precision == "bf16"
    assert inr.measure(image, fitted.model)[0][-1].psnr_db > psnr_of_flat(image) + 0.5
    assert all(p.dtype == torch.float32 for grade in fitted.model.grades for p in grade.parameters())


def test_divergence_is_retried_once_at_a_lower_rate_then_reported(image, monkeypatch):
    tried = []
    original = grades.train_grade

    def sometimes(grade, pool, training, rate, length, **rest):
        tried.append(rate)
        if len(tried) == 1:
            raise DivergedError
        return original(grade, pool, training, rate, length, **rest)

    monkeypatch.setattr(grades, "train_grade", sometimes)
    fitted = inr.fit(image, small_config())
    assert tried[:2] == [0.05, 0.0125]
    assert fitted.grades[0].learning_rate == 0.0125

    monkeypatch.setattr(grades, "train_grade", original)
    broken = dataclasses.replace(image, pixels=image.pixels * float("nan"))
    with pytest.raises(inr.TrainingError, match="grade 1: the loss did not stay finite at learning rate 0.05"):
        inr.fit(broken, small_config())


def test_target_psnr_stops_with_what_is_there(image):
    fitted = inr.fit(image, small_config(steps=(400,) * 3, target_psnr=16.0))
    assert fitted.grades[-1].steps < 400 and "16 dB reached" in fitted.stopped
    reached = inr.measure(image, fitted.model)[0]
    assert reached[-1].psnr_unclipped_db >= 15.99 and all(q.psnr_unclipped_db < 16 for q in reached[:-1])
    never = inr.fit(image, small_config(target_psnr=90.0))
    assert len(never.grades) == 3 and never.stopped is None


def test_seconds_stop_and_leave_a_usable_model(image):
    grades = small_config().grades[:2]
    fitted = inr.fit(image, small_config(grades=grades, steps=(1_000_000,) * 2, seconds=0.4))
    assert 1 <= len(fitted.grades) == len(fitted.model.grades) and fitted.grades[0].steps < 1_000_000
    assert fitted.stopped == "time limit of 0.4 s"


@pytest.mark.parametrize("seconds", [0.01, 0.05])
def test_no_time_at_all_still_gives_one_grade(image, seconds):
    fitted = inr.fit(image, small_config(steps=(10**8,) * 3, seconds=seconds))
    assert fitted.stopped == f"time limit of {seconds:g} s"
    assert len(fitted.grades) == len(fitted.model.grades) >= 1 and all(log.steps >= 1 for log in fitted.grades)
    assert np.isfinite(fitted.model.render()).all()


@pytest.mark.parametrize("method", ["sgdl-fourier", "mgdl-paper"])
def test_a_last_step_that_diverges_is_no_success(image, method):
    config = inr.configure(inr.FitOptions(method=method, steps=1, learning_rate=1000.0, seed=0))
    own = dataclasses.replace(config.grades[0], activation="relu", depth=12, width=64)
    with pytest.raises(inr.TrainingError, match="grade 1"):
        inr.fit(image, changed(config, grades=(own,), optimizer="adam", init="fan-in"))


def test_paper_methods_are_float32_whatever_is_faster():
    assert inr.configure(inr.FitOptions(method="mgdl-paper")).training.precision == "float32"
    with pytest.raises(inr.ConfigError, match="fixes precision"):
        inr.configure(inr.FitOptions(method="sgdl-paper", precision="bf16"))
