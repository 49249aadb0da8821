"""Picture, configuration and a limit -> the bytes that features of frozen grades may take."""

import math
from pathlib import Path

import torch

from inr.config import FitConfig
from inr.errors import ConfigError
from inr.imaging.image import Image
from inr.networks.encoding import plane_shape

GIB = 1 << 30
_PROGRAM = 600 << 20
"""The interpreter, torch, kornia and matplotlib before the first pixel."""
_PER_ROW = 32
"""Row numbers, their random order, and the visits of a pass, in bytes per training pixel."""
_PER_TRAINED_NUMBER = 24
"""A plane in training: value, gradient, its two moments, and a copy each in reading and writing."""


def default_limit(device: torch.device) -> int:
    """Return half of the memory that is free, in bytes: of the GPU if that trains, else of the machine."""
    if device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        return free // 2
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 512
    return 4 * GIB  # not told: what a laptop of 8 GiB can spare


def pool_bytes(image: Image, config: FitConfig, rows: int, limit: int) -> int:
    """Return what is left of a limit for the inputs held at a time.

    Args:
        image: the picture.
        config: of the fit.
        rows: training pixels.
        limit: bytes for the whole process.

    Raises:
        ConfigError: the picture, its planes and a batch do not fit in the limit.
    """
    numbers = [
        sum(math.prod(plane_shape(plane, image.width, image.height)) for plane in own.planes) for own in config.grades
    ]
    batch = rows if config.batch_size is None else max(config.batch_size, round(config.batch_share * rows))
    needed = (
        _PROGRAM
        + 2 * image.pixels.nbytes
        + _PER_ROW * rows
        + _PER_TRAINED_NUMBER * max(numbers)
        + 4 * sum(numbers)
        + 512 * min(batch, rows)
    )
    left = limit - needed
    smallest = 1024 * min(rows, 8192)
    if left < smallest:
        raise ConfigError(
            f"memory: {image.width} x {image.height} pixels with these settings take at least "
            f"{(needed + smallest) / GIB:.1f} GiB, more than the limit of {limit / GIB:.1f} GiB; "
            "give more --memory, a smaller picture, or --encoding fourier, which takes less."
        )
    return left // 3  # inputs and residual, and both again while a frozen grade is gone through
