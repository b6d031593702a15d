"""The graph of a step and its derivative, cut in two: what runs forward, and what runs backward.

What is dear to compute, such as a product of matrices, is kept for the backward pass; what is cheap is computed again
there, where the compiler fuses it with what follows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from ..._graph import GraphModule, Node, acts, empty_graph, is_cheap

__all__ = ["Halves", "split"]


class Halves(NamedTuple):
    """Two graphs.

    Attributes
    ----------
    forward
        carry, constants, inputs, extras -> results, then what is kept.
    backward
        constants, inputs, kept, cotangents, extras -> derivatives.
    """

    forward: GraphModule
    backward: GraphModule


def split(joint: GraphModule, counts: Sequence[int], results: int) -> Halves:
    """Cut a graph carry, constants, inputs, cotangents, extras -> results, derivatives.

    Parameters
    ----------
    counts
        How many inputs are carried from step to step, constant, read at each step, and cotangents.
    results
        How many of the outputs are results.
    """
    nodes = list(joint.graph.nodes)
    supply = iter([node for node in nodes if node.op == "placeholder"])
    carry, constants, inputs, cotangents = ([next(supply) for _ in range(count)] for count in counts)
    extras = list(supply)
    outputs = list(joint.graph.output_node().args[0])  # type: ignore[arg-type]
    backward_only = _reached(nodes, cotangents)
    varying = _reached(nodes, [*carry, *inputs])
    found = _kept(outputs[results:], varying - backward_only, inputs)
    kept = [node for node in nodes if node in found]
    return Halves(
        _extracted(joint, [*carry, *constants, *inputs, *extras], [*outputs[:results], *kept], acts(joint)),
        _extracted(joint, [*constants, *inputs, *kept, *cotangents, *extras], outputs[results:]),
    )


def _reached(nodes: Sequence[Node], start: Sequence[Node]) -> set[Node]:
    """The nodes that depend on some of these."""
    found = set(start)
    for node in nodes:
        if any(x in found for x in node.all_input_nodes):
            found.add(node)
    return found


def _kept(outputs: Sequence[object], forward: set[Node], given: Sequence[Node]) -> set[Node]:
    """The values of the forward pass at which the backward pass starts."""
    kept: set[Node] = set()
    seen: set[Node] = set(given)
    stack = [x for x in outputs if isinstance(x, Node)]
    while stack:
        node = stack.pop()
        if node in seen:
            continue
        seen.add(node)
        if node in forward and (node.op == "placeholder" or not is_cheap(node)):
            kept.add(node)
        else:
            stack += node.all_input_nodes
    return kept


def _extracted(
    joint: GraphModule, inputs: Sequence[Node], outputs: Sequence[object], more: Sequence[Node] = ()
) -> GraphModule:
    """The part of a graph that leads from some of its nodes to others, and to more that are no outputs."""
    graph = empty_graph()
    place: dict[Node, Node] = {}
    for i, node in enumerate(inputs):
        place[node] = graph.placeholder(f"input_{i}")
        place[node].meta = dict(node.meta)
    needed: set[Node] = set()
    stack = [*[x for x in outputs if isinstance(x, Node)], *more]
    while stack:
        node = stack.pop()
        if node not in needed and node not in place:
            needed.add(node)
            stack += node.all_input_nodes
    for node in joint.graph.nodes:
        if node in needed:
            place[node] = graph.node_copy(node, lambda x: place[x])
    graph.output([place[x] if isinstance(x, Node) else x for x in outputs])  # type: ignore[misc]
    module = GraphModule(joint, graph)
    module.held = joint.held
    return module
