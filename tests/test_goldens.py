"""Every JSON that the program writes is as it was: what scripts of others read does not change unnoticed.

A change that is meant is made with `pytest --renew-goldens tests/test_goldens.py`, and seen in `git diff`.
"""

import json

import numpy as np
import pytest
from helpers.batches import AtOnce
from helpers.commands import SMALL, run
from helpers.golden import apart, check_golden, settled, unlike
from helpers.pictures import picture

import inr


@pytest.fixture
def check(request):
    renew = request.config.getoption("--renew-goldens")
    return lambda name, text: check_golden(name, text, renew=renew)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    (tmp_path / "in").mkdir()
    inr.save_image("in/a.png", picture(20, 30))
    inr.save_image("in/deep.png", picture(13, 11, 4, dtype=np.uint16))
    return tmp_path


def test_report_of_a_greedy_fit(here, check):
    wishes = ("--grades", "2", "--pixels", "half", "--seed", "3", "--precision", "float32")
    run("fit", "in/a.png", *SMALL, *wishes, "--out", "out")
    check("report-greedy.json", (here / "out" / "report.json").read_text())


def test_report_of_a_joint_fit(here, check):
    run("fit", "in/a.png", "--grades", "3", "--quality", "60", "--steps", "12", "--out", "out")
    check("report-joint.json", (here / "out" / "report.json").read_text())


def test_batch(here, check, hasty):
    (here / "in" / "bad.png").write_bytes(b"hello")
    run("batch", "in", "--grades", "2", "--max-bytes", "900", "--steps", "4", "--out", "out", code=1)
    check("batch.json", (here / "out" / "batch.json").read_text())


def test_comparison_and_its_runs(here, check, hasty):
    methods = ("--methods", "mgdl:grades=2:quality=60,siren:width=8", "--budget", "steps=12", "--pixels", "half")
    run("compare", "in/a.png", *methods, "--no-tune", "--out", "out")
    check("comparison.json", (here / "out" / "comparison.json").read_text())
    records = {json.loads(path.read_text())["contender"]: path for path in (here / "out" / "runs").glob("*.json")}
    check("run-joint.json", records["mgdl:grades=2:quality=60"].read_text())
    check("run-greedy.json", records["siren:width=8"].read_text())


def test_what_commands_print(fit_folder, here, check):
    model = fit_folder / "cat.inr"
    printed = {
        name: json.loads(run(name, model, *arguments, "--json").stdout) | {"file": "(varies)"}
        for name, arguments in {
            "info": (),
            "render": ("--out", "r.png"),
            "pack": ("--max-bytes", "2k", "--image", fit_folder.parent / "cat.png", "--out", "p.inr"),
            "spectrum": ("--image", fit_folder.parent / "cat.png", "--out", "s.png"),
        }.items()
    }
    check("commands.json", json.dumps(printed))


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ({"a": 1}, {"b": 1}, "keys"), ({"a": 1}, {"a": 1.0}, "1.0 where 1 was"), ({"a": None}, {"a": 0.0}, "None was"),
        ({"a": [1]}, {"a": [1, 2]}, "2 entries"), ({"steps": 10}, {"steps": 11}, "11"),
        ({"bytes": 100}, {"bytes": 150}, "150"),
        ({"psnr_db": 30.0}, {"psnr_db": 35.0}, "35.0"), ({"a": "x"}, {"a": "y"}, "'y'"), ({"a": True}, {"a": 1}, "1"),
        ({"seconds": 1.0}, {}, "keys"),
    ],
)  # fmt: skip
def test_a_golden_notices(before, after, said):
    assert any(said in line for line in unlike(settled(before), settled(after), "$"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"seconds": 1.0}, {"seconds": 9.0}), ({"bytes": 1000}, {"bytes": 1010}),
        ({"psnr_db": 30.0}, {"psnr_db": 30.1}), ({"seed": 123456}, {"seed": 654321}),
        ({"model": "a-siren-0-0123456789ab.inr"}, {"model": "a-siren-0-ba9876543210.inr"}),
        ({"a": [{"sha256": "x"}]}, {"a": [{"sha256": "y"}]}),
    ],
)  # fmt: skip
def test_a_golden_overlooks_what_varies(before, after):
    assert not list(unlike(settled(before), settled(after), "$"))


def test_a_golden_picture_notices_and_overlooks():
    before = picture(40, 60)
    hole, speck = before.copy(), before.copy()
    hole[10:14, 10:14], speck[3, 3] = 255 - hole[10:14, 10:14], 255 - speck[3, 3]
    for after in (np.roll(before, 1, axis=1), before[:, :, ::-1], np.clip(before + 2.0, 0, 255), before[1:], hole):
        assert apart(before, after)
    for after in (before, before ^ np.uint8(1) * (before % 3 == 0), speck):
        assert not apart(before, after)
