"""A finished fit -> where and with what it ran."""

import contextlib
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import torch

from inr.training.result import FitResult

_PACKAGES = ("torch", "numpy", "kornia", "imageio", "pillow")


@dataclass(frozen=True, kw_only=True)
class Environment:
    """Where and with what the fit ran."""

    inr: str
    python: str
    packages: dict[str, str]
    platform: str
    processor: str
    threads: int
    device: str
    precision: str
    seed: int


def environment(result: FitResult) -> Environment:
    """Collect the versions and the machine; device, precision and seed are the fit's own."""
    return Environment(
        inr=version("inr"),
        python=platform.python_version(),
        packages={name: version(name) for name in _PACKAGES},
        platform=platform.platform(),
        processor=_processor(),
        threads=torch.get_num_threads(),
        device=result.device,
        precision=result.precision,
        seed=result.config.seed,
    )


def _processor() -> str:
    with contextlib.suppress(OSError):  # no such file, or one that a container keeps to itself
        for line in Path("/proc/cpuinfo").read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
