"""Graphs inside pytrees: nodes become pytrees of references, and nodes again."""

from collections.abc import Callable, Iterable
from typing import Any

from .._errors import kind_of
from .._state import State
from ..typing import Missing, PathParts
from ..util import FlattedDict, NestedDict, PyTreeNode, field
from .node import Node
from .ref_map import RefMap
from .registry import contents, keys_of, node_type, rebuilt
from .splitting import MergeContext, SplitContext, merge_context, split_context
from .structure import GraphDef
from .traversal import iter_leaf, iter_node

__all__ = ["NodeStates", "graph_to_tree", "tree_to_graph"]


class NodeStates(PyTreeNode):
    """A node taken apart: its structure, and references to its States in one or several dictionaries; a pytree.

    Parameters
    ----------
    _graphdef
        The structure, or None.
    states
        The dictionaries of references.
    metadata
        What the function that took the node apart stored.

    Notes
    -----
    Source: brainstate.graph.NodeStates (0.5.4).

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> parts = brainstate.graph.treefy_split([brainstate.State(2.)])
    >>> brainstate.graph.NodeStates.from_split(*parts).state[0].value
    2.0
    """

    _graphdef: GraphDef[Any] | None
    states: tuple[Any, ...]
    metadata: Any = field(pytree_node=False)

    @property
    def graphdef(self) -> GraphDef[Any]:
        """The structure."""
        if self._graphdef is None:
            raise ValueError("NodeStates must be made with `from_split` to have a structure. Got no graphdef.")
        return self._graphdef

    @property
    def state(self) -> NestedDict:
        """The one dictionary of references."""
        if len(self.states) != 1:
            raise ValueError(f"NodeStates must hold exactly one dictionary. Got {len(self.states)}. Use `states`.")
        return self.states[0]  # type: ignore[no-any-return]

    @classmethod
    def from_split(
        cls, graphdef: GraphDef[Any], state: NestedDict, /, *states: NestedDict, metadata: Any = None
    ) -> "NodeStates":
        """What :func:`treefy_split` gives."""
        return cls(graphdef, (state, *states), metadata)

    @classmethod
    def from_states(cls, state: NestedDict, *states: NestedDict) -> "NodeStates":
        """References without a structure."""
        return cls(None, (state, *states), None)

    @classmethod
    def from_prefixes(cls, prefixes: Iterable[Any], /, *, metadata: Any = None) -> "NodeStates":
        """One value for each dictionary of references, such as the axis to map over."""
        return cls(None, tuple(prefixes), metadata)


def _split_node(context: SplitContext, path: PathParts, prefix: Any, leaf: Any) -> Any:
    return NodeStates.from_split(*context.treefy_split(leaf))


def graph_to_tree(
    may_have_graph_nodes: Any,
    /,
    *,
    prefix: Any = Missing,
    split_fn: Callable[[SplitContext, PathParts, Any, Any], Any] = _split_node,
    map_non_graph_nodes: bool = False,
    check_aliasing: bool = True,
) -> tuple[Any, FlattedDict]:
    """Replace the nodes in a pytree by pytrees of references; what they share is split once.

    Parameters
    ----------
    may_have_graph_nodes
        The pytree. A State that is not in a node is left alone.
    prefix
        A value for each leaf: a tree like the pytree, in which one value may stand for a whole subtree.
    split_fn
        ``split_fn(context, path, prefix, node)`` gives what replaces a node; :class:`NodeStates` by default.
    map_non_graph_nodes
        Call `split_fn` for the other leaves too.
    check_aliasing
        Refuse nodes and States that are met under different prefixes.

    Returns
    -------
    tree, states
        The new pytree, and the States in the nodes by index.

    Raises
    ------
    ValueError
        `prefix` has another structure than the pytree, or something is met under different prefixes.
    TraceContextError
        A State was made inside a transform that raised.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Cell(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.h = brainstate.State(2.)
    >>> tree, states = brainstate.graph.graph_to_tree({'cell': Cell(), 'rate': 0.5})
    >>> tree['cell'].state['h'].value, brainstate.graph.tree_to_graph(tree)['cell'].h.value
    (2.0, 2.0)

    Notes
    -----
    Source: brainstate.graph.graph_to_tree (0.5.4). Differs: a path is a tuple of keys.
    """
    with split_context() as (context, ref_index):
        prefixes: RefMap[Any, list[tuple[PathParts, Any]]] = RefMap()

        def converted(path: PathParts, leaf_prefix: Any, leaf: Any) -> Any:
            is_node = node_type(type(leaf)) is not None
            if is_node and check_aliasing:
                _record(leaf, path, leaf_prefix, prefixes)
            return split_fn(context, path, leaf_prefix, leaf) if is_node or map_non_graph_nodes else leaf

        tree = _map_with_prefix(converted, may_have_graph_nodes, prefix, lambda _: False)
        _check_aliases(prefixes)
    return tree, FlattedDict({(index,): x for x, index in ref_index.items() if isinstance(x, State)})


