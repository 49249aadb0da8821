"""A sine under noise: the sine is learned before the noise, so that a training that ends early leaves the noise out."""

from collections.abc import Sequence

import numpy as np

from inr.experiments.figures import Curves, Figure, Line
from inr.experiments.frequency_principle import targets
from inr.experiments.frequency_principle.demo import Array, Demo, Finding, steps
from inr.experiments.frequency_principle.sines import book
from inr.experiments.page import Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import samples
from inr.experiments.wishes import Wishes

_NAME, _NOISE, _HALF = "sin x + 0.2 N(0, 1)", 0.2, 10.0
_SEED = 1
"""Of the noise; the validation samples have the next."""
_GAIN = 0.8


def _train(wishes: Wishes) -> Array:
    return targets.line(_HALF, 60 if wishes.effort == "quick" else 100)


def _dense() -> Array:
    return targets.line(_HALF, 1000)


def _cases(wishes: Wishes) -> list[Case]:
    x = _train(wishes)
    between = (x[:-1] + x[1:]) / 2
    data = Data(
        train=samples(x, targets.noisy(x, _NOISE, _SEED)),
        validation=samples(between, targets.noisy(between, _NOISE, _SEED + 1)),
        test=samples(_dense(), np.sin(_dense())),
        view=samples(_dense(), np.sin(_dense())),
    )
    network = book(wishes, 1e-5 if wishes.effort == "paper" else 1e-4, (6000, 6000, 30_000))
    return network.cases(_NAME, data, wishes)


def _rms(run: Run, name: str) -> Array:
    """Return the root of the mean squared error of a set of samples at every look."""
    return np.array([10.0 ** (-getattr(moment, name).psnr_db / 20.0) for moment in run.curve])


def _finding(wishes: Wishes, runs: Sequence[Run]) -> Finding:
    rows, said, holds = [], [], True
    for run in runs:
        train, held, clean = (_rms(run, name) for name in ("train", "validation", "test"))
        best, chosen = int(clean.argmin()), int(held.argmin())
        at = steps(run)
        rows.append((run.method, run.seed, int(at[best]), clean[best], train[best], int(at[chosen]), clean[chosen],
                     int(at[-1]), clean[-1], train[-1]))  # fmt: skip
        if run.method == runs[0].method:
            holds &= bool(clean[best] < _GAIN * clean[-1] and clean[best] < _NOISE < 2 * train[best])
            said.append(
                f"seed {run.seed}: RMS error to the clean sine {clean[best]:.3f} after {at[best]:,} updates, when the "
                f"noisy samples are missed by {train[best]:.3f} (the noise has {_NOISE:g}); {clean[-1]:.3f} after "
                f"{at[-1]:,}, when they are missed by {train[-1]:.3f}. Noisy samples between them would have stopped "
                f"it after {at[chosen]:,}, at {clean[chosen]:.3f}"
            )
    table = Table(
        name="noise-stopping",
        title=f"{_NAME}: RMS error to the clean sine, where it is least, where validation stops, and at the end",
        columns=("method", "seed", "least after", "clean error", "of noisy samples", "validation stops after",
                 "clean error there", "end", "clean error at the end", "of noisy samples at the end"),
        rows=tuple(rows),
        note="Validation: noisy samples half way between those of the training.",
    )  # fmt: skip
    return Finding(holds=holds, measured="; ".join(said) + ".", parts=(table, _figure(wishes, runs)))


def _figure(wishes: Wishes, runs: Sequence[Run]) -> Figure:
    x = _train(wishes)
    panels, ended = [], []
    for run in (run for run in runs if run.seed == 0):
        named = (("noisy training samples", "train"), ("noisy samples between", "validation"), ("clean sine", "test"))
        lines = tuple(Line(label=label, x=steps(run), y=_rms(run, name)) for label, name in named)
        panels.append(Curves(title=f"{run.method}: errors", x="updates", y="RMS error", lines=lines, log="xy"))
        clean = _rms(run, "test")
        best = int(clean.argmin())
        ended.append(
            f"{run.method} misses the clean sine least after {run.curve[best].step:,} updates, by {clean[best]:.3f}; "
            f"at the end it misses it by {clean[-1]:.3f}, and the noisy samples by {_rms(run, 'train')[-1]:.3f}."
        )
        panels.append(
            Curves(
                title=f"{run.method}: drawn early and at the end", x="x", y="value",
                lines=(
                    Line(label="noisy samples", x=x, y=targets.noisy(x, _NOISE, _SEED), style="."),
                    Line(label="sin x", x=_dense(), y=np.sin(_dense()), style="k--"),
                    Line(label=f"after {run.curve[best].step:,}", x=_dense(), y=run.view[best, :, 0]),
                    Line(label=f"after {run.curve[-1].step:,}", x=_dense(), y=run.view[-1, :, 0]),
                ),
            )
        )  # fmt: skip
    return Figure(
        name="noise",
        title="The sine before the noise",
        caption=f"{' '.join(ended)} A network that learns the noise ({_NOISE:g}) misses the noisy samples by less "
        "than that, and the clean sine by more than before.",
        panels=tuple(panels),
    )


NOISE = Demo(
    name="noise",
    title="Noise, and early stopping",
    claim="The sine is learned before the noise: ended early, a training is nearer to the clean sine than at its end.",
    cases=_cases,
    finding=_finding,
)
