"""Cases -> runs, each kept on disk as soon as it is done, so that the same command goes on where it was ended."""

import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from inr.errors import InrError
from inr.experiments.runs import Case, Run, moment_from_json
from inr.experiments.training import do
from inr.files import check_place, write_whole
from inr.report.text import json_text
from inr.settings.config import DeviceName

_ARRAYS = ("view", "final")


class Store:
    """Runs on disk: a JSON file and a file of arrays each, named by what they are of and a hash of all that decides."""

    def __init__(self, folder: Path) -> None:
        """Make the folder.

        Raises:
            InrError: it cannot be written.
        """
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
            check_place(folder / "run.json")  # now, rather than after the first run
        except OSError as error:
            raise InrError(f"{folder} cannot be written: {error.strerror or error}; give another --out.") from error

    def runs(
        self, cases: Sequence[Case], *, device: DeviceName = "cpu", tell: Callable[[str, int, int], None] | None = None
    ) -> list[Run]:
        """Return a run of every case, as it is found on disk or done now.

        Args:
            cases: to run, in order.
            device: that trains.
            tell: told what runs, and how many updates of how many are done, of all cases.
        """
        total, before, runs = sum(case.steps for case in cases), 0, []
        for case in cases:
            what, base = f"{case.name}, {case.method}, seed {case.config.seed}", before

            def step(done: int, what: str = what, base: int = base) -> None:
                if tell is not None:
                    tell(what, base + done, total)

            step(0)
            runs.append(self._run(case, device, step))
            before += case.steps
        return runs

    def _run(self, case: Case, device: DeviceName, tell: Callable[[int], None]) -> Run:
        stem = re.sub(r"[^a-z0-9.=]+", "-", f"{case.name}-{case.method}-{case.config.seed}".lower()).strip("-")[:120]
        record = self._folder / f"{stem}-{case.key}.json"
        found = _read(record)
        if found is not None:
            return dataclasses.replace(found, case=case.name, method=case.method)
        part = record.with_suffix(".part.npz")
        run = do(case, device=device, tell=tell, part=part)
        arrays = io.BytesIO()
        np.savez_compressed(arrays, **{name: getattr(run, name) for name in _ARRAYS})
        try:
            write_whole(record.with_suffix(".npz"), arrays.getvalue())
            write_whole(record, (json_text(facts(run), indent=1) + "\n").encode())
            part.unlink(missing_ok=True)
        except OSError as error:
            raise InrError(f"{record} cannot be written: {error.strerror or error}.") from error
        return run


def facts(run: Run) -> dict[str, Any]:
    """Return a run as plain data, without its predictions."""
    fields = (each.name for each in dataclasses.fields(run) if each.name not in _ARRAYS)
    return {
        name: [dataclasses.asdict(each) for each in value] if name in ("curve", "grades") else value
        for name in fields
        for value in (getattr(run, name),)
    }


def _read(record: Path) -> Run | None:
    """Return the run of a record, or None if it is not there or not whole."""
    if not record.exists():
        return None
    try:
        data = json.loads(record.read_text(encoding="utf-8"))
        with np.load(record.with_suffix(".npz")) as arrays:
            kept: dict[str, Any] = {name: arrays[name] for name in _ARRAYS}
        moments: dict[str, Any] = {
            name: tuple(moment_from_json(each) for each in data.pop(name)) for name in ("curve", "grades")
        }
        return Run(**{**data, "rates": tuple(data["rates"])}, **moments, **kept)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile):
        return None
