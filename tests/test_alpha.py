"""Colours that alpha hides: neither fitted, nor measured, nor shown."""

import numpy as np
import pytest
from helpers.commands import run
from helpers.configs import grid_config, small_config
from helpers.files import chunk, png
from helpers.pictures import picture
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import inr
from inr.analysis.fitted import fit_and_measure
from inr.analysis.interpolation import interpolate
from inr.analysis.metrics import compare_pictures, measure
from inr.analysis.spectrum import spectrum
from inr.imaging.alpha import seen, visibility, without_hidden
from inr.report.figures import opaque, reduce_picture
from inr.training.rounding.model import round_model


def disc(hidden, channels=4, dtype=np.uint8, height=20, width=26) -> inr.Image:
    """A picture seen through a disc with a soft edge; outside lie colours of one value, or noise."""
    array = picture(height, width, channels, dtype=dtype)
    y, x = np.mgrid[:height, :width]
    alpha = np.clip(8.5 - np.hypot(y - height / 2, x - width / 2), 0, 1)
    array[:, :, -1] = np.rint(alpha * np.iinfo(dtype).max)
    colours, most = array[:, :, :-1], np.iinfo(dtype).max
    noise = np.random.default_rng(7).integers(0, most, colours.shape, endpoint=True)
    colours[alpha == 0] = noise[alpha == 0] if hidden == "noise" else hidden * most
    return inr.image_from_array(array)


CONFIGS = {
    "waves": small_config(),
    "planes": grid_config(),
    "every pixel at once": small_config(batch_size=None),
    "half": small_config(pixels="half"),
    "small file": inr.configure(inr.FitOptions(quality=60, steps=24)),
}


@pytest.mark.parametrize("channels", [2, 4])
@pytest.mark.parametrize("name", CONFIGS)
def test_a_fit_does_not_depend_on_what_is_hidden(name, channels):
    black, noise = (fit_and_measure(disc(hidden, channels), CONFIGS[name]) for hidden in (0, "noise"))
    assert black.data == noise.data and black.qualities == noise.qualities


def test_nothing_that_is_measured_depends_on_what_is_hidden():
    black, noise = disc(0, dtype=np.uint16), disc("noise", dtype=np.uint16)
    model = inr.fit(black, small_config()).model
    for config in (small_config(), small_config(pixels="half")):
        assert measure(black, model, pixels=config.pixels)[0] == measure(noise, model, pixels=config.pixels)[0]
        assert spectrum(black, model, pixels=config.pixels) == spectrum(noise, model, pixels=config.pixels)
    for loss in (0.1, 1.0):
        rounded = [inr.model_to_bytes(round_model(model, image, loss_db=loss)) for image in (black, noise)]
        assert rounded[0] == rounded[1]
    assert compare_pictures(black, inr.quantize(noise.pixels, 16)).psnr_db == float("inf")
    for name in ("bilinear", "bicubic", "lanczos"):
        assert (interpolate(black, name) == interpolate(noise, name)).all()
    for reduced in (reduce_picture(np.kron(i.pixels, np.ones((60, 60, 1), np.float32))) for i in (black, noise)):
        wanted = opaque(seen(black.pixels)).repeat(20, axis=0).repeat(20, axis=1)
        assert np.abs(opaque(reduced) - wanted).max() < 1e-5


def test_what_is_measured_is_what_is_seen():
    image = disc(0)
    worse = inr.quantize(image.pixels, 8)
    worse[10, 13, 0] ^= 128
    seen_error = (128 / 255 * worse[10, 13, 3] / 255) ** 2 / worse.size
    assert compare_pictures(image, worse).psnr_db == pytest.approx(-10 * np.log10(seen_error), abs=1e-4)
    half = inr.image_from_array(np.dstack([picture(), np.full((12, 17), 51, np.uint8)]))
    other = inr.quantize(half.pixels, 8)
    other[:, :, :3] = 255 - other[:, :, :3]
    error = np.mean(np.square(seen(half.pixels) - seen(other / np.float32(255))))
    assert compare_pictures(half, other).psnr_db == pytest.approx(-10 * np.log10(error), abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    hnp.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([2, 4]))),
    st.floats(0, 1),
    st.sampled_from(["all", "half"]),
)
def test_hidden_colours_continue_those_that_are_seen(array, share, pixels):
    random = np.random.default_rng(0).random(array.shape[:2])
    array[:, :, -1][random < share] = 0
    image = inr.image_from_array(array)
    filled = without_hidden(image, pixels)
    shown = image.pixels[:, :, -1] > 0
    assert (filled.pixels[shown] == image.pixels[shown]).all()
    assert (filled.pixels[:, :, -1] == image.pixels[:, :, -1]).all()
    step = 2 if pixels == "half" else 1
    taken, of_taken = filled.pixels[::step, ::step, :-1], shown[::step, ::step]
    if of_taken.any():
        low, high = taken[of_taken].min(axis=0), taken[of_taken].max(axis=0)
        assert (taken >= low - 1e-6).all() and (taken <= high + 1e-6).all()
    elif (image.pixels[::step, ::step, -1] == 0).all():
        assert (taken == 0).all()
    again = without_hidden(filled, pixels)
    assert np.abs(again.pixels - filled.pixels).max() < 1e-6


