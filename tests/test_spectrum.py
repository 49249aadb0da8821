"""Power, error and time by frequency: each number against its definition written out."""

import dataclasses
import itertools
import math
import time

import kornia
import numpy as np
import pytest
import torch
from helpers.configs import grid_config, small_config
from helpers.pictures import has_figures, picture
from hypothesis import given, settings
from hypothesis import strategies as st

import inr
from inr.analysis import spectrum as spectrum_module
from inr.analysis.recorder import SpectrumRecorder
from inr.analysis.spectrum import BANDS, SIGMAS, Prefixes, in_bands
from inr.imaging.sampling import training_pixels
from inr.report.spectrum_figure import draw_spectrum
from inr.report.spectrum_text import spectrum_data, spectrum_rows
from inr.spectra import signals as frequency
from inr.spectra.rings import MOST_RINGS, Rings, central, relative_error
from inr.training.greedy import fit as grades


def ring_power(picture: np.ndarray) -> tuple[Rings, np.ndarray]:
    rings = Rings(*picture.shape[:2])
    return rings, rings.sums(rings.power(rings.transform(picture)))


@settings(max_examples=60, deadline=None)
@given(st.integers(20, 70), st.integers(20, 70), st.floats(0, math.pi), st.floats(0.06, 0.48), st.floats(0, 6))
def test_a_wave_of_any_direction_lands_in_its_ring(height, width, angle, radius, phase):
    """Cycles per pixel, not numbers of bins: also where the picture is not square."""
    y, x = np.mgrid[:height, :width]
    wave = np.cos(2 * np.pi * radius * (np.cos(angle) * x + np.sin(angle) * y) + phase)
    rings, power = ring_power(0.5 + 0.4 * wave[:, :, None])
    near = np.abs(rings.frequency - radius) <= 2.2 / min(height, width) + 0.05 * radius
    assert power[near].sum() > 0.98 * power.sum()


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 33), st.integers(1, 33), st.integers(1, 4), st.integers(0, 9))
def test_the_rings_hold_the_whole_variance(height, width, channels, seed):
    """Parseval: their sum is the variance, every pixel weighted by the window's square, summed over channels."""
    values = np.random.default_rng(seed).uniform(size=(height, width, channels)).astype(np.float32)
    rings, power = ring_power(values)
    window = np.outer(*(np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2 for side in (height, width)))[:, :, None]
    mean = (window * values).sum((0, 1)) / window.sum()
    variance = ((window * (values - mean)) ** 2).sum() / (window**2).sum()
    assert power.sum() == pytest.approx(variance, rel=1e-4, abs=1e-12)
    assert rings.count.sum() == height * width - 1 and (rings.count > 0).all()
    assert (np.diff(rings.frequency) > 0).all() and len(rings.count) <= MOST_RINGS
    if max(height, width) > 1:
        assert 1 / max(height, width) - 1e-9 <= rings.frequency[0] and rings.frequency[-1] <= 0.5**0.5 + 1e-9


def test_rings_of_a_lattice_of_every_other_pixel_end_at_half_the_frequency():
    rings, half = Rings(40, 60), Rings(40, 60, spacing=2)
    np.testing.assert_allclose(half.frequency, rings.frequency / 2)
    assert (half.count == rings.count).all()


def test_a_jump_between_borders_is_no_high_frequency():
    """What the window is for: a ramp is smooth, though its ends do not meet."""
    rings, power = ring_power(np.linspace(0, 1, 64)[None, :, None].repeat(48, 0))
    assert power[rings.frequency > 0.25].sum() < 1e-5 * power.sum()


def test_pictures_add_up_in_the_transform(image, model):
    rings = Rings(image.height, image.width)
    parts = [model.render(grade=k) for k in (1, 2, 3)]
    whole = rings.transform(parts[0]) + sum(rings.transform(b - a) for a, b in itertools.pairwise(parts))
    np.testing.assert_allclose(whole, rings.transform(parts[-1]), atol=1e-6)


