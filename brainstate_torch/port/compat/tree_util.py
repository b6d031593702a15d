"""Trees with the names of ``jax.tree_util``."""

import functools
from collections.abc import Callable
from typing import Any

from ... import _tree
from .tree import all as tree_all
from .tree import flatten as tree_flatten
from .tree import flatten_with_path as tree_flatten_with_path
from .tree import leaves as tree_leaves
from .tree import leaves_with_path as tree_leaves_with_path
from .tree import map as tree_map
from .tree import map_with_path as tree_map_with_path
from .tree import reduce as tree_reduce
from .tree import structure as tree_structure
from .tree import transpose as tree_transpose
from .tree import unflatten as tree_unflatten

__all__ = [
    "Partial",
    "PyTreeDef",
    "keystr",
    "register_pytree_node",
    "register_pytree_node_class",
    "tree_all",
    "tree_flatten",
    "tree_flatten_with_path",
    "tree_leaves",
    "tree_leaves_with_path",
    "tree_map",
    "tree_map_with_path",
    "tree_reduce",
    "tree_structure",
    "tree_transpose",
    "tree_unflatten",
]

Partial = functools.partial
PyTreeDef = _tree.Spec


def keystr(keys: Any) -> str:
    """A path in words, such as ``['a'][0]``."""
    return "".join(map(repr, keys))


def register_pytree_node(
    nodetype: type, flatten_func: Callable[[Any], Any], unflatten_func: Callable[[Any, Any], Any], *_: Any
) -> None:
    """Let a class be a node of trees: one function gives (children, rest), the other takes (rest, children)."""
    _tree.register(nodetype, flatten_func, lambda children, rest: unflatten_func(rest, tuple(children)))


def register_pytree_node_class(cls: type) -> type:
    """Let a class be a node of trees by its methods ``tree_flatten`` and ``tree_unflatten``."""
    register_pytree_node(cls, lambda x: x.tree_flatten(), cls.tree_unflatten)  # type: ignore[attr-defined]
    return cls
