"""The `.inr` format: exact bytes, round trips, prefixes, damage."""

import dataclasses
import itertools
import json
import math
import struct
import warnings
import zlib
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from helpers.configs import small_config
from helpers.damage import damaged
from helpers.pictures import GOLDEN, picture
from hypothesis import example, given, settings
from hypothesis import strategies as st

import inr
import inr.codec.container as container_module
from inr.codec.container import Chunk, pack, unpack
from inr.codec.grades import quantised
from inr.codec.model_file import grade_bytes
from inr.codec.range_coder import MAX_REACH, TABLES, Decoder, Encoder, counts
from inr.codec.tensors import SideInfo, read_integers, side_info, write_integers
from inr.codec.version1_weights import decode_tensor
from inr.networks.encoding import Encoding
from inr.networks.entropy_model import EntropyModel
from inr.networks.grade import Grade
from inr.networks.model import Model
from inr.networks.planes import Planes
from inr.networks.quantised import MOST, Quantised, QuantStep, quantise, quantise_16
from inr.networks.record import Record
from inr.settings.shape import Plane

GOLDEN_1 = GOLDEN / "version1.inr"


def golden_model() -> Model:
    """A model whose every weight is written down here, so that its file can be too."""
    grades, inputs = [], 4
    for number in range(2):
        grade = Grade(inputs, 1, depth=1, width=3, activation="sine")
        for parameter in grade.parameters():
            count = parameter.numel()
            values = (torch.arange(count, dtype=torch.float32) - count // 2) * 2.0 ** (-3 - number)
            parameter.data.copy_(values.reshape(parameter.shape))
        grades.append(grade)
        inputs = 3 + 4
    return Model(
        width=5,
        height=4,
        channels=1,
        bit_depth=8,
        frame="isotropic",
        encoding=Encoding(torch.tensor([[1.0, -0.5], [0.25, 2.0]])),
        feed="both",
        grades=tuple(grades),
        icc_profile=None,
        record=Record(method="mgdl", seed=7, psnr_db=(12.5, math.inf), versions=(("inr", "0.1.0"),)),
    )


def golden_planes() -> Model:
    """A model of two grades of planes, their latents coded by an entropy model."""
    layouts = ((Plane(cell=4, channels=2),), (Plane(cell=2, channels=1), Plane(cell=1, channels=1, around=True)))
    grades, inputs = [], 2
    for number, layout in enumerate(layouts):
        planes = Planes(layout, 11, 9)
        grade = Grade(inputs, 3, depth=1, width=4, activation="relu", planes=planes)
        for which, parameter in enumerate(grade.parameters()):
            numbers = (torch.arange(parameter.numel()) * (7 + which) % 11 - 5) // 2
            parameter.data.copy_((numbers * 2.0**-number).reshape(parameter.shape))
        grades.append(grade)
        inputs = 4 + 2 + planes.features
    shapes = EntropyModel.shapes(3, 4)
    first, passes, channels, last, offsets = (
        ((np.arange(math.prod(shape)) * (5 + which) % 37 - 18) << 2 * which).reshape(shape)
        for which, shape in enumerate(shapes)
    )
    return Model(
        width=11,
        height=9,
        channels=3,
        bit_depth=8,
        frame="isotropic",
        encoding=Encoding(torch.zeros(2, 0)),
        feed="both",
        grades=tuple(grades),
        icc_profile=None,
        record=Record(method="mgdl", seed=0, psnr_db=(), versions=(("inr", "0.1.0"),)),
        entropy_model=EntropyModel(first=first, passes=passes, channels=channels, last=last, offsets=offsets),
    )


GOLDEN_MODELS = {
    "version3.inr": golden_model,
    "version3-planes.inr": golden_planes,
}
PAST = [GOLDEN / f"version{number}" for number in (2, 3)]


@pytest.mark.parametrize("name", GOLDEN_MODELS)
def test_golden_bytes(name):
    """The format is pinned: these files were written once and must be written so as long as the version is this one."""
    assert inr.model_to_bytes(GOLDEN_MODELS[name]()) == (GOLDEN / name).read_bytes()


@pytest.mark.parametrize("path", PAST)
def test_golden_planes_are_read_for_ever(path):
    model, read = golden_planes(), inr.load_model(f"{path}-planes.inr")
    assert read.entropy_model is not None
    for ours, theirs in zip(model.grades, read.grades, strict=True):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


@pytest.mark.parametrize("path", [GOLDEN_1, *(f"{path}.inr" for path in PAST)])
def test_golden_files_are_read_for_ever(path):
    read = inr.load_model(path)
    assert read.record == golden_model().record
    for ours, theirs in zip(golden_model().grades, read.grades, strict=True):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


def test_golden_picture():
    """The golden file's pixels, worked out from its weights in NumPy alone."""
    y, x = np.mgrid[:4, :5]
    v = np.stack([(2 * x + 1 - 5) / 5, (2 * y + 1 - 4) / 5], axis=2).reshape(-1, 2)
    phase = 2 * np.pi * v @ np.array([[1.0, -0.5], [0.25, 2.0]])
    encoded = np.concatenate([np.cos(phase), np.sin(phase)], axis=1)

    def ramp(rows, columns, step):
        count = rows * columns
        return ((np.arange(count) - count // 2) * step).reshape(rows, columns)

    features, total = encoded, 0.0
    for number, step in enumerate((1 / 8, 1 / 16)):
        inputs = np.concatenate([features, encoded], axis=1) if number else encoded
        features = np.sin(inputs @ ramp(3, inputs.shape[1], step).T + ramp(1, 3, step))
        total = total + features @ ramp(1, 3, step).T + ramp(1, 1, step)
        drawn = inr.load_model(GOLDEN / "version3.inr").up_to(number + 1).render()
        np.testing.assert_allclose(drawn.reshape(-1, 1), total, atol=1e-5)


def test_layout_byte_by_byte():
    data = inr.model_to_bytes(golden_model())
    assert data[:4] == b"\x89INR" and data[4:6] == b"\x03\x00"
    length, checksum = struct.unpack_from("<HI", data, 6)
    short = data[12 : 12 + length]
    assert zlib.crc32(short) == checksum and length < 110
    header = json.loads(zlib.decompressobj(-15, zdict=container_module._WORDS).decompress(short))
    assert (
        header["width"] == 5
        and header["grades"] == [[1, 3, "sine"]] * 2
        and header["record"]["psnr_db"] == [12.5, None]
    )
    position = 12 + length
    for number, expected in enumerate(grade_bytes(inr.model_to_bytes(golden_model()))):
        size = data[position + 1]
        (checksum,) = struct.unpack_from("<I", data, position + 2)
        payload = data[position + 6 : position + 6 + size]
        assert data[position : position + 1] == b"G" and 6 + size == expected
        assert zlib.crc32(data[position : position + 2] + payload, number) == checksum
        start = 0 if number else 16
        step, table, bits = struct.unpack_from("<hBB", payload, start)
        # weights -6 ... 5 times an eighth, and -10 ... 10 times a sixteenth: four and five bits at most, none uncoded
        assert (step, bits) == ((8 * -6, 3), (8 * -7, 4))[number] and table < 64
        position += 6 + size
    assert position == len(data)
    assert np.frombuffer(data, "<f4", 4, 12 + length + 6).tolist() == [1.0, -0.5, 0.25, 2.0]


def test_round_trip_keeps_everything(model):
    data = inr.model_to_bytes(model)
    read = inr.model_from_bytes(data)
    assert inr.model_to_bytes(read) == data
    assert read.icc_profile == model.icc_profile and read.record == model.record
    assert (read.width, read.height, read.channels, read.bit_depth) == (17, 12, 3, 8)
    assert torch.equal(read.encoding.frequencies, model.encoding.frequencies)
    np.testing.assert_allclose(read.render(), model.render(), atol=2e-3)


CODES = st.integers(-400, 400)
INTEGERS = st.lists(st.integers(-MOST, MOST), min_size=1, max_size=40)


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.floats(-(2.0**100), 2.0**100, width=32), min_size=1, max_size=40),
    scale=st.integers(-60, 0),
)
def test_numbers_come_back_within_half_a_step_of_16_bits_and_then_for_ever(values, scale):
    tensor = torch.tensor(values, dtype=torch.float32) * 2.0**scale
    found = quantise_16(tensor)
    once = found.tensor(tuple(tensor.shape))
    assert (once - tensor).abs().max() <= max(2.0**-129, float(tensor.abs().max()) / 32767)
    assert torch.equal(quantise_16(once).tensor(tuple(tensor.shape)), once)


@settings(max_examples=100, deadline=None)
@given(integers=INTEGERS, code=CODES)
@example(integers=[-MOST, MOST], code=7)
@example(integers=[0, 0], code=3)
def test_the_widest_step_stands_for_the_same_tensor(integers, code):
    before = Quantised(QuantStep(code), np.array(integers))
    after = before.widest()
    assert torch.equal(after.tensor((len(integers),)), before.tensor((len(integers),)))
    assert after.step.value >= before.step.value or not any(integers)
    assert after.widest().step == after.step and np.array_equal(after.widest().integers, after.integers)


@settings(max_examples=60, deadline=None)
@given(integers=INTEGERS, code=CODES, wider=st.integers(1, 60))
def test_no_wider_step_would_do(integers, code, wider):
    """Whatever step lies above the widest, some element is no multiple of it."""
    found = Quantised(QuantStep(code), np.array(integers)).widest()
    step = QuantStep(found.step.code + wider)
    multiples = [Fraction(int(n)) * Fraction(found.step.value) / Fraction(step.value) for n in found.integers]
    assert not any(integers) or any(multiple.denominator > 1 for multiple in multiples)


@settings(max_examples=100, deadline=None)
@given(
    values=st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=40),
    code=st.integers(-60, 200),
)
def test_quantising_rounds_to_the_nearest_and_only_once(values, code):
    tensor, step = torch.tensor(values), QuantStep(code)
    found = quantise(tensor, step)
    once = found.tensor(tuple(tensor.shape))
    inside = tensor.abs() <= MOST * step.value
    assert ((once - tensor).abs()[inside] <= 0.5 * step.value * (1 + 1e-6)).all()
    again = quantise(once, step)
    assert again.step == found.step and np.array_equal(again.integers, found.integers)


