"""A run on a picture -> figures: its spectrum by grade, and the error by frequency over the training."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inr.experiments.captions import dotted
from inr.experiments.figures import Array, Curves, Figure, Line
from inr.experiments.runs import Run
from inr.experiments.signals import ends, look_map
from inr.spectra.rings import Rings, relative_error

_SIGMAS = (1, 4)
"""Standard deviations of the blurs that part low from high, in pixels of the lattice."""
_CYCLES = "frequency, cycles per longer side"


@dataclass(frozen=True, kw_only=True, eq=False)
class Lattice:
    """What is looked at of a picture: its pixels [::step, ::step].

    Attributes:
        target: (H, W, C) the source there, in [0, 1].
        step: distance of neighbours, in pixels of the picture.
    """

    target: Array
    step: int

    @property
    def words(self) -> str:
        """Which pixels a spectrum is of, for captions."""
        trained = "all of them" if self.step % 2 == 0 else "a quarter of them"
        window = f"are looked at, {trained} trained on; their mean is removed, and a Hann window laid over them."
        if self.step == 1:
            return f"All pixels {window}"
        return (
            f"Pixels, one in {self.step} along each side, {window} On such a lattice waves shorter than "
            f"{2 * self.step} pixels look like longer ones; near the highest frequencies the source shows more than "
            "it has."
        )


def spectrum_figures(runs: Sequence[Run], lattice: Lattice) -> list[Figure]:
    """Return the spectra of each run on a picture, and the errors by frequency of all; none if it shows one colour.

    Args:
        runs: one of each method; what is in view of them, (looks, H W, C), are the lattice's pixels.
        lattice: of the picture.
    """
    target = lattice.target
    rings = Rings(*target.shape[:2])
    cycles = rings.frequency * max(target.shape[:2])
    wanted = _power(rings, target[None])[0]
    whole = rings.blurred(wanted, _SIGMAS)
    spectra: list[Figure] = []
    maps, curves, orders = [], [], []
    for run in runs:
        finals, views = (values.reshape(-1, *target.shape) for values in (run.final, run.view))
        left = _power(rings, target - views)
        parts = np.stack([relative_error(rings.blurred(each, _SIGMAS), whole) for each in left])
        if np.isnan(parts).all():
            return []
        reached = _reached(cycles, _by_ring(rings, _power(rings, target - finals), wanted))
        spectra.append(_spectrum(run, lattice, rings, finals, reached))
        errors = np.clip(_by_ring(rings, left, wanted), 0.0, 1.0)
        maps.append(look_map(run, cycles, errors, f"{run.method}: error by ring", _CYCLES))
        curves.append(_low_high(run, parts, lattice.step))
        orders.append(f"`{run.method}`: {_order(parts)}")
    said = (
        "The relative error of each ring of frequencies, phase included: 0 is exact; 1 is a grey picture, or worse. "
        "Then e_low, the error of the picture blurred by a Gaussian of so many pixels, and e_high, that of what the "
        "blur takes away.",
        dotted(runs),
        *orders,
        lattice.words,
    )
    return [
        *spectra,
        Figure(
            name="low-high",
            title="error by frequency over the training",
            caption=" ".join(text for text in said if text),
            panels=(*maps, *curves),
        ),
    ]


def _spectrum(run: Run, lattice: Lattice, rings: Rings, finals: Array, reached: str) -> Figure:
    """Return the figure of what is drawn after each grade, and of what each adds where there are several."""
    panels = [_spectra(run, "the picture after each grade", "after grade", rings, finals, lattice.target)]
    if len(finals) > 1:
        added = np.diff(finals, axis=0, prepend=np.zeros_like(finals[:1]))
        panels.insert(0, _spectra(run, "what each grade adds", "grade", rings, added, lattice.target))
    return Figure(
        name=f"spectrum-{run.method}",
        title=f"{run.method}: spectrum by grade",
        caption="Amplitudes by the radius of the frequency, of the source (dots) and of what is drawn. Where the "
        f"line of a picture lies below the dots, detail of that size is missing. {reached} {lattice.words}",
        panels=tuple(panels),
    )


def _by_ring(rings: Rings, left: Array, wanted: Array) -> Array:
    """Return the (T, R) relative error by ring, of the (T, H, W // 2 + 1) power that is left of the wanted one."""
    return np.stack([relative_error(rings.sums(each), rings.sums(wanted)) for each in left])


def _power(rings: Rings, pictures: Array) -> Array:
    """Return the (T, H, W // 2 + 1) power of (T, H, W, C) pictures at every frequency."""
    return np.stack([rings.power(rings.transform(each)) for each in pictures])


def _spectra(run: Run, title: str, label: str, rings: Rings, pictures: Array, target: Array) -> Curves:
    """Return the root of the mean power in each ring, of (L, H, W, C) pictures as lines and of the target as dots."""
    cycles = rings.frequency * max(target.shape[:2])
    *drawn, source = (np.sqrt(rings.sums(each) / rings.count) for each in _power(rings, np.stack([*pictures, target])))
    lines = [Line(label=f"{label} {number}", x=cycles, y=each) for number, each in enumerate(drawn, start=1)]
    lines.append(Line(label="source", x=cycles, y=source, style="."))
    return Curves(title=f"{run.method}: {title}", x=_CYCLES, y="amplitude |F|", lines=tuple(lines), log="xy")


def _reached(cycles: Array, errors: Array) -> str:
    """Say below which frequency the (L, R) relative error by ring stays under a half, after each grade."""
    below = [int(np.append(row < 0.5, False).argmin()) for row in errors]
    reached = ", ".join(f"{cycles[count - 1]:.0f}" if count else "0" for count in below)
    grades = "" if len(below) == 1 else " after the grades in turn"
    return f"The relative error is below a half up to {reached} cycles{grades}."


def _order(parts: Array) -> str:
    """Say how often the (T, S, 2) relative errors have the low part below the high one, and how they end."""
    low, high = (" and ".join(f"{error:.2g}" for error in errors) for errors in parts[-1].T)
    often = float((parts[..., 0] < parts[..., 1]).mean())
    return f"e_low is below e_high at {often:.0%} of looks and blurs; in the end e_low is {low}, e_high {high}."


def _low_high(run: Run, parts: Array, step: int) -> Curves:
    updates = np.array([at.step for at in run.curve])
    lines = [
        Line(label=f"{label}, {sigma * step} pixels", x=updates, y=parts[:, number, part], style=style)
        for number, sigma in enumerate(_SIGMAS)
        for part, (label, style) in enumerate((("e_low", "-"), ("e_high", "--")))
    ]
    title = f"{run.method}: blurred part and the rest"
    return Curves(title=title, x="updates", y="relative error", lines=tuple(lines), log="y", marks=ends(run))
