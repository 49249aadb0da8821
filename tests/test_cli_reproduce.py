"""`inr reproduce` from the command line down to its files."""

import json
import pickle
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest
from helpers.pictures import picture, saved
from test_cli import run

from inr import save_image
from inr.experiments import images, inventions, published, synthetic
from inr.experiments.figures import Figure, Picture
from inr.experiments.frequency_principle.experiment import DEMOS
from inr.experiments.methods import authors_grid
from inr.experiments.page import Page, Table, write_page
from inr.experiments.registry import EXPERIMENTS
from inr.experiments.training import do


@pytest.fixture
def short(monkeypatch, tmp_path):
    """Two updates a grade on few points, figures not drawn (`test_experiments.py` draws), in an empty folder."""
    monkeypatch.setattr(synthetic, "STEPS", dict.fromkeys(("quick", "standard", "paper"), 2))
    monkeypatch.setattr(synthetic, "TRAIN", 600)
    monkeypatch.setattr(synthetic, "HELD_OUT", 50)
    monkeypatch.setattr("inr.experiments.page.draw", lambda figure, path: path.touch())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_list_has_every_experiment_and_what_it_takes():
    text = run("reproduce").stdout
    for name, each in EXPERIMENTS.items():
        assert name in text and each.paper in text and each.shows in text
    assert f" parts: {', '.join(published.DEMOS)}\n" in text and f" parts: {', '.join(DEMOS)}\n" in text
    assert text.count(" methods: ") == len(EXPERIMENTS) - 1
    listed = json.loads(run("reproduce", "--json").stdout)["experiments"]
    assert [each["name"] for each in listed] == list(EXPERIMENTS) and "setting" in listed[0]["takes"]
    takes = {each["name"]: each["takes"] for each in listed}
    assert takes["methods"] == ["effort", "seeds"] and "methods" in takes["labels"]


def test_an_experiment_leaves_a_page_and_prints_the_papers_rows_beside_ours(short):
    said = run("reproduce", "synthetic", "--setting", "2", "--methods", "mgdl,sgdl", "--seeds", "2", "--threads", "1")
    for part in ("MGDL, the paper", "27,6", "0.005777", "TeRSE of sgdl over mgdl"):
        assert part in said.stdout, part
    columns = ["method", "seed", "updates", "seconds", "TrRSE", "VaRSE", "TeRSE"]
    assert said.stdout.splitlines()[1].split() == columns and "|" not in said.stdout.replace(
        "|h - y|^2 / sum |y|^2", ""
    )
    done = [line.split()[:3] for line in said.stdout.splitlines() if line.startswith(("mgdl", "sgdl"))]
    assert done[:4] == [["mgdl", "0", "8"], ["mgdl", "1", "8"], ["sgdl", "0", "2"], ["sgdl", "1", "2"]]
    assert "Each grade of mgdl has as many updates as sgdl in all, 2, as in the paper." in said.stdout
    assert "TrRSE, VaRSE, TeRSE: relative squared error, sum |h - y|^2 / sum |y|^2 (0 is exact" in said.stdout
    assert "experiment-synthetic/experiment.md" in said.stderr
    page = (short / "experiment-synthetic/experiment.md").read_text()
    assert "inr reproduce synthetic --effort quick --methods mgdl,sgdl --seeds 2 --setting 2" in page
    for line in page.splitlines():
        if line.startswith("!["):
            assert (short / "experiment-synthetic" / line.split("(")[1].rstrip(")")).exists()
    data = json.loads((short / "experiment-synthetic/experiment.json").read_text())
    assert len(data["runs"]) == 4 and {run["seed"] for run in data["runs"]} == {0, 1}

    looks = short / "experiment-synthetic/report.html"
    before = looks.read_bytes()
    run("report", "experiment-synthetic", "--quiet")
    assert looks.read_bytes() == before
    (short / "experiment-synthetic" / data["figures"][0]["file"]).unlink()
    assert "cannot be read" in run("report", "experiment-synthetic", code=1).stderr

    refused = run("reproduce", "synthetic", "--setting", "2", code=1)
    assert "already holds experiment.md" in refused.stderr
    kept = {path: path.stat().st_mtime_ns for path in (short / "experiment-synthetic/runs").iterdir()}
    again = run(
        "reproduce", "synthetic", "--setting", "2", "--methods", "mgdl,sgdl", "--seeds", "2", "--overwrite", "--json",
        "--quiet",
    )  # fmt: skip
    assert json.loads(again.stdout)["tables"] == data["tables"] and not again.stderr
    assert kept == {path: path.stat().st_mtime_ns for path in (short / "experiment-synthetic/runs").iterdir()}


