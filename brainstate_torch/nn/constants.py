"""Tensors that a module keeps as plain attributes, because they are not trained."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

from .. import _tree
from .._state.context import CONTEXT
from .._state.value import owned

__all__ = ["constant", "moved"]


def constant(value: Any) -> Any:
    """A copy of a tensor or quantity that is protected from writes in place, as the value of a State is."""
    frames = CONTEXT.frames
    copies = _tree.map(lambda leaf: leaf.clone() if isinstance(leaf, torch.Tensor) else leaf, value)
    return owned(copies, level=frames[-1].level if frames else 0, attached=bool(frames))


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
        return owned(fn(leaf), level=0, attached=False)
    return leaf._moved(fn) if hasattr(leaf, "_moved") else leaf
