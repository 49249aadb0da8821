"""`inr`: the commands in one application. Imports neither torch nor the library's heavy parts."""

import sys
from typing import Annotated

import typer

from inr import __version__
from inr_cli.batch import batch
from inr_cli.compare import compare
from inr_cli.denoise import denoise
from inr_cli.fit import fit
from inr_cli.info import info
from inr_cli.inpaint import inpaint
from inr_cli.methods import methods
from inr_cli.pack import pack
from inr_cli.process import bound_threads, give_up_stdout, open_streams, talk
from inr_cli.render import render
from inr_cli.report import report
from inr_cli.reproduce import reproduce
from inr_cli.spectrum import spectrum
from inr_cli.upscale import upscale
from inr_cli.usage import Command, Commands
from inr_cli.view import view

app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
for _each in (
    fit, render, view, upscale, inpaint, denoise, info, pack, compare, methods, spectrum, report, batch, reproduce,
):  # fmt: skip
    app.command(cls=Command)(_each)


def _version(value: bool) -> None:
    if value:
        typer.echo(f"inr {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Turn an image into a small coordinate network, grade by grade, and back into pixels at any size."""


def main() -> None:
    """Run the command line."""
    open_streams()
    bound_threads()
    try:
        app()
    except OSError as error:  # what the commands do not print themselves: help, the version, usage
        give_up_stdout()
        talk(f"Error: this text cannot be printed: {error.strerror or error}.")
        sys.exit(getattr(error.__context__, "exit_code", 1))  # wrong usage has one, though stderr took none of the text


if __name__ == "__main__":
    main()
