"""Names of pictures that may hold any bytes: files, pages, tables and figures show them as they are."""

import csv
import json
import os
import re
import urllib.parse
from pathlib import Path

import numpy as np
import pytest
from helpers.batches import AtOnce
from helpers.commands import run
from helpers.pictures import picture
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import inr
from inr.report.text import code, label, printable

WORST = [b"caf\xe9", b"a$x^2_$", b"a|b", b"`tick``s`", b"new\nline", b"-r f %20#"]
NAMES = [
    *WORST, b"\xff\xfe", b"$$", b"$\\frac{$", b"a\\$b$", b"a  b ", b"[x](y)", b"<b>&amp;", b"esc\x1b[31m", b"_a_ *b*",
    "\u65e5\u672c".encode(), b"\xed\xb3\xa9", "\u202egnp".encode(), b"x" * 241,
]  # fmt: skip
TINY = ["--encoding", "none", "--grades", "1", "--depth", "1", "--width", "8", "--steps", "2"]
STEPS = ["--methods", "sgdl:width=8", "--budget", "steps=2", "--no-tune"]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def save(name: bytes) -> Path:
    path = Path("in") / os.fsdecode(name + b".png")
    inr.save_image("in/plain.png", picture(12, 12))
    return Path("in/plain.png").rename(path)


def shown(text: str) -> str:
    """What Markdown's code says, by the rules of CommonMark."""
    fence, inside = re.fullmatch(r"(`+)(.*)\1", text).groups()
    assert fence not in re.findall("`+", inside)
    return inside[1:-1] if inside[0] == inside[-1] == " " and inside.strip() else inside


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", WORST)
def test_a_fit_of_any_name(folder, name):
    path = save(name)
    run("fit", *TINY, "--out", "out", "--", path)
    report = json.loads(Path("out/report.json").read_text("utf-8"))
    assert os.fsencode(report["image"]["name"]) == os.fsencode(path) and report["model"]["name"] == f"{path.stem}.inr"
    page = Path("out/report.md").read_text("utf-8")
    assert shown(page.splitlines()[0].removeprefix("# ").removesuffix(", fitted by `mgdl`")) == printable(path.name)
    for address in re.findall(r"\]\((.*)\)", page):
        assert (Path("out") / os.fsdecode(urllib.parse.unquote_to_bytes(address))).exists()
    run("render", Path("out") / f"{path.stem}.inr", "--out", "drawn.png")


@pytest.mark.parametrize("name", [*WORST[:4], NAMES[-1]])
def test_a_comparison_of_any_name(folder, name):
    path = save(name)
    run("compare", *STEPS, "--out", "out", "--", path)
    title = Path("out/comparison.md").read_text("utf-8").splitlines()[0]
    assert shown(title.removeprefix("# Comparison of 1 method on ")) == printable(path.name)
    (record,) = (json.loads(p.read_text("utf-8")) for p in Path("out/runs").glob("*.json"))
    assert record["image"] == str(path) and (Path("out/runs") / record["model"]).exists()
    assert read_csv(Path("out/comparison.csv"))[0]["image"]
    again = run("compare", *STEPS, "--out", "out", "--json", "--", path)
    assert json.loads(again.stdout)["images"][0]["name"] == str(path)


def test_a_comparison_and_a_batch_of_all_of_them(folder, monkeypatch):
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    paths = [save(name) for name in NAMES]
    run("compare", *STEPS, "--out", "all", "--", *paths[:9])
    page = Path("all/comparison.md").read_text("utf-8").splitlines()
    head, rule, row = page[page.index("## By picture") + 2 :][:3]
    cells = [len(re.findall(r"(?<!\\)\|", line)) for line in (head, rule, row)]
    assert cells == [12, 12, 12], "a name is more than one cell"
    run("batch", "in", *TINY, "--out", "many")
    assert len([path for path in Path("many").iterdir() if path.suffix == ".inr"]) == len(NAMES)
    rows = read_csv(Path("many/batch.csv"))
    assert len(rows) == len(NAMES) and {row["status"] for row in rows} == {"done"}
    names = [os.fsencode(row["image"]) for row in json.loads(Path("many/batch.json").read_text("utf-8"))["rows"]]
    assert sorted(names) == sorted(name + b".png" for name in NAMES)


def drawn(text, **how):
    figure = Figure(figsize=(8, 1))
    canvas = FigureCanvasAgg(figure)
    figure.text(0.01, 0.5, text, **how)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba()).copy()


@pytest.mark.filterwarnings("ignore:Glyph")
@pytest.mark.parametrize("name", NAMES[:-1])
def test_a_label_is_the_name_to_the_letter(name):
    text = os.fsdecode(name)
    np.testing.assert_array_equal(drawn(label(text)), drawn(printable(text), parse_math=False))


def test_a_long_name_is_cut_in_labels_only():
    assert (
        len(label("x" * 300)) < 60
        and label("x" * 300 + ".png").endswith("xxx.png")
        and code("x" * 300) == f"`{'x' * 300}`"
    )


def test_a_person_who_asked_matplotlib_for_latex_gets_figures_all_the_same(folder):
    import matplotlib

    path = save(b"a_b#")
    with matplotlib.rc_context({"text.usetex": True}):
        run("fit", *TINY, "--out", "out", path)
        run("compare", *STEPS, "--out", "all", path)


@pytest.mark.parametrize("name", [b"caf\xe9", b"esc\x1b[31m", b"new\nline"])
def test_what_is_told_about_a_name_is_printable(folder, name):
    missing = run("fit", os.fsdecode(name + b".png"), code=1).stderr
    assert missing == f"Error: {printable(os.fsdecode(name))}.png: no such file.\n"
    told = run("fit", *TINY, "--out", "out", save(name)).stderr
    assert printable(os.fsdecode(name)) in told.replace("\n", "\\n") and "\x1b" not in told


def test_names_too_long_are_found_before_the_training(folder, monkeypatch):
    def trained(*_, **__):
        raise AssertionError("it was trained")

    monkeypatch.setattr("inr.analysis.fitted.fit", trained)
    long = save(b"x" * 245)
    done = run("fit", long, *TINY, "--out", "out", code=1)
    assert "cannot be written: File name too long; give the picture a shorter name." in done.stderr
    assert ".inr-" not in done.stderr and not Path("out").exists()
    assert "File name too long" in run("fit", long, *TINY, code=1).stderr  # its folder's name, then
