"""TIFFs in all the layouts they come in: right pixels at their full depth, or a sentence that is true."""

import io
import struct

import numpy as np
import PIL.Image
import pytest
from helpers.commands import run
from helpers.files import tiff
from helpers.pictures import PROFILE, picture
from hypothesis import given, settings
from hypothesis import strategies as st

import inr

# What samples are in a file (photometric interpretation, extra samples), how many, and which of them are read.
KINDS = {
    "grey": (1, (), 1, [0]),
    "white is zero": (0, (), 1, [0]),
    "grey with alpha": (1, (2,), 2, [0, 1]),
    "grey and something else": (1, (0,), 2, [0]),
    "rgb": (2, (), 3, [0, 1, 2]),
    "rgb with alpha": (2, (2,), 4, [0, 1, 2, 3]),
    "rgb with a fourth": (2, (), 4, [0, 1, 2, 3]),
    "rgb, infrared": (2, (0,), 4, [0, 1, 2]),
    "rgb, infrared, alpha": (2, (0, 2), 5, [0, 1, 2, 4]),
}


def read(tmp_path, data, name="a.tif"):
    (tmp_path / name).write_bytes(data)
    image = inr.load_image(tmp_path / name)
    return inr.quantize(image.pixels, image.bit_depth), image


@settings(max_examples=150, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    order=st.sampled_from("<>"),
    shape=st.sampled_from([(1, 1), (7, 9), (20, 37), (33, 16)]),
    flags=st.tuples(*[st.booleans()] * 5),
)
def test_every_layout_is_read_at_its_full_depth(tmp_path_factory, kind, dtype, order, shape, flags):
    photometric, extra, count, taken = KINDS[kind]
    planar, tiled, big, deflated, predicted = flags
    samples = picture(*shape, channels=count, dtype=dtype)
    data = tiff(
        samples, photometric, planar=planar, tiled=tiled, order=order, big=big, deflated=deflated,
        predicted=predicted and deflated, tags={338: extra} if extra else None,
    )  # fmt: skip
    got, image = read(tmp_path_factory.mktemp("tiff"), data)
    wanted = samples[:, :, taken]
    if photometric == 0:
        wanted = np.iinfo(dtype).max - wanted
    assert got.dtype == dtype and (got == wanted).all()
    assert bool(image.notes) == (len(taken) < count)
    if image.notes:
        assert f"1 of {count} channels" in image.notes[0] and "left out" in image.notes[0]


ORIENTED = {
    "grey": (picture(6, 9, 1), 1, {}),
    "16-bit grey": (picture(6, 9, 1, dtype=np.uint16), 1, {}),
    "rgb": (picture(6, 9), 2, {}),
    "16-bit rgb": (picture(6, 9, dtype=np.uint16), 2, {}),
    "alpha": (picture(6, 9, 4), 2, {"tags": {338: (2,)}}),
    "planes": (picture(6, 9, dtype=np.uint16), 2, {"planar": True}),
    "deflated tiles": (picture(6, 9), 2, {"deflated": True, "tiled": True}),
    "palette": (picture(6, 9, 1), 3, {"tags": {320: tuple(257 * level for _ in range(3) for level in range(256))}}),
    "jpeg and bilevel": (None, 0, {}),
}
UPRIGHT = {
    1: lambda a: a, 2: np.fliplr, 3: lambda a: np.rot90(a, 2), 4: np.flipud,
    5: lambda a: a.swapaxes(0, 1), 6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a.swapaxes(0, 1), 2), 8: np.rot90,
}  # fmt: skip


@pytest.mark.parametrize("orientation", UPRIGHT)
@pytest.mark.parametrize("kind", ORIENTED)
def test_orientation_is_applied_once(tmp_path, kind, orientation):
    samples, photometric, options = ORIENTED[kind]
    if samples is None:
        samples = picture(6, 9, 1)
        bilevel, data = PIL.Image.fromarray(samples[:, :, 0] > 127), io.BytesIO()
        bilevel.save(data, "TIFF", compression="group4", tiffinfo={274: orientation})
        data, samples = data.getvalue(), np.where(samples > 127, 255, 0)
    else:
        tags = {274: (orientation,)} | options.get("tags", {})
        data = tiff(samples, photometric, **{**options, "tags": tags})
    got, image = read(tmp_path, data)
    assert got.shape == UPRIGHT[orientation](samples).shape and (got == UPRIGHT[orientation](samples)).all()
    assert image.notes == ((f"EXIF orientation {orientation} applied",) if orientation > 1 else ())


