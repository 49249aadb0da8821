"""Runs on one function -> sentences under their tables and figures: what is seen, and only of what is there."""

from collections.abc import Sequence

import numpy as np

from inr.experiments import frequency
from inr.experiments.figures import Array
from inr.experiments.runs import Run


def updates(runs: Sequence[Run]) -> str:
    """Say that each grade has as many updates as the single network of the same kind, of the methods where it is so.

    To stand behind another sentence: each of these begins with a space.
    """
    done = {run.method: [at.step for at in run.grades] for run in runs if run.grades}
    said = []
    for method, steps in done.items():
        other = method.replace("mgdl-b", "mgdl").replace("mgdl", "sgdl")
        single = done.get(other, [0])[-1]
        if len(steps) > 1 and steps == [single * grade for grade in range(1, len(steps) + 1)]:
            said.append(f" Each grade of {method} has as many updates as {other} in all, {single:,}, as in the paper.")
    return "".join(said)


def dotted(runs: Sequence[Run], grade: str = "a grade") -> str:
    """Say what dotted lines are in a figure of these runs; nothing where none has any."""
    return f"Dotted: {grade} ends." if any(len(run.grades) > 1 for run in runs) else ""


def heat_caption(runs: Sequence[Run], target: Array, bins: Sequence[int]) -> str:
    """Return the caption of heat maps by frequency: what is drawn, what the paper observes, and what is seen here."""
    several, single = (any(run.method.startswith(stem) for run in runs) for stem in ("mgdl", "sgdl"))
    steps = [(several, "each grade reaches higher than the one before"), (single, "one network stays low")]
    observed = [text for there, text in steps if there]
    said = (
        "First, how much of each frequency's amplitude the prediction has (1 is all), as the authors draw it; then the "
        "relative error of the complex amplitude, which also sees the phase (0 is exact). Looks lie closer where a "
        "grade begins.",
        dotted(runs),
        f"The paper observes that {', and '.join(observed)}." if observed else "",
        f"Here {'; '.join(_reached(run, target, bins) for run in runs)}." if runs else "",
    )
    return " ".join(text for text in said if text)


def spectrum_caption(runs: Sequence[Run]) -> str:
    """Return the caption of the spectra by grade: what the paper observes, and the middle of what is added here."""
    several = [run for run in runs if len(run.grades) > 1]
    if not several:
        return "Amplitudes |F| of what is drawn, and of the target (dots)."
    medians = []
    for run in several:
        power = np.cumsum(frequency.amplitude(added(run))[:, 1:] ** 2, axis=1)
        middle = 1 + (power >= power[:, -1:] / 2.0).argmax(axis=1)
        medians.append(f"{', '.join(str(k) for k in middle)} cycles (`{run.method}`)")
    return (
        "Amplitudes |F| of what each grade adds, and of the target (dots). The paper observes that grade 1 takes low "
        "frequencies, grade 2 middle ones, and later grades high ones. Here half of the power that the grades add lies "
        f"up to {'; '.join(medians)}."
    )


def added(run: Run) -> Array:
    """Return (L, n) values that each grade adds, of a run with one output."""
    return np.diff(run.final[:, :, 0].astype(np.float64), axis=0, prepend=0.0)


def _reached(run: Run, target: Array, bins: Sequence[int]) -> str:
    """Say at how many frequencies the error is below a half, after each grade."""
    good = frequency.complex_error(run.final[:, :, 0].astype(np.float64), target, bins) < 0.5
    counts = ", ".join(str(count) for count in good.sum(axis=1))
    highest = ", ".join(str(max(np.array(bins)[row], default=0)) for row in good)
    turn = " after each grade" if len(good) > 1 else ""
    return f"the error of `{run.method}` is below a half at {counts} of {len(bins)} frequencies{turn}, up to {highest}"