SETTING_1 = ("reproduce", "synthetic", "--setting", "1", "-q", "--methods")


def test_a_page_that_replaces_another_leaves_nothing_of_it(short):
    folder = short / "experiment-synthetic"
    run(*SETTING_1, "mgdl,sgdl")
    (folder / "mine.csv").write_text("")
    was = {path.name for path in folder.iterdir()}
    run(*SETTING_1, "sgdl", "--overwrite")
    assert was - {path.name for path in folder.iterdir()} == {"setting-1-grades.csv"}
    (folder / "experiment.json").write_text('{"tables": [{"name": "../../x"}], "figures": []}')
    (short.parent / "x.csv").write_text("")
    run(*SETTING_1, "sgdl", "--overwrite")
    assert (short.parent / "x.csv").exists()


def test_captions_speak_of_what_is_in_the_figures(short):
    folder = short / "experiment-synthetic"
    run(*SETTING_1, "mgdl,sgdl")
    both = (folder / "experiment.md").read_text()
    for said in (
        "Each grade of mgdl has as many updates as sgdl in all, 2, as in the paper. Dotted: a grade of `mgdl` ends.",
        "The paper observes that each grade reaches higher than the one before, and one network stays low. Here the",
        "The paper observes that grade 1 takes low frequencies", "Here half of the power that the grades add lies",
        "above (e_high). Dotted: a grade ends.",
    ):  # fmt: skip
        assert said in both, said
    with np.load(folder / "setting-1-heat.npz") as kept:
        assert [kept[f"panel{n}_columns"][-1] for n in range(4)] == [8, 2, 8, 2], "updates at the looks"
    run(*SETTING_1, "sgdl", "--overwrite")
    one = (folder / "experiment.md").read_text()
    assert "observes that one network stays low. Here the error of `sgdl`" in one
    for other in ("Dotted", "grade 1", "each grade reaches", "as many updates"):
        assert other not in one, other


def test_the_errors_of_a_pictures_methods_stand_side_by_side(short, monkeypatch):
    monkeypatch.setattr(images, "STEPS", {"quick": 2})
    drawn = []
    monkeypatch.setattr("inr.experiments.page.draw", lambda figure, path: (drawn.append(figure), path.touch()))
    save_image(short / "a.png", np.random.default_rng(0).integers(0, 256, (14, 18, 3), dtype=np.uint8))
    said = run("reproduce", "images", "--image", "a.png", "--methods", "mgdl,sgdl").stdout
    assert "Each grade of mgdl has as many updates as sgdl in all, 2, as in the paper." in said
    titles = [panel.title.split(":")[0] for panel in next(each for each in drawn if each.name == "low-high").panels]
    assert titles == ["mgdl", "sgdl", "mgdl", "sgdl"]


def test_grades_may_be_given_or_left_to_the_validation_error(short):
    two = run("reproduce", "synthetic", "--setting", "1", "--methods", "mgdl", "--grades", "2", "--json", "-o", "two")
    assert len(json.loads(two.stdout)["runs"][0]["grades"]) == 2
    auto = run("reproduce", "synthetic", "--setting", "1", "--methods", "mgdl", "--grades", "auto", "--json", "-o", "a")
    found = json.loads(auto.stdout)["runs"][0]
    held = [at["validation"]["rse"] for at in found["grades"]]
    assert held == sorted(held, reverse=True)
    assert "--grades auto" in (short / "a/experiment.md").read_text()


