"""Outputs that cannot be written: refused before anything is drawn, rounded or trained, with one sentence."""

import errno
import fcntl
import os
from pathlib import Path

import numpy as np
import pytest
from helpers.batches import AtOnce, files, is_root, make_pictures, obey_modes, start
from helpers.commands import run
from helpers.pictures import picture

import inr

TINY = ["--encoding", "none", "--grades", "1", "--depth", "1", "--width", "8", "--steps", "2"]
COMPARE = ["compare", "cat.png", "--methods", "sgdl:width=8", "--budget", "steps=2", "--no-tune"]


@pytest.fixture(scope="module")
def cat():
    """A picture with alpha, and the bytes of a model of it."""
    image = inr.image_from_array(picture(12, 12, channels=4))
    config = inr.configure(inr.FitOptions(encoding="none", grades=1, depth=1, width=8, steps=2))
    return image.pixels, inr.model_to_bytes(inr.fit(image, config).model)


@pytest.fixture
def folder(tmp_path, monkeypatch, cat):
    monkeypatch.chdir(tmp_path)
    pixels, model = cat
    inr.save_image("cat.png", inr.quantize(pixels, 8))
    Path("cat.inr").write_bytes(model)
    Path("folder.png").mkdir()
    Path("folder.inr").mkdir()
    os.mkfifo("pipe.png")
    return tmp_path


@pytest.fixture
def idle(monkeypatch):
    """No work is done: what is refused is refused before it."""
    import inr.comparison.folder
    import inr.report.folder  # noqa: F401 - before the names they take from elsewhere are others

    def works(*_, **__):
        raise AssertionError("the work was begun")

    for what in (
        "inr.networks.model.Model.render",
        "inr.training.rounding.model.round_to_bytes",
        "inr.analysis.spectrum.spectrum",
        "inr.analysis.fitted.fit",
        "inr.comparison.runs.fit_and_measure",
    ):
        monkeypatch.setattr(what, works)


LONG = "x" * 253
SINGLE = [
    (["render", "cat.inr"], ".png"),
    (["pack", "cat.inr", "--max-bytes", "80"], ".inr"),
    (["spectrum", "cat.inr"], ".png"),
]


@pytest.mark.parametrize(("command", "ending"), SINGLE)
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("folder", "it is a folder; give another --out"), (LONG, "File name too long; give another --out"),
        ("none/a", "there is no folder none; make it first"), ("cat.png/a", "Not a directory; give another --out"),
        ("/proc/a", "No such file or directory; give another --out"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_written(folder, idle, command, ending, place, message):
    before = files(folder)
    done = run(*command, "--out", place + ending, "--overwrite", code=1)
    assert done.stderr == f"Error: {place}{ending} cannot be written: {message}.\n"
    assert files(folder) == before


@pytest.mark.parametrize("place", ["pipe.png", "/dev/null"])
def test_what_is_no_file_is_never_replaced(folder, idle, place):
    command = ["render", "cat.inr"] if place.endswith(".png") else ["pack", "cat.inr", "--max-bytes", "80"]
    done = run(*command, "--out", place, "--overwrite", code=1)
    assert f"{place} cannot be written: it is no regular file" in done.stderr
    assert Path("/dev/null").is_char_device() and Path("pipe.png").is_fifo()


@pytest.mark.parametrize(("command", "ending"), SINGLE)
def test_a_link_to_nothing_is_something_and_is_followed_when_told(folder, command, ending):
    Path(f"link{ending}").symlink_to(f"target{ending}")
    assert "exists already" in run(*command, "--out", f"link{ending}", code=1).stderr
    run(*command, "--out", f"link{ending}", "--overwrite")
    assert Path(f"link{ending}").is_symlink() and Path(f"target{ending}").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--out", "a.xyz"], "a.xyz: the ending .xyz is not accepted"),
        (["--out", "a.jpg"], "a.jpg: .jpg holds no alpha channel"),
        (["--out", "a.webp", "--size", "17000x2"], "a.webp: .webp does not hold this picture"),
    ],
)
def test_a_format_that_does_not_hold_the_picture(folder, idle, arguments, message):
    done = run("render", "cat.inr", *arguments, code=1)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1 and "/" not in done.stderr


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cat.grades.png", "cat.grades.png is a folder where a file is to be written"),
        ("cat.grade7.png", "cat.grade7.png is a folder where a file is to be written"),
    ],
)
def test_a_fit_whose_outputs_are_folders(folder, idle, name, message):
    (folder / "out" / name).mkdir(parents=True)
    assert message in run("fit", "cat.png", *TINY, "--out", "out", "--overwrite", code=1).stderr
    assert (folder / "out" / name).is_dir() and files(folder / "out") == []


