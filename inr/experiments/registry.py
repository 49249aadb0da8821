"""The experiments by name: what each shows, what may be asked of it, and the module that does it. No torch here."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Protocol

from inr.errors import ConfigError
from inr.experiments.wishes import Wishes, check_wishes

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
        takes: names of the wishes it takes besides `COMMON`.
        methods: that it knows.
        module: in this package, with the functions of `Doing`.
    """

    name: str
    paper: str
    shows: str
    minutes: tuple[float, float]
    takes: frozenset[str]
    methods: tuple[str, ...]
    module: str

    def doing(self, wishes: Wishes) -> Doing:
        """Return the functions that do it, once the wishes are found to have room in it.

        Raises:
            ConfigError: see `check_wishes`.
        """
        check_wishes(self.name, wishes, self.takes, self.methods)
        return import_module(f"inr.experiments.{self.module}")  # type: ignore[return-value]


NETWORKS = (
    "mgdl", "sgdl", "mgdl-paper", "sgdl-paper", "mgdl-fourier", "sgdl-fourier", "fourier", "fourier-multiscale",
    "siren", "finer", "gauss", "mscale-1", "mscale-2", "phase", "adaptive", "msnn",
)  # fmt: skip
"""Methods for functions of one or two variables."""

EXPERIMENTS: dict[str, Experiment] = {
    each.name: each
    for each in (
        Experiment(
            name="synthetic",
            paper="Fang & Xu 2024 (NeurIPS), section 3.1",
            shows="sums of sines with frequencies up to 200: grades reach what one network does not",
            minutes=(2, 20),
            takes=frozenset({"setting", "grades"}),
            methods=NETWORKS,
            module="synthetic",
        ),
    )
}
"""The experiments, in the order of the papers."""


def experiment(name: str) -> Experiment:
    """Return the experiment of this name.

    Raises:
        ConfigError: there is none.
    """
    if name not in EXPERIMENTS:
        raise ConfigError(f"experiment is {name!r}; there are {', '.join(EXPERIMENTS)} and all.")
    return EXPERIMENTS[name]
