"""Trees with JAX's names and order of arguments: ``jax.tree``."""

import builtins
import functools
from collections.abc import Callable, Sequence
from typing import Any

import torch

from ... import _tree
from ...units import math

__all__ = [
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "SequenceKey",
    "all",
    "flatten",
    "flatten_with_path",
    "leaves",
    "leaves_with_path",
    "map",
    "map_with_path",
    "reduce",
    "structure",
    "transpose",
    "unflatten",
]

IsLeaf = Callable[[Any], bool] | None


def map(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """A tree of the results of a function of the leaves."""
    return _tree.canonical(_tree.map(f, tree, *rest, is_leaf=is_leaf))


def leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """The leaves in order, those of a dict by sorted key."""
    return _tree.leaves(tree, is_leaf)


def flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], _tree.Spec]:
    """The leaves and the structure."""
    return _tree.flatten(tree, is_leaf)


def structure(tree: Any, is_leaf: IsLeaf = None) -> _tree.Spec:
    """The structure alone."""
    return _tree.structure(tree, is_leaf)


def unflatten(treedef: _tree.Spec, leaves: Sequence[Any]) -> Any:
    """The tree of a structure and leaves."""
    return _tree.canonical(_tree.unflatten(treedef, list(leaves)))


def reduce(function: Callable[[Any, Any], Any], tree: Any, *initializer: Any, is_leaf: IsLeaf = None) -> Any:
    """The leaves, combined two by two."""
    return functools.reduce(function, _tree.leaves(tree, is_leaf), *initializer)


def all(tree: Any, *, is_leaf: IsLeaf = None) -> bool:
    """Whether all leaves are true."""
    return builtins.all(_tree.leaves(tree, is_leaf))


def transpose(outer_treedef: _tree.Spec, inner_treedef: _tree.Spec | None, pytree_to_transpose: Any) -> Any:
    """A tree of trees, turned inside out."""
    inner = [_tree.leaves(x) for x in _tree.flatten_up_to(outer_treedef, pytree_to_transpose)]
    if inner_treedef is None:
        inner_treedef = _tree.structure(_tree.flatten_up_to(outer_treedef, pytree_to_transpose)[0])
    turned = [_tree.unflatten(outer_treedef, list(row)) for row in zip(*inner, strict=True)]
    return _tree.unflatten(inner_treedef, turned)


def leaves_with_path(tree: Any, is_leaf: IsLeaf = None) -> list[tuple[Any, Any]]:
    """Pairs of path and leaf; a path is a tuple of keys, each with ``.key`` or ``.idx``."""
    return flatten_with_path(tree, is_leaf)[0]


def flatten_with_path(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[tuple[Any, Any]], _tree.Spec]:
    """Pairs of path and leaf, and the structure."""
    found, spec = _tree.flatten(tree, is_leaf)
    paths: list[Any] = []
    _paths(tree, (), paths, is_leaf)
    return list(zip(paths, found, strict=True)), spec


def map_with_path(f: Callable[..., Any], tree: Any, *rest: Any, is_leaf: IsLeaf = None) -> Any:
    """A tree of the results of a function of path and leaf."""
    pairs, spec = flatten_with_path(tree, is_leaf)
    others = [_tree.flatten_up_to(spec, other) for other in rest]
    return unflatten(spec, [f(path, leaf, *more) for (path, leaf), *more in zip(pairs, *others, strict=True)])


class _Key:
    """One step of a path."""

    def __init__(self, value: Any) -> None:
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and type(other) is type(self) and bool(self._value == other._value)

    def __hash__(self) -> int:
        return hash((type(self).__name__, self._value))

    _word = "key"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._word}={self._value!r})"

    def __str__(self) -> str:
        return f"[{self._value!r}]"


class DictKey(_Key):
    """A step into a dict, by ``key``."""

    @property
    def key(self) -> Any:
        """The key."""
        return self._value


class FlattenedIndexKey(DictKey):
    """A step into a class of nodes, by the number of the child."""


class SequenceKey(_Key):
    """A step into a list or tuple, by ``idx``."""

    _word = "idx"

    @property
    def idx(self) -> int:
        """The place."""
        return int(self._value)


class GetAttrKey(_Key):
    """A step to an attribute, by ``name``."""

    _word = "name"

    @property
    def name(self) -> str:
        """The name."""
        return str(self._value)

    def __str__(self) -> str:
        return f".{self._value}"


def _paths(tree: Any, prefix: tuple[Any, ...], out: list[Any], is_leaf: IsLeaf) -> None:
    if tree is None and not (is_leaf and is_leaf(tree)):
        return
    if (is_leaf and is_leaf(tree)) or isinstance(tree, torch.Tensor) or not _tree.is_container(tree):
        out.append(prefix)
    elif isinstance(tree, dict):
        for key in _tree.keys_of(tree):
            _paths(tree[key], (*prefix, DictKey(key)), out, is_leaf)
    elif isinstance(tree, tuple) and hasattr(tree, "_fields"):
        for name in tree._fields:
            _paths(getattr(tree, name), (*prefix, GetAttrKey(name)), out, is_leaf)
    elif isinstance(tree, (list, tuple)):
        for i, child in enumerate(tree):
            _paths(child, (*prefix, SequenceKey(i)), out, is_leaf)
    else:
        out.extend((*prefix, GetAttrKey(path)) for path, _ in _tree.leaves_with_path(tree, is_leaf))


def zeros_like(tree: Any) -> Any:
    """A tree of zeros."""
    return map(math.zeros_like, tree)
