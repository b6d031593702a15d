"""The host transforms: the only module that imports torch.func and its internals."""

from collections.abc import Callable
from typing import Any

import torch
import torch.utils.checkpoint
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.func import functional_call, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp, vmap

__all__ = [
    "FakeTensor",
    "FakeTensorMode",
    "functional_call",
    "grad_and_value",
    "hessian",
    "is_transformed",
    "jacfwd",
    "jacrev",
    "jvp",
    "level",
    "level_of",
    "recomputed",
    "vjp",
    "vmap",
]

_functorch = torch._C._functorch  # type: ignore[attr-defined]
_maybe_current_level = _functorch.maybe_current_level

#: The torch.func level that a tensor is wrapped for: -1 for a plain tensor, -2 for a wrapper that outlived its own.
level_of = _functorch.maybe_get_level


def recomputed(function: Callable[[], Any]) -> Any:
    """Call a function whose intermediate values are to be computed again in the backward pass.

    torch.func.grad forbids saved-tensor hooks for the time it runs, since they fail in higher derivatives. In a lone
    reverse pass they work, and torch.func puts the ban back as it found it when it returns.
    """
    torch._C._autograd._saved_tensors_hooks_enable()
    return torch.utils.checkpoint.checkpoint(function, use_reentrant=False)


def level() -> int:
    """How many torch.func transforms enclose the caller, in this thread."""
    return _maybe_current_level() or 0


def is_transformed() -> bool:
    """Does a torch.func transform enclose the caller?"""
    return _maybe_current_level() is not None
