"""The programs of a learner: one carries the traces on, another computes a step whose gradient is that of the traces.

For each new value of a hidden state the second adds a term that is zero and whose derivative by the weights is the
trace. Every path from a weight to the result of the step is counted once: what reaches a hidden state position by
position is in the trace, all else is differentiated as it is.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from .._host.fx import Node
from .._program.nodes import merge_equal
from .._program.recording import Like, Recorded, alone, local, record
from .jacobians import Environment, jacobians
from .positions import Places
from .relations import Relation, StepAnalysis, run_node
from .traces import Rule

__all__ = ["Programs"]

#: The traces by name.
Traces = Mapping[str, Sequence[torch.Tensor]]


class _Flat:
    """A recorded program of tensors."""

    def __init__(self, fun: Callable[..., Sequence[torch.Tensor]], like: Sequence[Any]) -> None:
        with alone():
            recorded: Recorded = record(fun, [Like(x.shape, x.dtype, x.device) for x in like])
        merge_equal(recorded.graph)
        self.graph, self._captured = recorded.graph, recorded.captured

    def __call__(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        return list(self.graph(*tensors, *map(local, self._captured)))


class Programs:
    """The programs of an analysis and a rule.

    Parameters
    ----------
    analysis, rule
        What is learnt, and how.
    like
        Tensors like the inputs of the step.
    """

    def __init__(self, analysis: StepAnalysis, rule: Rule, like: Sequence[Any]) -> None:
        self.analysis, self.rule = analysis, rule
        #: For the name of each trace, the places of a relation and of a group in the analysis.
        self.keys = {
            f"{relation.node.name}_{relation.place}_{g}": (i, g)
            for i, relation in enumerate(analysis.relations)
            for g in relation.groups
        }
        self.start: Traces = {
            name: rule.start(analysis.relations[i], len(analysis.groups[g].members), analysis.dtype_of(g))
            for name, (i, g) in self.keys.items()
        }
        flat = [x for start in self.start.values() for x in start]
        count = torch.zeros((), dtype=torch.int64)
        self._drawn = _given(analysis)
        self._inputs = len(analysis.step.inputs)
        #: For each operation with a trace, where its elements lie in the hidden states.
        self.places = {}
        for relation in analysis.relations:
            after = analysis.step.hidden[analysis.groups[relation.groups[0]].members[0]].after
            value = after.meta["val"]
            self.places[relation.node] = Places(analysis.labels[relation.node], value.numel(), value.device)
        self.advance = _Flat(self._advance, [*like, *flat])
        drawn = [node.meta["val"] for node in self._drawn]
        self.attached = _Flat(self._attached, [*like, *drawn, *flat, *flat, count])
        self._like = [*like, *drawn]

    @functools.cached_property
    def plain(self) -> _Flat:
        """The step as the model computes it."""
        return _Flat(self._plain, self._like)

    def unflatten(self, tensors: Sequence[torch.Tensor]) -> dict[str, list[torch.Tensor]]:
        """The traces by name."""
        supply = iter(tensors)
        return {name: [next(supply) for _ in start] for name, start in self.start.items()}

    def _values(self, inputs: Sequence[torch.Tensor], given: Mapping[Node, torch.Tensor] | None = None) -> Environment:
        """The values of all nodes."""
        values: Environment = dict(zip(self.analysis.step.inputs, inputs, strict=True))
        values.update(given or {})
        for node in self.analysis.step.nodes:
            if node.op == "call_function" and node not in values:
                values[node] = run_node(node, values.__getitem__)
        return values

    def _advance(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Inputs of the step, traces -> new traces, and what the step has drawn."""
        held = [x.detach() for x in tensors]
        analysis, old = self.analysis, self.unflatten(held[self._inputs :])
        values = self._values(held[: self._inputs])
        found = [jacobians(analysis, g, values) for g in range(len(analysis.groups))]
        new = []
        for name, (i, g) in self.keys.items():
            relation, own = analysis.relations[i], found[g]
            transition = self.places[relation.node].spread(own.transition)
            x = None if relation.x is None else values[relation.x]
            new += self.rule.advanced(relation, old[name], own, transition, x)
        return [*new, *[values[node] for node in self._drawn]]

    def _plain(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Inputs of the step, what it has drawn -> outputs of the step."""
        drawn = dict(zip(self._drawn, tensors[self._inputs :], strict=True))
        values = self._values(tensors[: self._inputs], drawn)
        return [values[node] for node in self.analysis.step.outputs]

    def _attached(self, *tensors: torch.Tensor) -> list[torch.Tensor]:
        """Inputs of the step, what it has drawn, traces before and after, number of steps -> outputs of the step."""
        inputs, rest = tensors[: self._inputs], tensors[self._inputs : -1]
        drawn, rest = rest[: len(self._drawn)], rest[len(self._drawn) :]
        half = len(rest) // 2
        held = [x.detach() for x in rest]
        return _Attached(
            self,
            dict(zip(self.analysis.step.inputs, inputs, strict=True)),
            dict(zip(self._drawn, drawn, strict=True)),
            (self.unflatten(held[:half]), self.unflatten(held[half:])),
            tensors[-1],
        )()


def _given(analysis: StepAnalysis) -> list[Node]:
    """The tensors that a step draws: both programs must have the same."""
    found = []
    for node in analysis.drawn:
        if isinstance(node.meta["val"], torch.Tensor):
            found.append(node)
        else:
            found += [user for user in node.users if isinstance(user.meta["val"], torch.Tensor)]
    return found


#: How a node is differentiated. OUT: with all paths, also those from hidden states before the step. WITHIN: with those
#: from weights in this step. REST: without what the traces of the hidden states after the step hold.
OUT, WITHIN, REST = "out", "within", "rest"


class _Attached:
    """One evaluation of a step with the terms of the traces."""

    def __init__(
        self,
        programs: Programs,
        inputs: Mapping[Node, torch.Tensor],
        drawn: Mapping[Node, torch.Tensor],
        traces: tuple[Traces, Traces],
        count: torch.Tensor,
    ) -> None:
        self._programs, self._analysis, self._count = programs, programs.analysis, count
        self._old, self._new = traces
        analysis = self._analysis
        self._before = {
            hidden.before: i for i, hidden in reversed(list(enumerate(analysis.step.hidden))) if hidden.before
        }
        self._after = {hidden.after: i for i, hidden in reversed(list(enumerate(analysis.step.hidden)))}
        self._blocked = {(relation.node, relation.weight) for relation in analysis.relations}
        self._found: dict[tuple[Node, str], Any] = {}
        self._made: dict[tuple[str, bool], Sequence[torch.Tensor]] = {}
        self._drawn = drawn
        self._inputs = {node: x.detach() if node in analysis.step.carried else x for node, x in inputs.items()}
        self._effective: Environment = dict(self._inputs)
        for node in analysis.step.nodes:
            if node.op == "call_function" and (node in analysis.effective or node in analysis.constant):
                self._effective[node] = run_node(node, self._effective.__getitem__)
        self._follows: dict[Node, bool] = {}
        self._splits: dict[Node, bool] = {}
        for node in analysis.step.nodes:
            given = node.all_input_nodes
            within = node not in self._after
            self._follows[node] = node in self._before or (within and any(self._follows[x] for x in given))
            self._splits[node] = node in self._after or any(
                (node, x) in self._blocked or ((node, x) in analysis.labels.edges and self._splits[x]) for x in given
            )

    def __call__(self) -> list[torch.Tensor]:
        outputs = self._analysis.step.outputs
        wanted: dict[Node, set[str]] = {node: set() for node in self._analysis.step.nodes}
        for node in outputs:
            wanted[node].add(self._way(node, OUT))
        for node in reversed(self._analysis.step.nodes):
            if node in self._after and wanted[node] & {OUT, WITHIN}:
                wanted[node].add(REST)
            for way in [way for way in wanted[node] if way is REST or node not in self._after]:
                for x in node.all_input_nodes:
                    wanted[x].add(self._way_to(node, x, way))
        for node in self._analysis.step.nodes:
            for way in (REST, WITHIN, OUT):
                if way in wanted[node]:
                    self._found[node, way] = self._value(node, way)
        return [self._found[node, self._way(node, OUT)] for node in outputs]

    def _way(self, node: Node, way: str) -> str:
        """The simplest way that gives the same derivative."""
        if way is OUT and not self._follows[node]:
            way = WITHIN
        if way is REST and not self._splits[node]:
            way = WITHIN
        return way

    def _way_to(self, node: Node, x: Node, way: str) -> str:
        """In which way an argument is used by a node that is computed in a way."""
        if way is REST and (node, x) not in self._analysis.labels.edges:
            way = WITHIN
        return self._way(x, way)

    def _value(self, node: Node, way: str) -> Any:
        if node in self._drawn:
            return self._drawn[node]
        if node in self._analysis.effective:
            return self._effective[node]
        if node in self._after and way is not REST:
            return self._with_term(self._found[node, REST], self._after[node], self._new, self._count + 1)
        if node.op == "placeholder":
            x = self._inputs[node]
            if node in self._before and way is OUT:
                return self._with_term(x, self._before[node], self._old, self._count)
            return x

        def value(x: Node) -> Any:
            found = self._found[x, self._way_to(node, x, way)]
            return found.detach() if way is REST and (node, x) in self._blocked else found

        return run_node(node, value)

    def _with_term(self, x: torch.Tensor, index: int, traces: Traces, count: torch.Tensor) -> torch.Tensor:
        """The value of a hidden state, with the derivative that the traces hold."""
        analysis = self._analysis
        total: torch.Tensor | None = None
        for name, (i, g) in self._programs.keys.items():
            relation, group = analysis.relations[i], analysis.groups[g]
            if index not in group.members:
                continue
            term = self._terms(name, relation, traces, count)[group.members.index(index)]
            term = self._programs.places[relation.node].gathered(term, x.shape)
            total = term if total is None else total + term
        return x if total is None else x + (total - total.detach()).to(x.dtype)

    def _terms(self, name: str, relation: Relation, traces: Traces, count: torch.Tensor) -> Sequence[torch.Tensor]:
        """The terms of a trace for all hidden states of its group."""
        key = name, traces is self._new
        if key not in self._made:
            weight = self._effective[relation.weight].to(traces[name][0].dtype)
            # One by one they would be selected, whose backward pass makes zeros for all others.
            self._made[key] = self._programs.rule.term(relation, traces[name], weight, count).unbind(-1)
        return self._made[key]