def test_spectrum_equals_the_definition_written_out(image, model):
    found = inr.spectrum(image, model)
    assert found.source and found.part == (17, 12) and found.longer == 17 and found.nyquist == 0.5
    assert inr.spectrum(image, model, pixels="half").nyquist == 0.25
    before = np.zeros_like(image.pixels)
    _, target = ring_power(image.pixels)
    np.testing.assert_allclose(found.target, target, rtol=1e-5)
    for number, own in enumerate(found.grades, start=1):
        drawn = model.render(grade=number)
        np.testing.assert_allclose(own.contribution, ring_power(drawn - before)[1], rtol=1e-3, atol=1e-9)
        left = ring_power(image.pixels - drawn)[1]
        np.testing.assert_allclose(own.leftover, left, rtol=1e-3, atol=1e-9)
        np.testing.assert_allclose(own.error, np.sqrt(left / target), rtol=1e-3)
        before = drawn


def test_low_and_high_are_those_of_a_gaussian_blur():
    """The filter's width is a standard deviation in pixels; kornia blurs the same windowed picture."""
    target, drawn = (picture(64, 48, seed=s).astype(np.float32) / 255 for s in (0, 1))
    drawn = 0.8 * target + 0.2 * drawn
    image = inr.image_from_array(target)
    model = inr.fit(image, small_config(grades=small_config().grades[:1])).model
    prefixes = Prefixes(model)
    prefixes.add(slice(0, 64), (drawn,))
    own = inr.spectrum(image, model, prefixes=prefixes).grades[0]
    window = torch.from_numpy(Rings(64, 48).window)

    def halves(values, sigma):
        values = torch.from_numpy(values).permute(2, 0, 1)
        values = (values - (values * window).sum((1, 2), keepdim=True) / window.sum()) * window
        side = 2 * min(int(4 * sigma), 23) + 1
        low = kornia.filters.gaussian_blur2d(values[None], (side, side), (sigma, sigma), border_type="circular")[0]
        return low, values - low

    for sigma, e_low, e_high in zip(SIGMAS[:3], own.e_low, own.e_high, strict=False):
        y, h = halves(target, sigma), halves(drawn, sigma)
        low, high = (float((a - b).norm() / b.norm()) for a, b in zip(h, y, strict=True))
        assert (e_low, e_high) == (pytest.approx(low, rel=0.01), pytest.approx(high, rel=0.01))
    assert own.e_low[0] > own.e_low[1] * 1.05  # what differs is noise: a wider filter hides more of it


def test_nothing_is_wrong_with_an_exact_model_and_everything_with_a_constant(model):
    exact = inr.Image(pixels=model.render(), name="own")
    last = inr.spectrum(exact, model).grades[-1]
    for values in (last.error, last.e_low, last.e_high, last.leftover):
        assert np.abs(values).max() < 1e-6
    constant = Prefixes(model)
    for part in constant.pictures:
        part[:] = 0.3
    for own in inr.spectrum(exact, model, prefixes=constant).grades:
        for values in (own.error, own.e_low, own.e_high):
            np.testing.assert_allclose(values, 1.0, atol=1e-4)
        assert sum(own.contribution) < 1e-10


def test_without_a_source_the_target_is_the_models_own_picture(model):
    found = inr.spectrum(None, model)
    np.testing.assert_allclose(found.target, ring_power(model.render())[1], rtol=1e-5)
    assert not found.source and all(not (own.error or own.leftover or own.e_low) for own in found.grades)
    assert len(spectrum_rows(found)[0]) == len(BANDS) and in_bands(found)[0][2] > 0


def test_bands_pool_the_rings(image, model):
    found = inr.spectrum(image, model)
    rings = np.array(found.frequency)
    chosen = (rings >= 1 / 8) & (rings < 1 / 4)
    own = found.grades[0]
    expected = math.sqrt(np.array(own.leftover)[chosen].sum() / np.array(found.target)[chosen].sum())
    assert in_bands(found)[0][3] == pytest.approx(expected)
    assert spectrum_rows(found)[1][4] == f"{expected:.4f}"
    assert math.isnan(in_bands(found)[0][0]) and spectrum_rows(found)[1][1] == "-"  # 17 pixels are too few for it


