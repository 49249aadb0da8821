"""The name of a method and what is to be learned -> its configuration, with our training or its authors'."""

import dataclasses
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from inr.errors import ConfigError
from inr.experiments.wishes import Effort, Wishes
from inr.settings.config import FitConfig
from inr.settings.methods import AUTO_GRADES
from inr.settings.recipes import greedy, own_recipe
from inr.settings.rivals import RIVALS
from inr.settings.shape import EncodingConfig, Form, GradeShape
from inr.settings.trainings import GreedyTraining, InitName, PrecisionName

_BARE = EncodingConfig(kind="none")
_FOURIER = 128
"""Frequencies of the encodings of our own methods."""
_SIGMA = 0.3
"""Standard deviation of Gaussian frequencies, over the highest frequency of the function."""
MUON_RATE = 0.02
"""Of Muon, where nothing better is known."""


@dataclass(frozen=True, kw_only=True)
class Authors:
    """How Fang & Xu train: Adam, its rate falling exponentially from pass to pass.

    Attributes:
        highest: rate in the first pass.
        lowest: rate in the last pass.
        batch: samples of a step; None is all.
        epochs: passes of each grade, the first of which their code counts as 0.
    """

    highest: float
    lowest: float
    batch: int | None
    epochs: int

    @property
    def label(self) -> str:
        """What tables call it."""
        return f"{self.highest:g} to {self.lowest:g}, batch {self.batch or 'full'}"


def authors_grid(
    rates: Iterable[tuple[float, float]], batches: Sequence[int | None], epochs: int
) -> tuple[Authors, ...]:
    """Return every training with one of these pairs of highest and lowest rate and one of these batches."""
    return tuple(
        Authors(highest=highest, lowest=lowest, batch=batch, epochs=epochs)
        for (highest, lowest), batch in product(rates, batches)
    )


def trainings(method: str, usual: Authors, grid: Sequence[Authors], wishes: Wishes) -> list[tuple[str, Authors]]:
    """Return what tables call a method, and its authors' training: one, or every one of the grid if that is asked for.

    Of the methods with our training there is one.

    Raises:
        ConfigError: the grid is asked for, and none of the methods has the authors' training.
    """
    if wishes.grid and wishes.methods and not any(name.endswith("-paper") for name in wishes.methods):
        raise ConfigError("--grid is of the authors' rates and batches; name a method that ends in -paper, or none.")
    if wishes.grid and method.endswith("-paper"):
        return [(f"{method}, {each.label}", each) for each in grid]
    return [(method, usual)]


