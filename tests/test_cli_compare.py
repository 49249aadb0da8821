"""`inr compare` and `inr methods`: arguments in, tables and exit codes out."""

import json

import pytest
from helpers.commands import run, told
from helpers.pictures import has_figures, picture

import inr
from inr.settings.methods import METHODS

FAST = ("--budget", "steps=4", "--methods", "mgdl:grades=2:width=8,sgdl:width=8", "--no-tune")

WAVES = ["0.png", "--methods", "mgdl-fourier"]


@pytest.fixture
def folder(tmp_path, hasty):
    (tmp_path / "sub").mkdir()
    inr.save_image(tmp_path / "sub" / "0.png", picture(seed=5))
    for number in range(2):
        inr.save_image(tmp_path / f"{number}.png", picture(seed=number))
    return tmp_path


def test_a_table_and_files(folder):
    out = folder / "out"
    done = run("compare", folder / "0.png", folder / "1.png", *FAST, "-o", out)
    head, rule, *rows = done.stdout.splitlines()
    assert head.startswith("| method | settings | PSNR dB |") and rule.startswith("| --- |")
    assert [row.startswith("| ") for row in rows] == [True, True, False]  # the last says which is best
    assert "Equal for all: 4 steps" in done.stderr
    assert {path.name for path in out.iterdir()} == {
        "comparison.json", "comparison.csv", "comparison.md", "curves.png", "pictures.png", "report.html", "runs",
        "spectrum.png",
    }  # fmt: skip
    again = run("compare", folder / "0.png", folder / "1.png", *FAST, "-o", out, "--json")
    assert again.stdout == (out / "comparison.json").read_text()
    assert run("compare", folder / "0.png", folder / "1.png", *FAST, "-o", out, "--quiet").stdout == ""


def test_what_is_said_is_what_the_files_say(folder, hasty):
    methods = ("--methods", "mgdl,sgdl", "--budget", "steps=4", "--no-tune")
    done = run("compare", folder / "0.png", *methods, "-o", folder / "out")
    said = json.loads((folder / "out" / "comparison.json").read_text())["verdict"]
    assert " ".join(said) in done.stdout and any(sentence.startswith("At equal PSNR") for sentence in said)


def test_another_comparison_is_not_replaced_unasked(folder):
    out = folder / "out"

    def pictures():
        return {run["image"] for run in json.loads((out / "comparison.json").read_text())["runs"]}

    first, second = folder / "0.png", folder / "1.png"
    run("compare", first, *FAST, "-o", out)
    before = (out / "comparison.md").read_text()
    done = run("compare", second, *FAST, "-o", out, code=1)
    assert "other pictures" in done.stderr and (out / "comparison.md").read_text() == before
    run("compare", second, *FAST, "-o", out, "--overwrite")
    assert pictures() == {str(second)}
    run("compare", first, second, *FAST, "-o", out)  # the picture there is among them: it is gone on with
    assert pictures() == {str(first), str(second)}
    run("compare", second, *FAST, "-o", out, "--overwrite")
    fewer = run("compare", second, *FAST[:3], "mgdl:grades=2:width=8", *FAST[4:], "-o", out, code=1)
    assert "is of more methods; give --overwrite" in fewer.stderr


def test_nothing_of_others_is_replaced_and_no_input_ever(folder):
    out = folder / "out"
    out.mkdir()
    (out / "pictures.png").write_bytes((folder / "0.png").read_bytes())
    done = run("compare", folder / "0.png", *FAST, "-o", out, code=1)
    assert "pictures.png exists; give --overwrite" in done.stderr
    done = run("compare", out / "pictures.png", *FAST, "-o", out, "--overwrite", code=1)
    assert "would be replaced by this comparison's own pictures.png" in done.stderr
    assert (out / "pictures.png").read_bytes() == (folder / "0.png").read_bytes()


def test_tuned_rows_are_not_lost_unasked(folder):
    arguments = (
        "compare",
        folder / "0.png",
        "--methods",
        "sgdl-fourier:width=8",
        "--budget",
        "steps=4",
        "-o",
        folder / "out",
    )
    run(*arguments)
    done = run(*arguments, "--no-tune", code=1)
    assert "is of tuned methods too; give --overwrite" in done.stderr


def test_a_picture_of_one_pixel(folder):
    inr.save_image(folder / "one.png", picture(1, 1))
    arguments = ("--methods", "sgdl", "--no-tune", "--budget", "steps=6", "-o", folder / "o")
    (one,) = told("compare", folder / "one.png", *arguments)["runs"]
    assert one["quality"]["psnr_db"] is None or one["quality"]["psnr_db"] > 40  # an exact copy, or nearly
    assert inr.load_model(folder / "o" / "runs" / one["model"]).render().shape == (1, 1, 3)
    assert has_figures(folder / "o" / "spectrum.png")


