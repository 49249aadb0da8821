"""Machine -> arithmetic of the training loop: float32, or bfloat16 products over float32 weights."""

import ctypes
import functools
import sys
import time
from contextlib import AbstractContextManager

import torch

from inr.errors import ConfigError
from inr.settings.trainings import PrecisionName

CPU = torch.device("cpu")
_WORTH_IT = 1.5
"""bfloat16 must be this many times faster to be chosen: a clear win only, so that the choice does not flicker."""


def choose_device(name: str) -> torch.device:
    """Return the device of this name; `auto` takes CUDA if it is there, else the processor.

    Apple's GPU only by name: some of the supported versions of torch cannot read planes on it.

    Raises:
        ConfigError: torch sees no such device here.
    """
    available = {"cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    if name == "auto":
        return torch.device("cuda" if available["cuda"] else "cpu")
    if name not in available:
        raise ConfigError(f"device is {name!r}; accepted are auto, {', '.join(available)}.")
    if not available[name]:
        here = ", ".join(n for n, there in available.items() if there)
        raise ConfigError(f"device '{name}' is not available on this machine; torch sees: {here}.")
    return torch.device(name)


def choose_precision(name: PrecisionName, device: torch.device) -> torch.dtype:
    """Return the type of the products; `auto` times a layer's product in both (some twenty milliseconds)."""
    if name != "auto":
        return torch.bfloat16 if name == "bf16" else torch.float32
    return _faster(device)


def autocast(dtype: torch.dtype, device: torch.device) -> AbstractContextManager[object]:
    """Return the context in which products run in `dtype` while weights and loss stay float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=dtype == torch.bfloat16)


def keep_freed_memory() -> None:
    """Ask glibc to keep freed blocks instead of giving them back to the system.

    A training step frees and takes the same few megabyte-sized tensors again and again; by default each
    is mapped and page-faulted anew, a fifth of the step's time. Does nothing where there is no glibc.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        trim_threshold, top_pad, mmap_threshold = -1, -2, -3
        mallopt(mmap_threshold, 32 << 20)
        mallopt(trim_threshold, 512 << 20)
        mallopt(top_pad, 64 << 20)


def give_back_freed_memory() -> None:
    """Give freed blocks back to the system after all: where a large work ends and another begins."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform.startswith("linux") else None
    if trim is not None:
        trim(0)


@functools.cache
def _faster(device: torch.device) -> torch.dtype:
    """Return the type that is faster here; measured once in a process, so that its fits agree."""
    ratio = _product_seconds(torch.float32, device) / _product_seconds(torch.bfloat16, device)
    return torch.bfloat16 if ratio > _WORTH_IT else torch.float32


def _product_seconds(dtype: torch.dtype, device: torch.device) -> float:
    a = torch.ones(4096, 256, dtype=dtype, device=device)
    b = torch.ones(256, 256, dtype=dtype, device=device)
    best = float("inf")
    for _ in range(6):  # the first warms up
        start = time.perf_counter()
        float((a @ b)[0, 0])  # reading one number waits for the device
        best = min(best, time.perf_counter() - start)
    return best