def _record(root: Any, path: PathParts, prefix: Any, prefixes: RefMap[Any, list[tuple[PathParts, Any]]]) -> None:
    """Note under which prefix the nodes and States of a graph are met."""
    if isinstance(root, Node):
        root.check_valid_context(lambda: f"Every State of {type(root).__name__} at {path} must be readable.")
    for where, x in [*iter_leaf(root), *iter_node(root)]:
        if isinstance(x, State) or node_type(type(x)) is not None:
            prefixes.setdefault(x, []).append(((*path, *where), prefix))


def _check_aliases(prefixes: RefMap[Any, list[tuple[PathParts, Any]]]) -> None:
    for x, met in prefixes.items():
        (first, prefix), *rest = met
        for path, other in rest:
            if prefix is not other and prefix != other:
                raise ValueError(
                    "Inconsistent aliasing: `prefix` must be equal wherever an object is met. "
                    f"Got {kind_of(x)} with {prefix!r} at {first} and {other!r} at {path}."
                )


def _is_node_states(x: Any) -> bool:
    return isinstance(x, NodeStates)


def _merge_node(context: MergeContext, path: PathParts, prefix: Any, leaf: Any) -> Any:
    if not isinstance(leaf, NodeStates):
        raise ValueError(
            f"`merge_fn` must be given for leaves that are not NodeStates. Got {type(leaf).__name__} at {path}."
        )
    return context.treefy_merge(leaf.graphdef, *leaf.states)


def tree_to_graph(
    tree: Any,
    /,
    *,
    prefix: Any = Missing,
    merge_fn: Callable[[MergeContext, PathParts, Any, Any], Any] = _merge_node,
    is_node_leaf: Callable[[Any], bool] = _is_node_states,
    is_leaf: Callable[[Any], bool] = _is_node_states,
    map_non_graph_nodes: bool = False,
) -> Any:
    """Replace the pytrees of references in a pytree by new nodes; inverse of :func:`graph_to_tree`.

    Parameters
    ----------
    tree
        The pytree.
    prefix
        A value for each leaf, as in :func:`graph_to_tree`.
    merge_fn
        ``merge_fn(context, path, prefix, leaf)`` gives what replaces a leaf.
    is_node_leaf
        Says which leaves are nodes taken apart.
    is_leaf
        Says what to take as a leaf.
    map_non_graph_nodes
        Call `merge_fn` for the other leaves too.

    Returns
    -------
    tree, states
        The pytree with nodes, and the States in them by index.

    Raises
    ------
    ValueError
        `prefix` has another structure than the pytree, or a State is missing.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> node = brainstate.graph.Node()
    >>> tree, _ = brainstate.graph.graph_to_tree([node, node])
    >>> twins = brainstate.graph.tree_to_graph(tree)
    >>> twins[0] is twins[1], twins[0] is node
    (True, False)
    """
    with merge_context() as (context, _):

        def converted(path: PathParts, leaf_prefix: Any, leaf: Any) -> Any:
            merges = is_node_leaf(leaf) or map_non_graph_nodes
            return merge_fn(context, path, leaf_prefix, leaf) if merges else leaf

        return _map_with_prefix(converted, tree, prefix, is_leaf)


def _map_with_prefix(
    function: Callable[[PathParts, Any, Any], Any],
    tree: Any,
    prefix: Any,
    is_leaf: Callable[[Any], bool],
    path: PathParts = (),
) -> Any:
    """The pytree with ``function(path, prefix, leaf)`` in place of each leaf."""
    inner = None if is_leaf(tree) else contents(tree)
    parts = None if prefix is None or is_leaf(prefix) else contents(prefix)
    if parts is not None and (inner is None or set(keys_of(parts[1])) != set(keys_of(inner[1]))):
        raise ValueError(
            f"`prefix` must have the structure of the tree, or a value in place of a subtree. Got a "
            f"{type(prefix).__name__} for {kind_of(tree)} at {path}, with other keys."
        )
    if inner is None:
        return function(path, prefix, tree)
    items, spec = inner
    below = {key: prefix for key, _ in items} if parts is None else dict(parts[0])
    return rebuilt(
        spec, [(key, _map_with_prefix(function, x, below.get(key), is_leaf, (*path, key))) for key, x in items]
    )
