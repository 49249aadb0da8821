"""Colour profiles: kept, fitted to the picture, and never written into one of other colours."""

import io

import numpy as np
import PIL.Image
import pytest
from helpers.pictures import GREY_PROFILE, PROFILE, picture, saved
from PIL import ImageCms

import inr
from inr.imaging.icc import BT709, SRGB_CURVE, colour_space, gamma_curve, make_profile, shared_curve
from inr.imaging.profile import is_srgb


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_colour_profile_is_kept_and_written(tmp_path, suffix):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    loaded = inr.load_image(saved(tmp_path / f"a.{suffix}", picture(), icc_profile=profile))
    assert loaded.icc_profile == profile
    inr.save_image(tmp_path / f"b.{suffix}", picture(), icc_profile=profile)
    assert inr.load_image(tmp_path / f"b.{suffix}").icc_profile == profile


@pytest.mark.parametrize("name", ["a.gif", "a.bmp"])
def test_a_profile_that_has_no_place_is_said(tmp_path, name):
    with pytest.warns(inr.ImageWarning, match="colour profile has no place"):
        inr.save_image(tmp_path / name, picture(), icc_profile=PROFILE)


OTHER = {1: PROFILE, 2: PROFILE, 3: GREY_PROFILE, 4: GREY_PROFILE}


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", ["png", "tif", "jpg", "webp"])
def test_no_picture_is_written_with_a_profile_of_other_colours(tmp_path, suffix, channels, dtype):
    if suffix == "jpg" and channels in (2, 4):
        return
    path, values = tmp_path / f"a.{suffix}", picture(channels=channels, dtype=dtype)
    inr.save_image(path, values, icc_profile=OTHER[channels])
    written = inr.load_image(path)
    assert written.notes == () and colour_space(written.icc_profile) == (b"RGB " if written.channels > 2 else b"GRAY")
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile, said in ((lab, "Lab colour profile does not fit"), (b"p" * 300, "no ICC profile")):
        with pytest.warns(inr.ImageWarning, match=said):
            inr.save_image(path, values, icc_profile=profile)
        assert inr.load_image(path).icc_profile is None


def test_a_grey_picture_keeps_the_curve_of_a_profile_of_rgb(tmp_path):
    palette = PIL.Image.fromarray(np.repeat(picture(channels=1), 3, axis=2)).quantize(200)
    for path in (
        saved(tmp_path / "a.png", picture(channels=1), icc_profile=PROFILE),
        saved(tmp_path / "a.jpg", picture(channels=1), icc_profile=PROFILE),
        saved(tmp_path / "a.tif", picture(channels=1), icc_profile=PROFILE),
        tmp_path / "p.png",
    ):
        palette.save(tmp_path / "p.png", icc_profile=PROFILE)
        loaded = inr.load_image(path)
        assert loaded.channels == 1 and colour_space(loaded.icc_profile) == b"GRAY"
        assert shared_curve(loaded.icc_profile) == shared_curve(PROFILE) and "became one of grey" in loaded.notes[0]


def test_srgb_is_known_by_what_it_does():
    for curve in (SRGB_CURVE, gamma_curve(2.2)):
        for primaries in (BT709, None):
            assert is_srgb(make_profile(curve, primaries)) == (curve == SRGB_CURVE)
    assert not is_srgb(b"") and not is_srgb(b"p" * 300) and not is_srgb(PROFILE[:200])


def test_cameras_say_adobe_rgb_without_a_profile(tmp_path):
    for index, said in (("R03", True), ("R98", False)):
        exif = PIL.Image.Exif()
        exif.get_ifd(0x8769)[0xA005] = {1: index}
        exif[0x0112] = 6
        loaded = inr.load_image(saved(tmp_path / "a.jpg", picture(), exif=exif))
        assert loaded.height == 17 and ("Adobe RGB, as EXIF says" in loaded.notes) == said
        assert bool(loaded.icc_profile) == said
        if said:
            about = ImageCms.ImageCmsProfile(io.BytesIO(loaded.icc_profile)).profile
            assert about.green_colorant[0] == pytest.approx((0.2051, 0.6257, 0.0609), abs=1e-3)  # Adobe RGB (1998)
        loaded = inr.load_image(saved(tmp_path / "a.jpg", picture(), exif=exif, icc_profile=PROFILE))
        assert loaded.icc_profile == PROFILE and loaded.notes == ("EXIF orientation 6 applied",)
