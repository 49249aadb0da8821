"""`inr batch FOLDER`: a folder of pictures -> a folder of models, a row each; the same command again goes on."""

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inr.settings.methods import configure
from inr.settings.options import FitOptions
from inr_cli import options as common
from inr_cli import streams
from inr_cli.batch_text import Bar, batch_text
from inr_cli.engines import make_engine
from inr_cli.fit_options import with_fit_options
from inr_cli.process import say, talk

if TYPE_CHECKING:
    from inr.batch.rows import Batch


@with_fit_options
def batch(
    folder: Annotated[Path, typer.Argument(help="Folder of pictures.", readable=False)],
    wishes: FitOptions,
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the models; it mirrors FOLDER.")],
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="Take sub-folders too.")] = False,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs",
            "-j",
            min=1,
            max=256,
            help="Pictures at a time. [default: one a processor; 1 on a GPU named by --device]",
        ),
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(min=0.1, help="Seconds a picture may take; then it has failed.")
    ] = None,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Do those that failed, and only those.")] = False,
    export_grades: Annotated[
        bool, typer.Option("--export-grades", help="Keep the picture after each grade too.")
    ] = False,
    no_lock: Annotated[
        bool,
        typer.Option(
            "--no-lock", help="Go on where the output's file system has no locks; start no second run on it then."
        ),
    ] = False,
    scheduler: Annotated[
        str | None, typer.Option(help="Fit on the workers of this Dask scheduler, such as tcp://head:8786.")
    ] = None,
    shared: Annotated[
        bool, typer.Option("--shared", help="The workers see both folders too: they read and write there themselves.")
    ] = False,
    max_pixels: common.MaxPixels = common.MAX_PIXELS_DEFAULT,
    device: common.Device = "auto",
    threads: common.Threads = None,
    memory: common.Memory = None,
    overwrite: common.Overwrite = False,
    json: common.Json = False,
    quiet: common.Quiet = False,
    debug: common.Debug = False,
) -> None:
    """Fit every picture in FOLDER as `fit` would; leave a model each and a table of all in another folder.

    The same command again goes on: finished pictures are kept, changed ones done again. --threads are shared among
    the --jobs, --memory is the limit of each.

    Example: inr batch photos --out models --recursive
    """
    with common.running(debug=debug, out=out), _two_interrupts():
        streams.refuse_stdout(out)
        config = configure(wishes)
        from inr.batch.local import default_jobs
        from inr.batch.run import run_batch
        from inr.batch.task import Settings
        from inr.machine import processors

        if scheduler is None:
            jobs = jobs or (default_jobs(memory) if device in ("auto", "cpu") else 1)
            threads = max(1, (threads or processors()) // jobs)
        settings = Settings(
            config=config,
            device=device,
            memory=memory,
            processes=jobs or 1,
            threads=threads,
            max_pixels=max_pixels,
            timeout=timeout,
            export_grades=export_grades,
        )
        engine = make_engine(scheduler, jobs, device=device, shared=shared, timeout=timeout)
        with Bar(quiet) as bar:
            try:
                result = run_batch(
                    folder,
                    out,
                    settings,
                    engine,
                    recursive=recursive,
                    retry_failed=retry_failed,
                    overwrite=overwrite,
                    without_lock=no_lock,
                    command=common.this_command(),
                    progress=bar.show,
                )
            except KeyboardInterrupt:
                bar.close()
                again = f"The same command goes on:\n  {common.this_command()}"
                talk(f"Error: interrupted; {bar.stand()}. {again}")
                raise typer.Exit(130) from None
        _show(result, out, json=json, quiet=quiet)


def _show(result: "Batch", out: Path, *, json: bool, quiet: bool) -> None:
    """Print what came of a batch; end the program with 1 if a picture failed."""
    if json:
        say(result.to_json())
    elif not quiet:
        say(batch_text(result))
    talk(f"{out / 'batch.json'}, batch.csv: a row for each picture; report.html: the same to look at.", quiet=quiet)
    failed = result.summary().failed
    if failed:
        talk(
            f"Error: {failed} of {len(result.rows)} pictures failed; {out / 'batch.csv'} says why. "
            "--retry-failed does them again."
        )
        raise typer.Exit(1)


@contextlib.contextmanager
def _two_interrupts() -> Iterator[None]:
    """Let the first Ctrl-C end the run in order, and a second one stop the program at once."""

    def first(*_: object) -> None:
        signal.signal(signal.SIGINT, lambda *_: os._exit(130))  # workers notice and follow
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, first)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is first:  # else the program is on its way out: the next one is the second
            signal.signal(signal.SIGINT, before)