def test_a_very_large_picture_is_looked_at_in_its_middle(image, model, monkeypatch):
    monkeypatch.setattr(spectrum_module, "_MOST_NUMBERS", 49 * 3 * 4)
    found = inr.spectrum(image, model)
    assert found.part == (7, 7) and (found.width, found.height) == (17, 12)
    middle = (slice(2, 9), slice(5, 12))
    np.testing.assert_allclose(found.target, ring_power(image.pixels[middle])[1], rtol=1e-4)
    np.testing.assert_allclose(found.grades[-1].leftover, ring_power((image.pixels - model.render())[middle])[1], 1e-3)
    gathered = Prefixes(model)
    inr.measure(image, model, on_strip=gathered.add)
    for part, number in zip(gathered.pictures, (1, 2, 3), strict=True):
        np.testing.assert_allclose(part, model.render(grade=number)[middle], atol=1e-5)
    assert central(10, 1000, 400) == (slice(0, 10), slice(480, 520))


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1), (2, 2), (3, 50)])
@pytest.mark.parametrize("channels", [1, 4])
def test_threads_of_pixels_and_flat_pictures(tmp_path, shape, channels):
    config = small_config(grades=small_config().grades[:2])
    for array in (picture(*shape, channels), np.full((*shape, channels), 90, np.uint8)):
        image = inr.image_from_array(array)
        recorder = SpectrumRecorder(image, config)
        model = inr.fit(image, config, progress=recorder).model
        found = inr.spectrum(image, model, history=recorder.history())
        assert len(found.frequency) == 0 or found.frequency[0] > 0
        draw_spectrum(tmp_path / "a.png", found)
        assert has_figures(tmp_path / "a.png")
        assert spectrum_data(found)["grades"][1]["grade"] == 2
    flat = found.grades[0].error
    assert all(math.isnan(value) for value in flat)


def test_a_picture_of_another_size_is_refused(model):
    with pytest.raises(inr.ImageError, match=r"array: 9 x 12 pixels of 3 channels, but the model draws 17 x 12 of 3"):
        inr.spectrum(inr.image_from_array(picture(12, 9)), model)
    with pytest.raises(inr.ConfigError, match="0 x 3 pixels have no spectrum"):
        Rings(3, 0)


def test_relative_error_of_nothing_is_not_a_number():
    found = relative_error(np.array([1.0, 4.0, 1.0]), np.array([4.0, 4.0, 0.0]))
    assert found[:2].tolist() == [0.5, 1.0] and math.isnan(found[2])


@pytest.mark.parametrize("pixels", ["all", "half"])
@pytest.mark.parametrize("whole", [True, False])
def test_leftover_is_target_minus_prediction_in_reading_order(image, pixels, whole, monkeypatch):
    """At a grade's last step the grade is what the model will hold, its scale included."""
    if not whole:
        monkeypatch.setattr(grades, "pool_bytes", lambda *_: 2000)
    seen, some = {}, torch.tensor([0, 3, 7, 20])

    def watch(progress):
        if progress.grade_fraction == 1.0:
            seen[progress.grade] = progress.leftover(), progress.leftover(some)

    result = inr.fit(image, small_config(pixels=pixels), progress=watch)
    assert (result.held == 1) == whole
    rows = training_pixels(17, 12, pixels).long()
    for number, (everything, part) in seen.items():
        expected = torch.from_numpy(image.pixels - result.model.render(grade=number)).reshape(-1, 3)[rows]
        torch.testing.assert_close(everything, expected, atol=2e-5, rtol=1e-4)
        torch.testing.assert_close(part, expected[some], atol=2e-5, rtol=1e-4)
    assert sorted(seen) == [1, 2, 3]


@pytest.mark.parametrize("bytes_", [2000, 1 << 30])
def test_looking_does_not_change_the_fit(image, bytes_, monkeypatch):
    monkeypatch.setattr(grades, "pool_bytes", lambda *_: bytes_)
    config = small_config()
    plain = inr.model_to_bytes(inr.fit(image, config).model)
    assert inr.model_to_bytes(inr.fit(image, config, progress=SpectrumRecorder(image, config)).model) == plain


def test_the_recorder_sees_what_the_spectrum_sees(image):
    recorder = SpectrumRecorder(image, small_config())
    model = inr.fit(image, small_config(), progress=recorder).model
    history, found = recorder.history(), inr.spectrum(image, model)
    assert history.part == (17, 12) and history.frequency == found.frequency
    for own in found.grades:
        looks = [look for look in history.looks if look.grade == own.grade]
        assert looks[0].step == 1 and looks[-1].step == 12 and len(looks) >= 3
        assert [look.step for look in looks] == sorted({look.step for look in looks})
        np.testing.assert_allclose(looks[-1].error, own.error, rtol=1e-2)
    assert {look.grade for look in recorder.history(2).looks} == {1, 2}


