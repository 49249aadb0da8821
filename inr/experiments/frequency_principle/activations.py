"""Activations of high frequency: they learn all frequencies at once, or the high ones first."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Figure, HeatMap
from inr.experiments.frequency_principle import targets
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, of, steps
from inr.experiments.frequency_principle.measures import errors_at_peaks, learned_at, order, tau
from inr.experiments.frequency_principle.sines import BOOK, SPREAD
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.wishes import Wishes
from inr.settings.shape import ActivationName

_SMOOTH = ("tanh", "sin x")
_NETWORKS: dict[str, tuple[ActivationName, float, int]] = {
    "tanh": ("tanh", 1.0, 20_000),
    "sin x": ("sine", 1.0, 20_000),
    "sin 10x": ("sine", 10.0, 1000),
    "Ricker, a = 0.3": ("ricker", 1 / 0.3, 6000),
    "Ricker, a = 0.1": ("ricker", 10.0, 6000),
}
"""Activation, its gain, and the book's updates; those of Ricker functions without its antisymmetric start."""
_BETWEEN = "Ricker, a = 0.3"
"""Neither smooth nor sharp beside these inputs: its order is reported, the claim is of the others."""
_FEWER = {"quick": 20, "standard": 5, "paper": 1}
_RATE = 1e-5


def _points(wishes: Wishes) -> Array:
    return targets.line(np.pi, {"quick": 100, "standard": 200, "paper": 600}[wishes.effort])


def _target(x: Array) -> Array:
    return targets.sines(x, ((1, 1), (1, 3), (1, 5)))


def _cases(wishes: Wishes) -> list[Case]:
    """Return trainings as long as the book's; `quick` and `standard` take longer strides, where a training lasts."""
    x = _points(wishes)
    cases = []
    for name, (activation, gain, updates) in _NETWORKS.items():
        fewer = _FEWER[wishes.effort] if updates > 1000 else 1
        network = Network(
            widths=BOOK, rate=_RATE * fewer, steps=updates // fewer, activation=activation, gain=gain, spread=SPREAD
        )
        looks = min(updates // fewer, 500)
        cases += network.cases(name, Data(train=samples(x, _target(x))), wishes, looks=looks, grades=False)
    return cases


def _finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    y = _target(_points(wishes))
    rows, panels, orders = [], [], dict[tuple[str, int], str]()
    for name in _NETWORKS:
        for method in dict.fromkeys(run.method for run in runs):
            for run in of(runs, name, method):
                errors = errors_at_peaks(run.view[:, :, 0], y)
                learned = learned_at(errors.whole, steps(run))
                half = int((errors.whole.mean(axis=1) < 0.5).argmax())
                early = ", ".join(f"{error:.2f}" for error in errors.whole[half])
                rows.append((name, method, run.seed, *learned, tau(learned), order(learned), early))
                if method == runs[0].method:
                    orders[name, run.seed] = order(learned)
                    if run.seed == 0:
                        panels.append(_heat(name, run, learned, errors.whole, errors.frequency))
    table = Table(
        name="activations-learned",
        title="Updates after which the error at each frequency stays below 10 %",
        columns=(
            "activation",
            "method",
            "seed",
            "sin x",
            "sin 3x",
            "sin 5x",
            "Kendall's tau",
            "order",
            "errors when their mean is 0.5",
        ),
        rows=tuple(rows),
    )
    holds = all((found == "low first") == (name in _SMOOTH) for (name, _), found in orders.items() if name != _BETWEEN)
    measured = "; ".join(f"{name}, seed {seed}: {found}" for (name, seed), found in orders.items()) + "."
    figure = Figure(
        name="activations-heat",
        title="The error at each frequency over training, by activation",
        caption="With tanh and sin x the rows turn dark from below; with high-frequency activations together, or from "
        "above. The axis ends at four times the updates of the last frequency.",
        panels=tuple(panels),
    )
    return Finding(holds=holds, measured=measured, parts=(table, figure))


def _heat(name: str, run: Run, learned: Sequence[int | None], errors: Array, frequency: Array) -> HeatMap:
    """Show the errors over the part of a training in which frequencies are learned."""
    at = steps(run)
    last = 4 * max((step for step in learned if step is not None), default=int(at[-1]))
    shown = max(2, int((at <= last).sum()))
    return HeatMap(
        title=name, x="updates", y="cycles over the interval", columns=at[:shown], rows=frequency,
        values=errors[:shown].T,
    )  # fmt: skip


ACTIVATIONS = Demo(
    name="activations",
    title="Activations that reverse the order",
    claim="Smooth activations learn low frequencies first; sin 10x and a narrow Ricker function do not.",
    cases=_cases,
    finding=_finding,
)
