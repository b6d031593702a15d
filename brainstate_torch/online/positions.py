"""Which element of a tensor belongs to which element of a hidden state.

An eligibility trace follows what happens position by position. A *label* says for each element of a tensor which
element of a hidden state it goes into, -1 for none. Labels start at the new values of the hidden states and go backward
through operations that let each element go into one position only: element-wise ones, those that rearrange, and sums.
An edge that mixes positions, such as one into a product of matrices, is cut: what comes through it has no trace.
"""

import operator
from collections.abc import Mapping, Sequence
from typing import Any

import torch

from .._host.dispatch import OpOverload
from .._host.fx import Node, map_arg
from .._program.nodes import is_view

__all__ = ["Labels", "Places", "is_pointwise", "shape_of"]

_aten = torch.ops.aten
#: Element-wise, though not tagged so.
_POINTWISE = {
    _aten._to_copy.default,
    _aten.clone.default,
    _aten._lazy_clone.default,
    _aten.alias.default,
    _aten.lift_fresh_copy.default,
    _aten.where.self,
    _aten.lerp.Tensor,
    _aten.lerp.Scalar,
}
#: Operations that join tensors: each element of an argument is one of the result.
_JOINS = {_aten.cat.default, _aten.stack.default}
#: Like views, with memory of their own.
_MOVES = {
    _aten.reshape.default,
    _aten._unsafe_view.default,
    _aten._reshape_copy.default,
    _aten.flip.default,
    _aten.roll.default,
    _aten.constant_pad_nd.default,
    _aten.index_select.default,
    _aten.index.Tensor,
    _aten.repeat.default,
}
#: Sums: each element of the argument goes into one of the result.
_SUMS = {_aten.sum.dim_IntList, _aten.sum.default, _aten.mean.dim, _aten.mean.default}
_ADDITIONS = {_aten.index_add.default}


def is_pointwise(node: Node) -> bool:
    """Whether a node computes each element of its result from the elements at that place."""
    target = node.target
    return isinstance(target, OpOverload) and (torch.Tag.pointwise in target.tags or target in _POINTWISE)


def shape_of(node: Node) -> torch.Size | None:
    """The shape of the tensor that a node gives; None if it gives something else."""
    value = node.meta.get("val")
    return value.shape if isinstance(value, torch.Tensor) else None


