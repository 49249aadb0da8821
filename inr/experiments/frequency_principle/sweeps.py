"""Two sines of changing amplitude or frequency: how much later the high one is learned than the low one."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Curves, Figure, Line
from inr.experiments.frequency_principle import targets
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, of, steps
from inr.experiments.frequency_principle.measures import errors_between, learned_at, spectrum, tau
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.wishes import Wishes

_HALF = np.pi
_MOVED = 0.6


def _points(wishes: Wishes) -> Array:
    return targets.line(_HALF, {"quick": 100, "standard": 200, "paper": 1000}[wishes.effort])


def _network(wishes: Wishes, rate: float, updates: tuple[int, int, int]) -> Network:
    """Return the book's 256-256-256-256, or a smaller one; its start is torch's own."""
    level = ("quick", "standard", "paper").index(wishes.effort)
    widths = ((64,) * 3, (128,) * 4, (256,) * 4)[level]
    return Network(widths=widths, rate=(10 * rate, 5 * rate, rate)[level], steps=updates[level])


def _amplitudes(wishes: Wishes) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the functions of the first sweep by name: sin x + a sin 4x."""
    count = {"quick": 3, "standard": 5, "paper": 21}[wishes.effort]
    return {f"a = {a:.3g}": ((1.0, 1.0), (float(a), 4.0)) for a in np.linspace(1, 3, count)}


def _frequencies(wishes: Wishes) -> dict[str, tuple[tuple[float, float], ...]]:
    """Return the functions of the second sweep by name: sin x + 0.2 sin kx. The book begins at k = 1, a single sine."""
    del wishes
    return {f"k = {k}": ((1.0, 1.0), (0.2, float(k))) for k in range(2, 6)}


def _ratio(wishes: Wishes, run: Run, waves: tuple[tuple[float, float], ...]) -> tuple[int | None, int | None]:
    """Return after how many updates the low and the high sine were learned."""
    x = _points(wishes)
    at = np.array([int(k) for _, k in waves])
    target = spectrum(targets.sines(x, waves))[at]
    found = errors_between(spectrum(run.view[:, :, 0])[:, at], target, at)
    low, high = learned_at(found.whole, steps(run))
    return low, high


def _finding(
    wishes: Wishes,
    runs: Sequence[Run],
    functions: dict[str, tuple[tuple[float, float], ...]],
    *,
    stem: str,
    rising: bool,
    caption: str,
) -> Finding:
    """Return how the ratio of updates, low over high, moves along a sweep.

    Args:
        wishes: of a person.
        runs: of the sweep.
        functions: by the name of their cases.
        stem: of the files.
        rising: the claim is that the ratio rises.
        caption: of the figure.
    """
    rows, lines, said, holds = [], [], [], True
    values = [float(name.split("=")[1]) for name in functions]
    for method in dict.fromkeys(run.method for run in runs):
        for seed, _ in enumerate(of(runs, next(iter(functions)), method)):
            ratios = []
            for name, waves in functions.items():
                low, high = _ratio(wishes, of(runs, name, method)[seed], waves)
                # A sine that is not learned within the training needs longer than it: the ratio's bound.
                total = of(runs, name, method)[seed].steps
                ratios.append((total if low is None else low) / (total if high is None else high))
                rows.append((method, seed, name, low, high, ratios[-1]))
            lines.append(Line(label=f"{method}, seed {seed}", x=np.array(values), y=np.array(ratios), style="o"))
            if method == runs[0].method:
                moved = tau([round(1e6 * ratio) for ratio in ratios]) * (1 if rising else -1)
                holds &= moved >= _MOVED
                listed = ", ".join(f"{ratio:.2f}" for ratio in ratios)
                said.append(f"seed {seed}: updates low / high {listed} (Kendall's tau {moved:+.2f})")
    letter = "a" if stem == "amplitudes" else "k"
    table = Table(
        name=f"{stem}-learned",
        title="Updates after which the error of each sine stays below 10 %",
        columns=("method", "seed", "function", "low sine", "high sine", "low / high"),
        rows=tuple(rows),
        note="Above 1 the high sine was learned first. One that was not learned counts as learned at the end. "
        f"The claim holds if Kendall's tau of ratio and {letter} is {_MOVED:g} or more in its direction.",
    )
    curves = Curves(title="updates until learned, low / high", x=letter, y="low / high", lines=tuple(lines))
    figure = Figure(name=stem, title="When each sine was learned", caption=caption, panels=(curves,))
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(table, figure))


def _cases(wishes: Wishes, network: Network, functions: dict[str, tuple[tuple[float, float], ...]]) -> list[Case]:
    x = _points(wishes)
    return [
        case
        for name, waves in functions.items()
        for case in network.cases(
            name, Data(train=samples(x, targets.sines(x, waves))), wishes, looks=250, grades=False
        )
    ]


AMPLITUDES = Demo(
    name="amplitudes",
    title="sin x + a sin 4x: amplitude against frequency",
    claim="The larger the amplitude of the high sine, the earlier it is learned beside the low one.",
    cases=lambda wishes: _cases(wishes, _network(wishes, 5e-5, (1000, 2000, 4000)), _amplitudes(wishes)),
    finding=lambda wishes, runs: _finding(
        wishes, runs, _amplitudes(wishes), stem="amplitudes", rising=True,
        caption="The points rise: the priority of low frequencies weakens as the high sine grows.",
    ),
)  # fmt: skip
FREQUENCIES = Demo(
    name="frequencies",
    title="sin x + 0.2 sin kx: the distance of two frequencies",
    claim="The higher the second frequency, the later it is learned beside the first.",
    cases=lambda wishes: _cases(wishes, _network(wishes, 1e-4, (2000, 3000, 10_000)), _frequencies(wishes)),
    finding=lambda wishes, runs: _finding(
        wishes, runs, _frequencies(wishes), stem="frequencies", rising=False,
        caption="The points fall: the farther the second frequency lies above the first, the later it follows.",
    ),
)  # fmt: skip