@settings(max_examples=30, deadline=None)
@given(integers=st.lists(st.integers(-1000, 1000), min_size=21, max_size=21), code=st.integers(-200, 60))
def test_what_was_quantised_is_what_is_written_and_what_was_changed_since_is_not(integers, code):
    model = golden_model()
    weight = model.grades[1].layers[0].weight
    of_weight = Quantised(QuantStep(code), np.array(integers))
    with torch.no_grad():
        weight.copy_(of_weight.tensor(tuple(weight.shape)))
    model = dataclasses.replace(model, quantised=((None,) * 4, (of_weight, None, None, None)))
    assert quantised(model, 1)[0] is of_weight
    read = inr.model_from_bytes(inr.model_to_bytes(model)).quantised[1][0]
    assert read.step == of_weight.step and np.array_equal(read.integers, of_weight.integers)
    with torch.no_grad():
        weight.view(-1)[0] += 1.0
    assert quantised(model, 1)[0].step == quantise_16(weight).step


@given(value=st.floats(1e-30, 1e30))
def test_a_step_at_most(value):
    assert QuantStep.at_most(value).value <= value < 1.13 * QuantStep.at_most(value).value


@settings(max_examples=100, deadline=None)
@given(integers=st.lists(st.integers(-MOST, MOST), max_size=60), zeros=st.integers(0, 50))
@example(integers=[-MOST, 1], zeros=0)
def test_integers_survive_the_range_coder(integers, zeros):
    values = np.array([*integers, *[0] * zeros], np.int64)
    side, encoder = side_info(Quantised(QuantStep(0), values)), Encoder()
    write_integers(encoder, side, values)
    decoder = Decoder(encoder.bytes())
    assert np.array_equal(read_integers(decoder, SideInfo.unpack(side.pack()), len(values)), values)
    decoder.finish()


