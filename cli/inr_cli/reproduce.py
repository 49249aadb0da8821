"""`inr reproduce [NAME]`: the papers' experiments -> tables and figures, the paper's rows beside ours."""

import contextlib
import shlex
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from inr.errors import ConfigError, InrError
from inr.experiments.registry import EXPERIMENTS, Experiment, asked
from inr.experiments.wishes import Effort, Wishes
from inr.machine import processors
from inr.report.text import json_text
from inr.settings.config import DeviceName
from inr_cli import options as common
from inr_cli import streams
from inr_cli.engines import check_workers, make_engine
from inr_cli.process import say, talk

if TYPE_CHECKING:
    from inr.batch.task import Engine
    from inr.experiments.page import Page
    from inr.experiments.runs import Case
    from inr.experiments.store import Store


def reproduce(
    name: Annotated[str | None, typer.Argument(help="An experiment, or all; none lists what there is.")] = None,
    demo: Annotated[str | None, typer.Argument(help="A part of the experiment, where it has parts.")] = None,
    effort: Annotated[
        Effort, typer.Option(help="quick: minutes; standard: this program's training; paper: the authors', hours.")
    ] = "quick",
    methods: Annotated[
        str | None, typer.Option(help="Names separated by commas. [default: those of the paper]", metavar="NAMES")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, max=100, help="Trainings of each case.")] = 1,
    grades: Annotated[
        str | None,
        typer.Option(help="Number of grades; auto adds one while the validation error falls.", metavar="N"),
    ] = None,
    setting: Annotated[int | None, typer.Option(min=1, help="Number of the function. [default: all]")] = None,
    q: Annotated[int | None, typer.Option(min=0, help="Lobes of the manifold's curve. [default: 0]")] = None,
    image: Annotated[
        Path | None, typer.Option(help="Picture to fit. [default: data/cat.png or data/camera.png]", readable=False)
    ] = None,
    data: Annotated[
        Path | None, typer.Option(help="Folder with the files of MNIST, or of CIFAR-10.", readable=False)
    ] = None,
    beta: Annotated[float | None, typer.Option(min=0, help="Amplitude of the noise in labels. [default: 1]")] = None,
    kappa: Annotated[float | None, typer.Option(min=0, help="Frequency of the noise in labels. [default: 5]")] = None,
    grid: Annotated[
        bool, typer.Option("--grid", help="Search the authors' grid of rates and batches; with --effort paper.")
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Folder for page and figures. [default: experiment-NAME[-PART]]"),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", min=1, max=256, help="Trainings at a time. [default: 1]")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(help="Train on the workers of this Dask scheduler, such as tcp://head:8786.")
    ] = None,
    device: common.Device = "auto",
    threads: common.Threads = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Do an experiment of the papers and show the paper's figures beside ours; begun again, go on with what is missing.

    Example: inr reproduce synthetic --setting 1
    """
    with common.running(debug=debug, threads=threads, out=out):
        if name is None:
            _list(json)
            return
        if out is not None:
            streams.refuse_stdout(out)
        wishes = Wishes(
            effort=effort,
            methods=_methods(methods),
            seeds=seeds,
            grades=_grades(grades),
            setting=setting,
            q=q,
            image=image,
            data=data,
            beta=beta,
            kappa=kappa,
            demo=demo,
            grid=grid or None,
        )
        chosen = asked(name, wishes)
        every = [each.doing(own).cases(own) for each, own in chosen]  # all that can be wrong is found here
        folder = out or Path("-".join(filter(None, ("experiment", name, demo))))
        places = [folder / each.name for each, _ in chosen] if name == "all" else [folder]
        check_workers(scheduler, jobs, device=device)
        for place in places:
            _check_free(place, image, overwrite=overwrite)
        from inr.experiments.page import to_data

        pages: list[dict[str, Any]] = []
        for (each, own), cases, place in zip(chosen, every, places, strict=True):
            replaces = bool(pages) and not overwrite  # begun again, it meets the pages of this time
            with (
                _explained(cases, place, " --overwrite" if replaces else ""),
                common.bar(quiet, unit="step") as show,
                _workers(scheduler, jobs, device) as engine,
            ):
                share = _share(scheduler, jobs, threads)
                runs = _runs(place).runs(cases, device=device, tell=show, engine=engine, threads=share)
            page, command = each.doing(own).page(own, runs), _command(each, own)
            if not json and not quiet:
                _say(page)
            _write(page, place, command, overwrite=overwrite, quiet=quiet)
            pages.append(to_data(page, command))
        if json:
            say(json_text(pages[0] if name != "all" else {"schema": 1, "experiments": pages}))


def _runs(place: Path) -> "Store":
    """Return what keeps the trainings of an experiment."""
    from inr.experiments.store import Store

    return Store(place / "runs")


@contextlib.contextmanager
def _explained(cases: list["Case"], place: Path, option: str) -> Iterator[None]:
    """Turn an interruption into what is kept, and the command that goes on, with an option more."""
    try:
        yield
    except KeyboardInterrupt:
        kept = _kept(*_runs(place).kept(cases), len(cases), place / "runs")
        talk(f"Error: interrupted; {kept}:\n  {common.this_command()}{option}")
        raise typer.Exit(130) from None


def _write(page: "Page", place: Path, command: str, *, overwrite: bool, quiet: bool) -> None:
    """Write the page of an experiment with all that stands beside it."""
    from inr.experiments.page import PAGE, write_page

    try:
        files = write_page(page, place, command, overwrite=overwrite)
    except OSError as error:
        raise InrError(f"{place} cannot be written: {error.strerror or error}.") from error
    talk(f"{place / PAGE}: {page.title}; beside it {len(files) - 1} files", quiet=quiet)


def _say(page: "Page") -> None:
    """Print the tables of a page."""
    from inr.experiments.page import Table, text_lines

    for part in page.parts:
        if isinstance(part, Table):
            say("\n".join([part.title, *text_lines(part), *([part.note] if part.note else []), ""]))


@contextlib.contextmanager
def _workers(scheduler: str | None, jobs: int | None, device: DeviceName) -> Iterator["Engine | None"]:
    """Yield what carries several trainings at a time, or None where they are done here, one after another."""
    if scheduler is None and jobs in (None, 1):
        yield None
        return
    with contextlib.closing(make_engine(scheduler, jobs, device=device)) as engine:
        yield engine


def _share(scheduler: str | None, jobs: int | None, threads: int | None) -> int | None:
    """Return the threads of one of several trainings; on a cluster they are what was asked for."""
    return threads if scheduler is not None else max(1, (threads or processors()) // (jobs or 1))


def _list(json: bool) -> None:
    """Print what there is."""
    if json:
        facts = [asdict(each) | {"takes": each.options} for each in EXPERIMENTS.values()]
        say(json_text({"schema": 1, "experiments": facts}))
        return
    say(f"{'experiment':<20} {'quick':>6} {'standard':>9}  minutes, about, on two cores")
    for each in EXPERIMENTS.values():
        say(f"{each.name:<20} {each.minutes[0]:>6g} {each.minutes[1]:>9g}  {each.shows}")
        known = {"parts": each.parts, "methods": each.methods}
        for line in (each.paper, *(f"{what}: {', '.join(names)}" for what, names in known.items() if names)):
            say(f"{'':<38}{line}")


def _methods(text: str | None) -> tuple[str, ...] | None:
    names = None if text is None else tuple(each.strip() for each in text.split(",") if each.strip())
    if names == ():
        raise ConfigError(f"--methods is {text!r}; it takes names separated by commas, see `inr reproduce`.")
    return names


def _grades(text: str | None) -> int | None:
    if text in (None, "auto"):
        return None if text is None else 0
    if not text.isdecimal() or not 1 <= int(text) <= 64:
        raise ConfigError(f"--grades is {text!r}; it takes a number between 1 and 64, or auto.")
    return int(text)


def _check_free(folder: Path, image: Path | None, *, overwrite: bool) -> None:
    """Raise InrError where a page may not be written, as far as that is known before the trainings."""
    if image is not None and folder.resolve() in (image.parent.resolve(), image.resolve().parent):
        raise InrError(f"{image} lies in the folder of the outputs, which might replace it; give another --out.")
    if folder.exists() and not folder.is_dir():
        raise InrError(f"{folder} is a file; --out takes a folder.")
    if (folder / "experiment.md").exists() and not overwrite:
        raise InrError(f"{folder} already holds experiment.md; give --overwrite to replace it, or another --out.")


def _kept(done: int, begun: int, count: int, folder: Path) -> str:
    """Say what an interruption has left of the trainings, and what the command does that is printed after it."""
    if not done and not begun:
        return "no training was done yet, nor on its way for the minute after which it is kept. This begins again"
    way = f" and {begun} kept on the way," if begun else ""
    return f"{done} of {count} trainings are done{way} in {folder}. This goes on"


def _command(chosen: Experiment, wishes: Wishes) -> str:
    """Return the command that makes a page again."""
    words = ["inr", "reproduce", chosen.name, *([wishes.demo] if wishes.demo else [])]
    for key, value in asdict(wishes).items():
        if value is None or key == "demo" or (key, value) in (("seeds", 1),):
            continue
        if value is True:
            words.append(f"--{key}")
            continue
        text = ",".join(value) if isinstance(value, tuple) else "auto" if (key, value) == ("grades", 0) else str(value)
        words += [f"--{key}", text]
    return shlex.join(words)