@pytest.mark.parametrize(
    ("arguments", "message", "code"),
    [
        (["nothing"], "experiment is 'nothing'; there are synthetic,", 2),
        (["sines"], "'sines' is a part of an experiment: inr reproduce frequency-principle sines.", 2),
        (["msnn"], "'msnn' is a part of an experiment: inr reproduce methods msnn.", 2),
        (["methods", "sines"], "there is no part 'sines'; experiment 'methods' has msnn,", 2),
        (["synthetic", "sines"], "there is no part 'sines'; experiment 'synthetic' has no parts", 2),
        (["labels", "--methods", " ,"], "--methods is ' ,'; it takes names separated by commas", 2),
        (["methods", "--methods", "mgdl"], "--methods is given, but experiment 'methods' takes --effort, --seeds.", 2),
        (["synthetic", "--setting", "5"], "settings 1 to 4", 2),
        (["manifold", "--setting", "3"], "settings 1 and 2", 2),
        (["manifold", "--q", "101"], "between 0 and 100", 2),
        (["synthetic", "--q", "4"], "takes --effort, --grades, --grid, --methods, --seeds, --setting", 2),
        (["labels", "--beta", "1", "--setting", "1"], "takes --beta, --data, --effort, --grades, --grid, --kappa,", 2),
        (["labels", "--kappa", "3", "--data", "nowhere"], "nowhere holds no train-images-idx3-ubyte", 1),
        (["synthetic", "--methods", "magic"], "--methods has 'magic'; experiment 'synthetic' knows mgdl,", 2),
        (["synthetic", "--methods", "siren:omega=3"], "--methods has 'siren:omega=3'", 2),
        (["synthetic", "--grades", "many"], "a number between 1 and 64, or auto", 2),
        (["synthetic", "--effort", "great"], "'great' is not one of", 2),
        (
            ["synthetic", "--grid"],
            "--grid is the authors' search for rates and batches; it goes with --effort paper",
            2,
        ),
        (["images", "--grid", "--effort", "paper"], "--grid is given, but experiment 'images' takes", 2),
        (["synthetic", "--jobs", "2", "--scheduler", "tcp://x:1"], "--jobs is for this machine", 2),
        (["images", "--image", "none.png"], "none.png", 1),
        (["images"], "there is no data/cat.png here; give a picture with --image FILE.", 2),
        (["all"], "there is no data/cat.png here; give a picture with --image FILE.", 2),
        (["all", "--image", "none.png"], "none.png", 1),
        (["synthetic", "-o", "taken"], "taken is a file; --out takes a folder", 1),
    ],
)
def test_what_makes_no_sense_is_one_sentence_and_leaves_nothing(short, arguments, message, code):
    (short / "taken").write_text("")
    said = run("reproduce", *arguments, code=code)
    assert message in " ".join(said.stderr.replace("│", " ").split())
    assert [path.name for path in short.iterdir()] == ["taken"]


@pytest.mark.parametrize(
    ("wrong", "message", "code"),
    [
        (["--image", "none.png"], "none.png: no such file", 1),
        (["--device", "mps"], "device 'mps' is not available", 2),
        (["--jobs", "2", "--scheduler", "tcp://none:1"], "--jobs is for this machine", 2),
    ],
)
def test_options_are_checked_before_what_is_there(short, wrong, message, code):
    (short / "out").mkdir()
    (short / "out" / "experiment.md").touch()
    saved(short / "a.png", picture(12, 12))
    command = ("reproduce", "images", "--image", "a.png", "-o", "out")
    assert message in run(*command, *wrong, code=code).stderr
    assert "already holds experiment.md" in run(*command, code=1).stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["synthetic", "--setting", "9"], "--setting is 9; the sums of sines have settings 1 to 4"),
        (["frequency-principle", "sine"], "there is no part 'sine'"),
        (["synthetic", "--setting", "1"], "there already holds experiment.md; give --overwrite"),
    ],
)
def test_options_are_checked_before_the_folder(short, arguments, message):
    (short / "there").mkdir()
    (short / "there/experiment.md").write_text("")
    assert message in run("reproduce", *arguments, "-o", "there", code=1 if "already" in message else 2).stderr


