"""The host transforms: the only module that imports torch.func and its internals."""

from collections.abc import Sequence
from typing import Any

import torch
from torch._C._functorch import TransformType
from torch._functorch.pyfunctorch import retrieve_all_functorch_interpreters
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack as outside_of_transforms
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.autograd.graph import _engine_run_backward
from torch.func import functional_call, grad_and_value, hessian, jacfwd, jacrev, jvp, vjp, vmap

__all__ = [
    "FakeTensor",
    "FakeTensorMode",
    "FakeValue",
    "applied",
    "concrete",
    "forward_levels",
    "functional_call",
    "grad_and_value",
    "hessian",
    "is_batched",
    "is_differentiated",
    "is_observed",
    "is_transformed",
    "jacfwd",
    "jacrev",
    "jvp",
    "level",
    "level_of",
    "outside_of_transforms",
    "protected_fake",
    "pulled_back",
    "vjp",
    "vmap",
]

_functorch = torch._C._functorch
_maybe_current_level = _functorch.maybe_current_level

#: The torch.func level that a tensor is wrapped for: -1 for a plain tensor, -2 for a wrapper that outlived its own.
level_of = _functorch.maybe_get_level


class FakeValue(FakeTensor):
    """A fake tensor whose ``+=`` and the like compute a new one; what a State hands out while shapes are traced."""


def protected_fake(x: FakeTensor) -> FakeTensor:
    """The fake tensor as a :class:`FakeValue`. A plain subclass would lose what makes it fake."""
    fake: Any = x.view_as(x)
    fake.__class__ = FakeValue
    return fake  # type: ignore[no-any-return]


def pulled_back(
    outputs: Sequence[torch.Tensor], cotangents: Sequence[torch.Tensor], inputs: Sequence[torch.Tensor]
) -> list[torch.Tensor]:
    """The gradients that autograd finds for `inputs`, zeros for those that the outputs do not depend on.

    Calls the engine as torch.autograd.grad does, without its checks: on a small graph these cost 20 of 74 µs.
    """
    found = _engine_run_backward(
        tuple(outputs), tuple(cotangents), False, False, tuple(inputs), allow_unreachable=True, accumulate_grad=False
    )
    return [torch.zeros_like(x) if grad is None else grad for grad, x in zip(found, inputs, strict=True)]


def concrete(x: torch.Tensor) -> torch.Tensor:
    """The tensor with the numbers of all lanes: out of every torch.func transform."""
    while _functorch.is_functorch_wrapped_tensor(x):
        x = _functorch.get_unwrapped(x)
    return x


def is_batched(x: Any, at: int | None = None) -> bool:
    """Has a value one of its own in each lane of a vmap around the caller, or of the one at a level?"""
    while isinstance(x, torch.Tensor) and _functorch.is_functorch_wrapped_tensor(x):
        if _functorch.is_batchedtensor(x) and at in (None, level_of(x)):
            return True
        x = _functorch.get_unwrapped(x)
    return False


def level() -> int:
    """How many torch.func transforms enclose the caller, in this thread."""
    return _maybe_current_level() or 0


def is_transformed() -> bool:
    """Does a torch.func transform enclose the caller?"""
    return _maybe_current_level() is not None


def forward_levels() -> int:
    """How many torch.func transforms in forward mode enclose the caller."""
    if _maybe_current_level() is None:
        return 0
    return sum(each.key() == TransformType.Jvp for each in retrieve_all_functorch_interpreters())


def is_differentiated(*tensors: torch.Tensor) -> bool:
    """May a derivative by one of these be asked for, or a vmap look into them?"""
    if _maybe_current_level() is not None or torch.autograd.forward_ad._current_level >= 0:
        return True
    return torch.is_grad_enabled() and any(x.requires_grad for x in tensors)


def is_observed() -> bool:
    """Does a mode, such as a tracer's, look at each operation?"""
    return bool(torch._C._len_torch_dispatch_stack() or torch._C._len_torch_function_stack())


def applied(function: type[torch.autograd.Function], *args: Any) -> Any:
    """``function.apply(*args)``, of a Function with `setup_context` whose arguments are all given.

    Outside of torch.func, without binding the signature of `forward` at each call: 17 instead of 64 µs.
    """
    if _maybe_current_level() is None:
        return super(torch.autograd.Function, function).apply(*args)  # type: ignore[misc]
    return function.apply(*args)  # type: ignore[no-untyped-call]
