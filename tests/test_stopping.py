"""Stopping on held-out pixels: never trained on; the best is restored, and a grade that does not help is dropped."""

import numpy as np
import pytest
import torch
from helpers.configs import small_config

import inr
from inr.imaging.sampling import training_pixels, validation_pixels
from inr.networks.grade import Grade
from inr.settings.trainings import GreedyTraining
from inr.training.greedy.pool import Pool
from inr.training.greedy.stopping import Best


def noisy(side: int = 30) -> inr.Image:
    """A smooth picture under noise that no network can tell from its neighbours."""
    y, x = np.mgrid[:side, :side] / side
    values = 0.5 + 0.3 * np.sin(4 * x + 2 * y)[:, :, None] + np.random.default_rng(0).normal(0, 0.08, (side, side, 1))
    return inr.image_from_array(np.clip(values, 0, 1).astype(np.float32))


def test_one_training_pixel_in_nine_validates():
    where = validation_pixels(12, 18, "half")
    assert where is not None and where.reshape(9, 6).nonzero().tolist() == [[y, x] for y in (1, 4, 7) for x in (1, 4)]
    assert len(where) == len(training_pixels(12, 18, "half")) and validation_pixels(2, 9, "half") is None


@pytest.mark.parametrize("pool_bytes", [10**9, 4 * 40])
def test_pixels_that_validate_are_never_visited(pool_bytes):
    where = validation_pixels(9, 8, "all")
    pool = Pool(
        pixels=torch.arange(72, dtype=torch.int32), colours=torch.arange(72.0)[:, None],
        encode=lambda pixels: pixels[:, None].float(), feed="both", widest=1, visits=40, seed=0,
        pool_bytes=pool_bytes, validation=where,
    )  # fmt: skip
    visited = torch.cat([pool.batch(13)[0] for _ in range(60)]).unique().long()
    assert not where[visited].any() and len(visited) == pool.count == 72 - int(where.sum())
    watched = pool.validation()
    assert watched is not None and where[watched[0].long()].all()
    assert sorted(int(v) for part in pool.portions() for v in part[0]) == [v for v in range(72) if not where[v]]
    assert torch.equal(pool.leftover()[:, 0], torch.arange(72.0))  # whole, for spectra


def test_the_best_is_restored():
    grade = Grade(1, 1, depth=1, width=2, activation="tanh")
    for parameter in grade.parameters():
        parameter.data.fill_(0.5)
    target = grade(torch.ones(4, 1)).detach()
    best = Best(grade, (torch.ones(4, 1), target, None))
    for step, value in enumerate((0.9, 0.5, 0.7, 0.8), start=1):
        grade.head.weight.data.fill_(value)
        ended = best.over(step, step / 4, 1.0, 0.0)
    assert ended and best.step == 2 and best.error < 1e-12
    best.restore()
    assert torch.equal(grade(torch.ones(4, 1)), target)


def test_grades_are_added_as_long_as_held_out_pixels_gain():
    wishes = inr.FitOptions(method="mgdl-fourier", pixels="half", grades="auto", steps=40, width=32, sigma=4.0)
    config = inr.configure(wishes)
    assert config.stop == "held-out" and len(config.grades) == 8
    result = inr.fit(noisy(), config)
    values = [log.validation_db for log in result.grades]
    assert 1 <= len(result.grades) < 8 and values == sorted(values)
    assert result.stopped is not None and "did not lower the validation error" in result.stopped
    assert all(0 < log.kept_step <= log.steps for log in result.grades)


def test_who_stops_by_default():
    def stop(**wishes):
        return inr.configure(inr.FitOptions(**wishes)).stop

    assert stop(method="mgdl-fourier") == "end" and stop(method="mgdl-fourier", pixels="half") == "held-out"
    assert stop(method="mgdl-fourier", pixels="half", stop="end") == "end"
    assert (
        stop(method="siren", pixels="half") == stop(method="mgdl-paper", pixels="half") == "end"
    )  # as their papers do
    assert stop(method="siren", pixels="half", recipe="inr") == "held-out"
    assert stop(method="mgdl", pixels="half") == stop(method="local", pixels="half") == "end"
    for wishes in ({"method": "mgdl", "stop": "held-out"}, {"grades": "auto"},
                   {"method": "mgdl-fourier", "grades": "auto", "stop": "end"}):  # fmt: skip
        with pytest.raises(inr.ConfigError):
            stop(**wishes)


def test_full_batches_leave_out_what_validates_too():
    config = small_config(stop="held-out", pixels="half", batch_size=None)
    assert isinstance(config.training, GreedyTraining)
    assert all(log.kept_step is not None for log in inr.fit(noisy(14), config).grades)


def test_a_picture_has_no_validation_samples_to_add_grades_by():
    with pytest.raises(inr.ConfigError, match="grades_auto needs validation samples, which a picture has not"):
        inr.fit(noisy(8), small_config(grades_auto=True, steps=(2,) * len(small_config().grades)))
