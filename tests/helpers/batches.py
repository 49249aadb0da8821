"""Running `inr batch` in processes of their own, to be killed, stopped and starved."""

import ctypes
import json
import os
import subprocess
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import psutil

import inr
from helpers.pictures import picture
from inr.batch.task import Outcome, Task
from inr.batch.worker import fit_one

TINY = ["--encoding", "none", "--grades", "1", "--depth", "1", "--width", "8", "--batch-size", "64"]
TINY += ["--precision", "float32", "--activation", "sine", "--threads", "1"]
QUICK = [*TINY, "--steps", "2"]
SLOW = [*TINY, "--steps", "250"]  # some tenths of a second each

_PROGRAM = [sys.executable, "-c", "from inr_cli.main import main; main()", "batch"]


class AtOnce:
    """An engine that fits a picture as it is given to it: a batch without the seconds that processes take to start."""

    sends_bytes = writes_files = far = False
    awaited = ""

    def __init__(self, jobs: int, *, timeout: float | None = None) -> None:
        pass

    def slots(self) -> int:
        return 1

    def submit(self, task: Task) -> "Future[Outcome]":
        done: Future[Outcome] = Future()
        done.set_result(fit_one(task))
        return done

    def tend(self) -> None:
        pass

    def close(self) -> None:
        pass


def make_pictures(folder: Path, count: int, *, side: int = 12) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"p{number:03}.png" for number in range(count)]
    for number, name in enumerate(names):
        inr.save_image(folder / name, picture(side, side + number % 3, seed=number))
    return names


def start(*arguments: object, **more) -> subprocess.Popen:
    return subprocess.Popen(
        [*_PROGRAM, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def finish(process: subprocess.Popen, *codes: int, timeout: float = 120) -> tuple[str, str]:
    stdout, stderr = process.communicate(timeout=timeout)
    assert process.returncode in (codes or (0,)), (process.returncode, stdout, stderr)
    assert "Traceback" not in stderr, stderr
    return stdout, stderr


def batch(*arguments: object, code: int = 0) -> dict:
    stdout, _ = finish(start(*arguments, "--json"), code)
    return json.loads(stdout)


def wait_for(condition, what: str, *, timeout: float = 60):
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"no {what} within {timeout} s")


def finished(out: Path) -> list[str]:
    """Names of the pictures whose row is in the manifest."""
    manifest = out / "batch.jsonl"
    lines = manifest.read_bytes().split(b"\n")[:-1] if manifest.exists() else []
    return [event["finished"]["image"] for event in map(json.loads, lines) if "finished" in event]


def wait_finished(out: Path, count: int) -> None:
    wait_for(lambda: len(finished(out)) >= count, f"{count} finished pictures in {out}")


def workers(process: subprocess.Popen) -> list[psutil.Process]:
    """The worker processes of a batch."""
    found = []
    for child in psutil.Process(process.pid).children():
        try:
            if any("spawn_main" in word for word in child.cmdline()):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


def files(out: Path) -> list[str]:
    return sorted(path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file())


def check_whole(out: Path, names: list[str]) -> None:
    """Every picture has its model, every model loads, and nothing else is there."""
    assert files(out) == sorted(
        [*(f"{name}.inr" for name in names), "batch.csv", "batch.json", "batch.jsonl", "report.html"]
    )
    assert not (out / ".inr-batch").exists()
    for name in names:
        inr.load_model(out / f"{name}.inr")


def models(out: Path) -> dict[str, bytes]:
    return {name: (out / name).read_bytes() for name in files(out) if name.endswith(".inr")}


def is_root() -> bool:
    return os.geteuid() == 0


def obey_modes() -> None:
    """Before a program starts: give up root's right to write where the mode forbids it (CAP_DAC_OVERRIDE)."""
    drop_from_bounding_set, override = 24, 1
    ctypes.CDLL(None).prctl(drop_from_bounding_set, override)
