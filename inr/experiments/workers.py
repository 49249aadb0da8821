"""Trainings -> their runs, several at a time, on the workers of `inr batch`: processes here, or a cluster."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass
from pathlib import Path

import torch

from inr.batch.cluster import lacking, lost
from inr.batch.task import Engine, memory_advice
from inr.errors import InrError
from inr.experiments.runs import Case, Run
from inr.experiments.training import do
from inr.settings.config import DeviceName

_TICK = 0.5
"""Seconds between looks at the workers while none has finished."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Training:
    """What a worker is given.

    Attributes:
        case: to train.
        device: that trains.
        threads: of the processor; None leaves torch's choice.
        part: file that keeps the training on its way, or None where the worker does not see our files.
    """

    case: Case
    device: DeviceName = "cpu"
    threads: int | None = None
    part: Path | None = None

    def do(self) -> Run:
        """Train and measure, in the process of a worker."""
        if self.threads is not None:
            torch.set_num_threads(self.threads)
        return do(self.case, device=self.device, part=self.part)


def train_beside(
    trainings: Mapping[Path, Training], engine: Engine, tell: Callable[[str, int], None]
) -> Iterator[tuple[Path, Run]]:
    """Yield every training's place and run as soon as it is done; a training whose worker dies gets one other.

    Args:
        trainings: by the place that their record is to have.
        engine: that carries them; the caller closes it.
        tell: told now and then what runs, and how many updates are done.

    Raises:
        InrError: a worker died twice with the same training, lacks a library, or the cluster is gone.
    """
    waiting, died, done = deque(trainings), set[Path](), 0
    running: dict[Future[Run], Path] = {}
    while waiting or running:
        while waiting and len(running) < engine.slots():
            place = waiting.popleft()
            running[engine.submit(trainings[place])] = place
        of = " and ".join(trainings[place].case.title for place in list(running.values())[:2])
        tell(f"waiting for a {engine.awaited}" if engine.awaited else of, done)
        ready, _ = wait(running, timeout=_TICK, return_when=FIRST_COMPLETED)
        for future in sorted(
            ready, key=lambda one: one.cancelled() or one.exception() is not None
        ):  # keep the good first
            place = running.pop(future)
            try:
                run = future.result()
            except CancelledError:
                raise lost() from None
            except ImportError as error:
                raise lacking(error.name) from error
            except BrokenExecutor as error:
                if place in died:
                    title = trainings[place].case.title
                    raise InrError(
                        f"{title}: its worker died twice, perhaps for lack of memory; {memory_advice(engine)}."
                    ) from error
                died.add(place)
                waiting.appendleft(place)
                continue
            done += trainings[place].case.steps
            yield place, run
            tell(trainings[place].case.title, done)
        engine.tend()
