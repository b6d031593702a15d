"""Walking an object graph: its leaves, its States and its nodes, by path."""

import sys
from collections.abc import Iterable, Iterator
from typing import Any

from .._state import State
from ..typing import Filter, PathParts
from ..util import FlattedDict
from ..util.filter import partition
from .registry import children, node_type

__all__ = ["iter_leaf", "iter_node", "nodes", "states"]

_ALL_LEVELS = (0, sys.maxsize)


def iter_leaf(node: Any, allowed_hierarchy: tuple[int, int] = _ALL_LEVELS) -> Iterator[tuple[PathParts, Any]]:
    """Path and object of everything in a graph that is neither node nor container.

    Attributes are visited in the order of their names, dictionaries in the order of their keys. Every node, container
    and State is visited once, under the path where it is met first. None counts as an empty container.

    Parameters
    ----------
    node
        A node or a container.
    allowed_hierarchy
        The first and the last level: the root's own leaves have level 0, those of the nodes in it 1, and so on.
        Containers add no level.

    Yields
    ------
    path, leaf
        One pair for each leaf.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self, *parts):
    ...         self.rate, self.parts = 0.5, parts
    >>> list(brainstate.graph.iter_leaf(Net(Net())))
    [(('parts', 0, 'rate'), 0.5), (('rate',), 0.5)]
    """
    return ((path, x) for path, x, is_node in _walk(node, allowed_hierarchy) if not is_node)


def iter_node(node: Any, allowed_hierarchy: tuple[int, int] = _ALL_LEVELS) -> Iterator[tuple[PathParts, Any]]:
    """Path and object of every node in a graph, children before parents; see :func:`iter_leaf`.

    Parameters
    ----------
    node
        A node, or a container of nodes.
    allowed_hierarchy
        The first and the last level, as in :func:`iter_leaf`.

    Yields
    ------
    path, node
        One pair for each node.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self, *parts):
    ...         self.parts = parts
    >>> [path for path, _ in brainstate.graph.iter_node(Net(Net(), Net()))]
    [('parts', 0), ('parts', 1), ()]
    """
    return ((path, x) for path, x, is_node in _walk(node, allowed_hierarchy) if is_node)


def _walk(root: Any, hierarchy: tuple[int, int]) -> Iterator[tuple[PathParts, Any, bool]]:
    """Path, object and whether it is a node, for every leaf and node; children before parents."""
    lowest, highest = hierarchy
    # The objects are kept, not their ids alone: a container may hand out children that nothing else holds.
    seen: dict[int, Any] = {}

    def visit(x: Any, path: PathParts, level: int) -> Iterator[tuple[PathParts, Any, bool]]:
        how = node_type(type(x))
        is_node = how is not None
        level += is_node
        if level > highest or id(x) in seen:
            return
        inner = children(x)
        if inner is None:
            if level >= lowest:
                if isinstance(x, State):
                    seen[id(x)] = x
                yield path, x, False
            return
        seen[id(x)] = x
        for key, child in inner:
            yield from visit(child, (*path, key), level)
        if how is not None and how.listed and level >= lowest:
            yield path, x, True

    root_is_node = node_type(type(root)) is not None
    return visit(root, (), -1 if root_is_node else 0)


def states(node: Any, *filters: Filter, allowed_hierarchy: tuple[int, int] = _ALL_LEVELS) -> Any:
    """The States of a graph by path.

    Parameters
    ----------
    node
        A node or a container.
    *filters
        What :func:`brainstate_torch.util.to_predicate` accepts. A State goes to the first filter that matches it.
    allowed_hierarchy
        The first and the last level, see :func:`iter_leaf`.

    Returns
    -------
    FlattedDict or tuple of FlattedDict
        One dictionary for none or one filter, else one for each.

    Raises
    ------
    ValueError
        A filter that matches everything stands before another one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Cell(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.w = brainstate.ParamState(torch.ones(2))
    ...         self.h = brainstate.HiddenState(torch.zeros(2))
    >>> brainstate.graph.states(Cell(), brainstate.ParamState).to_dict()
    {('w',): ParamState(value=float32[2])}
    """
    found = iter_leaf(node, allowed_hierarchy)
    return _selected(((path, x) for path, x in found if isinstance(x, State)), filters)


def nodes(node: Any, *filters: Filter, allowed_hierarchy: tuple[int, int] = _ALL_LEVELS) -> Any:
    """The nodes of a graph by path, children before parents, the root last; see :func:`states`.

    Parameters
    ----------
    node
        A node, or a container of nodes.
    *filters
        Which ones, see :func:`brainstate_torch.util.to_predicate`; one result for each filter.
    allowed_hierarchy
        The first and the last level, as in :func:`iter_leaf`.

    Returns
    -------
    FlattedDict or tuple of FlattedDict
        One dictionary for none or one filter, else one for each.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self, *parts):
    ...         self.parts = parts
    >>> list(brainstate.graph.nodes(Net(Net(Net())), allowed_hierarchy=(1, 1)))
    [('parts', 0)]
    """
    return _selected(iter_node(node, allowed_hierarchy), filters)


def _selected(found: Iterable[tuple[PathParts, Any]], filters: tuple[Filter, ...]) -> Any:
    groups = [FlattedDict(group) for group in partition(found, filters or (...,))[:-1]]
    return groups[0] if len(groups) == 1 else tuple(groups)
