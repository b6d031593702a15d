"""How much memory a program takes at its peak, as its graph tells."""

import math
import operator

import torch

from .._host.fx import GraphModule, Node
from .calls import target
from .nodes import memory, number_of, outputs
from .operation import Operation

__all__ = ["peak"]


def peak(graph: GraphModule) -> int:
    """The most bytes of results that are held at once, without the inputs.

    It is the peak of a replay, where each operation allocates its result. A compiled program takes less, since fused
    results are not written. What a loop keeps for its backward pass is counted in full.
    """
    shows = memory(graph)
    owner: dict[Node, Node] = {}
    for node in graph.graph.nodes:
        # The results of a loop or branch are counted where it runs.
        inner = node.target is operator.getitem and number_of(node.args[0]) is not None
        shown = node.args[0] if inner else shows[node]
        owner[node] = owner.get(shown, shown)
    ends: dict[Node, float] = {}
    for i, node in enumerate(graph.graph.nodes):
        for x in node.all_input_nodes:
            ends[owner[x]] = i
    ends |= {owner[x]: math.inf for x in outputs(graph) if isinstance(x, Node)}
    dying: dict[float, list[int]] = {}
    held = most = 0
    for i, node in enumerate(graph.graph.nodes):
        if node.op == "call_function" and owner[node] is node:
            size = _bytes(node.meta.get("val"))
            held += size
            most = max(most, held + _inside(node))
            dying.setdefault(ends.get(node, i), []).append(size)
        held -= sum(dying.pop(i, ()))
    return most


def _inside(node: Node) -> int:
    """What the bodies of an operation take in a step."""
    number = number_of(node)
    operation = None if number is None else target(number)
    bodies = operation.bodies() if isinstance(operation, Operation) else []
    return max([peak(body.graph) for body in bodies], default=0)


def _bytes(value: object) -> int:
    if isinstance(value, torch.Tensor):
        return value.numel() * value.element_size()
    return sum(map(_bytes, value)) if isinstance(value, (list, tuple)) else 0
