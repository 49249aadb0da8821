"""Every option of every command does something: down to the file, and the same in a batch as in a fit."""

import json
from pathlib import Path

import pytest
import typer
from helpers.batches import AtOnce
from helpers.commands import run
from helpers.pictures import picture
from inr_cli.main import app

import inr

WAVES = {
    "--encoding": "fourier", "--frequencies": "8", "--sigma": "3", "--grades": "1", "--depth": "2", "--width": "16",
    "--steps": "4", "--batch-size": "64",
}  # fmt: skip
SIREN = {"--method": "siren", "--depth": "2", "--width": "16", "--steps": "4"}
SMALL = {"--steps": "4", "--grades": "2"}
ONE_LAYER = {"--encoding": "none", "--grades": "1", "--depth": "1", "--width": "8"}
CHANGES = {
    "--method": (WAVES, {"--method": "sgdl"}),
    "--preset": (ONE_LAYER | {"--preset": "fast"}, {"--preset": "balanced"}),
    "--grades": (WAVES, {"--grades": "2"}),
    "--depth": (WAVES, {"--depth": "1"}),
    "--width": (WAVES, {"--width": "8"}),
    "--encoding": (WAVES, {"--encoding": "positional"}),
    "--sigma": (WAVES, {"--sigma": "5"}),
    "--omega": (SIREN, {"--omega": "5"}),
    "--frequencies": (WAVES, {"--frequencies": "4"}),
    "--activation": (WAVES, {"--activation": "relu"}),
    "--steps": (WAVES, {"--steps": "5"}),
    "--batch-size": (WAVES, {"--batch-size": "0"}),
    "--learning-rate": (WAVES, {"--learning-rate": "0.5"}),
    "--optimizer": (WAVES, {"--optimizer": "adam"}),
    "--recipe": (SIREN, {"--recipe": "inr"}),
    "--pixels": (WAVES, {"--pixels": "half"}),
    "--stop": (WAVES | {"--pixels": "half"}, {"--stop": "end"}),
    "--target-psnr": (WAVES | {"--steps": "100"}, {"--target-psnr": "9"}),
    "--max-bytes": (SMALL, {"--max-bytes": "400"}),
    "--quality": (SMALL, {"--quality": "50"}),
    "--target-bpp": (SMALL, {"--target-bpp": "12"}),
    "--precision": (WAVES | {"--precision": "float32", "--width": "64", "--steps": "100"}, {"--precision": "bf16"}),
    "--seed": (WAVES, {"--seed": "1"}),
    "--seconds": (WAVES | {"--steps": "300"}, {"--seconds": "0.01"}),
}
"""Options of `fit` and `batch` that change what comes out: what they are added to, and what is added."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("options")
    (folder / "in").mkdir()
    inr.save_image(folder / "in" / "cat.png", picture(12, 17))
    return folder


@pytest.fixture
def here(folder, monkeypatch, hasty):
    monkeypatch.chdir(folder)
    monkeypatch.setattr("inr.batch.local.LocalWorkers", AtOnce)
    return folder


def words(options):
    return [word for pair in options.items() for word in pair]


def batch(options, name):
    """The model that a batch makes, and its seed."""
    out = Path(name)
    if not out.exists():
        run("batch", "in", *words(options), "--out", out)
    return (out / "cat.png.inr").read_bytes(), json.loads((out / "batch.json").read_text())["rows"][0]["seed"]


@pytest.mark.parametrize("option", CHANGES)
def test_an_option_changes_the_model_and_in_a_batch_as_in_a_fit(here, option):
    plain, change = CHANGES[option]
    before, _ = batch(plain, f"plain{id(plain)}")
    after, seed = batch(plain | change, f"many{option}")
    assert before != after
    run("fit", "in/cat.png", *words(plain | change | {"--seed": str(seed)}), "--out", f"one{option}")
    if option != "--seconds":  # which ends wherever it ends
        assert (here / f"one{option}" / "cat.inr").read_bytes() == after
    for file in (here / f"one{option}" / "cat.inr", here / f"many{option}" / "cat.png.inr"):
        assert inr.load_model(file).width == 17


FIT = ["fit", "in/cat.png", *words(WAVES)]
OTHERS = ["--out", "--max-pixels", "--device", "--threads", "--memory", "--overwrite", "--json", "--quiet", "--debug"]
"""Options of `fit` that leave the model as it is."""


def test_the_other_options_of_a_fit_leave_the_model_as_it_is(here):
    run(*FIT, "--out", "same")
    before = (here / "same" / "cat.inr").read_bytes()
    assert "same/cat.inr" in (told := run(*FIT, "--out", "same", "--overwrite")).stderr and "PSNR" in told.stdout
    options = ["--max-pixels", "204", "--device", "cpu", "--threads", "1", "--memory", "1"]
    options += ["--debug", "--quiet", "--json"]
    done = run(*FIT, "--out", "same", "--overwrite", *options)
    assert json.loads(done.stdout)["environment"]["device"] == "cpu" and done.stderr == ""
    assert (here / "same" / "cat.inr").read_bytes() == before
    assert "limit of 203" in run(*FIT, "--out", "other", "--max-pixels", "203", code=1).stderr
    assert "Traceback" in run("fit", "none.png", "--debug", code=1).stderr


def test_every_option_of_a_fit_is_tried_here():
    command = typer.main.get_command(app).commands["fit"]
    options = {name for parameter in command.params for name in parameter.opts if name.startswith("--")}
    assert options - {"--help"} == {*CHANGES, *OTHERS}


def test_the_options_that_every_command_has(here):
    run(*FIT, "--out", "common", "--overwrite")
    model = "common/cat.inr"
    for name, arguments in {
        "render": [model, "--out", "r.png"], "pack": [model, "--out", "p.inr", "--max-bytes", "900"],
        "spectrum": [model, "--out", "s.png"],
        "compare": ["in/cat.png", "--out", "c", "--methods", "sgdl:width=8", "--budget", "steps=2", "--no-tune"],
    }.items():  # fmt: skip
        done = run(name, *arguments, "--threads", "1", "--json", "--quiet", "--debug")
        assert json.loads(done.stdout) and done.stderr == "", name
        assert run(name, *arguments, "--overwrite", "--quiet").output == ""
    assert json.loads(run("info", model, "--json", "--debug").stdout) and run("info", model, "--quiet").stdout == ""
    for name in ("render", "spectrum", "compare"):
        other = ["--overwrite", "--device", "cpu", "--max-pixels", "100"]
        given = ["in/cat.png", "--out", "c"] if name == "compare" else [model, "--out", "o.png"]
        given += ["--image", "in/cat.png"] if name == "spectrum" else []
        assert "100" in run(name, *given, *other, code=2 if name == "render" else 1).stderr


def test_a_comparison_with_seeds_and_a_search(here):
    methods = ["--methods", "sgdl-fourier:width=8", "--budget", "steps=4", "--memory", "2", "--out", "tuned"]
    done = run("compare", "in/cat.png", *methods, "--tune", "--seeds", "2", "--json")
    runs = json.loads(done.stdout)["runs"]
    assert sorted({(r["variant"], r["seed"]) for r in runs}) == [
        (v, s) for v in sorted({r["variant"] for r in runs}) for s in (0, 1)
    ]
    assert json.loads(done.stdout)["searches"]["sgdl-fourier:width=8"]["probes"] > 0


def test_the_options_of_a_batch_that_a_fit_has_not(here):
    arguments = ["batch", "in", *words(WAVES), "--out", "more"]
    run(*arguments, "--recursive", "--jobs", "1", "--timeout", "60", "--export-grades", "--no-lock", "--threads", "1")
    assert (here / "more" / "cat.png.grade1.png").exists()
    rest = ["--retry-failed", "--memory", "1", "--max-pixels", "300", "--device", "cpu", "--quiet", "--json", "--debug"]
    assert json.loads(run(*arguments, *rest, "--overwrite").stdout)["summary"]["done"] == 1


def test_every_option_of_every_command_stands_in_a_test():
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_cli*.py"))
    text += "".join(
        (Path(__file__).parent / f"test_{name}.py").read_text() for name in ("batch_cluster", "viewer_page")
    )
    for name, command in typer.main.get_command(app).commands.items():
        for parameter in command.params:
            for option in (*parameter.opts, *parameter.secondary_opts):
                assert not option.startswith("--") or f'"{option}"' in text, f"{name} {option} is tried nowhere"
