"""brainstate_torch._state.trace: StateTraceStack."""

import pytest
import torch

from brainstate_torch import ParamState, State, StateTraceStack


@pytest.fixture
def states():
    return State(1, name="a"), ParamState(2, name="b"), State(3, name="c")


def recorded(states):
    """A trace that has read a, written b after reading it, and written c."""
    a, b, c = states
    with StateTraceStack() as trace:
        _ = a.value
        b.value = b.value + 10
        c.value = 30
    return trace


def test_states_are_recorded_in_the_order_of_first_touch(states):
    a, b, c = states
    trace = recorded(states)
    _ = State(9).value
    assert trace.states == [a, b, c]
    assert trace.been_writen == [False, True, True]
    assert trace.original_state_values == (1, 2, 3)
    assert trace.get_read_states() == (a,)
    assert trace.get_read_states(replace_writen=True) == (a, None, None)
    assert trace.get_write_states() == (b, c)
    assert trace.get_write_states(replace_read=True) == (None, b, c)
    assert trace.get_read_state_values(True) == (1, None, None)
    assert trace.get_write_state_values() == (12, 30)
    assert trace.get_state_values() == (1, 12, 30)
    assert trace.get_state_values(separate=True) == ((12, 30), (1,))
    assert trace.get_state_values(separate=True, replace=True) == ((None, 12, 30), (1, None, None))
    assert trace.state_subset(ParamState) == [b]


def test_restore_value_counts_as_a_read(states):
    with StateTraceStack() as trace:
        states[0].restore_value(5)
    assert trace.get_read_states() == (states[0],)
    assert trace.original_state_values == (1,)


def test_inner_and_outer_traces_record_alike(states):
    with StateTraceStack(name="outer") as outer:
        with StateTraceStack(name="inner") as inner:
            states[0].value = 5
            assert str(inner) == "StateTraceStack(outer / inner)"
        _ = states[1].value
    assert inner.states == [states[0]]
    assert outer.states == list(states[:2])
    assert outer.been_writen == [True, False]
    assert str(outer) == "StateTraceStack(outer)"


def test_recovery_gives_back_the_values_of_first_touch(states):
    trace = recorded(states)
    trace.recovery_original_values()
    assert [s.value for s in states] == [1, 2, 3]
    trace.release_original_values()
    with pytest.raises(RuntimeError, match=r"must still be held to be restored. Got a trace that released them"):
        trace.recovery_original_values()
    assert trace.original_state_values == (None, None, None)
    with pytest.raises(RuntimeError, match="released"):
        (StateTraceStack() + trace).recovery_original_values()


def test_new_arg_replaces_the_value_at_first_touch(states):
    a, b, _ = states
    with StateTraceStack(new_arg=lambda s: 100) as trace:
        assert (a.value, a.value) == (100, 100)
        b.value = b.value + 1
    assert trace.original_state_values == (1, 2)
    assert (a.value, b.value) == (100, 101)
    later = StateTraceStack()
    later.set_new_arg(lambda s: 7)
    with later:
        assert a.value == 7


def test_check_read_runs_at_every_read_and_at_a_first_write(states):
    seen = []
    a, b, _ = states
    with StateTraceStack(check_read=seen.append):
        _ = a.value, a.value
        b.value = 1
        b.value = 2
    assert seen == [a, a, b]


def test_a_check_read_that_raises_keeps_the_value(states):
    def refuse(state):
        raise KeyError

    with StateTraceStack(check_read=refuse) as trace:
        with pytest.raises(KeyError):
            states[0].value = 5
        with pytest.raises(KeyError):
            _ = states[0].value
    assert states[0].value == 1
    assert trace.states == []


def test_merge_is_a_union_by_identity(states):
    a, b, c = states
    with StateTraceStack() as first:
        _ = a.value, b.value
    with StateTraceStack() as second:
        b.value = 20
        _ = c.value
    both = first + second
    assert both.states == [a, b, c]
    assert both.been_writen == [False, True, False]
    assert both.original_state_values == (1, 2, 3)
    assert first.states == [a, b]
    assert first.merge(second) is first
    assert first.states == [a, b, c]


def test_assigning_writes_written_states_and_restores_the_others(states):
    _a, _b, _c = states
    trace = recorded(states)
    for state in states:
        state._been_writen = False
    trace.assign_state_vals([7, 8, 9])
    assert [s.value for s in states] == [7, 8, 9]
    assert [s._been_writen for s in states] == [False, True, True]
    trace.assign_state_vals_v2([1, None, None], [None, 2, 3])
    assert [s.value for s in states] == [1, 2, 3]


@pytest.mark.parametrize(
    ("assign", "name"),
    [
        (lambda t: t.assign_state_vals([1]), "state_vals"),
        (lambda t: t.assign_state_vals_v2([1], [1, 2, 3]), "read_state_vals"),
        (lambda t: t.assign_state_vals_v2([1, 2, 3], [1, 2]), "write_state_vals"),
    ],
)
def test_assigning_needs_one_value_for_each_state(states, assign, name):
    trace = recorded(states)
    with pytest.raises(ValueError, match=f"`{name}` must have one value for each of the 3 recorded States. Got [12]"):
        assign(trace)
    assert [s.value for s in states] == [1, 12, 30]


def test_leaving_out_of_order_is_refused_and_changes_nothing():
    outer, inner = StateTraceStack(), StateTraceStack()
    with outer:
        with inner:
            with pytest.raises(RuntimeError, match="left in the reverse order of entering"):
                outer.__exit__(None, None, None)
            _ = State(1), (state := State(2))
        with StateTraceStack() as later:
            _ = state.value
        assert later.states == [state]
    with pytest.raises(RuntimeError, match="reverse order"):
        outer.__exit__(None, None, None)


def test_a_trace_survives_an_exception(states):
    with pytest.raises(ZeroDivisionError), StateTraceStack() as trace:
        states[0].value = torch.ones(1)
        _ = 1 / 0
    assert trace.get_write_states() == (states[0],)
    assert torch.equal(states[0].value, torch.ones(1))


def test_traces_that_are_joined_keep_the_first_value_of_a_state():
    state = State(torch.tensor(1.0))
    with StateTraceStack() as first:
        state.value = state.value + 1
    with StateTraceStack() as second:
        state.value = state.value + 1
    (first + second).recovery_original_values()
    assert state.value == 1.0
