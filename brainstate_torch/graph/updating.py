"""Changing the States of a graph in place: new values from references, and removal."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .._errors import kind_of
from .._state import State, TreefyState
from ..typing import Filter, Key, PathParts
from ..util import NestedDict
from ..util.filter import partition
from .flattening import reference
from .ref_map import RefMap
from .registry import NodeType, children, node_type

__all__ = ["pop_states", "update_states"]


def update_states(node: Any, state_dict: Any, /, *state_dicts: Any) -> None:
    """Give the States of a graph the values and metadata of other States, or of references to such.

    It is a write for a State whose source had been written, else a restoration. A key that a node lacks becomes an
    attribute. Everything is checked before anything is changed.

    Parameters
    ----------
    node
        A node or a container.
    state_dict, *state_dicts
        NestedDict or FlattedDict, for some or all of the States; the last one wins.

    Raises
    ------
    TypeError
        An argument is neither a NestedDict nor a FlattedDict.
    ValueError
        An entry is not a State, or stands where the graph has something else, or where a container has nothing.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(2.)
    >>> brainstate.graph.update_states([s], brainstate.util.FlattedDict({(0,): brainstate.State(3.)}))
    >>> s.value
    3.0

    Notes
    -----
    Source: brainstate.graph.update_states (0.5.4). Differs: an entry of the wrong kind changes nothing.
    """
    for change in list(_changes(node, NestedDict.merge(state_dict, *state_dicts), ())):
        change()


def _changes(owner: Any, entries: Mapping[Any, Any], path: PathParts) -> Iterator[Callable[[], None]]:
    """What to do to an object so that it has some entries."""
    inner = children(owner)
    if inner is None:
        raise ValueError(f"`node` must be a node or a container. Got {type(owner).__name__} at {path}.")
    present = dict(inner)
    for key, entry in entries.items():
        where = (*path, key)
        if not isinstance(entry, (State, TreefyState, Mapping)):
            raise ValueError(f"`state_dict` must hold States or references. Got {type(entry).__name__} at {where}.")
        if key not in present:
            kind = _kind_of(owner, f"Cannot set key {key!r}", where)
            yield functools.partial(kind.set_key, owner, key, _revived(entry))
            continue
        current = present[key]
        if isinstance(entry, Mapping):
            yield from _changes(current, entry, where)
        elif isinstance(current, State):
            ref = reference(entry) if isinstance(entry, State) else entry
            yield functools.partial(current.update_from_ref, ref)
        else:
            raise ValueError(
                f"`state_dict` must have States where the graph has States. Got one at {where}, which is a "
                f"{type(current).__name__}, not a State."
            )


def _kind_of(owner: Any, refusal: str, where: PathParts) -> NodeType:
    kind = node_type(type(owner))
    if kind is None:
        raise ValueError(
            f"{refusal}: only nodes gain or lose keys. Got {kind_of(owner)} at {where[:-1]}. "
            "Hold the State in an attribute of a node."
        )
    return kind


def _revived(entry: Any) -> Any:
    """States in the place of references."""
    if isinstance(entry, Mapping):
        return {key: _revived(part) for key, part in entry.items()}
    return entry.to_state() if isinstance(entry, TreefyState) else entry


def pop_states(node: Any, *filters: Filter) -> Any:
    """Remove the States that match from the nodes of a graph, wherever they stand in it, and return them.

    Parameters
    ----------
    node
        A node, or a container of nodes.
    *filters
        Which ones, see :func:`brainstate_torch.util.to_predicate`; one result for each filter.

    Returns
    -------
    NestedDict or tuple of NestedDict
        One dictionary for one filter, else one for each; each State once, under the path where it is met first.

    Raises
    ------
    ValueError
        There is no filter, or a State that matches stands in a container. Nothing is removed then.

    Notes
    -----
    Source: brainstate.graph.pop_states (0.5.4). Differs: only the first path of a shared State is matched, and it
    cannot be popped while a container holds it too.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Cell(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.h = brainstate.ShortTermState(0.)
    >>> cell = Cell()
    >>> brainstate.graph.pop_states(cell, brainstate.ShortTermState).to_dict(), hasattr(cell, 'h')
    ({'h': ShortTermState(value=0.0)}, False)
    """
    if not filters:
        raise ValueError("`filters` must not be empty. Expected at least one filter. Use `...` to pop every State.")
    places: RefMap[State[Any], list[tuple[PathParts, Any]]] = RefMap()
    for path, owner, state in _slots(node, (), {}):
        places.setdefault(state, []).append((path, owner))
    groups = partition(((found[0][0], state) for state, found in places.items()), filters)[:-1]
    pops = [
        functools.partial(_kind_of(owner, f"Cannot pop key {path[-1]!r}", path).pop_key, owner, path[-1])
        for group in groups
        for state in group.values()
        for path, owner in places[state]
    ]
    for pop in pops:
        pop()
    popped = [NestedDict.from_flat(group) for group in groups]
    return popped[0] if len(popped) == 1 else tuple(popped)


def _slots(owner: Any, path: PathParts, seen: dict[int, Any]) -> Iterator[tuple[PathParts, Any, State[Any]]]:
    """Path, owner and State for every place where a State stands."""
    if id(owner) in seen:
        return
    seen[id(owner)] = owner
    for key, x in children(owner) or ():
        where: tuple[Key, ...] = (*path, key)
        if isinstance(x, State):
            yield where, owner, x
        else:
            yield from _slots(x, where, seen)
