"""The decoder in JavaScript, in a browser, against the one in Python: the same integers, pixels and sentences."""

import base64
import re
import warnings
from pathlib import Path

import numpy as np
import pytest
from helpers.models import all_forms, eight_bits

from inr.codec.model_file import model_from_bytes
from inr.codec.range_coder import Encoder, counts
from inr.errors import ModelFileError, ModelFileWarning
from inr.viewer.page import image_script, viewer_page
from inr.viewer.script import MODULES, one_function

GOLDEN = {path.stem: path.read_bytes() for path in sorted((Path(__file__).parent / "golden").glob("*.inr"))}
DECODE = """(texts) => texts.map((text) => {
  const { decodeModel, finished } = model_file();
  try {
    const { note, grades, profile } = finished(decodeModel(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
    const tensors = grades.map((grade) => grade.tensors.map(({ step, integers }) => [step, [...integers]]));
    return { note, tensors, profile: profile && [...profile] };
  } catch (error) { return { error: error.message, kind: error.constructor.name }; }
})"""
DRAW = """(texts) => texts.map((text) => {
  const { decodeModel, finished } = model_file();
  const model = finished(decodeModel(Uint8Array.from(atob(text), (c) => c.charCodeAt(0))));
  const { width, height, channels, grades } = model;
  const numbers = grades.map((_, i) => i + 1);
  const lattice = { left: 0, top: 0, step: 1, width, height };
  const { drawLattice, eightBits } = raster();
  const pictures = finished(drawLattice(new (network().Network)(model), lattice, numbers));
  const shown = shader().Shader.of(model, true);
  const shaded = shown && numbers.map((grade) => {
    const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
    context.drawImage(shown.draw(lattice, grade), 0, 0);
    return [...context.getImageData(0, 0, width, height).data];
  });
  shown?.gl.getExtension("WEBGL_lose_context").loseContext();
  return { plain: pictures.map((picture) => Array.from(picture, eightBits)), shaded };
})"""


def packed(files) -> list[str]:
    return [base64.b64encode(data).decode() for data in files]


@pytest.fixture(scope="module")
def script(chromium):
    """Run JavaScript in a page where each module of the viewer is a function that gives its exports."""
    modules = ("model_file", "network", "raster", "shader", "range_coder")
    page = chromium.new_page()
    page.add_script_tag(content="".join(one_function(name, name) for name in modules))
    yield page.evaluate
    page.close()