def interrupted(monkeypatch, after: int, *arguments: str, keep: bool = False) -> str:
    """Return what is said where the training after so many others is interrupted, kept on its way or not."""
    left = iter(range(after))

    def stop(case, part, **given):
        if next(left, None) is not None:
            return do(case, part=part, **given)
        if keep:
            part.write_bytes(b"")
        raise KeyboardInterrupt

    with monkeypatch.context() as only:
        only.setattr("inr.experiments.store.do", stop)
        said = run("reproduce", *arguments, code=130).stderr
    assert said.startswith("Error: interrupted; ")
    return said.removeprefix("Error: interrupted; ")


def test_an_interruption_says_what_is_kept_and_how_to_go_on(short, monkeypatch):
    words = ("synthetic", "--setting", "1", "-o", "deep/here", "-q")
    nothing = interrupted(monkeypatch, 0, *words)
    assert nothing.startswith("no training was done yet, nor on its way for the minute") and "This begins" in nothing
    assert not list(short.iterdir())
    one = interrupted(monkeypatch, 1, *words)
    assert one.startswith("1 of 2 trainings are done in deep/here/runs. This goes on:\n  ")
    both = interrupted(monkeypatch, 0, *words, keep=True)
    assert both.startswith("1 of 2 trainings are done and 1 kept on the way, in deep/here/runs. This goes on:")
    assert not (short / "deep/here/experiment.md").exists()
    run("reproduce", *words)
    assert (short / "deep/here/experiment.md").exists()


def test_all_does_every_experiment_with_the_options_it_takes(short, monkeypatch):
    monkeypatch.setattr(inventions, "SHARE", {"quick": 1e-4})
    for name in set(EXPERIMENTS) - {"synthetic", "methods"}:
        monkeypatch.delitem(EXPERIMENTS, name)
    words = ("all", "--methods", "sgdl", "--setting", "1", "-o", "every", "--quiet")
    assert "begins again" in interrupted(monkeypatch, 0, *words)
    assert "This goes on" in (said := interrupted(monkeypatch, 2, *words)) and said.endswith(" --overwrite\n")
    found = json.loads(run("reproduce", *words, "--overwrite", "--json").stdout)["experiments"]
    assert [each["title"][:4] for each in found] == ["Sums", "Each"] and len(found[0]["runs"]) == 1
    assert (short / "every/synthetic/experiment.md").exists()
    assert "all does every part" in run("reproduce", "all", "msnn", code=2).stderr


def test_a_picture_in_the_folder_of_the_outputs_is_never_replaced(tmp_path):
    path = saved(tmp_path / "loss.png", picture(32, 32, 3))
    before = path.read_bytes()
    words = ("reproduce", "images", "--image", str(path), "-o", str(tmp_path), "--overwrite")
    assert "lies in the folder of the outputs" in run(*words, code=1).stderr
    assert path.read_bytes() == before


def test_files_that_are_of_no_page_are_replaced_only_by_overwrite(short):
    words = ("reproduce", "synthetic", "--setting", "1", "--methods", "sgdl", "--threads", "1", "-o", "out")
    (own := short / "out/setting-1.csv").parent.mkdir()
    own.write_text("mine")
    assert "out/setting-1.csv exists already" in run(*words, code=1).stderr
    assert own.read_text() == "mine" and not (short / "out/experiment.md").exists()
    run(*words, "--overwrite")
    assert own.read_text().startswith("method,")


def test_the_page_of_an_experiment_holds_tables_that_sort_figures_and_words(tmp_path, visit):
    rows = (("a", 3.0, None), ("<b>", 1e-7, 2), ("c", 20.0, 1))
    table = Table(name="t", title="Errors", columns=("method", "`TeRSE`", "n"), rows=rows, note="`mgdl` & co.")
    panel = Picture(title="p", pixels=np.eye(3))
    figure = Figure(name="t", title="A figure", caption='"Quoted" <caption>.', panels=(panel,))
    page = Page(title="A title", about=("About `it`.",), parts=(table, "Words between.", figure))
    write_page(page, tmp_path, "inr reproduce x")
    shown = visit(tmp_path / "report.html").page
    assert shown.locator("section h2").all_inner_texts() == ["Errors", "A figure", "How it was made"]
    assert shown.locator("code").first.inner_text() == "it" and shown.locator("tbody th").nth(1).inner_text() == "<b>"
    seen, own = (shown.locator("figure img").evaluate(f"image => image.{name}") for name in ("width", "naturalWidth"))
    assert seen == own > 100, "a figure of one panel is not stretched"
    shown.get_by_role("button", name="TeRSE").click()
    assert shown.locator("tbody th").all_inner_texts() == ["<b>", "a", "c"]
    assert shown.locator("tbody td").nth(0).inner_text() == "1.00e-07"


