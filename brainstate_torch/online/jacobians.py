"""Jacobians of a step along positions: of the hidden states by themselves before, and by where weights enter."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch

from .._host.functorch import vjp
from .._host.fx import Node, map_arg
from .relations import Relation, StepAnalysis

__all__ = ["Environment", "Jacobians", "jacobians"]

#: The values of nodes.
Environment = dict[Node, Any]


class Jacobians(NamedTuple):
    """The Jacobians of one group, position by position.

    Attributes
    ----------
    transition
        ``[P, S, S]``: of state i after the step by state j before it, at each of P positions.
    entries
        For each relation the derivatives of the S states by the result of its operation (for an element-wise operation:
        by the weight at each place), ``[*Y, S]``.
    """

    transition: torch.Tensor
    entries: dict[Relation, torch.Tensor]


def jacobians(analysis: StepAnalysis, index: int, values: Mapping[Node, Any]) -> Jacobians:
    """The Jacobians of a group, where each node has the value of this step.

    Nothing between a hidden state and where it comes from mixes positions, so that one product with ones gives the
    derivatives at all positions.
    """
    hidden = analysis.step.hidden
    members = [hidden[i] for i in analysis.groups[index].members]
    relations = [relation for relation in analysis.relations if index in relation.groups]
    before = [member.before for member in members]
    starts = [values[node] for node in before if node is not None]
    taps = [_tap(relation, values) for relation in relations]
    dtype = analysis.dtype_of(index)
    rows, entries = [], []
    for member in members:

        def tail(given: Sequence[torch.Tensor], tapped: Sequence[torch.Tensor], member: Any = member) -> torch.Tensor:
            own = dict(zip([node for node in before if node is not None], given, strict=True))
            found: torch.Tensor = _Tail(analysis, values, own, dict(zip(relations, tapped, strict=True)))(member.after)
            return found

        result, pull = vjp(tail, starts, taps)
        by_states, by_taps = pull(torch.ones_like(result))
        found = iter(by_states)
        flat = [result.new_zeros(result.numel()) if node is None else next(found).reshape(-1) for node in before]
        rows.append(torch.stack([x.to(dtype) for x in flat], -1))
        entries.append([x.to(dtype) for x in by_taps])
    stacked = [torch.stack(some, -1) for some in zip(*entries, strict=True)]
    return Jacobians(torch.stack(rows, -2), dict(zip(relations, stacked, strict=True)))


def _tap(relation: Relation, values: Mapping[Node, Any]) -> torch.Tensor:
    """What is differentiated by: an addition to the result of a product, or the weight at each place."""
    shape = relation.node.meta["val"].shape
    if relation.is_elementwise:
        return values[relation.weight].expand(shape)  # type: ignore[no-any-return]
    return torch.zeros_like(values[relation.node])


class _Tail:
    """The part of a step after the places where weights enter, as far as it keeps positions."""

    def __init__(
        self,
        analysis: StepAnalysis,
        values: Mapping[Node, Any],
        before: Mapping[Node, torch.Tensor],
        taps: Mapping[Relation, torch.Tensor],
    ) -> None:
        self._analysis, self._values = analysis, values
        self._edges = analysis.labels.edges
        self._found: Environment = dict(before)
        self._added = {relation.node: tap for relation, tap in taps.items() if not relation.is_elementwise}
        self._replaced = {(r.node, r.place): tap for r, tap in taps.items() if r.is_elementwise}

    def __call__(self, node: Node) -> Any:
        for needed in self._analysis.path_to(node):
            if needed not in self._found:
                self._found[needed] = self._run(needed)
        return self._found[node]

    def _run(self, node: Node) -> Any:
        if node in self._added:
            return self._values[node] + self._added[node]
        replaced = [place for (at, place) in self._replaced if at is node]
        if not replaced and not any((node, x) in self._edges for x in node.all_input_nodes):
            return self._values[node]

        def value(x: Node) -> Any:
            return self._found[x] if (node, x) in self._edges else self._values[x]

        args = list(map_arg(node.args, value))
        for place in replaced:
            args[place] = self._replaced[node, place]
        return node.target(*args, **map_arg(node.kwargs, value))  # type: ignore[operator]
