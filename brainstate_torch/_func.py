"""The host transforms: the only module that imports torch.func and its internals."""

import torch
from torch.func import functional_call, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp, vmap

__all__ = [
    "functional_call",
    "grad_and_value",
    "hessian",
    "is_transformed",
    "jacfwd",
    "jacrev",
    "jvp",
    "level",
    "level_of",
    "vjp",
    "vmap",
]

_functorch = torch._C._functorch  # type: ignore[attr-defined]
_maybe_current_level = _functorch.maybe_current_level

#: The torch.func level that a tensor is wrapped for: -1 for a plain tensor, -2 for a wrapper that outlived its own.
level_of = _functorch.maybe_get_level


def level() -> int:
    """How many torch.func transforms enclose the caller, in this thread."""
    return _maybe_current_level() or 0


def is_transformed() -> bool:
    """Does a torch.func transform enclose the caller?"""
    return _maybe_current_level() is not None