def told(data: bytes):
    """What Python makes of a file: note and integers, or its sentence."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ModelFileWarning)
        try:
            model = model_from_bytes(data)
        except ModelFileError as error:
            return str(error)
    return [str(warning.message) for warning in caught], model


def tensors_of(model):
    if model.quantised:
        return [[[t.step.value, t.integers.tolist()] for t in grade] for grade in model.quantised]
    return [[parameter.ravel().tolist() for parameter in grade.parameters()] for grade in model.grades]


def test_files_of_all_versions_and_forms_decode_to_the_same_integers(script):
    files = GOLDEN | all_forms()
    for (name, data), found in zip(files.items(), script(DECODE, packed(files.values())), strict=True):
        if name == "version3-local":
            assert "which this page cannot show" in found["error"]
            continue
        _, expected = told(data)
        assert "error" not in found, f"{name}: {found}"
        tensors = found["tensors"]
        if not expected.quantised:  # of version 1 Python keeps values
            tensors = [[[step * n for n in integers] for step, integers in grade] for grade in tensors]
        assert tensors == tensors_of(expected), name
        assert found["profile"] == (list(expected.icc_profile) if expected.icc_profile else None), name


@pytest.mark.parametrize("name", ["version1", "version3", "version3-planes"])
def test_cut_and_damaged_files_get_the_same_grades_or_the_same_sentence(script, name):
    data = GOLDEN[name]
    flips = [data[:i] + bytes([data[i] ^ 1 << i % 8]) + data[i + 1 :] for i in range(len(data))]
    files = [data[:length] for length in range(len(data))] + flips
    notes = 0
    for file, found in zip(files, script(DECODE, packed(files)), strict=True):
        expected = told(file)
        if isinstance(expected, str):
            assert found.get("kind") == "ModelFileError", found
            exact = "JSON" not in expected and "inflate" not in expected and "chunk b" not in expected
            assert not exact or found["error"] == expected
        else:
            said, model = expected
            assert [found["note"]] == (said or [None]) and len(found["tensors"]) == len(model.grades)
            notes += bool(said)
    assert notes > 1


def test_tables_and_words_of_the_range_coder_are_the_same(script):
    random = np.random.default_rng(3)
    cases = [(0, 0, 0), (63, 15, 4095)] + [
        tuple(map(int, (random.integers(64), random.integers(16), 2 ** random.uniform(0, 11)))) for _ in range(30)
    ]
    found = script("(cases) => cases.map((each) => [...range_coder().counts(...each)])", cases)
    assert found == [counts(*case).tolist() for case in cases]

    encoder, expected, asked = Encoder(), [], []
    for table, fraction, reach in cases[1:]:
        values = random.integers(-reach, reach + 1, 50)
        encoder.write(values, np.full(50, table), np.full(50, fraction), reach)
        encoder.write_uniform(values + reach, 13)
        expected += [*values.tolist(), *(values + reach).tolist()]
        asked.append([table, fraction, reach])
    decode = """([text, asked]) => {
      const { RangeDecoder, edges } = range_coder();
      const decoder = new RangeDecoder(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
      const found = [];
      for (const [table, fraction, reach] of asked) {
        for (let i = 0; i < 50; i++) found.push(decoder.next(edges(table, fraction, reach)) - reach);
        for (let i = 0; i < 50; i++) found.push(decoder.nextUniform(13));
      }
      decoder.finish();
      return found;
    }"""
    assert script(decode, [packed([encoder.bytes()])[0], asked]) == expected


def test_all_forms_are_drawn_as_python_draws_them(script):
    files = all_forms()
    by_shader = set()
    for (name, data), found in zip(files.items(), script(DRAW, packed(files.values())), strict=True):
        model = model_from_bytes(data)
        for grade, expected in enumerate(eight_bits(model)):
            far = np.abs(np.subtract(found["plain"][grade], expected))
            assert far.max() <= 2 and np.median(far) == 0, f"{name}, grade {grade + 1}"
            if found["shaded"]:
                by_shader.add(name)
                assert as_seen(expected, model.channels, found["shaded"][grade]) <= 2, f"{name}, grade {grade + 1}"
    assert set(files) - by_shader == {"branches", "shifts"}  # which the shader leaves to JavaScript


def as_seen(expected, channels, shaded):
    """How far opaque colours of a canvas are at most from those expected; alpha is compared everywhere."""
    wanted, found = np.reshape(expected, (-1, channels)), np.reshape(shaded, (-1, 4))
    far = np.abs(found[:, : 3 if channels > 2 else 1] - wanted[:, : 3 if channels > 2 else 1])
    if channels % 2:
        assert np.median(far) == 0
        return far.max()
    solid = wanted[:, -1] > 250
    return max(np.abs(found[:, 3] - wanted[:, -1]).max(), far[solid].max(initial=0))


@pytest.mark.parametrize("module", sorted(MODULES.glob("*.js")), ids=lambda path: path.stem)
def test_modules_import_what_they_use_and_fit_their_lines(module):
    text = module.read_text()
    for names in re.findall(r"^import \{ ?([^}]*?) ?\} from", text, flags=re.M):
        for name in filter(None, re.split(r",\s*", names)):
            assert len(re.findall(rf"\b{name}\b", text)) > 1, f"{name} is not used"
    assert not re.search(r"\bvar\b|[^=!]==[^=]|!=[^=]|\beval\b|innerHTML", re.sub(r"//.*|`[^`]*`", "", text))
    assert not re.search(r"import(?! \{)", re.sub(r"//.*|^ \*.*|/\*\*.*", "", text, flags=re.M)), (
        "another way of importing"
    )
    assert len(text.splitlines()) <= 260


def test_no_text_ends_the_script_that_holds_it():
    page = viewer_page(b"", "name")
    assert page.count("</script") == 2 and "<!--" not in page and "</script" not in image_script().split("\n", 1)[1]
