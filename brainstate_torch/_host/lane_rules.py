"""Rules for maps that torch 2.13 lacks, where it maps an operation lane by lane, or refuses to."""

import functools
from collections.abc import Callable
from typing import Any

import torch

__all__ = ["add_lane_rules"]

_library = torch.library.Library("aten", "IMPL", "FuncTorchBatched")  # type: ignore[no-untyped-call]


def _isclose(
    a: torch.Tensor, b: torch.Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> torch.Tensor:
    """As torch's, one operation after the other."""
    if a.dtype != b.dtype:
        raise RuntimeError(f"`other` must have the dtype of `input`, {a.dtype}. Got {b.dtype}. Convert one of them.")
    if rtol < 0 or atol < 0:
        raise RuntimeError(f"`rtol` and `atol` must not be negative. Got {rtol} and {atol}.")
    close = a == b
    if equal_nan:
        close = close | ((a != a) & (b != b))
    if rtol == 0 and atol == 0:
        return close
    if not (a.is_floating_point() or a.is_complex()):
        default = torch.get_default_dtype()
        a, b = (a.to(default) if a.dtype is torch.bool else a), b.to(default)
    error = (a - b).abs()
    return close | (error.isfinite() & (error <= atol + (rtol * b).abs()))


def _column_stack(tensors: Any) -> torch.Tensor:
    return torch.cat([x.reshape(x.numel(), 1) if x.ndim < 2 else x for x in tensors], 1)


_RULES: dict[str, Callable[..., torch.Tensor]] = {"isclose": _isclose, "column_stack": _column_stack}


@functools.cache
def add_lane_rules() -> None:
    """Give them to torch, once in a process."""
    for name, rule in _RULES.items():
        if not torch._C._dispatch_has_kernel_for_dispatch_key(f"aten::{name}", "FuncTorchBatched"):
            _library.impl(name, rule)  # type: ignore[no-untyped-call]
