import torch
from torch.fx.experimental.proxy_tensor import make_fx

from brainstate_torch.nn.connection.event_product import event_product

W = torch.arange(12.0, dtype=torch.float64).reshape(4, 3)


def test_event_product_is_the_product():
    for events in ([True, False, True, True], [False] * 4, [True] * 4):
        events = torch.tensor(events)
        assert torch.equal(event_product(events, W), events.double() @ W)


def test_event_product_is_one_operation_of_a_traced_graph():
    events = torch.tensor([True, False, True, True])
    graph = make_fx(event_product, tracing_mode="fake")(events, W)
    calls = [node.target for node in graph.graph.nodes if node.op == "call_function"]
    assert calls == [torch.ops.brainstate_torch.event_product.default]
    assert torch.equal(graph(~events, W), W[1])
    torch.library.opcheck(calls[0], (events, W))


def test_event_product_is_compiled():
    events = torch.tensor([True, False, True, True])
    compiled = torch.compile(event_product, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(events, W), event_product(events, W))
