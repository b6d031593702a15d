"""The Parameters and buffers of a module itself as torch names them: dotted names, without those of inner modules."""

from collections.abc import Iterator
from typing import Any

import torch

from ... import _tree
from ..._arrays import SCALARS
from ..._state import ParamState, ShortTermState, State
from ..._state.context import CONTEXT
from ..._state.lent_frame import lent_for
from ...graph.registry import children, keys_of
from ...random import RandomState
from ...units import get_mantissa, is_quantity

__all__ = [
    "buffers_of",
    "is_persistent",
    "is_saved",
    "leaf_names",
    "modules_of",
    "named_leaves",
    "parameters_of",
    "parts",
    "shown_leaves",
]


def parts(module: Any) -> Iterator[tuple[str, Any]]:
    """The States, tensors of torch's own kinds, and modules that a module holds, also in containers and plain nodes.

    A RandomState is left out: it is no weight, and DistributedDataParallel, which makes all buffers equal, would give
    every process the same random numbers.
    """
    seen = {id(module): module}

    def visit(x: Any, prefix: str) -> Iterator[tuple[str, Any]]:
        for key, child in children(x) or ():
            # Most of what a module holds; without this line, a walk takes twice as long.
            if child is None or isinstance(child, (str, int, float)):
                continue
            name = f"{prefix}{key}"
            if isinstance(child, (State, torch.nn.Module)):
                if child is not module and not isinstance(child, RandomState):
                    yield name, child
            elif isinstance(child, torch.Tensor):
                if isinstance(child, (torch.nn.Parameter, torch.nn.Buffer)):
                    yield name, child
            elif id(child) not in seen:
                seen[id(child)] = child
                yield from visit(child, f"{name}.")

    return visit(module, "")


def modules_of(module: Any) -> Iterator[tuple[str, torch.nn.Module]]:
    """The modules in a module, one level deep, but for attributes that lead back to a module that holds it."""
    back = getattr(module, "_leads_back", ())
    return ((name, part) for name, part in parts(module) if isinstance(part, torch.nn.Module) and name not in back)


def parameters_of(module: Any) -> Iterator[tuple[str, torch.nn.Parameter]]:
    """The Parameters that back the ParamStates of a module, and those of torch's own kind."""
    for name, part in parts(module):
        if isinstance(part, ParamState):
            yield from _named_parameters(name, part)
        elif isinstance(part, torch.nn.Parameter):
            yield name, part


def buffers_of(module: Any) -> Iterator[tuple[str, torch.Tensor]]:
    """The tensors that back the other persistent States of a module, and its buffers of torch's own kind."""
    for name, part in parts(module):
        if isinstance(part, State):
            if is_persistent(part) and not isinstance(part, ParamState):
                yield from _named_parameters(name, part)
        elif isinstance(part, torch.nn.Buffer):
            yield name, part


def is_persistent(state: State[Any]) -> bool:
    """Whether the State belongs to what a model has learned, and not to one run."""
    return not isinstance(state, ShortTermState)


def is_saved(leaf: Any) -> bool:
    """Whether a leaf of a State holds numbers."""
    return isinstance(get_mantissa(leaf), (torch.Tensor, *SCALARS))


def named_leaves(name: str, state: State[Any]) -> tuple[list[tuple[str, Any]], _tree.Spec]:
    """The leaves of a State's value by dotted name, quantities in one piece, and the structure around them."""
    leaves, spec = _tree.flatten(state.value, is_leaf=is_quantity)
    return list(zip(_dotted(name, spec), leaves, strict=True)), spec


def leaf_names(name: str, state: State[Any]) -> list[str]:
    """The dotted names of the tensors in a State's value, in the order of its leaves."""
    leaves, spec = _tree.flatten(state._value, is_leaf=is_quantity)
    pairs = zip(_dotted(name, spec), leaves, strict=True)
    return [key for key, leaf in pairs if isinstance(get_mantissa(leaf), torch.Tensor)]


def shown_leaves(name: str, state: State[Any]) -> list[tuple[str, Any]]:
    """The leaves by dotted name in the order in which the value shows them, which is that of the Parameters."""
    leaves, spec = named_leaves(name, state)
    return [leaves[i] for i in spec.shown()]


def _dotted(name: str, spec: _tree.Spec) -> list[str]:
    if spec is _tree.LEAF:
        return [name]
    pairs = zip(keys_of(spec), spec.children, strict=True)
    return [leaf for key, child in pairs for leaf in _dotted(f"{name}.{key}", child)]


def _named_parameters(name: str, state: State[Any]) -> Iterator[tuple[str, torch.nn.Parameter]]:
    names = [key for key, leaf in shown_leaves(name, state) if isinstance(get_mantissa(leaf), torch.Tensor)]
    if CONTEXT.frames and (lent := lent_for(state)):
        by_name = dict(zip(leaf_names(name, state), lent, strict=True))
        return ((key, by_name[key]) for key in names)
    return zip(names, state.parameters(), strict=True)
