"""Sums of sines with frequencies up to 200 (Fang & Xu 2024, section 3.1): grades against one network."""

from collections.abc import Sequence
from functools import partial

import numpy as np

from inr.errors import ConfigError
from inr.experiments import frequency
from inr.experiments.figures import Array, Curves, Figure, Line
from inr.experiments.methods import Authors, Problem, configuration
from inr.experiments.page import Cell, Page, Table
from inr.experiments.runs import Case, Data, Run
from inr.experiments.shared import ERRORS, Row, by_grade, ends, errors, heat_map, loss_curves, samples
from inr.experiments.sines import SYNTHETIC, amplitudes, frequencies, waves
from inr.experiments.wishes import Wishes

TRAIN, HELD_OUT = 6000, 2000
BINS = [int(k) for k in frequencies(20)]
"""On the grid i / 6000 the bin of the transform is the frequency."""

PAPER: dict[int, tuple[Row, ...]] = {
    1: (
        Row(method="MGDL", test="about 1e-5"),
        Row(method="SGDL", train=1.4936e-1, validation=1.3572e-1, test=1.1812e-1),
    ),
    2: (
        Row(method="MGDL", seconds=27_628.7, train=1.4742e-6, validation=3.9923e-6, test=6.5367e-6),
        Row(method="SGDL", seconds=32_053.6, train=5.7773e-3, validation=5.8689e-3, test="about 1e-3"),
    ),
    3: (Row(method="MGDL", test="about 1e-5"), Row(method="SGDL", test="about 1e-1")),
    4: (Row(method="MGDL", test="about 1e-3"), Row(method="SGDL", test="about 1e-1")),
}
"""What the paper's text and the authors' notebooks give; the body of the paper's Table 1 is not public as text."""
AUTHORS: dict[tuple[int, bool], Authors] = {
    (1, True): Authors(highest=1e-4, lowest=1e-4, batch=256, epochs=30_001),
    (2, True): Authors(highest=5e-4, lowest=1e-4, batch=256, epochs=30_001),
}
"""The rates and batches that gave the rows above, by setting and whether it is one grade; of others, those of MGDL in
setting 2."""
_USUAL = Authors(highest=1e-4, lowest=1e-4, batch=256, epochs=30_001)
SMOKE = Authors(highest=1e-3, lowest=1e-4, batch=None, epochs=301)
"""The authors' short run, with recorded errors: 300 epochs on the full batch."""
STEPS = {"quick": 500, "standard": 2000, "paper": 2000}


def data(setting: int) -> Data:
    """Return the samples of a setting: train at i / 6000, validation and test uniform, seeds 0 and 1."""
    train = np.arange(TRAIN) / TRAIN
    held = [np.random.RandomState(seed).uniform(0.0, 1.0, size=HELD_OUT) for seed in (0, 1)]
    sets = [samples(x, waves(amplitudes(setting, x), x)) for x in (train, *held)]
    return Data(train=sets[0], validation=sets[1], test=sets[2])


def problem(setting: int, effort: str) -> Problem:
    """Return what is to be learned: four grades of 2 x 256 against 8 x 256; setting 4: five, and ten layers."""
    grades = 5 if setting == 4 else 4
    return Problem(
        samples=TRAIN, grades=grades, depth=2, single=2 * grades, width=256, reach=200.0, steps=STEPS[effort],
        batch=1024,
    )  # fmt: skip


def cases(wishes: Wishes) -> list[Case]:
    """Return a training for each setting, method and seed."""
    methods = wishes.methods or (("mgdl-paper", "sgdl-paper") if wishes.effort == "paper" else ("mgdl", "sgdl"))
    found = []
    for setting in _settings(wishes):
        of = data(setting)
        for method in methods:
            authors = AUTHORS.get((setting, method.startswith("sgdl")), _USUAL)
            for seed in range(wishes.seeds):
                config = configuration(
                    method,
                    problem(setting, wishes.effort),
                    effort=wishes.effort,
                    authors=authors if wishes.effort == "paper" else SMOKE,
                    seed=seed,
                    grades=wishes.grades,
                )
                found.append(Case(name=f"setting {setting}", method=method, config=config, data=of, looks=60))
    return found


def _settings(wishes: Wishes) -> list[int]:
    if wishes.setting is not None and wishes.setting not in SYNTHETIC:
        raise ConfigError(f"--setting is {wishes.setting}; the sums of sines have settings 1 to 4.")
    return [wishes.setting] if wishes.setting else list(SYNTHETIC)


