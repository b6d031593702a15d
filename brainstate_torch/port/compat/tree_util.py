"""Trees with the names of ``jax.tree_util``."""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

from ... import _tree
from .tree import DictKey, FlattenedIndexKey, GetAttrKey, SequenceKey
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
    "DictKey",
    "FlattenedIndexKey",
    "GetAttrKey",
    "Partial",
    "PyTreeDef",
    "SequenceKey",
    "all_leaves",
    "keystr",
    "register_dataclass",
    "register_pytree_node",
    "register_pytree_node_class",
    "register_pytree_with_keys",
    "register_pytree_with_keys_class",
    "register_static",
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
    return "".join(map(str, keys))


def all_leaves(iterable: Any, is_leaf: Any = None) -> bool:
    """Whether nothing in a collection is a node."""
    found = list(iterable)
    return len(tree_leaves(found, is_leaf)) == len(found) and not any(_tree.is_container(x) for x in found)


def register_pytree_node(
    nodetype: type, flatten_func: Callable[[Any], Any], unflatten_func: Callable[[Any, Any], Any], *_: Any
) -> None:
    """Let a class be a node of trees: one function gives (children, rest), the other takes (rest, children)."""
    _tree.register(nodetype, flatten_func, lambda children, rest: unflatten_func(rest, tuple(children)))


def register_pytree_node_class(cls: type) -> type:
    """Let a class be a node of trees by its methods ``tree_flatten`` and ``tree_unflatten``."""
    register_pytree_node(cls, lambda x: x.tree_flatten(), cls.tree_unflatten)  # type: ignore[attr-defined]
    return cls


def register_pytree_with_keys(
    nodetype: type, flatten_with_keys: Callable[[Any], Any], unflatten_func: Callable[[Any, Any], Any], *_: Any
) -> None:
    """Let a class be a node of trees by a function that gives (pairs of key and child, rest)."""

    def split(x: Any) -> tuple[list[Any], Any]:
        pairs, rest = flatten_with_keys(x)
        return [child for _, child in pairs], rest

    register_pytree_node(nodetype, split, unflatten_func)


def register_pytree_with_keys_class(cls: type) -> type:
    """The same by its methods ``tree_flatten_with_keys`` and ``tree_unflatten``."""
    register_pytree_with_keys(cls, lambda x: x.tree_flatten_with_keys(), cls.tree_unflatten)  # type: ignore[attr-defined]
    return cls


def register_dataclass(
    nodetype: Any = None, data_fields: Any = None, meta_fields: Any = None, drop_fields: Any = ()
) -> Any:
    """Let a dataclass be a node: its fields are children, but those that are named or marked static.

    Parameters
    ----------
    nodetype
        The class; None for a decorator.
    data_fields, meta_fields
        The names of children and of what belongs to the structure; by default, fields with ``metadata['static']`` are
        the latter.
    drop_fields
        Fields that are neither, and have a default.

    Returns
    -------
    type
        The class.
    """
    if nodetype is None:
        return functools.partial(
            register_dataclass, data_fields=data_fields, meta_fields=meta_fields, drop_fields=drop_fields
        )
    if data_fields is None or meta_fields is None:
        fields = [field for field in dataclasses.fields(nodetype) if field.init and field.name not in drop_fields]
        meta_fields = [field.name for field in fields if field.metadata.get("static", False)]
        data_fields = [field.name for field in fields if field.name not in meta_fields]
    data, meta = tuple(data_fields), tuple(meta_fields)

    def split(x: Any) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(getattr(x, name) for name in data), tuple(getattr(x, name) for name in meta)

    def join(rest: Any, children: Any) -> Any:
        return nodetype(**dict(zip(data, children, strict=True)), **dict(zip(meta, rest, strict=True)))

    register_pytree_node(nodetype, split, join)
    return nodetype


def register_static(cls: type) -> type:
    """Let a class be a node without children, which belongs to the structure."""
    register_pytree_node(cls, lambda x: ((), x), lambda rest, _: rest)
    return cls
