"""Pictures as they come: modes, depths, orientation, profiles, damage."""

import io
import struct
import zlib

import imageio.v3 as iio
import numpy as np
import PIL.Image
import pytest
from helpers.pictures import DATA, GREY_PROFILE, PROFILE, picture, saved
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import inr
from inr.batch.inputs import find_pictures
from inr.imaging.formats import ENDINGS
from inr.imaging.sampling import axis, coordinates, training_pixels
from inr.spectra.bandwidth import choose_sigma, median_frequency


def test_cat():
    cat = inr.load_image(DATA / "cat.png")
    assert cat.pixels.shape == (300, 451, 3) and cat.pixels.dtype == np.float32 and cat.bit_depth == 8
    assert (inr.quantize(cat.pixels, 8) == iio.imread(DATA / "cat.png")).all()


LOSSLESS = [(suffix, c) for suffix in ("png", "tif", "webp") for c in (1, 2, 3, 4)] + [("bmp", 1), ("bmp", 3)]


@pytest.mark.parametrize(("suffix", "channels"), LOSSLESS)
def test_lossless_formats_come_back(tmp_path, suffix, channels):
    array = picture(channels=channels)
    if channels in (2, 4):
        array[:, :, -1] = np.arange(17)[None, :] * 15
    path = saved(tmp_path / f"a.{suffix}", array, **({"lossless": True, "exact": True} if suffix == "webp" else {}))
    loaded = inr.load_image(path)
    if suffix == "webp" and channels < 3:  # WebP itself knows only colour
        array = np.repeat(array[:, :, :1], 3, axis=2) if channels == 1 else array[:, :, [0, 0, 0, 1]]
    assert (inr.quantize(loaded.pixels, 8) == array).all()


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_and_their_profile_come_back(tmp_path, suffix, channels):
    array = picture(channels=channels, dtype=np.uint16)
    profile = PROFILE if channels > 2 else GREY_PROFILE
    inr.save_image(tmp_path / f"a.{suffix}", array, icc_profile=profile)
    loaded = inr.load_image(tmp_path / f"a.{suffix}")
    assert loaded.bit_depth == 16 and loaded.icc_profile == profile and loaded.notes == ()
    assert (inr.quantize(loaded.pixels, 16) == array).all()


def test_sixteen_bits_become_eight_where_the_format_has_no_more(tmp_path):
    inr.save_image(tmp_path / "a.webp", np.full((8, 8, 3), 257 * 100, np.uint16))
    assert abs(int(iio.imread(tmp_path / "a.webp")[4, 4, 0]) - 100) <= 1


def test_jpeg_grey_cmyk_and_bilevel(tmp_path):
    grey = inr.load_image(saved(tmp_path / "g.jpg", picture(channels=1)))
    assert grey.channels == 1
    PIL.Image.fromarray(picture()).convert("CMYK").save(tmp_path / "c.jpg")
    cmyk = inr.load_image(tmp_path / "c.jpg")
    assert cmyk.channels == 3 and "CMYK converted to RGB" in cmyk.notes
    PIL.Image.fromarray(picture(channels=1)[:, :, 0] > 100).save(tmp_path / "b.png")
    assert set(np.unique(inr.load_image(tmp_path / "b.png").pixels)) == {0.0, 1.0}


def test_palettes(tmp_path):
    PIL.Image.fromarray(picture()).quantize(16).save(tmp_path / "p.png")
    assert inr.load_image(tmp_path / "p.png").channels == 3
    PIL.Image.fromarray(picture(channels=1)[:, :, 0]).convert("P").save(tmp_path / "g.gif")
    assert inr.load_image(tmp_path / "g.gif").channels == 1
    PIL.Image.fromarray(picture()).quantize(16).save(tmp_path / "t.png", transparency=0)
    assert inr.load_image(tmp_path / "t.png").channels == 4


def test_first_frame_of_an_animation(tmp_path):
    frames = [PIL.Image.fromarray(picture(seed=s)) for s in range(3)]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    loaded = inr.load_image(tmp_path / "a.gif")
    assert "first of 3 frames" in loaded.notes and loaded.pixels.shape == (12, 17, 3)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("deep", [False, True])