def test_a_training_in_a_worker_process_is_the_training_here(short):
    """In a real process; one only, because a process takes seconds to import what it needs."""
    words = ["reproduce", "synthetic", "--setting", "1", "--methods", "mgdl", "--threads", "1"]
    run(*words, "--json", "-o", "alone")
    run(*words, "--json", "--jobs", "2", "-o", "beside")
    for name in ("setting-1.csv", "setting-1-grades.csv"):
        alone, beside = ((short / folder / name).read_text() for folder in ("alone", "beside"))
        assert _without_seconds(alone) == _without_seconds(beside)
    kept = sorted((short / "beside/runs").iterdir())
    assert [path.suffix for path in kept] == [".json", ".npz"]
    run(*words, "--jobs", "2", "-o", "beside", "--overwrite")
    assert sorted((short / "beside/runs").iterdir()) == kept


def _without_seconds(table: str) -> list[list[str]]:
    rows = [line.split(",") for line in table.splitlines()]
    at = rows[0].index("seconds")
    return [row[:at] + row[at + 1 :] for row in rows]


class Dying:
    """Workers of which each dies with what it is given, a number of times."""

    sends_bytes = far = True
    awaited = ""

    def __init__(self, times: int) -> None:
        self.times, self.closed = times, False

    def slots(self) -> int:
        return 1

    def submit(self, work):
        future = Future()
        self.times -= 1
        if self.times >= 0:
            future.set_exception(BrokenProcessPool())
        else:
            future.set_result(pickle.loads(pickle.dumps(work)).do())
        return future

    def tend(self) -> None:
        pass

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(("times", "code"), [(1, 0), (2, 1)])
def test_a_training_whose_worker_dies_gets_one_other(short, monkeypatch, times, code):
    workers = Dying(times)
    monkeypatch.setattr("inr_cli.reproduce.make_engine", lambda *_, **__: workers)
    said = run("reproduce", "synthetic", "--setting", "1", "--methods", "mgdl", "--scheduler", "tcp://x:1", code=code)
    assert workers.closed
    if code:
        why = "its worker died twice, perhaps for lack of memory; start the workers with more memory."
        assert f"setting 1, mgdl, seed 0: {why}" in said.stderr


def test_the_authors_grid_is_searched_and_the_lowest_validation_error_selected(short, monkeypatch):
    grid = authors_grid([(1e-3, 1e-4), (1e-9, 1e-9)], (300, None), 1)
    monkeypatch.setattr(synthetic, "GRID", grid)
    words = ["--setting", "2", "--methods", "sgdl-paper,sgdl", "--effort", "paper", "--grid"]
    found = json.loads(run("reproduce", "synthetic", *words, "--json", "--quiet").stdout)
    errors = {run["method"]: run["grades"][-1]["validation"]["rse"] for run in found["runs"]}
    assert len(errors) == 5 and "sgdl-paper, 0.001 to 0.0001, batch full" in errors
    lowest = min(error for method, error in errors.items() if method.startswith("sgdl-paper"))
    shown = {row[0]: row[5] for row in found["tables"][0]["rows"]}
    assert shown["sgdl-paper"] == lowest and shown["sgdl"] == errors["sgdl"]
    table = next(table for table in found["tables"] if table["name"] == "grid")
    assert [row[4] for row in table["rows"] if row[5]] == [lowest] and len(table["rows"]) == 4
    assert "--grid" in (short / "experiment-synthetic/experiment.md").read_text()
