"""What a person may ask of an experiment -> `Wishes`; no torch here, so that the command line starts at once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Effort = Literal["quick", "standard", "paper"]


@dataclass(frozen=True, kw_only=True)
class Wishes:
    """Wishes for an experiment; None leaves the choice to it.

    Attributes:
        effort: `quick` (the same story in small, minutes), `standard` (this program's training) or `paper` (the
            authors' settings to the letter, hours).
        methods: names, see the experiment's own list.
        seeds: trainings of each case.
        grades: of methods that have several; 0 is `auto`: another is kept only while the validation error falls.
        setting: number of the function, or of the settings.
        q: of the manifold: lobes of the curve.
        image: picture to fit.
        data: folder with a data set's own files.
        beta: amplitude of the noise in labels.
        kappa: frequency of the noise in labels.
        demo: part of an experiment, by name.
        grid: at effort `paper`, train the authors' methods at every rate and batch of their grid, and select by the
            validation error.
    """

    effort: Effort = "quick"
    methods: tuple[str, ...] | None = None
    seeds: int = 1
    grades: int | None = None
    setting: int | None = None
    q: int | None = None
    image: Path | None = None
    data: Path | None = None
    beta: float | None = None
    kappa: float | None = None
    demo: str | None = None
    grid: bool | None = None


COMMON = ("effort", "seeds")
"""Wishes that every experiment takes."""
