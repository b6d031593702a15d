"""brainstate_torch._program.purity: programs without writes in place."""

import pytest
import torch

from brainstate_torch._program.nodes import merge_equal
from brainstate_torch._program.purity import functional, pure
from brainstate_torch._program.recording import record

X = torch.tensor([1.0, 2.0])


def test_a_functional_graph_writes_in_place_into_inputs_only_at_its_end():
    def fun(x, place):
        y = torch.zeros(2)
        y[0] = x[0]
        y.add_(1)
        place.copy_(y)
        return [y * 2]

    module = functional(record(fun, [X, X]).graph, [X, X], {})
    writers = [
        node.target
        for node in module.graph.nodes
        if isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable
    ]
    assert writers == [torch.ops.aten.copy_.default]
    place = torch.empty(2)
    assert torch.equal(module(X, place)[0], torch.tensor([4.0, 2.0]))
    assert torch.equal(place, torch.tensor([2.0, 1.0]))


def test_a_pure_graph_has_no_writes_and_the_same_results():
    def fun(x):
        y = torch.zeros(2)
        before = y.sum()
        y[0] = x[1]
        return [y * 2, before, y.sum()]

    written = record(fun, [X]).graph
    found = pure(written, [X])
    assert all(torch.equal(a, b) for a, b in zip(found(X), written(X), strict=True))
    assert not any(str(node.target).endswith("_.default") for node in found.graph.nodes)
    merge_equal(found)
    assert all(torch.equal(a, b) for a, b in zip(found(X), written(X), strict=True))
    assert pure(found, [X]) is found


def through_strides(base, rows):
    base.as_strided((2, 2), (1, 3), 1).copy_(rows)


def through_diagonal(base, rows):
    base.diagonal()[:2].copy_(rows[0])


def through_transpose(base, rows):
    base.T[:2, :2].mul_(rows)


@pytest.mark.parametrize("write", [through_strides, through_diagonal, through_transpose])
@pytest.mark.parametrize(
    "made",
    [lambda x: x.clone(), lambda x: x.T.clone(), lambda x: x.T * 2, lambda x: x.flip(0).mT + 0],
    ids=["plain", "transposed copy", "permuted product", "flipped"],
)
def test_a_write_through_a_view_reaches_the_elements_that_it_shows(write, made):
    square = torch.arange(9.0).reshape(3, 3)
    rows = torch.tensor([[20.0, 30.0], [40.0, 50.0]])

    def fun(x, rows):
        base = made(x)
        write(base, rows)
        return [base, base.sum(0)]

    module = pure(record(fun, [square, rows]).graph, [square, rows])
    assert not any(str(node.target).endswith("_.default") for node in module.graph.nodes)
    for found, expected in zip(module(square, rows), fun(square, rows), strict=True):
        assert torch.equal(found, expected)


def test_what_is_read_before_a_write_keeps_its_numbers():
    def fun(x):
        y = x.clone()
        view = y[:1]
        before = y * 1
        view.add_(5)
        return [before, y, view * 1]

    module = pure(record(fun, [X]).graph, [X])
    assert [found.tolist() for found in module(X)] == [[1.0, 2.0], [6.0, 2.0], [6.0]]