def page(wishes: Wishes, runs: Sequence[Run]) -> Page:
    """Return tables and figures of the runs."""
    parts: list[Table | Figure | str] = []
    for setting in _settings(wishes):
        own = [run for run in runs if run.case == f"setting {setting}"]
        rows: list[tuple[Cell, ...]] = [row.cells() for row in PAPER[setting]] + [errors(run) for run in own]
        parts.append(
            Table(
                name=f"setting-{setting}",
                title=f"Setting {setting}: {SYNTHETIC[setting]} amplitudes",
                columns=ERRORS,
                rows=tuple(rows),
                note=_ratio(own),
            )
        )
        grades = [row for run in own for row in by_grade(run) if len(run.grades) > 1]
        if grades:
            parts.append(
                Table(
                    name=f"setting-{setting}-grades",
                    title=f"Setting {setting}: the sum of the grades so far",
                    columns=("method", "seed", "grade", *ERRORS[2:]),
                    rows=tuple(grades),
                )
            )
        parts += _figures(setting, [run for run in own if run.seed == 0])
    return Page(
        title="Sums of sines (Fang & Xu 2024, section 3.1)",
        about=(
            "The target is a sum of twenty sines with frequencies 10, 20, ..., 200. The paper's claim: one deep ReLU "
            "network does not learn the high ones, and four grades of two layers each, together as deep, do.",
            "`mgdl` and `sgdl` are the paper's two networks with this program's training (Muon, a cosine, batches of "
            "1024), `-paper` the same networks with the authors' training. So the rows of `mgdl` and `sgdl` say what "
            "the grades give, and those of `sgdl` and `sgdl-paper` what the training gives.",
        ),
        parts=tuple(parts),
        runs=tuple(runs),
    )


def _ratio(runs: Sequence[Run]) -> str:
    """Return a sentence on the ratio of test errors, means over the seeds in the logarithm."""

    def typical(method: str) -> float | None:
        found = [run.grades[-1].test.rse for run in runs if run.method == method and run.grades[-1].test]
        return float(np.exp(np.mean(np.log(found)))) if found else None

    sentences = []
    for several in dict.fromkeys(run.method for run in runs if run.method.startswith("mgdl")):
        ours, single = typical(several), typical(several.replace("mgdl", "sgdl"))
        if ours and single:
            sentences.append(f"TeRSE of {several.replace('mgdl', 'sgdl')} over {several}: {single / ours:.3g}.")
    return " ".join(sentences)


def _figures(setting: int, runs: Sequence[Run]) -> list[Figure]:
    """Return the loss curves, the heat maps and the spectra by grade of one seed."""
    x = np.arange(TRAIN) / TRAIN
    target = waves(amplitudes(setting, x), x)
    width = 9 if setting == 3 else 0  # the amplitudes vary along x, so that each frequency is a band
    maps = [
        ("how much of the amplitude is there", lambda p, k: frequency.learned(p, target, k, width)),
        ("relative error, phase included", lambda p, k: np.clip(frequency.complex_error(p, target, k), 0.0, 1.0)),
    ]
    found = [
        Figure(
            name=f"setting-{setting}-loss",
            title=f"Setting {setting}: loss curves",
            caption="The relative squared error over the updates. Dotted lines: a grade of the first method ends.",
            panels=(loss_curves(runs, f"setting {setting}"),),
        ),
        Figure(
            name=f"setting-{setting}-heat",
            title=f"Setting {setting}: error by frequency over the training",
            caption="Above, how much of each frequency's amplitude the prediction has (1 is all), as the authors draw "
            "it; below, the relative error of the complex amplitude, which also sees the phase (0 is exact).",
            panels=tuple(
                heat_map(run, BINS, measure, f"{run.method}: {what}") for what, measure in maps for run in runs
            ),
        ),
        Figure(
            name=f"setting-{setting}-spectrum",
            title=f"Setting {setting}: spectrum by grade",
            caption="Amplitudes |F| of what each grade adds, and of the target (dots). The paper's observation: grade "
            "1 takes low frequencies, grade 2 middle ones, later grades high ones.",
            panels=tuple(_spectra(run, target) for run in runs),
        ),
    ]
    low = partial(frequency.low_high, target=target, cut=105)
    found.append(
        Figure(
            name=f"setting-{setting}-low-high",
            title=f"Setting {setting}: errors below and above 105 cycles",
            caption="Relative errors of the lower ten sines (e_low) and of the upper ten (e_high) over the updates.",
            panels=tuple(_low_high(run, low(run.view[:, :, 0].astype(np.float64))) for run in runs),
        )
    )
    return found


def _spectra(run: Run, target: Array) -> Curves:
    added = np.diff(run.final[:, :, 0].astype(np.float64), axis=0, prepend=0.0)
    bins = np.arange(0, 231)
    lines = [
        Line(label=f"grade {number + 1}", x=bins, y=frequency.amplitude(part)[bins])
        for number, part in enumerate(added)
    ]
    shown = np.array(BINS)
    lines.append(Line(label="target", x=shown, y=frequency.amplitude(target)[shown], style="."))
    return Curves(title=run.method, x="frequency, cycles per unit", y="amplitude |F|", lines=tuple(lines))


def _low_high(run: Run, pair: tuple[Array, Array]) -> Curves:
    steps = np.array([at.step for at in run.curve])
    lines = tuple(Line(label=name, x=steps, y=values) for name, values in zip(("e_low", "e_high"), pair, strict=True))
    return Curves(title=run.method, x="updates", y="relative error", lines=lines, log="y", marks=ends(run))
