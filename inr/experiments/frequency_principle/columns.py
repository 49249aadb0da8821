"""Every other column of a picture is trained on: a small start fills the columns between, a large one does not."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inr.experiments.figures import Curves, Figure, Line, Picture
from inr.experiments.frequency_principle.data import grey
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, Network, of, steps
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import picture_file, samples
from inr.experiments.wishes import Wishes
from inr.imaging.reading import load_image

DEFAULT = Path("data/camera.png")
_SMALL, _LARGE = "small start", "large start"
_HALF_SIDE = 10
"""Of the square of low frequencies around zero."""
_CLOSE_DB, _APART_DB = 2.0, 6.0
_EXPLAINED = 0.75
"""Share of the picture's variance that the columns between must show: a flat grey fills them too."""


def picture(wishes: Wishes, height: int, width: int) -> Array:
    """Return the (height, width) grey values of the picture that is asked for, of `DEFAULT` otherwise.

    Raises:
        ImageError: it cannot be read.
        ConfigError: it is too small, or there is none.
    """
    return grey(load_image(picture_file(wishes, DEFAULT)), height, width)


def _shape(wishes: Wishes) -> tuple[int, int]:
    return (30, 24) if wishes.effort == "quick" else (75, 60)


def _networks(wishes: Wishes) -> dict[str, Network]:
    """Return the networks by their start: the book's, or narrower ones with starts as large in proportion."""
    if wishes.effort == "paper":
        widths = (500, 400, 300, 200, 200, 100)
        small = Network(widths=widths, rate=5e-5, steps=1_000_000)
        return {_SMALL: small, _LARGE: Network(widths=widths, rate=5e-5, steps=300_000, spread=0.5)}
    width, steps = (64, 800) if wishes.effort == "quick" else (128, 1500)
    spread = 0.5 * (300 / width) ** 0.5
    small, large = (Network(widths=(width,) * 6, rate=1e-3, steps=steps, spread=s) for s in (None, spread))
    return {_SMALL: small, _LARGE: large}


def _cases(wishes: Wishes) -> list[Case]:
    values = picture(wishes, *_shape(wishes))
    # The book's unit is 224 pixels. A smaller one needs fewer updates.
    unit = {"quick": 24.0, "standard": 60.0, "paper": 224.0}[wishes.effort]
    places = np.stack(np.meshgrid(*(np.arange(side) for side in values.shape), indexing="ij"), axis=-1) / unit
    data = Data(
        train=samples(places[:, ::2].reshape(-1, 2), values[:, ::2].ravel()),
        test=samples(places[:, 1::2].reshape(-1, 2), values[:, 1::2].ravel()),
        view=samples(places.reshape(-1, 2), values.ravel()),
    )
    return [case for name, network in _networks(wishes).items() for case in network.cases(name, data, wishes, looks=60)]


def split_errors(pictures: Array, target: Array) -> tuple[Array, Array]:
    """Return e_low and e_high of (T, H, W) pictures: relative errors within the square of low frequencies, and beyond.

    Low are at most 10 cycles per picture along either axis, without the mean.
    """
    left, wanted = np.fft.fft2(pictures - target), np.fft.fft2(target - target.mean())
    near = [np.abs(np.fft.fftfreq(side) * side) <= _HALF_SIDE for side in target.shape]
    low = near[0][:, None] & near[1][None, :]
    parts = ((np.linalg.norm(left[..., part], axis=-1), np.linalg.norm(wanted[part])) for part in (low, ~low))
    e_low, e_high = (error / size for error, size in parts)
    return e_low, e_high


def _between(values: Array) -> float:
    """Return the PSNR of linear interpolation in the columns between."""
    error = (values[:, 0:-2:2] + values[:, 2::2]) / 2 - values[:, 1:-1:2]
    return -10.0 * float(np.log10(np.mean(error**2)))


