"""Taking an object graph apart into structure and States, and putting it together."""

from collections.abc import Iterator, Mapping
from typing import Any

from .._state import State, TreefyState
from ..typing import PathParts
from ..util import NestedDict
from .ref_map import RefMap
from .registry import NodeType, contents, node_type, rebuilt
from .structure import Edge, GraphDef, NodeEdge, NodeSpec, PytreeEdge, StateEdge, StateLeafEdge, StaticEdge

__all__ = ["flatten", "reference", "unflatten"]


def flatten(
    node: Any, /, ref_index: RefMap[Any, int] | None = None, treefy_state: bool = True
) -> tuple[GraphDef[Any], NestedDict]:
    """The structure of a graph, and its States by path.

    Parameters
    ----------
    node
        A node or a container.
    ref_index
        The indices of nodes and States that are known; new ones are added. Graphs that are flattened with one such map
        refer to each other.
    treefy_state
        Give references (:class:`TreefyState`), not the States themselves.

    Returns
    -------
    GraphDef, NestedDict
        The structure, and the States (or references to them) by path.

    Raises
    ------
    TypeError
        `ref_index` is not a RefMap.
    ValueError
        `node` is neither a node nor a container.

    Notes
    -----
    Source: brainstate.graph.flatten (0.5.4). Differs: containers of static values stay containers in the structure; a
    State to which a reference is made counts as read.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> graphdef, states = brainstate.graph.flatten({'w': brainstate.State(2.), 'mode': 'fast'})
    >>> brainstate.graph.unflatten(graphdef, states)
    {'w': State(value=2.0), 'mode': 'fast'}
    """
    refs = RefMap[Any, int]() if ref_index is None else ref_index
    if not isinstance(refs, RefMap):
        raise TypeError(f"`ref_index` must be a RefMap. Got {type(refs).__name__}.")
    specs: dict[int, NodeSpec[Any]] = {}
    found: dict[PathParts, Any] = {}

    def index_of(x: Any) -> tuple[int, bool]:
        known = x in refs
        if not known:
            refs[x] = len(refs)
        return refs[x], known

    def edge_to(path: PathParts, x: Any) -> Edge:
        if isinstance(x, State):
            index, known = index_of(x)
            if not known:
                found[path] = reference(x) if treefy_state else x
            return StateEdge(index, None if known else path, type(x))
        kind = node_type(type(x))
        if kind is not None:
            index, known = index_of(x)
            if not known:
                items, metadata = kind.items(x)
                fields = tuple((key, edge_to((*path, key), child)) for key, child in items)
                specs[index] = NodeSpec(type(x), index, metadata, fields)
            return NodeEdge(index)
        container = contents(x)
        if container is None:
            return StaticEdge(x)
        items, spec = container
        return PytreeEdge(spec, tuple((key, edge_to((*path, key), child)) for key, child in items))

    root = edge_to((), node)
    if isinstance(root, (StateEdge, StaticEdge)):
        raise ValueError(
            f"`node` must be a node or a container. Got {type(node).__name__}, which cannot be flattened. "
            "Derive its class from `graph.Node`, or put it into a list."
        )
    return GraphDef(root, tuple(specs[index] for index in sorted(specs))), NestedDict.from_flat(found)


def reference(state: State[Any]) -> TreefyState[Any]:
    """The reference to a State. It holds the value, so this counts as a read for the active traces."""
    return state.to_state_ref().replace(state.value)


