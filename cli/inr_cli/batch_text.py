"""A batch, running or finished -> what a person reads of it on the terminal."""

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

from inr.report.text import printable
from inr_cli.options import TELL_EVERY
from inr_cli.process import talk

if TYPE_CHECKING:
    from inr.batch.loop import BatchProgress
    from inr.batch.rows import Batch

_SHOWN_FAILURES = 20


def batch_text(batch: "Batch") -> str:
    """Return counts, the lowest PSNR and the failures."""
    summary = batch.summary()
    bpp = "-" if summary.bpp is None else f"{summary.bpp:.2f}"
    lines = [
        f"{'pictures':>8}  {'done':>6}  {'failed':>6}  {'new':>6}  {'mean dB':>7}  {'median dB':>9}  "
        f"{'bits per pixel':>14}  {'bytes':>13}  {'seconds':>8}",
        f"{summary.pictures:>8}  {summary.done:>6}  {summary.failed:>6}  {len(batch.rows) - batch.kept:>6}  "
        f"{_decibels(summary.mean_psnr_db):>7}  {_decibels(summary.median_psnr_db):>9}  {bpp:>14}  "
        f"{summary.bytes:>13,}  {batch.seconds:>8.1f}",
    ]
    if summary.worst:
        by_name = {row.image: row for row in batch.rows}
        lines += ["", "Lowest PSNR, dB:"]
        lines += [f"{_decibels(by_name[name].psnr_db[-1]):>9}  {printable(name)}" for name in summary.worst]
    if batch.untried:
        lines += [
            "",
            f"Not tried yet: {batch.untried}; --retry-failed passes them over, the command without it does them.",
        ]
    failures = [row for row in batch.rows if row.status == "failed"]
    if failures:
        lines += ["", "Failed:"]
        lines += [f"  {printable(f'{row.image}: {row.error}')}" for row in failures[:_SHOWN_FAILURES]]
        more = len(failures) - _SHOWN_FAILURES
        lines += [f"  and {more} more."] if more > 0 else []
    return "\n".join(lines)


def _decibels(value: float | None) -> str:
    return "-" if value is None else "exact" if math.isinf(value) else f"{value:.2f}"


class Bar:
    """Progress on stderr: a bar if that is a terminal, with what each worker has in hand; else a line now and then."""

    def __init__(self, quiet: bool) -> None:
        from tqdm import tqdm

        self._bar = tqdm(disable=True if quiet else None, unit="picture", leave=False, dynamic_ncols=True)
        self._quiet, self._told = quiet, time.monotonic()
        self._last: BatchProgress | None = None
        self._awaited = ""

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Take the bar away."""
        self._bar.close()

    def show(self, progress: "BatchProgress") -> None:
        """Move the bar to where the batch stands."""
        self._last = progress
        if progress.awaited and not self._awaited:
            self._bar.clear()
            talk(f"Warning: the cluster has no {progress.awaited}; waiting for one.")
        self._awaited = progress.awaited
        if self._bar.disable:
            if not self._quiet and time.monotonic() - self._told > TELL_EVERY:
                self._told = time.monotonic()
                talk(f"{self.stand()}; {progress.failed} failed.")
            return
        self._bar.total, self._bar.n = progress.total, progress.done + progress.failed + progress.untried
        hand = ", ".join(f"{printable(Path(name).name)} {seconds:.0f} s" for name, seconds in progress.running[:4])
        failed = f"{progress.failed} failed; " if progress.failed else ""
        self._bar.set_postfix_str(failed + hand, refresh=False)
        self._bar.update(0)

    def stand(self) -> str:
        """Return in words how far the batch is."""
        if self._last is None:
            return "nothing was begun"
        return f"{self._last.done} of {self._last.total} pictures are done and kept"
