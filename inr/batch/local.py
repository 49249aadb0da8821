"""Work -> what it makes, on this machine: worker processes, each a standard process pool of one.

One process a pool, because a process that dies breaks its whole pool: so it takes no neighbour's picture with it, and
which picture it had in hand is known. Each is renewed after `RENEW_AFTER` pictures, which gives its memory back; the
pool's own `max_tasks_per_child` would do that, but hangs in Pythons before the autumn of 2026 (CPython issue 115634).
"""

import contextlib
import multiprocessing
import signal
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from typing import Any

from inr.batch.task import R, Work, perform
from inr.batch.worker import prepare
from inr.errors import InrError
from inr.machine import GIB, memory_free, processors

RENEW_AFTER = 200
GRACE = 5.0
"""Seconds beyond the time limit after which a worker that did not stop by itself is killed."""
_START = 120.0
"""Seconds that a new process may take for its imports, on a busy machine."""


_WORKER = 3 * GIB // 4
"""Memory that a process takes with its libraries and a picture of a megapixel or two."""


def default_jobs(memory: float | None) -> int:
    """Return how many pictures are fitted at a time: one for each processor, as far as the free memory goes.

    Args:
        memory: limit of each in GiB, or None.
    """
    free = memory_free()
    room = processors() if free is None else free // (_WORKER if memory is None else round(memory * GIB))
    return max(1, min(processors(), room))


class LocalWorkers:
    """Some worker processes, each made when it is first needed; see `inr.batch.task.Engine`."""

    sends_bytes = False
    writes_files = False
    far = False
    awaited = ""

    def __init__(self, jobs: int, *, timeout: float | None = None) -> None:
        self._jobs, self._timeout = jobs, timeout
        self._workers: list[_Worker] = []

    def slots(self) -> int:
        """Return the number of processes: none has more than one picture in hand."""
        return self._jobs

    def submit(self, work: Work[R]) -> "Future[R]":
        """Give work to an idle process, or to a new one in the place of one that is dead or old."""
        for worker in [worker for worker in self._workers if not worker.busy]:
            if worker.fit_for_more:
                with contextlib.suppress(BrokenExecutor):  # it died between two pictures
                    return worker.submit(work)
            self._workers.remove(worker)
            worker.retire()
        try:
            self._workers.append(_Worker())
        except OSError as error:  # no shared memory for their locks, or no process more for this person
            raise InrError(
                f"a worker process cannot be started: {error.strerror or error}; "
                "it takes shared memory (/dev/shm) and room for one more process."
            ) from error
        return self._workers[-1].submit(work)

    def tend(self) -> None:
        """Kill the processes that are past the time limit and have not ended their fit themselves."""
        for worker in self._workers:
            if self._timeout is not None and worker.busy_seconds() > self._timeout + GRACE:
                worker.kill()

    def close(self) -> None:
        """End all processes at once; pictures in hand are dropped."""
        for worker in self._workers:
            worker.kill()
        for worker in self._workers:
            worker.retire(wait=True)


class _Worker:
    """One process from its start to its end."""

    def __init__(self) -> None:
        # Spawned, not forked: torch's threads do not survive a fork.
        self._pool = ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn"))
        before = set(multiprocessing.active_children())
        # A new process inherits the blocked signal: Ctrl-C reaches the parent alone, from the first moment on.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            self._ready = self._pool.submit(prepare)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        (self._process,) = set(multiprocessing.active_children()) - before
        self._future: Future[Any] | None = None
        self._since, self._started = 0.0, False
        self._given = 0

    @property
    def busy(self) -> bool:
        return self._future is not None and not self._future.done()

    @property
    def fit_for_more(self) -> bool:
        return self._given < RENEW_AFTER and self._process.is_alive()

    def submit(self, work: Work[R]) -> "Future[R]":
        future = self._pool.submit(perform, work)
        self._future, self._since = future, time.monotonic()
        self._given += 1
        return future

    def busy_seconds(self) -> float:
        """Return how long the picture in hand has had; the start of a new process is not counted, within reason."""
        if not self.busy:
            return 0.0
        if not self._started and self._ready.done():
            self._started, self._since = True, time.monotonic()
        return time.monotonic() - self._since - (0.0 if self._started else _START)

    def kill(self) -> None:
        self._process.kill()

    def retire(self, *, wait: bool = False) -> None:
        self._pool.shutdown(wait=wait, cancel_futures=True)