@dataclass(frozen=True, kw_only=True)
class Start:
    """How the first layer of a network of bare inputs begins.

    Attributes:
        init: see `GreedyTraining`.
        steepness: factor on its products.
    """

    init: InitName = "fan-in"
    steepness: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is to be learned, as far as a method's configuration depends on it.

    Attributes:
        samples: that are trained on.
        grades: of the paper's multi-grade network.
        depth: hidden layers of each.
        single: hidden layers of the paper's single network.
        width: neurons of a layer.
        reach: highest frequency, in cycles per unit of the inputs; 0 where there is none to speak of.
        steps: of each grade, in our training.
        batch: samples of a step, in our training; None is all.
        precision: of the products, in our training.
        start: of the paper's multi-grade network, in our training.
        single_start: of the paper's single network, in our training.
        rates: of the grades of the paper's network, in our training; further ones have the last.
        single_rate: of the paper's single network, in our training.
    """

    samples: int
    grades: int
    depth: int
    single: int
    width: int
    reach: float
    steps: int
    batch: int | None
    precision: PrecisionName = "float32"
    start: Start = Start()
    single_start: Start = Start()
    rates: tuple[float, ...] = (MUON_RATE,)
    single_rate: float = MUON_RATE


def configuration(
    method: str, problem: Problem, *, effort: Effort, authors: Authors, seed: int, grades: int | None = None
) -> FitConfig:
    """Return the configuration of a method.

    `mgdl` and `sgdl` are the paper's networks with our training (Muon, cosine, the residual rescaled), `-paper` the
    same networks with the authors'; `-fourier` are on Gaussian Fourier features. Published methods have their papers'
    form, with the bandwidth that the function needs, and at `--effort paper` their papers' training too.

    Args:
        method: name.
        problem: what is to be learned.
        effort: see `Wishes`.
        authors: training of the `-paper` methods.
        seed: of the training.
        grades: other than the paper's; 0 adds one while the validation error falls; None leaves it.
    """
    config = _configuration(method, problem, effort, authors, grades or (None if grades is None else AUTO_GRADES))
    return dataclasses.replace(config, seed=seed, grades_auto=grades == 0 and len(config.grades) > 1)


def _configuration(method: str, problem: Problem, effort: Effort, authors: Authors, grades: int | None) -> FitConfig:
    if method in RIVALS:
        return _published(method, problem, effort, grades)
    single = method.startswith("sgdl")
    count = 1 if single else grades or problem.grades
    depth = problem.single if single else problem.depth
    fourier = method.endswith("-fourier")
    shape = GradeShape(depth=depth, width=problem.width, activation="sine" if fourier else "relu")
    encoding = _BARE
    if fourier:
        encoding = EncodingConfig(kind="fourier", frequencies=_FOURIER, sigma=_SIGMA * problem.reach)
    shapes = [shape] * count
    if method.endswith("-paper"):
        training = authors_training(authors, problem.samples, count)
    else:
        start = problem.single_start if single else problem.start
        if start.steepness != 1.0 and not fourier:
            shapes[0] = dataclasses.replace(shape, form=Form(scales=(start.steepness,)))
        own = (problem.single_rate,) if single else problem.rates
        rates = (MUON_RATE,) * count if fourier else (*own, *own[-1:] * count)[:count]
        training = GreedyTraining(
            steps=(problem.steps,) * count,
            learning_rate=rates[0],
            init=start.init,
            rate_factors=tuple(rate / rates[0] for rate in rates),
            batch_size=problem.batch,
            precision=problem.precision,
        )
    return FitConfig(
        method=method, encoding=encoding, grades=tuple(shapes), training=training, frame="unit", feed="features"
    )  # fmt: skip


def authors_training(authors: Authors, samples: int, grades: int) -> GreedyTraining:
    """Return the training of Fang & Xu's code for functions, of so many samples and grades.

    Weights and biases uniform in +-1 / sqrt(fan_in); Adam; the rate t_k = t_max exp(-gamma k) in pass k = 0 .. K;
    a pass ends with a short batch. All grades draw their start from one seed: later ones, of one shape, begin alike.
    """
    per_epoch = -(-samples // (authors.batch or samples))
    return GreedyTraining(
        steps=(authors.epochs * per_epoch,) * grades,
        learning_rate=authors.highest,
        optimizer="adam",
        schedule="exponential",
        decay=authors.lowest / authors.highest,
        epochs=authors.epochs,
        init="uniform",
        redraw=False,
        batch_size=authors.batch,
        rescale_residual=False,
        precision="float32",
    )


def _published(method: str, problem: Problem, effort: Effort, grades: int | None) -> FitConfig:
    """Return a published method: its form at the function's bandwidth, with our training or its paper's."""
    config = RIVALS[method].config
    shapes, encoding = list(config.grades), config.encoding
    if grades is not None:
        shapes = [*shapes, *[shapes[-1]] * grades][:grades]
    training = greedy(config)
    if effort != "paper":
        steps = problem.steps * problem.grades // len(shapes)
        training = dataclasses.replace(
            own_recipe(config), steps=(steps,) * len(shapes), batch_size=problem.batch, learning_rate=MUON_RATE
        )
    elif len(training.steps) != len(shapes):
        training = dataclasses.replace(training, steps=(*training.steps, *training.steps[-1:] * 64)[: len(shapes)])
    # Functions have no middle grey and no sigmoid's range; their values are as they are.
    training = dataclasses.replace(
        training, targets="unit", precision="float32", rescale_residual=effort != "paper" or method == "msnn"
    )
    if problem.reach and encoding.kind == "fourier":
        sigma = (1.0 if len(encoding.bands) > 1 else _SIGMA) * problem.reach
        encoding = dataclasses.replace(encoding, sigma=sigma)
    shapes = [_reaching(own, method, problem.reach) for own in shapes]
    return dataclasses.replace(
        config, method=method, encoding=encoding, grades=tuple(shapes), training=training, frame="unit"
    )


def _reaching(shape: GradeShape, method: str, reach: float) -> GradeShape:
    """Return a grade without a sigmoid, whose first layer has the frequencies of the function."""
    form, width = dataclasses.replace(shape.form, sigmoid=False), shape.width
    if reach and method in ("siren", "finer"):  # weights up to 1: omega_0 is the highest angular frequency
        form = dataclasses.replace(form, gain=2.0 * math.pi * reach)
    if reach and form.scales and method != "msnn":  # octaves up to that at which a weight of one has that frequency
        octaves = max(2, math.ceil(math.log2(2.0 * math.pi * reach)))
        form = dataclasses.replace(form, scales=tuple(2.0**number for number in range(octaves)))
        width = -(-width // octaves) * octaves
    return dataclasses.replace(shape, form=form, width=width)