@pytest.mark.parametrize("weights", [[2.0**116], [2.0**126, -(2.0**100)]])
def test_weights_that_no_reader_takes_are_not_written(weights):
    model = golden_model()
    with torch.no_grad():
        model.grades[0].head.weight.view(-1)[: len(weights)] = torch.tensor(weights)
    with pytest.raises(inr.ModelFileError, match="outside the range"):
        inr.model_to_bytes(model)


def test_tables_are_distributions_pinned_by_value():
    """What a table says decides what a file means: these integers may never change."""
    assert counts(16, 0, 2).astype(int).tolist() == [591587, 1608099, 3300661, 1608099, 591587]
    assert counts(37, 12, 1).astype(int).tolist() == [105268, 108071, 109319]
    for number in range(0, TABLES, 7):
        for fraction in range(0, 16, 3):
            table = counts(number, fraction, 300)
            assert (table >= 1).all() and (table == np.floor(table)).all() and table.sum() < 2**23 + 700
            centre = (table * np.arange(-300, 301)).sum() / table.sum()
            assert number > 40 or abs(centre - fraction / 16) < 0.5
    assert len(counts(TABLES - 1, 3, MAX_REACH)) == 2 * MAX_REACH + 1


def prefixes(data):
    """The end of each grade's chunk."""
    position, ends = 12 + struct.unpack_from("<H", data, 6)[0], []
    while position < len(data):
        tag, size, shift = data[position : position + 1], 0, 0
        position += 1
        while True:
            byte = data[position]
            size |= (byte & 127) << shift
            position, shift = position + 1, shift + 7
            if byte < 128:
                break
        position += 4 + size
        if tag == b"G":
            ends.append(position)
    return ends


