"""The cheapest cut, against all cuts of small networks and against networkx."""

import itertools
import math
import random

import networkx
import pytest

from brainstate_torch._program.minimum_cut import source_side


def cost_of(edges, side):
    return sum(cost for start, end, cost in edges if start in side and end not in side)


def drawn(seed, nodes, count):
    rng = random.Random(seed)
    costs = [*range(12), math.inf]
    pairs = ((rng.randrange(nodes), rng.randrange(nodes)) for _ in range(count))
    return [(start, end, rng.choice(costs)) for start, end in pairs if start != end]


def test_cut_goes_through_the_cheapest_edge_of_a_chain():
    edges = [("s", "a", 3), ("a", "b", 1), ("b", "t", 2)]
    assert source_side(edges, "s", "t") == {"s", "a"}


def test_cut_of_equal_costs_is_next_to_the_source():
    assert source_side([("s", "a", 2), ("a", "t", 2)], "s", "t") == {"s"}


def test_an_infinite_edge_is_not_cut():
    edges = [("s", "a", math.inf), ("a", "b", math.inf), ("b", "t", 7)]
    assert source_side(edges, "s", "t") == {"s", "a", "b"}
    with pytest.raises(ValueError, match="every cut has an infinite cost"):
        source_side([*edges, ("a", "t", math.inf)], "s", "t")


def test_flow_is_taken_back_where_a_better_way_needs_it():
    edges = [("s", "a", 1), ("s", "b", 1), ("a", "b", 1), ("a", "t", 1), ("b", "t", 1)]
    assert cost_of(edges, source_side(edges, "s", "t")) == 2


@pytest.mark.parametrize("seed", range(60))
def test_cost_is_the_least_of_all_cuts(seed):
    edges = drawn(seed, 7, 16)
    sides = [{0, *some} for n in range(6) for some in itertools.combinations(range(1, 6), n)]
    least = min(cost_of(edges, side) for side in sides)
    if math.isinf(least):
        with pytest.raises(ValueError, match="infinite"):
            source_side(edges, 0, 6)
    else:
        side = source_side(edges, 0, 6)
        assert cost_of(edges, side) == least
        assert all(side <= other for other in sides if cost_of(edges, other) == least)


@pytest.mark.parametrize("seed", range(20))
def test_cost_is_that_of_networkx(seed):
    edges = [(a, b, c) for a, b, c in drawn(seed, 40, 200) if not math.isinf(c)]
    summed = {}
    for start, end, cost in edges:
        summed[start, end] = summed.get((start, end), 0) + cost
    network = networkx.DiGraph()
    network.add_nodes_from(range(40))
    network.add_edges_from((*pair, {"capacity": cost}) for pair, cost in summed.items())
    value, _ = networkx.minimum_cut(network, 0, 39)
    assert cost_of(edges, source_side(edges, 0, 39)) == value
