"""Reverse mode: the two engines, and the base transforms of ``grad`` and ``vector_grad``.

``torch.func`` defines the result. It keeps the whole graph as if it were to be differentiated again, so a first-order
call with nothing else active runs on a private autograd tape instead: the same numbers, half the time, a quarter of the
memory on a long recurrent network.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import torch

from .._errors import BrainStateError
from .._func import grad_and_value, is_transformed, level, vjp
from .._state.context import CONTEXT
from .._state.frame import TapeFrame
from ._checks import checked_result, checked_scalar, exact_places
from ._functional import Call

__all__ = [
    "ENGINES",
    "FLOAT0",
    "Engine",
    "Pure",
    "Tensors",
    "can_recompute",
    "float0_like",
    "scalar_gradient",
    "vector_gradient",
]

Engine = Literal["auto", "func", "tape"]
ENGINES = ("auto", "func", "tape")
FLOAT0 = np.dtype([("float0", np.void, 0)])

Tensors = tuple[torch.Tensor, ...]


class Pure(Protocol):
    """What a base transform differentiates: (tensors, call) -> (result, tensors to carry out)."""

    def __call__(self, leaves: Sequence[torch.Tensor], call: Call) -> tuple[Any, Tensors]: ...


Gradient = Callable[[Sequence[torch.Tensor], Call], tuple[list[Any], Tensors]]


class _Reverse(threading.local):
    """Per thread: the torch.func level that a lone reverse pass records on, None where there is no such pass."""

    level: int | None = None


_REVERSE = _Reverse()


def can_recompute() -> bool:
    """Does a single reverse pass, and nothing else, record what the caller computes?

    Saved-tensor hooks, on which recomputation rests, do not work in higher derivatives under torch.func.
    """
    if _REVERSE.level is None:
        taped = len(CONTEXT.frames) > 0 and all(isinstance(frame, TapeFrame) for frame in CONTEXT.frames)
        return taped and level() == 0
    return _REVERSE.level == level()


def float0_like(x: torch.Tensor) -> Any:
    """JAX's gradient of an integer: an array of its empty dtype, in the shape of the input."""
    return np.zeros(tuple(x.shape), FLOAT0)


def _takes_tape(engine: Engine, leaves: Sequence[torch.Tensor], lone: bool) -> bool:
    """Does a call run on the tape: outermost, alone, and with nobody who wants to differentiate its result?"""
    alone = lone and not torch._C._len_torch_dispatch_stack() and not any(leaf.requires_grad for leaf in leaves)
    if engine == "tape" and not alone:
        raise BrainStateError(
            "`engine='tape'` must not be used inside another transform or on tensors that require a gradient. "
            "Got one of both. Leave `engine` at 'auto'."
        )
    return alone


def scalar_gradient(
    fun: Pure,
    argnums: int = 0,
    has_aux: bool = True,
    *,
    holomorphic: bool = False,
    allow_int: bool = False,
    unit_aware: bool = False,
    engine: Engine = "auto",
) -> Gradient:
    """The base transform of ``grad``: the gradient of a real scalar, or a holomorphic complex one."""

    def checked(leaves: Sequence[torch.Tensor], call: Call) -> tuple[torch.Tensor, Tensors]:
        result, carried = fun(leaves, call)
        return checked_scalar(result, call, holomorphic, unit_aware), carried

    def gradient(leaves: Sequence[torch.Tensor], call: Call) -> tuple[list[Any], Tensors]:
        exact = exact_places(leaves, call, holomorphic, allow_int)
        return _reverse(checked, leaves, exact, call, engine, scalar=not holomorphic)

    return gradient


