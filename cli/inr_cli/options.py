"""Options that mean the same in every command, and what surrounds each command: errors, threads, warnings."""

import contextlib
import functools
import os
import shlex
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Annotated

import typer

from inr.errors import OUT_OF_MEMORY, ConfigError, InrError, lacks_memory
from inr.files import check_place
from inr.report.text import printable
from inr.settings.config import MAX_PIXELS, DeviceName
from inr_cli.process import find_temporary_folder, heed_signals, quiet_libraries, talk
from inr_cli.streams import STREAM

EXPERTS = "Options for experts"
"""Heading in `--help` of the options that few people need."""
_expert = functools.partial(typer.Option, rich_help_panel=EXPERTS)
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace outputs that exist.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors (and JSON if asked).")]
Device = Annotated[
    DeviceName, typer.Option(help="Where to compute; auto takes a GPU if there is one.", rich_help_panel=EXPERTS)
]
Threads = Annotated[
    int | None,
    _expert(min=1, max=256, help="Processor threads; all that may be used by default."),
]
Memory = Annotated[
    float | None,
    _expert(min=0.1, help="Limit of the process in GiB; half of what is free by default."),
]
Debug = Annotated[bool, _expert("--debug", help="Show the full traceback of an error.")]
MaxPixels = Annotated[
    int, typer.Option(min=1, help="Refuse pictures with more pixels than this.", rich_help_panel=EXPERTS)
]
MAX_PIXELS_DEFAULT = MAX_PIXELS
TELL_EVERY = 60.0
"""Seconds between lines of progress where stderr is no terminal."""


@contextlib.contextmanager
def running(*, debug: bool, threads: int | None = None, out: Path | None = None) -> Iterator[None]:
    """Run a command's body: one sentence and an exit code for whatever goes wrong.

    Exit codes: 1 an error, 2 settings that make no sense, 130 Ctrl-C.

    Args:
        debug: show the full traceback of an error, and what the libraries below log.
        threads: of the processor; None leaves torch's choice.
        out: where the outputs go, for commands whose libraries want temporary files.
    """
    quiet_libraries(debug=debug)
    heed_signals()
    try:
        if out is not None:
            find_temporary_folder(out)
        if threads is not None:
            import torch

            torch.set_num_threads(threads)
        yield
    except typer.Exit:
        raise
    except KeyboardInterrupt:
        _fail("interrupted; nothing half-written is left.", 130, debug)
    except InrError as error:
        _fail(str(error), 2 if isinstance(error, ConfigError) else 1, debug)
    except BrokenPipeError:
        raise typer.Exit(1) from None
    except Exception as error:  # the last line of defence: a fault of this program, still one sentence
        if lacks_memory(error):
            _fail(f"{OUT_OF_MEMORY}.", 1, debug)
        _fail(f"internal error, {type(error).__name__}: {error} (--debug shows where).", 1, debug)


def keep_inputs(outputs: Iterable[Path], inputs: Iterable[Path | None]) -> None:
    """Raise InrError where an output would replace what a command reads, be it by a link or by another case."""
    there = os.path.exists  # that of a path raises where a name is too long
    read = [path for path in inputs if path is not None and there(path)]
    for path in outputs:
        if there(path) and any(path.samefile(own) for own in read):
            raise InrError(f"{path} is an input of this command and would be replaced; give another --out.")


def check_out(path: Path, *inputs: Path | None, overwrite: bool) -> None:
    """Check, before the work and after all options, that a command's output can be written.

    Args:
        path: a file; `-` is for `check_stdout`.
        inputs: that the command reads; they are never replaced.
        overwrite: whether it may exist.

    Raises:
        InrError: it exists and is not to be replaced, or it cannot be written.
    """
    if path == STREAM:
        return
    keep_inputs([path], inputs)
    if os.path.lexists(path) and not overwrite:
        raise InrError(f"{path} exists already; give --overwrite to replace it, or another --out.")
    try:
        check_place(path)
    except OSError as error:
        why = f"{error.strerror or error}; give another --out"
        if isinstance(error, FileNotFoundError) and not path.parent.exists():
            why = f"there is no folder {path.parent}; make it first"
        raise InrError(f"{path} cannot be written: {why}.") from error


@contextlib.contextmanager
def bar(quiet: bool, *, unit: str) -> Iterator[Callable[[str, int, int], None]]:
    """Yield a function that is told what runs, how many are done, of how many; it moves a bar on stderr.

    Where stderr is no terminal, it says so in a line now and then. The unit is one of these, or `%` of 100.
    """
    from tqdm import tqdm

    with tqdm(disable=True if quiet else None, unit=unit, leave=False, dynamic_ncols=True) as line:
        told = time.monotonic()

        def show(what: str, done: int, total: int) -> None:
            nonlocal told
            if line.disable:
                if not quiet and time.monotonic() - told > TELL_EVERY:
                    told = time.monotonic()
                    count = f"{done} %" if unit == "%" else f"{done} of {total} {unit}{'' if total == 1 else 's'}"
                    talk(f"{count} done; now: {what}")
                return
            line.total, line.n = total, done
            line.set_description_str(what, refresh=False)
            line.refresh()

        yield show


def this_command() -> str:
    """Return the command that is running, as a person would type it again."""
    program = Path(sys.argv[0])
    name = f"{Path(sys.executable).name} -m inr" if program.suffix == ".py" else program.name  # `python -m inr`
    return f"{name} {shlex.join(sys.argv[1:])}"


def _fail(message: str, code: int, debug: bool) -> None:
    if debug:
        traceback.print_exc(file=sys.stderr)
    talk(f"Error: {printable(message)}")
    raise typer.Exit(code) from None
