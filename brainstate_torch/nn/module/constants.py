"""Tensors that a module keeps as plain attributes, because they are not trained."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from ... import _tree
from ..._state.context import CONTEXT

__all__ = ["constant", "moved"]


def constant(value: Any) -> Any:
    """A copy of a tensor or quantity; outside of transforms without autograd tape, as the value of a State."""

    # Not a `Value`, as States have: tracers refuse a subclass of Tensor that they find in a closure.
    def copied(leaf: Any) -> Any:
        if not isinstance(leaf, torch.Tensor):
            return leaf
        return leaf.clone() if CONTEXT.frames else leaf.detach().clone()

    return _tree.map(copied, value)


def moved(attributes: Mapping[str, Any], fn: Callable[[torch.Tensor], torch.Tensor]) -> dict[str, Any]:
    """Those attributes that are plain tensors or hold some, with `fn` applied, as ``to()`` does."""
    own = {name: value for name, value in attributes.items() if _holds_tensors(value)}
    return {name: _tree.map(lambda leaf: _moved_leaf(leaf, fn), value) for name, value in own.items()}


def _holds_tensors(value: Any) -> bool:
    return any(_is_constant(leaf) or hasattr(leaf, "_moved") for leaf in _tree.leaves(value))


def _is_constant(leaf: Any) -> bool:
    return isinstance(leaf, torch.Tensor) and not isinstance(leaf, (torch.nn.Parameter, torch.nn.Buffer))


def _moved_leaf(leaf: Any, fn: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    if _is_constant(leaf):
        return fn(leaf)
    return leaf._moved(fn) if hasattr(leaf, "_moved") else leaf