def vector_gradient(fun: Pure, argnums: int = 0, has_aux: bool = True, *, engine: Engine = "auto") -> Gradient:
    """The base transform of ``vector_grad``: the gradient of the sum over all results."""

    def checked(leaves: Sequence[torch.Tensor], call: Call) -> tuple[Tensors, Tensors]:
        result, carried = fun(leaves, call)
        results = result if isinstance(result, tuple) else (result,)
        return tuple([checked_result(x, "vector_grad") for x in results]), carried

    def gradient(leaves: Sequence[torch.Tensor], call: Call) -> tuple[list[Any], Tensors]:
        exact = exact_places(leaves, call, holomorphic=False, allow_int=True)
        return _reverse(checked, leaves, exact, call, engine, scalar=False)

    return gradient


def _reverse(
    fun: Callable[[Sequence[torch.Tensor], Call], tuple[Any, Tensors]],
    leaves: Sequence[torch.Tensor],
    exact: Sequence[int],
    call: Call,
    engine: Engine,
    scalar: bool,
) -> tuple[list[Any], Tensors]:
    """The gradient of a scalar result, or of the sum of several, by one of the engines.

    Leaves at the places `exact` are integers and take no part: torch refuses them, JAX answers with an empty dtype.
    """
    if exact:
        return _around(fun, leaves, exact, call, engine, scalar)
    lone = not CONTEXT.frames and not is_transformed()
    on_tape = engine != "func" and _takes_tape(engine, leaves, lone)
    if lone:
        _REVERSE.level = 0 if on_tape else 1
    try:
        grads, carried = (_on_tape if on_tape else _on_func)(fun, leaves, call, scalar)
    finally:
        if lone:
            _REVERSE.level = None
    return [grad.conj().resolve_conj() if grad.is_complex() else grad for grad in grads], carried


def _around(
    fun: Callable[[Sequence[torch.Tensor], Call], tuple[Any, Tensors]],
    leaves: Sequence[torch.Tensor],
    exact: Sequence[int],
    call: Call,
    engine: Engine,
    scalar: bool,
) -> tuple[list[Any], Tensors]:
    """As :func:`_reverse` with the exact leaves held constant."""
    kept = [i for i in range(len(leaves)) if i not in exact]

    def of_kept(some: Sequence[torch.Tensor], call: Call) -> tuple[Any, Tensors]:
        merged = list(leaves)
        for i, leaf in zip(kept, some, strict=True):
            merged[i] = leaf
        return fun(merged, call)

    result: list[Any] = [float0_like(leaf) for leaf in leaves]
    if not kept:
        return result, of_kept([], call)[1]
    grads, carried = _reverse(of_kept, [leaves[i] for i in kept], (), call, engine, scalar)
    for i, grad in zip(kept, grads, strict=True):
        result[i] = grad
    return result, carried


def _on_func(fun: Any, leaves: Sequence[torch.Tensor], call: Call, scalar: bool) -> tuple[Any, Tensors]:
    if scalar:
        grads, (_, carried) = grad_and_value(fun, has_aux=True)(tuple(leaves), call)
        return grads, carried
    results, pull, carried = vjp(  # type: ignore[misc]
        lambda *xs: fun(xs, call), *leaves, has_aux=True
    )
    ones = (
        torch.ones_like(results) if isinstance(results, torch.Tensor) else tuple([torch.ones_like(x) for x in results])
    )
    return pull(ones), carried


def _on_tape(fun: Any, leaves: Sequence[torch.Tensor], call: Call, scalar: bool) -> tuple[Any, Tensors]:
    inputs = [leaf.detach().requires_grad_() for leaf in leaves]
    with torch.enable_grad():
        results, carried = fun(inputs, call)
    outputs = [x for x in (results if isinstance(results, tuple) else (results,)) if x.requires_grad]
    cotangents = None if scalar else [torch.ones_like(x) for x in outputs]
    if outputs:
        grads: Sequence[Any] = torch.autograd.grad(
            outputs, inputs, cotangents, allow_unused=True, materialize_grads=True
        )
    else:
        grads = [torch.zeros_like(leaf) for leaf in leaves]
    return grads, tuple([x.detach() if x.requires_grad else x for x in carried])
