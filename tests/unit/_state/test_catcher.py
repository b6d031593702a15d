"""brainstate_torch._state.catcher."""

import pytest

from brainstate_torch import ParamState, State, StateTraceStack, catch_new_states
from brainstate_torch.util.filter import OfType


def test_catcher_is_a_list_of_the_states_constructed():
    outside = State(0)
    with catch_new_states() as caught:
        a, b = State(1), ParamState(2, tag="t")
    after = State(3)
    assert list(caught) == caught.get_states() == [a, b]
    assert (len(caught), caught[1], a in caught, outside in caught, after in caught) == (2, b, True, False, False)
    assert caught.values == caught.get_state_values() == [1, 2]
    assert caught.get_by_tag("t") == [b]
    assert repr(caught) == f"NewStateCatcher([{a!r}, {b!r}])"


def test_the_tag_is_added_to_the_others():
    with catch_new_states("new") as caught:
        State(1, tag="own")
        State(2)
    assert [s.tag for s in caught] == [{"own", "new"}, {"new"}]


def test_nested_catchers_all_catch_and_end_alone():
    with catch_new_states("out") as outer:
        with catch_new_states("in") as inner:
            a = State(1)
        b = State(2)
    assert (list(outer), list(inner)) == ([a, b], [a])
    assert (a.tag, b.tag) == ({"out", "in"}, {"out"})


def test_a_block_that_raises_ends_its_catcher():
    with pytest.raises(KeyError), catch_new_states() as caught:
        a = State(1)
        raise KeyError
    State(2)
    assert list(caught) == [a]


def test_excluded_states_are_neither_caught_nor_tagged():
    with catch_new_states("t", state_to_exclude=OfType(ParamState)) as caught:
        a, b = State(1), ParamState(2)
    assert list(caught) == [a]
    assert b.tag is None
    with pytest.raises(TypeError, match=r"must be a predicate .* Got the class ParamState\. Use util.filter.OfType"):
        catch_new_states(state_to_exclude=ParamState).__enter__()


def test_copies_are_no_constructions():
    state = State(1)
    with catch_new_states() as caught:
        state.copy(), state.replace(2), state.to_state_ref().to_state()
    assert len(caught) == 0


def test_caught_states_can_be_taken_out_again():
    with catch_new_states() as caught:
        a, b = State(1), State(2)
    caught.append(a)
    caught.remove(a)
    caught.remove(a)
    assert list(caught) == [b]
    assert a not in caught
    caught.clear()
    assert len(caught) == 0
    caught.append(b)
    assert list(caught) == [b]


def test_levels_of_caught_states_can_be_lowered():
    with StateTraceStack() as trace, catch_new_states() as caught:
        state = State(1)
        caught.decrease_stack_level()
        _ = state.value
    assert trace.states == [state]
