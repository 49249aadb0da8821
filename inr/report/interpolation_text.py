"""Quality of classical interpolations -> rows of a table, and a sentence on a fit beside them."""

from inr.analysis.interpolation import best_interpolation
from inr.analysis.metrics import EXACT_DB, Quality
from inr.report.decibels import decibels


def interpolation_rows(found: dict[str, Quality]) -> list[str]:
    """Return the lines of the report's table of grades that hold interpolations instead."""
    lines = []
    for name, quality in found.items():
        cells = [name, decibels(quality.psnr_db), "", decibels(quality.psnr_unclipped_db)]
        cells += ["" if quality.ssim is None else f"{quality.ssim:.4f}", *[""] * 6]
        cells += [decibels(quality.train_psnr_db), decibels(quality.held_out_psnr_db)]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def against_interpolation(own_db: float, found: dict[str, Quality]) -> str:
    """Return how a network stands to the best interpolation on the held-out pixels, in a sentence.

    Args:
        own_db: PSNR of the network there.
        found: quality of each interpolation.
    """
    name, best = best_interpolation(found)
    gain = min(own_db, EXACT_DB) - min(best, EXACT_DB)
    if gain < 0.0:
        return (
            f"On held-out pixels {name} interpolation of the training pixels is better by {-gain:.2f} dB: "
            f"{decibels(best)} dB, this network {decibels(own_db)} dB."
        )
    return f"On held-out pixels {gain:.2f} dB above {name}, the best interpolation of the training pixels."