def test_every_cut_is_a_picture_of_the_whole_grades_or_an_error(model):
    data = inr.model_to_bytes(model)
    ends = prefixes(data)
    assert ends[-1] == len(data) and len(ends) == 3
    cuts = {*range(0, len(data), 17), *ends, *(e - 1 for e in ends), *(e + 1 for e in ends[:-1])}
    for cut in sorted(cuts - {len(data)}):
        whole = sum(end <= cut for end in ends)
        if whole == 0:
            with pytest.raises(inr.ModelFileError):
                inr.model_from_bytes(data[:cut])
        else:
            with pytest.warns(inr.ModelFileWarning, match=f"grades used: {whole} of 3"):
                read = inr.model_from_bytes(data[:cut])
            assert len(read.grades) == whole and len(read.record.psnr_db) == whole
            assert inr.model_to_bytes(read.up_to(1))
    first = inr.model_from_bytes(data).up_to(1).render()
    with pytest.warns(inr.ModelFileWarning):
        assert np.array_equal(inr.model_from_bytes(data[: ends[0]]).render(), first)


def test_every_flipped_bit_is_an_error(model):
    """Every byte is under a checksum or checked by value, but for a length that reaches beyond the end: a cut."""
    data = inr.model_to_bytes(model)
    pictures = [model.up_to(grade).render() for grade in range(1, 4)]
    random = np.random.default_rng(0)
    places = {*range(400), *random.integers(0, len(data), 600).tolist()}
    for place in places:
        damaged = bytearray(data)
        damaged[place] ^= 1 << int(random.integers(8))
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                read = inr.model_from_bytes(bytes(damaged))
            except inr.ModelFileError:
                continue
        if not caught or not np.array_equal(read.render(), pictures[len(read.grades) - 1]):
            pytest.fail(f"byte {place} flipped, and nobody noticed: {[str(w.message) for w in caught]}")