def test_exif_orientation_is_applied(tmp_path, orientation, deep):
    array = picture(5, 7, dtype=np.uint16 if deep else np.uint8)
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "o.png"
    if deep:
        inr.save_image(path, array)
        png, body = path.read_bytes(), b"eXIf" + exif.tobytes().removeprefix(b"Exif\0\0")
        chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        path.write_bytes(png[:33] + chunk + png[33:])
    else:
        PIL.Image.fromarray(array).save(path, exif=exif)
    loaded = inr.load_image(path)
    plain = PIL.Image.fromarray((array // 257).astype(np.uint8) if deep else array)
    plain.getexif()[0x0112] = orientation
    transpose = {2: 0, 3: 3, 4: 1, 5: 5, 6: 4, 7: 6, 8: 2}.get(orientation)
    upright = np.asarray(plain if transpose is None else plain.transpose(PIL.Image.Transpose(transpose)))
    got = inr.quantize(loaded.pixels, loaded.bit_depth)
    assert ((got // 257 if deep else got) == upright).all()
    assert (f"EXIF orientation {orientation} applied" in loaded.notes) == (orientation != 1)


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 5)])
def test_odd_sizes(tmp_path, shape):
    loaded = inr.load_image(saved(tmp_path / "a.png", picture(*shape)))
    assert loaded.pixels.shape == (*shape, 3)


def broken(tmp_path, name, data):
    (tmp_path / name).write_bytes(data)
    return tmp_path / name


def test_bad_files_say_what_they_are(tmp_path):
    png = (DATA / "cat.png").read_bytes()
    cases = {
        tmp_path / "none.png": "no such file",
        tmp_path: "is a folder",
        broken(tmp_path, "empty.png", b""): "is empty",
        broken(tmp_path, "text.png", b"hello, this is no picture"): "no picture this program can read",
        broken(tmp_path, "cut.png", png[: len(png) // 2]): "damaged or cut short",
        broken(tmp_path, "head.png", png[:40]): "damaged or cut short|no picture",
        broken(tmp_path, "a.ppm", b"P6 1 1 255 abc"): "accepted are PNG",
    }
    for path, message in cases.items():
        with pytest.raises(inr.ImageError, match=message) as caught:
            inr.load_image(path)
        assert str(path) in str(caught.value)


def test_float_and_32_bit_pictures_are_refused(tmp_path):
    PIL.Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "f.tif")
    PIL.Image.fromarray(np.full((4, 4), 70_000, np.int32)).save(tmp_path / "i.tif")
    for name in ("f.tif", "i.tif"):
        with pytest.raises(inr.ImageError, match="8 and 16 bits"):
            inr.load_image(tmp_path / name)


def test_pixel_limit(tmp_path):
    path = saved(tmp_path / "a.png", picture(20, 20))
    assert inr.load_image(path, max_pixels=400).width == 20
    with pytest.raises(inr.ImageError, match="20 x 20 pixels, more than the limit of 399"):
        inr.load_image(path, max_pixels=399)


def test_a_bomb_is_refused_by_its_header(tmp_path):
    """A PNG of a few bytes that claims a hundred thousand pixels a side is never decoded."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    data = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    with pytest.raises(inr.ImageError, match="more than the limit"):
        inr.load_image(broken(tmp_path, "bomb.png", data + struct.pack(">I", 0) + b"IDAT" + b"\0" * 4))


def test_writing_refuses_what_it_cannot_hold(tmp_path):
    with pytest.raises(inr.ImageError, match="ending .xyz"):
        inr.save_image(tmp_path / "a.xyz", picture())
    with pytest.raises(inr.ImageError, match="holds no alpha"):
        inr.save_image(tmp_path / "a.jpg", picture(channels=4))
    with pytest.raises(inr.ImageError, match="cannot be written"):
        inr.save_image(tmp_path / "none" / "a.png", picture())
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("array", [np.zeros((3, 4, 5), np.uint8), np.zeros((0, 4), np.uint8), np.zeros(4, np.uint8)])
def test_arrays_of_other_shapes_are_refused(array):
    with pytest.raises(inr.ImageError, match="shape"):
        inr.image_from_array(array)


def test_arrays_of_other_values_are_refused():
    with pytest.raises(inr.ImageError, match="outside"):
        inr.image_from_array(np.full((2, 2), 1.5, np.float32))
    with pytest.raises(inr.ImageError, match="type int64"):
        inr.image_from_array(np.zeros((2, 2), np.int64))


@settings(max_examples=50, deadline=None)
@given(hnp.arrays(st.sampled_from([np.uint8, np.uint16]), hnp.array_shapes(min_dims=3, max_dims=3, max_side=4)))
def test_integers_survive_the_way_to_float_and_back(array):
    image = inr.image_from_array(array)
    assert (inr.quantize(image.pixels, image.bit_depth) == array).all()


@settings(max_examples=50, deadline=None)
@given(width=st.integers(1, 60), height=st.integers(1, 60))
def test_coordinates_are_isotropic_and_centred(width, height):
    where = coordinates(torch_arange(width * height), width, height, "isotropic").reshape(height, width, 2)
    longer = max(width, height)
    assert abs(float(where.mean())) < 1e-5
    assert float(where.abs().max()) == pytest.approx(1 - 1 / longer, abs=1e-6)
    if width > 1:
        assert float(where[0, 1, 0] - where[0, 0, 0]) == pytest.approx(2 / longer, abs=1e-6)


def torch_arange(n):
    import torch

    return torch.arange(n)


@settings(max_examples=50, deadline=None)
@given(width=st.integers(1, 30), height=st.integers(1, 30))
def test_half_is_every_other_row_and_column(width, height):
    mask = np.zeros((height, width), bool)
    mask[::2, ::2] = True
    assert (training_pixels(width, height, "half").numpy() == np.flatnonzero(mask)).all()
    assert len(training_pixels(width, height, "all")) == width * height


@pytest.mark.parametrize("frame", ["isotropic", "unit"])
def test_twice_the_size_puts_two_samples_symmetrically_in_each_pixel(frame):
    one = axis(0, 6, 6, 6, 9, frame)
    two = axis(0, 6, 12, 6, 9, frame).reshape(6, 2)
    np.testing.assert_allclose(two.mean(1), one, atol=1e-6)


@pytest.mark.parametrize("orientation", [0, 9, 255])
def test_an_orientation_that_means_nothing_is_none(tmp_path, orientation):
    exif = PIL.Image.Exif()
    exif[0x0112] = orientation
    PIL.Image.fromarray(picture()).save(tmp_path / "o.jpg", exif=exif)
    loaded = inr.load_image(tmp_path / "o.jpg")
    assert loaded.notes == () and loaded.pixels.shape == (12, 17, 3)


def test_big_endian_sixteen_bits(tmp_path):
    array = picture(channels=1, dtype=np.uint16)[:, :, 0]
    tags = {256: 17, 257: 12, 258: 16, 259: 1, 262: 1, 273: 134, 277: 1, 278: 12, 279: 408}
    data = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", len(tags))
    data += b"".join(struct.pack(">HHII", tag, 4, 1, value) for tag, value in tags.items())
    data = data.ljust(134, b"\0") + array.astype(">u2").tobytes()
    loaded = inr.load_image(broken(tmp_path, "b.tif", data))
    assert (inr.quantize(loaded.pixels, 16)[:, :, 0] == array).all()


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "tif", "bmp", "webp"])
def test_fuzzed_pictures_are_pictures_or_an_image_error(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    PIL.Image.fromarray(picture()).save(path)
    original, random = path.read_bytes(), np.random.default_rng(1)
    for _ in range(120):
        mutant = bytearray(original)
        for _ in range(int(random.integers(1, 5))):
            mutant[int(random.integers(len(mutant)))] = int(random.integers(256))
        path.write_bytes(bytes(mutant[: int(random.integers(8, len(mutant) + 40))]))
        try:
            inr.load_image(path, max_pixels=10_000)
        except inr.ImageError as error:
            assert str(path) in str(error)


def test_formats_that_are_too_small_for_a_picture_say_so(tmp_path):
    with pytest.raises(inr.ImageError, match="does not hold this picture|cannot be written"):
        inr.save_image(tmp_path / "a.webp", np.zeros((1, 20_000, 3), np.uint8))
    with pytest.raises(inr.ImageError, match="at most 1,048,576 a side"):
        inr.image_from_array(np.zeros((1, 1_048_577), np.uint8))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cycles", [4, 12, 40])
def test_median_frequency_is_that_of_a_wave(cycles):
    """In cycles per longer side, whatever the size and direction."""
    for height, width in ((300, 400), (400, 300), (1200, 1600)):
        y, x = np.mgrid[:height, :width] / max(height, width)
        wave = 0.5 + 0.4 * np.sin(2 * np.pi * cycles * (x if width > height else y))
        image = inr.image_from_array(np.repeat(wave[:, :, None], 3, axis=2).astype(np.float32))
        assert median_frequency(image) == pytest.approx(cycles, rel=0.15)


def test_bandwidth_grows_with_the_detail_and_stays_sensible():
    random = np.random.default_rng(0)
    flat = inr.image_from_array(np.full((40, 60, 3), 7, np.uint8))
    noise = inr.image_from_array(random.integers(0, 256, (200, 300, 3), dtype=np.uint8))
    dot, line = (inr.image_from_array(np.zeros(shape, np.uint8)) for shape in ((1, 1, 1), (1, 5000, 3)))
    assert choose_sigma(noise) > choose_sigma(inr.image_from_array(picture(200, 300)))
    assert all(2 <= choose_sigma(image) <= 64 for image in (flat, noise, dot, line))


def jpeg(**options):
    data = io.BytesIO()
    array = picture(40, 56) if options.pop("colour", True) else picture(40, 56, 1)[:, :, 0]
    image = PIL.Image.fromarray(array)
    (image.convert("CMYK") if options.pop("inks", False) else image).save(data, "JPEG", **options)
    return data.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"colour": False}, {"inks": True}, {"subsampling": 0}])
def test_a_jpeg_without_its_end_marker_is_whole_or_damaged(tmp_path, options):
    whole = jpeg(**options)
    wanted = inr.load_image(broken(tmp_path, "a.jpg", whole))
    for ending in (whole[:-2], whole[:-1], whole[:-2] + b"\xff\xff"):
        loaded = inr.load_image(broken(tmp_path, "a.jpg", ending))
        assert (loaded.pixels == wanted.pixels).all() and "end marker" in loaded.notes[-1]
    for kept in (0.5, 0.8, 0.95):
        with pytest.raises(inr.ImageError, match="damaged or cut short"):
            inr.load_image(broken(tmp_path, "a.jpg", whole[: int(kept * len(whole))]))
    assert inr.load_image(broken(tmp_path, "a.jpg", whole + b"behind the end" * 9)).notes == wanted.notes


def test_a_kind_that_is_not_read_is_not_called_foreign(tmp_path):
    data = bytearray(jpeg())
    data[data.index(b"\xff\xc0") + 4] = 12  # bits of a sample
    for name, content in (("a.jpg", bytes(data)), ("a.webp", b"RIFF\x10\0\0\0WEBPVP9 ")):
        with pytest.raises(inr.ImageError, match="that is damaged, or of a kind this program cannot read"):
            inr.load_image(broken(tmp_path, name, content))


def test_a_damaged_later_frame_leaves_the_first(tmp_path):
    frames = [PIL.Image.fromarray(picture(seed=s)) for s in range(3)]
    for name in ("a.gif", "a.webp"):
        frames[0].save(tmp_path / name, save_all=True, append_images=frames[1:])
        wanted = inr.load_image(tmp_path / name)
        assert "first of 3 frames" in wanted.notes
        if name == "a.gif":
            data = (tmp_path / name).read_bytes()
            cut = inr.load_image(broken(tmp_path, "cut.gif", data[: int(0.8 * len(data))]))
            assert (cut.pixels == wanted.pixels).all()


@pytest.mark.parametrize("ending", ENDINGS)
def test_one_list_of_endings_is_read_written_and_looked_for(tmp_path, ending):
    for name in (f"a{ending}", f"b{ending.upper()}"):
        inr.save_image(tmp_path / name, picture())
        assert inr.load_image(tmp_path / name).pixels.shape == (12, 17, 3)
    with PIL.Image.open(tmp_path / f"a{ending}") as written:
        assert written.format == ENDINGS[ending]
    assert find_pictures(tmp_path, recursive=False, leave_out=tmp_path / "out") == [f"a{ending}", f"b{ending.upper()}"]
