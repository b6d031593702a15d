"""brainstate_torch.transform._control.while_loop: while_loop and bounded_while_loop."""

import functools

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch import transform as T

bounded = functools.partial(T.bounded_while_loop, max_steps=100)
LOOPS = pytest.mark.parametrize("loop", [T.while_loop, bounded], ids=["while", "bounded"])


@LOOPS
def test_the_body_runs_while_the_condition_holds(loop):
    assert loop(lambda v: v < 10, lambda v: 2 * v, torch.tensor(1.0)) == 16.0
    assert loop(lambda v: v < 0, lambda v: 1 / 0, torch.tensor(1.0)) == 1.0
    assert loop(lambda v: False, lambda v: None, None) is None


@pytest.mark.parametrize(("max_steps", "base"), [(0, 16), (1, 16), (3, 2), (8, 2), (10, 16), (100, 4)])
@pytest.mark.parametrize("init", [0.0, 50.0, 200.0])
def test_bounded_is_the_python_loop(init, max_steps, base):
    expected, steps = init, 0
    while steps < max_steps and expected < 100:
        expected, steps = 2 * expected + 1, steps + 1
    found = T.bounded_while_loop(lambda v: v < 100, lambda v: 2 * v + 1, init, max_steps=max_steps, base=base)
    assert isinstance(found, torch.Tensor)
    assert found == expected


@LOOPS
def test_trees_units_and_numbers(loop):
    found = loop(
        lambda v: v["q"] < 3 * u.mV, lambda v: {"q": v["q"] + 1 * u.mV, "n": v["n"] + 1.5}, {"q": 0 * u.mV, "n": 0}
    )
    assert found["q"].to_decimal(u.mV) == 3
    assert found["n"] == 4.5


@LOOPS
def test_states_are_read_by_the_condition_and_written_by_the_body(loop):
    a, b = State(torch.tensor(0.0)), State(5.0)

    def body(v):
        a.value += 1
        return v

    loop(lambda v: a.value < b.value, body, None)
    assert a.value == 5.0


@LOOPS
def test_a_step_that_raises_leaves_every_state(loop):
    a = State(torch.tensor(0.0))

    def body(v):
        a.value += 1
        if v == 2:
            raise RuntimeError("here")
        return v + 1

    with pytest.raises(RuntimeError, match=r"here"):
        loop(lambda v: True, body, 0)
    assert a.value == 0.0


@LOOPS
def test_gradients_pass_through(loop):
    w = ParamState(torch.tensor(2.0))
    gradients, value = T.grad(
        lambda x: loop(lambda v: v < 10, lambda v: v * w.value, x), w, argnums=0, return_value=True
    )(torch.tensor(1.5))
    assert value == 12.0
    assert gradients[0] == 18.0  # 1.5 * 3 * w ** 2
    assert gradients[1] == 8.0


@LOOPS
def test_each_lane_stops_at_its_own_end(loop):
    steps = State(torch.zeros(4))

    def lane(x):
        def body(v):
            steps.value += 1
            return {"v": v["v"] * 2, "q": v["q"] + 1 * u.mV}

        return loop(lambda v: v["v"] < 10, body, {"v": x, "q": 0.0 * u.mV})

    found = T.vmap(lane, in_states=steps)(torch.tensor([1.0, 20.0, 4.0, 9.0]))
    assert torch.equal(found["v"], torch.tensor([16.0, 20.0, 16.0, 18.0]))
    assert torch.equal(found["q"].to_decimal(u.mV), torch.tensor([4.0, 0.0, 2.0, 1.0]))
    assert torch.equal(steps.value, torch.tensor([4.0, 0.0, 2.0, 1.0]))


def test_bounded_stops_all_lanes_at_the_bound():
    found = torch.func.vmap(lambda x: T.bounded_while_loop(lambda v: v < 10, lambda v: v * 2, x, max_steps=2))(
        torch.tensor([1.0, 20.0, 9.0])
    )
    assert torch.equal(found, torch.tensor([4.0, 20.0, 18.0]))


