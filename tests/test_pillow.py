"""`.inr` files through Pillow, and through what reads by Pillow."""

import dataclasses
import io
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import PIL.Image
import pytest
from helpers.pictures import PROFILE, picture

import inr
import inr.pillow
from inr.codec.container import pack, unpack
from inr.codec.model_file import grade_bytes

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture
def decoded(model):
    """A model on waves, or on planes of 4, 2 and 1 pixels per cell, as its file holds it, and the file."""
    data = inr.model_to_bytes(model)
    return inr.model_from_bytes(data), data


def drawn(model, grade=None, depth=8, **size):
    return inr.quantize(model.render(grade=grade, **size), depth)


def opened(data):
    return PIL.Image.open(io.BytesIO(data))


def test_a_picture_opens_with_all_grades_and_its_frames_are_grades(model, tmp_path):
    inr.save_model(model, tmp_path / "a.inr")
    model = inr.load_model(tmp_path / "a.inr")
    with PIL.Image.open(tmp_path / "a.inr") as image:
        assert (image.format, image.mode, image.size, image.n_frames, image.is_animated) == (
            "INR", "RGB", (17, 12), 3, True,
        )  # fmt: skip
        assert image.info["icc_profile"] == model.icc_profile and image.get_format_mimetype() == "image/x-inr"
        for frame, grade in ((0, 3), (2, 2), (1, 1), (0, 3)):
            image.seek(frame)
            assert image.tell() == frame
            np.testing.assert_array_equal(np.asarray(image), drawn(model, grade))
        with pytest.raises(EOFError):
            image.seek(3)
        file = image._fp
    assert file.closed


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_modes(tmp_path, channels, dtype):
    """Of 16 bits Pillow has only grey; other pictures become 8 bits."""
    options = inr.FitOptions(encoding="none", grades=1, depth=1, width=8, steps=3)
    model = inr.fit(inr.image_from_array(picture(channels=channels, dtype=dtype)), inr.configure(options)).model
    model = inr.model_from_bytes(inr.model_to_bytes(model))
    inr.save_model(model, tmp_path / "a.inr")
    image = PIL.Image.open(tmp_path / "a.inr")
    deep = dtype == np.uint16 and channels == 1
    assert image.mode == ("I;16" if deep else ["L", "LA", "RGB", "RGBA"][channels - 1])
    assert image.n_frames == 1 and not image.is_animated
    file = image.fp
    pixels = np.asarray(image)
    np.testing.assert_array_equal(pixels.reshape(12, 17, channels), drawn(model, depth=16 if deep else 8))
    assert pixels.dtype == (np.uint16 if deep else np.uint8) and file.closed


def test_pictures_of_every_version_open():
    for path in sorted(GOLDEN.glob("*.inr")):
        model = inr.load_model(path)
        np.testing.assert_array_equal(np.asarray(PIL.Image.open(path)).reshape(drawn(model).shape), drawn(model))


def test_what_is_saved_from_it_keeps_the_profile(model, tmp_path):
    image = opened(inr.model_to_bytes(dataclasses.replace(model, icc_profile=PROFILE)))
    image.save(tmp_path / "a.png", icc_profile=image.info["icc_profile"])
    assert inr.load_image(tmp_path / "a.png").icc_profile == PROFILE


def test_thumbnails_draw_few_grades_of_planes_small(decoded):
    model, data = decoded
    image = opened(data)
    if not model.grades[0].planes:
        assert image.draft(None, (4, 3)) is None and image.size == (17, 12)
        return
    assert image.draft(None, (10, 10)) is None  # it would be drawn smaller than is asked for
    assert image.draft(None, (5, 4)) == ("RGB", (0, 0, 9, 6))
    np.testing.assert_array_equal(np.asarray(image), drawn(model, 2, width=9, height=6))
    assert image.draft(None, (4, 3)) is None  # it is drawn
    image = opened(data)
    assert image.draft("L", (4, 3)) == ("RGB", (0, 0, 5, 3))
    np.testing.assert_array_equal(np.asarray(image), drawn(model, 1, width=5, height=3))


def test_frames_are_whole_after_a_thumbnail(decoded):
    model, data = decoded
    image = opened(data)
    image.thumbnail((4, 4))
    assert image.size == (4, 3)
    image.seek(1)
    np.testing.assert_array_equal(np.asarray(image), drawn(model, 1))


def test_imageio_reads_it(decoded, tmp_path):
    model, data = decoded
    (tmp_path / "a.inr").write_bytes(data)
    np.testing.assert_array_equal(iio.imread(tmp_path / "a.inr"), drawn(model))
    np.testing.assert_array_equal(iio.imread(data), drawn(model))
    np.testing.assert_array_equal(iio.imread(tmp_path / "a.inr", index=1), drawn(model, 1))
    assert iio.improps(tmp_path / "a.inr").shape == (12, 17, 3)


def test_scikit_image_reads_it(decoded, tmp_path):
    io = pytest.importorskip("skimage.io", reason="scikit-image is not installed")
    (tmp_path / "a.inr").write_bytes(decoded[1])
    np.testing.assert_array_equal(io.imread(tmp_path / "a.inr"), drawn(decoded[0]))


def test_torch_is_imported_when_pixels_are_asked_for():
    program = (
        "import sys, inr.pillow\nfrom PIL import Image\n"
        f"with Image.open({str(GOLDEN / 'version3-planes.inr')!r}) as image:\n"
        "    found = image.size, image.mode, image.n_frames, image.info\n"
        "    image.seek(1)\n"
        "    before = 'torch' in sys.modules\n"
        "    image.load()\n"
        "print(before, 'torch' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


def test_a_cut_file_shows_its_whole_grades(decoded):
    model, data = decoded
    image = opened(data[:-1])
    assert image.n_frames == 2
    with pytest.warns(inr.ModelFileWarning, match="grades used: 2 of 3"):
        image.load()
    np.testing.assert_array_equal(np.asarray(image), drawn(model, 2))


def test_broken_files_raise_what_pillow_raises_with_our_sentence(decoded, tmp_path):
    data = decoded[1]
    whole = unpack(data)
    for bad, message in (
        (data[:4] + b"\x09\x00" + data[6:], "format version 9; this program reads"),
        (data[: len(data) - sum(grade_bytes(data)) + 9], "cut short before the end of its first grade"),
        (data[:20], "cut short inside its header"),
        (data[:-1] + bytes([data[-1] ^ 1]), "does not match its checksum"),
        (pack({**whole.header, "width": "wide"}, whole.chunks), "width is 'wide'"),
    ):
        (tmp_path / "a.inr").write_bytes(bad)
        for read in (PIL.Image.open, iio.imread):
            with pytest.raises(OSError, match=message):
                read(tmp_path / "a.inr")
    image = opened(pack({**whole.header, "frame": "oval"}, whole.chunks))
    with pytest.raises(OSError, match="a frame or encoding rule this program does not know"):
        image.load()


def test_volumes_that_end_in_inr_too_are_told_from_ours(tmp_path):
    (tmp_path / "a.inr").write_bytes(
        b"#INRIMAGE-4#{\nXDIM=4\nYDIM=4\nZDIM=1\nVDIM=1\n" + b"\n" * 200 + b"##}\n" + bytes(16)
    )
    with pytest.warns(UserWarning, match="INRIMAGE volume"), pytest.raises(PIL.UnidentifiedImageError):
        PIL.Image.open(tmp_path / "a.inr")
    (tmp_path / "b.inr").write_bytes(b"\x89IN")
    with pytest.raises(PIL.UnidentifiedImageError):
        PIL.Image.open(tmp_path / "b.inr")
