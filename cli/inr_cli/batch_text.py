"""A finished batch -> what a person reads of it on the terminal."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
        lines += [f"{_decibels(by_name[name].psnr_db[-1]):>9}  {_printable(name)}" for name in summary.worst]
    failures = [row for row in batch.rows if row.status == "failed"]
    if failures:
        lines += ["", "Failed:"]
        lines += [f"  {_printable(f'{row.image}: {row.error}')}" for row in failures[:_SHOWN_FAILURES]]
        more = len(failures) - _SHOWN_FAILURES
        lines += [f"  and {more} more."] if more > 0 else []
    return "\n".join(lines)


def _printable(text: str) -> str:
    """Return text without what a terminal could take amiss: names of files may hold any bytes."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def _decibels(value: float | None) -> str:
    return "-" if value is None else "exact" if math.isinf(value) else f"{value:.2f}"
