"""What a command reads or writes, a path or `-` -> bytes: of a file, of standard input, to standard output."""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from inr.errors import ConfigError, InrError
from inr.files import write_whole
from inr_cli.process import give_up_stdout

if TYPE_CHECKING:
    from inr.imaging.image import Image
    from inr.networks.model import Model

STREAM = Path("-")
"""As an input, standard input; as an output, standard output."""
PicturePath = Annotated[
    Path, typer.Argument(help="PNG, JPEG, WebP, TIFF, BMP or GIF; - is standard input.", readable=False)
]
ModelPath = Annotated[Path, typer.Argument(help="An .inr model file; - is standard input.", readable=False)]


def source(path: Path) -> str:
    """Return what an input is called in results and messages."""
    return "stdin" if path == STREAM else str(path)


def stem(path: Path) -> str:
    """Return what the outputs of an input are called first, where they are given no name."""
    return Path(source(path)).stem


def target(path: Path) -> str:
    """Return what an output is called in results and messages."""
    return "stdout" if path == STREAM else str(path)


def read_picture(path: Path, max_pixels: int) -> "Image":
    """Read a picture (see `inr.load_image`)."""
    from inr.imaging.reading import load_image, read_image

    if path == STREAM:
        return read_image(io.BytesIO(_stdin()), source(path), max_pixels=max_pixels)
    return load_image(path, max_pixels=max_pixels)


def read_model(path: Path) -> tuple["Model", bytes]:
    """Read a model (see `inr.load_model`), and return the bytes of its file too."""
    data = _stdin() if path == STREAM else None  # first: a terminal is refused at once
    from inr.codec.model_file import named_model, read_model_file

    data = read_model_file(path) if data is None else data
    return named_model(data, source(path)), data


def check_stdout(path: Path, *, json: bool) -> None:
    """Check, with the options, that a file may go to standard output, if that is where it goes.

    Raises:
        ConfigError: standard output is a terminal, or JSON goes there.
    """
    if path != STREAM:
        return
    if json:
        raise ConfigError("--json and --out - both write to standard output; give one of them.")
    if sys.stdout.isatty():
        raise ConfigError("--out - writes to standard output, and here that is a terminal; send it on by | or >.")


def refuse_stdout(path: Path) -> None:
    """Raise ConfigError where a command that writes more than one file, or a page, is given standard output."""
    if path == STREAM:
        raise ConfigError("--out - is for fit, render and pack alone; give --out a name.")


def check_stdin(*paths: Path | None) -> None:
    """Raise ConfigError where more than one input is standard input."""
    if paths.count(STREAM) > 1:
        raise ConfigError("- stands for standard input, which is one file; give the name of the other.")


def write(path: Path, data: bytes) -> None:
    """Write the bytes of a file, whole or not at all, or send them to standard output.

    Raises:
        InrError: they cannot be written.
        BrokenPipeError: who reads standard output has gone.
    """
    try:
        if path == STREAM:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        else:
            write_whole(path, data)
    except OSError as error:
        if path == STREAM:
            give_up_stdout()
        if isinstance(error, BrokenPipeError):
            raise
        raise InrError(f"{target(path)} cannot be written: {error.strerror or error}.") from error


def _stdin() -> bytes:
    if sys.stdin is None:  # closed from the start
        return b""
    if sys.stdin.isatty():
        raise ConfigError("- stands for standard input, and here that is a terminal; send a file into it by | or <.")
    try:
        return sys.stdin.buffer.read()
    except OSError as error:
        raise InrError(f"stdin cannot be read: {error.strerror or error}.") from error
