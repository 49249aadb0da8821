"""Options of a command that gives work to several workers -> who carries it."""

from typing import TYPE_CHECKING

from inr.errors import ConfigError
from inr.settings.config import DeviceName

if TYPE_CHECKING:
    from inr.batch.task import Engine


def check_workers(scheduler: str | None, jobs: int | None, *, device: DeviceName, shared: bool = False) -> None:
    """Raise ConfigError for options that do not go together, or a device that is not there; see `make_engine`."""
    if scheduler is not None and jobs is not None:
        raise ConfigError("--jobs is for this machine; a --scheduler has as many workers as were started for it.")
    if scheduler is None and shared:
        raise ConfigError("--shared is for the workers of a --scheduler; on one machine all folders are shared.")
    if scheduler is None and device not in ("auto", "cpu"):
        from inr.device import choose_device

        choose_device(device)  # one sentence now instead of one for every picture


def make_engine(
    scheduler: str | None, jobs: int | None, *, device: DeviceName, shared: bool = False, timeout: float | None = None
) -> "Engine":
    """Return the workers that were asked for: processes on this machine, or those of a Dask scheduler.

    Args:
        scheduler: its address, or None for this machine.
        jobs: processes on this machine.
        device: that computes.
        shared: the workers of the scheduler see our folders.
        timeout: seconds that some work may take on this machine, or None.

    Raises:
        ConfigError: options that do not go together, or a device that is not there.
        InrError: there is no such scheduler, see `Cluster`.
    """
    check_workers(scheduler, jobs, device=device, shared=shared)
    if scheduler is None:
        from inr.batch.local import LocalWorkers

        return LocalWorkers(jobs or 1, timeout=timeout)
    from inr.batch.cluster import Cluster

    return Cluster(scheduler, gpu=device == "cuda", shared=shared)
