"""What a loop computes from its constants alone, once instead of at each step."""

import functools
import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch

from .._host.fx import GraphModule, Node
from .nodes import acts, arguments, is_view, multiplications, number_of, outputs, size_of
from .subgraph import extracted, reached

__all__ = ["Hoisted", "hoisted"]


class Hoisted(NamedTuple):
    """A step in two graphs.

    Attributes
    ----------
    before
        constants, extras -> what each step needs of them; it runs once. None if there is nothing to compute.
    step
        carry, constants, inputs, extras, then what `before` gives -> results.
    """

    before: GraphModule | None
    step: GraphModule

    @property
    def values(self) -> list[Any]:
        """What the values that `before` gives are like."""
        return [] if self.before is None else [node.meta["val"] for node in outputs(self.before)]


def hoisted(graph: GraphModule, varying: Sequence[Node]) -> Hoisted:
    """Take out of the graph of a step what does not depend on some of its arguments.

    A transposed matrix is made contiguous where it is a factor: products read it faster. Other views cost nothing. A
    value that is larger than its inputs together is not hoisted, to bound memory.
    """
    given = arguments(graph)
    nodes = [node for node in graph.graph.nodes if node.op == "call_function"]
    depends = reached(nodes, varying)
    #: For each node that could be computed before: the arguments that it comes from, one bit each. Sets would take time
    #: and memory quadratic in the size of a step.
    sources: dict[Node, int] = {node: 1 << i for i, node in enumerate(given) if node not in depends}
    for node in nodes:
        if sources.keys() >= set(node.all_input_nodes) and _may_move(node):
            sources[node] = functools.reduce(operator.or_, [sources[x] for x in node.all_input_nodes])
    wanted: list[Node] = []
    for node in reversed(nodes):
        if node in sources and not sources.keys() >= node.users.keys():
            if _pays(node, given, sources[node]):
                wanted.append(node)
            else:
                del sources[node]
    wanted.reverse()
    if not wanted:
        return Hoisted(None, graph)
    return Hoisted(
        extracted(graph, [x for x in given if x not in depends], wanted),
        extracted(graph, [*given, *wanted], outputs(graph), acts(graph)),
    )


def _may_move(node: Node) -> bool:
    """Whether a node can be computed at another time: not if it has a side effect, draws, or has no inputs."""
    draws = torch.Tag.nondeterministic_seeded in getattr(node.target, "tags", ())
    return bool(node.all_input_nodes) and number_of(node) is None and not draws


def _pays(node: Node, given: Sequence[Node], sources: int) -> bool:
    """Whether it pays to compute a node once and read it at each step; `sources` has a bit for each argument."""
    size = size_of(node)
    if size is None:
        return False
    while size > 0:
        if not sources:
            return False
        lowest = sources & -sources
        size -= size_of(given[lowest.bit_length() - 1]) or 0
        sources ^= lowest
    return not is_view(node) or (
        node.meta["val"].dim() > 1 and any(multiplications(user) is not None for user in node.users)
    )
