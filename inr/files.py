"""Bytes and a path in -> a file that is there whole or not at all.

What is made on the way is called `.inr-` and eight letters, and is locked as long as its maker lives. So what a killed
run left behind can be told from what a live run needs; the next run in the same folder removes it.
"""

import contextlib
import errno
import os
import re
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows: nothing is locked, so nothing is ever taken for left behind
    fcntl = None  # type: ignore[assignment]

_MARK = ".inr-"
_TEMPORARY = ".inr-tmp-"
_MARKED = re.compile(r"\.inr-(tmp-)?[a-z0-9_]{8}(\..*)?", re.DOTALL)
_LOST = (errno.EIO, errno.ENOSPC, errno.EDQUOT)
"""Errors of fsync that tell of data that did not arrive; any other says that there is no fsync here."""


@contextlib.contextmanager
def whole_file(path: Path, stage: Path | None = None) -> Iterator[Path]:
    """Yield a temporary path beside `path`; on a clean exit it becomes `path`, otherwise it is gone.

    The temporary file keeps the suffix, because image libraries choose the format by it.
    It lies in `stage` if that is given, a folder of the same file system. Where `path` is a link, the link stays, and
    what it points to is written.

    Raises:
        OSError: the folder cannot be written or the disk is full; `path` is then as it was.
    """
    path = Path(os.path.realpath(path))
    with _marked_file(stage or path.parent, path.suffix[:16]) as temporary:
        yield temporary
        with temporary.open("rb+") as file:
            sync(file.fileno())
        # mkstemp makes private files; give ours the mode any new file would have had, where modes can be changed.
        mask = os.umask(0)
        os.umask(mask)
        with contextlib.suppress(OSError):
            temporary.chmod(0o666 & ~mask)
        temporary.replace(path)
        sync_folder(path.parent)


def write_whole(path: Path, data: bytes, stage: Path | None = None) -> None:
    """Write `data` to `path`, whole or not at all (see `whole_file` for the errors)."""
    with whole_file(path, stage) as temporary:
        temporary.write_bytes(data)


@contextlib.contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder inside `folder`; on a clean exit its files move into `folder`, otherwise they are gone.

    `folder` is made if need be, and removed again if nothing comes of it. All files are on the disk before the first
    one moves. They move one by one, in the order of their names: a power cut in that moment leaves some of them new and
    some as they were, each of them whole.

    Raises:
        OSError: the folder cannot be made or written, another run is writing to it, or the disk is full; its former
            files are then as they were.
    """
    folder = Path(os.path.realpath(folder))
    with made_folder(folder):
        if sweep(folder):
            raise BlockingIOError(errno.EBUSY, "another run is writing to it; wait for its end")
        with _marked_folder(folder, _MARK) as stage:
            yield stage
            files = sorted(stage.iterdir())
            for path in files:
                with path.open("rb+") as file:
                    sync(file.fileno())
            for path in files:
                path.replace(folder / path.name)
    sync_folder(folder)


@contextlib.contextmanager
def made_folder(folder: Path) -> Iterator[None]:
    """Make a folder and those above it, as far as they are missing; after an error the empty ones are gone again.

    Raises:
        OSError: it cannot be made.
    """
    made = [path for path in (folder, *folder.parents) if not path.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            for path in made:
                path.rmdir()
        raise


@contextlib.contextmanager
def temporary_folder(near: Path) -> Iterator[Path]:
    """Yield an empty folder, gone afterwards, in the first of `near` and the folders above it that is there.

    Raises:
        OSError: it cannot be made.
    """
    place = next(path for path in (near.absolute(), *near.absolute().parents) if path.is_dir())
    sweep(place)
    with _marked_folder(place, _TEMPORARY) as folder:
        yield folder


def check_place(path: Path) -> None:
    """Check that a file can be written to `path`, before the work of making it; and remove what killed runs left there.

    Raises:
        OSError: a name that is too long or not allowed, a folder or a device in its place, a folder that is not there
            or cannot be written, or a full disk.
    """
    path = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder")
        if not stat.S_ISREG(mode):
            raise OSError(errno.EINVAL, "it is no regular file")
    sweep(path.parent)
    with tempfile.TemporaryFile(dir=path.parent) as file:
        file.write(bytes(4096))


def sweep(folder: Path) -> bool:
    """Remove what killed runs left in a folder. Return whether a live run has a folder in the making there."""
    live = False
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in [entry for entry in entries if _MARKED.fullmatch(entry.name)]:
            is_folder = entry.is_dir(follow_symlinks=False)
            if not is_folder and not entry.is_file(follow_symlinks=False):
                continue
            with contextlib.suppress(OSError):
                handle = os.open(entry.path, os.O_RDONLY)
                try:
                    if lock(handle):
                        _remove(Path(entry.path))
                except BlockingIOError:
                    live = live or (is_folder and not entry.name.startswith(_TEMPORARY))
                finally:
                    os.close(handle)
    return live


def lock(handle: int, *, wait: bool = False) -> bool:
    """Lock an open file or folder for this process alone, until it is closed. Return whether there are locks here.

    Raises:
        BlockingIOError: another process holds it, and `wait` is not given.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        raise
    except OSError:  # a file system without locks: some network shares, FUSE, clusters
        return False
    return True


def sync(handle: int) -> None:
    """Wait until an open file is on the disk, where a file system can be asked that; it matters in a power cut.

    Raises:
        OSError: what was written is lost, as the disk is full or broken.
    """
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno in _LOST:
            raise


def sync_folder(folder: Path) -> None:
    """Put on the disk which files a folder holds; not every system can, and none needs it but for a power cut."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _marked_file(folder: Path, suffix: str) -> contextlib.AbstractContextManager[Path]:
    def make() -> Path:
        handle, name = tempfile.mkstemp(prefix=_MARK, suffix=suffix, dir=folder)
        os.close(handle)
        return Path(name)

    return _marked(make)


def _marked_folder(folder: Path, mark: str) -> contextlib.AbstractContextManager[Path]:
    return _marked(lambda: Path(tempfile.mkdtemp(prefix=mark, dir=folder)))


@contextlib.contextmanager
def _marked(make: Callable[[], Path]) -> Iterator[Path]:
    """Yield a new file or folder, locked; it is gone afterwards, if it is still there."""
    while True:
        path = make()
        with contextlib.ExitStack() as stack:
            stack.callback(_remove, path)
            if fcntl is not None:
                handle = os.open(path, os.O_RDONLY)
                stack.callback(os.close, handle)
                lock(handle, wait=True)
                if not path.exists():  # another run took it for left behind, in the moment before it was locked
                    continue
            yield path
            return


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