class Labels:
    """The labels of all nodes of a graph, and the edges that they go along.

    Parameters
    ----------
    nodes
        The nodes, in order.
    hidden
        The pairs (value before, value after) of the hidden states; the first may be None.
    dynamic
        The nodes that differ from step to step; the others need no label.
    constants
        The values of the nodes that are the same at each step.
    """

    def __init__(
        self,
        nodes: Sequence[Node],
        hidden: Sequence[tuple[Node | None, Node]],
        dynamic: set[Node],
        constants: Mapping[Node, Any],
    ) -> None:
        # Labels are looked at here and now: on a GPU each look would wait.
        self._dynamic = dynamic
        self._constants = {node: x.cpu() if isinstance(x, torch.Tensor) else x for node, x in constants.items()}
        self._of: dict[Node, torch.Tensor] = {}
        #: The edges (node, argument) along which positions are kept.
        self.edges: set[tuple[Node, Node]] = set()
        self._fixed = {node for pair in hidden for node in pair if node is not None}
        with torch.device("cpu"):
            self.reached = self._follow(nodes, {after for _, after in hidden})

    def _follow(self, nodes: Sequence[Node], reached: set[Node]) -> set[Node]:
        """The nodes that are reached from hidden states, backwards; their labels are noted."""
        for node in self._fixed:
            shape = shape_of(node)
            assert shape is not None
            self._of[node] = torch.arange(shape.numel()).view(shape)
        for node in reversed(nodes):
            if node not in reached or node.op == "placeholder" or node not in self._dynamic:
                continue
            for source in dict.fromkeys(node.all_input_nodes):
                if source in self._dynamic and self._goes_along(node, source):
                    self.edges.add((node, source))
                    reached.add(source)
        return reached

    def __getitem__(self, node: Node) -> torch.Tensor:
        return self._of[node]

    def __contains__(self, node: Node) -> bool:
        return node in self.reached

    def _goes_along(self, node: Node, source: Node) -> bool:
        """Whether each element of an argument goes into one position only; its labels are noted."""
        if isinstance(node.target, OpOverload) and node.target is _aten.detach.default:
            return False
        if node.target is not operator.getitem and shape_of(node) is None:
            # A list of tensors: its items have the labels.
            node_labels = self._of.get(node)
            if node_labels is None:
                return False
            return self._note(source, node_labels)
        found = self._moved(node, source)
        return found is not None and self._note(source, found)

    def _note(self, source: Node, labels: torch.Tensor) -> bool:
        known = self._of.get(source)
        if known is not None:
            both = (known >= 0) & (labels >= 0)
            if not torch.equal(known[both], labels[both]):
                return False
            if source in self._fixed:
                return bool((labels >= 0).any())
            labels = torch.where(labels >= 0, labels, known)
        self._of[source] = labels
        return bool((labels >= 0).any())

    def _moved(self, node: Node, source: Node) -> torch.Tensor | None:
        """The labels of an argument; None if an element goes into several positions."""
        labels, target = self._of[node], node.target
        if target is operator.getitem:
            return self._of_list(node, source, labels)
        shape = shape_of(source)
        if shape is None or not isinstance(target, OpOverload):
            return None
        if is_pointwise(node):
            return _scattered(torch.arange(shape.numel()).view(shape).expand(labels.shape), labels, shape)
        if target in _SUMS or (target in _ADDITIONS and source is node.args[3]):
            into = self._into(node, shape)
            return None if into is None else labels.reshape(-1)[into]
        if target in _ADDITIONS:
            return labels if source is node.args[0] else None
        if is_view(node) or target in _JOINS or target in _MOVES:
            places = self._places(node, source, shape)
            return None if places is None else _scattered(places, labels, shape)
        return None

    def _into(self, node: Node, shape: torch.Size) -> torch.Tensor | None:
        """For each element of an argument the element of the result that it is added to."""
        out = shape_of(node)
        assert out is not None
        numbered = torch.arange(out.numel()).view(out)
        args: Any = node.args
        if node.target in _ADDITIONS:
            _, axis, index, _ = args
            return numbered.index_select(axis, self._constants[index]) if index in self._constants else None
        given = args[1] if len(args) > 1 else None
        axes = [axis % len(shape) for axis in given] if given else range(len(shape))
        return numbered.reshape([1 if i in axes else size for i, size in enumerate(shape)]).expand(shape)

    def _places(self, node: Node, source: Node, shape: torch.Size) -> torch.Tensor | None:
        """For each element of the result the element of the argument that it is, -1 for one of another."""
        joins = node.target in _JOINS
        if not joins and any(x is not source and x not in self._constants for x in node.all_input_nodes):
            return None

        def stand_in(x: Node) -> Any:
            if x is source:
                return torch.arange(shape.numel()).view(shape)
            return torch.full(x.meta["val"].shape, -1) if joins else self._constants[x]

        args, kwargs = map_arg(node.args, stand_in), map_arg(node.kwargs, stand_in)
        if node.target is _aten.constant_pad_nd.default:
            args = (*args[:2], -1)
        try:
            found = node.target(*args, **kwargs)  # type: ignore[operator]
        except (RuntimeError, TypeError, IndexError):
            return None
        return found if isinstance(found, torch.Tensor) else None

    def _of_list(self, node: Node, source: Node, labels: torch.Tensor) -> torch.Tensor | None:
        """The labels of the tensor that a node takes one part of: ``split(x)[i]``."""
        if not (isinstance(source.target, OpOverload) and is_view(node) and len(source.all_input_nodes) == 1):
            return None
        whole = source.all_input_nodes[0]
        shape = shape_of(whole)
        if shape is None or whole not in self._dynamic:
            return None
        numbered = torch.arange(shape.numel()).view(shape)
        parts = source.target(*map_arg(source.args, lambda x: numbered))
        return _scattered(parts[node.args[1]], labels, shape)


def _scattered(places: torch.Tensor, labels: torch.Tensor, shape: torch.Size) -> torch.Tensor | None:
    """The labels by source element; None if an element would have two."""
    flat, into = labels.reshape(-1), places.reshape(-1)
    use = (flat >= 0) & (into >= 0)
    flat, into = flat[use], into[use]
    found = torch.full((shape.numel(),), -1).index_put((into,), flat)
    return found.view(shape) if torch.equal(found[into], flat) else None


class Places:
    """How the elements of a tensor ``[*Y]`` on a device lie in the P positions of hidden states; made of its labels."""

    def __init__(self, labels: torch.Tensor, count: int, device: torch.device) -> None:
        flat = labels.reshape(-1)
        used = (flat >= 0).nonzero().view(-1)
        has = (labels >= 0).float()[..., None, None].to(device)
        self._shape = labels.shape
        self._in_order = torch.equal(flat, torch.arange(count, device="cpu"))
        self._has = has if len(used) < len(flat) else None
        self._nearest = labels.clamp(min=0).to(device)
        self._used, self._into = used.to(device), flat[used].to(device)

    def spread(self, jacobian: torch.Tensor) -> torch.Tensor:
        """What belongs to the positions, ``[P, S, S]``, at each element: ``[*Y, S, S]``, zero without a label."""
        if self._in_order:
            return jacobian.reshape(*self._shape, *jacobian.shape[1:])
        found = jacobian[self._nearest]
        return found if self._has is None else found * self._has.to(found.dtype)

    def gathered(self, term: torch.Tensor, shape: torch.Size) -> torch.Tensor:
        """What belongs to the elements, ``[*Y]``, summed into the positions, ``[*shape]``."""
        if self._in_order:
            return term.reshape(shape)
        used = term.reshape(-1)[self._used]
        return term.new_zeros(shape.numel()).index_add(0, self._into, used).reshape(shape)