def unflatten(
    graphdef: GraphDef[Any],
    state_mapping: Mapping[Any, Any],
    /,
    *,
    index_ref: dict[int, Any] | None = None,
    index_ref_cache: dict[int, Any] | None = None,
) -> Any:
    """The graph of a structure and States; inverse of :func:`flatten`.

    No constructor runs. The new States hold the arrays of the references, as they are.

    Parameters
    ----------
    graphdef
        The structure.
    state_mapping
        States, or references to such: a NestedDict, or a mapping by path.
    index_ref
        The nodes and States that are known, by index; new ones are added. A structure may refer to them.
    index_ref_cache
        Nodes and States to use again, by index: States take over the new values, nodes the new attributes.

    Returns
    -------
    Any
        The new root.

    Raises
    ------
    TypeError
        `graphdef` is not a GraphDef.
    ValueError
        A State is missing from the mapping, an entry of the mapping is not a State, or an object of the cache has
        another type than the structure says.

    Notes
    -----
    Source: brainstate.graph.unflatten (0.5.4). Differs: a node that is used again keeps its invisible attributes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(2.)
    >>> twins = brainstate.graph.unflatten(*brainstate.graph.flatten([s, s]))
    >>> twins[0] is twins[1], twins[0] is s
    (True, False)
    """
    if not isinstance(graphdef, GraphDef):
        raise TypeError(f"`graphdef` must be a GraphDef. Got {type(graphdef).__name__}.")
    flat = state_mapping.to_flat() if isinstance(state_mapping, NestedDict) else state_mapping
    made = {} if index_ref is None else index_ref
    cache = {} if index_ref_cache is None else index_ref_cache

    # States first, wherever they are defined, then nodes without attributes: any edge then finds its end.
    for edge in _edges(graphdef):
        if isinstance(edge, StateEdge) and edge.path is not None and edge.index not in made:
            if edge.path in flat:
                made[edge.index] = _revived(flat[edge.path], edge.path, cache.get(edge.index))
            elif edge.index in cache:
                made[edge.index] = cache[edge.index]
    kinds = [_kind_of(spec) for spec in graphdef.node_specs]
    for spec, kind in zip(graphdef.node_specs, kinds, strict=True):
        made[spec.index] = _empty(spec, kind, cache.get(spec.index))

    def end_of(edge: Edge) -> Any:
        match edge:
            case StaticEdge(value):
                return value
            case PytreeEdge(metadata, fields):
                return rebuilt(metadata, [(key, end_of(child)) for key, child in fields])
            case StateLeafEdge(path) if path in flat:
                return _revived(flat[path], path, None)
            case NodeEdge(index) | StateEdge(index) if index in made:
                return made[index]
        raise _missing(edge)

    for spec, kind in zip(graphdef.node_specs, kinds, strict=True):
        for key, edge in spec.fields:
            kind.set_key(made[spec.index], key, end_of(edge))
    return end_of(graphdef.root)


def _edges(graphdef: GraphDef[Any]) -> Iterator[Edge]:
    """Every edge of a structure."""
    pending: list[Edge] = [graphdef.root, *(edge for spec in graphdef.node_specs for _, edge in spec.fields)]
    while pending:
        edge = pending.pop()
        yield edge
        if isinstance(edge, PytreeEdge):
            pending += [child for _, child in edge.fields]


def _revived(entry: Any, path: PathParts, known: Any) -> State[Any]:
    """The State for an entry of the mapping: a new one, or a known one with the entry's value."""
    if not isinstance(entry, (State, TreefyState)):
        raise ValueError(
            f"`state_mapping` must hold States or references to such. Got {type(entry).__name__} at {_dotted(path)}."
        )
    if known is None:
        return entry if isinstance(entry, State) else entry.to_state()
    if not isinstance(known, State):
        raise ValueError(
            f"`index_ref_cache` must hold a State for {_dotted(path)}. Got {type(known).__name__}, not a State."
        )
    known.update_from_ref(reference(entry) if isinstance(entry, State) else entry)
    return known


def _kind_of(spec: NodeSpec[Any]) -> NodeType:
    kind = node_type(spec.type)
    if kind is None:
        raise ValueError(
            f"Unknown graph node type: {spec.type.__name__} must be one. "
            "Derive it from `graph.Node`, or call `graph.register_graph_node_type`."
        )
    return kind


def _empty(spec: NodeSpec[Any], kind: NodeType, known: Any) -> Any:
    """A node without attributes."""
    if known is None:
        return kind.create_empty(spec.metadata)
    if type(known) is not spec.type:
        raise ValueError(
            f"`index_ref_cache` must hold a {spec.type.__name__} at index {spec.index}. Got {type(known).__name__}."
        )
    kind.clear(known)
    return known


def _missing(edge: Any) -> ValueError:
    if isinstance(edge, (StateEdge, StateLeafEdge)) and edge.path is not None:
        return ValueError(
            f"Expected key {_dotted(edge.path)} in the state mapping: it must have an entry for every State. Got none. "
            "Pass all parts that the split gave."
        )
    return ValueError(
        f"`graphdef` must refer to known objects only. Got {edge}. Merge it in one `graph.merge_context` with the "
        "structure that it was split with."
    )


def _dotted(path: PathParts) -> str:
    return ".".join(map(str, path)) or "<root>"
