"""Reverse mode: the two engines, and the base transforms of ``grad`` and ``vector_grad``.

``torch.func`` defines the result. It keeps the whole graph as if it were to be differentiated again, so a first-order
call with nothing else active runs on a private autograd tape instead: the same numbers, half the time, a quarter of the
memory on a long recurrent network.
"""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import numpy as np
import torch

from .._func import grad_and_value, is_transformed, vjp
from .._state.context import CONTEXT
from ._functional import Call

__all__ = ["ENGINES", "Engine", "Pure", "chosen_engine", "scalar_gradient", "vector_gradient"]

Engine = Literal["auto", "func", "tape"]
ENGINES = ("auto", "func", "tape")
FLOAT0 = np.dtype([("float0", np.void, 0)])

Tensors = tuple[torch.Tensor, ...]


class Pure(Protocol):
    """What a base transform differentiates: (tensors, call) -> (result, tensors to carry out)."""

    def __call__(self, leaves: Sequence[torch.Tensor], call: Call) -> tuple[Any, Tensors]: ...


Gradient = Callable[[Sequence[torch.Tensor], Call], tuple[list[Any], Tensors]]


def chosen_engine(engine: Engine, leaves: Sequence[torch.Tensor]) -> Literal["func", "tape"]:
    """The engine for a call: the tape where it is outermost, alone, and nobody wants to differentiate its result."""
    if engine != "auto":
        return engine
    if CONTEXT.frames or is_transformed() or torch._C._len_torch_dispatch_stack():
        return "func"
    return "func" if any(leaf.requires_grad for leaf in leaves) else "tape"


def scalar_gradient(
    fun: Pure,
    argnums: int = 0,
    has_aux: bool = True,
    *,
    holomorphic: bool = False,
    allow_int: bool = False,
    engine: Engine = "auto",
) -> Gradient:
    """The base transform of ``grad``: the gradient of a real scalar, or a holomorphic complex one."""

    def checked(leaves: Sequence[torch.Tensor], call: Call) -> tuple[torch.Tensor, Tensors]:
        result, carried = fun(leaves, call)
        return _checked_scalar(result, call, holomorphic), carried

    def gradient(leaves: Sequence[torch.Tensor], call: Call) -> tuple[list[Any], Tensors]:
        exact = _exact(leaves, call, holomorphic, allow_int)
        return _reverse(checked, leaves, exact, call, engine, scalar=not holomorphic)

    return gradient


def vector_gradient(fun: Pure, argnums: int = 0, has_aux: bool = True, *, engine: Engine = "auto") -> Gradient:
    """The base transform of ``vector_grad``: the gradient of the sum over all results."""

    def checked(leaves: Sequence[torch.Tensor], call: Call) -> tuple[Tensors, Tensors]:
        result, carried = fun(leaves, call)
        results = result if isinstance(result, tuple) else (result,)
        return tuple([_checked_result(x) for x in results]), carried

    def gradient(leaves: Sequence[torch.Tensor], call: Call) -> tuple[list[Any], Tensors]:
        exact = _exact(leaves, call, holomorphic=False, allow_int=True)
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
    run = _on_tape if chosen_engine(engine, leaves) == "tape" else _on_func
    grads, carried = run(fun, leaves, call, scalar)
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

    result: list[Any] = [np.zeros(tuple(leaf.shape), FLOAT0) for leaf in leaves]
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


def _differentiable(leaf: torch.Tensor) -> bool:
    return leaf.is_floating_point() or leaf.is_complex()


def _exact(leaves: Sequence[torch.Tensor], call: Call, holomorphic: bool, allow_int: bool) -> list[int]:
    """The places of integer and boolean leaves, where they are allowed."""
    exact = []
    for i, leaf in enumerate(leaves):
        if holomorphic and not leaf.is_complex():
            raise TypeError(
                f"with `holomorphic=True` every input must be complex. Got dtype {_short(leaf)} in "
                f"{call.inputs.name(i)}. Convert it with `.to(torch.complex64)`."
            )
        if not _differentiable(leaf):
            exact.append(i)
            if not allow_int:
                raise TypeError(
                    f"what is differentiated must have a real or complex dtype. Got {_short(leaf)} in "
                    f"{call.inputs.name(i)}. Convert it with `.float()`, or pass `allow_int=True` for an empty gradient."
                )
    return exact


def _checked_scalar(result: Any, call: Call, holomorphic: bool) -> torch.Tensor:
    """The result as a scalar tensor."""
    if isinstance(result, (int, float, complex)) and not isinstance(result, bool):
        result = torch.as_tensor(result)
    if not isinstance(result, torch.Tensor):
        raise TypeError(
            f"the gradient is defined for a scalar result. Got {_described(call.output)}. "
            "Return one number, or `(loss, aux)` with `has_aux=True`."
        )
    if result.ndim:
        raise TypeError(
            f"the gradient is defined for a scalar result. Got shape {tuple(result.shape)}. "
            "Reduce it with `.sum()` or `.mean()`, or use `vector_grad` or `jacrev`."
        )
    if holomorphic and not result.is_complex():
        raise TypeError(f"with `holomorphic=True` the result must be complex. Got dtype {_short(result)}.")
    if not holomorphic and result.is_complex():
        raise TypeError(
            f"the gradient is defined for a real result. Got dtype {_short(result)}. "
            "Take the real part, or pass `holomorphic=True`."
        )
    if not _differentiable(result):
        raise TypeError(
            f"the gradient is defined for a real-valued result. Got dtype {_short(result)}. Use `.float()`."
        )
    return result


def _checked_result(x: Any) -> torch.Tensor:
    if isinstance(x, (int, float, complex)) and not isinstance(x, bool):
        x = torch.as_tensor(x)
    if not isinstance(x, torch.Tensor) or not _differentiable(x):
        seen = f"dtype {_short(x)}" if isinstance(x, torch.Tensor) else f"a {type(x).__name__}"
        raise TypeError(f"vector_grad is defined for results of real or complex dtype. Got {seen}. Use `.float()`.")
    return x


def _short(x: torch.Tensor) -> str:
    return str(x.dtype).removeprefix("torch.")


def _described(x: Any) -> str:
    return "None" if x is None else f"a {type(x).__name__}"
