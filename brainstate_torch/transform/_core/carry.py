"""What loops and branches carry: arrays of constant structure, shape and dtype."""

from typing import Any

import numpy as np
import torch

from ... import _tree
from ..._arrays import SCALARS, as_tensor, from_numpy, is_arraylike, short_dtype
from ..._host.functorch import FakeTensor
from ..._state import Frame
from ..._state.value import Value, guarded
from .stacking import aligned

__all__ = ["Pattern", "as_arrays", "check_states", "protected"]


def as_arrays(tree: Any) -> Any:
    """The tree with tensors in the place of numbers and numpy arrays, as brainstate gives and returns them."""
    kind = type(tree)
    if tree is None or kind is torch.Tensor:
        return tree
    if kind in SCALARS:
        return as_tensor(tree)
    leaves, spec = _tree.flatten(tree)
    for i, leaf in enumerate(leaves):
        if isinstance(leaf, (np.ndarray, np.generic)):
            # Strings and objects stay what they are.
            leaves[i] = from_numpy(leaf) if leaf.dtype.kind in "biufc" or leaf.dtype.name == "bfloat16" else leaf
        elif is_arraylike(leaf):
            leaves[i] = as_tensor(leaf)
    return _tree.unflatten(spec, leaves)


def protected(tree: Any) -> Any:
    """The tree with tensors that cannot be written in place: ``x += 1`` inside a step computes a new one.

    In torch it would change the caller's tensor, or an output that an earlier step returned. Dicts come in the order of
    their sorted keys, so that every step sees the same.
    """
    kind = type(tree)
    if kind is torch.Tensor or kind is FakeTensor:
        return _protected_leaf(tree)
    if tree is None or kind is Value:
        return tree
    leaves, spec = _tree.flatten(tree)
    return _tree.unflatten(spec.canonical(), [_protected_leaf(x) for x in leaves])


def _protected_leaf(x: Any) -> Any:
    return guarded(x) if type(x) is torch.Tensor or type(x) is FakeTensor else x


class Pattern:
    """The structure, shapes and dtypes of a tree. A Python number may become a tensor of a wider kind of number."""

    def __init__(self, tree: Any) -> None:
        self.spec = _tree.structure(tree)
        self.leaves = [_kind_of(leaf) for leaf in _tree.leaves(tree)]
        self.paths = [path for path, _ in _tree.leaves_with_path(tree)]

    def difference(self, tree: Any) -> str:
        """In what another tree differs, in words; empty if in nothing."""
        leaves = aligned(self.spec, tree)
        if leaves is None:
            return f"structure {_tree.structure(tree)} instead of {self.spec}"
        for old, path, leaf in zip(self.leaves, self.paths, leaves, strict=True):
            new = _kind_of(leaf)
            if old is None or new is None:
                continue
            where = f" at {path}" if path else ""
            if new[0] != old[0]:
                return f"shape {new[0]} instead of {old[0]}{where}"
            widened = old[2] and torch.promote_types(old[1], new[1]) == new[1] and old[1] != torch.bool
            if new[1] != old[1] and not widened:
                return f"dtype {short_dtype(new[1])} instead of {short_dtype(old[1])}{where}"
        return ""


def _kind_of(leaf: Any) -> tuple[tuple[int, ...], torch.dtype, bool] | None:
    """Shape, dtype, and whether the leaf is a number; None for anything but arrays and numbers."""
    if not is_arraylike(leaf):
        return None
    tensor = as_tensor(leaf)
    return tuple(tensor.shape), tensor.dtype, isinstance(leaf, SCALARS)


def check_states(frame: Frame, what: str) -> None:
    """Raise if a step left a State of another structure, shape or dtype than it had."""
    for state in frame.written():
        before, after = Pattern(frame.original(state)), frame.values[state]
        found = before.difference(after)
        if found:
            kind = TypeError if before.spec == _tree.structure(after) else ValueError
            state.raise_error_with_source_info(
                kind(
                    f"a step of `{what}` must leave each State with the structure, shape and dtype that it had. "
                    f"Got {found} for {state!r}. Give it its final form before the loop."
                )
            )
