"""The process that a command runs in -> one that prints, warns, ends and keeps temporary files as a person expects."""

import atexit
import contextlib
import logging
import os
import signal
import sys
import tempfile
import warnings
from pathlib import Path

import typer

from inr.errors import ImageWarning, InrError, ModelFileWarning, WorkerWarning
from inr.files import temporary_folder
from inr.machine import processors
from inr.report.text import printable


def open_streams() -> None:
    """Open what of stdin, stdout and stderr is closed, on nothing, and let stdout print names that are no text."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:  # else a file of ours would get the number, and their text
        pass
    os.close(handle)
    sys.stdout = sys.stdout or os.fdopen(1, "w", encoding="utf-8")
    sys.stderr = sys.stderr or os.fdopen(2, "w", encoding="utf-8")
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


_SPINS = "2500"
"""Times that a thread without work looks for some before it sleeps. GNU's OpenMP looks 300,000 times: where another
program wants a processor too, that keeps it from the thread that all others wait for, and a fit took five times as
long."""


def bound_threads() -> None:
    """Let libraries take no more threads than a container's share of the processors is worth, and sleep between tasks.

    What the person has said in the environment stays. To be called before the libraries are imported.
    """
    count = processors()
    if count < (os.cpu_count() or 1):
        os.environ.setdefault("OMP_NUM_THREADS", str(count))
    if "OMP_WAIT_POLICY" not in os.environ:
        os.environ.setdefault("GOMP_SPINCOUNT", _SPINS)


def quiet_libraries(*, debug: bool) -> None:
    """Keep the warnings of the libraries below, and unless debugging their logs, from the person at the keyboard."""
    warnings.showwarning = _show_warning
    if not debug:
        logging.getLogger().addHandler(logging.NullHandler())  # which is told all that nobody else asked for
    os.environ["MPLBACKEND"] = (
        "agg"  # all that is used; Matplotlib refuses to start where the person's own is not known
    )


def heed_signals() -> None:
    """Turn an order to end, or a terminal that is gone, into an exit, so that half-made files are cleared away."""
    for number in (getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)):
        if signal.getsignal(number) is not signal.SIG_IGN:  # which is how `nohup` asks to go on
            signal.signal(number, lambda number, _: sys.exit(128 + number))


def find_temporary_folder(near: Path) -> None:
    """Let libraries keep temporary files beside the outputs until the process ends, where the system has no place.

    Args:
        near: the outputs; the folder is made in the first of it and the folders above it that is there.

    Raises:
        InrError: that cannot be written either.
    """
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        stack = contextlib.ExitStack()
        try:
            folder = stack.enter_context(temporary_folder(near))
        except OSError as error:
            raise InrError(f"{near} cannot be written: {error.strerror or error}; give another --out.") from error
        atexit.register(stack.close)
        tempfile.tempdir = os.environ["TMPDIR"] = str(folder)


def say(text: str) -> None:
    """Print a result on stdout, and end the line.

    Raises:
        InrError: it cannot be printed.
    """
    try:
        typer.echo(_lines(text.removesuffix("\n")))
    except BrokenPipeError:
        give_up_stdout()
        raise
    except OSError as error:
        give_up_stdout()
        raise InrError(f"the result cannot be printed: {error.strerror or error}.") from error


def talk(text: str, *, quiet: bool = False) -> None:
    """Say something on stderr unless told to be quiet; where that cannot be written, nobody listens."""
    if not quiet:
        with contextlib.suppress(OSError):
            typer.echo(_lines(text), err=True)


def give_up_stdout() -> None:
    """Send what is still to be printed nowhere, so that the interpreter's end does not try once more."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _lines(text: str) -> str:
    return "\n".join(printable(line) for line in text.split("\n"))


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    if issubclass(category, (ImageWarning, ModelFileWarning, WorkerWarning)):
        talk(f"Warning: {message}")