def test_far_from_what_is_seen_the_continuation_is_smooth():
    array = np.zeros((64, 96, 4), np.uint8)
    array[20:30, 40:50] = 200, 100, 50, 255
    array[40:44, 10:12] = 0, 100, 50, 255
    filled = without_hidden(inr.image_from_array(array)).pixels[:, :, :3]
    assert np.abs(np.diff(filled, axis=0)).max() < 0.2 and np.abs(np.diff(filled, axis=1)).max() < 0.2
    assert np.abs(filled[:, :, 1] - 100 / 255).max() < 1e-6


def test_pictures_that_hide_nothing_are_left_alone():
    for channels in (1, 2, 3, 4):
        array = picture(channels=channels)
        array[:, :, -1] |= 1
        image = inr.image_from_array(array)
        assert without_hidden(image) is image
        assert (visibility(image) is None) == (channels in (1, 3))
    assert visibility(inr.image_from_array(np.full((3, 3, 4), 255, np.uint8))) is None


@pytest.mark.parametrize("name", ["waves", "planes"])
def test_a_larger_drawing_has_no_rim(name):
    """One colour under a disc of alpha, black around: drawn four times as large, no black is mixed in."""
    image = disc(0)
    colours = np.where(image.pixels[:, :, 3:] > 0, np.float32([0.8, 0.6, 0.4]), 0)
    image = inr.image_from_array(np.concatenate([colours, image.pixels[:, :, 3:]], axis=2).astype(np.float32))
    config = small_config(steps=(300, 300, 300)) if name == "waves" else grid_config(steps=0)
    drawn = inr.fit(image, config).model.render(width=104, height=80)
    rim = (drawn[:, :, 3] > 0.1) & (drawn[:, :, 3] < 0.9)
    assert rim.sum() > 100
    assert np.abs(drawn[rim][:, :3] - [0.8, 0.6, 0.4]).mean() < 0.05


@pytest.mark.parametrize("name", ["waves", "every pixel at once", "small file"])
def test_what_is_hardly_seen_takes_little_of_a_fit(monkeypatch, name):
    array = picture(24, 32, 4)
    array[:, 16:, :3] = np.random.default_rng(1).integers(0, 256, (24, 16, 3))
    array[:, :, 3] = np.where(np.arange(32) < 16, 255, 6)
    image = inr.image_from_array(array)
    weighed, unweighed = {}, {}
    for kept in (weighed, unweighed):
        result = inr.fit(image, CONFIGS[name])
        kept["psnr"] = measure(image, result.model)[0][-1].psnr_db
        kept["bytes"] = len(inr.model_to_bytes(result.model))
        for module in ("greedy.fit", "joint.state"):
            monkeypatch.setattr(f"inr.training.{module}.visibility", lambda image: None)
    if name == "small file":  # of one lambda: what is hardly seen takes no bytes
        assert weighed["bytes"] < 0.8 * unweighed["bytes"] and weighed["psnr"] > unweighed["psnr"] - 0.3
    else:
        assert weighed["psnr"] > unweighed["psnr"] + 0.3


@pytest.mark.parametrize(
    ("kind", "bits", "channels", "arguments"),
    [
        ("rgb alpha", 8, 4, ("--encoding", "fourier", "--grades", "1", "--steps", "4")),
        ("grey alpha", 16, 2, ("--encoding", "fourier", "--grades", "1", "--steps", "4")),
        ("rgb alpha", 8, 4, ("--max-bytes", "700", "--steps", "10")),
        ("grey alpha", 16, 2, ("--quality", "60", "--steps", "10")),
    ],
)
def test_a_picture_of_which_nothing_is_seen_works(tmp_path, kind, bits, channels, arguments):
    array = np.random.default_rng(0).integers(0, 2**bits, (20, 30, channels))
    array[:, :, -1] = 0
    (tmp_path / "a.png").write_bytes(png(array, kind, bits))
    run("fit", tmp_path / "a.png", "--out", tmp_path / "out", "-q", *arguments)
    run("render", tmp_path / "out" / "a.inr", "--out", tmp_path / "b.png", "--scale", "2")
    assert inr.quantize(inr.load_image(tmp_path / "b.png").pixels, 8)[:, :, -1].max() < 128


def test_a_transparent_colour_of_a_grey_png_goes_through_the_command_line(tmp_path):
    array = np.random.default_rng(0).integers(0, 4, (16, 16, 1))
    (tmp_path / "a.png").write_bytes(png(array, "grey", 2, chunk(b"tRNS", b"\0\2")))
    run("fit", tmp_path / "a.png", "--out", tmp_path / "out", "-q", "--grades", "1", "--steps", "4")
    assert inr.load_image(tmp_path / "out" / "a.grade1.png").channels == 2
