"""The process around a command: streams that are closed or full, signals, read-only homes, `python -m`."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from helpers.batches import wait_for
from helpers.commands import run as command
from helpers.pictures import picture
from inr_cli.process import bound_threads, heed_signals

import inr

MODEL = Path(__file__).parent / "golden" / "version1.inr"
PROGRAM = [sys.executable, "-m", "inr"]
TINY = ["--encoding", "none", "--grades", "1", "--depth", "1", "--width", "8", "--steps", "2"]
FIT = ["fit", "cat.png", *TINY, "--out", "out"]


@pytest.fixture
def cat(tmp_path):
    inr.save_image(tmp_path / "cat.png", picture(12, 12))
    return tmp_path


def run(folder, *arguments, shell="", **environment):
    """The program in a process of its own; `shell` is what a shell does with its streams."""
    words = shlex.join([*PROGRAM, *arguments])
    return subprocess.run(
        ["bash", "-c", f"{words} {shell}"], cwd=folder, env={**os.environ, **environment}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip


def outputs(folder):
    return sorted(path.name for path in folder.iterdir())


WHOLE = ["cat.grade1.png", "cat.grades.png", "cat.inr", "cat.spectrum.png", "report.html", "report.json", "report.md"]


@pytest.mark.parametrize("shell", ["2>&-", ">&- 2>&- <&-"])
def test_streams_that_are_closed_cost_nothing(cat, shell):
    done = run(cat, *FIT, shell=shell)
    assert done.returncode == 0 and done.stderr == "" and outputs(cat / "out") == WHOLE
    assert inr.load_model(cat / "out" / "cat.inr").width == 12


def test_a_batch_without_stdout_and_stderr(cat):
    done = run(cat, "batch", ".", *TINY, "--jobs", "1", "--out", "out", shell=">&- 2>&-")
    assert done.returncode == 0 and outputs(cat / "out") == [
        "batch.csv",
        "batch.json",
        "batch.jsonl",
        "cat.png.inr",
        "report.html",
    ]


@pytest.mark.parametrize(
    "arguments", [["methods"], ["methods", "--json"], ["--help"], ["--version"], ["fit", "--help"]]
)
def test_a_full_stdout_is_one_sentence(tmp_path, arguments):
    done = run(tmp_path, *arguments, shell=">/dev/full")
    assert done.returncode == 1 and "cannot be printed: No space left on device." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_what_was_made_is_kept_when_it_cannot_be_told(tmp_path):
    words = ["render", str(MODEL), "--out", "drawn.png", "--json", "--overwrite"]
    done = run(tmp_path, *words, shell=">/dev/full")
    assert done.returncode == 1 and done.stderr == "Error: the result cannot be printed: No space left on device.\n"
    assert inr.load_image(tmp_path / "drawn.png").width
    done = run(tmp_path, *words, shell="2>/dev/full")
    assert done.returncode == 0 and json.loads(done.stdout)["file"] == "drawn.png"
    assert run(tmp_path, *words[:-1], shell="2>/dev/full").returncode == 1  # nobody is told why, but it is an error


@pytest.mark.parametrize(
    "arguments", [["fit", "--nonsense"], ["fit"], ["nonsense"], ["fit", "cat.png", "--grades", "999"]]
)
def test_wrong_usage_keeps_its_exit_code_when_nobody_is_told(tmp_path, arguments):
    assert run(tmp_path, *arguments, shell="2>/dev/full").returncode == 2


@pytest.mark.parametrize("module", ["inr", "inr_cli", "inr_cli.main"])
def test_python_m_is_the_program(tmp_path, module):
    done = subprocess.run([sys.executable, "-m", module, "--version"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout == f"inr {inr.__version__}\n" and done.stderr == ""


def test_an_order_to_end_is_heeded_unless_it_was_to_be_ignored(monkeypatch):
    before = {number: signal.getsignal(number) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as `nohup` leaves it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        heed_signals()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        with pytest.raises(SystemExit, match="143"):
            signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_a_killed_fit_is_cleared_away_by_the_next_and_a_live_one_is_not(cat, monkeypatch):
    monkeypatch.chdir(cat)
    slow = subprocess.Popen([*PROGRAM, *FIT, "--steps", "10000000"])
    wait_for(lambda: (cat / "out").exists() and outputs(cat / "out"), "folder in the making")
    time.sleep(0.2)
    refused = command(*FIT, code=1)
    assert "out cannot be written: another run is writing to it" in refused.stderr
    slow.kill()
    slow.wait()
    (left,) = outputs(cat / "out")
    assert left.startswith(".inr-")
    command(*FIT)
    assert outputs(cat / "out") == WHOLE


def test_a_home_that_cannot_be_written_is_no_news(cat):
    done = run(cat, *FIT, "--quiet", HOME="/proc")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "") and outputs(cat / "out") == WHOLE


@pytest.fixture
def nowhere(tmp_path):
    """The environment of a process that finds no home and no folder for temporary files."""
    program = tmp_path / "python" / "sitecustomize.py"
    program.parent.mkdir()
    program.write_text(
        "import os, tempfile\n"
        "if 'TMPDIR' not in os.environ:\n"
        "    def nothing():\n"
        "        raise FileNotFoundError(2, 'No usable temporary directory found')\n"
        "    tempfile._get_default_tempdir = nothing\n"
    )
    return {"PYTHONPATH": str(program.parent), "HOME": "/proc"}


def test_without_temporary_folders_the_outputs_own_serves(tmp_path, nowhere):
    where = tmp_path / "where"
    (where / "out").mkdir(parents=True)
    inr.save_image(where / "cat.png", picture(12, 12))
    done = run(where, *FIT, "--quiet", **nowhere)
    assert (done.returncode, done.stderr) == (0, "")
    assert outputs(where) == ["cat.png", "out"] and outputs(where / "out") == WHOLE


def test_without_temporary_folders_a_batch_keeps_its_grade_pictures(tmp_path, nowhere):
    (tmp_path / "in").mkdir()
    inr.save_image(tmp_path / "in" / "deep.png", picture(12, 12, dtype=np.uint16))
    done = run(
        tmp_path, "batch", "in", *TINY, "--jobs", "1", "--export-grades", "--out", "out", "--json", "-q", **nowhere
    )
    assert (done.returncode, done.stderr) == (0, "") and json.loads(done.stdout)["summary"]["done"] == 1
    assert inr.load_image(tmp_path / "out" / "deep.png.grade1.png").bit_depth == 16
    assert not [name for name in outputs(tmp_path) + outputs(tmp_path / "out") if name.startswith(".")]


@pytest.mark.parametrize(
    ("said", "spins"),
    [({}, "2500"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "active"}, None)],
    ids=["nothing said", "spins said", "policy said"],
)
def test_threads_without_work_sleep_soon_unless_the_person_says_otherwise(monkeypatch, said, spins):
    environment = {"PATH": os.environ["PATH"], **said}
    monkeypatch.setattr(os, "environ", environment)
    bound_threads()
    assert environment.get("GOMP_SPINCOUNT") == spins


def test_libraries_are_loaded_after_the_environment_is_set():
    program = "import sys; import inr_cli.main; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