def test_a_file_is_no_folder(folder):
    done = run("compare", folder / "0.png", *FAST, "-o", folder / "1.png", code=1)
    assert "1.png is a file; give --out a folder." in done.stderr
    done = run("compare", folder / "0.png", *FAST, "-o", "/proc/none", code=1)
    assert "/proc/none/runs cannot be written" in done.stderr and "--out" in done.stderr


def test_what_is_done_and_how_to_go_on_is_said_after_an_interrupt(folder, monkeypatch):
    def interrupted(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("inr.comparison.compare.compare", interrupted)
    done = run("compare", folder / "0.png", *FAST, "-o", folder / "out", code=130)
    assert "interrupted; no run is done yet. The same command begins again:\n" in done.stderr
    (folder / "out" / "runs").mkdir(parents=True)
    (folder / "out" / "runs" / "0-mgdl.json").touch()
    done = run("compare", folder / "0.png", *FAST, "-o", folder / "out", code=130)
    assert "the runs that are done are kept in" in done.stderr and "The same command goes on:" in done.stderr


def test_where_stderr_is_no_terminal_a_line_says_how_far_it_is(folder, monkeypatch):
    monkeypatch.setattr("inr_cli.options.TELL_EVERY", -1.0)
    done = run("compare", folder / "0.png", *FAST, "-o", folder / "out")
    assert "1 of 2 runs done; now: " in done.stderr
    one = ("--methods", "sgdl:width=8", *FAST[:2], "--no-tune")
    assert "0 of 1 run done; now: " in run("compare", folder / "0.png", *one, "-o", folder / "one").stderr
    assert "done; now" not in run("compare", folder / "0.png", *FAST, "-o", folder / "out", "--quiet").stderr


def test_settings_are_checked_before_what_is_there(folder):
    (folder / "out").mkdir()
    (folder / "out" / "report.html").touch()
    arguments = ("compare", folder / "0.png", *FAST, "-o", folder / "out")
    assert "--memory" in run(*arguments, "--memory", 0.1, code=2).stderr
    assert "report.html exists; give --overwrite" in run(*arguments, code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["0.png", "0.png"], "two pictures are called 0.png", 1),
        (["0.png", "sub/0.png"], "two pictures are called 0.png", 1),
        ([*WAVES, "--budget", "steps=4,parameters=3"], "the smallest 'mgdl-fourier' has", 2),
        ([*WAVES, "--budget", "steps=4,bytes=3"], "the smallest 'mgdl-fourier' has", 2),
        (["0.png", "--budget", ""], "--budget is ''", 2),
        (["0.png", "--budget", "steps=4,steps=5"], "it names steps twice", 2),
        (["0.png", "--methods", "siren:steps=9"], "has an option 'steps'", 2),
        (["0.png", "--methods", "siren:bogus=3"], "accepted are preset, quality, grades, depth", 2),
        (["0.png", "--methods", "siren:grades=x"], "accepted are whole numbers from 1 to 64, or auto", 2),
        (["0.png", "--methods", "nothing"], "method is 'nothing'", 2),
        (["0.png", "--budget", "hours=1"], "--budget names 'hours'", 2), (["none.png"], "no such file", 1),
        (["0.png", "--methods", "mgdl:preset=compact"], "preset 'compact' is the default now", 2),
        (["0.png", "--methods", "grid"], "'grid' is called 'sgdl' now", 2),
        (["0.png", "--methods", "mgdl:sigma=3"], "feature planes have none", 2),
        (["0.png", "--methods", "mgdl", "--budget", "parameters=9000"], "joint training takes seconds, steps and", 2),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(folder, monkeypatch, arguments, message, code):
    monkeypatch.chdir(folder)
    done = run("compare", *arguments, "-o", "out", code=code)
    assert message in done.stderr and len(done.stderr.splitlines()) == 1
    assert not (folder / "out").exists()


def test_a_fit_that_fails_is_said_and_ends_with_one(folder, monkeypatch):
    def fails(image, config, **options):
        raise inr.TrainingError("the loss went away.")

    monkeypatch.setattr("inr.comparison.runs.fit_and_measure", fails)
    done = run("compare", folder / "0.png", *FAST, "-o", folder / "out", code=1)
    assert "2 of 2 fits failed" in done.stderr
    assert "the loss went away." in (folder / "out" / "comparison.md").read_text()


def test_methods_are_listed_with_their_papers():
    text = run("methods").stdout
    assert [line.split()[0] for line in text.splitlines()[::2]] == list(METHODS) and "arXiv 2006.09661" in text
    listed = told("methods")["methods"]
    assert [method["name"] for method in listed] == list(METHODS)
    assert listed[METHODS.index("siren")]["settings"]["grades"][0]["form"]["gain"] == 30.0
    assert '"learning_rate"' in run("methods", "--settings").stdout
