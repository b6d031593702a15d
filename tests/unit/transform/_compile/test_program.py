"""brainstate_torch.transform._compile.program: one recording, compiled."""

import gc

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import ParamState, State
from brainstate_torch.transform._compile.program import Program

X = torch.tensor([1.0, 2.0])


def program(fun, dropped=lambda _: None):
    return Program(fun, ([X], {}), [X], "replay", None, dropped)


def test_it_takes_the_tensors_of_states_as_they_are_now():
    state = State(X)
    made = program(lambda x: x * state.value)
    state.value = 3 * X
    assert torch.equal(made(made.inputs([X])), 3 * X * X)


@pytest.mark.parametrize("value", [torch.ones(3), X.double(), X * u.mV, [X], None])
def test_a_state_that_is_not_what_it_was_is_noticed(value):
    state = State(X)
    made = program(lambda x: x * state.value)
    assert made.inputs([X]) is not None
    state.value = value
    assert made.inputs([X]) is None


def test_a_text_in_a_state_is_part_of_the_program():
    state = State({"mode": "id", "x": X})
    made = program(lambda x: state.value["x"] if state.value["mode"] == "id" else x)
    state.value = {"mode": "id", "x": 2 * X}
    assert made.inputs([X]) is not None
    state.value = {"mode": "other", "x": X}
    assert made.inputs([X]) is None


def test_a_setting_that_is_not_what_it_was_is_noticed():
    with brainstate.environ.context(mode="wide"):
        made = program(lambda x: x * len(brainstate.environ.get("mode")))
        assert made.inputs([X]) is not None
    with brainstate.environ.context(mode="narrow"):
        assert made.inputs([X]) is None


def test_a_number_in_the_settings_is_an_input():
    with brainstate.environ.context(gain=0.5):
        made = program(lambda x: x * brainstate.environ.get("gain"))
    with brainstate.environ.context(gain=3.0):
        assert torch.equal(made(made.inputs([X])), 3 * X)
    for other in (3, torch.ones(2), 3 * u.mV, "x"):
        with brainstate.environ.context(gain=other):
            assert made.inputs([X]) is None
    assert made.inputs([X]) is None


def test_a_state_that_is_gone_is_told():
    told = []
    states = [State(X)]
    made = program(lambda x: x * states[0].value, told.append)
    states.clear()
    gc.collect()
    assert len(told) == 1
    assert made.inputs([X]) is None


def test_states_are_written_together_or_not_at_all():
    a, b = State(X), State(X)

    def fun(x):
        a.value = a.value + x
        b.value = b.value * x

    made = program(fun)
    made(made.inputs([X]))
    assert torch.equal(a.value, 2 * X)
    before = a._value, b._value
    good = made._machine
    made._machine = lambda inputs: good(inputs)[:-1]
    with pytest.raises((ValueError, IndexError)):
        made(made.inputs([X]))
    assert (a._value is before[0], b._value is before[1]) == (True, True)


def test_a_parameter_keeps_its_identity():
    w = ParamState(X)
    parameter = w.parameters()[0]

    def fun(x):
        w.value = w.value - x

    made = program(fun)
    made(made.inputs([X]))
    assert w.parameters()[0] is parameter
    assert torch.equal(parameter, torch.zeros(2))


def test_results_that_share_memory_are_known():
    state = State(X)

    def fun(x):
        state.value = x + 1
        return state.value, x * 2, x, x[:1]

    found = program(fun)
    assert (found._shared, found._copied) == ([0], [2, 3])
