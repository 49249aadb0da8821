"""All demonstrations of the frequency principle, or one of them -> trainings, and a page that says what they show."""

from collections.abc import Sequence

from inr.errors import ConfigError
from inr.experiments.figures import Figure
from inr.experiments.frequency_principle.activations import ACTIVATIONS
from inr.experiments.frequency_principle.camera import CAMERA
from inr.experiments.frequency_principle.columns import COLUMNS, DEFAULT
from inr.experiments.frequency_principle.demo import Demo, Finding
from inr.experiments.frequency_principle.noise import NOISE
from inr.experiments.frequency_principle.parity import PARITY
from inr.experiments.frequency_principle.projection import FILTER, PROJECTION
from inr.experiments.frequency_principle.sines import SINES, STAIRCASE
from inr.experiments.frequency_principle.sweeps import AMPLITUDES, FREQUENCIES
from inr.experiments.page import Page, Table
from inr.experiments.runs import Case, Run
from inr.experiments.wishes import Wishes

DEMOS = {
    demo.name: demo
    for demo in (
        SINES, STAIRCASE, NOISE, AMPLITUDES, FREQUENCIES, ACTIVATIONS, COLUMNS, CAMERA, PROJECTION, FILTER, PARITY
    )
}  # fmt: skip
"""By name, in the order of the page."""
_PICTURE, _DATA = (COLUMNS, CAMERA), (PROJECTION, FILTER)
"""Those that need a picture, and those with a use for `--data`."""


def chosen(wishes: Wishes) -> tuple[Demo, ...]:
    """Return the demonstration that is asked for, or all for which there is a picture if they need one.

    Raises:
        ConfigError: it has no use for a picture or data that is given.
    """
    if wishes.demo is None:
        return tuple(demo for demo in DEMOS.values() if not _lacks_picture(demo, wishes))
    demo = DEMOS[wishes.demo]
    for name, given, users in (("image", wishes.image, _PICTURE), ("data", wishes.data, _DATA)):
        if given is not None and demo not in users:
            used = " and ".join(user.name for user in users)
            raise ConfigError(f"--{name} is given, but demonstration '{demo.name}' has no use for it; {used} have.")
    return (demo,)


def _lacks_picture(demo: Demo, wishes: Wishes) -> bool:
    return demo in _PICTURE and wishes.image is None and not DEFAULT.exists()


def cases(wishes: Wishes) -> list[Case]:
    """Return the trainings of the demonstrations that are asked for."""
    return [case for demo in chosen(wishes) for case in demo.cases(wishes)]


def page(wishes: Wishes, runs: Sequence[Run]) -> Page:
    """Return what the demonstrations show."""
    parts: list[Table | Figure | str] = []
    rows, begin = [], 0
    demos = chosen(wishes)
    for demo in demos:
        count = len(demo.cases(wishes))
        finding = _finding(demo, wishes, runs[begin : begin + count])
        begin += count
        shown = "yes" if finding.holds else "no"
        rows.append((demo.name, demo.claim, shown, finding.measured))
        verdict = "It is shown" if finding.holds else "**It is not shown**"
        parts += [f"## {demo.title}", f"The claim: {demo.claim}", f"{verdict}. Measured: {finding.measured}"]
        parts += finding.parts
    if wishes.demo is None:
        left_out = [demo for demo in DEMOS.values() if demo not in demos]
        reason = f"there is no {DEFAULT} here; give a picture with --image FILE."
        rows += [(demo.name, demo.claim, "left out", reason) for demo in left_out]
    table = Table(
        name="verdicts",
        title="What the demonstrations show",
        columns=("demonstration", "claim", "shown", "measured"),
        rows=tuple(rows),
        note="A frequency counts as learned once its relative error stays below 10 % for ten looks in a row, unless "
        "the demonstration says otherwise. Low ones come first if two or more are learned and Kendall's tau of "
        "frequency and time is 0.8 or more, where those never learned count as learned last.",
    )
    return Page(
        title="The frequency principle" if len(demos) > 1 else f"The frequency principle: {demos[0].title}",
        about=(
            "Xu, Zhang and Luo observe that networks learn low frequencies first (arXiv 1901.06523, 2201.07395). Each "
            "demonstration below has the settings of their book, or smaller ones at `--effort quick` and `standard`, "
            "and is measured: whether it shows what it is to show is decided by its numbers.",
            "`sgdl` is the book's network, trained whole. `mgdl` has the same hidden layers in grades of two (Fang & "
            "Xu 2024), with the same number of updates in all; what is shown is judged by the first method.",
        ),
        parts=(table, *parts),
        runs=tuple(runs),
    )


def _finding(demo: Demo, wishes: Wishes, runs: Sequence[Run]) -> Finding:
    """Return what a demonstration shows, or that trainings of it diverged."""
    lost = [f"{run.case} ({run.method}, seed {run.seed})" for run in runs if not run.grades]
    if lost:
        return Finding(holds=False, measured=f"these trainings diverged: {', '.join(lost)}.", parts=())
    return demo.finding(wishes, runs)
