"""The experiments by name: what each shows, what may be asked of it, and the module that does it. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

from inr.errors import ConfigError
from inr.experiments.wishes import COMMON, Wishes

if TYPE_CHECKING:
    from inr.experiments.page import Page
    from inr.experiments.runs import Case, Run


class Doing(Protocol):
    """What the module of an experiment offers."""

    def cases(self, wishes: Wishes) -> "list[Case]":
        """Return the trainings to do; wrong settings and files are found here, before any of them."""

    def page(self, wishes: Wishes, runs: "Sequence[Run]") -> "Page":
        """Return what is to be shown of the runs of these cases, in their order."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """An experiment of the papers.

    Attributes:
        name: as on the command line.
        paper: where it is from.
        shows: what it shows, in a line.
        minutes: of `quick` and of `standard`, about, on two cores.
        takes: names of the wishes it takes besides `COMMON`, its methods and its parts.
        methods: that it knows; none where it has its own, which are not to be chosen.
        module: in this package, with the functions of `Doing`.
        parts: by name, each of which can be done alone.
    """

    name: str
    paper: str
    shows: str
    minutes: tuple[float, float]
    takes: frozenset[str]
    methods: tuple[str, ...]
    module: str
    parts: tuple[str, ...] = ()

    @property
    def options(self) -> list[str]:
        """Names of all options it takes."""
        return sorted({*COMMON, *self.takes, *(["methods"] if self.methods else [])})

    def doing(self, wishes: Wishes) -> Doing:
        """Return the functions that do it, once the wishes are found to have room in it.

        Raises:
            ConfigError: an option that it does not take, a method that it does not know, or a part that it has not.
        """
        for name in (each.name for each in fields(wishes) if getattr(wishes, each.name) is not None):
            if name not in (*self.options, "demo"):
                known = ", ".join(f"--{each}" for each in self.options)
                raise ConfigError(f"--{name} is given, but experiment '{self.name}' takes {known}.")
        if wishes.demo is not None and wishes.demo not in self.parts:
            known = ", ".join(self.parts) or "no parts"
            raise ConfigError(f"there is no part {wishes.demo!r}; experiment '{self.name}' has {known}.")
        if wishes.grid and wishes.effort != "paper":
            raise ConfigError("--grid is the authors' search for rates and batches; it goes with --effort paper.")
        for method in wishes.methods or ():
            if method not in self.methods:
                known = ", ".join(self.methods)
                raise ConfigError(f"--methods has {method!r}; experiment '{self.name}' knows {known}.")
        return import_module(f"inr.experiments.{self.module}")

    def own(self, wishes: Wishes) -> Wishes:
        """Return the wishes among these for which it has room."""
        others: dict[str, Any] = {each.name: None for each in fields(wishes) if each.name not in self.options}
        return replace(wishes, **others)


NETWORKS = (
    "mgdl", "sgdl", "mgdl-paper", "sgdl-paper", "mgdl-fourier", "sgdl-fourier", "fourier", "fourier-multiscale",
    "siren", "finer", "gauss", "mscale-1", "mscale-2", "phase", "adaptive", "msnn",
)  # fmt: skip
"""Methods for functions of one or two variables."""

LABELS = ("mgdl", "mgdl-b", "sgdl", "mgdl-paper", "mgdl-b-paper", "sgdl-paper")
"""Methods for digits: `-b` is the paper's second multi-grade network, of six grades with a layer each."""

EXPERIMENTS: dict[str, Experiment] = {
    each.name: each
    for each in (
        Experiment(
            name="synthetic",
            paper="Fang & Xu 2024 (NeurIPS), section 3.1",
            shows="sums of sines with frequencies up to 200: grades reach what one network does not",
            minutes=(2, 20),
            takes=frozenset({"setting", "grades", "grid"}),
            methods=NETWORKS,
            module="synthetic",
        ),
        Experiment(
            name="manifold",
            paper="Fang & Xu 2024 (NeurIPS), section 3.2",
            shows="the same along curves in the plane, with frequencies up to 400",
            minutes=(2, 40),
            takes=frozenset({"setting", "q", "grades", "grid"}),
            methods=NETWORKS,
            module="manifold",
        ),
        Experiment(
            name="images",
            paper="Fang & Xu 2024 (NeurIPS), section 3.3",
            shows="a colour picture from a quarter of its pixels: grades, one network, and interpolation",
            minutes=(3, 15),
            takes=frozenset({"image", "grades"}),
            methods=NETWORKS,
            module="images",
        ),
        Experiment(
            name="labels",
            paper="Fang & Xu 2024 (NeurIPS), section 3.4",
            shows="digits whose labels carry noise of a high frequency; tested on clean labels",
            minutes=(1, 1),
            takes=frozenset({"data", "beta", "kappa", "grades", "grid"}),
            methods=LABELS,
            module="labels",
        ),
        Experiment(
            name="robustness",
            paper="Fang & Xu 2024, section 3.4, and 2025, arXiv 2507.20351",
            shows="amplitude and frequency of the noise; learning rates at which gradient descent works",
            minutes=(3, 20),
            takes=frozenset({"data"}),
            methods=("mgdl", "sgdl"),
            module="robustness",
        ),
        Experiment(
            name="methods",
            paper="Cai 2020, Jagtap 2020, Liu 2020, Wang 2021, Wang & Lai 2024",
            shows="each published method on the function it was invented for",
            minutes=(4, 10),
            takes=frozenset(),
            methods=(),
            module="inventions",
            parts=("msnn", "phase", "mscale", "adaptive", "adaptive-jump", "fourier-multiscale"),
        ),
        Experiment(
            name="frequency-principle",
            paper="Xu, Zhang & Luo, arXiv 1901.06523 and 2201.07395, and their book, chapter A4",
            shows="low frequencies are learned first, and where they are not: eleven demonstrations, each measured",
            minutes=(2, 5),
            takes=frozenset({"image", "data"}),
            methods=("sgdl", "mgdl"),
            module="frequency_principle.experiment",
            parts=(
                "sines",
                "staircase",
                "noise",
                "amplitudes",
                "frequencies",
                "activations",
                "columns",
                "camera",
                "projection",
                "filter",
                "parity",
            ),
        ),
    )
}
"""The experiments, in the order of the papers."""


def asked(name: str, wishes: Wishes) -> list[tuple[Experiment, Wishes]]:
    """Return the experiment of this name with what is asked of it; for `all` every one, with the wishes it takes.

    Raises:
        ConfigError: there is none; a part of one is not enough.
    """
    if name == "all":
        if wishes.demo is not None:
            raise ConfigError(f"all does every part; {wishes.demo!r} alone goes with its experiment.")
        return [(each, each.own(wishes)) for each in EXPERIMENTS.values()]
    for each in EXPERIMENTS.values():
        if name in each.parts:
            raise ConfigError(f"{name!r} is a part of an experiment: inr reproduce {each.name} {name}.")
    if name not in EXPERIMENTS:
        raise ConfigError(f"experiment is {name!r}; there are {', '.join(EXPERIMENTS)} and all.")
    return [(EXPERIMENTS[name], wishes)]
