"""Laws of loops: scan is the Python loop; a loop that fails changes nothing; lanes are loops of their own."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

FEW = settings(max_examples=25, deadline=None)
F64 = torch.float64

lengths = st.integers(1, 9)
floats = st.floats(-1, 1).map(lambda x: torch.tensor(x, dtype=F64))
loops = st.sampled_from(
    [
        T.scan,
        T.checkpointed_scan,
        lambda *args: T.checkpointed_scan(*args, base=2),
        lambda *args: T.scan(*args, unroll=3),
    ]
)


def python_loop(f, carry, xs):
    outputs = []
    for x in xs.unbind(0):
        carry, y = f(carry, x)
        outputs.append(y)
    return carry, {"q": torch.stack([y["q"] for y in outputs]), "n": torch.stack([y["n"] for y in outputs])}


@FEW
@given(loops, lengths, floats, floats, st.booleans())
def test_a_scan_is_the_python_loop(scan, length, weight, start, on_func):
    xs = torch.linspace(-1, 1, length, dtype=F64) * u.mV

    def answers(loop):
        w, trace = ParamState(weight), State({"v": torch.zeros(2, dtype=F64) * u.mV})

        def loss(xs):
            def step(carry, x):
                trace.value = {"v": trace.value["v"] * 0.9 + x}
                carry = torch.tanh(w.value * carry + x / u.mV)
                return carry, {"q": carry * x, "n": carry**2}

            carry, ys = loop(step, start, xs)
            return carry + ys["n"].sum() + ys["q"].sum() / u.mV + (trace.value["v"] / u.mV).sum(), ys

        grads, aux = T.grad(loss, w, argnums=0, has_aux=True, engine="func" if on_func else "auto")(xs)
        return [grads[0], grads[1] / u.mV, aux["n"], aux["q"] / u.mV, trace.value["v"] / u.mV]

    for found, expected in zip(answers(scan), answers(python_loop), strict=True):
        assert torch.allclose(found, expected, rtol=1e-12, atol=1e-15)


@FEW
@given(lengths, st.data(), st.booleans())
def test_a_loop_that_fails_leaves_every_state_as_it_was(length, data, reverse):
    k = data.draw(st.integers(0, length - 1))
    states = [State(torch.zeros(2)), State({"q": 1.0 * u.mV}), State(3)]
    before = [state.value for state in states]

    def step(i):
        states[0].value += 1
        states[1].value = {"q": states[1].value["q"] * 2}
        if i == k:
            raise RuntimeError("here")
        states[2].value += 1

    with pytest.raises(RuntimeError, match="here"):
        T.for_loop(step, torch.arange(length), reverse=reverse)
    for state, value in zip(states, before, strict=True):
        assert state.value is value


@FEW
@given(st.lists(st.floats(0.5, 30), min_size=1, max_size=5), st.integers(0, 8))
def test_lanes_of_while_loops_are_loops_of_their_own(starts, bound):
    xs = torch.tensor(starts)

    def one(x):
        return T.while_loop(lambda v: v < 10, lambda v: v * 2, x)

    def few(x):
        return T.bounded_while_loop(lambda v: v < 10, lambda v: v * 2, x, max_steps=bound, base=2)

    for loop in (one, few):
        assert torch.equal(torch.func.vmap(loop)(xs), torch.stack([loop(x) for x in xs]))


@FEW
@given(st.lists(st.floats(-2, 2), min_size=1, max_size=5))
def test_lanes_of_branches_are_branches_of_their_own(values):
    xs = torch.tensor(values)

    def choose(x):
        return T.ifelse([x < -1, (x >= -1) & (x < 1), x >= 1], [lambda: -x, lambda: x**2, lambda: 0.5])

    assert torch.equal(torch.func.vmap(choose)(xs), torch.stack([choose(x) for x in xs]))