def test_colours_multiplied_by_alpha_come_back_straight(tmp_path):
    for dtype in (np.uint8, np.uint16):
        most = np.iinfo(dtype).max
        alpha = np.array([[[most], [most // 2], [0], [1]]], dtype)
        straight = np.array([[[most, 0, most // 3], [most, most // 4, 7], [0, 0, 0], [most, 0, 0]]], dtype)
        stored = np.rint(straight / most * alpha).astype(dtype)
        got, _ = read(tmp_path, tiff(np.concatenate([stored, alpha], axis=2), 2, tags={338: (1,)}))
        assert (got[:, :, 3:] == alpha).all() and np.abs(got[:, :, :3].astype(int) - straight).max() <= 2


def test_inks_become_rgb_at_their_depth_and_say_so(tmp_path):
    inks = np.array([[[0, 0, 0, 0], [65535, 0, 0, 0], [0, 0, 0, 65535], [0, 32768, 0, 32768]]], np.uint16)
    got, image = read(tmp_path, tiff(inks, 5, tags={34675: b"\0" * 200}))
    wanted = [[[65535, 65535, 65535], [0, 65535, 65535], [0, 0, 0], [32767, 16383, 32767]]]
    assert (np.abs(got.astype(int) - wanted) <= 1).all() and image.icc_profile is None
    assert image.notes[0] == "CMYK converted to RGB" and "profile does not fit" in image.notes[1]


@pytest.mark.parametrize("compression", ["zstd", "tiff_lzw", "packbits", "lzma", "tiff_adobe_deflate"])
def test_compressions_that_pillow_writes(tmp_path, compression):
    array = picture(20, 30)
    try:
        PIL.Image.fromarray(array).save(tmp_path / "a.tif", compression=compression)
    except Exception:
        pytest.skip("not in this Pillow")
    image = inr.load_image(tmp_path / "a.tif")
    assert (inr.quantize(image.pixels, 8) == array).all() and image.notes == ()


def test_twelve_bits_use_the_whole_range(tmp_path):
    packed = np.frombuffer(bytes([0xFF, 0xF0, 0x00, 0x80, 0x08, 0x00]), np.uint8).reshape(1, 6, 1)
    data = tiff(packed, 1, tags={256: (4,), 257: (1,), 258: (12,), 277: (1,), 279: (6,), 278: (1,)})
    got, _ = read(tmp_path, data)
    assert got.ravel().tolist() == [65535, 0, round(0x800 * 65535 / 4095), round(0x800 * 65535 / 4095)]


@pytest.mark.parametrize(
    ("bits", "form", "said"),
    [
        (8, 2, "signed samples of 8 bits"), (16, 2, "signed samples of 16 bits"),
        (32, 2, "signed samples of 32 bits"), (16, 3, "floating-point samples of 16 bits"),
        (32, 3, "floating-point samples of 32 bits"), (64, 3, "floating-point samples of 64 bits"),
        (64, 6, "complex samples of 64 bits"), (32, 1, "32-bit samples"), (10, 1, "10-bit samples"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("count", [1, 3])
def test_samples_that_are_not_read_are_called_what_they_are(tmp_path, bits, form, said, count):
    samples = np.zeros((4, 4, count * bits // 8), np.uint8)
    tags = {258: (bits,) * count, 277: (count,), 339: (form,) * count, 256: (4,)}
    with pytest.raises(inr.ImageError, match=f"{said}.*8 and 16 bits"):
        read(tmp_path, tiff(samples, 2 if count == 3 else 1, tags=tags))


def test_other_kinds_are_named(tmp_path):
    cases = {
        "compression 34887": {259: (34887,)},
        "compression 33003": {259: (33003,)},
        "photometric interpretation 8, 3 x 16": {262: (8,), 258: (16, 16, 16), 256: (8,)},
        "photometric interpretation 32803": {262: (32803,)},
        "5 and 6-bit": {258: (5, 6, 5)},
        "no picture here": {262: (5,)},
        "20 channels": {277: (20,)},
    }
    for said, tags in cases.items():
        with pytest.raises(inr.ImageError, match=said) as caught:
            read(tmp_path, tiff(picture(16, 16), 2, tags=tags))
        assert "damaged" not in str(caught.value), said


@pytest.mark.parametrize("following", [4_000_000_000, 12, 1])
def test_a_broken_second_page_leaves_the_first(tmp_path, following):
    array = picture()
    got, image = read(tmp_path, tiff(array, 2, following=following))
    assert (got == array).all() and "frames" in image.notes[0]


def test_pages_are_counted_and_a_list_in_a_circle_ends(tmp_path):
    array, data = picture(), io.BytesIO()
    PIL.Image.fromarray(array).save(
        data, "TIFF", save_all=True, append_images=[PIL.Image.fromarray(picture(seed=s)) for s in (1, 2)]
    )
    got, image = read(tmp_path, data.getvalue())
    assert (got == array).all() and image.notes == ("first of 3 frames",)
    once = tiff(array, 2)
    (start,) = struct.unpack("<I", once[4:8])
    got, image = read(tmp_path, tiff(array, 2, following=start))
    assert (got == array).all() and image.notes == ()


@pytest.mark.parametrize("options", [{}, {"deflated": True}, {"tiled": True}, {"planar": True}])
def test_pixels_beyond_the_end_are_missed(tmp_path, options):
    """The tags stand behind the data here; a file whose data comes last is cut short by each of its bytes."""
    array = picture(20, 30)
    whole = tiff(array, 2, **options)
    key = 324 if options.get("tiled") else 273
    pieces = len(tiff_numbers(whole, key))
    moved = tuple(len(whole) - 40 for _ in range(pieces))
    with pytest.raises(inr.ImageError, match="beyond its end"):
        read(tmp_path, tiff(array, 2, **options, tags={key: moved}))
    with pytest.raises(inr.ImageError, match="does not say where"):
        read(tmp_path, tiff(array, 2, **options, tags={key: moved[:1]} if pieces > 1 else {key: ()}))


def tiff_numbers(data, tag):
    from inr.imaging.tiff_tags import read_directory

    return read_directory(io.BytesIO(data)).numbers(tag)


@pytest.mark.parametrize("big", [False, True])
def test_fuzzed_tags_are_a_picture_or_an_image_error(tmp_path, big):
    random = np.random.default_rng(3)
    for options in ({}, {"planar": True, "deflated": True}, {"tiled": True, "order": ">"}):
        original = tiff(picture(dtype=np.uint16), 2, big=big, **options)
        (start,) = struct.unpack(options.get("order", "<") + ("8xQ" if big else "4xI"), original[: 16 if big else 8])
        for _ in range(150):
            mutant = bytearray(original)
            for place in random.integers(start, len(mutant), int(random.integers(1, 4))):
                mutant[place] = int(random.integers(256))
            try:
                read(tmp_path, bytes(mutant))
            except inr.ImageError as error:
                assert str(tmp_path) in str(error)


def test_sixteen_bits_with_alpha_go_through_the_command_line(tmp_path):
    (tmp_path / "a.tif").write_bytes(
        tiff(picture(dtype=np.uint16, channels=4), 2, planar=True, order=">", tags={338: (2,), 34675: PROFILE})
    )
    small = ("--grades", "1", "--steps", "5", "-q")
    run("fit", tmp_path / "a.tif", "--out", tmp_path / "out", *small)
    for name in ("b.tif", "b.png"):
        run("render", tmp_path / "out" / "a.inr", "--out", tmp_path / name)
        drawn = inr.load_image(tmp_path / name)
        assert drawn.bit_depth == 16 and drawn.channels == 4 and drawn.icc_profile == PROFILE and drawn.notes == ()
