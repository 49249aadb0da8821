"""Names of pictures -> rows: tasks given out to an engine, no more than it has room for, and outcomes kept."""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from dataclasses import dataclass

from inr.batch.cluster import lacking, lost
from inr.batch.inputs import grade_name
from inr.batch.local import GRACE
from inr.batch.output import publish, unwritable
from inr.batch.plan import Kept, Plan
from inr.batch.rows import Row
from inr.batch.task import Engine, Outcome, Task, memory_advice
from inr.errors import InrError
from inr.machine import memory_kills
from inr.settings.shape import MAX_GRADES

_DIED_TWICE = "its worker process died twice: a library crashed, or another program killed it."
_KILLED_TWICE = "its worker process was killed twice for lack of memory; {advice}, or give a smaller picture."
_WHO_KNOWS = "its worker process died twice, perhaps for lack of memory; {advice}, or give a smaller picture."
_TICK = 0.5
"""Seconds between looks at the time limits while no picture is finished."""


@dataclass(frozen=True, kw_only=True)
class BatchProgress:
    """Where a batch stands.

    Attributes:
        total: pictures in all.
        done: with a model, those of earlier runs among them.
        failed: likewise.
        untried: passed over in this run, because others were asked for.
        running: names of the pictures in hand, with the seconds since each was given out.
        awaited: see `inr.batch.task.Engine`.
    """

    total: int
    done: int
    failed: int
    untried: int
    running: tuple[tuple[str, float], ...]
    awaited: str


class Loop:
    """The state of one run.

    Attributes:
        rows: of the pictures that are settled, by name.
        kept: how many of them were so before.
    """

    def __init__(self, plan: Plan, engine: Engine) -> None:
        self.rows: dict[str, Row] = {}
        self.kept = 0
        self._plan, self._engine, self._key = plan, engine, plan.key()
        self._running: dict[Future[Outcome], tuple[Task, float]] = {}
        self._struck: set[str] = set()
        self._done = self._untried = 0
        self._kills = memory_kills()

    def go(self, names: Iterable[str], progress: Callable[[BatchProgress], None]) -> None:
        """Work until every picture is settled."""
        left = deque(names)
        total = len(left)
        while left or self._running:
            pause = self._give_out(left)
            progress(self._progress(total))
            ready, _ = wait(self._running, timeout=pause, return_when=FIRST_COMPLETED)
            for future in ready:
                self._take_back(future)
            self._engine.tend()
        progress(self._progress(total))

    def _progress(self, total: int) -> BatchProgress:
        now = time.monotonic()
        return BatchProgress(
            total=total,
            done=self._done,
            failed=len(self.rows) - self._done,
            untried=self._untried,
            running=tuple((task.image, now - since) for task, since in self._running.values()),
            awaited=self._engine.awaited,
        )

    def _give_out(self, left: deque[str]) -> float:
        """Fill the free slots, for a moment only: finished pictures pass by in thousands. Return how long to wait."""
        until = time.monotonic() + _TICK
        while left and len(self._running) < self._engine.slots():
            if time.monotonic() > until:
                return 0.0
            match self._plan.decide(left.popleft(), self._key):
                case Task() as task:
                    self._plan.manifest.start(task.file_names())
                    self._submit(task)
                case Row() as row:
                    self._settle(row)
                case Kept(row=None):
                    self._untried += 1
                case Kept(row=Row() as row):
                    self._count(row)
                    self.kept += 1
        return _TICK

    def _submit(self, task: Task) -> None:
        self._running[self._engine.submit(task)] = task, time.monotonic()

    def _take_back(self, future: "Future[Outcome]") -> None:
        """Keep what came of a task.

        A picture whose worker died gets one more, fresh worker; if that dies too, it is the picture's fault.
        """
        task, since = self._running.pop(future)
        limit = task.settings.timeout
        try:
            outcome = future.result()
        except CancelledError:
            raise lost() from None
        except ImportError as error:  # of what the worker needs to begin with
            raise lacking(error.name) from error
        except InrError:  # a worker that could not write: the next one could not either
            raise
        except BrokenExecutor:
            if limit is not None and time.monotonic() - since > limit + GRACE:
                row = task.failed(f"time limit of {limit:g} s; its worker did not answer and was killed.")
            elif task.image in self._struck:
                row = task.failed(self._death())
            else:
                self._struck.add(task.image)
                self._submit(task)
                return
            outcome = Outcome(row=dataclasses.replace(row, seconds=round(time.monotonic() - since, 3)))
        except Exception as error:  # what a cluster says of a task that it gives up: a row, like any failure
            text = " ".join(str(error).split())[:300]
            outcome = Outcome(row=task.failed(f"the cluster gave it up, {type(error).__name__}: {text}"))
        publish(self._plan.out, self._plan.stage, outcome.files)
        if outcome.row.status == "done":
            self._clear(task.image, outcome.row.files)
        self._settle(outcome.row)

    def _death(self) -> str:
        """Say why a worker process may have died twice."""
        kills = memory_kills()
        said = _WHO_KNOWS
        if kills is not None and self._kills is not None and not self._engine.far:
            said = _KILLED_TWICE if kills > self._kills else _DIED_TWICE
        return said.format(advice=memory_advice(self._engine))

    def _clear(self, image: str, files: tuple[str, ...]) -> None:
        """Remove this batch's grade pictures of an earlier, other fit."""
        for name in (grade_name(image, number) for number in range(1, MAX_GRADES + 1)):
            if name in self._plan.manifest.claimed and name not in files:
                try:
                    (self._plan.out / name).unlink(missing_ok=True)
                except OSError as error:
                    raise unwritable(self._plan.out / name, error) from error

    def _settle(self, row: Row) -> None:
        known = self._plan.manifest.rows.get(row.image)
        if row.sha256 or known is None or known.status == "failed":
            self._plan.manifest.finish(row)  # a failure that says nothing of the content leaves what was done
        self._count(row)

    def _count(self, row: Row) -> None:
        self.rows[row.image] = row
        self._done += row.status == "done"
