"""Work -> what it makes, on a Dask cluster that is already there; the extra `inr[cluster]` brings what this needs."""

import asyncio
import logging
import math
import pickle
import socket
import time
import warnings
from collections.abc import Callable, Iterable
from concurrent.futures import Executor, Future
from importlib.metadata import version
from typing import Any

from inr.batch.task import R, Work, perform
from inr.errors import InrError, WorkerWarning

_LOOK_EVERY = 5.0
PATIENCE = 10.0
"""Seconds that a scheduler may take to answer."""
_TALKATIVE = ("distributed", "tornado", "asyncio")


class Cluster:
    """The workers of a Dask scheduler; see `inr.batch.task.Engine` for what its methods promise.

    Pictures whose worker is lost are given to another by the scheduler itself, three times by its default
    (`distributed.scheduler.allowed-failures`); then the picture fails.
    """

    far = True

    def __init__(self, address: str, *, gpu: bool = False, shared: bool = False) -> None:
        """Connect to a scheduler.

        Args:
            address: such as `tcp://head:8786`.
            gpu: take only workers started with `--resources GPU=1`, one fit at a time for each.
            shared: the workers see the same folders: they read the pictures and write the models themselves.

        Raises:
            InrError: Dask is not installed, there is no scheduler at the address, or a worker lacks this program.
        """
        try:
            from distributed import Client  # noqa: PLC0415
        except ImportError as error:
            raise InrError("--scheduler needs Dask; install it with: pip install 'inr[cluster]'.") from error
        for name in [name for name in logging.root.manager.loggerDict if name.split(".")[0] in _TALKATIVE]:
            logging.getLogger(name).setLevel(logging.CRITICAL)  # its troubles come back as our sentences
        _find_scheduler(address)  # first by hand: a client that finds nobody waits on, and leaves a traceback behind
        try:
            self._client = Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, TypeError) as error:
            raise _nobody(address) from error
        resources = {"resources": {"GPU": 1}} if gpu else {}
        self._executor: Executor = self._client.get_executor(pure=False, **resources)
        self.sends_bytes = not shared
        self.writes_files = shared
        self._gpu, self._places, self._looked = gpu, 0, -math.inf
        self._checked: set[str] = set()
        self._torch = {_release(version("torch"))}
        try:
            self.tend()
        except InrError:
            self.close()
            raise

    @property
    def awaited(self) -> str:
        """What there was none of when last looked."""
        return "" if self._places else "worker with --resources GPU=1" if self._gpu else "worker"

    def slots(self) -> int:
        """Return twice the fits that run at a time, so that each worker finds its next picture waiting."""
        self.tend()
        return max(2, 2 * self._places)

    def submit(self, work: Work[R]) -> "Future[R]":
        """Give work to the scheduler."""
        return self._executor.submit(pickle.loads, pickle.dumps(Call(work)))

    def tend(self) -> None:
        """Look now and then which workers are there; the scheduler looks after their tasks.

        Raises:
            InrError: the scheduler is gone, or a new worker lacks this program.
        """
        if time.monotonic() - self._looked > _LOOK_EVERY:
            try:
                workers = self._client.scheduler_info(n_workers=-1)["workers"]
                self._places = sum(
                    int(worker["resources"].get("GPU", 0)) if self._gpu else worker["nthreads"]
                    for worker in workers.values()
                )
                self._check_workers(workers)
            except OSError as error:
                raise lost() from error
            self._looked = time.monotonic()

    def close(self) -> None:
        """Take back what is not finished and leave; the cluster goes on."""
        self._executor.shutdown(wait=False)
        self._client.close(timeout=2)

    def _check_workers(self, workers: Iterable[str]) -> None:
        """Check that workers not seen before have this very program, and say of a torch that is another.

        Raises:
            InrError: one has not.
        """
        new = sorted(set(workers) - self._checked)
        for package in ("inr", "torch") if new else ():
            for worker, found in self._client.run(version, package, workers=new, on_error="return").items():
                if isinstance(found, ImportError):  # PackageNotFoundError is one
                    raise lacking(package, f"worker {worker}")
                if package == "inr" and isinstance(found, str) and found != version(package):
                    raise InrError(f"worker {worker} has inr {found}, this is {version(package)}; install the same.")
                if package == "torch" and isinstance(found, str) and _release(found) not in self._torch:
                    self._torch.add(_release(found))
                    here = _release(version(package))
                    warnings.warn(
                        f"worker {worker} has torch {_release(found)}, this is {here}; its fits may differ a little.",
                        WorkerWarning,
                        stacklevel=2,
                    )
        self._checked.update(new)


def _release(of_torch: str) -> str:
    """Return a version without what follows a plus sign: which processors it was built for."""
    return of_torch.partition("+")[0]


class Call:
    """Work that becomes what it makes where it is unpickled.

    A worker of Dask that cannot unpickle a task ends. Given these bytes and `pickle.loads` instead, it finds out within
    the task that it lacks this program, and tells us.
    """

    def __init__(self, work: Work[Any]) -> None:
        self._work = work

    def __reduce__(self) -> tuple[Callable[[Work[Any]], Any], tuple[Work[Any]]]:
        return perform, (self._work,)


def _find_scheduler(address: str) -> None:
    from distributed import Security  # noqa: PLC0415
    from distributed.comm import parse_address, parse_host_port  # noqa: PLC0415
    from distributed.core import rpc  # noqa: PLC0415

    async def identity() -> str:
        async with rpc(address, connection_args=Security().get_connection_args("client")) as other:
            kind: str = (await asyncio.wait_for(other.identity(), PATIENCE))["type"]
            return kind

    try:
        socket.create_connection(parse_host_port(parse_address(address)[1], 8786), timeout=PATIENCE).close()
        kind = asyncio.run(identity())
    except Exception as error:  # whatever a stranger's answer is taken for
        raise _nobody(address) from error
    if kind != "Scheduler":
        raise _nobody(address)


def _nobody(address: str) -> InrError:
    return InrError(
        f"no Dask scheduler answers at {address!r}; give the address that `dask scheduler` shows, such as tcp://head:8786."
    )


def lacking(package: str | None, worker: str = "a worker") -> InrError:
    """Return the error for a worker that lacks a package."""
    what = "'inr[cluster]'" if package == "inr" else package
    return InrError(f"{worker} has no {package}; install it where its Python is: pip install {what}.")


def lost() -> InrError:
    """Return the error for a scheduler that went away with tasks in hand."""
    return InrError("the cluster's scheduler is gone. What was done is kept; once it is back the same command goes on.")
