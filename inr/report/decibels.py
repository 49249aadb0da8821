"""A PSNR -> how pages and tables write it."""

from inr.analysis.metrics import EXACT_DB


def decibels(value: float | None) -> str:
    """Return a PSNR with two decimals; that of an exact copy in words; a dash for none."""
    return "-" if value is None else "exact" if value >= EXACT_DB else f"{value:.2f}"
