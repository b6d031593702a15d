"""Relations: where a weight enters a step, and the hidden states that it reaches position by position."""

import functools
from typing import Any, NamedTuple

import torch

from .._host.dispatch import OpOverload
from .._host.fx import Node, map_arg
from .._program.calls import target as call_target
from .._program.nodes import number_of
from .params import NonTempParam
from .positions import Labels, is_pointwise
from .step import Step

__all__ = ["Group", "Relation", "StepAnalysis", "run_node"]

_aten = torch.ops.aten


def run_node(node: Node, value: Any) -> Any:
    """What a node gives, where `value` gives the values of its arguments."""
    return node.target(*map_arg(node.args, value), **map_arg(node.kwargs, value))  # type: ignore[operator]


class Product(NamedTuple):
    """Which argument of a linear operation is the weight, the input, and what is added to the product."""

    weight: int
    x: int
    added: int | None = None


#: Operations that are linear in a weight, by the place of that.
_PRODUCTS: dict[Any, list[Product]] = {
    _aten.mm.default: [Product(1, 0), Product(0, 1)],
    _aten.bmm.default: [Product(1, 0), Product(0, 1)],
    _aten.mv.default: [Product(0, 1)],
    _aten.dot.default: [],
    _aten.addmm.default: [Product(2, 1, 0), Product(1, 2, 0)],
    _aten.addmv.default: [Product(1, 2, 0)],
    _aten.baddbmm.default: [Product(2, 1, 0), Product(1, 2, 0)],
    _aten.convolution.default: [Product(1, 0, 2)],
    _aten.embedding.default: [Product(0, 1)],
}


class Relation(NamedTuple):
    """A weight at one operation.

    Attributes
    ----------
    node
        The operation.
    place
        Which of its arguments the weight is.
    weight
        The node of that argument: a weight itself, or what is computed of weights alone.
    x
        The node of the other factor; None for what is added, and for an element-wise operation.
    groups
        The groups of hidden states that the result reaches.
    """

    node: Node
    place: int
    weight: Node
    x: Node | None
    groups: tuple[int, ...]
    #: Whether the weight enters at each place by itself, as in ``h * w``; else it is a factor of a product.
    is_elementwise: bool


class Group(NamedTuple):
    """Hidden states that depend on each other position by position: their places among those of the step."""

    members: tuple[int, ...]


