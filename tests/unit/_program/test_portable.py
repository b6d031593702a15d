"""brainstate_torch._program.portable: a graph that goes to another process is the same graph there."""

import pytest
import torch

from brainstate_torch import transform as T
from brainstate_torch._program.calls import CALL
from brainstate_torch._program.portable import packed, unpacked
from brainstate_torch._program.purity import functional
from brainstate_torch._program.recording import record

X = torch.linspace(-1, 1, 6).reshape(2, 3)
TABLE = torch.tensor([2.0, 5.0, 7.0])

FUNCTIONS = {
    "arithmetic": lambda x: [x * 2 + 1, (x.T @ x).sum(0)],
    "parts": lambda x: [x.unbind(0)[1], x[:, 1:3].clone(), *x.split([1, 2], dim=1)],
    "a constant": lambda x: [x * TABLE],
    "settings": lambda x: [torch.zeros(2, dtype=torch.float64), x.to(torch.int64), x.sum(dim=-1, keepdim=True)],
    "a list of indices": lambda x: [x[[1, 0]], x[:, torch.tensor([0, 2])]],
    "a write": lambda x: [x.clone().index_fill_(0, torch.tensor([1]), 3.0)],
}


@pytest.mark.parametrize("fun", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_graph_is_the_same_after_the_way(fun):
    recorded = record(lambda x: fun(x), [X])
    inputs = [X, *recorded.captured]
    module, like = unpacked(packed(recorded.graph, inputs))
    assert [(x.shape, x.dtype, x.device) for x in like] == [(x.shape, x.dtype, x.device) for x in inputs]
    for found, expected in zip(module(*inputs), fun(X), strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=0)
    before, after = (node_values(graph) for graph in (recorded.graph, module))
    assert before == after
    assert any(x is not None for x in before)


def node_values(module):
    shown = [node.meta.get("val") for node in module.graph.nodes]
    return [(x.shape, x.stride(), x.dtype) if isinstance(x, torch.Tensor) else None for x in shown]


def test_what_is_called_by_number_has_its_shapes_there():
    f = T.jit(lambda x: T.scan(lambda c, row: (c + row, c.sum()), x[0] * 0, x), backend="replay")
    f(X)
    graph = f._programs.last.graph
    module, like = unpacked(packed(graph, [X]))
    (call,) = [node for node in functional(module, like, {}).graph.nodes if node.target is CALL]
    assert [list(x.shape) for x in call.meta["val"]] == [[3], [2]]


def test_what_has_no_meaning_elsewhere_is_refused():
    graph = record(lambda x: [x + 1], [X]).graph
    next(node for node in graph.graph.nodes if node.op == "call_function").target = lambda *args: args[0]
    with pytest.raises((AttributeError, TypeError)):
        packed(graph, [X])
