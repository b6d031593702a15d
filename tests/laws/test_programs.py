"""Laws of compiled programs: jit is the function itself, with States, units, draws and derivatives of every kind."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, ShortTermState, State, random
from brainstate_torch import transform as T

F64 = torch.float64
X = torch.tensor(0.7, dtype=F64)
XS = torch.linspace(-1, 1, 4, dtype=F64)
FEW = settings(max_examples=8, deadline=None)


def replayed(fun, **options):
    return T.jit(fun, backend="replay", **options)


def agree(found, expected):
    found, expected = (brainstate._tree.leaves(tree) for tree in (found, expected))
    assert len(found) == len(expected)
    for x, y in zip(found, expected, strict=True):
        x, y = torch.as_tensor(x), torch.as_tensor(y)
        assert (x.shape, x.dtype) == (y.shape, y.dtype)
        assert torch.allclose(x, y, rtol=1e-10, atol=1e-13, equal_nan=True)


class Spike(torch.autograd.Function):
    """A step whose derivative is a bell."""

    @staticmethod
    def forward(x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cotangent * torch.exp(-x * x)

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return tangent * torch.exp(-x * x)

    @staticmethod
    def vmap(info, dims, x):
        return Spike.apply(x), dims[0]


# Functions of a scalar, from which a transform derives others.


def _loop(step, loop=T.scan):
    def fun(w):
        carry, ys = loop(lambda c, x: step(w, c, x), w, XS)
        return carry + ys.sum()

    return fun


def _sum_of_states(w):
    total = State(torch.zeros(2, dtype=F64))

    def step(x):
        total.value = torch.tanh(total.value * w + x)
        return total.value

    return T.for_loop(step, XS).sum() + total.value.sum()


def _closures(w):
    outer = XS * w

    def step(c, x):
        c = T.cond(x > 0, lambda: outer * c, lambda: c + outer.sum() * 0.1 + outer)
        return c.mean() + w, outer

    carry, ys = T.scan(lambda c, x: step(c.expand(4), x), w, XS)
    return carry + ys.sum()


def _in_each_lane(w):
    return T.vmap(
        lambda a: T.scan(lambda c, x: (T.cond(c > a, lambda: c * x, lambda: torch.sin(c) + a * w), c), w, XS)
    )(XS)[1].sum()


def _two_steps(loop):
    return lambda *args: loop(*args, base=2)


FUNCTIONS = {
    "scan of cond": _loop(lambda w, c, x: (T.cond(x > 0, lambda: c * x + w, lambda: torch.cos(c) * w), c * c)),
    "scan of switch": _loop(
        lambda w, c, x: (T.switch((2 * x).long() + 1, [torch.sin, lambda v: v * w, lambda v: v * v], c), c * x)
    ),
    "scan with an operand": _loop(
        lambda w, c, x: (T.cond(x > 0, lambda v: v * v * c, lambda v: torch.sin(v) + c, w), w)
    ),
    "scan of scan": _loop(lambda w, c, x: (T.scan(lambda d, y: (torch.tanh(d * y + c), None), w, XS)[0] * c, c)),
    "scan of a spike": _loop(lambda w, c, x: (c * 0.5 + Spike.apply(c - w * 0.4) * x + x, Spike.apply(c) * c)),
    "reversed scan": _loop(lambda w, c, x: (c * w + x, c * x), lambda *args: T.scan(*args, reverse=True)),
    "checkpointed scan": _loop(
        lambda w, c, x: (T.cond(x > 0, lambda: c * c * w, lambda: torch.cos(c)), c * x), _two_steps(T.checkpointed_scan)
    ),
    "scan of a bounded loop": _loop(
        lambda w, c, x: (T.bounded_while_loop(lambda v: v.abs() > 0.5, lambda v: v * w * 0.8, c + x, max_steps=4), c)
    ),
    "cond of scan": lambda w: T.cond(w > 0, lambda: T.scan(lambda c, x: (c * w + x, c), w, XS)[1].sum(), lambda: w),
    "States": _sum_of_states,
    "closures": _closures,
    "lanes": _in_each_lane,
}
TRANSFORMS = {
    "value": lambda f: f,
    "grad": T.grad,
    "grad of grad": lambda f: T.grad(T.grad(f)),
    "jacfwd": T.jacfwd,
    "jacrev of jacfwd": lambda f: T.jacrev(T.jacfwd(f)),
    "jacfwd of grad": lambda f: T.jacfwd(T.grad(f)),
    "vmap of grad": lambda f: lambda x: T.vmap(T.grad(f))(torch.stack([x, -x, x + 0.5])),
    "grad of vmap": lambda f: lambda x: T.grad(lambda y: T.vmap(f)(torch.stack([y, -y])).sum())(x),
}


@pytest.mark.parametrize("derived", TRANSFORMS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_jit_is_the_function_itself(name, derived):
    derived = TRANSFORMS[derived](FUNCTIONS[name])
    agree(replayed(derived)(X), derived(X))


@pytest.mark.parametrize("name", ["scan of cond", "scan of scan", "States"])
def test_a_hessian_is_the_one_of_the_function_itself(name):
    hessian = T.hessian(lambda v: (FUNCTIONS[name](v[0]) * v[1]).sum())
    v = torch.tensor([0.7, -0.3], dtype=F64)
    agree(replayed(hessian)(v), hessian(v))


def choosing(c, w, x):
    return T.cond(c > 0.5, lambda: torch.sin(c * w), lambda: c * w + x)


NESTED = {
    "scan": lambda w: T.scan(lambda c, x: (torch.sin(c * w) + x, None), w, XS)[0],
    "cond of scan": lambda w: T.scan(lambda c, x: (choosing(c, w, x), None), w, XS)[0],
    "checkpointed": lambda w: T.checkpointed_scan(lambda c, x: (torch.sin(c * w) + x, None), w, XS)[0],
}
#: A third one takes up to 30 s to record.
ORDERS = [(name, orders) for name in NESTED for orders in itertools.product((T.jacrev, T.jacfwd), repeat=2)]
ORDERS += [("scan", (T.jacrev, T.jacfwd, T.jacfwd)), ("scan", (T.jacfwd,) * 3)]


@pytest.mark.parametrize(
    ("name", "orders"), ORDERS, ids=lambda x: x if isinstance(x, str) else "-".join(f.__name__ for f in x)
)
def test_derivatives_of_derivatives_are_those_of_the_function_itself(name, orders):
    fun = NESTED[name]
    for derivative in reversed(orders):
        fun = derivative(fun)
    agree(replayed(fun)(X), fun(X))


def test_two_forward_derivatives_of_a_gradient_are_refused_and_not_zero():
    with pytest.raises(NotImplementedError, match="Take the gradient last"):
        replayed(T.jacfwd(T.jacfwd(T.jacrev(NESTED["scan"]))))(X)


def test_forward_derivatives_pass_through_loops_with_a_condition():
    def fun(w):
        return T.while_loop(lambda v: v.sum() < 5, lambda v: v * w + T.cond(w > 0, lambda: w, lambda: v), w)

    x = torch.tensor(1.5, dtype=F64)
    for derived in (fun, T.jacfwd(fun), lambda x: T.vmap(fun)(torch.stack([x, x + 1]))):
        agree(replayed(derived)(x), derived(x))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_map_is_a_stack_of_calls(name):
    fun = FUNCTIONS[name]
    xs = torch.tensor([0.7, -0.3, 1.1], dtype=F64)
    agree(replayed(T.vmap(fun))(xs), torch.stack([fun(x) for x in xs]))


# Loops and branches against Python


@FEW
@given(st.integers(1, 7), st.booleans(), st.sampled_from([1, 2, True]), st.floats(-1, 1))
def test_a_compiled_scan_is_the_python_loop(length, reverse, unroll, start):
    xs = torch.linspace(-1, 1, length, dtype=F64) * u.mV
    first = torch.tensor(start, dtype=F64)

    def answers(loop):
        weight, trace = ParamState(torch.tensor(0.8, dtype=F64)), State({"v": torch.zeros(2, dtype=F64) * u.mV})

        def step(carry, x):
            trace.value = {"v": trace.value["v"] * 0.9 + x}
            carry = torch.tanh(weight.value * carry + x / u.mV)
            return carry, {"q": carry * x, "n": carry**2}

        carry, ys = loop(step, first, xs)
        return carry, ys["q"] / u.mV, ys["n"], trace.value["v"] / u.mV

    def python(step, carry, xs):
        rows = xs.unbind(0)
        outputs = []
        for x in reversed(rows) if reverse else rows:
            carry, y = step(carry, x)
            outputs.append(y)
        outputs = outputs[::-1] if reverse else outputs
        return carry, {key: u.math.stack([y[key] for y in outputs]) for key in ("q", "n")}

    def compiled(step, carry, xs):
        return replayed(lambda c, xs: T.scan(step, c, xs, reverse=reverse, unroll=unroll))(carry, xs)

    agree(answers(compiled), answers(python))


@FEW
@given(st.integers(1, 6), st.data())
def test_a_compiled_loop_that_fails_leaves_every_state_as_it_was(length, data):
    states = [State(torch.zeros(2)), State({"q": 1.0 * u.mV}), State(3)]
    before = [state.value for state in states]

    def step(i):
        states[0].value += 1
        states[1].value = {"q": states[1].value["q"] * 2}
        states[2].value += 1
        raise RuntimeError("here")

    with pytest.raises(RuntimeError, match="here"):
        replayed(lambda xs: T.for_loop(step, xs))(torch.arange(length))
    assert all(state.value is value for state, value in zip(states, before, strict=True))


@FEW
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=4))
def test_compiled_branches_are_ifs(values):
    state = State(torch.tensor(0.0, dtype=F64))

    def up(x):
        state.value += x
        return x * u.mV

    def branches(x):
        return T.ifelse([x < -1, (x >= -1) & (x < 1), x >= 1], [lambda: -x * u.mV, lambda: up(x), lambda: 0 * x * u.mV])

    total, compiled = 0.0, replayed(branches)
    for value in values:
        expected = -value if value < -1 else value if value < 1 else 0.0
        total += value if -1 <= value < 1 else 0.0
        agree(compiled(torch.tensor(value, dtype=F64)) / u.mV, torch.tensor(expected, dtype=F64))
    agree(state.value, torch.tensor(total, dtype=F64))


@FEW
@given(st.integers(0, 6), st.integers(0, 9))
def test_compiled_loops_with_a_condition_are_whiles(start, bound):
    def both(n):
        steps = T.while_loop(lambda v: v[0] < bound, lambda v: (v[0] + 1, v[1] * 2), (n, torch.tensor(1.0)))
        few = T.bounded_while_loop(lambda v: v < bound, lambda v: v + 1, n, max_steps=3)
        return *steps, few

    n = max(start, bound)
    expected = (n, 2.0 ** (n - start), min(n, start + 3))
    assert tuple(map(float, replayed(both)(torch.tensor(start)))) == expected


# States of lanes


def test_states_of_lanes_in_a_program_are_those_of_the_function_itself():
    def answers(wrap):
        lanes = ShortTermState(torch.tensor([0.0, 10.0, 20.0], dtype=F64))
        shared = ParamState(torch.tensor(0.5, dtype=F64))

        def step(x):
            def one(y):
                lanes.value = torch.tanh(lanes.value * shared.value) + T.cond(y > 0, lambda: y, lambda: lanes.value)
                return lanes.value

            return T.vmap2(one, state_in_axes={0: lanes}, state_out_axes={0: lanes})(x)

        def loss(xs):
            return T.for_loop(step, xs).sum()

        xs = torch.stack([XS[:3], -XS[:3]])
        gradient = T.grad(loss, shared, argnums=0, return_value=True)
        return wrap(gradient)(xs), lanes.value

    agree(answers(replayed), answers(lambda f: f))


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
@pytest.mark.parametrize(
    "fun",
    [
        lambda rng: rng.normal(size=3),
        lambda rng: T.for_loop(lambda x: rng.random() * x, XS),
        lambda rng: T.for_loop(lambda x: T.cond(x > 0, lambda: rng.random(), lambda: torch.tensor(0.0)), XS),
        lambda rng: T.while_loop(lambda v: v < 3, lambda v: v + rng.random(), torch.tensor(0.0)),
        lambda rng: T.grad(lambda w: T.for_loop(lambda x: torch.sin(w * rng.normal(size=2)), XS).sum())(X),
        lambda rng: T.grad(T.grad(lambda w: T.for_loop(lambda x: torch.sin(w * rng.random()), XS).sum()))(X),
    ],
    ids=["draw", "loop", "branch", "while", "gradient", "second derivative"],
)
def test_a_program_draws_what_the_function_itself_draws(fun, impl):
    def answers(wrap):
        rng = random.RandomState(3, impl=impl)
        compiled = wrap(lambda: fun(rng))
        return compiled(), compiled(), rng.random(2)

    agree(answers(replayed), answers(lambda f: f))


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_lanes_draw_differently_and_the_same_again(impl):
    def draw():
        rng = random.RandomState(3, impl=impl)
        return replayed(lambda x: T.vmap(lambda y: T.for_loop(lambda z: rng.random() + 0 * y, XS))(x))(XS)

    found = draw()
    assert found.unique().numel() == found.numel()
    assert torch.equal(found, draw())


# Units


@FEW
@given(st.sampled_from([u.mV, u.volt, u.uV]), st.floats(0.1, 2))
def test_a_derivative_in_a_program_has_units_in_whatever_unit_it_comes(unit, value):
    def loss(v):
        return T.scan(lambda c, x: (c * 0.5 + v * v * x, None), 0.0 * u.mV**2, XS)[0]

    v = (torch.tensor(value, dtype=F64) * u.mV).to(unit)
    first = replayed(T.grad(loss, unit_aware=True))(v)
    weight = sum(0.5 ** (3 - i) * float(x) for i, x in enumerate(XS))
    agree(first.to_decimal(u.mV), torch.tensor(2 * value * weight, dtype=F64))


# One program with machine code


def test_machine_code_is_the_function_itself():
    fun = FUNCTIONS["scan of cond"]
    for derived in (fun, T.grad(fun)):
        agree(T.jit(derived)(X), derived(X))


def writing(w):
    """Steps and branches that fill tensors of their own."""

    def filled(c, x):
        y = torch.zeros(3, dtype=F64) * (c * w * x)  # torch.vmap wants a tensor of the lanes to write into
        before = (y + 1).sum()
        y[0] = c * w
        y[1:] += torch.tanh(c) + x
        return torch.sin(y).sum() + 2 * before

    def step(c, x):
        return T.cond(c > 0.4, filled, lambda c, x: c + w, c, x), filled(x, c)

    c, ys = T.scan(step, w, XS)
    return c + (ys**3).sum()


WRITING = {
    "plain": writing,
    "grad": T.grad(writing),
    "hessian": T.hessian(writing),
    "jacfwd": T.jacfwd(writing),
    "map": lambda w: T.vmap(writing)(torch.stack([w, 2 * w])),
    "map of grad": lambda w: T.vmap(T.grad(writing))(torch.stack([w, 2 * w])),
    "jacfwd of grad": T.jacfwd(T.grad(writing)),
}


@pytest.mark.parametrize("name", WRITING)
def test_what_a_step_writes_in_place_into_its_own_tensors_counts(name):
    agree(replayed(WRITING[name])(X), WRITING[name](X))