@pytest.fixture(scope="session")
def written(model) -> tuple[bytes, inr.Model]:
    """A file of three grades, and what it says when it is whole."""
    data = inr.model_to_bytes(model)
    return data, inr.model_from_bytes(data)


@settings(max_examples=250, deadline=None)
@given(data=st.data())
def test_fuzz(written, data):
    """Whatever is damaged, what is read at all is what was written; the rest is a ModelFileError and nothing else."""
    whole, model = written
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            read = inr.model_from_bytes(data.draw(damaged(whole)))
        except inr.ModelFileError:
            return
    assert (read.width, read.height, read.channels, read.icc_profile) == (17, 12, 3, model.icc_profile)
    for ours, theirs in zip(model.grades, read.grades, strict=False):
        for a, b in zip(ours.parameters(), theirs.parameters(), strict=True):
            assert torch.equal(a, b)


def valid_header(**changes):
    header = unpack(inr.model_to_bytes(golden_model())).header
    return {**header, **changes}


@pytest.mark.parametrize(
    "changes",
    [
        {"width": 0}, {"width": 2**31}, {"width": "5"}, {"width": True}, {"height": -1}, {"height": 1.5},
        {"channels": 5}, {"bit_depth": 12}, {"frame": "odd"}, {"feed_encoding": 1}, {"frequencies": 10**9},
        {"grades": []}, {"grades": [[1, 3, "sine"]] * 65}, {"grades": [[1, 10**9, "sine"]]},
        {"grades": [[64, 8192, "sine"]] * 64}, {"grades": "many"}, {"grades": [3]}, {"record": None}, {"record": {}},
        {"grades": None}, {"grades": [[1, 3, "exec"]]}, {"grades": [[10**400, 3, "sine"]]},
        {"grades": [[1, 3, "sine", {"gain": 10**400}]]}, {"grades": [[1, 3, "sine", {"scales": [10**400]}]]},
        {"grades": [[1, 3, "sine", {"gain": "1"}]]}, {"grades": [[1, 3, "sine", {"slope": 1}]]},
        {"grades": [[1, 3, "sine", {"branches": 3}]]}, {"grades": [[1, 3, "sine", {"shifts": 5}]]},
        {"grades": [[1, 3, "sine", {"colour": 5}]]}, {"grades": [[1, 3, "sine", {"window": 5}]]},
        {"grades": [[1, 3, "sine", {"scales": [1, 2], "separate": True}]]},
        {"grades": [[1, 3, "sine", []]]}, {"grades": [[1, 3, "sine", [[1, 1]]]]}, {"grades": [[1, 3, "sine", [1], 2]]},
        {"frequencies": 0, "grades": [[1, 3, "sine", [[0, 1]]]]},
        {"frequencies": 0, "grades": [[1, 3, "sine", [[1, 17]]]]},
        {"frequencies": 0, "grades": [[1, 3, "sine", [[1, 1]] * 17]]},
        {"frequencies": 0, "grades": [[1, 3, "sine", {"cell": 1}]]},
        {"frequencies": 0, "grades": [[1, 3, "sine", [[1, 16]]]], "width": 2**20, "height": 2**20},
        {"frequencies": 0, "feed_encoding": False, "grades": [[1, 3, "sine", [[1, 1]]]]},
        {"frequencies": 0, "frame": "unit", "grades": [[1, 3, "sine", [[1, 1]]]]},
        {"grades": [[1, True, "sine"], [1, 3, "sine"]]},
        {"grades": [[True, 3, "sine"], [1, 3, "sine"]]},
    ],
)  # fmt: skip
def test_absurd_headers_are_refused_before_memory_is_taken(changes):
    import tracemalloc

    data = pack(valid_header(**changes), list(unpack(inr.model_to_bytes(golden_model())).chunks))
    tracemalloc.start()
    with pytest.raises(inr.ModelFileError):
        inr.model_from_bytes(data)
    assert tracemalloc.get_traced_memory()[1] < 1_000_000
    tracemalloc.stop()


