"""Tasks -> outcomes on a Dask cluster that is already there; the extra `inr[cluster]` brings what this needs."""

import logging
import socket
import time
from concurrent.futures import Executor, Future

from inr.batch.task import Outcome, Task
from inr.batch.worker import fit_one
from inr.errors import InrError

_LOOK_EVERY = 5.0
_TALKATIVE = ("distributed", "tornado", "asyncio")


class Cluster:
    """The workers of a Dask scheduler; see `inr.batch.task.Engine` for what its methods promise.

    Pictures whose worker is lost are given to another by the scheduler itself, three times by its default
    (`distributed.scheduler.allowed-failures`); then the picture fails.
    """

    def __init__(self, address: str, *, gpu: bool = False, shared: bool = False) -> None:
        """Connect to a scheduler.

        Args:
            address: such as `tcp://head:8786`.
            gpu: take only workers started with `--resources GPU=1`, one fit at a time for each.
            shared: the workers see the same folders: they read the pictures and write the models themselves.

        Raises:
            InrError: Dask is not installed, or there is no scheduler at the address.
        """
        try:
            from distributed import Client  # noqa: PLC0415
            from distributed.comm import parse_address, parse_host_port  # noqa: PLC0415
        except ImportError as error:
            raise InrError("--scheduler needs Dask; install it with: pip install 'inr[cluster]'.") from error
        for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _TALKATIVE]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # its troubles come back as our sentences
        try:  # first by hand: a client that finds nobody leaves a traceback behind
            socket.create_connection(parse_host_port(parse_address(address)[1], 8786), timeout=10).close()
            self._client = Client(address, timeout=10, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise InrError(
                f"no Dask scheduler answers at {address!r}; give the address that `dask scheduler` shows, "
                "such as tcp://head:8786."
            ) from error
        resources = {"resources": {"GPU": 1}} if gpu else {}
        self._executor: Executor = self._client.get_executor(pure=False, **resources)
        self.sends_bytes = not shared
        self.writes_files = shared
        self._slots, self._looked = 0, 0.0

    @property
    def empty(self) -> bool:
        """Whether there is no worker yet: tasks wait for one then."""
        return not self._client.nthreads()

    def slots(self) -> int:
        """Return twice the threads of all workers, so that each finds its next picture waiting."""
        if self._slots == 0 or time.monotonic() - self._looked > _LOOK_EVERY:
            try:
                self._slots = max(2, 2 * sum(self._client.nthreads().values()))
            except OSError as error:
                raise lost() from error
            self._looked = time.monotonic()
        return self._slots

    def submit(self, task: Task) -> "Future[Outcome]":
        """Give a task to the scheduler."""
        return self._executor.submit(fit_one, task)

    def tend(self) -> None:
        """Do nothing: the scheduler looks after its workers, and each picture after its time limit."""

    def close(self) -> None:
        """Take back what is not finished and leave; the cluster goes on."""
        self._executor.shutdown(wait=False)
        self._client.close(timeout=2)


def lost() -> InrError:
    """Return the error for a scheduler that went away with tasks in hand."""
    return InrError("the cluster's scheduler is gone. What was done is kept; once it is back the same command goes on.")
