"""Commands run in this process, and the options that keep their fits small."""

import json
from pathlib import Path

from inr_cli.main import app
from typer.testing import CliRunner

WAVES = ["--encoding", "fourier", "--frequencies", "8", "--sigma", "3"]
SMALL = [*WAVES, "--width", "16", "--steps", "10", "--batch-size", "64"]


def run(*arguments: object, code: int = 0):
    """Run a command line and return what it printed; it must end with this exit code."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    assert result.exit_code == code, (result.output, result.exception)
    return result


def told(*arguments: object, code: int = 0):
    """Run a command line with --json and return what it printed, as data."""
    return json.loads(run(*arguments, "--json", code=code).stdout)


def names(folder: Path) -> list[str]:
    """What lies in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())
