"""brainstate_torch._state.treefy: a State taken apart."""

import torch

from brainstate_torch import HiddenState, ParamState, State, TreefyState, _tree
from brainstate_torch import transform as T
from brainstate_torch._host.functorch import level_of


def test_a_reference_carries_type_value_and_metadata():
    state = ParamState(torch.ones(2), name="w", tag="t", note=1)
    ref = state.to_state_ref()
    assert (ref.type, ref.name, ref.note) == (ParamState, "w", 1) and torch.equal(ref.value, state.value)
    assert "_parameters" not in ref.get_metadata()
    assert "value" not in ref.get_metadata()
    assert repr(ref) == "TreefyState(type=ParamState, value=float32[2], note=1, name='w', tag={'t'})"
    ref.name = "v"
    assert (ref.name, state.name) == ("v", "w")


def test_the_value_is_the_only_child():
    ref = State({"a": torch.ones(1), "b": 2}, name="s").to_state_ref()
    assert _tree.leaves(ref) == [torch.ones(1), 2]
    doubled = _tree.map(lambda x: x * 2, ref)
    assert type(doubled) is TreefyState
    assert (doubled.value["b"], doubled.name, doubled.type) == (4, "s", State)


def test_references_of_states_made_in_other_places_are_of_equal_structure():
    one, other = State(1.0, name="s"), State(2.0, name="s")
    other.register_hook("read", lambda c: None)
    assert _tree.structure(one.to_state_ref()) == _tree.structure(other.to_state_ref())
    assert _tree.structure(one.to_state_ref()) != _tree.structure(State(1.0, name="t").to_state_ref())
    assert _tree.structure(one.to_state_ref()) != _tree.structure(ParamState(1.0, name="s").to_state_ref())


def test_replace_and_copy_keep_the_metadata():
    ref = State(1.0, name="s").to_state_ref()
    other, same = ref.replace(2.0), ref.copy()
    assert (ref.value, other.value, same.value, other.name, same.name) == (1.0, 2.0, 1.0, "s", "s")
    assert same is not ref


def test_to_state_makes_a_fresh_state_without_its_constructor():
    state = HiddenState(torch.ones(2), name="h")
    state.register_hook("read", lambda c: None)
    state.value = torch.zeros(2)
    made = state.to_state_ref().replace(5.0).to_state()
    assert (type(made), made.value, made.name, made.has_hooks(), made._been_writen) == (
        HiddenState,
        5.0,
        "h",
        False,
        False,
    )
    assert made.source_info.function == "test_to_state_makes_a_fresh_state_without_its_constructor"
    bare = TreefyState(State, torch.ones(1)).to_state()
    assert (bare.name, bare.tag) == (None, None)
    bare.value += 1
    assert bare.value == 2.0


def test_a_state_made_of_a_reference_inside_a_transform_comes_out_plain(engine):
    ref, made = State(torch.tensor(2.0)).to_state_ref(), []

    def loss(x):
        made.append(ref.replace(x * ref.value).to_state())
        return made[0].value ** 2

    assert T.grad(loss, engine=engine)(torch.tensor(3.0)) == 24.0
    assert made[0].value == 6.0
    assert made[0].value.is_leaf
    assert level_of(made[0].value) == -1
