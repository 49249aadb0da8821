"""Labelled pictures, points of many dimensions: frequencies along one direction, parts of a Gaussian filter."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.digits import one_hot
from inr.experiments.figures import Curves, Figure, HeatMap, Line
from inr.experiments.frequency_principle.data import Labelled, labelled
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, steps
from inr.experiments.frequency_principle.measures import (
    errors_between,
    gaussian_low,
    learned_at,
    low_high_error,
    order,
    peaks,
)
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.wishes import Wishes
from inr.settings.shape import ActivationName
from inr.spectra.signals import along, principal_direction

_CLASS = 8
_PEAKS = 3
_WAVES = 100
_LEAST = 0.05


def _labelled(wishes: Wishes) -> tuple[Labelled, int]:
    """Return pictures, and how many of them are trained on; the rest, at most as many, are the test."""
    count = {"quick": 400, "standard": 1000, "paper": 5000}[wishes.effort]
    data = labelled(wishes.data, 2 * count)
    return data, min(count, len(data.labels) * 2 // 3)


def _cases(wishes: Wishes, activation: ActivationName, rate: float) -> list[Case]:
    """Return trainings of a dense network on one column for each class, by the squared error."""
    data, count = _labelled(wishes)
    labels = one_hot(data.labels)
    parts = (samples(data.pixels[part], labels[part]) for part in (slice(0, count), slice(count, None)))
    widths = (100, 100) if wishes.effort == "quick" else (400, 400)
    if wishes.effort == "paper":  # batches of 50, 100 passes
        network = Network(widths=widths, rate=rate, steps=100 * count // 50, activation=activation, batch=50)
    else:  # the whole batch: less noise in what a few hundred pictures say of a frequency
        few = wishes.effort == "quick"  # the wide network swings at the higher rate
        network = Network(widths=widths, rate=1e-3 if few else 1e-4, steps=600 if few else 3000, activation=activation)
    train, test = parts
    return network.cases(data.name, Data(train=train, test=test), wishes, looks=100, grades=False)


def _right(drawn: Array, data: Labelled, count: int) -> float:
    """Return the share of training pictures whose highest column is that of their class."""
    return float((drawn.argmax(axis=1) == data.labels[:count]).mean())


def _frequencies(wishes: Wishes, place: Array) -> Array:
    """Return the book's frequencies up to 0.35 for CIFAR-10; for others, as many waves over the spread of the data.

    The pixels of CIFAR-10 have a standard deviation of some 7.4 along their first principal component.
    """
    highest = 0.35 if wishes.data is not None else 0.35 * 7.4 / float(place.std())
    return np.linspace(0.0, highest, _WAVES)


def _projection(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    data, count = _labelled(wishes)
    pixels, labels = data.pixels[:count], one_hot(data.labels)[:count, _CLASS]
    direction = principal_direction(pixels)
    waves = _frequencies(wishes, pixels @ direction)
    matrix = along(pixels, direction, waves)
    wanted = matrix @ labels
    at = peaks(np.abs(wanted), most=_PEAKS)
    rows, panels, said, holds = [], [], [], True
    for run in runs:
        errors = errors_between(run.view[:, :, _CLASS] @ matrix[at].T, wanted[at], waves[at])
        learned = learned_at(errors.whole, steps(run))
        right = _right(run.view[-1], data, count)
        for k, step, left in zip(waves[at], learned, errors.whole[-1], strict=True):
            rows.append((run.method, run.seed, float(k), step, float(left)))
        if run.method == runs[0].method:
            holds &= order(learned) == "low first"
            listed = ", ".join("never" if step is None else f"{step:,}" for step in learned)
            said.append(
                f"seed {run.seed}: the first {len(at)} peaks were learned after {listed} updates; {right:.1%} of the "
                f"{count} training pictures are classed right in the end"
            )
        if run.seed == 0:
            panels.append(
                HeatMap(
                    title=f"{run.method}: error at the peaks", x="updates", y="k", columns=steps(run), rows=waves[at],
                    values=errors.whole.T,
                )
            )  # fmt: skip
    lines = [Line(label="labels", x=waves, y=np.abs(wanted), style="k--")]
    first = runs[0]
    lines += [
        Line(label=f"drawn after {first.curve[i].step:,}", x=waves, y=np.abs(matrix @ first.view[i, :, _CLASS]))
        for i in (1, len(first.curve) // 8, len(first.curve) - 1)
    ]
    lines.append(Line(label="peaks", x=waves[at], y=np.abs(wanted[at]), style="o"))
    table = Table(
        name="projection-learned",
        title=f"{data.name}: updates after which the error at a peak stays below 10 %",
        columns=("method", "seed", "k", "updates", "error at the end"),
        rows=tuple(rows),
    )
    figure = Figure(
        name="projection",
        title=f"{data.name}: along the first principal component",
        caption=f"Left, the transform of the labels of class {_CLASS} along one direction, and of what is drawn. "
        "A peak is where the labels' transform has a local maximum. Right, the relative error at each: the claim is "
        "that the rows turn dark from below.",
        panels=(Curves(title="sizes of the transform", x="k", y="|F(k)|", lines=tuple(lines), log="y"), *panels),
    )
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(_which(data), table, figure))


def _which(data: Labelled) -> str:
    return (
        f"Data: {data.name}. The book's network has two convolutions and a softmax; here a dense network of two hidden "
        "layers, the grades of this program, learns the one-hot labels by the squared error."
    )


def _variances(wishes: Wishes, pixels: Array) -> Array:
    """Return the book's variances 2 to 100 for CIFAR-10; for others, as wide beside the distances of the data.

    Two pictures of CIFAR-10 are some sqrt(370) apart, in root mean square.
    """
    count = 5 if wishes.effort == "quick" else 20
    apart = 2.0 * float(pixels.var(axis=0).sum())
    return np.linspace(2, 100, count) * (1.0 if wishes.data is not None else apart / 370.0)


def _filter(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    data, count = _labelled(wishes)
    pixels, labels = data.pixels[:count], one_hot(data.labels)[:count]
    variances = _variances(wishes, pixels)
    looks = {run: list(range(1, len(run.curve), max(1, len(run.curve) // 25))) for run in runs}
    errors = {run: np.empty((len(variances), len(looks[run]), 2)) for run in runs}
    shares = np.empty(len(variances))
    for number, variance in enumerate(variances):
        low = gaussian_low(pixels, float(variance))
        shares[number] = np.linalg.norm(labels - low @ labels) / np.linalg.norm(labels)
        for run in runs:
            errors[run][number] = [low_high_error(low, run.view[i], labels) for i in looks[run]]
    rows, panels, said, holds = [], [], [], True
    for run in runs:
        for number, variance in enumerate(variances):
            e_low, e_high = errors[run][number, -1]
            rows.append((run.method, run.seed, float(variance), float(shares[number]), float(e_low), float(e_high)))
        both = errors[run][shares > _LEAST]
        below = float((both[..., 0] < both[..., 1]).mean())
        if run.method == runs[0].method:
            holds &= below > 0.95
            said.append(f"seed {run.seed}: e_low was below e_high at {below:.1%} of the looks and widths of the filter")
        if run.seed == 0:
            at = steps(run)[looks[run]]
            lines = []
            for number in np.flatnonzero(shares > _LEAST)[[0, -1]]:
                for part, (name, style) in enumerate((("e_low", "-"), ("e_high", "--"))):
                    label = f"{name}, delta = {variances[number]:.2g}"
                    lines.append(Line(label=label, x=at, y=errors[run][number, :, part], style=style))
            panels.append(Curves(title=f"{run.method}", x="updates", y="relative error", lines=tuple(lines), log="xy"))
    table = Table(
        name="filter-errors",
        title=f"{data.name}: errors of the low and the high part at the end",
        columns=("method", "seed", "delta", "high part", "e_low", "e_high"),
        rows=tuple(rows),
        note="delta is the variance of the Gaussian, in squared units of the pixels; the high part is |y_high| / |y|. "
        f"A filter that leaves less than {_LEAST:.0%} as the high part splits nothing and is not counted.",
    )
    figure = Figure(
        name="filter",
        title=f"{data.name}: the part that a Gaussian keeps, and the rest",
        caption="The solid lines, errors of the low part, lie below the dashed ones of the same width, those of the "
        "high part.",
        panels=tuple(panels),
    )
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(_which(data), table, figure))


PROJECTION = Demo(
    name="projection",
    title="Along one direction of many",
    claim="Along the first principal component of the inputs, the peaks of the labels' spectrum are learned low first.",
    cases=lambda wishes: _cases(wishes, "tanh", 1e-4),
    finding=_projection,
)
FILTER = Demo(
    name="filter",
    title="A Gaussian filter in many dimensions",
    claim="The part of the labels that a Gaussian filter keeps is learned before the rest: e_low is below e_high.",
    cases=lambda wishes: _cases(wishes, "relu", 1e-3),
    finding=_filter,
)
