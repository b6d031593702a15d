"""brainstate_torch._program.overlapping: elements that share memory, written down before some are replaced."""

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch._program.overlapping import diagonal_replaced, spread_out


@pytest.mark.parametrize("shape", [(3, 3), (2, 4), (4, 2)])
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_a_diagonal_is_replaced_as_torch_does(shape, offset):
    x = torch.arange(8.0 if 4 in shape else 9.0).reshape(shape)
    before, source = x.clone(), -1 - torch.diagonal(x, offset)
    torch.testing.assert_close(diagonal_replaced(x, source, offset), torch.diagonal_scatter(x, source, offset))
    assert torch.equal(x, before)


@pytest.mark.parametrize("axes", [(0, 2), (2, 0), (1, 2), (-1, 1)])
def test_a_diagonal_along_other_axes_is_replaced_as_torch_does(axes):
    x = torch.arange(24.0).reshape(2, 3, 4)
    source = -1 - torch.diagonal(x, 1, *axes)
    torch.testing.assert_close(diagonal_replaced(x, source, 1, *axes), torch.diagonal_scatter(x, source, 1, *axes))


def test_the_dtype_is_that_of_the_whole():
    x = torch.zeros(2, 2, dtype=torch.float64)
    assert diagonal_replaced(x, torch.ones(2)).dtype == torch.float64


WRITES = {
    "index_put": lambda x: torch.index_put(x, (torch.tensor([0]),), torch.tensor(7.0)),
    "masked_fill": lambda x: torch.masked_fill(x, torch.eye(3).bool(), 7.0),
    "scatter": lambda x: torch.scatter(x, 1, torch.tensor([[2], [0], [1]]), torch.full((3, 1), 7.0)),
    "select_scatter": lambda x: torch.select_scatter(x, torch.full((3,), 7.0), 0, 1),
    "index_add": lambda x: torch.index_add(x, 0, torch.tensor([0, 0]), torch.ones(2, 3)),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("expanded", [True, False])
def test_a_copy_is_recorded_where_a_row_stands_for_all(write, expanded):
    def fun(x):
        return write(x.expand(3, 3) if expanded else x * 1)

    x = torch.arange(3.0) if expanded else torch.arange(9.0).reshape(3, 3)
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(fun, tracing_mode="fake")(x)
    clones = lambda: sum(node.target is torch.ops.aten.clone.default for node in graph.graph.nodes)
    spread_out(graph)
    assert clones() == expanded
    torch.testing.assert_close(graph(x), fun(x))
    torch.testing.assert_close(T.jit(fun, backend="replay")(x), fun(x))
