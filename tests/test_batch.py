"""The parts of a batch that need no worker process: names, seeds, rows, the manifest, and the loop over an executor."""

import csv
import dataclasses
import io
import json
import math
import os
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from helpers.configs import small_config
from helpers.pictures import picture
from hypothesis import given
from hypothesis import strategies as st

import inr
from inr.batch.inputs import find_pictures, grade_name, model_name, picture_seed
from inr.batch.output import opened, publish
from inr.batch.rows import Batch, Row, row_from_data, row_to_data
from inr.batch.run import run_batch
from inr.batch.task import Outcome, Settings, Task
from inr.batch.worker import fit_one


def done(name: str, psnr: float = 30.0, **more) -> Row:
    return Row(image=name, status="done", files=(model_name(name),), psnr_db=(20.0, psnr), bytes=100, bpp=2.0, **more)


def test_pictures_are_found_sorted_and_hidden_ones_and_outputs_are_not(tmp_path):
    for name in ("b.PNG", "a.jpg", "notes.txt", ".hidden.png", "sub/c.png", ".dir/d.png", "out/e.png", "x.png.inr"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"")
    (tmp_path / "loop").symlink_to(tmp_path)
    out = tmp_path / "out"
    assert find_pictures(tmp_path, recursive=False, leave_out=out) == ["a.jpg", "b.PNG"]
    assert find_pictures(tmp_path, recursive=True, leave_out=out) == ["a.jpg", "b.PNG", "sub/c.png"]
    with pytest.raises(inr.InrError, match="no folder"):
        find_pictures(tmp_path / "a.jpg", recursive=False, leave_out=out)
    with pytest.raises(inr.InrError, match="--recursive looks in"):
        find_pictures(tmp_path / ".dir" / "..", recursive=False, leave_out=tmp_path) and find_pictures(
            tmp_path / "loop" / ".dir", recursive=False, leave_out=out
        )
        (tmp_path / "empty").mkdir()
        find_pictures(tmp_path / "empty", recursive=False, leave_out=out)


@given(st.lists(st.text("ab.", min_size=1, max_size=6), unique=True), st.integers(1, 64))
def test_names_of_outputs_never_meet(names, grade):
    outputs = [model_name(name) for name in names]
    assert len(set(outputs)) == len(names)
    assert not {grade_name(name, grade) for name in names} & set(outputs)


def test_seeds_depend_on_the_batch_and_the_content_alone():
    assert picture_seed(0, "aa") == picture_seed(0, "aa")
    assert len({picture_seed(0, "aa"), picture_seed(1, "aa"), picture_seed(0, "ab")}) == 3
    assert 0 <= picture_seed(2**63 - 1, "ff") < 2**32


def test_rows_come_back_from_json_exact_copies_too():
    row = done("a.png", math.inf, notes=("one", "two"), seed=7, ssim=0.5)
    assert row_from_data(json.loads(json.dumps(row_to_data(row), allow_nan=False))) == row


def test_summary_and_tables():
    rows = tuple(done(f"{number:02}.png", 20.0 + number) for number in range(12))
    rows += (done("copy.png", math.inf), Row(image="bad.png", status="failed", error='no; "picture"'))
    batch = Batch(config=small_config(), rows=rows, untried=1, kept=0, seconds=1.0)
    summary = batch.summary()
    assert (summary.pictures, summary.done, summary.failed, summary.untried) == (15, 13, 1, 1)
    assert summary.mean_psnr_db == pytest.approx(25.5) and summary.median_psnr_db == 26.0
    assert summary.worst == tuple(f"{number:02}.png" for number in range(10)) and summary.bytes == 1300
    assert [row["image"] for row in json.loads(batch.to_json())["rows"]] == [row.image for row in rows]
    table = list(csv.DictReader(io.StringIO(batch.to_csv())))
    assert table[0]["psnr_db"] == "20.0;20.0" and table[12]["psnr_db"] == "20.0;exact"
    assert table[13]["error"] == 'no; "picture"'


