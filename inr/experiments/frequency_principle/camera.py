"""A picture in two dimensions: from coarse to fine, ring by ring of the spectrum."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.captions import dotted
from inr.experiments.figures import Curves, Figure, HeatMap, Line, Picture
from inr.experiments.frequency_principle.columns import picture
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, steps
from inr.experiments.frequency_principle.measures import learned_at, order, tau
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.signals import ends
from inr.experiments.wishes import Wishes
from inr.spectra.rings import Rings

_LEVEL = 0.5
"""Relative error below which a ring counts as learned: the fine detail of a photograph takes far longer to 10 %."""
_SIGMAS = (1.0, 2.0, 4.0)
_REACH = 4.0
"""Coordinates run from -4 to 4: on wider ones a tanh network needs fewer updates. The overview names none."""


def _side(wishes: Wishes) -> int:
    return {"quick": 32, "standard": 96, "paper": 256}[wishes.effort]


def _cases(wishes: Wishes) -> list[Case]:
    side = _side(wishes)
    values = picture(wishes, side, side)
    axis = _REACH * ((2 * np.arange(side) + 1) / side - 1)
    places = np.stack(np.meshgrid(axis, axis, indexing="xy"), axis=-1).reshape(-1, 2)
    widths, steps = {
        "quick": ((64,) * 4, 1000), "standard": ((128,) * 4, 3000), "paper": ((200, 200, 200, 100), 100_000),
    }[wishes.effort]  # fmt: skip
    network = Network(widths=widths, rate=2e-4 if wishes.effort == "paper" else 1e-3, steps=steps, batch=2048)
    return network.cases("camera", Data(train=samples(places, values.ravel())), wishes, looks=60)


def _power(rings: Rings, pictures: Array) -> Array:
    """Return the (T, H, W // 2 + 1) power of (T, H, W) pictures at every frequency."""
    return np.stack([rings.power(rings.transform(each[:, :, None])) for each in pictures])


def _finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    side = _side(wishes)
    values = picture(wishes, side, side)
    rings = Rings(side, side)
    target = _power(rings, values[None])[0]
    wanted = rings.sums(target)
    low, high = np.sqrt(rings.blurred(target, _SIGMAS)).T
    rows, heat, curves, said, holds = [], [], [], [], True
    for run in runs:
        left = _power(rings, run.view.reshape(-1, side, side) - values)
        errors = np.sqrt(np.stack([rings.sums(each) for each in left]) / wanted)
        parts = np.sqrt(np.stack([rings.blurred(each, _SIGMAS) for each in left])) / np.stack([low, high], axis=1)
        learned = learned_at(errors, steps(run), level=_LEVEL, row=5)
        for at in np.unique(np.rint(np.geomspace(1, len(wanted), 8)).astype(int)) - 1:
            rows.append((run.method, run.seed, float(rings.frequency[at] * side), learned[at], float(errors[-1, at])))
        if run.method == runs[0].method:
            coarse = float((parts[1:, :, 0] < parts[1:, :, 1]).mean())
            holds &= order(learned) == "low first" and coarse > 0.9
            count = sum(step is not None for step in learned)
            said.append(
                f"seed {run.seed}: of {len(learned)} rings {count} were learned, low first with Kendall's tau "
                f"{tau(learned):.2f}; e_low was below e_high at {coarse:.0%} of the looks and blurs; "
                f"{run.grades[-1].train.psnr_db:.1f} dB in the end"
            )
        if run.seed == 0:
            heat.append(
                HeatMap(
                    title=f"{run.method}: error by ring", x="updates", y="cycles per picture", columns=steps(run),
                    rows=rings.frequency * side, values=errors.T, marks=ends(run),
                )
            )  # fmt: skip
            lines = []
            for number, sigma in enumerate(_SIGMAS):
                for part, (label, style) in enumerate((("e_low", "-"), ("e_high", "--"))):
                    name = f"{label}, {sigma:g} pixels"
                    lines.append(Line(label=name, x=steps(run), y=parts[:, number, part], style=style))
            curves.append(
                Curves(
                    title=f"{run.method}: blurred part and the rest", x="updates", y="relative error", log="y",
                    lines=tuple(lines), marks=ends(run),
                )
            )  # fmt: skip
    table = Table(
        name="camera-rings",
        title=f"Updates after which the error in a ring of the spectrum stays below {_LEVEL:.0%}",
        columns=("method", "seed", "cycles per picture", "updates", "error at the end"),
        rows=tuple(rows),
        note="Complex errors, pooled over each ring; mean removed, Hann window.",
    )
    rings_figure = Figure(
        name="camera-rings",
        title="The error of every ring of frequencies over training, and of low and high parts",
        caption="Low rings, below, turn dark first. e_low, the error of the picture blurred by a Gaussian, stays below "
        f"e_high, that of what the blur takes away. {dotted(runs)}".strip(),
        panels=(*heat, *curves),
    )
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(table, _pictures(runs, values), rings_figure))


def _pictures(runs: Sequence[Run], values: Array) -> Figure:
    panels = [Picture(title="the picture", pixels=values)]
    for run in (run for run in runs if run.seed == 0):
        for share in (0.03, 0.12, 0.3, 1.0):
            at = round(share * (len(run.curve) - 1))
            title = f"{run.method}, after {run.curve[at].step:,}: {run.curve[at].train.psnr_db:.1f} dB"
            panels.append(Picture(title=title, pixels=run.view[at, :, 0].reshape(values.shape)))
    return Figure(
        name="camera-pictures",
        title="What is drawn while training",
        caption="Large shapes come first, edges and texture last.",
        panels=tuple(panels),
    )


CAMERA = Demo(
    name="camera",
    title="A picture in two dimensions",
    claim="A picture is learned from coarse to fine: low rings of its spectrum before high ones.",
    cases=_cases,
    finding=_finding,
)
