"""The output folder of a batch: one run at a time, what was done line by line, files whole or absent."""

import contextlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from inr.batch.rows import Row, row_from_data, row_to_data
from inr.errors import InrError
from inr.files import check_place, lock, sync, sync_folder, write_whole
from inr.report.html import NAME
from inr.report.text import json_text

MANIFEST = "batch.jsonl"
TABLES = ("batch.json", "batch.csv")
_STAGE = ".inr-batch"
_FIRST = {"inr": "batch", "schema": 1}


class Manifest:
    """What was done in an output folder: JSON lines, only ever appended, each on the disk before the next.

    The first line names the schema. `{"started": [names]}` claims the files a picture may write, `{"finished": row}`
    is its row; the last row of a picture counts. Only the last line can be torn; it is cut off on the next opening.

    Attributes:
        rows: by the picture's name.
        claimed: files that are this batch's own to replace.
    """

    def __init__(self, handle: int, path: Path) -> None:
        self.rows: dict[str, Row] = {}
        self.claimed: set[str] = set()
        self._handle, self._path = handle, path
        data = path.read_bytes()
        self._size = data.rfind(b"\n") + 1
        lines = data[: self._size].splitlines()
        for number, line in enumerate(lines, start=1):
            try:
                self._take(json.loads(line), number)
            except (ValueError, TypeError, KeyError) as error:
                if number == 1:
                    raise InrError(f"{path} is not the manifest of a batch; move it, or give another --out.") from error
                if number == len(lines):  # torn inside: a power cut may keep its end and lose its beginning
                    self._size -= len(line) + 1
                    break
                raise InrError(
                    f"{path}: line {number} is damaged; take that line out, and its picture is done again."
                ) from error
        if self._size < len(data):
            os.ftruncate(handle, self._size)
        if not lines:
            self._append(_FIRST)
            sync_folder(path.parent)

    def start(self, files: Iterable[str]) -> None:
        """Claim the files that a picture may write."""
        new = [name for name in files if name not in self.claimed]
        if new:
            self._append({"started": new})
            self.claimed.update(new)

    def finish(self, row: Row) -> None:
        """Write down what became of a picture."""
        self._append({"finished": row_to_data(row)})
        self.rows[row.image] = row

    def _take(self, event: Any, number: int) -> None:
        match event:
            case {"schema": schema} if number == 1:
                if event != _FIRST:
                    raise InrError(f"{self._path} has schema {schema!r}; this program knows {_FIRST['schema']}.")
            case {"started": list(files)} if number > 1:
                self.claimed.update(files)
            case {"finished": dict(data)} if number > 1:
                row = row_from_data(data)
                self.rows[row.image] = row
            case _:
                raise ValueError(event)

    def _append(self, event: dict[str, Any]) -> None:
        line = json_text(event, indent=None).encode() + b"\n"
        try:
            if os.pwrite(self._handle, line, self._size) < len(line):
                raise OSError(28, "No space left on device")  # ENOSPC: a short write says so by its length alone
            sync(self._handle)
        except OSError as error:
            with contextlib.suppress(OSError):
                os.ftruncate(self._handle, self._size)
            raise unwritable(self._path, error) from error
        self._size += len(line)


@contextlib.contextmanager
def opened(out: Path, *, without_lock: bool = False) -> Iterator[tuple[Manifest, Path]]:
    """Hold an output folder for one run; yield its manifest and an empty folder for files in the making.

    The lock is the system's own, on the manifest: it goes with the process, however that ends.

    Args:
        out: made if need be.
        without_lock: go on where the file system has no locks.

    Raises:
        InrError: another run holds it, it has no locks, or it cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise InrError(f"{out} is a file; --out takes a folder.")
    stages = out / _STAGE
    with contextlib.ExitStack() as stack:
        try:
            out.mkdir(parents=True, exist_ok=True)
            handle = os.open(out / MANIFEST, os.O_RDWR | os.O_CREAT, 0o666)
            stack.callback(os.close, handle)
            if not lock(handle) and not without_lock:
                if not os.fstat(handle).st_size:
                    (out / MANIFEST).unlink()
                raise InrError(
                    f"{out}: its file system has no locks, so a second run on the same folder would not be kept away; "
                    "give --no-lock if you start none, or another --out."
                )
            shutil.rmtree(stages, ignore_errors=True)  # what a killed run left
            stages.mkdir(exist_ok=True)
            # A name of its own for each run: a fit that a cluster could not stop then finds its folder gone, and cannot
            # put its file in the place of a later one's.
            stage = Path(tempfile.mkdtemp(dir=stages))
            with contextlib.suppress(OSError):  # for workers of other users, where modes can be changed
                stage.chmod(0o777)
        except BlockingIOError:
            raise InrError(
                f"{out} is in use by another `inr batch`; wait for its end, or give another --out."
            ) from None
        except OSError as error:
            raise unwritable(out, error) from error
        stack.callback(shutil.rmtree, stages, ignore_errors=True)
        yield Manifest(handle, out / MANIFEST), stage


def claim_tables(manifest: Manifest, out: Path, *, overwrite: bool) -> None:
    """Make the tables of all rows, and their page, this batch's own.

    Raises:
        InrError: there are some already that are not, or they cannot be written.
    """
    for name in (*TABLES, NAME):
        try:
            check_place(out / name)
        except OSError as error:
            raise unwritable(out / name, error) from error
        if not overwrite and name not in manifest.claimed and (out / name).exists():
            raise InrError(f"{out / name} is there already and not of this batch; move it, or give --overwrite.")
    manifest.start((*TABLES, NAME))


def check_folders(manifest: Manifest, out: Path, names: Iterable[str]) -> None:
    """Check that the folders of pictures without a model can be written, as far as they are there already.

    Raises:
        InrError: one cannot.
    """
    missing = (name for name in names if name not in manifest.rows or manifest.rows[name].status != "done")
    folders = {out.joinpath(name).parent for name in missing}
    for folder in sorted({next(path for path in (f, *f.parents) if path.exists()) for f in folders} - {out}):
        if folder.is_dir():  # a file in the place of a folder costs the rows of its pictures
            try:
                check_place(folder / MANIFEST)
            except OSError as error:
                raise unwritable(folder, error) from error


def publish(out: Path, stage: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write files, by their names below `out`, each whole or not at all.

    Raises:
        InrError: one cannot be written.
    """
    for name, data in files:
        path = out / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data, stage)
        except OSError as error:
            raise unwritable(path, error) from error


def unwritable(path: Path, error: OSError) -> InrError:
    """Return the error for a place that cannot be written: it ends a run, because every later picture would meet it."""
    return InrError(
        f"{path} cannot be written: {error.strerror or error}. What was done is kept; "
        "once that is mended the same command goes on."
    )
