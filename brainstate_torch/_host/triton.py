"""Triton, which is optional: whether it can run on a device, and a kernel on the device of its tensors."""

import contextlib
import functools
import importlib
from typing import Any

import torch

__all__ = ["at", "has_triton", "module", "runs_triton"]


@functools.cache
def has_triton() -> bool:
    """Whether Triton can be imported."""
    try:
        import triton  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    except ImportError:
        return False
    return True


@functools.cache
def runs_triton(device: torch.device) -> bool:
    """Whether Triton runs on a device: a CUDA device of compute capability 7.0 or later, as Triton demands."""
    if device.type != "cuda" or not has_triton() or not torch.cuda.is_available():
        return False
    return torch.cuda.get_device_capability(device) >= (7, 0)


@functools.cache
def module(name: str) -> Any:
    """A module of this package that imports Triton."""
    return importlib.import_module(name)


def at(device: torch.device) -> contextlib.AbstractContextManager[Any]:
    """Within: kernels are launched on this device. Triton launches on the current one, wherever its tensors lie."""
    return torch.cuda.device(device) if device.type == "cuda" else contextlib.nullcontext()
