"""A mapped function is the stack of its calls, whatever the axes; after an exception every State is what it was."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import brainstate_torch as brainstate
from brainstate_torch import transform as T
from brainstate_torch.transform import for_loop, grad, map, vmap2

LANES = 3
shapes = st.lists(st.integers(1, 3), max_size=2).map(tuple)
axes = st.integers(-3, 2)


def _lanes(shape, axis):
    """A tensor whose slices along an axis have a shape, and these slices."""
    slices = torch.randn(LANES, *shape, dtype=torch.float64)
    return slices.movedim(0, axis), list(slices)


def _fits(axis, shape):
    return -len(shape) - 1 <= axis <= len(shape)


@settings(deadline=None, max_examples=60)
@given(shapes, axes, axes, axes)
def test_vmap_is_the_stack_of_calls(shape, in_axis, out_axis, state_axis):
    if not all(_fits(axis, shape) for axis in (in_axis, out_axis, state_axis)):
        return
    x, xs = _lanes(shape, in_axis)
    value, values = _lanes(shape, state_axis)
    shared, own = brainstate.State(torch.randn(shape, dtype=torch.float64)), brainstate.State(value)

    def step(x):
        own.value = own.value * shared.value + x
        return own.value.sin()

    mapped = vmap2(step, in_axes=in_axis, out_axes=out_axis, state_in_axes={state_axis: own})
    expected = [v * shared.value + x for v, x in zip(values, xs, strict=True)]
    found = mapped(x)
    torch.testing.assert_close(found, torch.stack([e.sin() for e in expected]).movedim(0, out_axis))
    torch.testing.assert_close(own.value, torch.stack(expected).movedim(0, state_axis))


@settings(deadline=None, max_examples=20)
@given(shapes, st.sampled_from([None, 1, 2, 3, 5]))
def test_map_is_vmap(shape, batch_size):
    x, _ = _lanes(shape, 0)
    w = brainstate.ParamState(torch.randn(shape, dtype=torch.float64))
    f = lambda x: (w.value * x).tanh()
    torch.testing.assert_close(map(f, x, batch_size=batch_size), vmap2(f)(x))


@settings(deadline=None, max_examples=20)
@given(shapes)
def test_gradient_of_the_sum_of_lanes_is_the_sum_of_their_gradients(shape):
    x, _ = _lanes(shape, 0)
    w = brainstate.ParamState(torch.randn(shape, dtype=torch.float64))
    loss = lambda x: (w.value * x).tanh().sum()
    torch.testing.assert_close(grad(lambda: vmap2(loss)(x).sum(), w)(), vmap2(grad(loss, w))(x).sum(0))


@settings(deadline=None, max_examples=20)
@given(shapes, st.integers(1, 4))
def test_loop_in_lanes_is_lanes_in_a_loop(shape, length):
    x = torch.randn(length, LANES, *shape, dtype=torch.float64)
    start = torch.zeros(LANES, *shape, dtype=torch.float64)
    s = brainstate.State(start)

    def step(x):
        s.value = s.value.tanh() + x
        return s.value

    inner = vmap2(lambda x: for_loop(step, x), in_axes=1, out_axes=1, state_in_axes=s)(x)
    s.value = start
    torch.testing.assert_close(inner, for_loop(vmap2(step, state_in_axes=s), x))


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
@pytest.mark.parametrize("policy", ["auto", "ignore", "raise"])
@pytest.mark.parametrize("position", range(4))
def test_after_an_exception_every_state_is_what_it_was(impl, policy, position):
    rng = brainstate.random.RandomState(0, impl=impl)
    own, shared, many = (brainstate.State(torch.zeros(n)) for n in ((LANES,), (), (LANES,)))
    states = own, shared, many, rng
    before = [state.value for state in states]

    def step(x):
        for i in range(4):
            if i == position:
                raise KeyError("stop")
            own.value = own.value + x + rng.rand()
            shared.value = shared.value + 1
            if policy != "raise":
                many.value = many.value + x

    with pytest.raises(KeyError, match="stop"):
        vmap2(step, state_in_axes=own, unexpected_out_state_mapping=policy)(torch.ones(LANES))
    assert all(state.value is value for state, value in zip(states, before, strict=True))


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "replay"])
def test_forward_derivatives_in_each_lane_may_make_and_write_states(compiled):
    held = brainstate.HiddenState(torch.zeros((), dtype=torch.float64))
    xs = torch.arange(3.0, dtype=torch.float64)

    def making(x):
        state = brainstate.State(torch.zeros((), dtype=torch.float64))
        state.value = x**2
        return state.value * x

    def writing(x):
        held.value = x**2
        return held.value * x

    jitted = (lambda f: T.jit(f, backend="replay")) if compiled else (lambda f: f)
    for fun in (making, writing):
        for derivative, truth in ((T.jacfwd, 3 * xs**2), (T.hessian, 6 * xs)):
            held.value = torch.zeros((), dtype=torch.float64)
            torch.testing.assert_close(jitted(T.vmap(derivative(fun), out_states=held))(xs), truth)
    assert torch.equal(held.value, xs**2)
    found = jitted(T.vmap(T.jacfwd(lambda x: (x**2, 2 * x), has_aux=True, return_value=True)))(xs)
    torch.testing.assert_close(found, (2 * xs, xs**2, 2 * xs))
