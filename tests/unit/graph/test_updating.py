import pytest
import torch

from brainstate_torch import ParamState, ShortTermState, State, StateTraceStack
from brainstate_torch.graph import Node, pop_states, states, treefy_states, update_states
from brainstate_torch.util import FlattedDict, NestedDict


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_update_takes_values_from_states_and_references():
    node = Net(w=State(1.0), parts=[State(2.0)])
    w = node.w
    update_states(node, NestedDict(w=State(5.0), parts={0: State(6.0).to_state_ref()}))
    assert node.w is w and (w.value, node.parts[0].value) == (5.0, 6.0)
    update_states(node, FlattedDict({("parts", 0): State(7.0)}))
    assert node.parts[0].value == 7.0


def test_update_merges_dictionaries_and_the_last_wins():
    node = Net(a=State(1.0), b=State(1.0))
    update_states(node, NestedDict(a=State(2.0), b=State(2.0)), FlattedDict({("a",): State(3.0)}), NestedDict())
    assert (node.a.value, node.b.value) == (3.0, 2.0)


@pytest.mark.parametrize("written", [True, False])
def test_update_is_a_write_if_the_source_was_written(written):
    node, source = Net(w=State(1.0)), Net(w=State(2.0))
    if written:
        source.w.value = 2.0
    refs = treefy_states(source)
    with StateTraceStack() as trace:
        update_states(node, refs)
    assert trace.states == [node.w] and trace.been_writen == [written] and node.w.value == 2.0


def test_update_adds_keys_that_a_node_lacks_as_states():
    donor = Net(w=ParamState(1.0), sub=Net(h=State(2.0)))
    node = Net()
    update_states(node, treefy_states(donor))
    assert type(node.w) is ParamState and node.w is not donor.w and node.sub["h"].value == 2.0
    popped = pop_states(donor, ParamState)
    update_states(donor, popped)
    assert donor.w is popped["w"] and list(states(donor)) == [("sub", "h"), ("w",)]


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        ({"w": 3}, r"`state_dict` must hold States or references. Got int at \('w',\)"),
        ({"tag": State(1.0)}, r"Got one at \('tag',\), which is a str, not a State"),
        ({"sub": State(1.0)}, r"Got one at \('sub',\), which is a Net, not a State"),
        ({"w": {"x": State(1.0)}}, r"`node` must be a node or a container. Got State at \('w',\)"),
        ({"parts": {1: State(1.0)}}, r"Cannot set key 1: only nodes.*Got a list at \('parts',\)"),
    ],
)
def test_update_refuses_what_does_not_fit_and_changes_nothing(bad, text):
    node = Net(a=State(0.0), w=State(1.0), tag="plain", sub=Net(), parts=[State(2.0)])
    with pytest.raises(ValueError, match=text):
        update_states(node, NestedDict(a=State(9.0), new=State(9.0), **bad))
    assert node.a.value == 0.0 and not hasattr(node, "new")


def test_update_refuses_a_plain_dict():
    with pytest.raises(TypeError, match=r"must be NestedDict or FlattedDict. Got dict"):
        update_states(Net(), {"w": State(1.0)})


def test_pop_detaches_the_states_that_match():
    node = Net(w=ParamState(torch.ones(2)), h=ShortTermState(0.0), sub=Net(w=ParamState(1.0)))
    w = node.w
    popped = pop_states(node, ParamState)
    assert type(popped) is NestedDict and popped["w"] is w and popped["sub"]["w"].value == 1.0
    assert not hasattr(node, "w") and list(states(node)) == [("h",)]


def test_pop_gives_one_dictionary_for_each_filter():
    node = Net(w=ParamState(1.0), h=ShortTermState(0.0), n=State(1))
    params, rest = pop_states(node, ParamState, ShortTermState)
    assert (list(params), list(rest), list(states(node))) == (["w"], ["h"], [("n",)])


def test_pop_detaches_a_shared_state_wherever_it_stands():
    w = State(1.0)
    node = Net(a=w, sub=Net(b=w))
    node.sub.parent = node
    assert dict(pop_states(node, ...).to_flat()) == {("a",): w}
    assert not hasattr(node, "a") and not hasattr(node.sub, "b")


@pytest.mark.parametrize("container", [list, tuple, lambda x: {0: x[0]}])
def test_pop_refuses_states_in_containers_and_removes_nothing(container):
    w = ParamState(1.0)
    node = Net(a=ParamState(0.0), w=w, z=container([w]))
    with pytest.raises(ValueError, match=r"Cannot pop key 0: only nodes gain or lose keys. Got a .* at \('z',\)"):
        pop_states(node, ParamState)
    assert node.w is w and hasattr(node, "a")


def test_pop_must_have_a_filter():
    with pytest.raises(ValueError, match="Expected at least one filter"):
        pop_states(Net())