def _finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    values = picture(wishes, *_shape(wishes))
    linear = _between(values)
    rows, said, holds = [], [], True
    for run in runs:
        end = run.grades[-1]
        assert end.test is not None, "the columns between are the test samples"
        trained, between = end.train.psnr_db, end.test.psnr_db
        low, high = split_errors(run.view.reshape(len(run.view), *values.shape), values)
        coarse = float((low[1:] < high[1:]).mean())
        rows.append((run.case, run.method, run.seed, run.steps, trained, between, trained - between, coarse))
        if run.method != runs[0].method:
            continue
        says = f"{run.case}, seed {run.seed}: {trained:.1f} dB in the trained columns, {between:.1f} dB between them"
        if run.case == _SMALL:
            explained = 1.0 - 10.0 ** (-between / 10.0) / float(values.var())
            holds &= trained - between < _CLOSE_DB and explained > _EXPLAINED and coarse > 0.9
            says += (
                f", where {explained:.0%} of the variance is drawn; low frequencies had the smaller error at "
                f"{coarse:.0%} of the looks"
            )
        else:
            holds &= trained - between > _APART_DB and between < linear
        said.append(says)
    table = Table(
        name="columns-psnr",
        title="PSNR in the trained columns and between them, dB",
        columns=("start", "method", "seed", "updates", "trained", "between", "apart", "share of looks e_low < e_high"),
        rows=tuple(rows),
        note=f"Linear interpolation between the trained columns has {linear:.2f} dB. The demonstration holds if the "
        f"small start is at most {_CLOSE_DB:g} dB worse between, with {_EXPLAINED:.0%} of the variance, and the large "
        f"one at least {_APART_DB:g} dB and below linear interpolation.",
    )
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(table, *_figures(runs, values)))


def _figures(runs: Sequence[Run], values: Array) -> tuple[Figure, ...]:
    panels: list[Picture] = []
    curves, method = [], runs[0].method
    for name in (_SMALL, _LARGE):
        run = of(runs, name, method)[0]
        drawn = run.view.reshape(len(run.view), *values.shape)
        at = (2, len(drawn) // 4, len(drawn) - 1)
        panels += [Picture(title=f"{name}, after {run.curve[i].step:,}", pixels=drawn[i]) for i in at]
        row = values.shape[0] * 40 // 75
        across = np.arange(values.shape[1])
        curves.append(
            Curves(
                title=f"{name}: row {row} of the picture", x="column", y="grey",
                lines=(
                    Line(label="the picture", x=across, y=values[row], style="k--"),
                    Line(label="drawn", x=across, y=drawn[-1, row]),
                    Line(label="trained columns", x=across[::2], y=values[row, ::2], style="o"),
                ),
            )
        )  # fmt: skip
        low, high = split_errors(drawn, values)
        curves.append(
            Curves(
                title=f"{name}: low and high frequencies", x="updates", y="relative error", log="y",
                lines=(Line(label="e_low", x=steps(run), y=low), Line(label="e_high", x=steps(run), y=high)),
            )
        )  # fmt: skip
    return (
        Figure(
            name="columns-pictures",
            title="What is drawn of all columns",
            caption="A row for each start, and the picture. The small start begins with a slope and goes on to coarse "
            "shapes, then finer ones, as far as its updates go, and draws columns that it was not trained on like "
            "their neighbours. The large start draws stripes: trained columns right, columns between wrong.",
            panels=(*panels, Picture(title="the picture", pixels=values)),
        ),
        Figure(
            name="columns-rows",
            title="One row, and the error of low and high frequencies over training",
            caption="Dots are trained on. From a small start the line runs smoothly between them, from a large one it "
            "leaves them.",
            panels=tuple(curves),
        ),
    )


COLUMNS = Demo(
    name="columns",
    title="A picture by every other column",
    claim="From a small start the columns between are filled, coarse before fine; from a large start they are wrong.",
    cases=_cases,
    finding=_finding,
)
