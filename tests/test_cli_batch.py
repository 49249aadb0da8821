"""`inr batch` with real processes: what it leaves, and every fault it has to survive on one machine."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

import numpy as np
import psutil
import pytest
from helpers.batches import (
    QUICK,
    SLOW,
    TINY,
    batch,
    check_whole,
    files,
    finish,
    finished,
    is_root,
    make_pictures,
    obey_modes,
    start,
    wait_finished,
    wait_for,
    workers,
)
from helpers.commands import run
from helpers.pictures import PROFILE, picture
from inr_cli.main import app
from typer.main import get_command

import inr


def test_every_option_of_fit_is_in_batch_and_means_the_same():
    fit, ours = ({each.name: said(each) for each in get_command(app).commands[n].params} for n in ("fit", "batch"))
    for name in set(fit) - {"image", "out"}:  # the input and where outputs go
        assert ours.get(name) == fit[name], name


def said(parameter) -> dict:
    """All that the command line knows of an option, but for the objects that are made anew for each command."""
    described = parameter.type_descriptor
    read = described.parameter_info.parser
    kept = {name: value for name, value in vars(parameter).items() if name != "type_descriptor"}
    more = {"type": described.annotation, "read": read and read.__wrapped__}
    return kept | more | {name: vars(described.parameter_info)[name] for name in ("min", "max")}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A batch with sub-folders, names that could meet, broken files and grade pictures; and what it said."""
    folder = tmp_path_factory.mktemp("whole")
    make_pictures(folder / "in" / "deep" / "er", 1)
    inr.save_image(folder / "in" / "a.png", picture(20, 30))
    inr.save_image(folder / "in" / "a.jpg", picture(20, 30))
    inr.save_image(folder / "in" / "deep16.png", picture(dtype=np.uint16), icc_profile=PROFILE)
    (folder / "in" / "bad.png").write_bytes(b"hello")
    (folder / "in" / "cut.png").write_bytes((folder / "in" / "a.png").read_bytes()[:200])
    arguments = (folder / "in", "--out", folder / "out", "--recursive", *QUICK, "--grades", "2", "--export-grades")
    stdout, stderr = finish(start(*arguments, "--jobs", "2", "--seed", "3"), 1)
    return folder, arguments, stdout, stderr


def test_a_batch_leaves_what_it_promises(whole):
    folder, _, stdout, stderr = whole
    good = ["a.jpg", "a.png", "deep/er/p000.png", "deep16.png"]
    expected = [f"{name}{ending}" for name in good for ending in (".inr", ".grade1.png", ".grade2.png")]
    assert files(folder / "out") == sorted([*expected, "batch.csv", "batch.json", "batch.jsonl", "report.html"])
    table = json.loads((folder / "out" / "batch.json").read_text())
    assert table["schema"] == 1 and table["summary"]["failed"] == 2 and table["summary"]["worst"][0] in good
    rows = {row["image"]: row for row in table["rows"]}
    assert "no picture this program can read" in rows["bad.png"]["error"] and "damaged" in rows["cut.png"]["error"]
    for name in good:
        model = inr.load_model(folder / "out" / f"{name}.inr")
        assert rows[name]["psnr_db"] == pytest.approx(model.record.psnr_db) and len(rows[name]["psnr_db"]) == 2
        assert rows[name]["bytes"] == (folder / "out" / f"{name}.inr").stat().st_size
    drawn = inr.load_image(folder / "out" / "deep16.png.grade2.png")
    assert drawn.bit_depth == 16 and drawn.icc_profile == PROFILE
    assert "bad.png" in stdout and "mean dB" in stdout
    assert "2 of 6 pictures failed" in stderr and "--retry-failed" in stderr


def test_it_is_the_very_fit_of_the_fit_command(whole, tmp_path):
    folder, *_ = whole
    rows = {row["image"]: row for row in json.loads((folder / "out" / "batch.json").read_text())["rows"]}
    assert rows["a.png"]["seed"] != rows["a.jpg"]["seed"]
    run(
        "fit", folder / "in" / "a.png", *QUICK, "--grades", "2", "--out", tmp_path / "one",
        "--seed", str(rows["a.png"]["seed"]),
    )  # fmt: skip
    for name in ("inr", "grade1.png", "grade2.png"):
        assert (tmp_path / "one" / f"a.{name}").read_bytes() == (folder / "out" / f"a.png.{name}").read_bytes()


