"""Picture, configuration and a limit -> the bytes that features of frozen grades may take."""

from pathlib import Path

import torch

from inr.errors import ConfigError
from inr.settings.config import FitConfig, GreedyTraining

GIB = 1 << 30
_PER_PIXEL = 16
"""Indices, their random order, the next one and the visits of a pass, in bytes per training pixel."""
_NOT_TOLD = 4 * GIB
"""What is taken to be free where the system does not say: a laptop of 8 GiB can spare it."""


def default_limit(device: torch.device, share: int = 1) -> int:
    """Return, in bytes, what this process uses now and half of what is free beside it, on the GPU if that trains.

    Args:
        device: that trains.
        share: processes that divide the free half among them.
    """
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2 // share
    free = _kilobytes("/proc/meminfo", "MemAvailable:")
    return _used(device) + (_NOT_TOLD if free is None else free * 512) // share


def pool_bytes(
    what: str,
    config: FitConfig,
    training: GreedyTraining,
    pixels: int,
    widest: int,
    limit: int,
    device: torch.device,
) -> int:
    """Return what is left of a limit for the inputs held at a time.

    Args:
        what: is fitted, for the message.
        config: of the fit.
        training: its training.
        pixels: that are trained on.
        widest: most inputs of any grade.
        limit: bytes for the whole process, or on the GPU.
        device: that trains.

    Raises:
        ConfigError: a batch does not fit in the limit.
    """
    widths = max(own.width * own.depth for own in config.grades)
    batch = min(training.batch(pixels), pixels) if training.batch_size is not None else 0
    needed = (
        _used(device)
        + _PER_PIXEL * pixels
        + 8 * widest * batch  # gathered, and joined where two passes meet
        + 4 * 8192 * 6 * (widths + widest)  # a chunk on its way through a grade and back
    )
    left = limit - needed
    smallest = 16 * widest * min(pixels, max(8192, batch))
    if left < smallest:
        raise ConfigError(
            f"memory: {what} with these settings take at least "
            f"{(needed + smallest) / GIB:.1f} GiB, more than the limit of {limit / GIB:.1f} GiB; "
            "give more --memory or a smaller picture."
        )
    return left // 4  # inputs and residual, and both again while a frozen grade is gone through


def _used(device: torch.device) -> int:
    if device.type != "cpu":
        return 0
    resident = _kilobytes("/proc/self/status", "VmRSS:")
    return GIB if resident is None else resident * 1024


def _kilobytes(file: str, name: str) -> int | None:
    path = Path(file)
    for line in path.read_text().splitlines() if path.exists() else ():
        if line.startswith(name):
            return int(line.split()[1])
    return None