def test_foreign_and_future_files():
    data = inr.model_to_bytes(golden_model())
    for bad, message in (
        (b"", "not an .inr model file"),
        (b"\x89PNG\r\n\x1a\n", "not an .inr model file"),
        (data[:9], "cut short after 9 bytes"),
        (data[:4] + b"\x04\x00" + data[6:], "format version 4; this program reads versions 1 to 3"),
        (data[:4] + b"\x01\x00\xff\xff\xff\xff" + data[10:], "at most 65536"),
        (data[:6] + b"\xff\xff" + data[8:], "cut short inside its header"),
        (data + b"x", "goes on after its last grade, number 2"),
        (pack({"a": 1}, []), "width is None"),
    ):
        with pytest.raises(inr.ModelFileError, match=message):
            inr.model_from_bytes(bad)


def test_chunks_of_later_versions():
    container = unpack(inr.model_to_bytes(golden_model()))
    skippable = pack(container.header, [Chunk(tag=b"n", payload=b"hi"), *container.chunks])
    assert len(inr.model_from_bytes(skippable).grades) == 2
    needed = pack(container.header, [Chunk(tag=b"N", payload=b"hi"), *container.chunks])
    with pytest.raises(inr.ModelFileError, match="N"):
        inr.model_from_bytes(needed)


def test_unreadable_and_unwritable_places(tmp_path, model):
    with pytest.raises(inr.ModelFileError, match="no such file"):
        inr.load_model(tmp_path / "none.inr")
    with pytest.raises(inr.ModelFileError, match="is no file"):
        inr.load_model(tmp_path)
    with pytest.raises(inr.ModelFileError, match="cannot be written"):
        inr.save_model(model, tmp_path / "none" / "a.inr")


