"""Laws of derivatives, in float64, for random programs that read and write States."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

FEW = settings(max_examples=20, deadline=None)
F64 = torch.float64
close = torch.testing.assert_close

#: Smooth steps h -> h that also look at an input x and a weight w of the same shape.
STEPS = {
    "sin": lambda h, x, w: torch.sin(h),
    "tanh of product": lambda h, x, w: torch.tanh(h * w),
    "leak": lambda h, x, w: 0.5 * h + x,
    "bell": lambda h, x, w: torch.exp(-(h**2)),
    "mix": lambda h, x, w: h * w.sum() / 3 + x.roll(1),
    "gate": lambda h, x, w: torch.sigmoid(x) * h + w,
}
programs = st.lists(st.sampled_from(sorted(STEPS)), min_size=1, max_size=4)
vectors = st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3).map(lambda v: torch.tensor(v, dtype=F64))


class Recurrent:
    """A program over a weight and a hidden State; every call starts at the same hidden value."""

    def __init__(self, steps, weight):
        self.steps = steps
        self.weight = ParamState(weight)
        self.hidden = brainstate.HiddenState(torch.zeros(3, dtype=F64))

    def __call__(self, x):
        self.hidden.value = torch.ones(3, dtype=F64)
        for step in self.steps:
            self.hidden.value = STEPS[step](self.hidden.value, x, self.weight.value)
        return self.hidden.value

    def loss(self, x):
        return (self(x) * torch.tensor([1.0, -2.0, 0.5], dtype=F64)).sum()

    def pure(self, x, w):
        """The loss without any State."""
        h = torch.ones(3, dtype=F64)
        for step in self.steps:
            h = STEPS[step](h, x, w)
        return (h * torch.tensor([1.0, -2.0, 0.5], dtype=F64)).sum()


cases = st.tuples(st.builds(Recurrent, programs, vectors), vectors)


def central_differences(function, x, step=1e-5):
    shifts = step * torch.eye(x.numel(), dtype=F64)
    return torch.stack([(function(x + d) - function(x - d)) / (2 * step) for d in shifts])


@pytest.mark.parametrize("engine", ["func", "auto"])
@FEW
@given(case=cases)
def test_gradients_are_those_of_central_differences(engine, case):
    model, x = case
    w = model.weight.value.clone()
    of_weight, of_x = T.grad(model.loss, model.weight, argnums=0, engine=engine)(x)
    close(of_x, central_differences(lambda x: model.pure(x, w), x), rtol=1e-6, atol=1e-7)
    close(of_weight, central_differences(lambda w: model.pure(x, w), w), rtol=1e-6, atol=1e-7)


@FEW
@given(cases)
def test_engines_agree_to_the_last_bit(case):
    model, x = case
    for transform in (T.grad, T.vector_grad):
        fun = model.loss if transform is T.grad else model
        keywords = {"grad_states": {"w": model.weight, "h": model.hidden}, "argnums": (0,), "return_value": True}
        func, tape = (transform(fun, engine=e, **keywords)(x) for e in ("func", "auto"))
        close(func, tape, rtol=0, atol=0)


@FEW
@given(cases, vectors, vectors)
def test_vjp_is_the_transpose_of_jvp(case, left, right):
    model, x = case
    y, pull = T.vjp(model, x)
    again, pushed = T.jvp(model, (x,), (right,))
    close(y, again)
    close((left * pushed).sum(), (pull(left) * right).sum())


@FEW
@given(cases)
def test_jacobians_agree_and_contain_the_gradient(case):
    model, x = case
    keywords = {"grad_states": model.weight, "argnums": 0}
    reverse, forward = (T.jacrev(model, **keywords)(x), T.jacfwd(model, **keywords)(x))
    close(reverse, forward)
    close(T.jacrev(model, chunk_size=2, **keywords)(x), forward)
    close(T.jacfwd(model, chunk_size=2, **keywords)(x), forward)
    close(T.vector_grad(model, **keywords)(x), tuple(block.sum(0) for block in forward))
    close(T.grad(model.loss, **keywords)(x), T.jacfwd(model.loss, **keywords)(x))


@FEW
@given(cases)
def test_hessian_is_symmetric_and_the_jacobian_of_the_gradient(case):
    model, x = case
    w = model.weight
    (ww, wx), (xw, xx) = T.hessian(model.loss, w, argnums=0)(x)
    close((ww, xx, wx), (ww.T, xx.T, xw.T))
    close((xw, xx), T.jacrev(T.grad(model.loss), w, argnums=0)(x))
    close(xx, T.jacfwd(T.grad(model.loss))(x))
    close(T.hessian(model.loss, chunk_size=2)(x), xx)


@FEW
@given(cases, st.sampled_from([(u.volt, u.mV), (u.ms, u.second), (u.cm, u.um)]))
def test_gradient_is_unchanged_when_inputs_come_in_another_unit(case, units):
    model, x = case
    first, second = units
    reference = x * first

    def loss(q):
        return model.loss(q / first) * u.nA

    expected = T.grad(loss, unit_aware=True)(reference)
    found = T.grad(loss, unit_aware=True)(reference.in_unit(second))
    close(found.to_decimal(u.nA / first), expected.to_decimal(u.nA / first))
    close(expected.to_decimal(u.nA / first), T.grad(model.loss)(x))


@FEW
@given(st.lists(st.floats(-2, 2), min_size=2, max_size=6), st.floats(-1, 1))
def test_gradients_nested_three_deep_are_the_third_derivative(coefficients, at):
    scale = State(torch.tensor(1.0, dtype=F64))

    def polynomial(x):
        scale.value = scale.value * 1.0
        return scale.value * sum(c * x**k for k, c in enumerate(coefficients))

    third = sum(c * math.perm(k, 3) * at ** (k - 3) for k, c in enumerate(coefficients) if k >= 3)
    found = T.grad(T.grad(T.grad(polynomial)))(torch.tensor(at, dtype=F64))
    close(found, torch.tensor(float(third), dtype=F64))


#: Ways to the derivative of a scalar function of one scalar.
WAYS = {
    "grad": lambda f: T.grad(f),
    "grad on torch.func": lambda f: T.grad(f, engine="func"),
    "vector_grad": lambda f: T.vector_grad(f),
    "jacrev": lambda f: T.jacrev(f),
    "jacfwd": lambda f: T.jacfwd(f),
    "vjp": lambda f: lambda x: T.vjp(f, x)[1](torch.ones_like(x)),
    "jvp": lambda f: lambda x: T.jvp(f, (x,), (torch.ones_like(x),))[1],
    "grad of checkpoint": lambda f: T.grad(T.checkpoint(f)),
    "grad of StatefulFunction": lambda f: T.grad(T.StatefulFunction(f)),
}


@pytest.mark.parametrize("ways", list(itertools.product(WAYS, repeat=2)), ids=" of ".join)
def test_any_two_derivatives_nest(ways):
    outer, inner = (WAYS[way] for way in ways)
    counter, factor = State(torch.tensor(0)), ParamState(torch.tensor(2.0, dtype=F64))

    def cube(x):
        counter.value += 1
        return factor.value * x**3

    def slope(x):
        return inner(cube)(x) * x  # 6x² · x

    close(outer(slope)(torch.tensor(1.5, dtype=F64)), torch.tensor(18 * 1.5**2, dtype=F64))
    assert int(counter.value) == 1


@pytest.mark.parametrize(
    "ways", [w for i, w in enumerate(itertools.product(WAYS, repeat=3)) if i % 16 == 5], ids=" of ".join
)
def test_any_three_derivatives_nest(ways):
    first, second, third = (WAYS[way] for way in ways)
    close(first(second(third(lambda x: x**5)))(torch.tensor(0.5, dtype=F64)), torch.tensor(60 * 0.25, dtype=F64))


def test_gradient_through_a_step_of_gradient_descent():
    w, rate = ParamState(torch.tensor(3.0, dtype=F64)), torch.tensor(0.1, dtype=F64)

    def after_a_step(rate):
        w.value = w.value - rate * T.grad(lambda: w.value**2, w)()  # w (1 - 2 rate)
        return w.value**2

    close(T.grad(after_a_step)(rate), torch.tensor(2 * (3 * 0.8) * (-2 * 3), dtype=F64))
    close(w.value, torch.tensor(2.4, dtype=F64))


DRAWING = {
    "grad": lambda f, x: T.grad(f)(x),
    "grad on torch.func": lambda f, x: T.grad(f, engine="func")(x),
    "checkpoint": lambda f, x: T.grad(T.checkpoint(f))(x),
    "checkpoint on torch.func": lambda f, x: T.grad(T.checkpoint(f), engine="func")(x),
    "jacrev": lambda f, x: T.jacrev(f)(x),
    "jacfwd": lambda f, x: T.jacfwd(f)(x),
    "jacfwd in chunks": lambda f, x: T.jacfwd(f, chunk_size=1)(x),
    "debug_nan": lambda f, x: T.grad(f, debug_nan=True)(x),
    "vjp": lambda f, x: T.vjp(f, x)[1](torch.ones((), dtype=F64)),
    "eval_shape before": lambda f, x: (T.eval_shape(f, x), T.grad(f)(x))[1],
    "get_states before": lambda f, x: (T.StatefulFunction(f).get_states(x), T.grad(f)(x))[1],
    "debug_nan before": lambda f, x: (T.debug_nan(f, x), T.grad(f)(x))[1],
}


@pytest.mark.parametrize("name", DRAWING)
def test_same_seed_gives_the_same_draws_and_the_same_next_draw(name):
    def noisy(x):
        return torch.sin(torch.tanh(x * torch.rand(3, dtype=F64)) * torch.randn(3, dtype=F64)).sum()

    x = torch.tensor([0.5, 1.0, 2.0], dtype=F64)
    results = []
    for call in (DRAWING["grad on torch.func"], DRAWING[name]):
        torch.manual_seed(3)
        results.append((call(noisy, x), torch.rand(1)))
    close(results[1], results[0])


def test_debug_nan_repeats_the_draws_and_leaves_the_generator_after_one_run():
    seen = []

    def noisy(x):
        seen.append(torch.rand(1))
        return torch.sqrt(x - x)

    torch.manual_seed(5)
    with pytest.raises(RuntimeError, match="NaN/Inf detected"):
        T.grad(noisy, debug_nan=True)(torch.tensor(1.0))
    assert torch.equal(seen[0], seen[1])
    after = torch.rand(1)
    torch.manual_seed(5)
    torch.rand(1)
    assert torch.equal(torch.rand(1), after)
