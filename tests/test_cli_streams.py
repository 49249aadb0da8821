"""Commands in pipes: `-` as an input and as an output."""

import json
import os
import pty
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.pictures import picture
from inr_cli.main import app
from test_cli_fit import names
from typer.testing import CliRunner

import inr

TINY = ["--encoding", "none", "--grades", "2", "--depth", "1", "--width", "8", "--steps", "2"]
MODEL = Path(__file__).parent / "golden" / "version3-planes.inr"
PROGRAM = [sys.executable, "-m", "inr"]


def run(*arguments, given=b"", code=0):
    done = CliRunner().invoke(app, [str(each) for each in arguments], input=given)
    assert done.exit_code == code, (done.output, done.exception)
    return done


@pytest.fixture
def cat(tmp_path, monkeypatch):
    """The bytes of a picture; the working folder is empty."""
    inr.save_image(tmp_path / "cat.png", picture(12, 12))
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return (tmp_path / "cat.png").read_bytes()


def test_fit_reads_a_picture_from_stdin(cat):
    done = run("fit", "-", *TINY, given=cat)
    assert "stdin-inr/stdin.inr: " in done.stderr and "stdin.grade2.png" in names(Path("stdin-inr"))
    assert json.loads(Path("stdin-inr/report.json").read_text())["image"]["name"] == "stdin"


def test_fit_sends_the_model_to_stdout(cat):
    run("fit", "-", *TINY, "--out", "folder", given=cat)
    done = run("fit", "-", *TINY, "--out", "-", given=cat)
    assert done.stdout_bytes == Path("folder/stdin.inr").read_bytes() and names(Path()) == ["folder"]
    assert f"stdout: {len(done.stdout_bytes)} bytes, PSNR " in done.stderr
    assert run("fit", "-", *TINY, "--out", "-", "--quiet", given=cat).stderr == ""


@pytest.mark.parametrize("format", ["png", "jpg", "jpeg", "webp", "tif", "tiff", "bmp", "gif"])
def test_render_sends_a_picture_to_stdout(cat, format):
    run("render", MODEL, "-o", f"a.{format}", "--scale", "3")
    done = run("render", "-", "-o", "-", "--format", format, "--scale", "3", given=MODEL.read_bytes())
    assert done.stdout_bytes == Path(f"a.{format}").read_bytes() and done.stderr.startswith("stdout: ")


def test_a_picture_on_stdout_is_a_png_by_default(cat):
    assert run("render", MODEL, "-o", "-", "--quiet").stdout_bytes.startswith(b"\x89PNG")
    run("render", "-", given=MODEL.read_bytes())
    assert names(Path()) == ["stdin.render.png"]


def test_info_pack_and_spectrum_read_a_model_from_stdin(cat):
    data = MODEL.read_bytes()
    facts = json.loads(run("info", "-", "--json", given=data).stdout)
    assert facts == {**json.loads(run("info", MODEL, "--json").stdout), "file": "stdin"}
    limit = ["--max-bytes", str(len(data))]
    run("pack", MODEL, *limit, "-o", "a.inr")
    done = run("pack", "-", *limit, "-o", "-", given=data)
    assert done.stdout_bytes == Path("a.inr").read_bytes() and done.stderr.startswith("stdout: ")
    run("spectrum", "-", given=data)
    assert "stdin.spectrum.png" in names(Path())


def test_view_reads_a_model_and_spectrum_a_picture_from_stdin(cat):
    run("view", MODEL, "--no-open", "-o", "a.html")
    run("view", "-", "--no-open", given=MODEL.read_bytes())
    assert Path("stdin.html").read_text() == Path("a.html").read_text().replace(MODEL.name, "stdin")
    run("fit", "../cat.png", *TINY, "-o", "fit")
    by_name = run("spectrum", "fit/cat.inr", "--image", "../cat.png", "-o", "a.png").stdout
    assert run("spectrum", "fit/cat.inr", "--image", "-", "-o", "b.png", given=cat).stdout == by_name


