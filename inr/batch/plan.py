"""A picture's name and what is known of it -> a task, a row of failure, or the row it has already."""

import dataclasses
import hashlib
import json
import stat
from dataclasses import dataclass
from pathlib import Path

from inr.batch.output import Manifest
from inr.batch.rows import Row
from inr.batch.task import Settings, Task


@dataclass(frozen=True, kw_only=True)
class Kept:
    """Nothing is to be done for a picture: its row of an earlier run, or None where it was not asked for."""

    row: Row | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked of a run.

    Attributes:
        folder: of the pictures.
        out: folder of the outputs.
        stage: folder for files in the making.
        settings: of the fits.
        manifest: what was done.
        retry_failed: do those that failed, and only those.
        overwrite: replace files that no earlier run of this batch has written.
        sends_bytes: see `inr.batch.task.Engine`.
        writes_files: likewise.
    """

    folder: Path
    out: Path
    stage: Path
    settings: Settings
    manifest: Manifest
    retry_failed: bool
    overwrite: bool
    sends_bytes: bool
    writes_files: bool

    def key(self) -> str:
        """Return the SHA-256 of all that decides what a fit computes."""
        text = json.dumps(dataclasses.asdict(self.settings.config), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()

    def decide(self, name: str, key: str) -> Task | Row | Kept:
        """Say what is to be done for a picture; its content is read, because a date may lie.

        Args:
            name: of the picture.
            key: that of `Plan.key`.
        """
        row = self.manifest.rows.get(name)
        if self.retry_failed and (row is None or row.status == "done"):
            return Kept(row=row if row is not None and row.config == key else None)
        path = self.folder / name
        try:
            with path.open("rb") as file:
                sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                file.seek(0)
                data = file.read() if self.sends_bytes else None
        except OSError as error:
            return Row(image=name, status="failed", error=f"{path} cannot be read: {error.strerror}.")
        if row is not None and (row.sha256, row.config) == (sha256, key):
            settled = not self.retry_failed if row.status == "failed" else self._is_there(row)
            if settled:
                return Kept(row=row)
        task = Task(
            image=name,
            path=path,
            data=data,
            sha256=sha256,
            key=key,
            settings=self.settings,
            publish_to=(self.out, self.stage) if self.writes_files else None,
        )
        for file_name in task.file_names():
            fault = self._in_the_way(file_name)
            if fault is not None:
                return task.failed(fault, content=False)
        return task

    def _in_the_way(self, name: str) -> str | None:
        """Return why a file below the output folder cannot be written, as far as its name tells."""
        path = self.out / name
        try:
            kind = path.stat().st_mode
        except FileNotFoundError:
            return None
        except OSError as error:  # a name too long, a file where a folder should be
            return f"{path} cannot be written: {error.strerror}."
        if not stat.S_ISREG(kind):
            return f"{path} is a folder or a device; move it."
        if not self.overwrite and name not in self.manifest.claimed:
            return f"{path} is there already and not of this batch; --overwrite replaces it."
        return None

    def _is_there(self, row: Row) -> bool:
        """Say whether a finished picture has all files that are asked for; a model's size tells a damaged one."""
        paths = [self.out / name for name in row.files]
        if self.settings.export_grades and len(paths) < 2:
            return False
        paths = paths if self.settings.export_grades else paths[:1]
        return all(path.is_file() for path in paths) and paths[0].stat().st_size == row.bytes
