"""brainstate_torch._program.nodes: what the nodes of a graph are, cost and share."""

import math

import pytest
import torch

from brainstate_torch._program.nodes import (
    arguments,
    effort,
    is_view,
    memory,
    merge_equal,
    multiplications,
    outputs,
    size_of,
    written_input,
)
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, 2.0])


def test_the_memory_of_a_view_is_that_of_its_base():
    def fun(x):
        y = x * 2
        return [x, x.view(2, 1)[0], y, y.t() if y.ndim > 1 else y.expand(3, 2), x + 1, x.split(1)[1]]

    module = record(fun, [X]).graph
    of, found = memory(module), outputs(module)
    assert [of[node].op for node in found] == [
        *["placeholder", "placeholder", "call_function", "call_function", "call_function", "placeholder"]
    ]
    assert of[found[2]] is of[found[3]]
    assert of[found[4]] is found[4]


@pytest.mark.parametrize(
    ("fun", "expected"),
    [
        (lambda x: [x.mul_(2)], "mul_"),
        (lambda x: [x.view(2, 1).add_(1)], "add_"),
        (lambda x: [x[:1].zero_()], "zero_"),
        (lambda x: [x.clone().mul_(2)], None),
        (lambda x: [torch.zeros(2).copy_(x)], None),
    ],
    ids=["itself", "view", "part", "copy", "new"],
)
def test_writes_into_inputs_are_found(fun, expected):
    assert written_input(record(fun, [X]).graph) == expected


def test_products_are_dear_pointwise_operations_cheap_and_transcendental_ones_worth_their_memory():
    def fun(x, m):
        first, _ = x.split(1)
        return [torch.abs(x), m @ x, x.view(2, 1), torch.zeros(2), first, torch.sin(x), x**2, x**1.5]

    module = record(fun, [X, torch.ones(2, 2)]).graph
    assert [effort(node) for node in outputs(module)] == [0, math.inf, 0, 0, 0, 8, 0, 8]


def test_what_is_computed_twice_becomes_one_node():
    def fun(x):
        return [torch.cat([x * 2, x]) + 1, torch.cat([x * 2, x]) - 1, x * 2.0]

    module = record(fun, [X]).graph
    before = module(X)
    merge_equal(module)
    assert len([node for node in module.graph.nodes if node.op == "call_function"]) == 5
    assert all(torch.equal(x, y) for x, y in zip(module(X), before, strict=True))


def test_products_count_their_multiplications():
    def fun(m, x, image, kernel):
        return [m @ m, m @ x, torch.addmv(x, m, x), m + m, torch.nn.functional.conv1d(image, kernel)]

    given = [torch.ones(3, 3), torch.ones(3), torch.ones(1, 2, 10), torch.ones(4, 2, 3)]
    module = record(fun, given).graph
    found = [multiplications(node) for node in module.graph.nodes if node.op == "call_function"]
    assert [x for x in found if x is not None] == [27, 9, 9, 4 * 8 * 2 * 3]


def test_arguments_and_results_come_in_order():
    module = record(lambda x, y: [y + 1, x], [X, torch.ones(3)]).graph
    assert [tuple(node.meta["val"].shape) for node in arguments(module)] == [(2,), (3,)]
    assert [tuple(node.meta["val"].shape) for node in outputs(module)] == [(3,), (2,)]


def test_the_size_of_a_value_is_that_of_its_elements():
    def fun(x):
        pair = x.split(1)
        return [x.double(), x > 0, pair[0]]

    module = record(fun, [X]).graph
    assert [size_of(node) for node in outputs(module)] == [16, 2, 4]
    (split,) = [node for node in module.graph.nodes if "split" in str(node.target)]
    assert size_of(split) is None


def test_views_are_told_from_copies():
    module = record(lambda x: [x[0], x.view(2, 1), x.split(1)[1], x.clone(), x + 1, x.expand(3, 2)], [X]).graph
    assert [is_view(node) for node in outputs(module)] == [True, True, True, False, False, True]


@pytest.mark.parametrize(
    "pair",
    [
        lambda x: [x + 1, x + 1.5],
        lambda x: [x.sum(0), x.sum(0, keepdim=True)],
        lambda x: [torch.rand_like(x), torch.rand_like(x)],
        lambda x: [x.to(torch.float64), x.to(torch.float16)],
    ],
    ids=["numbers", "keywords", "drawn", "dtypes"],
)
def test_nodes_that_differ_stay_apart(pair):
    module = record(pair, [X]).graph
    torch.manual_seed(0)
    before = module(X)
    merge_equal(module)
    torch.manual_seed(0)
    found = module(X)
    assert all(torch.equal(x, y) for x, y in zip(found, before, strict=True))
    assert found[0].data_ptr() != found[1].data_ptr()
