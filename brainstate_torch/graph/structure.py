"""GraphDef: what remains of an object graph when the values of its States are taken out.

Nodes and States have an index each, in the order in which the walk meets them, so sharing and cycles are equal indices.
Containers have none: they are repeated wherever they are used.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import torch

from .. import _tree
from ..typing import Key, PathParts
from ..util import PrettyAttr, PrettyRepr, PrettyType
from ..util.pretty import short_repr

__all__ = [
    "Edge",
    "GraphDef",
    "NodeEdge",
    "NodeSpec",
    "PytreeEdge",
    "PytreeType",
    "StateEdge",
    "StateLeafEdge",
    "StaticEdge",
    "map_static",
]

N = TypeVar("N")


class PytreeType:
    """Stands for the type of a root that is a container and not a node."""


@dataclass(frozen=True)
class NodeEdge:
    """Leads to a node.

    Parameters
    ----------
    index
        The index of the node.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.graph.graphdef(brainstate.graph.Node()).root
    NodeEdge(index=0)
    """

    index: int


@dataclass(frozen=True)
class StateEdge:
    """Leads to a State. `path` is its key in the state mapping where it is met first, and None elsewhere.

    Parameters
    ----------
    index
        The index of the State.
    path
        Its key in the state mapping, where it is met first; None elsewhere.
    type
        The class of the State.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> s = brainstate.State(1.)
    >>> fields = brainstate.graph.graphdef([s, s]).root.fields
    >>> [(key, edge.index, edge.path) for key, edge in fields]
    [(0, 0, (0,)), (1, 0, None)]
    """

    index: int
    path: PathParts | None
    type: type


@dataclass(frozen=True)
class StateLeafEdge:
    """Leads to a new State for each edge, made from the state mapping; for structures written by hand.

    Parameters
    ----------
    path
        The key of the State in the state mapping.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> from brainstate_torch.graph import GraphDef, StateLeafEdge, unflatten
    >>> unflatten(GraphDef(StateLeafEdge(('w',)), ()), {('w',): brainstate.State(2.)})
    State(value=2.0)
    """

    path: PathParts


@dataclass(frozen=True)
class PytreeEdge:
    """A container: its structure one level deep, and an edge for each key.

    Parameters
    ----------
    metadata
        The structure of the container, one level deep.
    fields
        Pairs of a key and an edge.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.graph.graphdef({'b': 1, 'a': 2}).root.fields
    (('a', StaticEdge(value=2)), ('b', StaticEdge(value=1)))
    """

    metadata: Any
    fields: tuple[tuple[Key, "Edge"], ...]


@dataclass(frozen=True, eq=False, repr=False)
class StaticEdge:
    """A value that is part of the structure. Arrays are compared by identity and have no hash.

    Parameters
    ----------
    value
        The value.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.graph.graphdef(['relu']).root.fields
    ((0, StaticEdge(value='relu')),)
    """

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, StaticEdge):
            return NotImplemented
        mine, its = self.value, other.value
        # 1, 1.0 and True are equal in Python, and give different dtypes.
        return mine is its or (type(mine) is type(its) and not _is_array(mine) and bool(mine == its))

    def __hash__(self) -> int:
        # torch hashes a tensor by identity, but its contents may change: as part of a cache key it would lie.
        if _is_array(self.value):
            raise TypeError(f"an array has no hash. Got shape {tuple(self.value.shape)}.")
        return hash(self.value)

    def __repr__(self) -> str:
        return f"StaticEdge(value={short_repr(self.value)})"


Edge: TypeAlias = NodeEdge | StateEdge | StateLeafEdge | PytreeEdge | StaticEdge


def _is_array(x: Any) -> bool:
    return isinstance(x, (torch.Tensor, np.ndarray))


@dataclass(frozen=True)
class NodeSpec(Generic[N]):
    """One node: its type, its index, what its type needs to make an empty one, and an edge for each attribute.

    Parameters
    ----------
    type
        The class of the node.
    index
        Its index.
    metadata
        What its class needs to make an empty node.
    fields
        Pairs of a key and an edge, one for each attribute.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.rate = 0.5
    >>> spec, = brainstate.graph.graphdef(Net()).node_specs
    >>> spec.index, spec.type is Net, spec.fields
    (0, True, (('rate', StaticEdge(value=0.5)),))
    """

    type: type[N]
    index: int
    metadata: Any
    fields: tuple[tuple[Key, Edge], ...]


@dataclass(frozen=True, repr=False)
class GraphDef(PrettyRepr, Generic[N]):
    """The structure of an object graph: a root, and its nodes by index; a pytree without leaves.

    Equal for graphs of equal structure and static attributes, and hashable if those are.

    Parameters
    ----------
    root
        The edge that leads to the root.
    node_specs
        The :class:`NodeSpec` of each node.

    Raises
    ------
    TypeError
        It is hashed and a static attribute has no hash, as arrays have none.

    Notes
    -----
    Source: brainstate.graph.GraphDef (0.5.4). Differs: arrays as static attributes are compared by identity.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self, value):
    ...         self.w = brainstate.ParamState(torch.tensor(value))
    >>> brainstate.graph.graphdef(Net(1.)) == brainstate.graph.graphdef(Net(2.))
    True
    """

    root: Edge
    node_specs: tuple[NodeSpec[Any], ...]

    def __hash__(self) -> int:
        return self._hash

    @functools.cached_property
    def _hash(self) -> int:
        try:
            return hash((self.root, self.node_specs))
        except TypeError as error:
            raise TypeError(
                f"GraphDef is not hashable: every static attribute must have a hash. Got one without: {error} "
                "Hold arrays in a State, or wrap what never changes in `graph.Static`."
            ) from error

    def __reduce__(self) -> Any:
        # The hash differs from process to process.
        return GraphDef, (self.root, self.node_specs)

    @property
    def type(self) -> type:
        """The type of the root."""
        if not isinstance(self.root, NodeEdge):
            return PytreeType
        return next((spec.type for spec in self.node_specs if spec.index == self.index), PytreeType)

    @property
    def index(self) -> int:
        """The index of the root; 0 if it is a container."""
        return self.root.index if isinstance(self.root, NodeEdge) else 0

    def __pretty_repr__(self) -> Any:
        yield PrettyType(GraphDef)
        yield PrettyAttr("root", self.root)
        yield PrettyAttr("node_specs", self.node_specs)


def map_static(function: Callable[[Any], Any], graphdef: GraphDef[N]) -> GraphDef[N]:
    """The same structure with a function applied to every static value."""

    def mapped(edge: Edge) -> Edge:
        if isinstance(edge, StaticEdge):
            return StaticEdge(function(edge.value))
        return PytreeEdge(edge.metadata, fields(edge.fields)) if isinstance(edge, PytreeEdge) else edge

    def fields(pairs: tuple[tuple[Key, Edge], ...]) -> tuple[tuple[Key, Edge], ...]:
        return tuple((key, mapped(edge)) for key, edge in pairs)

    specs = (NodeSpec(spec.type, spec.index, spec.metadata, fields(spec.fields)) for spec in graphdef.node_specs)
    return GraphDef(mapped(graphdef.root), tuple(specs))


_tree.register(GraphDef, lambda graphdef: ((), graphdef), lambda _, graphdef: graphdef)