@pytest.mark.parametrize(
    ("command", "stdin"),
    [
        (["upscale", "../cat.png"], "../cat.png"),
        (["denoise", "../cat.png"], "../cat.png"),
        (["inpaint", "../cat.png", "--mask", "mask.png"], "../cat.png"),
        (["inpaint", "../cat.png", "--mask", "mask.png"], "mask.png"),
    ],
)
def test_a_picture_is_restored_from_stdin(cat, command, stdin):
    mask = np.zeros((12, 12, 1), np.uint8)
    mask[5:7, 3:9] = 255
    inr.save_image("mask.png", mask)
    run(*command, "--steps", "1", "-o", "a.png")
    piped = ["-" if each == stdin else each for each in command]
    run(*piped, "--steps", "1", "-o", "b.png", given=Path(stdin).read_bytes())
    assert Path("a.png").read_bytes() == Path("b.png").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "given", "code", "message"),
    [
        (["fit", "-"], b"", 1, "stdin: the file is empty."),
        (["fit", "-"], b"hello", 1, "stdin: this is no picture"),
        (["info", "-"], b"hello", 1, "stdin: this is not an .inr model file"),
        (["fit", "-", "-o", "-", "--json"], b"", 2, "--json and --out - both write to standard output"),
        (["render", MODEL, "-o", "-", "--json"], b"", 2, "--json and --out - both write to standard output"),
        (["pack", MODEL, "--max-bytes", "9k", "-o", "-", "--json"], b"", 2, "--json and --out - both write"),
        (["render", MODEL, "-o", "a.png", "--format", "png"], b"", 2, "--format is for --out - only"),
        (["render", MODEL, "-o", "-", "--format", "xyz"], b"", 2, "'xyz' is not one of"),
        (["spectrum", MODEL, "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["view", MODEL, "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["upscale", "a.png", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["inpaint", "a.png", "--mask", "m.png", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["denoise", "a.png", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["compare", "a.png", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["batch", ".", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["reproduce", "images", "-o", "-"], b"", 2, "--out - is for fit, render and pack alone"),
        (["upscale", "-"], b"", 2, "has no name; give --out one for the result"),
        (["inpaint", "-", "--mask", "m.png"], b"", 2, "has no name; give --out one for the result"),
        (["denoise", "-"], b"", 2, "has no name; give --out one for the result"),
        (["inpaint", "-", "--mask", "-", "-o", "a.png"], b"", 2, "which is one file; give the name of the other"),
        (["pack", "-", "--max-bytes", "9k", "--image", "-"], b"", 2, "which is one file; give the name of the other"),
        (["spectrum", "-", "--image", "-"], b"", 2, "which is one file; give the name of the other"),
    ],
)
def test_what_makes_no_sense(cat, arguments, given, code, message):
    done = run(*arguments, given=given, code=code)
    assert message in done.stderr and done.stdout_bytes == b"" and names(Path()) == []


def shell(command, **streams):
    words = shlex.join(PROGRAM)
    return subprocess.run(
        ["bash", "-c", command.replace("inr", words, 1)], stderr=subprocess.PIPE, check=False, text=True, **streams
    )


@pytest.mark.parametrize(("command", "stream"), [(f"inr render {MODEL} -o -", "stdout"), ("inr info -", "stdin")])
def test_a_terminal_is_no_place_for_bytes(command, stream):
    ours, theirs = pty.openpty()
    try:
        done = shell(command, **{stream: theirs})
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 2 and "that is a terminal" in done.stderr and len(done.stderr.splitlines()) == 1


def test_a_reader_that_leaves_is_no_news():
    done = shell(f"inr render {MODEL} -o - | true; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (1, "")


def test_a_full_disk_is_news():
    done = shell(f"inr render {MODEL} -o - > /dev/full")
    assert done.returncode == 1 and done.stderr == "Error: stdout cannot be written: No space left on device.\n"
