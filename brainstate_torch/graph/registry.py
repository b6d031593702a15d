"""What the walk descends into: nodes, whose types are registered here, and containers, which are pytrees."""

import importlib
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Generic, TypeVar

import torch

from .. import _tree
from ..typing import Key
from ..util import is_dataclass

__all__ = [
    "Items",
    "NodeType",
    "Static",
    "children",
    "contents",
    "keys_of",
    "node_type",
    "rebuilt",
    "register_base",
    "register_graph_node_type",
]

A = TypeVar("A")
Items = list[tuple[Key, Any]]


@dataclass(frozen=True)
class NodeType:
    """How to take the nodes of one type apart and put them together."""

    flatten: Callable[[Any], tuple[Sequence[tuple[Key, Any]], Any]]
    set_key: Callable[[Any, Key, Any], None]
    pop_key: Callable[[Any, Key], Any]
    create_empty: Callable[[Any], Any]
    clear: Callable[[Any], None]
    #: Whether :func:`nodes` gives them.
    listed: bool = True

    def items(self, node: Any) -> tuple[Items, Any]:
        """The attributes and the metadata of a node, checked."""
        pairs, metadata = self.flatten(node)
        if len({key for key, _ in pairs}) != len(pairs):
            raise ValueError(
                f"Duplicate child keys: `flatten` of {type(node).__name__} must give every key once. "
                f"Got {[key for key, _ in pairs]}."
            )
        return list(pairs), metadata


_NODE_TYPES: dict[type, NodeType] = {}
_BASES: dict[type, NodeType] = {}
#: The module that registers a base class, imported when an instance is first met: a program whose States are in plain
#: modules of torch may never have imported `nn`.
_LATE = {torch.nn.Module: f"{__package__.rpartition('.')[0]}.nn.module.adopted"}


def register_graph_node_type(
    type: type[A],
    flatten: Callable[[A], tuple[Sequence[tuple[Key, Any]], Any]],
    set_key: Callable[[A, Any, Any], None],
    pop_key: Callable[[A, Any], Any],
    create_empty: Callable[[Any], A],
    clear: Callable[[A], None],
) -> None:
    """Make the instances of a class nodes of graphs; its subclasses are not meant. :class:`Node` needs no registration.

    Parameters
    ----------
    type
        The class.
    flatten
        ``flatten(node)`` gives the (key, value) pairs and the metadata: a hashable value.
    set_key
        ``set_key(node, key, value)``.
    pop_key
        ``pop_key(node, key)`` removes and returns a value.
    create_empty
        ``create_empty(metadata)`` gives a node without keys.
    clear
        ``clear(node)`` removes every key.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Registry(dict): pass
    >>> brainstate.graph.register_graph_node_type(
    ...     Registry, lambda n: (sorted(n.items()), None), Registry.__setitem__, Registry.pop,
    ...     lambda _: Registry(), Registry.clear)
    >>> list(brainstate.graph.states([Registry(w=brainstate.State(1.))]))
    [(0, 'w')]
    """
    _NODE_TYPES[type] = NodeType(flatten, set_key, pop_key, create_empty, clear)


def register_base(base: type, how: NodeType) -> None:
    """Make the instances of a class and of its subclasses nodes, unless their own class is registered."""
    _BASES[base] = how


def node_type(kind: type) -> NodeType | None:
    """How to handle the nodes of a class; None if it has no nodes."""
    found = _NODE_TYPES.get(kind)
    if found is None:
        for base, how in _BASES.items():
            if issubclass(kind, base):
                return how
        for base, module in list(_LATE.items()):
            if issubclass(kind, base):
                importlib.import_module(module)
                _LATE.pop(base, None)
                return _BASES.get(base)
    return found


@dataclass(frozen=True)
class Static(Generic[A]):
    """A value that is structure wherever it stands: a pytree without leaves. It must have ``==`` and a hash.

    Parameters
    ----------
    value
        A value with ``==`` and a hash.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> node = {'w': brainstate.State(1.), 'mode': brainstate.graph.Static('fast')}
    >>> brainstate.graph.clone(node)['mode']
    Static(value='fast')
    """

    value: A


_tree.register(Static, lambda static: ((), static), lambda _, static: static)


def children(x: Any) -> Items | None:
    """The children of a node or container by key; None for anything else."""
    kind = node_type(type(x))
    if kind is not None:
        return kind.items(x)[0]
    found = contents(x)
    return None if found is None else found[0]


def contents(x: Any) -> tuple[Items, _tree.Spec] | None:
    """The children of a container by key, and its structure one level deep; None for anything else.

    None holds no leaf, so a child that is None is part of the structure.
    """
    values, spec = _tree.flatten(x, is_leaf=lambda child: child is not x and child is not None)
    # torch.Size is a pytree of torch's, which comes back as a tuple.
    if spec is _tree.LEAF or spec.kind is torch.Size:
        return None
    found = dict(zip(_leaf_keys(spec), values, strict=True))
    return [(key, found[key]) for key in (_tree.sorted_keys(found) if isinstance(x, Mapping) else found)], spec


def rebuilt(spec: _tree.Spec, items: Iterable[tuple[Key, Any]]) -> Any:
    """The container with the given children; inverse of :func:`contents`."""
    found = dict(items)
    return _tree.unflatten(spec, [found[key] for key in _leaf_keys(spec)])


def _leaf_keys(spec: _tree.Spec) -> list[Any]:
    return [key for key, child in zip(keys_of(spec), spec.children, strict=True) if child.size]


def keys_of(spec: _tree.Spec) -> list[Any]:
    """The keys of a container in the order of its children: names where it has names, positions elsewhere."""
    kind: Any = spec.kind
    if kind in (dict, OrderedDict, defaultdict):
        return list(spec.context.keys)
    if kind is not None and issubclass(kind, Mapping):
        return list(spec.context)
    if is_dataclass(kind):
        return [f.name for f in fields(kind) if f.init and f.metadata.get("pytree_node", True)]
    return list(getattr(kind, "_fields", range(len(spec.children))))