class StepAnalysis:
    """What of a step is learnt by traces.

    Parameters
    ----------
    step
        The step.

    Attributes
    ----------
    groups, relations
        What was found.
    drawn
        The nodes that give another value each time that they are run.
    """

    def __init__(self, step: Step) -> None:
        self.step = step
        self._weights = {weight.node for weight in step.weights if not isinstance(weight.state, NonTempParam)}
        #: The values of nodes that are the same at each step, and the nodes that depend on weights and these alone.
        self.constant, self.effective = self._kinds()
        dynamic = set(step.nodes) - self.constant.keys() - self.effective
        self.labels = Labels(step.nodes, [(h.before, h.after) for h in step.hidden], dynamic, self.constant)
        self.drawn = [node for node in step.nodes if _draws(node)]
        self._above = self._ancestors()
        self.groups = self._grouped()
        self.relations = list(self._related())

    def _kinds(self) -> tuple[dict[Node, Any], set[Node]]:
        constant: dict[Node, Any] = dict(self.step.constants)
        effective = set(self._weights)
        for node in self.step.nodes:
            given = node.all_input_nodes
            if node.op != "call_function" or _draws(node):
                continue
            if all(x in constant for x in given):
                constant[node] = run_node(node, constant.__getitem__)
            elif all(x in constant or x in effective for x in given):
                effective.add(node)
        return constant, effective

    def _ancestors(self) -> dict[Node, set[Node]]:
        """For each node all that it depends on position by position, itself included."""
        found: dict[Node, set[Node]] = {}
        for node in self.step.nodes:
            sources = [x for x in node.all_input_nodes if (node, x) in self.labels.edges]
            found[node] = {node}.union(*[found[x] for x in sources])
        return found

    def dtype_of(self, group: int) -> torch.dtype:
        """The dtype that holds the values of all states of a group."""
        dtypes: list[torch.dtype] = [self.step.hidden[i].after.meta["val"].dtype for i in self.groups[group].members]
        return functools.reduce(torch.promote_types, dtypes)

    def path_to(self, node: Node) -> list[Node]:
        """All that a node depends on position by position, in order."""
        return [x for x in self.step.nodes if x in self._above[node]]

    def _grouped(self) -> list[Group]:
        hidden = self.step.hidden
        of = list(range(len(hidden)))

        def root(i: int) -> int:
            while of[i] != i:
                i = of[i]
            return i

        for i, member in enumerate(hidden):
            for j, other in enumerate(hidden):
                if {other.before, other.after} & self._above[member.after]:
                    of[root(max(i, j))] = root(min(i, j))
        roots = [root(i) for i in range(len(hidden))]
        return [Group(tuple([i for i, x in enumerate(roots) if x == r])) for r in dict.fromkeys(roots)]

    def _reached(self, node: Node) -> tuple[int, ...]:
        """The groups with a state that a node goes into."""
        return tuple(
            [
                g
                for g, group in enumerate(self.groups)
                if any(node in self._above[self.step.hidden[i].after] for i in group.members)
            ]
        )

    def _related(self) -> Any:
        for node in self.step.nodes:
            if node.op != "call_function" or node in self.effective or node not in self.labels:
                continue
            groups = self._reached(node)
            for place, weight in enumerate(node.args):
                if not isinstance(weight, Node) or weight not in self.effective or not groups:
                    continue
                product = _product(node, place)
                if product is not None and node.args[product.x] not in self.effective:
                    x = node.args[product.x] if product.weight == place else None
                    yield Relation(node, place, weight, x, groups, False)
                elif product is None and is_pointwise(node):
                    yield Relation(node, place, weight, None, groups, True)

    def paths(self, relation: int) -> list[tuple[Any, ...]]:
        """The paths of the weights that enter at a relation."""
        below = self._below(self.relations[relation].weight)
        return list(dict.fromkeys([weight.path for weight in self.step.weights if weight.node in below]))

    def excluded(self) -> list[tuple[tuple[Any, ...], str]]:
        """The weights that have no trace, each with the reason."""
        traced = set().union(*[self._below(relation.weight) for relation in self.relations], set())
        reaching = set().union(*[self._below(hidden.after) for hidden in self.step.hidden], set())
        found: dict[tuple[Any, ...], str] = {}
        for weight in self.step.weights:
            if weight.node in traced:
                continue
            if weight.node not in self._weights:
                found[weight.path] = "it is a NonTempParam"
            elif weight.node in reaching:
                found[weight.path] = "it reaches hidden states through operations that mix positions alone"
            else:
                found[weight.path] = "it reaches no hidden state in this step"
        return list(found.items())

    def cut(self) -> list[str]:
        """The operations between hidden states before and after the step that mix positions."""
        before = {hidden.before for hidden in self.step.hidden}
        depends: dict[Node, bool] = {}
        for node in self.step.nodes:
            depends[node] = node in before or any(depends[x] for x in node.all_input_nodes)
        into = set().union(*[self._below(hidden.after) for hidden in self.step.hidden], set())
        return [
            str(node.target).removeprefix("aten.").partition(".")[0]
            for node in self.step.nodes
            if node in into
            and node in self.labels
            and node.target is not _aten.detach.default
            and any(
                depends[x] and (node, x) not in self.labels.edges and x not in self.effective
                for x in node.all_input_nodes
            )
        ]

    def _below(self, node: Node) -> set[Node]:
        """All that a node depends on, itself included."""
        found, front = {node}, [node]
        while front:
            new = set(front.pop().all_input_nodes) - found
            found |= new
            front += new
        return found


def _product(node: Node, place: int) -> Product | None:
    for product in () if node.kwargs else _PRODUCTS.get(node.target, ()):
        if place == product.weight or place == product.added:
            return product
    return None


def _draws(node: Node) -> bool:
    if isinstance(node.target, OpOverload):
        return torch.Tag.nondeterministic_seeded in node.target.tags
    number = number_of(node)
    return number is not None and (call_target(number).acts or getattr(call_target(number), "draws", True))
