"""A cut of minimal cost through a network, by Dinic's algorithm."""

import math
from collections import deque
from collections.abc import Hashable, Iterable

__all__ = ["source_side"]


class _Network:
    """Nodes and edges by number. Edge ``e ^ 1`` is the reverse of edge ``e``; `room` is the residual capacity."""

    def __init__(self) -> None:
        self.numbers: dict[Hashable, int] = {}
        self.leaving: list[list[int]] = []
        self.ends: list[int] = []
        self.room: list[float] = []

    def number(self, node: Hashable) -> int:
        """Return the number of a node, a new one if it has none."""
        found = self.numbers.setdefault(node, len(self.leaving))
        if found == len(self.leaving):
            self.leaving.append([])
        return found

    def add(self, start: Hashable, end: Hashable, cost: float) -> None:
        """Add an edge."""
        pair = self.number(start), self.number(end)
        for (here, there), room in ((pair, cost), (pair[::-1], 0)):
            self.leaving[here].append(len(self.ends))
            self.ends.append(there)
            self.room.append(room)

    def levels(self, source: int) -> list[int | None]:
        """Return the distance of each node from the source along edges with room; None for a node out of reach."""
        found: list[int | None] = [None] * len(self.leaving)
        # Breadth first: Dinic's bound on the number of rounds needs shortest paths.
        found[source] = 0
        waiting = deque([source])
        while waiting:
            node = waiting.popleft()
            for edge in self.leaving[node]:
                if self.room[edge] and found[self.ends[edge]] is None:
                    found[self.ends[edge]] = found[node] + 1  # type: ignore[operator]
                    waiting.append(self.ends[edge])
        return found

    def push(self, source: int, sink: int, levels: list[int | None], tried: list[int]) -> bool:
        """Fill one shortest path from the source to the sink; False if there is none.

        `tried` counts the edges of each node that are exhausted at these levels.
        """
        way: list[int] = []
        node = source
        while node != sink:
            edges = self.leaving[node]
            while tried[node] < len(edges):
                edge = edges[tried[node]]
                if self.room[edge] and levels[self.ends[edge]] == levels[node] + 1:  # type: ignore[operator]
                    break
                tried[node] += 1
            else:
                if not way:
                    return False
                node = self.ends[way.pop() ^ 1]
                tried[node] += 1
                continue
            way.append(edge)
            node = self.ends[edge]
        flow = min([self.room[edge] for edge in way])
        if math.isinf(flow):
            raise ValueError("every cut has an infinite cost: a way from the source to the sink cannot be cut.")
        for edge in way:
            self.room[edge] -= flow
            # A later path may send this flow back.
            self.room[edge ^ 1] += flow
        return True


def source_side(edges: Iterable[tuple[Hashable, Hashable, float]], source: Hashable, sink: Hashable) -> set[Hashable]:
    """Return the nodes on the side of the source in the cheapest cut; of several, in the one next to the source.

    Parameters
    ----------
    edges
        Start, end and cost of each edge. An edge of cost ``math.inf`` is never cut. Integers are added exactly.
    source, sink
        The nodes to separate.

    Raises
    ------
    ValueError
        Every cut has an infinite cost.
    """
    network = _Network()
    start, end = network.number(source), network.number(sink)
    for edge in edges:
        network.add(*edge)
    while (levels := network.levels(start))[end] is not None:
        tried = [0] * len(levels)
        while network.push(start, end, levels, tried):
            pass
    # What is still in reach. Of several cheapest cuts it is the earliest, whose values are computed first.
    return {node for node, number in network.numbers.items() if levels[number] is not None}
