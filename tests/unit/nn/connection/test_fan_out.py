"""fan_out against the product with the dense matrix, in every transform."""

import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

from brainstate_torch.nn.connection import event_cpp
from brainstate_torch.nn.connection.fan_out import fan_out

N, K, M = 6, 3, 5
INDICES = torch.randint(0, M, (N, K), generator=torch.Generator().manual_seed(0), dtype=torch.int32)


def dense(x, weight, event):
    """With the full matrix; an event counts 1 and has the derivative of the input."""
    matrix = torch.zeros(N, M, dtype=weight.dtype)
    for i in range(N):
        for k in range(K):
            place = torch.zeros(N, M, dtype=weight.dtype)
            place[i, INDICES[i, k]] = 1
            matrix = matrix + place * (weight[i, k] if weight.ndim else weight)
    return ((x > 0).to(weight.dtype) + (x - x.detach()) if event else x) @ matrix


@pytest.fixture(params=[False, True], ids=["by torch", "compiled"], autouse=True)
def by(request, monkeypatch):
    """Without the functions that are compiled for a CPU, and with them."""
    monkeypatch.setattr(event_cpp, "_COMPILED", {})
    if request.param:
        for x in (torch.bool, torch.int64, torch.float32, torch.float64):
            event_cpp.build(torch.empty(0, dtype=x), torch.empty(0, dtype=torch.float64), INDICES, torch.float64)


@pytest.fixture(params=[False, True], ids=["values", "events"])
def event(request):
    return request.param


@pytest.fixture(params=[(), (N, K)], ids=["one weight", "weights"])
def weight(request):
    return torch.randn(request.param, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


@pytest.fixture(params=[(), (4,), (2, 3)], ids=str)
def x(request):
    return torch.randn((*request.param, N), dtype=torch.float64, generator=torch.Generator().manual_seed(2))


def agree(found, expected):
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-12)


def pair(event):
    """The function under test and its reference."""
    return (lambda x, w: fan_out(x, w, INDICES, M, event)), (lambda x, w: dense(x, w, event))


def loss(f):
    return lambda x, w: (f(x, w).sin() * torch.arange(1.0, M + 1)).sum()


def jvp(f):
    return lambda x, w: torch.func.jvp(f, (x, w), (x.cos(), w.cos()))[1]


def squared_gradients(f):
    gradients = torch.func.grad(f, argnums=(0, 1))
    return lambda x, w: sum((g**2).sum() for g in gradients(x, w))


def test_fan_out_is_the_dense_product(x, weight, event):
    ours, reference = pair(event)
    agree(ours(x, weight), reference(x, weight))


def test_fan_out_takes_booleans_and_integers(weight):
    x = torch.tensor([1, 0, 2, 0, -1, 3])
    agree(fan_out(x > 0, weight, INDICES, M, True), dense(x.double(), weight, True))
    agree(fan_out(x > 0, weight, INDICES, M, False), dense((x > 0).double(), weight, False))
    agree(fan_out(x, weight, INDICES, M, False), dense(x.double(), weight, False))


def test_fan_out_of_silence_is_zero(x, weight, event):
    assert not fan_out(torch.zeros_like(x), weight, INDICES, M, event).any()


def test_fan_out_keeps_nan_that_is_no_event():
    x = torch.full((N,), torch.nan)
    assert fan_out(x, torch.tensor(1.0), INDICES, M, False).isnan().any()


def test_fan_out_gradients_on_the_tape(x, weight, event):
    ours, reference = pair(event)
    tracked = x.clone().requires_grad_(), weight.clone().requires_grad_()
    found = torch.autograd.grad(loss(ours)(*tracked), tracked, create_graph=True)
    agree(found, torch.func.grad(loss(reference), argnums=(0, 1))(x, weight))
    again = torch.autograd.grad(sum((g**2).sum() for g in found), tracked)
    agree(again, torch.func.grad(squared_gradients(loss(reference)), argnums=(0, 1))(x, weight))


def test_fan_out_derivatives_of_first_and_second_order(x, weight, event):
    ours, reference = pair(event)
    for derive in (
        lambda f: torch.func.grad(loss(f), argnums=(0, 1)),
        lambda f: torch.func.grad(squared_gradients(loss(f)), argnums=(0, 1)),
        jvp,
        lambda f: jvp(jvp(f)),
        lambda f: torch.func.grad(loss(jvp(f)), argnums=(0, 1)),
        lambda f: jvp(torch.func.grad(loss(f), argnums=(0, 1))),
    ):
        agree(derive(ours)(x, weight), derive(reference)(x, weight))


@pytest.mark.parametrize("in_dims", [(-1, None), (None, 0), (-1, 0)], ids=str)
def test_fan_out_under_vmap(x, weight, event, in_dims):
    ours, reference = pair(event)
    xs = x if in_dims[0] is None else torch.stack([x, 2 * x, -x], -1)
    weights = weight if in_dims[1] is None else torch.stack([weight, 2 * weight, -weight])
    for derive in (
        lambda f: torch.func.vmap(f, in_dims),
        lambda f: torch.func.vmap(torch.func.grad(loss(f), argnums=(0, 1)), in_dims),
        lambda f: torch.func.grad(lambda *args: torch.func.vmap(loss(f), in_dims)(*args).sum(), argnums=(0, 1)),
        lambda f: torch.func.vmap(jvp(f), in_dims),
    ):
        agree(derive(ours)(xs, weights), derive(reference)(xs, weights))


def test_fan_out_outside_of_transforms_has_forward_derivatives(x, weight, event):
    ours, reference = pair(event)
    forward, expected = torch.autograd.forward_ad, jvp(reference)(x, weight)
    with forward.dual_level():
        dual = ours(forward.make_dual(x, x.cos()), forward.make_dual(weight, weight.cos()))
        agree(forward.unpack_dual(dual).tangent, expected)


def test_fan_out_is_one_operation_of_a_traced_graph(x, weight, event):
    ours, _ = pair(event)
    graph = make_fx(ours, tracing_mode="fake", _allow_non_fake_inputs=True)(x, weight)
    calls = [node.target for node in graph.graph.nodes if node.op == "call_function"]
    assert calls == [torch.ops.brainstate_torch.fan_out.default]
    agree(graph(-x, weight), ours(-x, weight))


def test_fan_out_gradients_are_traced(x, weight, event):
    ours, reference = pair(event)
    gradients = torch.func.grad(loss(ours), argnums=(0, 1))
    graph = make_fx(gradients, tracing_mode="fake", _allow_non_fake_inputs=True)(x, weight)
    agree(graph(-x, weight), torch.func.grad(loss(reference), argnums=(0, 1))(-x, weight))


@pytest.mark.slow
def test_fan_out_in_torch_compile(weight, event):
    ours, reference = pair(event)
    x = torch.randn(N, dtype=torch.float64)
    compiled = torch.compile(ours, fullgraph=True, backend="aot_eager")
    agree(compiled(x, weight), ours(x, weight))
    tracked = x.clone().requires_grad_(), weight.clone().requires_grad_()
    found = torch.autograd.grad(loss(compiled)(*tracked), tracked)
    agree(found, torch.func.grad(loss(reference), argnums=(0, 1))(x, weight))


def test_fan_out_passes_the_checks_of_torch(x, weight, event):
    torch.library.opcheck(torch.ops.brainstate_torch.fan_out.default, (x, weight, INDICES, M, event))