def test_the_recorder_of_half_the_pixels_ends_at_their_nyquist(image):
    config = small_config(pixels="half")
    recorder = SpectrumRecorder(image, config)
    model = inr.fit(image, config, progress=recorder).model
    history = recorder.history()
    assert history.part == (9, 6) and max(history.frequency) <= 0.25 * 2**0.5
    left = (image.pixels - model.render())[::2, ::2]
    expected = np.sqrt(ring_power(left)[1] / ring_power(image.pixels[::2, ::2])[1])
    np.testing.assert_allclose(history.looks[-1].error, expected, rtol=1e-2)


def nothing_left(places):
    return torch.zeros(len(places), 3)


def progress(config, grade: int, step: int, *, seconds: float = 0.0, leftover=nothing_left):
    steps = config.training.steps
    done = sum(steps[: grade - 1]) + step
    return inr.Progress(
        grade=grade, grades=len(config.grades), step=step, done=done, fraction=done / sum(steps),
        grade_fraction=step / steps[grade - 1], seconds=seconds, loss=0.1, psnr_db=10.0, leftover=leftover,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("grade_count", "preset", "least"), [(1, "fast", 11), (1, "best", 40), (4, "balanced", 40), (40, "fast", 40)]
)
def test_looks_are_few_small_and_within_the_share_of_the_cost(grade_count, preset, least):
    """A single fast grade is 100 steps, which pay for nine of the smallest looks: a quarter of the usual is kept."""
    image = inr.image_from_array(picture(400, 500))
    config = inr.configure(inr.FitOptions(method="mgdl-fourier", grades=grade_count, preset=preset))
    recorder = SpectrumRecorder(image, config)
    for grade in range(1, grade_count + 1):
        for step in range(1, config.training.steps[grade - 1] + 1):
            recorder(progress(config, grade, step))
    history = recorder.history()
    looks, pixels = len(history.looks), math.prod(history.part)
    assert least <= looks <= max(49, 2 * grade_count)
    trained = sum(config.training.steps) * config.training.batch(200_000)
    assert looks * pixels <= max(0.031 * 3 * trained, 12 * 64 * 64)
    assert history.looks[-1].step == config.training.steps[-1]


@pytest.mark.parametrize("wishes", [{"preset": "best"}, {"steps": 300, "grades": 1}, {"steps": 3000, "pixels": "half"}])
def test_a_joint_fit_has_all_its_looks(wishes):
    """All grades are trained at once: the looks are not shared among them, and go from its first step to its last."""
    image, config = inr.image_from_array(picture(600, 800)), inr.configure(inr.FitOptions(**wishes))
    recorder, steps = SpectrumRecorder(image, config), config.training.steps
    for step in range(1, steps + 1):
        recorder(
            inr.Progress(
                grade=len(config.grades), grades=len(config.grades), step=step, done=step, fraction=step / steps,
                grade_fraction=step / steps, seconds=0.0, loss=0.1, psnr_db=10.0, leftover=nothing_left,
            )
        )  # fmt: skip
    looked = [look.step for look in recorder.history().looks]
    assert 40 <= len(looked) <= 48 and looked[0] == 1 and looked[-1] == steps
    apart = np.diff(looked)
    assert looked == sorted(set(looked)) and apart[:8].mean() < apart[-8:].mean()  # closer where training begins


def test_what_the_recorder_sees_of_a_joint_fit_is_what_is_there(image):
    config = grid_config(steps=12)
    recorder, left = SpectrumRecorder(image, config), []

    def both(at):
        recorder(at)
        left.append(at.leftover().reshape(12, 17, 3).numpy())

    inr.fit(image, config, progress=both)
    _, target = ring_power(image.pixels)
    looks = recorder.history().looks
    assert looks[0].step == 1 and looks[-1].step == 12 and {look.grade for look in looks} == {3}
    for look in looks:
        expected = np.sqrt(ring_power(left[look.step - 1])[1] / target)
        np.testing.assert_allclose(look.error, expected, rtol=1e-3)


