import json

import pytest
from helpers.commands import names, run
from helpers.pictures import has_figures, picture

import inr


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_with_the_source_all_of_it(fit_folder, here):
    source = fit_folder.parent / "cat.png"
    result = run("spectrum", fit_folder / "cat.inr", "--image", source)
    assert names(here) == ["cat.spectrum.png"] and "3 grades" in result.stderr
    head, *rows = result.stdout.splitlines()[1:]
    assert "e_low 2 px" in head and [row.split()[0] for row in rows] == ["1", "2", "3"]
    data = json.loads(run("spectrum", fit_folder / "cat.inr", "--image", source, "--json", "-o", "b.png").stdout)
    report = json.loads((fit_folder / "report.json").read_text())["spectrum"]
    assert data["file"] == "b.png" and data["schema"] == 1
    assert data["grades"] == report["grades"] and data["bands"] == report["bands"]  # the fit's report has the same
    assert data["history"] is None and report["history"]["looks"]


def test_without_a_source_the_contributions_only(fit_folder, here):
    result = run("spectrum", fit_folder / "cat.inr", "-o", "a.png")
    assert "what each grade adds" in result.stdout and "e_low" not in result.stdout
    data = json.loads(run("spectrum", fit_folder / "cat.inr", "-o", "a.png", "--overwrite", "--json", "-q").stdout)
    assert not data["source"] and data["grades"][0]["error"] == [] and len(data["grades"][0]["contribution"]) <= 64


def test_half_the_pixels_move_the_nyquist_line(fit_folder, here):
    source = fit_folder.parent / "cat.png"
    options = ("--image", source, "--json")
    assert json.loads(run("spectrum", fit_folder / "cat.inr", *options).stdout)["nyquist"] == 0.5
    moved = run("spectrum", fit_folder / "cat.inr", *options, "--pixels", "half", "-o", "half.png")
    assert json.loads(moved.stdout)["nyquist"] == 0.25
    assert (here / "half.png").read_bytes() != (here / "cat.spectrum.png").read_bytes()


def test_quiet(fit_folder, here):
    assert run("spectrum", fit_folder / "cat.inr", "--quiet").output == "" and names(here) == ["cat.spectrum.png"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--image", "other.png"], "other.png: 9 x 12 pixels of 3 channels, but the model draws 30 x 20 of 3"),
        (["--image", "none.png"], "none.png: no such file"),
        (["-o", "a.jpg"], "the ending .jpg is not accepted"),
        (["-o", "none/a.png"], "cannot be written"),
        (["-o", "other.png"], "exists already; give --overwrite"),
    ],
)
def test_bad_requests_are_one_sentence(fit_folder, here, arguments, message):
    inr.save_image(here / "other.png", picture(12, 9))
    before = (here / "other.png").read_bytes()
    result = run("spectrum", fit_folder / "cat.inr", *arguments, code=1)
    assert message in result.stderr and len(result.stderr.splitlines()) == 1
    assert names(here) == ["other.png"] and (here / "other.png").read_bytes() == before


def test_the_fit_leaves_it_in_its_folder_and_report(fit_folder):
    assert inr.load_image(fit_folder / "cat.spectrum.png").width > 500 and has_figures(fit_folder / "cat.spectrum.png")
    text = (fit_folder / "report.md").read_text()
    assert "(cat.spectrum.png)" in text and "| grade | < 1/32 |" in text and "e_low 2 px" in text
    report = json.loads((fit_folder / "report.json").read_text())["spectrum"]
    assert 1 < len(report["frequency"]) <= 64 and {len(own["error"]) for own in report["grades"]} == {
        len(report["frequency"])
    }
    assert [look["step"] for look in report["history"]["looks"] if look["grade"] == 3][-1] == 10
