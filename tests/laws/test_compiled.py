"""A compiled function gives what the plain one gives: results, States, random draws, and derivatives of every order."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import _tree
from brainstate_torch.transform import (
    bounded_while_loop,
    checkpointed_for_loop,
    cond,
    for_loop,
    grad,
    hessian,
    ifelse,
    jacfwd,
    jacrev,
    jit,
    jvp,
    scan,
    switch,
    vmap,
    while_loop,
)


class Spike(torch.autograd.Function):
    """A step with a derivative of its own, which must survive recording."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return (x > 0).to(x.dtype)

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(inputs[0])
        ctx.save_for_forward(inputs[0])

    @staticmethod
    def backward(ctx, cotangent):
        (x,) = ctx.saved_tensors
        return cotangent / (1 + x.abs()) ** 2

    @staticmethod
    def jvp(ctx, tangent):
        (x,) = ctx.saved_tensors
        return tangent / (1 + x.abs()) ** 2


class World:
    """States to compute with, and their values at the start."""

    def __init__(self):
        self.a = brainstate.State(torch.tensor(1.0, dtype=torch.float64))
        self.b = brainstate.HiddenState(torch.tensor([0.5, -0.25], dtype=torch.float64))
        self.w = brainstate.ParamState(torch.tensor([[0.3, 0.8], [-0.5, 0.2]], dtype=torch.float64))
        self.n = brainstate.State(0)
        self.states = [self.a, self.b, self.w, self.n]
        self.start = [state.value for state in self.states]

    def reset(self):
        for state, value in zip(self.states, self.start, strict=True):
            state.value = value
        brainstate.random.seed(3)

    def outcome(self, function, *args):
        """The tensors of the result, and what the States hold afterwards."""
        self.reset()
        result = function(*args)
        return [torch.as_tensor(x) for x in _tree.leaves((result, [state.value for state in self.states]))]


def check(make, *args, backend="replay"):
    """The law for one function, twice, since the second call runs what the first recorded."""
    world = World()
    function = make(world)
    compiled = jit(function, backend=backend)
    plain = world.outcome(function, *args)
    for _ in range(2):
        torch.testing.assert_close(world.outcome(compiled, *args), plain, check_dtype=False, rtol=1e-7, atol=1e-9)


T = torch.tensor
X = torch.linspace(-1.0, 1.0, 12, dtype=torch.float64).reshape(6, 2)
ONE = torch.tensor(1.5, dtype=torch.float64)


def recurrent(world):
    def step(x):
        world.b.value = torch.tanh(x + world.b.value @ world.w.value)
        world.n.value += 1
        return world.b.value.sum()

    return lambda xs: (for_loop(step, xs) ** 2).sum()


def spiking(world):
    def step(x):
        world.b.value += 0.3 * (x + world.b.value @ world.w.value - world.b.value)
        spikes = Spike.apply(world.b.value - 0.1)
        world.b.value -= spikes
        return spikes

    return lambda xs: (for_loop(step, xs) * xs).sum()


def branching(world):
    """A loop of choices over a tensor from outside, which one branch hands through as it is."""

    def total(x):
        def step(i):
            chosen = cond(i > 2, lambda: (x * i) ** 3, lambda: x)
            return (chosen * world.b.value.sin()).sum()

        return for_loop(step, torch.arange(5.0, dtype=torch.float64)).sum()

    return total


PROGRAMS = {"recurrent": (recurrent, X), "spiking": (spiking, X), "branching": (branching, X[0] + 2)}
DERIVATIVES = {
    "value": lambda f, w: f,
    "grad of an argument": lambda f, w: grad(f),
    "grad of States": lambda f, w: grad(f, [w.w, w.b], return_value=True, check_states=False),
    "grad of both": lambda f, w: grad(f, [w.b], argnums=0, return_value=True),
    "grad of grad": lambda f, w: grad(lambda x: (grad(f)(x) ** 2).sum()),
    "grad of grad of States": lambda f, w: grad(
        lambda x: sum((g**2).sum() for g in grad(f, [w.b], check_states=False)(x)), [w.b], argnums=0
    ),
    "jacfwd of grad": lambda f, w: jacfwd(grad(f)),
    "jacrev of grad": lambda f, w: jacrev(grad(f)),
    "hessian": lambda f, w: hessian(f),
    "jvp": lambda f, w: lambda x: jvp(f, (x,), (torch.ones_like(x),)),
    "vmap of grad": lambda f, w: lambda x: vmap(lambda s: grad(f)(x * s))(T([0.5, 2.0], dtype=torch.float64)),
    "grad of vmap": lambda f, w: grad(lambda x: vmap(lambda s: f(x * s))(T([0.5, 2.0], dtype=torch.float64)).sum()),
}
SKIPPED = {
    # Each lane writes a State that all lanes share.
    ("recurrent", "vmap of grad"),
    ("recurrent", "grad of vmap"),
    ("spiking", "vmap of grad"),
    ("spiking", "grad of vmap"),
}


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize("derivative", DERIVATIVES)
def test_a_compiled_loop_is_the_plain_one(program, derivative):
    if (program, derivative) in SKIPPED:
        return
    make, x = PROGRAMS[program]
    check(lambda world: DERIVATIVES[derivative](make(world), world), x)


