"""A folder and settings -> a model and a row for each picture: `run_batch`, the whole of it."""

import contextlib
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from inr.batch.html import batch_html
from inr.batch.inputs import find_pictures
from inr.batch.loop import BatchProgress, Loop
from inr.batch.output import TABLES, check_folders, claim_tables, opened, publish
from inr.batch.plan import Plan
from inr.batch.rows import Batch, Row
from inr.batch.task import Engine, Settings
from inr.report.html import NAME


def run_batch(
    folder: Path,
    out: Path,
    settings: Settings,
    engine: Engine,
    *,
    recursive: bool = False,
    retry_failed: bool = False,
    overwrite: bool = False,
    without_lock: bool = False,
    command: str | None = None,
    progress: Callable[[BatchProgress], None] | None = None,
) -> Batch:
    """Fit every picture of a folder that is not finished yet; `out` mirrors the folder.

    A picture is finished when its row in the manifest has its content, this configuration and files that are there,
    or says that it failed. One picture's failure costs its row; an output that cannot be written ends the run.

    Args:
        folder: of the pictures.
        out: for the models, the manifest and the tables of all rows.
        settings: of the fits.
        engine: where they run; closed at the end.
        recursive: take the pictures of sub-folders too.
        retry_failed: do those that failed, and only those.
        overwrite: replace files that no earlier run of this batch has written.
        without_lock: go on where the file system of `out` has no locks; nothing keeps a second run away then.
        command: that a person typed; the tables show it.
        progress: called now and then.

    Raises:
        InrError: no pictures, an output that cannot be written, is in use or holds the tables of others, or a cluster
            that is gone.
        KeyboardInterrupt: after writing the tables of what is done.
    """
    start = time.monotonic()
    with contextlib.ExitStack() as stack:
        stack.callback(engine.close)
        names = find_pictures(folder, recursive=recursive, leave_out=out)
        manifest, stage = stack.enter_context(opened(out, without_lock=without_lock))
        if folder.resolve() == out.resolve():
            names = [name for name in names if name not in manifest.claimed]  # grade pictures of an earlier run
        plan = Plan(
            folder=folder.absolute(),
            out=out.absolute(),
            stage=stage.absolute(),
            settings=settings,
            manifest=manifest,
            retry_failed=retry_failed,
            overwrite=overwrite,
            sends_bytes=engine.sends_bytes,
            writes_files=engine.writes_files,
        )
        claim_tables(manifest, out, overwrite=overwrite)
        check_folders(manifest, out, names)
        loop = Loop(plan, engine)

        def made(known: Mapping[str, Row]) -> Batch:
            rows = tuple(known[name] for name in names if name in known)
            return Batch(
                config=settings.config,
                rows=rows,
                untried=len(names) - len(rows),
                kept=loop.kept,
                seconds=time.monotonic() - start,
                folder=str(folder),
                command=command,
            )

        try:
            loop.go(names, progress or (lambda _: None))
        except KeyboardInterrupt:
            known = {**manifest.rows, **loop.rows}  # what is on the disk, be it of another configuration
            batch = made(known)
            if batch.rows:
                _tables(out, stage, batch)
            raise
        batch = made(loop.rows)
        _tables(out, stage, batch)
    return batch


def _tables(out: Path, stage: Path, batch: Batch) -> None:
    """Write the tables of all rows, and the page of them."""
    text = batch.to_json()
    # Names of files may hold any bytes, tables may not.
    texts = zip(TABLES, (text, batch.to_csv()), strict=True)
    tables = [(name, each.encode(errors="backslashreplace")) for name, each in texts]
    publish(out, stage, [*tables, (NAME, batch_html(text, Path(batch.folder)))])
