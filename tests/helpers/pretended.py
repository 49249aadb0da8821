"""A device that is none: its tensors lie in the processor's memory, and do not mix with those of the processor.

It stands for a GPU where there is none. What runs on it makes every tensor where the others are, or fails as on a GPU.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

NAME = "lazy"
"""A kind of device that torch knows, and that differentiates without a library of its own."""


class _Held(torch.Tensor):
    """A tensor of the device: what torch sees of it, around a tensor of the processor that has its numbers."""

    inside: torch.Tensor

    @staticmethod
    def __new__(cls: type["_Held"], inside: torch.Tensor) -> "_Held":
        held: _Held = torch.Tensor._make_wrapper_subclass(  # type: ignore[attr-defined]
            cls,
            inside.size(),
            strides=inside.stride(),
            storage_offset=inside.storage_offset(),
            dtype=inside.dtype,
            device=torch.device(NAME, 0),
            requires_grad=inside.requires_grad,
        )
        held.inside = inside.detach()
        return held

    @classmethod
    def __torch_dispatch__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


class _Mode(TorchDispatchMode):
    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return _run(func, args, kwargs or {})


def _run(func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
    held: dict[int, _Held] = {}
    mixed: list[torch.Tensor] = []

    def inside(each: Any) -> Any:
        if isinstance(each, _Held):
            held[id(each.inside)] = each
            return each.inside
        if isinstance(each, (list, tuple)):
            return type(each)(map(inside, each))
        if isinstance(each, torch.Tensor) and each.dim():
            mixed.append(each)
        return each

    def around(each: Any) -> Any:
        if isinstance(each, (list, tuple)):
            return type(each)(map(around, each))
        if not isinstance(each, torch.Tensor):
            return each
        return held[id(each)] if id(each) in held else _Held(each)

    plain, named = inside(args), {name: inside(each) for name, each in kwargs.items()}
    if held and mixed and func is not torch.ops.aten.copy_.default:
        raise RuntimeError(f"{func}: a tensor {tuple(mixed[0].shape)} of the processor meets one of the device")
    there, to = bool(held), named.get("device")
    if to is not None:
        there, named["device"] = torch.device(to).type == NAME, torch.device("cpu")
    out = func(*plain, **named)
    return around(out) if there else out


@contextmanager
def pretended_device() -> Iterator[torch.device]:
    """Let torch make tensors on a device that is none, and yield it."""
    fused, cast = mock.patch("torch.optim.adam._device_dtype_check_for_fused"), mock.patch("torch.autocast")
    with fused, cast as autocast, _Mode():
        autocast.return_value = nullcontext()  # of this kind of device torch knows no other precision
        yield torch.device(NAME)