def _up(world, x):
    world.a.value += x
    return x.sqrt()


def _down(world, x):
    world.b.value -= x
    return 2 * x


def _growing(world, v):
    world.a.value = world.a.value + v
    return 2 * v


CASES = {
    "cond, first": (lambda w: lambda p, x: cond(p > 0, lambda x: _up(w, x), lambda x: _down(w, x), x), ONE, ONE),
    "cond, second": (lambda w: lambda p, x: cond(p > 0, lambda x: _up(w, x), lambda x: _down(w, x), x), -ONE, -ONE),
    "grad of cond": (
        lambda w: grad(lambda p, x: cond(p > 0, lambda x: x.sqrt(), lambda x: 2 * x, x) * w.a.value, [w.a], argnums=1),
        -ONE,
        -ONE,
    ),
    "cond in each lane": (
        lambda w: vmap(lambda p, x: cond(p > 0, lambda x: x * 2, lambda x: x + w.a.value, x)),
        T([1.0, -1.0]),
        T([4.0, 5.0], dtype=torch.float64),
    ),
    "cond of all lanes": (
        lambda w: lambda p, x: vmap(lambda x: cond(p > 0, lambda x: x * 2, lambda x: x + w.a.value, x))(x),
        ONE,
        T([4.0, 5.0], dtype=torch.float64),
    ),
    "switch": (lambda w: lambda i: switch(i, [lambda: w.a.value, lambda: 2 * w.a.value, lambda: w.a.value**3]), T(7)),
    "ifelse": (
        lambda w: lambda x: ifelse([x < 0, x < 2, x < 3], [lambda: 1.0, lambda: 2.0, lambda: 3.0], check_cond=False),
        ONE,
    ),
    "scan that widens a number": (lambda w: lambda x: scan(lambda c, i: (c + x * i, c), 0, torch.arange(5.0)), ONE),
    "scan in reverse": (lambda w: lambda xs: scan(lambda c, x: (c * 0.5 + x, c), X[0], xs, reverse=True), X),
    "scan over nothing": (lambda w: lambda xs: scan(lambda c, x: (c + x, c * x), X[0], xs), X[:0]),
    "while_loop": (lambda w: lambda x: while_loop(lambda v: v < 10 + w.a.value, lambda v: _growing(w, v), x), ONE),
    "while_loop in each lane": (
        lambda w: vmap(lambda x: while_loop(lambda v: v < 10, lambda v: 2 * v, x)),
        T([1.0, 3.0, 20.0]),
    ),
    "jvp of while_loop": (
        lambda w: lambda x: jvp(lambda x: while_loop(lambda v: v < 10, lambda v: 2 * v, x), (x,), (x,)),
        ONE,
    ),
    "grad of bounded_while_loop": (
        lambda w: grad(lambda x: bounded_while_loop(lambda v: v < 10, lambda v: v * (1 + w.a.value), x, max_steps=9)),
        ONE,
    ),
    "grad of checkpointed_for_loop": (
        lambda w: grad(lambda x: checkpointed_for_loop(lambda i: (i * x).sin(), torch.arange(20.0), base=4).sum()),
        ONE,
    ),
    "draws": (lambda w: lambda: (brainstate.random.normal(size=3), brainstate.random.randint(0, 9, size=4)),),
    "draws in a loop": (lambda w: lambda xs: for_loop(lambda x: x * brainstate.random.rand(2), xs), X),
    "draws in lanes": (lambda w: vmap(lambda x: x * brainstate.random.normal(size=2)), X),
    "draws in a loop in lanes": (
        lambda w: vmap(lambda x: for_loop(lambda i: x * i * brainstate.random.rand(2), torch.arange(3.0))),
        X,
    ),
    "grad of draws in a loop": (
        lambda w: grad(
            lambda x: for_loop(lambda i: (x * i * brainstate.random.rand(2)).sum(), torch.arange(3.0)).sum()
        ),
        ONE,
    ),
    "vmap of grad of draws in a loop": (
        lambda w: vmap(
            grad(lambda x: for_loop(lambda i: (x * i * brainstate.random.rand(2)).sum(), torch.arange(3.0)).sum())
        ),
        T([1.0, 2.0]),
    ),
    "jit in a loop": (lambda w: lambda xs: for_loop(jit(lambda x: x * w.a.value, backend="replay"), xs), X),
    "writes in place to what the function made": (lambda w: lambda x: x.clone().add_(1).mul_(w.a.value), X),
}


