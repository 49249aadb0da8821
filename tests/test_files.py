"""Files whole or not at all, on file systems that refuse this or that; and what killed runs leave behind."""

import errno
import fcntl
import os

import pytest

from inr.files import check_place, staged_folder, write_whole


def refuse(code):
    def call(*_, **__):
        raise OSError(code, os.strerror(code))

    return call


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_both(folder):
    write_whole(folder / "a.bin", b"a")
    with staged_folder(folder) as stage:
        (stage / "b.bin").write_bytes(b"b")


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("os.chmod", errno.EPERM), ("os.chmod", errno.ENOTSUP), ("os.fsync", errno.EINVAL), ("os.fsync", errno.ENOSYS),
        ("fcntl.flock", errno.ENOLCK), ("fcntl.flock", errno.ENOSYS),
    ],
)  # fmt: skip
def test_a_share_that_refuses_a_nicety_is_written_all_the_same(tmp_path, monkeypatch, call, code):
    monkeypatch.setattr(call, refuse(code))
    write_both(tmp_path)
    assert names(tmp_path) == ["a.bin", "b.bin"]


@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_data_that_did_not_arrive_is_an_error_and_leaves_what_was_there(tmp_path, monkeypatch, code):
    write_both(tmp_path)
    monkeypatch.setattr("os.fsync", refuse(code))
    for write in (lambda: write_whole(tmp_path / "a.bin", b"new"), lambda: write_both(tmp_path)):
        with pytest.raises(OSError, match=os.strerror(code)):
            write()
    assert names(tmp_path) == ["a.bin", "b.bin"] and (tmp_path / "a.bin").read_bytes() == b"a"


def leave_behind(folder):
    """What killed runs leave, and what only looks like it."""
    for name in (".inr-abcdefgh", ".inr-tmp-abcdefgh", ".inr-batch", "inr-abcdefgh", ".inr-mine"):
        (folder / name).mkdir()
        (folder / name / "x.png").write_bytes(b"x")
    for name in (".inr-12345678.png", ".inr-a_b_c_d_", ".inr-mine.png", ".hidden"):
        (folder / name).write_bytes(b"x")
    (folder / ".inr-hgfedcba").symlink_to(folder / ".inr-mine")
    return [".hidden", ".inr-batch", ".inr-hgfedcba", ".inr-mine", ".inr-mine.png", "inr-abcdefgh"]


@pytest.mark.parametrize("what", ["folder", "place"])
def test_the_next_run_removes_what_killed_ones_left_and_nothing_else(tmp_path, what):
    kept = leave_behind(tmp_path)
    if what == "folder":
        with staged_folder(tmp_path):
            pass
    else:
        check_place(tmp_path / "new.png")
    assert names(tmp_path) == kept and (tmp_path / ".inr-mine" / "x.png").exists()


def test_what_a_live_run_uses_stays_and_keeps_others_out(tmp_path):
    with staged_folder(tmp_path) as stage:
        (stage / "a.bin").write_bytes(b"a")
        check_place(tmp_path / "b.bin")
        with pytest.raises(OSError, match="another run is writing to it"), staged_folder(tmp_path):
            pass
        assert (stage / "a.bin").exists()
    assert names(tmp_path) == ["a.bin"]


def test_a_file_in_the_making_is_not_taken_for_left_behind(tmp_path):
    from inr.files import whole_file

    with whole_file(tmp_path / "a.png") as temporary:
        temporary.write_bytes(b"a")
        check_place(tmp_path / "b.png")
        with staged_folder(tmp_path):
            pass
    assert names(tmp_path) == ["a.png"]


def test_without_locks_nothing_is_taken_for_left_behind(tmp_path, monkeypatch):
    everything = leave_behind(tmp_path) and names(tmp_path)
    monkeypatch.setattr(fcntl, "flock", refuse(errno.ENOLCK))
    write_both(tmp_path)
    assert names(tmp_path) == sorted([*everything, "a.bin", "b.bin"])


@pytest.mark.parametrize("there", [True, False])
def test_a_link_stays_and_what_it_points_to_is_written(tmp_path, there):
    target, link = tmp_path / "target.bin", tmp_path / "link.bin"
    if there:
        target.write_bytes(b"old")
    link.symlink_to(target)
    check_place(link)
    write_whole(link, b"new")
    assert link.is_symlink() and target.read_bytes() == b"new"
    folder = tmp_path / "folder"
    folder.symlink_to(tmp_path / "elsewhere")
    write_both_in = staged_folder(folder)
    with write_both_in as stage:
        (stage / "b.bin").write_bytes(b"b")
    assert folder.is_symlink() and names(tmp_path / "elsewhere") == ["b.bin"]


def test_what_cannot_be_written_is_found_beforehand(tmp_path):
    (tmp_path / "folder.png").mkdir()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "round.png").symlink_to("round.png")
    for name, message in {
        "x" * 300: "File name too long",
        "folder.png": "it is a folder",
        "pipe.png": "it is no regular file",
        "round.png": "Too many levels",
        "none/a.png": "No such file",
        "pipe.png/a.png": "Not a directory",
    }.items():
        with pytest.raises(OSError, match=message):
            check_place(tmp_path / name)
    with pytest.raises(OSError, match="it is no regular file"):
        check_place(tmp_path.__class__("/dev/null"))
    assert names(tmp_path) == ["folder.png", "pipe.png", "round.png"]
