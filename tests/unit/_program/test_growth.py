"""How the work of recording grows: counts of calls, which no load of the machine changes."""

import sys

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import transform as T
from brainstate_torch._program import recording


def loops_of_maps(depth):
    def nested(f):
        return lambda x: T.for_loop(T.vmap(f), x[None])[0]

    f = torch.sin
    for _ in range(depth):
        f = nested(f)
    return f, torch.ones(*(2,) * depth)


def maps_of_while_loops(depth):
    def nested(f):
        def step(x):
            return T.vmap(lambda y: f(y) * 0 + 1)(x.expand(2)).mean() + x

        return lambda x: T.while_loop(lambda x: x < 2, step, x)

    f = torch.sin
    for _ in range(depth):
        f = nested(f)
    return f, torch.tensor(0.5)


def maps_of_branches(depth):
    def nested(f):
        return lambda x: T.vmap(lambda y: T.cond(x.sum() > 0, f, lambda y: y * 1, y))(x.expand(2)).sum()

    f = torch.sin
    for _ in range(depth):
        f = nested(f)
    return f, torch.tensor(0.5)


def gradient_of_loops(depth):
    def nested(f):
        return lambda x: T.for_loop(lambda i: f(x * i), torch.arange(2.0)).sum()

    f = torch.sin
    for _ in range(depth):
        f = nested(f)
    return T.grad(f), torch.tensor(0.5)


@pytest.mark.parametrize("kind", [loops_of_maps, maps_of_while_loops, maps_of_branches, gradient_of_loops])
def test_recordings_do_not_double_with_each_level(kind, monkeypatch):
    made = []
    traced = recording.traced
    monkeypatch.setattr(recording, "traced", lambda *args: made.append(1) or traced(*args))

    def recordings(depth):
        made.clear()
        fun, x = kind(depth)
        compiled = T.jit(fun, backend="replay")
        assert torch.allclose(compiled(x), fun(x))
        return len(made)

    one, two, four = (recordings(depth) for depth in (1, 2, 4))
    # Quadratic in the depth at most: for four levels twice doubled is more.
    assert four < one + 3 * (two - one) * 2.5 and two < 3 * one


def calls_of(fun):
    """How many functions are called, those in C included."""
    count = 0

    def profiled(frame, event, argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profiled)
    try:
        fun()
    finally:
        sys.setprofile(None)
    return count


def gradient(states):
    def loss():
        total = 0.0
        for state in states:
            x = state.value
            total = total + x * x
        return total

    return T.grad(loss, states)


def loop(states):
    def step(i):
        for state in states:
            state.value = state.value * 0.9 + i
        return states[0].value

    return lambda: T.for_loop(step, torch.arange(3.0))


def written(states):
    def fun():
        for state in states:
            state.value = state.value + 1
        return [state.value * 2 for state in states]

    return fun


@pytest.mark.parametrize("way", ["plain", "compile", "run"])
@pytest.mark.parametrize("make", [gradient, loop, written])
def test_the_cost_of_a_state_does_not_grow_with_their_number(make, way):
    def cost(number):
        kind = brainstate.ParamState if make is gradient else brainstate.HiddenState
        fun = make([kind(torch.ones(())) for _ in range(number)])
        if way == "plain":
            fun()
            return calls_of(fun)
        compiled = T.jit(fun, backend="replay")
        if way == "compile":
            return calls_of(compiled.compile)
        compiled()
        return calls_of(compiled)

    cost(2)  # what the first call of a process makes once
    few, more, most = (cost(number) for number in (10, 20, 40))
    assert most - more < 2.2 * (more - few)
