"""brainstate_torch._program.stores: what is joined only to be written somewhere is written part by part."""

import pytest
import torch

from brainstate_torch._program.backend import compiled
from brainstate_torch._program.purity import functional
from brainstate_torch._program.recording import record
from brainstate_torch._program.stores import write_parts

X = torch.arange(6.0).reshape(2, 3)
PLACE = torch.empty(2, 2, 3)


def graph(fun, *like):
    from torch._inductor.decomposition import select_decomp_table

    module = functional(record(fun, like).graph, like, select_decomp_table())
    write_parts(module)
    return module


def called(module):
    return [str(node.target) for node in module.graph.nodes if node.op == "call_function"]


def test_the_rows_of_a_stack_are_written_one_by_one():
    def fun(x, place):
        place.copy_(torch.stack([x.sin(), x]))
        return [x + 1]

    module, place = graph(fun, X, PLACE), torch.empty(2, 2, 3)
    (result,) = module(X, place)
    assert torch.equal(result, X + 1)
    assert torch.equal(place, torch.stack([X.sin(), X]))
    assert called(module).count("aten.copy_.default") == 2
    assert "aten.cat.default" not in called(module)


@pytest.mark.slow
def test_rows_that_are_joined_are_written_in_parts_and_read_from_there():
    def fun(x, weight, place):
        row = torch.cat([x[:, :1], x[:, 1:].exp()], 1)
        place.copy_(torch.stack([x, row]))
        return [row @ weight]

    weight = torch.eye(3) * 2
    module, place = graph(fun, X, weight, PLACE), torch.empty(2, 2, 3)
    row = torch.cat([X[:, :1], X[:, 1:].exp()], 1)
    assert torch.allclose(module(X, weight, place)[0], row @ weight)
    assert torch.equal(place, torch.stack([X, row]))
    assert called(module).count("aten.copy_.default") == 3
    assert "aten.cat.default" not in called(module)
    found, place = compiled(record(fun, (X, weight, PLACE)).graph, [X, weight, PLACE], "inductor"), PLACE.clone()
    assert torch.allclose(found([X, weight, place])[0], row @ weight)
    assert torch.allclose(place, torch.stack([X, row]))


@pytest.mark.parametrize("shown", [lambda row: row, lambda row: row.view(3, 2)])
def test_a_result_has_memory_of_its_own(shown):
    def fun(x, place):
        row = torch.cat([x[:, :1], x[:, 1:] * 2], 1)
        place.copy_(torch.stack([row, row]))
        return [shown(row)]

    place = torch.empty(2, 2, 3)
    (result,) = graph(fun, X, PLACE)(X, place)
    place.zero_()
    assert torch.equal(result.view(2, 3), X * torch.tensor([1.0, 2.0, 2.0]))


@pytest.mark.parametrize(
    "value",
    [
        lambda x: torch.stack([x, x], 1).movedim(1, 0),
        lambda x: torch.cat([x[:1], x, x[1:]]).reshape(2, 2, 3),
        lambda x: (x * 2).expand(2, 2, 3),
        lambda x: torch.stack([x[0], x[1]]).expand(2, 2, 3),
    ],
)
def test_other_values_are_copied_whole(value):
    def fun(x, place):
        place.copy_(value(x))
        return [x]

    place = torch.empty(2, 2, 3)
    graph(fun, X, PLACE)(X, place)
    assert torch.equal(place, value(X))


def test_rows_of_one_number():
    def fun(x, place):
        place.copy_(torch.stack([x.sum(), x.prod()]))
        return [x]

    place = torch.empty(2)
    graph(fun, X, place)(X, place)
    assert torch.equal(place, torch.tensor([15.0, 0.0]))
