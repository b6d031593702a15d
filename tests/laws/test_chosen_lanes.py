"""Laws of conditions in mapped functions: values and derivatives are those of each lane by itself."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.tensor([0.0, 2.0, -3.0, 0.5], dtype=F64)
ZERO = torch.zeros((), dtype=F64)


def _of_state(x):
    held = brainstate.State(x)

    def one():
        held.value = 1 / held.value

    def none():
        held.value = held.value * 0

    T.cond(x == 0, none, one)
    return held.value


def _norm(x):
    v = torch.stack([x, x * 2])
    return T.cond((v == 0).all(), lambda: v.sum() * 0, lambda: torch.linalg.vector_norm(v))


def _while(x):
    return T.bounded_while_loop(
        lambda c: (c[0] < 3) & (c[1] != 0), lambda c: (c[0] + 1, c[1] + 1 / c[1]), (0, x), max_steps=3
    )[1]


def _nested(x):
    return T.cond(x > 1, lambda: x.log(), lambda: T.cond(x > 0, lambda: x.sqrt() / x, lambda: x * x))


def _switch(x):
    return T.switch(x.sign().long() + 1, [lambda v: v * v, lambda v: v * 0, torch.log], x)


def _ifelse(x):
    return T.ifelse(
        [x < 0, x > 0, x == 0], [lambda v: (-v) ** 1.5, lambda v: v**0.5, lambda v: v * 2], x, check_cond=False
    )


def _quantity(x):
    length = x * u.mV
    return T.cond(x == 0, lambda: ZERO * u.mV, lambda: (1 * u.mV) * (1 * u.mV) / length).mantissa


def _in_place(x):
    def one():
        y = torch.zeros_like(x).expand(2).clone()
        y[0] = 1 / x
        y += x
        return y.sum()

    return T.cond(x == 0, lambda: x * 0, one)


def _two_results(x):
    a, b = T.cond(x == 0, lambda v: (v, v * 0), lambda v: (v, torch.sin(v) / v), x)
    return a * b


def _scan(x):
    return T.cond(x == 0, lambda: ZERO, lambda: T.scan(lambda c, a: (c + a / x, None), x, torch.ones(2))[0])


FUNCTIONS = {
    "operand": lambda x: T.cond(x == 0, lambda v: v * 0, lambda v: 1 / v, x),
    "closure": lambda x: T.cond(x == 0, lambda: ZERO, lambda: 1 / x),
    "computed before": lambda x: (lambda y: T.cond(x == 0, lambda: ZERO, lambda: 1 / y))(torch.sin(x) * x),
    "State": _of_state,
    "norm": _norm,
    "switch": _switch,
    "ifelse": _ifelse,
    "while": _while,
    "nested": _nested,
    "in place": _in_place,
    "two results": _two_results,
    "loop": _scan,
    "a derivative inside": lambda x: T.cond(x == 0, lambda: x * 1, lambda: T.grad(lambda v: v.abs().log() * v)(x)),
}
DERIVED = {
    "value": lambda f: f,
    "grad": T.grad,
    "jacfwd": T.jacfwd,
    "grad of grad": lambda f: T.grad(T.grad(f)),
    "jacfwd of grad": lambda f: T.jacfwd(T.grad(f)),
    "grad of jacfwd": lambda f: T.grad(T.jacfwd(f)),
}


def _one_by_one(fun):
    return torch.stack([fun(x) for x in X])


#: A State that is made in a map cannot leave a forward derivative there.
PAIRS = [(name, kind) for name in FUNCTIONS for kind in DERIVED if name != "State" or "jacfwd" not in kind]


@pytest.mark.parametrize(("name", "kind"), PAIRS, ids=map("-".join, PAIRS))
def test_a_mapped_derivative_is_that_of_each_lane(name, kind):
    fun = DERIVED[kind](FUNCTIONS[name])
    expected = _one_by_one(fun)
    assert expected.isfinite().all()
    torch.testing.assert_close(T.vmap(fun)(X), expected)


@pytest.mark.parametrize("fun", FUNCTIONS.values(), ids=FUNCTIONS.keys())
def test_the_derivative_of_a_map_is_that_of_each_lane(fun):
    weights = torch.arange(1.0, 5.0, dtype=F64)
    found = T.grad(lambda xs: (T.vmap(fun)(xs) * weights).sum())(X)
    torch.testing.assert_close(found, weights * _one_by_one(T.grad(fun)))


@pytest.mark.parametrize(
    "name", ["operand", "closure", "State", "norm", "switch", "ifelse", "nested", "in place", "loop"]
)
@pytest.mark.parametrize("order", ["vmap of grad", "grad of vmap", "vmap of grad of grad"])
def test_a_compiled_derivative_is_that_of_each_lane(name, order):
    fun = FUNCTIONS[name]
    if order == "grad of vmap":
        mapped, single = T.grad(lambda xs: T.vmap(fun)(xs).sum()), T.grad(fun)
    else:
        single = T.grad(fun) if order == "vmap of grad" else T.grad(T.grad(fun))
        mapped = T.vmap(single)
    torch.testing.assert_close(T.jit(mapped, backend="replay")(X), _one_by_one(single))


def test_a_weight_that_all_lanes_share_has_the_derivative_of_those_that_used_it():
    w = brainstate.ParamState(torch.tensor(0.0, dtype=F64))

    def loss():
        return T.vmap(lambda x: T.cond(x > 0, lambda: x * w.value, lambda: x / w.value))(X.abs() + 1).sum()

    torch.testing.assert_close(T.grad(loss, w)(), (X.abs() + 1).sum())
    torch.testing.assert_close(T.jit(T.grad(loss, w), backend="replay")(), (X.abs() + 1).sum())


def test_a_compiled_loop_of_conditions_is_that_of_each_lane():
    def fun(x):
        return T.scan(lambda c, a: (T.cond(c == 0, lambda: c * 0, lambda: 1 / c), None), x, torch.zeros(3))[0]

    for derived in (lambda: T.grad(lambda xs: T.vmap(fun)(xs).sum()), lambda: T.vmap(T.grad(fun))):
        torch.testing.assert_close(T.jit(derived(), backend="replay")(X), _one_by_one(T.grad(fun)))


@pytest.mark.parametrize("derived", [T.jacfwd, lambda f: T.grad(T.jacfwd(f))], ids=["jacfwd", "grad of jacfwd"])
def test_a_compiled_loop_in_a_condition_is_differentiated_forward(derived):
    fun = derived(_scan)
    torch.testing.assert_close(T.jit(T.vmap(fun), backend="replay")(X), _one_by_one(fun))


def test_an_in_place_write_into_what_was_made_in_a_branch_stays():
    def fun(x):
        def one():
            y = x * 2
            y.mul_(3)
            return y

        return T.cond(x > 0, one, lambda: x)

    torch.testing.assert_close(T.vmap(T.grad(fun))(X), torch.where(X > 0, 6.0, 1.0).to(F64))


def test_quantities_of_a_branch_are_masked():
    torch.testing.assert_close(T.vmap(T.grad(_quantity))(X), _one_by_one(T.grad(_quantity)))
