"""Splitting graphs into structure and references to States, merging them again, and copies made that way."""

import contextlib
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from .. import _tree
from .._host.functorch import level_of
from ..typing import Filter
from ..util import NestedDict
from .flattening import flatten, unflatten
from .ref_map import RefMap
from .structure import GraphDef, map_static

__all__ = [
    "MergeContext",
    "SplitContext",
    "clone",
    "graphdef",
    "merge_context",
    "split_context",
    "treefy_merge",
    "treefy_split",
    "treefy_states",
]


def treefy_split(node: Any, *filters: Filter) -> tuple[Any, ...]:
    """The structure of a graph, and references to its States: nested dictionaries, which are pytrees.

    The references hold the arrays of the States, not copies.

    Parameters
    ----------
    node
        A node or a container.
    *filters
        One dictionary for each filter, with the States that it is the first to match. Together they must match
        every State: end with ``...``.

    Returns
    -------
    tuple
        The :class:`GraphDef` and one NestedDict, or one for each filter.

    Raises
    ------
    ValueError
        A State is matched by no filter, or a filter that matches everything is not among the last.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Cell(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.w, self.h = brainstate.ParamState(2.), brainstate.ShortTermState(0.)
    >>> graphdef, params, rest = brainstate.graph.treefy_split(Cell(), brainstate.ParamState, ...)
    >>> list(params), brainstate.graph.treefy_merge(graphdef, params, rest).w.value
    (['w'], 2.0)
    """
    structure, states = flatten(node)
    return structure, *_parts(states, filters)


def _parts(states: NestedDict, filters: tuple[Filter, ...]) -> tuple[NestedDict, ...]:
    parts = states.split(*filters) if filters else states
    return parts if isinstance(parts, tuple) else (parts,)


def treefy_merge(graphdef: GraphDef[Any], *state_mappings: NestedDict) -> Any:
    """A new graph from a structure and references to its States; inverse of :func:`treefy_split`.

    The new States hold the arrays of the references. Where these are the storage of Parameters that an optimizer of
    torch.optim steps on, that changes the new States too: :func:`clone` copies.

    Parameters
    ----------
    graphdef
        The structure.
    *state_mappings
        References to its States, as :func:`treefy_split` returns them.

    Returns
    -------
    Any
        The new root.

    Raises
    ------
    ValueError
        A State is missing.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> graphdef, refs = brainstate.graph.treefy_split([brainstate.State(2.)])
    >>> brainstate.graph.treefy_merge(graphdef, refs)
    [State(value=2.0)]
    """
    return unflatten(graphdef, NestedDict.merge(*state_mappings))


def treefy_states(node: Any, *filters: Filter) -> Any:
    """References to the States of a graph, or to those that match.

    Parameters
    ----------
    node
        A node, or a container of nodes.
    *filters
        Which ones, see :func:`brainstate_torch.util.to_predicate`; one result for each filter.

    Returns
    -------
    NestedDict or tuple of NestedDict
        One dictionary for none or one filter, else one for each.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> graph = {'w': brainstate.ParamState(2.), 'h': brainstate.ShortTermState(0.)}
    >>> refs = brainstate.graph.treefy_states(graph, brainstate.ParamState)
    >>> list(refs), refs['w'].value
    (['w'], 2.0)
    """
    states = flatten(node)[1]
    return states.filter(*filters) if filters else states


def graphdef(node: Any) -> GraphDef[Any]:
    """The structure of a graph.

    Parameters
    ----------
    node
        A node, or a container of nodes.

    Returns
    -------
    GraphDef
        The structure, without the values of States.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.graph.graphdef([3]).root.fields
    ((0, StaticEdge(value=3)),)
    """
    return flatten(node, treefy_state=False)[0]


def clone(node: Any) -> Any:
    """A copy of a graph: new nodes, new States with copies of the arrays, the same sharing.

    Tensors, numpy arrays and torch modules that are plain attributes are copied too; other static values are shared.
    A gradient flows through the copies of State values.

    Parameters
    ----------
    node
        A node, or a container of nodes.

    Returns
    -------
    Any
        The copy, of the same class.

    Notes
    -----
    Source: brainstate.graph.clone (0.5.4). Differs: copies arrays, which can be written in place in torch.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.w = brainstate.ParamState(torch.ones(2))
    >>> net = Net()
    >>> twin = brainstate.graph.clone(net)
    >>> twin.w.value += 1
    >>> net.w.value, twin.w.value
    (tensor([1., 1.]), tensor([2., 2.]))
    """
    structure, states = flatten(node)
    refs = {path: ref.replace(_tree.map(_cloned, ref.value)) for path, ref in states.to_flat().items()}
    return unflatten(map_static(_static_copier(), structure), refs)


def _cloned(x: Any) -> Any:
    return x.clone() if isinstance(x, torch.Tensor) else x


def _static_copier() -> Callable[[Any], Any]:
    """Copies what can be written in place, one object to one copy."""
    memo: dict[int, Any] = {}

    def copied(x: Any) -> Any:
        # deepcopy refuses a tensor with a history.
        if isinstance(x, torch.Tensor) and (x.grad_fn is not None or level_of(x) > 0):
            return memo.setdefault(id(x), x.clone())
        return copy.deepcopy(x, memo) if isinstance(x, (torch.Tensor, torch.nn.Module, np.ndarray)) else x

    return copied


@dataclass
class SplitContext:
    """Splits several graphs with one table of what they share."""

    ref_index: RefMap[Any, int]

    def treefy_split(self, node: Any, *filters: Filter) -> tuple[Any, ...]:
        """As :func:`treefy_split`; what an earlier call has met is referred to by its index."""
        structure, states = flatten(node, self.ref_index)
        return structure, *_parts(states, filters)


@dataclass
class MergeContext:
    """Merges what one :class:`SplitContext` split."""

    index_ref: dict[int, Any]

    def treefy_merge(self, graphdef: GraphDef[Any], state_mapping: NestedDict, /, *state_mappings: NestedDict) -> Any:
        """As :func:`treefy_merge`; what an earlier call has made is used again."""
        return unflatten(graphdef, NestedDict.merge(state_mapping, *state_mappings), index_ref=self.index_ref)


@contextlib.contextmanager
def split_context() -> Iterator[tuple[SplitContext, RefMap[Any, int]]]:
    """Split several graphs that share nodes or States, in a ``with`` block.

    Yields
    ------
    tuple
        An object with the method ``treefy_split``, usable in the block only, and the table of indices by object.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(2.)
    >>> with brainstate.graph.split_context() as (split, _):
    ...     parts = [split.treefy_split([s]), split.treefy_split({'again': s})]
    >>> with brainstate.graph.merge_context() as (merge, _):
    ...     first, second = [merge.treefy_merge(*part) for part in parts]
    >>> first[0] is second['again']
    True
    """
    context = SplitContext(RefMap())
    try:
        yield context, context.ref_index
    finally:
        del context.ref_index


@contextlib.contextmanager
def merge_context() -> Iterator[tuple[MergeContext, dict[int, Any]]]:
    """Merge what was split in one :func:`split_context`, in a ``with`` block.

    Yields
    ------
    tuple
        An object with the method ``treefy_merge``, usable in the block only, and the table of objects by index.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> graphdef, refs = brainstate.graph.treefy_split([brainstate.State(2.)])
    >>> with brainstate.graph.merge_context() as (merge, made):
    ...     graph = merge.treefy_merge(graphdef, refs)
    >>> made[0] is graph[0]
    True
    """
    context = MergeContext({})
    try:
        yield context, context.index_ref
    finally:
        del context.index_ref