@pytest.mark.parametrize("name", CASES)
def test_a_compiled_function_is_the_plain_one(name):
    check(*CASES[name])


def test_draws_of_threefry_are_those_of_the_plain_function():
    rng = brainstate.random.RandomState(5, impl="threefry2x32")

    def drawn():
        return for_loop(lambda i: rng.normal(size=2) * i, torch.arange(4.0)), rng.value

    plain = drawn()
    rng.seed(5)
    torch.testing.assert_close(jit(drawn, backend="replay")(), plain)


def test_units_are_part_of_a_compiled_function():
    v = brainstate.HiddenState(torch.zeros(2) * u.mV)

    def step(current):
        v.value += current * (2 * u.Mohm) * 0.5
        return v.value / u.mV

    currents = torch.arange(6.0).reshape(3, 2) * u.nA
    plain = for_loop(step, currents)
    v.value = torch.zeros(2) * u.mV
    assert torch.equal(jit(lambda x: for_loop(step, x), backend="replay")(currents), plain)
    assert u.get_unit(v.value) == u.mV


@pytest.mark.parametrize(("program", "derivative"), [("spiking", "grad of States"), ("branching", "hessian")])
def test_the_law_holds_for_machine_code(program, derivative):
    make, x = PROGRAMS[program]
    check(lambda world: DERIVATIVES[derivative](make(world), world), x, backend="inductor")


M = torch.tensor([[0.2, 0.8, -0.4, 0.1], [-0.5, 0.1, 0.3, 0.7], [0.9, -0.2, 0.4, 0.5], [0.3, 0.6, -0.1, 0.2]]).double()
H = torch.stack([M[0], M[1] + 0.5])

#: State, matrix, input -> state. What they give is laid out in memory as it comes.
LAYOUTS = {
    "a part of a product": lambda h, m, x: torch.tanh((h @ torch.cat([m, m + 1], 1))[:, 2:6] + x),
    "transposed": lambda h, m, x: torch.tanh((m @ h.T).T * x),
    "turned twice": lambda h, m, x: torch.sin(m @ h.reshape(4, 2) + x.reshape(2, 4).T).T,
    "the weight transposed": lambda h, m, x: torch.tanh(torch.cat([h, x], 1) @ torch.cat([m, m.exp()], 1).T),
    "gates": lambda h, m, x: torch.cat([torch.tanh(h @ m.abs())[:, 1:], (x @ m.T).sigmoid()[:, :1]], 1),
    "a convolution": lambda h, m, x: torch.conv1d(h[None].mT, m[:, :, None], padding=0)[0].T.tanh() + x,
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_step_may_hand_on_its_state_in_any_layout(name):
    """Sizes that fill vector registers, since machine code takes other ways for those."""
    h, m = brainstate.ShortTermState(H), brainstate.ParamState(M)
    xs = torch.linspace(-1, 1, 5)[:, None, None].double() * H

    def step(x):
        before, h.value = h.value, LAYOUTS[name](h.value, m.value, x)
        return before, torch.cat([h.value, x], 1)

    def loss(xs):
        h.value = H
        parts = for_loop(step, xs)
        return (h.value**2).sum() + sum([(y**2).sum() for y in parts])

    def thrice(h):
        go_on = lambda carry: carry[0] < 3
        return while_loop(go_on, lambda carry: (carry[0] + 1, LAYOUTS[name](carry[1], M, H)), (torch.tensor(0), h))

    derived = grad(loss, m, argnums=0, return_value=True)
    for function, x in ((derived, xs), (thrice, H)):
        for one, other in zip(_tree.leaves(jit(function)(x)), _tree.leaves(function(x)), strict=True):
            torch.testing.assert_close(one, other)
