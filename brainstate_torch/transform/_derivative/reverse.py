"""Reverse mode: the two engines, and the base transforms of ``grad`` and ``vector_grad``.

``torch.func`` defines the result. It keeps the whole graph for a second derivative, so a first-order
call with nothing else active runs on a private autograd tape instead: the same numbers, half the time, a quarter of the
memory on a long recurrent network.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import torch

from ..._errors import BrainStateError
from ..._host.dispatch import dispatch_modes
from ..._host.functorch import TAPE, grad_and_value, is_transformed, pulled_back, vjp
from ..._state.context import CONTEXT
from ..._state.frame import TapeFrame
from .._core.running import Run
from .checks import checked_result, checked_scalar
from .exact import Exact
from .lost import run_again
from .naming import public_name

__all__ = [
    "ENGINES",
    "Engine",
    "Pure",
    "Tensors",
    "can_recompute",
    "scalar_gradient",
    "vector_gradient",
]

Engine = Literal["auto", "func", "tape"]
ENGINES = ("auto", "func", "tape")

Tensors = tuple[torch.Tensor, ...]

_requires_grad: Callable[[torch.Tensor], bool] = torch.Tensor.requires_grad.__get__  # type: ignore[attr-defined]
_data: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.data.__get__  # type: ignore[attr-defined]


class Pure(Protocol):
    """What a base transform differentiates: (tensors, run) -> (result, tensors to carry out)."""

    def __call__(self, leaves: Sequence[torch.Tensor], run: Run) -> tuple[Any, Tensors]: ...


Gradient = Callable[[Sequence[torch.Tensor], Run], tuple[Sequence[Any], Tensors]]
#: A pure function of what is differentiated alone, its result checked.
Checked = Callable[[Sequence[torch.Tensor], Run, Exact], tuple[Any, Tensors]]
Engined = Callable[[Sequence[torch.Tensor], Run, Exact], tuple[Sequence[torch.Tensor], Tensors]]


def can_recompute() -> bool:
    """Whether the autograd tape is the only thing recording.

    Recomputation needs saved-tensor hooks. torch.func forbids them; it also keeps everything for a further derivative,
    so that recomputing would save no memory.
    """
    taped = len(CONTEXT.frames) > 0 and isinstance(CONTEXT.frames[0], TapeFrame)
    return (TAPE.active or taped) and not is_transformed()


def _takes_tape(engine: Engine, leaves: Sequence[torch.Tensor]) -> bool:
    """Whether a call runs on the tape: it is outermost and alone, and its result is not differentiated."""
    free = not CONTEXT.frames and not is_transformed() and not any(map(_requires_grad, leaves))
    if engine == "auto":
        # A dispatch mode may be tracing a graph, which has to hold the backward pass too.
        return free and not dispatch_modes()
    if not free:
        raise BrainStateError(
            "`engine='tape'` must not be used inside another transform or on tensors that require a gradient. "
            "Got one of both. Leave `engine` at 'auto'."
        )
    return True


@public_name("grad")
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

    def checked(free: Sequence[torch.Tensor], run: Run, exact: Exact) -> tuple[torch.Tensor, Tensors]:
        result, carried = fun(exact.merged(free), run)
        return checked_scalar(result, run, holomorphic, unit_aware), carried

    # Made once, since making it costs more than a call; it takes real results only.
    of_real = grad_and_value(checked, has_aux=True)

    def on_func(free: Sequence[torch.Tensor], run: Run, exact: Exact) -> tuple[Sequence[torch.Tensor], Tensors]:
        grads, (_, carried) = of_real(tuple(free), run, exact)
        return grads, carried

    def gradient(leaves: Sequence[torch.Tensor], run: Run) -> tuple[Sequence[Any], Tensors]:
        exact = Exact(run.inputs, leaves, holomorphic, allow_int)
        return _reverse(checked, functools.partial(_on_func, checked) if holomorphic else on_func, run, exact, engine)

    return gradient


@public_name("vector_grad")
def vector_gradient(fun: Pure, argnums: int = 0, has_aux: bool = True, *, engine: Engine = "auto") -> Gradient:
    """The base transform of ``vector_grad``: the gradient of the sum over all results."""

    def checked(free: Sequence[torch.Tensor], run: Run, exact: Exact) -> tuple[Tensors, Tensors]:
        result, carried = fun(exact.merged(free), run)
        results = result if isinstance(result, tuple) else (result,)
        return tuple([checked_result(x, "vector_grad") for x in results]), carried

    def gradient(leaves: Sequence[torch.Tensor], run: Run) -> tuple[Sequence[Any], Tensors]:
        exact = Exact(run.inputs, leaves, holomorphic=False, allow_int=True)
        return _reverse(checked, functools.partial(_on_func, checked), run, exact, engine)

    return gradient


def _reverse(checked: Checked, on_func: Engined, run: Run, exact: Exact, engine: Engine) -> tuple[list[Any], Tensors]:
    """The gradient of a scalar result, or of the sum of several, by one of the engines."""
    free = exact.free
    if not free:
        return exact.completed([]), checked(free, run, exact)[1]
    if engine != "func" and _takes_tape(engine, free):
        outer, TAPE.active = TAPE.active, True
        try:
            grads, carried = _on_tape(checked, free, run, exact)
        finally:
            TAPE.active = outer
    else:
        grads, carried = on_func(free, run, exact)
    if any(map(torch.is_complex, grads)):
        grads = [x.conj().resolve_conj() if x.is_complex() else x for x in grads]
    return exact.completed(list(grads)), carried


def _on_func(
    checked: Checked, free: Sequence[torch.Tensor], run: Run, exact: Exact
) -> tuple[Sequence[torch.Tensor], Tensors]:
    results, pull, carried = vjp(lambda *leaves: checked(leaves, run, exact), *free, has_aux=True)
    several = isinstance(results, tuple)
    return pull(tuple([torch.ones_like(x) for x in results]) if several else torch.ones_like(results)), carried


def _on_tape(
    checked: Checked, free: Sequence[torch.Tensor], run: Run, exact: Exact
) -> tuple[Sequence[torch.Tensor], Tensors]:
    # The value of a State shares memory until it is written, so that `data`, which shares no counter of writes, does.
    # The method of a State's value would return another value.
    apart = _data if run.inputs.plain else torch.Tensor.detach
    inputs = [leaf.requires_grad_() for leaf in map(apart, free)]
    if torch.is_grad_enabled():  # Entering the context costs 3 of the 35 µs of a small gradient
        results, carried = checked(inputs, run, exact)
    else:
        with torch.enable_grad():
            results, carried = checked(inputs, run, exact)
    outputs = [x for x in results if x.requires_grad] if isinstance(results, tuple) else [results]
    if outputs and outputs[0].requires_grad:
        CONTEXT.backward = True
        try:
            grads = pulled_back(outputs, [*map(torch.ones_like, outputs)], inputs)
        finally:
            CONTEXT.backward = False
    else:
        with torch.enable_grad():
            _, carried = run_again(lambda: checked(inputs, run, exact))
        grads = [torch.zeros_like(leaf) for leaf in free]
    return grads, tuple([x.detach() if x.requires_grad else x for x in carried]) if carried else ()