def test_a_failed_write_keeps_the_file_before_it(tmp_path, model, monkeypatch):
    path = tmp_path / "a.inr"
    path.write_bytes(b"before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(inr.ModelFileError, match="No space left"):
        inr.save_model(model, path)
    monkeypatch.undo()
    assert path.read_bytes() == b"before" and list(tmp_path.iterdir()) == [path]


def test_no_pickle_anywhere():
    for source in (Path(inr.__file__).parent).rglob("*.py"):
        if source.name == "cluster.py":  # tasks to workers of one's own, which Dask carries so; nothing that is read
            continue
        text = source.read_text()
        assert "pickle" not in text and "torch.load" not in text and "torch.save" not in text, source


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels(channels):
    image = inr.image_from_array(picture(channels=channels))
    fitted = inr.fit(image, small_config(steps=(200, 200, 200), batch_size=None)).model
    drawn = inr.model_from_bytes(inr.model_to_bytes(fitted)).render()
    assert drawn.shape == (12, 17, channels)
    assert (np.square(drawn - image.pixels).mean((0, 1)) < 0.2 * image.pixels.var((0, 1))).all()  # of each channel


def test_numbers_no_picture_needs_are_refused():
    with pytest.raises(inr.ModelFileError, match="outside the range"):
        decode_tensor(b"\x7f\xff\x7f", (1,))
    for side in (b"\xff\x7f\x00\x00", b"\x00\x00\x40\x00", b"\x00\x00\x00\x0d", b"\x00\x00\x00\xff"):
        with pytest.raises(inr.ModelFileError, match="outside the range"):
            SideInfo.unpack(side)
    for bad in (math.nan, math.inf, 3e38):
        model = golden_model()
        with torch.no_grad():
            model.grades[0].head.bias.fill_(bad)
        with pytest.raises(inr.ModelFileError, match="not a finite number"):
            inr.model_to_bytes(model)
    container = unpack(inr.model_to_bytes(golden_model()))
    for frequency in (math.nan, math.inf, 3e38):
        payload = struct.pack("<f", frequency) + container.chunks[0].payload[4:]
        chunks = [Chunk(tag=b"G", payload=payload), container.chunks[1]]
        with pytest.raises(inr.ModelFileError, match="frequency"):
            inr.model_from_bytes(pack(container.header, chunks))


def test_colour_profiles_are_bounded_and_whole():
    container = unpack(inr.model_to_bytes(golden_model()))
    whole = zlib.compress(b"profile" * 50)
    for payload in (whole[:-3], whole + b"junk", zlib.compress(bytes(2**25)), b"no deflate"):
        data = pack(container.header, [Chunk(tag=b"i", payload=payload), *container.chunks])
        with pytest.raises(inr.ModelFileError, match="colour profile"):
            inr.model_from_bytes(data)


@pytest.mark.parametrize(
    "record",
    [
        {"psnr_db": [1.0]}, {"psnr_db": ["high", 1.0]}, {"psnr_db": [1e9, 1.0]}, {"method": "a" * 99},
        {"method": "\x1b[2J"}, {"method": "\ud800"}, {"versions": {"inr": "1\n2"}},
    ],
)  # fmt: skip
def test_records_that_could_mislead_are_refused(record):
    container = unpack(inr.model_to_bytes(golden_model()))
    header = {**container.header, "record": {**container.header["record"], **record}}
    with pytest.raises(inr.ModelFileError, match="record"):
        inr.model_from_bytes(pack(header, list(container.chunks)))


@pytest.mark.parametrize("order", [(0, 2, 1), (0, 1, 1), (0, 2), (1, 0)])
def test_grades_cannot_change_places(order):
    """Of one shape each would be drawn in the place of another: their checksums know which they are."""
    grades = [Grade(2 if n == 0 else 4 + 2, 1, depth=1, width=4, activation="sine") for n in range(3)]
    for number, grade in enumerate(grades):
        grade.start("fan-in", torch.Generator().manual_seed(number), first=number == 0, raw=True)
    model = dataclasses.replace(golden_model(), feed="both", encoding=Encoding(torch.zeros(2, 0)), grades=tuple(grades))
    model = dataclasses.replace(model, record=dataclasses.replace(model.record, psnr_db=()))
    data = inr.model_to_bytes(model)
    sizes = grade_bytes(data)
    starts = [len(data) - sum(sizes[number:]) for number in range(4)]
    parts = [data[begin:end] for begin, end in itertools.pairwise(starts)]
    assert inr.model_to_bytes(inr.model_from_bytes(data)) == data == data[: starts[0]] + b"".join(parts)
    with pytest.raises(inr.ModelFileError, match="checksum"):
        inr.model_from_bytes(data[: starts[0]] + b"".join(parts[number] for number in order))


def test_a_grade_is_not_made_before_its_size_is_checked(monkeypatch):
    import inr.networks.chain as module

    monkeypatch.setattr(module, "Grade", lambda *_, **__: pytest.fail("made"))
    chunks = list(unpack(inr.model_to_bytes(golden_model())).chunks)
    with pytest.raises(inr.ModelFileError, match="its header needs|too few for"):
        inr.model_from_bytes(pack(valid_header(grades=[[64, 8192, "sine"]] * 2), chunks))


def test_strips_of_very_wide_drawings_are_drawn_in_parts(monkeypatch, model):
    import inr.networks.model as module

    whole = model.render(width=300, height=2)
    monkeypatch.setattr(module, "STRIP_PIXELS", 64)
    np.testing.assert_allclose(model.render(width=300, height=2), whole, atol=1e-5)
