import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from helpers.batches import wait_for
from helpers.commands import SMALL, names, run
from helpers.pictures import DATA, PROFILE, picture, psnr_of_flat

import inr


@pytest.fixture
def cat(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    inr.save_image(tmp_path / "cat.png", picture(20, 30))
    return tmp_path


def test_a_fit_leaves_everything_it_promises(cat):
    result = run("fit", "cat.png", "--grades", "2", *SMALL)
    assert names(cat / "cat-inr") == [
        "cat.grade1.png", "cat.grade2.png", "cat.grades.png", "cat.inr", "cat.spectrum.png", "report.html",
        "report.json", "report.md",
    ]  # fmt: skip
    table = [line.split() for line in result.stdout.splitlines()]
    assert table[0][0] == "grade" and [row[0] for row in table[1:]] == ["1", "2"]
    assert "cat.inr" in result.stderr and "bits per pixel" in result.stdout
    report = json.loads((cat / "cat-inr" / "report.json").read_text())
    model = inr.load_model(cat / "cat-inr" / "cat.inr")
    source = inr.load_image(cat / "cat.png")
    qualities, pictures = inr.measure(source, model)
    for row, quality, drawn in zip(report["grades"], qualities, pictures, strict=True):
        assert row["psnr_db"] == pytest.approx(quality.psnr_db)
        assert (inr.quantize(inr.load_image(cat / "cat-inr" / f"cat.grade{row['grade']}.png").pixels, 8) == drawn).all()
    assert report["schema"] == 2 and report["model"]["bytes"] == (cat / "cat-inr" / "cat.inr").stat().st_size
    assert report["model"]["bpp"] == pytest.approx(8 * report["model"]["bytes"] / 600)
    assert report["config"]["encoding"] == {"kind": "fourier", "frequencies": 8, "sigma": 3.0, "bands": [1.0]}
    assert report["environment"]["threads"] >= 1 and report["environment"]["seed"] == 0
    assert model.record.psnr_db == pytest.approx([q.psnr_db for q in qualities], abs=1e-3)


def test_same_seed_same_bytes(cat):
    for out in ("a", "b"):
        run("fit", "cat.png", "--grades", "2", "--out", out, "--precision", "float32", *SMALL)
    for name in names(cat / "a"):
        if not name.startswith("report"):
            assert (cat / "a" / name).read_bytes() == (cat / "b" / name).read_bytes(), name


def test_json_on_stdout_and_quiet(cat):
    result = run("fit", "cat.png", "--grades", "1", "--json", "--quiet", *SMALL)
    assert json.loads(result.stdout) == json.loads((cat / "cat-inr" / "report.json").read_text())
    assert result.stderr == ""
    assert run("fit", "cat.png", "--grades", "1", "--quiet", "--overwrite", *SMALL).output == ""


def test_half_reports_train_and_held_out(cat):
    result = run("fit", "cat.png", "--pixels", "half", "--grades", "1", *SMALL)
    assert "held-out dB" in result.stdout
    row = json.loads((cat / "cat-inr" / "report.json").read_text())["grades"][0]
    assert row["train_psnr_db"] != row["held_out_psnr_db"]


@pytest.mark.parametrize(
    ("wish", "found"),
    [
        (["--encoding", "none"], lambda c: c["encoding"]["kind"] == "none"),
        (["--encoding", "positional"], lambda c: c["encoding"]["kind"] == "positional"),
        (
            ["--method", "mgdl-fourier", "--activation", "relu"],
            lambda c: {shape["activation"] for shape in c["grades"]} == {"relu"} and len(c["grades"]) == 4,
        ),
        (
            ["--method", "sgdl-fourier", "--optimizer", "adam", "--learning-rate", "0.02"],
            lambda c: c["training"]["optimizer"] == "adam" and len(c["grades"]) == 1,
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_choices_are_what_is_trained_and_drawn(cat, wish, found):
    run("fit", "cat.png", "--width", "16", "--steps", "60", "--batch-size", "0", *wish)
    report = json.loads((cat / "cat-inr" / "report.json").read_text())
    assert found(report["config"])
    assert report["grades"][-1]["psnr_db"] > psnr_of_flat(inr.load_image(cat / "cat.png")) + 1
    model = inr.load_model(cat / "cat-inr" / "cat.inr")
    assert (model.encoding.frequencies.shape[1] > 0) == (report["config"]["encoding"]["kind"] != "none")
    assert [grade.activation for grade in model.grades] == [s["activation"] for s in report["config"]["grades"]]


def test_existing_outputs_are_refused_and_overwritten_on_request(cat):
    run("fit", "cat.png", "--grades", "3", *SMALL)
    before = (cat / "cat-inr" / "cat.inr").read_bytes()
    refused = run("fit", "cat.png", "--grades", "2", *SMALL, code=1)
    assert "already holds cat.inr" in refused.stderr and "--overwrite" in refused.stderr
    assert (cat / "cat-inr" / "cat.inr").read_bytes() == before
    (cat / "cat-inr" / "mine.txt").write_text("kept")
    run("fit", "cat.png", "--grades", "2", "--overwrite", *SMALL)
    assert "cat.grade3.png" not in names(cat / "cat-inr") and "mine.txt" in names(cat / "cat-inr")


def test_sixteen_bits_profile_and_alpha_come_back(cat):
    inr.save_image(cat / "deep.png", picture(channels=4, dtype=np.uint16), icc_profile=PROFILE)
    run("fit", "deep.png", "--grades", "1", *SMALL)
    drawn = inr.load_image(cat / "deep-inr" / "deep.grade1.png")
    assert drawn.bit_depth == 16 and drawn.channels == 4 and drawn.icc_profile == PROFILE


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (13, 1)])
@pytest.mark.parametrize("pixels", ["all", "half"])
def test_tiny_pictures(cat, shape, pixels):
    inr.save_image(cat / "tiny.png", picture(*shape, channels=1))
    run("fit", "tiny.png", "--grades", "2", "--pixels", pixels, *SMALL, "--steps", "100")
    row = json.loads((cat / "tiny-inr" / "report.json").read_text())["grades"][-1]
    drawn = inr.load_image(cat / "tiny-inr" / "tiny.grade2.png")
    assert drawn.pixels.shape == (*shape, 1)
    training = np.abs(drawn.pixels - inr.load_image(cat / "tiny.png").pixels)[:: 1 + (pixels == "half")]
    training = training[:, :: 1 + (pixels == "half")]
    assert training.max() < 0.05  # a handful of pixels is learned by heart
    assert ("held_out_psnr_db" in row) == (pixels == "half" and shape != (1, 1))


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none.png"], 1, "none.png: no such file"),
        (["."], 1, "is a folder"),
        (["text.png"], 1, "no picture this program can read"),
        (["cat.png", "--max-pixels", "10"], 1, "30 x 20 pixels, more than the limit of 10"),
        (["cat.png", "--out", "text.png"], 1, "text.png is a file; --out takes a folder"),
        (["cat.png", "--out", "text.png/deep"], 1, "cannot be written"),
        (["cat.png", "--encoding", "fourier", "--sigma", "-3"], 2, "sigma is -3"),
        (["cat.png", "--sigma", "3"], 2, "use --encoding fourier"),
        (["cat.png", "--sigma", "wide"], 2, "a number of cycles, or auto"),
        (["cat.png", "--method", "sgdl", "--grades", "4"], 2, "is one grade"),
        (["cat.png", "--method", "mgdl-paper", "--width", "3"], 2, "fixes width"),
        (["cat.png", "--method", "mgdl-fourier", "--device", "mps"], 2, "not available"),
        (["cat.png", "--device", "mps"], 2, "not available"),
        (["cat.png", "--steps", "0"], 2, "--steps"),
        (["cat.png", "--quality", "0"], 2, "--quality"),
        (["cat.png", "--quality", "101"], 2, "--quality"),
        (["cat.png", "--quality", "50", "--max-bytes", "20k"], 2, "--quality and --max-bytes are both given"),
        (["cat.png", "--target-psnr", "30", "--target-bpp", "1"], 2, "--target-psnr and --target-bpp are both given"),
        (["cat.png", "--preset", "compact"], 2, "preset 'compact' is the default now"),
        (["cat.png", "--method", "grid"], 2, "'grid' is called 'sgdl' now"),
        (["cat.png", "--grades", "14"], 2, "feature planes make at most 13"),
        (["cat.png", "--grades", "many"], 2, "whole numbers from 1 to 64, or auto"),
        (["cat.png", "--grades", "auto", "--pixels", "half"], 2, "give --method mgdl-fourier"),
        (["cat.png", "--grades", "auto", "--method", "mgdl-fourier", "--stop", "end"], 2, "but stop is 'end'"),
        (["cat.png", "--batch-size", "64"], 2, "--batch-size is given, but feature planes have none"),
        (["cat.png", "--activation", "gabor"], 2, "with feature planes accepted are relu, gelu, sine, tanh"),
        (["cat.png", "--width", "2"], 2, "needs at least 3 neurons"),
        (["cat.png", "--max-bytes", "150"], 2, "does not fit in 150 bytes; the least seen was"),
        (["cat.png", "--method", "mgdl-fourier", "--max-bytes", "9k"], 2, "--max-bytes needs feature planes"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(cat, arguments, code, message):
    (cat / "text.png").write_text("hello")
    before = names(cat)
    result = run("fit", *arguments, code=code)
    assert message in result.stderr and "Traceback" not in result.stderr
    assert names(cat) == before


def test_a_full_disk_leaves_nothing(cat, monkeypatch):
    import inr.report.folder as folder

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder, "draw_grades", full)
    result = run("fit", "cat.png", "--grades", "1", *SMALL, code=1)
    assert "cat-inr cannot be written: No space left on device" in result.stderr
    assert names(cat) == ["cat.png"]


def test_internal_fault_is_still_one_sentence(cat, monkeypatch):
    import inr.analysis.fitted as fitted

    monkeypatch.setattr(fitted, "measure", lambda *_, **__: 1 / 0)
    result = run("fit", "cat.png", "--grades", "1", *SMALL, code=1)
    assert "internal error, ZeroDivisionError" in result.stderr and names(cat) == ["cat.png"]


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_ctrl_c_and_termination_leave_nothing(tmp_path, stop, code):
    program = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);"  # deaf where a shell says &,
    program += f"signal.signal({int(stop)}, signal.SIG_DFL);" if stop != signal.SIGINT else ""  # and under nohup
    program += "from inr_cli.main import main; main()"
    arguments = [sys.executable, "-c", program, "fit", str(DATA / "cat.png"), "--preset", "best", "--out", "out"]
    process = subprocess.Popen(arguments, cwd=tmp_path, stderr=subprocess.PIPE, text=True)
    wait_for((tmp_path / "out").exists, "folder for the outputs")
    time.sleep(0.5)
    os.kill(process.pid, stop)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == code and "Traceback" not in stderr
    assert ("interrupted" in stderr) == (stop == signal.SIGINT)
    assert names(tmp_path) == []


def test_other_peoples_pictures_are_never_touched(cat):
    (cat / "out").mkdir()
    for name in ("7.png", "001.png", "dog.grade1.png", "cat.grade0.png"):
        inr.save_image(cat / "out" / name, picture())
    before = {path: path.read_bytes() for path in (cat / "out").iterdir()}
    for _ in range(2):
        run("fit", "cat.png", "--out", "out", "--overwrite", "--grades", "1", *SMALL)
    assert all(path.read_bytes() == data for path, data in before.items())
    run("fit", "out/7.png", "--out", "out", "--overwrite", "--grades", "1", *SMALL)
    assert (cat / "out" / "7.png").read_bytes() == before[cat / "out" / "7.png"]


def test_folders_made_on_the_way_go_with_a_failure(cat, monkeypatch):
    import inr.analysis.fitted as fitted

    monkeypatch.setattr(fitted, "measure", lambda *_, **__: 1 / 0)
    run("fit", "cat.png", "--out", "e/f/g", "--grades", "1", *SMALL, code=1)
    assert names(cat) == ["cat.png"]


def test_a_run_that_was_quicker_is_not_overwritten(cat, monkeypatch):
    import inr.analysis.fitted as fitted

    original = fitted.measure

    def slow(*arguments, **options):
        (cat / "cat-inr" / "cat.inr").write_bytes(b"theirs")
        return original(*arguments, **options)

    monkeypatch.setattr(fitted, "measure", slow)
    run("fit", "cat.png", "--grades", "1", *SMALL, code=1)
    assert (cat / "cat-inr" / "cat.inr").read_bytes() == b"theirs" and names(cat / "cat-inr") == ["cat.inr"]


def test_no_time_at_all(cat):
    run("fit", "cat.png", "--seconds", "0.01", *SMALL)
    report = json.loads((cat / "cat-inr" / "report.json").read_text())
    assert report["stopped"] == "time limit of 0.01 s" and report["grades"]
    assert f"Grades: {len(report['grades'])} x" in (cat / "cat-inr" / "report.md").read_text()
