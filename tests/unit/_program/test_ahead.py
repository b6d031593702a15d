"""brainstate_torch._program.ahead: products of a loop's inputs with constants are computed before the loop."""

import pytest
import torch
import torch.nn.functional as F

from brainstate_torch import HiddenState, ParamState
from brainstate_torch import transform as T
from brainstate_torch._program import ahead as ahead_module
from brainstate_torch._program import loop
from brainstate_torch._program.ahead import Product, ahead
from brainstate_torch._program.recording import record

C = torch.zeros(3, 2, dtype=torch.float64)
W = torch.tensor([[0.2, 0.8], [-0.5, 0.1], [0.3, 0.4], [1.1, -0.7]], dtype=torch.float64)
B = torch.tensor([0.3, -0.2], dtype=torch.float64)
XS = torch.linspace(-1, 1, 60, dtype=torch.float64).view(5, 3, 4)


def taken_out(step, x=XS[0], constants=(W, B)):
    graph = record(step, [C, *constants, x]).graph
    return ahead(graph, (1, len(constants), 1))


@pytest.mark.parametrize(
    "step, count",
    [
        (lambda c, w, b, x: [c + x @ w], 1),
        (lambda c, w, b, x: [c + torch.addmm(b, x, w)], 1),
        (lambda c, w, b, x: [c + F.linear(x, w.t(), b)], 1),
        (lambda c, w, b, x: [c + x[0] @ w], 0),
        (lambda c, w, b, x: [c + (x.relu() @ w)], 0),
        (lambda c, w, b, x: [c + (c @ w.t() + x) @ w], 0),
        (lambda c, w, b, x: [c + x @ (w * c.sum())], 0),
        (lambda c, w, b, x: [c + torch.addmm(c, x, w)], 0),
        (lambda c, w, b, x: [c + x @ w + (2 * x) @ w, x @ w.abs()], 2),
    ],
)
def test_what_is_taken_out(step, count):
    found = taken_out(step)
    assert len(found.products) == count
    inputs, fixed = [XS], [W, B]
    products = found.computed(inputs, fixed)
    assert len(products) == len(found.like) == count
    c = C
    for i, x in enumerate(XS):
        mine = found.step(c, *[fixed[k] for k in found.kept], x, *[p[i] for p in products])
        theirs = step(c, W, B, x)
        for one, other in zip(mine, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-12, atol=1e-12)
        c = theirs[0]


def test_an_input_and_a_constant_that_only_products_read_are_not_handed_to_the_step():
    found = taken_out(lambda c, w, b, x: [c + x @ w])
    assert found.kept == [] and found.used == [False, True]


def test_products_that_take_much_more_memory_than_the_inputs_stay():
    wide = torch.ones(1, 9, dtype=torch.float64)
    assert not taken_out(lambda c, w, x: [c, x @ w], torch.ones(3, 1, dtype=torch.float64), (wide,)).products
    assert taken_out(lambda c, w, x: [c, x @ w[:, :4]], torch.ones(3, 1, dtype=torch.float64), (wide,)).products


def test_a_loop_that_keeps_nothing_but_the_carry_takes_nothing_out():
    graph = record(lambda c, w, b, x: [c + x @ w], [C, W, B, XS[0]]).graph
    assert not ahead(graph, (1, 2, 1), allowed=False).products


def test_what_is_converted_twice_is_rounded_twice():
    def step(c, w, b, x):
        return [c + x.to(torch.bfloat16).to(torch.float64) @ w]

    assert not taken_out(step).products


@pytest.mark.parametrize("dtype", [torch.bool, torch.int64, torch.float32])
def test_inputs_are_converted_before(dtype):
    xs = (XS > 0).to(dtype)
    found = taken_out(lambda c, w, b, x: [c + x.to(torch.float64) @ w], xs[0])
    (product,) = found.computed([xs], [W, B])
    torch.testing.assert_close(product, xs.double() @ W)


def test_rows_may_have_more_axes_or_none():
    wide, flat = torch.randn(5, 2, 3, 4, dtype=torch.float64), torch.randn(5, 4, dtype=torch.float64)
    for xs in (wide, flat):
        found = taken_out(lambda c, w, b, x: [c, x @ w], xs[0])
        (product,) = found.computed([xs], [W, B])
        torch.testing.assert_close(product.reshape(*xs.shape[:-1], 2), xs @ W)
    found = taken_out(lambda c, w, b, x: [c, w.t().contiguous() @ x], flat[0])
    (product,) = found.computed([flat], [W, B])
    torch.testing.assert_close(product, flat @ W)


@pytest.fixture
def on_a_gpu(monkeypatch):
    monkeypatch.setattr(loop, "pays", lambda like: True)


def test_products_stay_in_loops_on_a_cpu():
    assert not ahead_module.pays([C.cpu()]) and ahead_module.pays([C.to("meta")])


def layer(steps):
    w = ParamState(torch.linspace(-1, 1, 12, dtype=torch.float64).view(4, 3))
    r = ParamState(torch.linspace(0.5, -0.5, 9, dtype=torch.float64).view(3, 3))
    h = HiddenState(torch.zeros(2, 3, dtype=torch.float64))
    xs = torch.linspace(-2, 2, steps * 8, dtype=torch.float64).view(steps, 2, 4).sin()

    def step(x):
        h.value = torch.tanh(x @ w.value + h.value @ r.value)
        return h.value

    return w, r, h, xs, step


@pytest.mark.parametrize("steps, reverse", [(1, False), (7, True)])
def test_a_layer_and_its_gradient_are_those_of_the_loop_in_python(on_a_gpu, steps, reverse):
    w, r, h, xs, step = layer(steps)

    def loss(xs):
        h.value = torch.zeros(2, 3, dtype=torch.float64)
        return (T.for_loop(step, xs, reverse=reverse) ** 2).sum()

    plain = T.grad(loss, [w, r], argnums=0)
    for one, other in zip(_leaves(T.jit(plain, backend="replay")(xs)), _leaves(plain(xs)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def test_a_map_of_gradients_of_a_layer_is_that_of_the_loop_in_python(on_a_gpu):
    w, r, h, xs, _ = layer(5)

    def loss(xs):
        def step(c, x):
            c = torch.tanh(x @ w.value + c @ r.value)
            return c, c

        return (T.scan(step, h.value, xs)[1] ** 2).sum()

    mapped = T.vmap(lambda xs: T.grad(loss, [w, r], argnums=0)(xs))
    many = torch.stack([xs, 2 * xs])
    for one, other in zip(_leaves(T.jit(mapped, backend="replay")(many)), _leaves(mapped(many)), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def _leaves(found):
    (w, r), x = found
    return w, r, x


def test_the_products_of_all_steps_are_one(monkeypatch, on_a_gpu):
    *_, xs, step = layer(6)
    computed, shapes = Product.computed, []

    def noted(self, *arguments):
        found = computed(self, *arguments)
        shapes.append(found.shape)
        return found

    monkeypatch.setattr(Product, "computed", noted)
    found = T.jit(lambda: T.for_loop(step, xs), backend="replay")()
    assert shapes == [(6, 2, 3)] and found.shape == (6, 2, 3)
