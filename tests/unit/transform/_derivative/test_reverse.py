"""brainstate_torch.transform._derivative.reverse: the two engines."""

import threading

import numpy as np
import pytest
import torch

from brainstate_torch import ParamState, State, TraceContextError, taped
from brainstate_torch import transform as T
from brainstate_torch._host.functorch import concrete
from brainstate_torch.transform._core.functional import FLOAT0
from brainstate_torch.transform._derivative import reverse as _reverse

F64 = torch.float64
X = torch.tensor([1.0, 2.0], dtype=F64)


@pytest.fixture
def taken(monkeypatch):
    """Which engine each gradient took, in the order of their ends."""
    log = []
    for name in ("_on_tape", "vjp", "grad_and_value"):
        monkeypatch.setattr(_reverse, name, _logged(log, name, getattr(_reverse, name)))
    return log


def _logged(log, name, function):
    if name == "_on_tape":
        return lambda *a, **k: (log.append("tape"), function(*a, **k))[1]
    if name == "vjp":
        return lambda *a, **k: (log.append("func"), function(*a, **k))[1]
    return lambda *a, **k: lambda *b, **kw: (log.append("func"), function(*a, **k)(*b, **kw))[1]


def square(x):
    return (x**2).sum()


@pytest.mark.parametrize(
    ("call", "engines"),
    [
        (lambda: T.grad(square)(X), ["tape"]),
        (lambda: T.vector_grad(square)(X), ["tape"]),
        (lambda: T.grad(square, engine="func")(X), ["func"]),
        (lambda: T.grad(square, engine="tape")(X), ["tape"]),
        (lambda: T.grad(lambda x: square(T.grad(square)(x)))(X), ["tape", "func"]),
        (lambda: T.jacfwd(T.grad(square))(X), ["func"]),
        (lambda: T.jvp(T.grad(square), (X,), (X,)), ["func"]),
        (lambda: T.StatefulFunction(T.grad(square))(X), ["func"]),
        (lambda: torch.func.vmap(T.grad(square))(X), ["func"]),
        (lambda: T.grad(square)(X.clone().requires_grad_()), ["func"]),
        (lambda: T.grad(square)(X.to(torch.complex128).abs()), ["tape"]),
        (lambda: T.grad(lambda x: (x**2).sum(), holomorphic=True)(X.to(torch.complex128)), ["tape"]),
        (lambda: T.grad(lambda x, n: square(x), argnums=(0, 1), allow_int=True)(X, torch.tensor(1)), ["tape"]),
    ],
)
def test_the_tape_is_taken_where_a_gradient_is_alone(call, engines, taken, request):
    if request.config.getoption("--engine") == "func":
        engines = ["func"] * len(engines)
    call()
    assert taken == engines


def test_a_graph_that_is_being_traced_holds_the_backward_pass():
    from torch.fx.experimental.proxy_tensor import make_fx

    graph = make_fx(T.grad(square))(X)
    assert torch.equal(graph(3 * X), 6 * X)


def test_a_gradient_of_inputs_with_a_graph_can_be_differentiated_by_torch():
    x = torch.tensor(3.0, requires_grad=True)
    T.grad(lambda x: x**3)(x).backward()
    assert x.grad == 18.0


@pytest.mark.parametrize("grad_mode", [torch.no_grad, torch.enable_grad, torch.inference_mode])
def test_the_callers_grad_mode_does_not_change_the_gradient(grad_mode, engine):
    w = ParamState(X.clone())
    with grad_mode():
        enabled = torch.is_grad_enabled()
        assert torch.equal(T.grad(lambda: square(w.value), w, engine=engine)(), 2 * X)
        assert torch.is_grad_enabled() == enabled


def test_no_grad_inside_the_function_cuts_the_gradient(engine):
    def loss(x):
        with torch.no_grad():
            constant = x * 2
        return (constant * x + x.detach() * x).sum()

    assert torch.equal(T.grad(loss, engine=engine)(X), 3 * X)


@pytest.mark.parametrize("transform", [T.grad, T.vector_grad])
@pytest.mark.parametrize("fun", [lambda x: torch.tensor(1.0), lambda x: 3.0, lambda x: x.detach().sum()])
def test_a_result_that_does_not_depend_on_the_input_has_gradient_zero(transform, fun, engine):
    assert torch.equal(transform(fun, engine=engine)(X), torch.zeros(2, dtype=F64))


def test_a_result_that_is_the_input_has_gradient_one(engine):
    assert T.grad(lambda x: x, engine=engine)(torch.tensor(3.0)) == 1.0
    assert torch.equal(T.vector_grad(lambda x: (x, {"y": x}), engine=engine)(X), torch.full((2,), 2.0, dtype=F64))


Z = torch.tensor(1.0 + 2.0j)


@pytest.mark.parametrize(
    ("fun", "holomorphic", "expected"),
    [
        (lambda z: z.abs() ** 2, False, 2 - 4j),
        (lambda z: z.imag, False, -1j),
        (lambda z: (z**2).real, False, 2 + 4j),
        (lambda z: z**2, True, 2 + 4j),
        (torch.exp, True, torch.exp(Z).item()),
    ],
)
def test_complex_gradients_are_those_of_jax(fun, holomorphic, expected, engine):
    gradient = T.grad(fun, holomorphic=holomorphic, engine=engine)(Z)
    assert gradient.item() == pytest.approx(expected)
    assert not gradient.is_conj()


