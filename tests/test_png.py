"""PNGs as they come: depths, transparency, colour, notes and damage; nothing but the picture reaches a decoder."""

import io
import struct
import zlib

import numpy as np
import PIL.Image
import pytest
from helpers.commands import run
from helpers.files import SIGNATURE, chunk, png, tiff
from helpers.pictures import PROFILE, picture
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageCms

import inr
from inr.imaging.icc import colour_space

LAYOUTS = [
    ("grey", 1, 1), ("grey", 2, 1), ("grey", 4, 1), ("grey", 8, 1), ("grey", 16, 1), ("rgb", 8, 3), ("rgb", 16, 3),
    ("grey alpha", 8, 2), ("grey alpha", 16, 2), ("rgb alpha", 8, 4), ("rgb alpha", 16, 4),
]  # fmt: skip


def read(tmp_path, data, name="a.png"):
    (tmp_path / name).write_bytes(data)
    image = inr.load_image(tmp_path / name)
    return inr.quantize(image.pixels, image.bit_depth), image


@settings(max_examples=120, deadline=None)
@given(
    layout=st.sampled_from(LAYOUTS),
    interlaced=st.booleans(),
    keyed=st.booleans(),
    shape=st.sampled_from([(1, 1), (3, 2), (7, 11)]),
    seed=st.integers(0, 9),
)
def test_every_depth_and_kind_is_read_whole(tmp_path_factory, layout, interlaced, keyed, shape, seed):
    kind, bits, channels = layout
    samples = np.random.default_rng(seed).integers(0, 2**bits, (*shape, channels))
    most = 65535 if bits == 16 else 255
    wanted, extra = samples * (most // (2**bits - 1)), ()
    if keyed and "alpha" not in kind:
        key = samples[shape[0] // 2, shape[1] // 2]
        extra = (chunk(b"tRNS", struct.pack(f">{channels}H", *key)),)
        hidden = (samples == key).all(axis=2, keepdims=True)
        wanted = np.concatenate([wanted, np.where(hidden, 0, most)], axis=2)
    data = png(samples, kind, bits, *extra, interlaced=interlaced)
    got, image = read(tmp_path_factory.mktemp("png"), data)
    assert image.bit_depth == (16 if bits == 16 else 8) and image.notes == ()
    assert got.shape == wanted.shape and (got == wanted).all()


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_a_palette_may_be_transparent_in_part(tmp_path, bits):
    random = np.random.default_rng(bits)
    samples = random.integers(0, 2**bits, (5, 6, 1))
    colours, alphas = random.integers(0, 256, (2**bits, 3)), random.integers(0, 256, max(1, 2**bits // 2))
    extra = (chunk(b"PLTE", colours.astype(np.uint8).tobytes()), chunk(b"tRNS", alphas.astype(np.uint8).tobytes()))
    got, _ = read(tmp_path, png(samples, "palette", bits, *extra))
    alpha = np.concatenate([alphas, np.full(2**bits - len(alphas), 255)])
    assert (got == np.concatenate([colours, alpha[:, None]], axis=1)[samples[:, :, 0]]).all()


TEXT = b"x" * 3_000_000
NOISE = np.random.default_rng(0).bytes(100_000)
HARMLESS = {
    "long text": chunk(b"zTXt", b"note\0\0" + zlib.compress(TEXT)),
    "longer text": chunk(b"tEXt", b"note\0" + TEXT),
    "much text": b"".join(chunk(b"iTXt", b"note\0\1\0\0\0" + zlib.compress(TEXT)) for _ in range(30)),
    "text with a wrong checksum": chunk(b"tEXt", b"note\0hello")[:-1] + b"?",
    "text without a key": chunk(b"tEXt", b""),
    "text in no code": chunk(b"zTXt", b"note\0\0" + NOISE),
    "an unknown chunk with a wrong checksum": chunk(b"abCd", b"hello")[:-1] + b"?",
    "a time that is none": chunk(b"tIME", b"123"),
    "resolution cut short": chunk(b"pHYs", b"1"),
    "an sRGB chunk of no bytes": chunk(b"sRGB", b""),
}


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("name", HARMLESS)
def test_what_no_pixel_depends_on_does_no_harm(tmp_path, name, place):
    array, extra = picture(), HARMLESS[name]
    data = png(array, "rgb", 8, extra) if place == "before" else png(array, "rgb", after=extra)
    got, image = read(tmp_path, data)
    assert (got == array).all() and image.notes == () and image.icc_profile is None


def test_large_profiles_are_read_and_our_own_come_back(tmp_path):
    large = PROFILE[:-4] + NOISE * 20 + PROFILE[-4:]
    large = struct.pack(">I", len(large)) + large[4:]
    extra = chunk(b"iCCP", b"large\0\0" + zlib.compress(large))
    got, image = read(tmp_path, png(picture(), "rgb", 8, extra))
    assert image.icc_profile == large and (got == picture()).all()
    for dtype in (np.uint8, np.uint16):
        inr.save_image(tmp_path / "b.png", picture(dtype=dtype), icc_profile=large)
        assert inr.load_image(tmp_path / "b.png").icc_profile == large


def test_a_profile_that_unpacks_without_end_is_left_out(tmp_path):
    bomb = zlib.compress(b"\0" * 40_000_000)
    got, image = read(tmp_path, png(picture(), "rgb", 8, chunk(b"iCCP", b"bomb\0\0" + bomb)))
    assert (got == picture()).all() and image.icc_profile is None and "16,777,216 bytes" in image.notes[0]


def test_damage_is_called_so_only_where_pixels_depend_on_it(tmp_path):
    array = picture()
    whole = png(array, "rgb")
    place = whole.index(b"IDAT")
    for data in (
        whole[: place + 30],
        whole[: place + 4] + b"?" + whole[place + 5 :],
        whole[:20] + b"?" + whole[21:],
        whole[:place] + b"?" + whole[place + 1 :],
        png(array, "palette", 8, chunk(b"PLTE", bytes(768))[:-1] + b"?"),
        SIGNATURE,
        SIGNATURE + whole[33:],
    ):
        with pytest.raises(inr.ImageError, match="damaged"):
            read(tmp_path, data)
    for cut in range(1, 17):  # the end mark, and the checksum before it
        assert (read(tmp_path, whole[:-cut])[0] == array).all()
    with pytest.raises(inr.ImageError, match="iPhones"):
        read(tmp_path, SIGNATURE + chunk(b"CgBI", bytes(4)) + whole[8:])


@pytest.mark.parametrize("tag", [b"tRNS", b"gAMA", b"cHRM", b"iCCP", b"cICP", b"eXIf"])
def test_damaged_chunks_that_matter_are_passed_over_with_a_note(tmp_path, tag):
    extra = chunk(tag, b"\0\0\0\0\0\0")[:-1] + b"?"
    got, image = read(tmp_path, png(picture(), "rgb", 8, extra))
    assert (got == picture()).all() and image.notes == (f"the damaged {tag.decode()} chunk was passed over",)


def exif(orientation):
    return b"MM\0*\0\0\0\x08\0\1\1\x12\0\3\0\0\0\1" + struct.pack(">H", orientation) + b"\0\0\0\0\0\0"


def test_orientation_is_read_from_exif_and_text_wherever_they_stand(tmp_path):
    array, turned = picture(5, 7), np.rot90(picture(5, 7), -1)
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a tiff:Orientation="6"/></x:xmpmeta>'
    raw = b"\nexif\n" + str(len(exif(6)) + 6).encode() + b"\n" + (b"Exif\0\0" + exif(6)).hex().encode() + b"\n"
    for extra in (
        chunk(b"eXIf", exif(6)),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(raw)),
        HARMLESS["long text"] + chunk(b"eXIf", exif(6)),
    ):
        for data in (png(array, "rgb", 8, extra), png(array, "rgb", after=extra)):
            got, image = read(tmp_path, data)
            assert got.shape == turned.shape and (got == turned).all()
            assert image.notes == ("EXIF orientation 6 applied",)


@pytest.mark.parametrize("garbage", [b"\0\0\x11\0\0\1\4\0", b"II*\0\xff\xff\xff\xff", b"", b"MM\0*\0\0\0\x08\0\1\1"])
@pytest.mark.parametrize("suffix", ["png", "webp", "jpg", "tif"])
def test_unreadable_exif_is_passed_over(tmp_path, garbage, suffix):
    array, path = picture(16, 16), tmp_path / f"a.{suffix}"
    if suffix == "png":
        path.write_bytes(png(array, "rgb", 8, chunk(b"eXIf", garbage)))
    elif suffix == "tif":
        path.write_bytes(tiff(array, 2, tags={34665: (2**31,), 34853: (3,), 700: garbage}))
    else:
        PIL.Image.fromarray(array).save(
            path, exif=b"Exif\0\0" + garbage, **{"webp": {"lossless": True}}.get(suffix, {})
        )
    image = inr.load_image(path)
    assert image.pixels.shape == array.shape and set(image.notes) <= {"unreadable EXIF was passed over"}
    if garbage.startswith(b"\0") and suffix != "tif":  # whose tags are not looked at
        assert image.notes
    if suffix != "jpg":
        assert (inr.quantize(image.pixels, 8) == array).all()


@pytest.mark.parametrize("first", [True, False])
def test_animations_say_what_is_read(tmp_path, first):
    frames = [PIL.Image.fromarray(picture(seed=seed)) for seed in range(3)]
    data = io.BytesIO()
    frames[0].save(data, "PNG", save_all=True, append_images=frames[1:], default_image=not first)
    got, image = read(tmp_path, data.getvalue(), "a.apng")
    assert (got == picture()).all()
    assert image.notes == ("first of 3 frames" if first else "the still picture of an animation of 2 frames",)


# What a PNG says of its colours: chunks, and the light that a value stands for in linear RGB of some primaries.

CHRM = (31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)
P3 = (31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)


def gama(value):
    return chunk(b"gAMA", struct.pack(">I", value))


def chrm(values):
    return chunk(b"cHRM", struct.pack(">8I", *values))


def shown(values, image):
    """8-bit sRGB that a picture's values and profile stand for."""
    source = ImageCms.ImageCmsProfile(io.BytesIO(image.icc_profile))
    squeezed = PIL.Image.fromarray(values[:, :, 0] if values.shape[2] == 1 else values)
    return np.asarray(ImageCms.profileToProfile(squeezed, source, ImageCms.createProfile("sRGB"), outputMode="RGB"))


def srgb(light):
    light = np.clip(light, 0, 1)
    return 255 * np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)


def matrix(numbers):
    """RGB of these chromaticities -> XYZ, as textbooks have it."""
    (wx, wy), *rest = np.reshape(numbers, (4, 2)) / 100_000
    columns = np.array([[x / y, 1, (1 - x - y) / y] for x, y in rest]).T
    return columns * np.linalg.solve(columns, [wx / wy, 1, (1 - wx - wy) / wy])


def curve(value):
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def bt709(value):
    return np.where(value < 0.081, value / 4.5, ((value + 0.099) / 1.099) ** (1 / 0.45))


COLOURS = {
    "linear": ((gama(100_000),), lambda v: v, CHRM),
    "gamma 1.8": ((gama(55_556),), lambda v: v**1.8, CHRM),
    "gamma and primaries": ((gama(45_455), chrm(P3)), lambda v: v**2.2, P3),
    "primaries alone": ((chrm(P3),), curve, P3),
    "Display P3 by its code": ((chunk(b"cICP", bytes([12, 13, 0, 1])),), curve, P3),
    "BT.709 by its code": ((chunk(b"cICP", bytes([1, 1, 0, 1])),), bt709, CHRM),
    "code before all": (
        (gama(45_455), chunk(b"sRGB", b"\0"), chunk(b"iCCP", b"p\0\0" + zlib.compress(PROFILE)),
         chunk(b"cICP", bytes([1, 8, 0, 1]))),
        lambda v: v, CHRM,
    ),
    "profile before gamma": (
        (gama(100_000), chrm(P3), chunk(b"iCCP", b"p\0\0" + zlib.compress(PROFILE))), lambda v: v**1.8, CHRM,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_carried_as_a_profile(tmp_path, name):
    extra, light, primaries = COLOURS[name]
    array = np.random.default_rng(0).integers(60, 200, (20, 20, 3)).astype(np.uint8)
    got, image = read(tmp_path, png(array, "rgb", 8, *extra))
    assert (got == array).all() and image.notes == () and colour_space(image.icc_profile) == b"RGB "
    wanted = srgb(light(array / 255) @ (np.linalg.inv(matrix(CHRM)) @ matrix(primaries)).T)
    assert np.abs(shown(got, image) - wanted).max() < 2


@pytest.mark.parametrize(("kind", "bits"), [("grey", 8), ("grey", 16), ("grey alpha", 8)])
def test_grey_is_carried_as_a_profile_of_grey(tmp_path, kind, bits):
    array = np.zeros((4, 64, 1 + ("alpha" in kind)), np.uint16)
    array[:, :, 0] = np.arange(64) * 4 * (257 if bits == 16 else 1)
    for extra in ((gama(100_000), chrm(P3)), (chunk(b"cICP", bytes([200, 8, 0, 1])),)):
        got, image = read(tmp_path, png(array, kind, bits, *extra))
        assert (got == array).all() and colour_space(image.icc_profile) == b"GRAY" and image.notes == ()
        if bits == 8:
            assert np.abs(shown(got[:, :, :1], image)[:, 8:] - srgb(np.arange(8, 64) * 4 / 255)[:, None]).max() < 2


@pytest.mark.parametrize(
    "extra",
    [
        (), (gama(45_455), chrm(CHRM)), (gama(45_000),), (gama(45_454), chrm([v + 9 for v in CHRM])),
        (chunk(b"sRGB", b"\0"), gama(100_000), chrm(P3)), (chunk(b"cICP", bytes([1, 13, 0, 1])), gama(100_000)),
    ],
)  # fmt: skip
def test_srgb_needs_no_profile(tmp_path, extra):
    _, image = read(tmp_path, png(picture(), "rgb", 8, *extra))
    assert image.icc_profile is None and image.notes == ()


def test_colours_that_cannot_be_carried_are_said(tmp_path):
    cases = {
        "transfer 16 (PQ)": chunk(b"cICP", bytes([9, 16, 0, 1])),
        "transfer 18 (HLG)": chunk(b"cICP", bytes([9, 18, 0, 1])),
        "primaries 3": chunk(b"cICP", bytes([3, 13, 0, 1])),
        "full range": chunk(b"cICP", bytes([1, 13, 0, 0])),
        "length": chunk(b"cICP", b"\1\1"),
        "a gamma of 0": gama(0),
        "gAMA and cHRM": gama(1),
        "one line": chrm([31270, 32900] + [33000, 33000] * 3),
        "no light": chrm([31270, 0, *CHRM[2:]]),
        "left out": chunk(b"iCCP", b"name\0\0not packed"),
        "no ICC profile": chunk(b"iCCP", b"name\0\0" + zlib.compress(b"p" * 300)),
    }
    for said, extra in cases.items():
        got, image = read(tmp_path, png(picture(), "rgb", 8, extra))
        assert (got == picture()).all() and image.icc_profile is None, said
        assert len(image.notes) == 1 and said in image.notes[0], (said, image.notes)
    fallback = chunk(b"cICP", bytes([9, 16, 0, 1])) + chunk(b"iCCP", b"p\0\0" + zlib.compress(PROFILE))
    _, image = read(tmp_path, png(picture(), "rgb", 8, fallback))
    assert image.icc_profile == PROFILE and "PQ" in image.notes[0]


def test_colours_go_into_the_model_and_every_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(png(picture(dtype=np.uint16), "rgb", 16, gama(100_000), chrm(P3)))
    profile = inr.load_image(tmp_path / "a.png").icc_profile
    run("fit", tmp_path / "a.png", "--out", tmp_path / "out", "--grades", "1", "--steps", "5", "-q")
    assert inr.load_model(tmp_path / "out" / "a.inr").icc_profile == profile
    assert inr.load_image(tmp_path / "out" / "a.grade1.png").icc_profile == profile
    for ending in ("png", "tif", "jpg", "webp"):
        run("render", tmp_path / "out" / "a.inr", "--out", tmp_path / f"b.{ending}")
        with PIL.Image.open(tmp_path / f"b.{ending}") as drawn:
            assert drawn.info["icc_profile"] == profile
