"""The reader that napari finds: its manifest, read as napari reads it, leads to pixels."""

import importlib
import tomllib

import numpy as np
import pytest
import yaml
from helpers.pictures import README, picture

import inr


@pytest.fixture(scope="module")
def reader():
    """What the entry point in the wheel leads to."""
    project = tomllib.loads((README.parent / "pyproject.toml").read_text())["project"]
    package, name = project["entry-points"]["napari.manifest"]["inr"].split(":")
    manifest = yaml.safe_load((README.parent / package / name).read_text())["contributions"]
    (command,), (found,) = manifest["commands"], manifest["readers"]
    assert found["command"] == command["id"] and found["filename_patterns"] == ["*.inr"]
    module, function = command["python_name"].split(":")
    return getattr(importlib.import_module(module), function)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_file_is_a_layer(reader, tmp_path, channels):
    options = inr.FitOptions(encoding="none", grades=1, depth=1, width=8, steps=3)
    image = inr.image_from_array(picture(channels=channels, dtype=np.uint16))
    inr.save_model(inr.fit(image, inr.configure(options)).model, tmp_path / "cat.inr")
    path = str(tmp_path / "cat.inr")
    ((pixels, facts, kind),) = reader(path)(path)
    drawn = inr.quantize(inr.load_model(path).render(), 16)
    np.testing.assert_array_equal(pixels, drawn if channels > 2 else drawn[:, :, 0])
    assert facts == {"name": "cat", "rgb": channels > 2} and kind == "image"
    assert len(reader([path, path])([path, path])) == 2


def test_a_foreign_file_is_left_to_others(reader, tmp_path):
    (tmp_path / "a.inr").write_bytes(b"#INRIMAGE-4#{")
    assert reader(str(tmp_path / "a.inr")) is None
