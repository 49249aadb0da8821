"""What passes between a batch and its workers: settings and a task in, an outcome out; and who carries them."""

from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from inr.batch.inputs import grade_name, model_name
from inr.batch.rows import Row
from inr.settings.config import MAX_PIXELS, DeviceName, FitConfig

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What all pictures of a batch have in common.

    Attributes:
        config: of every fit; its seed is the batch's.
        device: as for `inr.fit`.
        memory: limit of one fit in GiB; by default what `inr.fit` would take, divided by the `processes`.
        processes: that run beside each other on a machine, a fit in each.
        threads: of one fit; None leaves torch's choice.
        max_pixels: refuse larger pictures.
        timeout: seconds a picture may take, or None.
        export_grades: keep the picture after each grade too.
    """

    config: FitConfig
    device: DeviceName = "auto"
    memory: float | None = None
    processes: int = 1
    threads: int | None = None
    max_pixels: int = MAX_PIXELS
    timeout: float | None = None
    export_grades: bool = False


@dataclass(frozen=True, kw_only=True)
class Task:
    """One picture to fit.

    Attributes:
        image: its name in the batch.
        path: where it lies.
        data: its bytes, for a worker that does not see the file; None to read `path`.
        sha256: of its content when the task was made.
        key: of the configuration.
        settings: of the batch.
        publish_to: output and staging folder, if the worker writes the files; otherwise their bytes come back.
    """

    image: str
    path: Path
    data: bytes | None
    sha256: str
    key: str
    settings: Settings
    publish_to: tuple[Path, Path] | None = None

    def do(self) -> "Outcome":
        """Fit the picture, in the process of a worker; see `fit_one`."""
        from inr.batch.worker import fit_one  # noqa: PLC0415

        return fit_one(self)

    def file_names(self) -> tuple[str, ...]:
        """Return the names of all files this task may write, the model first."""
        count = len(self.settings.config.grades) if self.settings.export_grades else 0
        return (model_name(self.image), *(grade_name(self.image, number) for number in range(1, count + 1)))

    def failed(self, error: str, *, content: bool = True, seconds: float = 0.0) -> Row:
        """Return the row of a failure; `content` says that the same content would fail again."""
        return Row(
            image=self.image,
            status="failed",
            error=error,
            sha256=self.sha256 if content else "",
            config=self.key,
            seconds=round(seconds, 3),
        )


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a task: its row, and the files that are still to be written, by name."""

    row: Row
    files: tuple[tuple[str, bytes], ...] = ()


class Work(Protocol[R_co]):
    """What a worker is given: plain data, and what it does with them in another process: `Task` or a training."""

    def do(self) -> R_co:
        """Do it, in the process of a worker."""


def perform(work: Work[R]) -> R:
    """Do the work: what an executor calls in a worker."""
    return work.do()


class Engine(Protocol):
    """What carries work to workers: `LocalWorkers` or `Cluster`, each over a `concurrent.futures.Executor`.

    Attributes:
        sends_bytes: tasks carry the pictures' bytes, because the workers do not see the files.
        writes_files: workers write the outputs themselves.
        far: workers run on other machines, so that this one's memory says nothing of theirs.
        awaited: what tasks wait for, as there is none of it, such as a worker; empty if they wait for nothing.
    """

    sends_bytes: bool
    writes_files: bool
    far: bool

    @property
    def awaited(self) -> str:
        """See above."""

    def slots(self) -> int:
        """Return how many tasks may be given out at a time."""

    def submit(self, work: Work[R]) -> "Future[R]":
        """Give out some work; `BrokenExecutor` is a worker that died with it, cancellation the loss of everything."""

    def tend(self) -> None:
        """Do what is to be done now and then."""

    def close(self) -> None:
        """Drop what is in hand and end."""


def memory_advice(engine: Engine) -> str:
    """Return what a person can do where workers die for lack of memory."""
    return "start the workers with more memory" if engine.far else "give fewer --jobs"
