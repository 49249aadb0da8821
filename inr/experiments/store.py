"""Cases -> runs, each kept on disk as soon as it is done, so that the same command goes on where it was ended."""

import contextlib
import dataclasses
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from inr.batch.task import Engine
from inr.errors import InrError
from inr.experiments.runs import Case, Run, moment_from_json
from inr.experiments.training import do
from inr.experiments.workers import Training, train_beside
from inr.files import check_place, made_folder, write_whole
from inr.report.text import json_text
from inr.settings.config import DeviceName

_ARRAYS = ("view", "final")


class Store:
    """Runs on disk: a JSON file and a file of arrays each, named by what they are of and a hash of all that decides."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def runs(
        self,
        cases: Sequence[Case],
        *,
        device: DeviceName = "cpu",
        tell: Callable[[str, int, int], None] | None = None,
        engine: Engine | None = None,
        threads: int | None = None,
    ) -> list[Run]:
        """Return a run of every case, as it is found on disk or done now.

        The folder is made, and gone again if nothing comes of it.

        Args:
            cases: to run, in order.
            device: that trains.
            tell: told what runs, and how many updates of how many are done, of all cases that were not found.
            engine: carries several trainings at a time to workers; None trains one after another here.
            threads: of the processor, of one training on an engine.

        Raises:
            InrError: the folder cannot be written, or see `train_beside`.
        """
        places = [self._place(case) for case in cases]
        with self._made():
            found = {place: _read(place) for place in places}
            left = {place: case for place, case in zip(places, cases, strict=True) if found[place] is None}
            for place, run in self._done(left, device, tell or (lambda *_: None), engine, threads):
                self._keep(place, run)
                found[place] = run
        pairs = zip(cases, (found[place] for place in places), strict=True)
        return [dataclasses.replace(run, case=case.name, method=case.method) for case, run in pairs if run is not None]

    def kept(self, cases: Sequence[Case]) -> tuple[int, int]:
        """Return how many of these cases are done, and of how many more the training is kept on its way."""
        done = [self._place(case).exists() for case in cases]
        begun = [_part(self._place(case)).exists() for case in cases]
        return sum(done), sum(part and not whole for part, whole in zip(begun, done, strict=True))

    @contextlib.contextmanager
    def _made(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            try:
                stack.enter_context(made_folder(self._folder))
                check_place(self._folder / "run.json")  # now, rather than after the first run
            except OSError as error:
                why = error.strerror or error
                raise InrError(f"{self._folder} cannot be written: {why}; give another --out.") from error
            yield

    @staticmethod
    def _done(
        cases: Mapping[Path, Case],
        device: DeviceName,
        tell: Callable[[str, int, int], None],
        engine: Engine | None,
        threads: int | None,
    ) -> Iterator[tuple[Path, Run]]:
        """Yield the place and the run of each of these cases as soon as it is done."""
        total, done = sum(case.steps for case in cases.values()), 0
        if engine is None:
            for place, case in cases.items():
                tell(case.title, done, total)
                yield (
                    place,
                    do(case, device=device, tell=partial(_step, tell, case.title, done, total), part=_part(place)),
                )
                done += case.steps
            return
        # A worker of a cluster does not see this folder.
        trainings = {
            place: Training(
                case=case, device=device, threads=threads, part=None if engine.sends_bytes else _part(place.absolute())
            )
            for place, case in cases.items()
        }
        yield from train_beside(trainings, engine, lambda what, done: tell(what, done, total))

    def _place(self, case: Case) -> Path:
        stem = re.sub(r"[^a-z0-9.=]+", "-", f"{case.name}-{case.method}-{case.config.seed}".lower()).strip("-")[:120]
        return self._folder / f"{stem}-{case.key}.json"

    @staticmethod
    def _keep(record: Path, run: Run) -> None:
        arrays = io.BytesIO()
        np.savez_compressed(arrays, **{name: getattr(run, name) for name in _ARRAYS})
        try:
            write_whole(record.with_suffix(".npz"), arrays.getvalue())
            write_whole(record, (json_text(facts(run), indent=1) + "\n").encode())
            _part(record).unlink(missing_ok=True)
        except OSError as error:
            raise InrError(f"{record} cannot be written: {error.strerror or error}.") from error


def _part(record: Path) -> Path:
    return record.with_suffix(".part.npz")


def _step(tell: Callable[[str, int, int], None], what: str, before: int, total: int, done: int) -> None:
    tell(what, before + done, total)


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
