"""What a command is given and where its output goes: options are checked first, and no input is ever replaced."""

from pathlib import Path

import numpy as np
import pytest
from helpers.commands import run
from helpers.pictures import picture

import inr

RESTORED = [["upscale", "cat.png"], ["denoise", "cat.png"], ["inpaint", "cat.png", "--mask", "mask.png"]]


@pytest.fixture(scope="module")
def model():
    """The bytes of a model of the picture."""
    config = inr.configure(inr.FitOptions(encoding="none", grades=1, depth=1, width=8, steps=2))
    return inr.model_to_bytes(inr.fit(inr.image_from_array(picture(12, 12)), config).model)


@pytest.fixture
def folder(tmp_path, monkeypatch, model):
    monkeypatch.chdir(tmp_path)
    inr.save_image("cat.png", picture(12, 12))
    Path("cat.inr").write_bytes(model)
    mask = np.zeros((12, 12, 1), np.uint8)
    mask[5:7, 3:9] = 255
    inr.save_image("mask.png", mask)
    return tmp_path


@pytest.mark.parametrize("command", RESTORED)
def test_a_folder_that_is_not_there_for_a_restored_picture(folder, command):
    done = run(*command, "-o", "none/a.png", code=1)
    assert done.stderr == "Error: none/a.png cannot be written: there is no folder none; make it first.\n"


@pytest.mark.parametrize(
    ("command", "own"),
    [
        *((command, command[1]) for command in RESTORED),
        (RESTORED[2], "mask.png"),
        (["render", "cat.inr"], "cat.inr"),
        (["view", "cat.inr", "--no-open"], "cat.inr"),
        (["pack", "cat.inr", "--max-bytes", "80"], "cat.inr"),
        (["spectrum", "cat.inr", "--image", "cat.png"], "cat.png"),
        (["pack", "cat.inr", "--max-bytes", "80", "--image", "cat.png"], "cat.png"),
    ],
)
@pytest.mark.parametrize("by", ["name", "link"])
def test_an_input_is_never_replaced(folder, command, own, by):
    out, before = own, Path(own).read_bytes()
    if by == "link":
        out = f"link{Path(own).suffix}"
        Path(out).symlink_to(own)
    for overwrite in ([], ["--overwrite"]):
        done = run(*command, "-o", out, *overwrite, code=1)
        kind = command[0] == "render" and ".inr is not accepted"  # pictures have other endings
        said = kind or f"Error: {out} is an input of this command and would be replaced; give another --out.\n"
        assert said in done.stderr and Path(own).read_bytes() == before


def test_what_lies_beside_an_output_replaces_no_input_either(folder):
    Path("cat.png").rename("big.before-after.png")
    done = run("upscale", "big.before-after.png", "-o", "big.png", "--overwrite", code=1)
    assert done.stderr.startswith("Error: big.before-after.png is an input of this command")


def test_a_fit_never_replaces_its_picture(folder):
    Path("cat.png").rename("picture.inr")
    done = run("fit", "picture.inr", "--out", ".", "--overwrite", code=1)
    assert done.stderr.startswith("Error: picture.inr is an input of this command")


@pytest.mark.parametrize(
    ("command", "wrong"),
    [
        (RESTORED[0], ["--scale", "0.5"]),
        (RESTORED[0], ["--device", "mps"]),
        (RESTORED[1], ["--noise", "500"]),
        (RESTORED[2], ["--mask", "cat.png"]),
        (["render", "cat.inr"], ["--region", "0,0,99,99"]),
        (["spectrum", "cat.inr"], ["--device", "mps"]),
    ],
)
def test_options_are_checked_before_what_is_there(folder, command, wrong):
    Path("out.png").touch()
    refused = run(*command, *wrong, "-o", "out.png", code=2).stderr
    assert "exists already" not in refused and wrong[0].lstrip("-") in refused
    assert "out.png exists already; give --overwrite" in run(*command, "-o", "out.png", code=1).stderr


def test_options_of_a_fit_are_checked_before_what_is_there(folder):
    Path("out").mkdir()
    Path("out/cat.inr").touch()
    command = ("fit", "cat.png", "--out", "out")
    assert "device 'mps'" in run(*command, "--device", "mps", code=2).stderr
    assert "--memory" in run(*command, "--memory", "0.1", code=2).stderr
    assert "already holds cat.inr" in run(*command, code=1).stderr


def test_report_says_what_it_wants(folder):
    wanted = "give the folder that fit, compare, batch or reproduce left.\n"
    assert run("report", "none", code=1).stderr == f"Error: there is no folder none; {wanted}"
    assert run("report", "cat.png", code=1).stderr == f"Error: cat.png is a file; {wanted}"
