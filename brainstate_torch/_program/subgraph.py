"""Parts of graphs."""

from collections.abc import Sequence

from .._host.fx import Graph, GraphModule, Node

__all__ = ["extracted", "reached"]


def reached(nodes: Sequence[Node], start: Sequence[Node]) -> set[Node]:
    """The nodes that depend on some of these."""
    found = set(start)
    for node in nodes:
        if any(x in found for x in node.all_input_nodes):
            found.add(node)
    return found


def extracted(
    joint: GraphModule, inputs: Sequence[Node], outputs: Sequence[object], more: Sequence[Node] = ()
) -> GraphModule:
    """The part of a graph that computes `outputs` from `inputs`; nodes of `more` are kept too, but are no outputs."""
    graph = Graph()
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
