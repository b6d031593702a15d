"""The graph of a step and its derivative, cut in two: what runs forward, and what runs backward.

What is kept for the backward pass minimises the cost: memory traffic plus recomputation.
It is a minimal cut of a graph of costs; products of matrices are never computed again.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

from .._host.fx import GraphModule, Node
from .minimum_cut import source_side
from .nodes import acts, arguments, effort, merge_equal, outputs, size_of
from .postponed import Postponed, product
from .subgraph import extracted, reached

__all__ = ["Halves", "split"]


class Halves(NamedTuple):
    """Two graphs.

    Attributes
    ----------
    forward
        carry, constants, inputs, extras -> results, then what is kept.
    backward
        constants, inputs, kept, cotangents, extras -> the derivatives that are not postponed, then factors of others.
    postponed
        For the derivatives, by their number, that are sums of products over all steps: which, where the stacks are
        those of inputs, kept, and then the outputs of `backward` from the first that is a derivative of an input.
    """

    forward: GraphModule
    backward: GraphModule
    postponed: dict[int, Postponed]


def split(joint: GraphModule, counts: Sequence[int], results: int, derivatives: Sequence[int]) -> Halves:
    """Cut a graph carry, constants, inputs, cotangents, extras -> results, derivatives.

    Parameters
    ----------
    counts
        How many inputs are carried from step to step, constant, read at each step, and cotangents.
    results
        How many of the outputs are results.
    derivatives
        How many of the derivatives belong to what is carried, constant, and read.
    """
    # The derivative repeats parts of the step. Merged, they can be kept.
    merge_equal(joint)
    nodes = [node for node in joint.graph.nodes if node.op != "output"]
    supply = iter(arguments(joint))
    carry, constants, inputs, cotangents = ([next(supply) for _ in range(count)] for count in counts)
    extras = list(supply)
    found = outputs(joint)
    results_of, slopes = found[:results], found[results:]
    backward_only = reached(nodes, cotangents)
    varying = reached(nodes, [*carry, *inputs])
    needed = _kept(slopes, varying - backward_only, backward_only, inputs)
    kept = [node for node in nodes if node in needed]
    sums = range(derivatives[0], derivatives[0] + derivatives[1])
    stacks = [*inputs, *kept, *slopes[sums.stop :]]
    postponed = _postponed(slopes, sums, stacks, backward_only)
    factors = stacks[len(inputs) + len(kept) + derivatives[2] :]
    rest = [x for i, x in enumerate(slopes) if i not in postponed]
    return Halves(
        extracted(joint, [*carry, *constants, *inputs, *extras], [*results_of, *kept], acts(joint)),
        extracted(joint, [*constants, *inputs, *kept, *cotangents, *extras], [*rest, *factors]),
        postponed,
    )


def _postponed(slopes: Sequence[Node], sums: range, stacks: list[Node], backward: set[Node]) -> dict[int, Postponed]:
    """The derivatives to postpone. Factors that are not stacked over the steps yet are added to `stacks`.

    It pays if a step stores no more for it than the product, which it would have to read and write.
    """
    found: dict[int, Postponed] = {}
    # Reversed, so that the first place of a repeated node counts.
    place = {x: i for i, x in reversed(list(enumerate(stacks)))}
    for i in sums:
        factors = product(slopes[i]) if isinstance(slopes[i], Node) else None
        if factors is None or not {factors.left, factors.right} & backward:
            continue
        missing = {factors.left, factors.right} - place.keys()
        if sum([size_of(x) or 0 for x in missing]) > (size_of(slopes[i]) or 0):
            continue
        for x in dict.fromkeys((factors.left, factors.right)):
            if x in missing:
                place[x] = len(stacks)
                stacks.append(x)
        found[i] = Postponed(place[factors.left], place[factors.right], factors.transposed)
    return found


#: The fixed cost of keeping one more tensor, in bytes.
_EACH = 2048


def _kept(outputs: Sequence[object], forward: set[Node], backward: set[Node], given: Sequence[Node]) -> set[Node]:
    """The values of the forward pass from which the backward pass computes what it needs, at the least cost.

    Each node is an edge between two nodes of the network: the first stands for recomputing it, the second for its use.
    A value whose edge is cut is kept.
    """
    forward = forward - set(given)
    results = {x for x in outputs if isinstance(x, Node)}
    edges: list[tuple[object, object, float]] = []
    for node in forward:
        again, needed = (node, "again"), (node, "needed")
        size = size_of(node)
        edges.append(("forward", again, math.inf if node.op == "placeholder" else effort(node)))
        edges.append((again, needed, math.inf if size is None else size + _EACH))
        edges += [(needed, (user, "again"), math.inf) for user in node.users if user in forward]
        if node in results or any(user in backward for user in node.users):
            edges.append((needed, "backward", math.inf))
    early = source_side(edges, "forward", "backward")
    return {node for node in forward if (node, "again") in early and (node, "needed") not in early}