@LOOPS
def test_gradients_of_lanes(loop):
    gradient = torch.func.vmap(torch.func.grad(lambda x: loop(lambda v: v < 10, lambda v: v * v, x)))
    assert torch.allclose(gradient(torch.tensor([2.0, 20.0, 4.0])), torch.tensor([32.0, 1.0, 8.0]))


@LOOPS
def test_nested_lanes(loop):
    double = torch.func.vmap(
        torch.func.vmap(lambda x: loop(lambda v: v < 10, lambda v: v * 2, x)), in_dims=1, out_dims=1
    )
    assert torch.equal(double(torch.tensor([[1.0, 20.0], [4.0, 9.0]])), torch.tensor([[16.0, 20.0], [16.0, 18.0]]))


@LOOPS
def test_writing_in_place_does_not_change_the_first_value(loop):
    init = torch.tensor(0.0)

    def body(v):
        v += 1
        return v

    assert loop(lambda v: v < 3, body, init) == 3.0
    assert init == 0.0


@LOOPS
def test_shapes_can_be_asked_for(loop):
    assert T.eval_shape(lambda x: loop(lambda v: v.sum() < 3, lambda v: v + 1, x), torch.zeros(3)).shape == (3,)


@LOOPS
def test_a_condition_without_numbers_is_refused_elsewhere(loop):
    from brainstate_torch._host.functorch import FakeTensorMode

    with (
        FakeTensorMode() as mode,
        pytest.raises(NotImplementedError, match=r"must know the number of steps to be traced"),
    ):
        loop(lambda v: v < 3, lambda v: v + 1, mode.from_tensor(torch.tensor(0.0)))


@LOOPS
def test_the_condition_must_not_write(loop):
    a = State(torch.tensor(0.0))

    def cond(v):
        a.value += 1
        return a.value < 5

    with pytest.raises(ValueError, match=r"`cond_fun` of `.*while_loop` must not write a State. Got a write to State"):
        loop(cond, lambda v: v, 0.0)
    assert a.value == 0.0


@LOOPS
@pytest.mark.parametrize(
    ("condition", "seen"),
    [
        (lambda v: None, "a NoneType"),
        (lambda v: v, "dtype int32"),
        (lambda v: (True,), "a tuple"),
        (lambda v: torch.ones(2) > 0, r"shape \(2,\)"),
    ],
)
def test_the_condition_must_be_one_boolean(loop, condition, seen):
    with pytest.raises(TypeError, match=f"the result of `cond_fun` must be one boolean, without axes. Got {seen}"):
        loop(condition, lambda v: v, 3)


@LOOPS
@pytest.mark.parametrize("change", [lambda v: torch.stack([v, v]), lambda v: (v, v), lambda v: 1])
def test_the_value_must_keep_its_kind(loop, change):
    with pytest.raises(TypeError, match=r"`body_fun` of `.*while_loop` must return a value like the one that it gets"):
        loop(lambda v: True, change, 0.0)


@LOOPS
def test_a_state_must_keep_its_shape(loop):
    state = State(0.0)

    def body(v):
        state.value = torch.zeros(2)
        return v + 1

    with pytest.raises(TypeError, match=r"a step of `.*while_loop` must leave each State .* shape \(2,\)"):
        loop(lambda v: v < 3, body, 0)
    assert state.value == 0.0


@LOOPS
def test_functions_must_be_callable(loop):
    with pytest.raises(TypeError, match=r"`cond_fun` must be callable. Got an int"):
        loop(1, lambda v: v, 0)
    with pytest.raises(TypeError, match=r"`body_fun` must be callable. Got an int"):
        loop(lambda v: True, 1, 0)


@pytest.mark.parametrize("max_steps", [-1, 2.5, None])
def test_max_steps_must_be_a_count(max_steps):
    with pytest.raises(ValueError, match=r"`max_steps` must be an integer of at least 0. Got"):
        T.bounded_while_loop(lambda v: True, lambda v: v, 0, max_steps=max_steps)


@pytest.mark.parametrize("base", [1, 0, -2, True, 2.0])
def test_base_must_be_at_least_two(base):
    with pytest.raises(ValueError, match=r"`base` must be an integer of at least 2. Got"):
        T.bounded_while_loop(lambda v: True, lambda v: v, 0, max_steps=3, base=base)
