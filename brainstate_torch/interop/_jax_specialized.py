"""The program of a JAX function for arguments of one kind."""

import sys
from collections.abc import Callable, Sequence
from typing import Any

import torch

from .._arrays import short_dtype
from ..units import Quantity, Unit
from ._arguments import Split, of_jax, stripped
from ._extras import extra, jax
from ._jax_operation import JaxOperation
from ._jax_program import JaxProgram
from ._mirrors import Mirror, mirror_of

__all__ = ["Specialized", "Traced", "traced", "zeros_like"]


class Traced:
    """A function of JAX's for calls of one kind, with its States as arguments and results.

    Parameters
    ----------
    call
        ``call(values of States, numbers, arrays)`` gives the result and the values of the States that are written.
    """

    def __init__(self, call: Callable[..., Any], mirrors: Sequence[Mirror], written: Sequence[Mirror]) -> None:
        self.call, self.mirrors, self.written = call, mirrors, written


def traced(fun: Callable[..., Any], found: Split, mirrors: Sequence[Mirror], values: Sequence[Any]) -> Traced:
    """Find the States of brainstate that a function reads and writes in a call.

    Parameters
    ----------
    values
        What the States of `mirrors` are to hold meanwhile.
    """

    def of_arrays(numbers: Sequence[Any], arrays: Sequence[Any]) -> Any:
        _, args, kwargs = of_jax(found, numbers, arrays)
        return fun(*args, **kwargs)

    if "brainstate" not in sys.modules:  # No State was made from it.
        return Traced(lambda values, numbers, arrays: (of_arrays(numbers, arrays), []), [], [])
    stateful = extra("brainstate", "jax").transform.StatefulFunction(of_arrays, name=_name(fun))
    like = [jax().ShapeDtypeStruct(tuple(x.shape), short_dtype(x.dtype)) for x in found.tensors]
    call = (list(found.numbers), like)
    before = [mirror.theirs.value for mirror in mirrors]
    try:
        for mirror, value in zip(mirrors, values, strict=True):
            mirror.theirs.restore_value(value)
        stateful.make_jaxpr(*call)
        closed, outs = stateful.get_jaxpr(*call), stateful.get_out_treedef(*call)
        states = list(stateful.get_states(*call))
        written = {id(state) for state in stateful.get_write_states(*call)}
    finally:
        for mirror, value in zip(mirrors, before, strict=True):
            mirror.theirs.restore_value(value)
    run = extra("jax.extend.core", "jax").jaxpr_as_fun(closed)
    places = [i for i, state in enumerate(states) if id(state) in written]

    def with_states(values: Any, numbers: Any, arrays: Any) -> Any:
        results, after = outs.unflatten(run(*jax().tree.leaves((list(numbers), list(arrays), list(values)))))
        return results, [after[i] for i in places]

    every = [mirror_of(state) for state in states]
    return Traced(with_states, every, [every[i] for i in places])


def _name(fun: Callable[..., Any]) -> str:
    return getattr(fun, "__name__", type(fun).__name__)


def zeros_like(found: Split) -> Any:
    """The tree in JAX's values, with zeros for the tensors."""
    arrays = [jax().numpy.zeros(tuple(x.shape), short_dtype(x.dtype)) for x in found.tensors]
    return of_jax(found, found.numbers, arrays)


class Specialized:
    """The program of a traced function, and how its results are put together.

    Parameters
    ----------
    values, call
        The values of the States and the arguments, taken apart.
    """

    def __init__(self, fun: Callable[..., Any], of: Traced, values: Split, call: Split) -> None:
        self.written = of.written
        shape: list[Any] = []
        count, counted = len(values.tensors), len(values.numbers)

        def flat(numbers: Any, *arrays: Any) -> list[Any]:
            held = of_jax(values, numbers[:counted], arrays[:count])
            found = of.call(held, numbers[counted:], arrays[count:])
            leaves, tree = jax().tree.flatten(found, is_leaf=lambda x: hasattr(x, "mantissa"))
            pairs = [stripped(leaf) for leaf in leaves]
            shape[:] = [tree, [unit for _, unit in pairs]]
            return [jax().numpy.asarray(x) for x, _ in pairs]

        tensors, numbers = [*values.tensors, *call.tensors], [*values.numbers, *call.numbers]
        self.program = JaxProgram(flat, tensors, numbers, _name(fun))
        self.tree: Any = shape[0]
        self.units: list[Unit | None] = shape[1]
        self.whole = JaxOperation(self.program, ())
        self.is_plain = self.units == [None] and self.tree == jax().tree.structure((0, []))

    def run(self, tensors: Sequence[torch.Tensor], numbers: Sequence[Any]) -> Any:
        """The result; the States that are written have their new values."""
        operation = JaxOperation(self.program, tuple(numbers)) if numbers else self.whole
        found = operation.apply(list(tensors))
        if self.is_plain:
            return found[0]
        leaves = [x if unit is None else Quantity(x, unit) for x, unit in zip(found, self.units, strict=True)]
        result, values = jax().tree.unflatten(self.tree, leaves)
        for mirror, value in zip(self.written, values, strict=True):
            mirror.ours.value = value
        return result