def test_a_fit_into_a_link(folder):
    Path("out").symlink_to("elsewhere")
    run("fit", "cat.png", *TINY, "--out", "out")
    assert Path("out").is_symlink() and Path("elsewhere/cat.inr").is_file()
    Path("elsewhere/cat.inr").unlink()
    for path in Path("elsewhere").iterdir():
        path.unlink()
    Path("elsewhere/cat.inr").symlink_to("nothing.inr")
    assert "already holds cat.inr" in run("fit", "cat.png", *TINY, "--out", "out", code=1).stderr


def test_stale_files_of_a_longer_fit_go_last(folder, monkeypatch):
    """A failure while the new ones move leaves the old ones."""
    run("fit", "cat.png", *TINY[:2], "--grades", "2", *TINY[4:], "--out", "out")
    move = Path.replace

    def full(self, target):
        if Path(target).name == "cat.inr":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return move(self, target)

    with monkeypatch.context() as broken:
        broken.setattr(Path, "replace", full)
        run("fit", "cat.png", *TINY, "--out", "out", "--overwrite", code=1)
    assert (folder / "out" / "cat.grade2.png").exists() and len(inr.load_model("out/cat.inr").grades) == 2
    run("fit", "cat.png", *TINY, "--out", "out", "--overwrite")
    assert not (folder / "out" / "cat.grade2.png").exists()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda out: (out / "curves.png").mkdir(parents=True), "curves.png cannot be written: it is a folder"),
        (lambda out: (out.mkdir(), (out / "runs").write_text("x")), "runs cannot be written: File exists"),
    ],
)
def test_a_comparison_that_cannot_be_written(folder, idle, make, message):
    make(folder / "out")
    before = files(folder)
    assert message in run(*COMPARE, "--out", "out", "--overwrite", code=1).stderr
    assert files(folder) == before


@pytest.mark.skipif(not is_root(), reason="others may not write there anyway")
def test_a_folder_that_is_read_only(folder):
    (folder / "out").mkdir(mode=0o555)
    (folder / "in").mkdir()
    make_pictures(folder / "in", 1)
    stdout, stderr = start("in", "--out", "out", *TINY, preexec_fn=obey_modes).communicate(timeout=60)
    assert stdout == "" and "out cannot be written: Permission denied" in stderr and files(folder / "out") == []


@pytest.mark.skipif(not is_root(), reason="others may not write there anyway")
def test_a_folder_below_that_is_read_only_is_found_before_anything_is_fitted(folder):
    make_pictures(folder / "in", 1)
    make_pictures(folder / "in" / "sub" / "deeper", 1)
    (folder / "out").mkdir()
    (folder / "out" / "sub").mkdir(mode=0o555)
    arguments = ("in", "--out", "out", "--recursive", *TINY)
    _, stderr = start(*arguments, preexec_fn=obey_modes).communicate(timeout=60)
    assert stderr.startswith("Error: out/sub cannot be written: Permission denied")
    assert files(folder / "out") == ["batch.jsonl"]


@pytest.fixture(params=[errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EINVAL])
def without_locks(tmp_path, monkeypatch, request):
    def none(*_):
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr("fcntl.flock", none)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    make_pictures(tmp_path / "in", 1)
    return tmp_path


def test_a_batch_without_locks_says_so_and_goes_on_when_told_to(without_locks):
    arguments = ["batch", without_locks / "in", *TINY, "--out", without_locks / "out"]
    done = run(*arguments, code=1)
    assert "its file system has no locks" in done.stderr and "--no-lock" in done.stderr
    assert files(without_locks) == ["in/p000.png"]
    run(*arguments, "--no-lock")
    assert "p000.png.inr" in files(without_locks / "out")
    before = files(without_locks / "out")
    assert "no locks" in run(*arguments, code=1).stderr and files(without_locks / "out") == before


def test_no_lock_is_no_way_past_another_run(tmp_path):
    make_pictures(tmp_path / "in", 1)
    (tmp_path / "out").mkdir()
    with (tmp_path / "out" / "batch.jsonl").open("w") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        done = run("batch", tmp_path / "in", *TINY, "--out", tmp_path / "out", "--no-lock", code=1)
    assert "in use by another" in done.stderr


@pytest.mark.parametrize("depth", [np.uint8, np.uint16])
def test_a_share_that_refuses_chmod_and_fsync_keeps_everything(tmp_path, monkeypatch, depth):
    def refuse(*_, **__):
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    (tmp_path / "in").mkdir()
    inr.save_image("in/cat.png", picture(12, 12, dtype=depth))
    monkeypatch.setattr("os.chmod", refuse)
    monkeypatch.setattr("os.fsync", refuse)
    run("fit", "in/cat.png", *TINY, "--out", "one")
    run("batch", "in", *TINY, "--out", "many", "--export-grades")
    run("compare", "in/cat.png", *COMPARE[2:], "--out", "which")
    for command, ending in SINGLE:
        run(command[0], "one/cat.inr", *command[2:], "--out", f"other{ending}", "--overwrite")
    assert len(files(tmp_path / "one")) == 7 and len(files(tmp_path / "many")) == 6
    assert inr.load_image("other.png").width
