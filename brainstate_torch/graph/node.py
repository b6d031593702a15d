"""Node: an object whose attributes are part of a graph."""

from collections.abc import Callable
from typing import Any, Self

from .._errors import TraceContextError
from .._state import State
from ..util import PrettyAttr, PrettyObject, yield_unique_pretty_repr_items
from .registry import register_graph_node_type
from .traversal import iter_leaf

__all__ = ["Node"]


class Node(PrettyObject):
    """Base of objects that hold States and other nodes in their attributes, in containers as well.

    ``copy.deepcopy`` copies a node with everything in it; :func:`brainstate_torch.graph.clone` shares what is
    static. A subclass that keeps attributes elsewhere than in ``__dict__`` overrides the five methods ``_graph_*``.

    Attributes
    ----------
    graph_invisible_attrs
        Names of attributes that are not part of the graph: no walk sees them, and a node that is put together again
        lacks them.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> class Linear(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.w = brainstate.ParamState(torch.ones(2))
    >>> class Net(brainstate.graph.Node):
    ...     def __init__(self):
    ...         self.layers = [Linear(), Linear()]
    >>> list(brainstate.graph.states(Net()))
    [('layers', 0, 'w'), ('layers', 1, 'w')]

    Notes
    -----
    Source: brainstate.graph.Node (0.5.4). Differs: there is no metaclass, and ``copy.deepcopy`` copies static
    attributes too.
    """

    graph_invisible_attrs: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        _register(cls)

    def _graph_items(self) -> list[tuple[str, Any]]:
        """The attributes that are part of the graph."""
        return [(name, value) for name, value in vars(self).items() if name not in self.graph_invisible_attrs]

    def _graph_set(self, name: str, value: Any) -> None:
        setattr(self, name, value)

    def _graph_pop(self, name: str) -> Any:
        value = getattr(self, name)
        delattr(self, name)
        return value

    def _graph_clear(self) -> None:
        for name, _ in self._graph_items():
            delattr(self, name)

    @classmethod
    def _graph_new(cls) -> Self:
        """A node without attributes."""
        return object.__new__(cls)

    def check_valid_context(self, error_msg: Callable[[], str]) -> None:
        """Raise unless every State in the node can be read.

        Parameters
        ----------
        error_msg
            Gives the text of the error.

        Raises
        ------
        TraceContextError
            A State was made inside a transform that raised.
        """
        for _, leaf in iter_leaf(self):
            if isinstance(leaf, State):
                try:
                    leaf.check_if_deleted()
                except TraceContextError as error:
                    raise TraceContextError(error_msg()) from error

    def __pretty_repr__(self) -> Any:
        return yield_unique_pretty_repr_items(self, repr_attr=_shown)

    def __pretty_repr_item__(self, k: Any, v: Any) -> tuple[Any, Any] | None:
        return None if v is None or k in self.graph_invisible_attrs else (k, v)


def _shown(node: Node) -> Any:
    for name, value in node._graph_items():
        item = node.__pretty_repr_item__(name, value)
        if item is not None:
            yield PrettyAttr(*item)


def _register(kind: type[Node]) -> None:
    register_graph_node_type(
        kind,
        flatten=lambda node: (sorted(node._graph_items(), key=lambda item: item[0]), (type(node),)),
        set_key=lambda node, name, value: node._graph_set(name, value),
        pop_key=lambda node, name: node._graph_pop(name),
        create_empty=lambda metadata: metadata[0]._graph_new(),
        clear=lambda node: node._graph_clear(),
    )


_register(Node)
