"""Bytes and a path in -> a file that is there whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def whole_file(path: Path, stage: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it becomes `path`, otherwise it is gone.

    The temporary file keeps the suffix, because image libraries choose the format by it.
    It lies in `stage` if that is given, a folder of the same file system where a killed process's leavings are found.

    Raises:
        OSError: the folder cannot be written or the disk is full; `path` is then as it was.
    """
    handle, name = tempfile.mkstemp(prefix=".", suffix=path.suffix, dir=stage or path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        _sync(temporary)
        # mkstemp makes private files; give ours the mode any new file would have had.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def write_whole(path: Path, data: bytes, stage: Path | None = None) -> None:
    """Write `data` to `path`, whole or not at all (see `whole_file` for the errors)."""
    with whole_file(path, stage) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside `folder`; on a clean exit its files move into `folder`, otherwise they are gone.

    `folder` is made if need be, and removed again if nothing comes of it.

    Raises:
        OSError: the folder cannot be made or written, or the disk is full; its former files are then as they were.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix=".inr-", dir=folder) as name:
            yield Path(name)
            files = sorted(Path(name).iterdir())
            for file in files:
                _sync(file)
            for file in files:
                file.replace(folder / file.name)
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


def sync_folder(folder: Path) -> None:
    """Put on the disk which files a folder holds; not every system can, and none needs it but for a power cut."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
