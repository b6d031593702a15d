"""brainstate_torch.transform._compile.looping: loops over stateful functions in a program."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import State
from brainstate_torch import transform as T
from brainstate_torch._program.operation import operations_in

XS = torch.tensor([1.0, 2.0, 4.0])


def replayed(fun):
    return T.jit(fun, backend="replay")


def only_program(compiled):
    program = compiled._programs.last
    return program


@pytest.mark.parametrize("length", [1, 7, 50])
def test_a_step_is_recorded_once(length):
    runs = []

    def step(x):
        runs.append(1)
        return x * 2

    compiled = replayed(lambda xs: T.for_loop(step, xs))
    for _ in range(2):
        assert torch.equal(compiled(torch.arange(float(length))), 2 * torch.arange(float(length)))
    assert len(runs) == 1


def test_written_states_are_carried_and_others_constant():
    carried, constant, outside = State(torch.tensor(0.0)), State(torch.tensor(10.0)), torch.tensor(100.0)

    def step(x):
        carried.value += x * constant.value + outside
        return carried.value

    compiled = replayed(lambda xs: T.for_loop(step, xs))
    compiled(XS)
    (loop,) = operations_in(only_program(compiled).graph)
    assert loop.layout == (1, 2, 1)
    assert torch.equal(compiled(XS), 370 + torch.tensor([110.0, 230.0, 370.0]))
    assert carried.value == 740


def test_a_number_in_the_carry_becomes_wider():
    carry, _ = replayed(lambda xs: T.scan(lambda c, x: (c + x, None), 0, xs))(XS)
    assert (float(carry), carry.dtype) == (7.0, torch.float32)


def test_a_number_in_a_state_becomes_wider():
    state = State(0)

    def step(x):
        state.value = state.value + x

    replayed(lambda xs: T.for_loop(step, xs))(XS)
    assert (float(state.value), state.value.dtype) == (7.0, torch.float32)


def test_trees_units_and_none_are_kept():
    def step(c, x):
        return {"v": c["v"] + x["i"] * (2 * u.ohm), "n": None}, (c["v"], {"none": None})

    carry, (vs, rest) = replayed(lambda xs: T.scan(step, {"v": 0.0 * u.mV, "n": None}, {"i": xs * u.mA}))(XS)
    assert torch.equal(carry["v"] / u.mV, torch.tensor(14.0))
    assert torch.equal(vs / u.mV, torch.tensor([0.0, 2.0, 6.0]))
    assert (carry["n"], rest) == (None, {"none": None})


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (lambda c, x: (c.expand(2), None), "must return a carry like the one that it gets"),
        (lambda c, x: (c.double(), None), "must return a carry like the one that it gets"),
        (lambda c, x: ((c, c), None), "must return a carry like the one that it gets"),
    ],
    ids=["shape", "dtype", "structure"],
)
def test_the_carry_must_keep_its_form(step, text):
    with pytest.raises(TypeError, match=text):
        replayed(lambda xs: T.scan(step, xs[0], xs))(XS)


def test_a_state_must_keep_its_form():
    state = State(torch.tensor(0.0))
    before = state.value

    def step(x):
        state.value = torch.stack([x, x])

    with pytest.raises(TypeError, match="must leave each State with the structure, shape and dtype that it had"):
        replayed(lambda xs: T.for_loop(step, xs))(XS)
    assert state.value is before


def test_no_steps_give_empty_outputs_and_write_nothing():
    state = State(torch.tensor(1.0))

    def step(x):
        state.value += x
        return x * u.mV, x > 0

    volts, flags = replayed(lambda xs: T.for_loop(step, xs))(torch.ones(0))
    assert (volts / u.mV).shape == flags.shape == (0,)
    assert flags.dtype == torch.bool
    assert state.value == 1.0


@pytest.mark.slow
def test_a_derivative_sees_variables_as_they_were_at_the_loop():
    def loss(w):
        v = w * 2
        v, _ = T.checkpointed_scan(lambda c, x: (c * v, None), w, XS)
        v, _ = T.scan(lambda c, x: (c * v, None), w, XS)
        return v

    # v = w · (2w)³ = 8w⁴, then w · v³ = 512 w¹³.
    w = torch.tensor(1.1, dtype=torch.float64)
    assert torch.allclose(replayed(T.grad(loss))(w), 512 * 13 * w**12)
    assert torch.allclose(replayed(T.grad(T.grad(loss)))(w), 512 * 13 * 12 * w**11)


def test_a_loop_with_a_condition_carries_states():
    state = State(torch.tensor(1.0))

    def body(v):
        state.value = state.value * 2
        return v + 1

    compiled = replayed(lambda v: T.while_loop(lambda v: state.value < 10, body, v))
    assert compiled(torch.tensor(0)) == 4
    assert state.value == 16.0
    assert compiled(torch.tensor(0)) == 0
