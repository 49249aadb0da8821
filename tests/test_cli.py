"""What every command shares: quick start, help, README, exit codes."""

import re
import subprocess
import sys
import tomllib

import pytest
from helpers.commands import run
from helpers.pictures import README
from inr_cli.main import app

import inr

COMMANDS = [
    "fit", "render", "view", "info", "pack", "compare", "methods", "spectrum", "report", "batch", "upscale", "reproduce"
]  # fmt: skip


def test_help_and_version_do_not_import_torch():
    for argument in ("--help", "--version"):
        program = (
            "import sys\nfrom inr_cli.main import main\n"
            f"sys.argv = ['inr', '{argument}']\n"
            "try:\n    main()\nexcept SystemExit:\n    pass\n"
            "print([m for m in ('torch', 'numpy', 'kornia', 'matplotlib') if m in sys.modules])"
        )
        out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        assert out.splitlines()[-1] == "[]"


def test_commands_are_these():
    assert [c.callback.__name__ for c in app.registered_commands] == COMMANDS


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command):
    text = run(command, "--help").output
    options = [line.split()[0] for line in text.splitlines() if re.match(r"^  -", line)]
    assert options
    assert re.search(rf"^  Example: inr {command}|^  .*Example: inr {command}", text, re.M)
    for parameter in re.findall(r"^  (?:-\w, )?(--[\w-]+)(.*(?:\n {10,}.*)*)", text, re.M):
        assert len(parameter[1].split()) >= 2, f"{parameter[0]} has no help"


def test_version_is_one_fact():
    assert run("--version").output.strip() == f"inr {inr.__version__}"


def test_unknown_command_and_option_are_usage_errors():
    assert "No such command 'frobnicate'" in run("frobnicate", code=2).stderr
    assert "No such option: --frobnicate" in run("fit", "a.png", "--frobnicate", code=2).stderr
    assert "Invalid value for '--grades'" in run("fit", "a.png", "--grades", "many", code=2).output


def test_debug_shows_the_traceback(tmp_path):
    program = [sys.executable, "-c", "from inr_cli.main import main; main()", "info", str(tmp_path / "none.inr")]
    plain = subprocess.run(program, capture_output=True, text=True, check=False)
    assert plain.returncode == 1 and len(plain.stderr.splitlines()) == 1 and "Traceback" not in plain.stderr
    debug = subprocess.run([*program, "--debug"], capture_output=True, text=True, check=False)
    assert debug.returncode == 1 and "Traceback" in debug.stderr


def test_wheel_holds_the_two_packages_only():
    project = tomllib.loads((README.parent / "pyproject.toml").read_text())
    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["inr", "cli/inr_cli"]