def test_integers_have_the_empty_gradient_of_jax(engine):
    tree = {"x": X, "n": torch.ones(2, 3, dtype=torch.int32), "flag": torch.tensor(True)}
    gradient = T.grad(lambda d: square(d["x"]) * d["n"].sum(), allow_int=True, engine=engine)(tree)
    assert torch.equal(gradient["x"], 12 * X)
    for key in ("n", "flag"):
        assert type(gradient[key]) is np.ndarray
        assert (gradient[key].dtype, gradient[key].shape) == (FLOAT0, tuple(tree[key].shape))
    only = T.grad(lambda n: 1.0, allow_int=True, engine=engine)(torch.tensor([1, 2]))
    assert (only.dtype.itemsize, only.shape) == (0, (2,))
    assert T.vector_grad(lambda n: n * 1.0, engine=engine)(torch.tensor(1)).dtype == FLOAT0


def test_a_tensor_of_the_closure_that_requires_grad_is_a_constant(engine):
    layer = torch.nn.Linear(2, 1, dtype=F64)
    state = State(torch.zeros(1, dtype=F64))

    def loss(x):
        state.value = layer(x)
        return state.value.sum()

    torch.testing.assert_close(T.grad(loss, engine=engine)(X).detach(), layer.weight.detach()[0])
    assert layer.weight.grad is None
    assert not state.value.requires_grad


def test_a_gradient_penalty_reaches_the_parameters_of_a_module_in_the_closure_under_taped(engine):
    layer = torch.nn.Linear(2, 1, dtype=F64)
    assert not T.grad(lambda x: layer(x).sum(), engine=engine)(X).requires_grad
    with taped():
        gradient = T.grad(lambda x: layer(x).sum())(X)
    (gradient**2).sum().backward()
    torch.testing.assert_close(layer.weight.grad, 2 * layer.weight.detach())


class WithBackward(torch.autograd.Function):
    """2x, with `act` called in the backward pass."""

    act = staticmethod(lambda g: None)

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, g):
        WithBackward.act(g)
        return 2 * g


def test_states_can_be_read_and_gradients_taken_in_the_backward_pass(engine, monkeypatch):
    state = State(torch.tensor(5.0))
    seen = []
    monkeypatch.setattr(
        WithBackward,
        "act",
        staticmethod(lambda g: seen.append((state.value.item(), concrete(T.grad(square)(torch.ones(2)))))),
    )
    assert T.grad(lambda x: WithBackward.apply(x) ** 2, engine=engine)(torch.tensor(3.0)) == 24.0
    assert seen[0][0] == 5.0
    assert torch.equal(seen[0][1], torch.full((2,), 2.0))


def test_a_write_in_the_backward_pass_is_refused(engine, monkeypatch):
    state = State(torch.tensor(5.0))

    def act(g):
        state.value = torch.tensor(6.0) * g

    monkeypatch.setattr(WithBackward, "act", staticmethod(act))
    with pytest.raises(TraceContextError, match="a State must"):
        T.grad(lambda x: WithBackward.apply(x) ** 2, engine=engine)(torch.tensor(3.0))
    assert state.value == 5.0


def test_a_gradient_in_the_backward_pass_does_not_disturb_nested_recomputation(monkeypatch, on_tape):
    w = ParamState(torch.ones(3, dtype=F64))
    inner = T.checkpoint(lambda x: torch.tanh(w.value * x))
    outer = T.checkpoint(lambda x: inner(torch.sin(inner(x))))
    monkeypatch.setattr(WithBackward, "act", staticmethod(lambda g: T.grad(square)(X)))
    found = T.grad(lambda: WithBackward.apply(outer(torch.ones(3, dtype=F64))).sum(), w)()
    expected = T.grad(lambda: 2 * torch.tanh(w.value * torch.sin(torch.tanh(w.value))).sum(), w)()
    torch.testing.assert_close(found, expected)


def test_engines_are_chosen_thread_by_thread():
    results = []
    barrier = threading.Barrier(2)

    def work():
        results.append(T.grad(lambda x: (barrier.wait(5), square(x))[1], engine="tape")(X))

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(torch.equal(r, 2 * X) for r in results)
    assert len(results) == 2


@pytest.mark.parametrize("transform", [T.grad, T.vector_grad])
def test_an_unknown_engine_is_refused(transform):
    with pytest.raises(ValueError, match=r"`engine` must be one of 'auto', 'func', 'tape'. Got 'jax'"):
        transform(square, engine="jax")


def test_inputs_are_never_written_nor_marked(engine):
    x = X.clone()
    w = ParamState(x)
    T.grad(lambda y: square(w.value * y), w, argnums=0, engine=engine)(x)
    assert not x.requires_grad
    assert x.grad is None
    assert torch.equal(w.value, X)
    assert torch.equal(x, X)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64, torch.complex64])
def test_gradients_have_the_dtype_of_their_input(dtype, engine):
    x = torch.ones(2, dtype=dtype)
    gradient = T.grad(lambda x: (x * x.conj()).real.sum().float(), engine=engine)(x)
    assert gradient.dtype == dtype
    assert torch.equal(gradient, 2 * x)
