"""brainstate_torch._state.manager: StateDictManager and FakeState."""

import pytest
import torch

from brainstate_torch import FakeState, HiddenState, ParamState, State, StateDictManager, StateTraceStack


@pytest.fixture
def states():
    return StateDictManager(w=ParamState(1.0), h=HiddenState(torch.zeros(1)), n=State(3.0))


def test_values_are_collected_as_reads(states):
    with StateTraceStack() as trace:
        values = states.to_dict_values()
        assert states.collect_values() == values
    assert (type(values), list(values), values["n"]) == (dict, ["w", "h", "n"], 3.0)
    assert trace.get_read_states() == tuple(states.values())


def test_values_are_assigned_as_writes(states):
    states.assign_values({"w": 5.0}, {"n": 6.0, "w": 7.0})
    assert states.to_dict_values() == {"w": 7.0, "h": torch.zeros(1), "n": 6.0}
    assert [s._been_writen for s in states.values()] == [True, False, True]


@pytest.mark.parametrize(
    ("bad", "error", "text"),
    [
        ([("w", 1)], TypeError, r"every argument of `assign_values` must be a dict\. Got list"),
        ({"n": 9.0, "x": 1}, KeyError, r"`assign_values` takes the keys \['w', 'h', 'n'\]\. Got 'x'"),
    ],
)
def test_assigning_checks_all_before_it_writes_any(states, bad, error, text):
    with pytest.raises(error, match=text):
        states.assign_values({"w": 9.0}, bad)
    assert states["w"].value == 1.0
    assert states["n"].value == 3.0


def test_only_states_can_be_added(states):
    with pytest.raises(TypeError, match=r"an element of StateDictManager must be a State\. Got float"):
        states.add_unique_key("x", 1.0)


def test_splits_are_by_the_first_type_that_fits(states):
    hidden, params, rest = states.split_values(HiddenState, State)
    assert (list(hidden), params, rest) == (["h"], {"w": 1.0, "n": 3.0}, {})
    of_kind, others = states.split(ParamState)
    assert (type(of_kind), list(of_kind), list(others)) == (StateDictManager, ["w"], ["h", "n"])
    assert list(states.subset(HiddenState)) == ["h"]


def test_a_fake_state_is_seen_by_nobody():
    fake = FakeState(1.0, name="x")
    with StateTraceStack() as trace:
        fake.value = fake.value + 1
    assert (fake.value, fake.name, trace.states, isinstance(fake, State)) == (2.0, "x", [], False)
    assert repr(fake) == "FakeState(value=2.0)"