def test_the_same_command_again_does_nothing_and_touches_nothing(whole):
    folder, arguments, *_ = whole
    before = {name: (folder / "out" / name).stat().st_mtime_ns for name in files(folder / "out")}
    table = batch(*arguments, "--seed", "3", "--jobs", "1", code=1)
    assert table["summary"]["done"] == 4 and table["summary"]["failed"] == 2
    for name, time_before in before.items():
        if name not in ("batch.json", "batch.csv", "report.html"):
            assert (folder / "out" / name).stat().st_mtime_ns == time_before, name


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["none", "--out", "out"], 1, "none is no folder"),
        (["in/p000.png", "--out", "out"], 1, "fit one picture with `inr fit`"),
        (["empty", "--out", "out"], 1, "holds no picture"),
        (["in", "--out", "in/p000.png"], 1, "is a file; --out takes a folder"),
        (["in", "--out", "out", "--shared"], 2, "--shared is for the workers of a --scheduler"),
        (["in", "--out", "out", "--scheduler", "tcp://h:1", "--jobs", "2"], 2, "--jobs is for this machine"),
        (["in", "--out", "out", "--scheduler", "tcp://127.0.0.1:9"], 1, "no Dask scheduler answers"),
        (["in", "--out", "out", "--scheduler", "nonsense"], 1, "no Dask scheduler answers"),
        (["in", "--out", "out", "--device", "mps"], 2, "not available"),
        (["in", "--out", "out", "--sigma", "wide"], 2, "a number of cycles, or auto"),
        (["in", "--out", "out", "--method", "sgdl", "--grades", "4"], 2, "is one grade"),
        (["in"], 2, "--out"),
    ],
)
def test_bad_input_is_one_sentence_and_leaves_nothing(tmp_path, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    make_pictures(tmp_path / "in", 1)
    (tmp_path / "empty").mkdir()
    if arguments[-1] == "tcp://127.0.0.1:9":
        monkeypatch.setattr("distributed.Client", _refusing)
    result = run("batch", *arguments, code=code)
    assert message in result.stderr and "Traceback" not in result.stderr
    assert files(tmp_path) == ["in/p000.png"]


def _refusing(*_, **__):
    raise OSError("Timed out trying to connect")  # what ten seconds of waiting end in


def test_without_dask_the_extra_is_named(tmp_path, monkeypatch):
    make_pictures(tmp_path / "in", 1)
    monkeypatch.setitem(__import__("sys").modules, "distributed", None)
    result = run("batch", tmp_path / "in", "--out", tmp_path / "out", "--scheduler", "tcp://h:1", code=1)
    assert "pip install 'inr[cluster]'" in result.stderr


def test_killed_workers_cost_nothing(tmp_path):
    names = make_pictures(tmp_path / "in", 5)
    process = start(tmp_path / "in", "--out", tmp_path / "out", "--jobs", "1", *SLOW)
    wait_finished(tmp_path / "out", 1)
    workers(process)[0].kill()
    wait_finished(tmp_path / "out", 3)
    workers(process)[0].kill()
    finish(process)
    check_whole(tmp_path / "out", names)


def test_kill_of_the_main_process_ends_its_workers_and_loses_nothing_finished(tmp_path):
    names = make_pictures(tmp_path / "in", 4)
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2", *SLOW)
    process = start(*arguments)
    wait_finished(tmp_path / "out", 1)
    orphans = workers(process)
    process.kill()
    process.communicate()
    assert orphans and not psutil.wait_procs(orphans, timeout=20)[1], "workers outlive their parent"
    kept = {name: (tmp_path / "out" / f"{name}.inr").stat().st_mtime_ns for name in finished(tmp_path / "out")}
    assert 1 <= len(kept) < 4
    finish(start(*arguments))
    check_whole(tmp_path / "out", names)
    for name, before in kept.items():
        assert (tmp_path / "out" / f"{name}.inr").stat().st_mtime_ns == before, f"{name} was done again"


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_says_how_to_go_on(tmp_path, times):
    make_pictures(tmp_path / "in", 3)
    process = start(tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2", *TINY, "--steps", "100000")
    wait_for(lambda: len(workers(process)) == 2, "two workers")
    everyone = [process.pid, *(worker.pid for worker in workers(process))]
    for _ in range(times):
        for pid in everyone:  # as a terminal does: to the whole group
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGINT)
        time.sleep(0.05)
    # The second may fall into the interpreter's own last steps: a shell calls that 130 too.
    stdout, stderr = finish(process, 130, *([-signal.SIGINT] if times == 2 else []), timeout=20)
    if times == 1:
        stands = ("0 of 3 pictures are done", "nothing was begun")  # the second, if no worker was heard of yet
        assert any(f"interrupted; {stand}" in stderr for stand in stands) and "--steps 100000" in stderr
        assert files(tmp_path / "out") == ["batch.jsonl"]
    assert stdout == ""


def test_a_second_run_on_the_same_output_is_refused_and_stuck_or_slow_pictures_cost_a_row(tmp_path):
    make_pictures(tmp_path / "in", 3)
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--jobs", "1", *TINY, "--steps", "100000000")
    process = start(*arguments, "--timeout", "1")
    wait_finished(tmp_path / "out", 1)  # so that the one worker is past its start, which has time of its own
    workers(process)[0].suspend()  # deaf to its own clock
    _, stderr = finish(start(*arguments), 1)
    assert "in use by another `inr batch`" in stderr
    stdout, _ = finish(process, 1)
    assert stdout.count("time limit of 1 s") == 3 and "did not answer and was killed" in stdout
    assert files(tmp_path / "out") == ["batch.csv", "batch.json", "batch.jsonl", "report.html"]
    table = batch(*arguments[:-1], "2")
    assert table["summary"]["done"] == 3


def test_files_that_vanish_or_change_while_the_batch_runs(tmp_path):
    make_pictures(tmp_path / "in", 4)
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--jobs", "1", *SLOW)
    process = start(*arguments)
    wait_for(lambda: (tmp_path / "out" / "batch.jsonl").exists() and workers(process), "worker")
    (tmp_path / "in" / "p003.png").unlink()
    inr.save_image(tmp_path / "in" / "p002.png", picture(seed=99))
    stdout, _ = finish(process, 1)
    assert "p003.png cannot be read: No such file" in stdout
    rows = {row["image"]: row for row in json.loads((tmp_path / "out" / "batch.json").read_text())["rows"]}
    assert rows["p002.png"]["sha256"] == inr.load_image(tmp_path / "in" / "p002.png").sha256
    inr.save_image(tmp_path / "in" / "p003.png", picture())
    finish(start(*arguments))
    check_whole(tmp_path / "out", [f"p{number:03}.png" for number in range(4)])


def test_a_picture_too_large_for_the_memory_limit_costs_one_row(tmp_path):
    make_pictures(tmp_path / "in", 2)
    inr.save_image(tmp_path / "in" / "large.png", np.zeros((1000, 1000, 3), np.uint8))
    table = batch(
        tmp_path / "in", "--out", tmp_path / "out", "--jobs", "1", "--memory", "2", "--encoding", "fourier",
        "--frequencies", "256", "--sigma", "3", "--steps", "1", "--batch-size", "1000000", code=1,
    )  # fmt: skip
    assert [row["status"] for row in table["rows"]] == ["failed", "done", "done"]
    assert "more than the 2.0 GiB that --memory allows" in table["rows"][0]["error"]


def test_one_broken_picture_in_a_hundred(tmp_path):
    names = make_pictures(tmp_path / "in", 200, side=6)
    broken = names[50::100]
    for name in broken:
        (tmp_path / "in" / name).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    table = batch(tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2", *TINY, "--steps", "1", code=1)
    assert [row["image"] for row in table["rows"] if row["status"] == "failed"] == broken
    check_whole(tmp_path / "out", [name for name in names if name not in broken])


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own of 256 KiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(disk)]
    able = is_root() and shutil.which("mount") is not None
    if not able or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs privileges that are not here")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def test_a_full_disk_ends_the_run_and_going_on_completes_it(tmp_path, small_disk):
    names = make_pictures(tmp_path / "in", 4)
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (256 * 1024 - 3 * 4096 - 4096))  # room for the manifest and a few of the models
    arguments = (tmp_path / "in", "--out", small_disk / "out", "--jobs", "1", *QUICK, "--width", "64")
    _, stderr = finish(start(*arguments), 1)
    assert "No space left on device" in stderr and "the same command goes on" in stderr
    done = finished(small_disk / "out")
    assert len(done) < 4
    assert set(files(small_disk / "out")) - {"batch.jsonl"} == {f"{name}.inr" for name in done}
    filler.unlink()
    finish(start(*arguments))
    check_whole(small_disk / "out", names)


def test_a_folder_made_read_only_halfway(tmp_path):
    names = make_pictures(tmp_path / "in", 4)
    arguments = (tmp_path / "in", "--out", tmp_path / "out", "--jobs", "1", *SLOW)
    process = start(*arguments, preexec_fn=obey_modes)
    wait_finished(tmp_path / "out", 1)
    (tmp_path / "out").chmod(0o555)
    _, stderr = finish(process, 1)
    assert "cannot be written: Permission denied" in stderr and "the same command goes on" in stderr
    (tmp_path / "out").chmod(0o755)
    done = finished(tmp_path / "out")
    assert 1 <= len(done) < 4
    finish(start(*arguments))
    check_whole(tmp_path / "out", names)