def test_looks_of_an_attempt_that_diverged_are_dropped(image):
    config = small_config()
    recorder = SpectrumRecorder(image, config)
    for grade, step in [(1, 1), (1, 12), (2, 1), (2, 5), (2, 6), (2, 1), (2, 12)]:
        recorder(progress(config, grade, step))
    assert [(look.grade, look.step) for look in recorder.history().looks] == [(1, 1), (1, 12), (2, 1), (2, 12)]


def test_under_a_time_limit_looks_wait_until_they_are_cheap(image):
    config = small_config(seconds=10.0)
    recorder = SpectrumRecorder(image, config)

    def slow(places):
        time.sleep(0.03)
        return nothing_left(places)

    recorder(progress(config, 1, 1, seconds=0.5, leftover=slow))
    recorder(progress(config, 1, 4, seconds=0.9, leftover=slow))  # 3 % of this is less than the first look took
    assert [look.step for look in recorder.history().looks] == [1]
    recorder(progress(config, 1, 5, seconds=1e6, leftover=slow))
    assert [look.step for look in recorder.history().looks] == [1, 5]


def test_figures_of_many_grades_and_of_none_but_contributions(tmp_path, image, model):
    recorder = SpectrumRecorder(image, small_config())
    inr.fit(image, small_config(), progress=recorder)
    found = inr.spectrum(image, model, history=recorder.history())
    draw_spectrum(tmp_path / "a.png", found)
    draw_spectrum(tmp_path / "b.png", dataclasses.replace(found, grades=found.grades * 7))
    draw_spectrum(tmp_path / "again.png", found)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "again.png").read_bytes()
    assert (tmp_path / "a.png").read_bytes() != (tmp_path / "b.png").read_bytes()
    draw_spectrum(tmp_path / "c.png", inr.spectrum(None, model))
    assert has_figures(tmp_path / "a.png") and has_figures(tmp_path / "c.png")
    assert inr.load_image(tmp_path / "c.png").width < inr.load_image(tmp_path / "a.png").width


def test_dft_at_the_peaks_of_a_known_signal():
    x = np.arange(100) / 100 * 2 * np.pi
    target = np.sin(x) + 2 * np.sin(3 * x) + 0.5 * np.sin(7 * x) + 4
    found = frequency.dft_1d(np.sin(x) + np.sin(3 * x) + 0.1 * np.cos(20 * x), target)
    assert found.frequency == (1, 3, 7)
    assert found.error == (pytest.approx(0, abs=1e-9), pytest.approx(0.5), pytest.approx(1.0))
    assert frequency.dft_1d(target, target, peaks=1).frequency == (3,)
    assert frequency.dft_1d(x, np.ones(100)).frequency == ()
    with pytest.raises(inr.ConfigError, match="two rows of as many numbers"):
        frequency.dft_1d(target[:50], target)


def test_projection_finds_the_direction_and_the_error_along_it():
    t = np.arange(200) / 100
    direction = np.array([2.0, -1.0, 2.0]) / 3
    inputs = t[:, None] * direction + 5.0
    np.testing.assert_allclose(frequency.principal_direction(inputs), direction, atol=1e-9)
    waves = np.stack([np.cos(2 * np.pi * 3 * t), np.sin(2 * np.pi * 8 * t)], axis=1)
    found = frequency.projected(inputs, waves * [0.7, 1.2], waves, frequencies=[3, 8, 11])
    assert found.error[:2] == (pytest.approx(0.3), pytest.approx(0.2)) and math.isnan(found.error[2])
    across = frequency.projected(inputs, waves[:, 0], waves[:, 0], frequencies=[3], direction=np.array([0, 0, 1.5]))
    assert across.error[0] == 0  # 1.5 x 2/3: the same numbers along
    with pytest.raises(inr.ConfigError, match="a value, or as many values"):
        frequency.projected(inputs, waves[:9], waves, frequencies=[1])
    with pytest.raises(inr.ConfigError, match="the inputs have 3 dimensions"):
        frequency.projected(inputs, waves, waves, frequencies=[1], direction=np.ones(2))
    with pytest.raises(inr.ConfigError, match="a table of points"):
        frequency.principal_direction(t)