def test_a_torn_last_line_is_cut_off_and_the_rest_is_kept(tmp_path):
    with opened(tmp_path) as (manifest, _):
        manifest.start(["a.png.inr"])
        manifest.finish(done("a.png"))
        manifest.finish(done("b.png"))
    path = tmp_path / "batch.jsonl"
    whole = path.read_bytes()
    last = whole.rstrip(b"\n").rfind(b"\n") + 1
    for cut in (last + 1, len(whole) - 1):
        path.write_bytes(whole[:cut])
        with opened(tmp_path) as (manifest, _):
            assert list(manifest.rows) == ["a.png"] and manifest.claimed == {"a.png.inr"}
            manifest.finish(done("b.png"))
        assert path.read_bytes() == whole
    path.write_bytes(whole[:last] + bytes(20) + whole[last + 20 :])  # its first block never reached the disk
    with opened(tmp_path) as (manifest, _):
        assert list(manifest.rows) == ["a.png"]
    assert path.read_bytes() == whole[:last]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"inr": "batch", "schema": 2}\n', "schema 2"),
        ('{"inr": "batch", "schema": 1}\nnonsense\n{"started": []}\n', "line 2 is damaged"),
        ('{"inr": "batch", "schema": 1}\n{"finished": {"image": "a"}}\n{"started": []}\n', "line 2 is damaged"),
        ("[1]\n", "is not the manifest of a batch"),
    ],
)
def test_a_foreign_or_damaged_manifest_is_one_sentence(tmp_path, text, message):
    (tmp_path / "batch.jsonl").write_text(text)
    with pytest.raises(inr.InrError, match=message), opened(tmp_path):
        pass
    assert (tmp_path / "batch.jsonl").read_text() == text


def test_one_run_at_a_time_and_what_a_killed_one_left_is_cleared(tmp_path):
    (tmp_path / ".inr-batch").mkdir()
    (tmp_path / ".inr-batch" / "half").write_bytes(b"x")
    with opened(tmp_path) as (_, stage):
        assert list(stage.iterdir()) == []
        with pytest.raises(inr.InrError, match="in use by another"), opened(tmp_path):
            pass
        publish(tmp_path, stage, [("sub/a.inr", b"model")])
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["a.inr", "batch.jsonl", "sub"]
    with opened(tmp_path):
        pass


class Bench:
    """An engine whose workers do at once what a test says: a function from task to outcome, or to an error."""

    sends_bytes = writes_files = far = False
    awaited = ""

    def __init__(self, work):
        self.work, self.tasks, self.closed, self.most = work, [], False, 0

    def slots(self):
        return 3

    def submit(self, task):
        self.tasks.append(task)
        future = Future()
        try:
            future.set_result(self.work(task))
        except BaseException as error:
            future.set_exception(error)
        return future

    def tend(self):
        pass

    def close(self):
        self.closed = True


def make_model(task) -> Outcome:
    row = done(task.image, sha256=task.sha256, config=task.key)
    return Outcome(row=row, files=((model_name(task.image), b"m" * 100),))


