"""A limit of memory on the command line: refused before training with what is needed, or kept by the whole process."""

import json
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from helpers.batches import AtOnce, make_pictures
from helpers.pictures import picture
from test_cli import run

import inr
from inr.training.memory import memory_limit

GREEDY = ["--encoding", "fourier", "--grades", "2", "--width", "64", "--steps", "2", "--activation", "sine"]
JOINT = ["--preset", "fast", "--quality", "50"]
TRAININGS = pytest.mark.parametrize("settings", [GREEDY, JOINT], ids=["greedy", "joint"])

PEAK = """
import contextlib, io, re, sys
from inr_cli.main import main

def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))

def attempt(memory):
    sys.argv = ["inr", "fit", "wide.png", "--quiet", "--memory", memory, *arguments]
    with contextlib.redirect_stderr(io.StringIO()) as said, contextlib.suppress(SystemExit):
        main()
    return said.getvalue()

arguments = sys.argv[1:]
needed = re.search("--memory ([0-9]+[.][0-9])", attempt("0.1").split("give")[1])[1]
print(needed, peak(), attempt(needed) or "done", peak(), sep=chr(10))
"""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    make_pictures(tmp_path / "in", 2)
    return tmp_path


@pytest.fixture
def idle(monkeypatch):
    """Nothing is trained."""

    def trains(*_, **__):
        raise AssertionError("training was begun")

    monkeypatch.setattr("inr.training.greedy.grades.train_grade", trains)
    monkeypatch.setattr("inr.training.joint.fit.solve", trains)


@TRAININGS
def test_too_little_is_refused_before_training_with_what_is_needed(folder, idle, settings):
    said = run("fit", "in/p000.png", *settings, "--memory", "0.1", code=2).stderr
    assert re.fullmatch(
        r"Error: memory: 12 x 12 pixels with these settings take at least [0-9.]+ GiB, more than the 0.1 GiB that "
        r"--memory allows; give --memory [0-9.]+\.\n", said
    )  # fmt: skip
    assert not (folder / "p000-inr").exists()


@TRAININGS
def test_what_a_container_allows_is_a_limit_too(folder, idle, monkeypatch, settings):
    monkeypatch.setattr("inr.training.memory.memory_free", lambda: 10 << 20)
    said = run("fit", "in/p000.png", *settings, code=2).stderr
    assert "GiB that may be used here; give this program more memory." in said


@TRAININGS
def test_a_batch_says_it_of_each_picture(folder, idle, settings):
    run("batch", "in", *settings, "--out", "out", "--memory", "0.1", code=1)
    rows = json.loads((folder / "out" / "batch.json").read_text())["rows"]
    assert len(rows) == 2 and all("that --memory allows; give --memory" in row["error"] for row in rows)


def test_of_several_jobs_fewer_are_a_way(folder, idle, monkeypatch):
    monkeypatch.setattr("inr.training.memory.memory_free", lambda: 100 << 20)
    said = run("batch", "in", *JOINT, "--out", "out", "--jobs", "8", code=1).stdout
    assert "each of the --jobs may use; give fewer --jobs." in said


def test_what_helps_is_what_is_advised(folder, idle):
    """A smaller picture where its pixels take the memory, smaller networks where their weights do."""
    said = run("fit", "in/p000.png", *JOINT, "--width", "300", "--memory", "2", code=2).stderr
    assert re.search(r"give --memory [0-9.]+, or a smaller --width or --depth\.\n$", said)
    image = inr.image_from_array(np.zeros((3000, 4000, 3), np.uint8))
    with pytest.raises(inr.ConfigError, match=r"give --memory [0-9.]+, or a smaller picture\.$"):
        memory_limit(image, inr.configure(), 2.0, torch.device("cpu"))


def test_a_comparison_of_methods_that_all_take_more_is_refused_before_the_first(folder, idle):
    words = ["compare", "in/p000.png", "--methods", "mgdl,siren", "--budget", "steps=4", "--out", "which"]
    assert "that --memory allows; give --memory" in run(*words, "--memory", "0.1", code=2).stderr
    assert not (folder / "which").exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others do not tell a process's memory so")
@TRAININGS
def test_the_least_that_is_accepted_holds_for_the_whole_process(folder, settings):
    inr.save_image("wide.png", picture(150, 180))
    done = subprocess.run(
        [sys.executable, "-c", PEAK, *settings, "--threads", "1"], capture_output=True, text=True, check=True
    )
    needed, before, said, peak = done.stdout.splitlines()
    assert said == "done" and (folder / "wide-inr" / "wide.inr").exists()
    assert int(before) < int(peak) <= float(needed) * 2**30
