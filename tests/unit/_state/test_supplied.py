"""SuppliedFrame: values inside that are made when a State is first touched."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch._state import Frame
from brainstate_torch._state.supplied import SuppliedFrame


def _doubled(state, value, frame):
    return value * 2


def test_supplied_value_is_seen_inside_and_made_once():
    s, calls = brainstate.State(torch.tensor(1.0)), []
    with SuppliedFrame(lambda state, value, frame: calls.append(state) or value * 2):
        assert s.value == 2 and s.value == 2
        s.value = s.value + 1
        assert s.value == 3
    assert calls == [s] and s.value == 1


def test_supplied_states_that_are_not_touched_are_not_asked_for():
    s = brainstate.State(torch.tensor(1.0))
    with SuppliedFrame(_doubled) as frame:
        pass
    assert not frame.is_touched(s) and frame.values == {}


def test_supply_runs_in_the_surroundings():
    s = brainstate.State(torch.tensor(1.0))
    with brainstate.StateTraceStack() as outer, Frame() as around:
        s.value = torch.tensor(5.0)
        with SuppliedFrame(_doubled), Frame():
            assert s.value == 10
    assert outer.original_state_values == (torch.tensor(1.0),) and around.values[s] == 5


def test_supplied_frames_nest():
    s = brainstate.State(torch.tensor(1.0))
    with SuppliedFrame(_doubled), SuppliedFrame(_doubled):
        assert s.value == 4


def test_supplied_list_is_not_that_of_the_state():
    s = brainstate.State([1.0])
    with SuppliedFrame(lambda state, value, frame: value):
        s.value.append(2.0)
    assert s.value == [1.0]


def test_supply_does_not_concern_states_made_inside():
    with SuppliedFrame(_doubled):
        assert brainstate.State(3.0).value == 3.0


def test_reads_are_told_from_writes():
    read, written, both = (brainstate.State(torch.tensor(1.0)) for _ in range(3))
    with SuppliedFrame(_doubled, tells_reads=True) as frame, brainstate.StateTraceStack():
        written.value = read.value
        both.value = both.value + 1
    assert frame.was_read == {read, both} and frame.written() == [written, both]


def test_a_state_can_be_marked_as_written():
    s = brainstate.State(torch.tensor(1.0))

    def supply(state, value, frame):
        frame.mark_written(state, value)
        return value

    with SuppliedFrame(supply) as frame:
        _ = s.value
    frame.commit([torch.tensor(9.0)])
    assert s.value == 9


def test_supply_that_raises_leaves_everything_as_it_was():
    s = brainstate.State(torch.tensor(1.0))

    def supply(state, value, frame):
        raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"), SuppliedFrame(supply):
        _ = s.value
    assert s.value == 1