@pytest.fixture
def photos(tmp_path):
    for name in ("a.png", "a.jpg", "sub/b.png"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        inr.save_image(path, picture())
    return tmp_path / "photos"


def go(photos: Path, work=make_model, **options):
    bench = Bench(work)
    settings = options.pop("settings", Settings(config=small_config()))
    batch = run_batch(photos, photos.parent / "out", settings, bench, recursive=True, **options)
    assert bench.closed
    return batch, [task.image for task in bench.tasks]


ALL = ["a.jpg", "a.png", "sub/b.png"]


def test_finished_pictures_are_kept_changed_ones_and_changed_options_are_done_again(photos):
    assert go(photos)[1] == ALL
    batch, tried = go(photos)
    assert tried == [] and batch.kept == 3 and [row.image for row in batch.rows] == ALL
    inr.save_image(photos / "a.png", picture(seed=9))
    assert go(photos)[1] == ["a.png"]
    (photos.parent / "out" / "a.png.inr").write_bytes(b"cut")
    (photos.parent / "out" / "sub" / "b.png.inr").unlink()
    assert go(photos)[1] == ["a.png", "sub/b.png"]
    assert go(photos, settings=Settings(config=small_config(batch_size=32)))[1] == ALL
    # What does not change the result is no reason to do it again.
    assert go(photos, settings=Settings(config=small_config(batch_size=32), timeout=9, threads=1))[1] == []


def test_failures_wait_for_retry_failed_which_does_only_those(photos):
    def picky(task):
        return make_model(task) if task.image != "a.png" else Outcome(row=task.failed("no good."))

    batch, _ = go(photos, picky)
    assert [row.status for row in batch.rows] == ["done", "failed", "done"]
    assert go(photos)[1] == []
    inr.save_image(photos / "new.png", picture())
    batch, tried = go(photos, retry_failed=True)
    assert tried == ["a.png"] and batch.untried == 1 and batch.summary().done == 3
    assert go(photos)[1] == ["new.png"]


def test_a_worker_that_dies_twice_costs_one_row(photos):
    deaths = []

    def deadly(task):
        if task.image == "a.png" or not deaths:
            deaths.append(task.image)
            raise BrokenProcessPool
        return make_model(task)

    batch, tried = go(photos, deadly)
    assert [row.status for row in batch.rows] == ["done", "failed", "done"]
    assert tried.count("a.png") == 2 and tried.count("a.jpg") == 2
    assert batch.rows[1].error.startswith("its worker process died twice")


@pytest.mark.parametrize(
    ("kills", "message"), [((3, 5), "killed twice for lack of memory"), ((3, 3), "crashed"), ((None, 1), "perhaps")]
)
def test_of_a_dead_worker_it_is_said_what_the_system_knows(photos, monkeypatch, kills, message):
    def deadly(_):
        raise BrokenProcessPool

    counts = iter([kills[0], *3 * [kills[1]]])
    monkeypatch.setattr("inr.batch.loop.memory_kills", lambda: next(counts))
    batch, _ = go(photos, deadly)
    assert [message in row.error for row in batch.rows] == [True, True, True]


def test_of_a_worker_elsewhere_this_machine_knows_nothing(photos, monkeypatch):
    def deadly(_):
        raise BrokenProcessPool

    monkeypatch.setattr(Bench, "far", True)
    batch, _ = go(photos, deadly)
    assert "perhaps for lack of memory; start the workers with more memory" in batch.rows[0].error


def test_other_peoples_files_are_not_replaced_unless_asked(photos):
    theirs = photos.parent / "out" / "a.png.inr"
    theirs.parent.mkdir()
    theirs.write_bytes(b"theirs")
    batch, _ = go(photos)
    assert theirs.read_bytes() == b"theirs" and "--overwrite replaces it" in batch.rows[1].error
    batch, tried = go(photos, overwrite=True)
    assert tried == ["a.png"] and theirs.read_bytes() == b"m" * 100 and batch.summary().failed == 0


def test_outputs_beside_the_pictures_are_no_inputs(photos):
    def work(task):
        name = grade_name(task.image, 1)
        row = done(task.image, sha256=task.sha256, config=task.key)
        return Outcome(row=row, files=((model_name(task.image), b"m" * 100), (name, b"png")))

    settings = Settings(config=small_config(), export_grades=True)
    for _ in range(2):
        bench = Bench(work)
        batch = run_batch(photos, photos, settings, bench, recursive=True)
        assert [row.image for row in batch.rows] == ALL


def test_what_is_in_the_way_of_one_picture_costs_its_row(photos):
    (photos.parent / "out" / "a.png.inr").mkdir(parents=True)
    (photos.parent / "out" / "sub").write_bytes(b"a file where a folder must be")
    long = "é" * 125 + ".png"  # with .inr behind it, more than a name may have
    inr.save_image(photos / long, picture())
    for overwrite in (False, True):
        batch, tried = go(photos, overwrite=overwrite)
        assert tried == ([] if overwrite else ["a.jpg"])
        errors = {row.image: row.error for row in batch.rows if row.status == "failed"}
        assert set(errors) == {"a.png", "sub/b.png", long}
        assert "is a folder" in errors["a.png"] and "too long" in errors[long] and "Not a dir" in errors["sub/b.png"]
    (photos.parent / "out" / "sub").unlink()
    assert go(photos)[1] == ["sub/b.png"]


def test_tables_of_others_are_not_replaced_unless_asked(photos):
    theirs = photos.parent / "out" / "batch.csv"
    theirs.parent.mkdir()
    theirs.write_text("mine")
    with pytest.raises(inr.InrError, match=r"batch\.csv is there already and not of this batch"):
        go(photos)
    assert theirs.read_text() == "mine"
    go(photos, overwrite=True)
    assert "a.jpg" in theirs.read_text() and go(photos)[1] == []


def test_what_was_done_survives_a_picture_that_cannot_be_read_for_once(photos):
    go(photos)
    kept = (photos / "a.png").read_bytes()
    (photos / "a.png").unlink()
    (photos / "a.png").symlink_to("/proc/self/mem")
    batch, tried = go(photos)
    assert tried == [] and batch.rows[1].status == "failed" and batch.rows[1].error
    (photos / "a.png").unlink()
    (photos / "a.png").write_bytes(kept)
    batch, tried = go(photos)
    assert tried == [] and batch.summary().done == 3


def test_tables_are_written_when_a_run_is_interrupted(photos):
    def impatient(task):
        if task.image == "sub/b.png":
            raise KeyboardInterrupt
        return make_model(task)

    bench = Bench(impatient)
    bench.slots = lambda: 1
    with pytest.raises(KeyboardInterrupt):
        run_batch(photos, photos.parent / "out", Settings(config=small_config()), bench, recursive=True)
    told = json.loads((photos.parent / "out" / "batch.json").read_text())
    assert told["summary"]["done"] == 2 and told["summary"]["untried"] == 1


def test_a_fit_that_was_not_stopped_cannot_write_into_a_later_run(tmp_path):
    with opened(tmp_path) as (_, old):
        pass
    with opened(tmp_path) as (_, new):
        publish(tmp_path, new, [("a.inr", b"new")])
        with pytest.raises(inr.InrError, match="cannot be written"):
            publish(tmp_path, old, [("a.inr", b"old")])
    assert (tmp_path / "a.inr").read_bytes() == b"new"


def test_retry_failed_leaves_out_what_another_configuration_did(photos):
    go(photos)
    batch, tried = go(photos, settings=Settings(config=small_config(batch_size=32)), retry_failed=True)
    assert tried == [] and batch.rows == () and batch.untried == 3


def test_grade_pictures_that_are_not_asked_for_are_not_missed(photos):
    def work(task):
        row = done(task.image, sha256=task.sha256, config=task.key)
        files = (model_name(task.image), grade_name(task.image, 1))
        return Outcome(row=dataclasses.replace(row, files=files), files=((files[0], b"m" * 100), (files[1], b"png")))

    grades = Settings(config=small_config(), export_grades=True)
    go(photos, work, settings=grades)
    (photos.parent / "out" / grade_name("a.png", 1)).unlink()
    assert go(photos, work)[1] == [] and go(photos, work, settings=grades)[1] == ["a.png"]


def test_progress_counts_up_to_all(photos):
    seen = []
    go(photos, progress=seen.append)
    assert (seen[-1].total, seen[-1].done, seen[-1].failed, seen[-1].running) == (3, 3, 0, ())


def test_a_picture_that_vanishes_before_it_is_given_out(photos):
    def work(task):
        Path(photos / "sub" / "b.png").unlink(missing_ok=True)
        return make_model(task)

    bench = Bench(work)
    bench.slots = lambda: 1
    batch = run_batch(photos, photos.parent / "out", Settings(config=small_config()), bench, recursive=True)
    assert "cannot be read: No such file" in batch.rows[2].error
    inr.save_image(photos / "sub" / "b.png", picture())
    assert go(photos)[1] == ["sub/b.png"]


def test_names_that_are_no_text(photos):
    name = os.fsdecode(b"\xff\n.png")
    (photos / "a.png").rename(photos / name)
    batch, _ = go(photos)
    assert name in [row.image for row in batch.rows] and go(photos)[1] == []


def test_a_worker_ends_a_picture_that_has_had_its_time(tmp_path):
    inr.save_image(tmp_path / "a.png", picture())
    settings = Settings(config=small_config(steps=(10**8,) * 3), timeout=0.01)
    task = Task(image="a.png", path=tmp_path / "a.png", data=None, sha256="", key="", settings=settings)
    assert fit_one(task).row.error == "time limit of 0.01 s"
