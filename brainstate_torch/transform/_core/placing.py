"""The device for a numpy array among the arguments of a transform: that of the tensors it will be combined with."""

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import torch

from ... import _tree
from ..._state import State
from ...graph.registry import children

__all__ = ["device_beside"]

#: How deep the search goes into functions, modules and containers.
_DEPTH = 6


@functools.cache
def _is_elsewhere() -> bool:
    """Whether there is a device besides the CPU."""
    return torch.accelerator.is_available()


def device_beside(arguments: Iterable[Any], objects: Iterable[Any]) -> torch.device | None:
    """The device of the first tensor among arguments, else in States and modules that objects hold; None without one.

    Parameters
    ----------
    arguments
        Trees.
    objects
        States, modules, and functions, of which the variables are looked at that they name.
    """
    if not _is_elsewhere():
        return None
    for leaf in _tree.leaves(list(arguments)):
        # A number without axes mixes with tensors of every device.
        if isinstance(leaf, torch.Tensor) and leaf.ndim:
            return leaf.device
    for found in objects:
        for x in _held(found, _DEPTH):
            return x.device
    return None


def _held(x: Any, depth: int) -> Iterator[torch.Tensor]:
    """The tensors with axes of a State or a module, or of those that a function names."""
    if isinstance(x, State):
        leaves = x._parameters or _tree.leaves(x._value)
        yield from [leaf for leaf in leaves if isinstance(leaf, torch.Tensor) and leaf.ndim]
    elif isinstance(x, torch.Tensor):
        yield from [x] * bool(x.ndim)
    elif (parts := children(x)) is not None and not isinstance(x, (str, int, float)):
        if depth:
            for _, part in parts:
                if isinstance(part, (State, torch.nn.Module, torch.nn.Parameter, dict, list, tuple)):
                    yield from _held(part, depth - 1)
    elif isinstance(x, functools.partial):
        for found in (x.func, *x.args, *x.keywords.values()):
            yield from _held(found, depth)
    elif depth and callable(x):
        for found in _named(x):
            yield from _held(found, depth - 1)


def _named(fun: Any) -> Iterator[Any]:
    """What a function is bound to, closes over, holds, and names among the variables of its module."""
    yield getattr(fun, "__self__", None)
    yield getattr(fun, "__wrapped__", None)
    for cell in getattr(fun, "__closure__", None) or ():
        try:
            yield cell.cell_contents
        except ValueError:  # The variable has no value yet.
            continue
    code = getattr(fun, "__code__", None)
    if code is None:
        # A transformed function is an object that holds the function.
        yield from [part for part in getattr(fun, "__dict__", {}).values() if callable(part)]
    else:
        variables = getattr(fun, "__globals__", {})
        yield from [variables[name] for name in code.co_names if name in variables]
