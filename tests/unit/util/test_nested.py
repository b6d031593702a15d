import copy
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainstate_torch import _tree
from brainstate_torch.util import FlattedDict, FrozenDict, NestedDict, flat_mapping, nest_mapping
from brainstate_torch.util.nested import EmptyNode

NESTED = {"a": 1, "b": {"c": 2, "d": {"e": 3}}}
FLAT = {("a",): 1, ("b", "c"): 2, ("b", "d", "e"): 3}

trees = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=8
).map(lambda x: x if isinstance(x, dict) else {"x": x})


class FakeState:
    """What a State is to this layer: it has a value, and makes references and replaced copies of itself."""

    def __init__(self, value):
        self.value = value

    def to_state_ref(self):
        return "ref", self.value

    def replace(self, value):
        return type(self)(value)


class FakeRef(FakeState):
    to_state_ref = property()

    def to_state(self):
        return FakeState(self.value)


def test_flat_and_nest_mapping_are_inverse():
    assert flat_mapping(NESTED) == FLAT
    assert nest_mapping(FLAT) == NESTED
    assert type(flat_mapping(NESTED)) is FlattedDict
    assert type(nest_mapping(FLAT)) is NestedDict


@given(trees)
def test_nest_mapping_gives_back_what_flat_mapping_took(tree):
    assert nest_mapping(flat_mapping(tree, keep_empty_nodes=True)) == tree


def test_flat_and_nest_mapping_join_keys_with_a_separator():
    assert flat_mapping(NESTED, sep="/") == {"a": 1, "b/c": 2, "b/d/e": 3}
    assert nest_mapping({"a": 1, "b/c": 2, "b/d/e": 3}, sep="/") == NESTED


def test_flat_mapping_keeps_empty_mappings_only_when_asked():
    tree = {"a": 1, "b": {}, "c": {"d": {}}}
    assert flat_mapping(tree) == {("a",): 1}
    assert flat_mapping(tree, keep_empty_nodes=True) == {
        ("a",): 1,
        ("b",): EmptyNode(),
        ("c", "d"): EmptyNode(),
    }
    assert flat_mapping({}, keep_empty_nodes=True) == {}


def test_flat_mapping_stops_where_is_leaf_says_so():
    assert flat_mapping(NESTED, is_leaf=lambda path, x: path == ("b", "d")) == {
        ("a",): 1,
        ("b", "c"): 2,
        ("b", "d"): {"e": 3},
    }


def test_flat_mapping_walks_every_mapping():
    assert flat_mapping(FrozenDict(NESTED)) == FLAT


@pytest.mark.parametrize("function", [flat_mapping, nest_mapping])
def test_mappings_are_required(function):
    with pytest.raises(TypeError, match=r"`xs` must be a mapping. Got list."):
        function([("a", 1)])


@pytest.mark.parametrize(
    "flat, message",
    [
        (
            {("a",): 1, ("a", "b"): 2},
            r"must not continue the path of another value. Got \('a', 'b'\) and \('a',\)",
        ),
        ({("a", "b"): 2, ("a",): 1}, r"must lead to one value. Got \('a',\)"),
        ({("a",): {}, ("a", "b"): 2}, "must not continue"),
        ({(): 1}, "at least one key. Got an empty path"),
    ],
)
def test_nest_mapping_refuses_conflicting_paths(flat, message):
    with pytest.raises(ValueError, match=message):
        nest_mapping(flat)


def test_nested_and_flatted_dict_convert_into_each_other():
    nested, flat = NestedDict(NESTED), FlattedDict(FLAT)
    assert nested.to_flat() == flat
    assert flat.to_nest() == nested
    assert NestedDict.from_flat(FLAT.items()) == nested
    assert FlattedDict.from_nest(NESTED.items()) == flat


@pytest.mark.parametrize("kind", [NestedDict, FlattedDict])
def test_merge_takes_nested_and_flat_and_the_last_one_wins(kind):
    merged = kind.merge(NestedDict(a=1, b={"c": 2}), FlattedDict({("b", "c"): 5, ("b", "d"): 6}))
    assert type(merged) is kind
    assert merged == (nest_mapping if kind is NestedDict else dict)({("a",): 1, ("b", "c"): 5, ("b", "d"): 6})


def test_merge_refuses_other_types():
    with pytest.raises(TypeError, match=r"`states` must be NestedDict or FlattedDict. Got dict."):
        NestedDict.merge(NestedDict(), {"a": 1})


@pytest.mark.parametrize("kind, source", [(NestedDict, NESTED), (FlattedDict, FLAT)])
def test_operators_unite_and_subtract(kind, source):
    whole = kind(source)
    part = whole.filter(lambda path, x: x == 2)
    rest = whole - part
    assert type(rest) is kind
    assert 2 not in rest.to_dict().values()
    assert rest | part == whole
    assert whole | kind() is whole
    assert whole - kind() is whole
    with pytest.raises(TypeError, match=r"Got dict"):
        whole | dict(source)
    with pytest.raises(TypeError, match=r"`other` must be a NestedDict or FlattedDict. Got dict."):
        whole - dict(source)


def test_split_gives_each_entry_to_the_first_filter_that_matches():
    one, rest = NestedDict(NESTED).split(lambda path, x: x == 1, ...)
    assert (one, rest) == ({"a": 1}, {"b": {"c": 2, "d": {"e": 3}}})
    assert NestedDict(NESTED).split(...) == NESTED
    assert FlattedDict(FLAT).split(..., ...) == (FLAT, {})


@pytest.mark.parametrize("x", [NestedDict(NESTED), FlattedDict(FLAT)])
def test_split_needs_filters_that_match_every_entry(x):
    with pytest.raises(ValueError, match=r"`filters` must match every entry. Got none for \[\('b', 'c'\)"):
        x.split(lambda path, value: value == 1)


def test_filter_drops_what_no_filter_matches():
    assert FlattedDict(FLAT).filter(lambda path, x: x > 1) == {("b", "c"): 2, ("b", "d", "e"): 3}
    assert NestedDict(NESTED).subset(str, lambda path, x: x == 2) == ({}, {"b": {"c": 2}})


def test_to_pure_dict_is_plain_at_every_depth_and_keeps_empty_branches():
    pure = NestedDict(a=NestedDict(b=FrozenDict(c=1)), d={}).to_pure_dict()
    assert pure == {"a": {"b": {"c": 1}}, "d": {}}
    assert {type(pure), type(pure["a"]), type(pure["a"]["b"]), type(pure["d"])} == {dict}


def test_replace_by_pure_dict_takes_values():
    d = NestedDict(a=FakeState(1), b={"c": FakeRef(2), "d": "text"}, e=5)
    d.replace_by_pure_dict({"a": 10, "b": {"c": 20, "d": "new"}})
    assert (d["a"].value, d["b"]["c"].value, d["b"]["d"], d["e"]) == (10, 20, "new", 5)
    assert type(d["b"]["c"]) is FakeRef
    d.replace_by_pure_dict({"e": 1}, replace_fn=lambda old, new: old + new)
    assert d["e"] == 6
    with pytest.raises(ValueError, match=r"entries of this dictionary only. Got \('z',\)"):
        d.replace_by_pure_dict({"z": 1})


def test_dict_values_are_read_from_and_written_into_states():
    state = FakeState(1)
    d = FlattedDict({("a",): state, ("b",): 2})
    assert d.to_dict_values() == {("a",): 1, ("b",): 2}
    d.assign_dict_values({("a",): 10, ("b",): 20})
    assert (d[("a",)], state.value, d[("b",)]) == (state, 10, 20)


def test_assign_dict_values_changes_nothing_if_a_key_is_missing():
    state = FakeState(1)
    with pytest.raises(KeyError, match=r"`data` must have every key of this dictionary. Got none for \('b',\)"):
        FlattedDict({("a",): state, ("b",): 2}).assign_dict_values({("a",): 10})
    assert state.value == 1


def test_treefy_state_makes_references_of_states():
    assert NestedDict(a=FakeState(1), b={"c": 2}).treefy_state() == {"a": ("ref", 1), "b": {"c": 2}}


@pytest.mark.parametrize("kind", [NestedDict, FlattedDict])
def test_dictionaries_are_nodes_of_equal_structure_whatever_the_order(kind):
    x, y = kind({("b",): 2, ("a",): 1}), kind({("a",): 1, ("b",): 2})
    assert _tree.leaves(x) == [1, 2]
    assert _tree.structure(x) == _tree.structure(y)
    doubled = _tree.map(lambda v: 2 * v, x)
    assert type(doubled) is kind
    assert doubled == {("a",): 2, ("b",): 4}


def test_keys_that_cannot_be_sorted_still_have_one_order():
    x, y = FlattedDict({("a", 0): 1, ("a", "b"): 2}), FlattedDict({("a", "b"): 2, ("a", 0): 1})
    assert _tree.structure(x) == _tree.structure(y)


def test_empty_node_is_a_node_without_leaves():
    assert _tree.map(lambda x: x + 1, {"a": 1, "b": EmptyNode()}) == {"a": 2, "b": EmptyNode()}
    assert {EmptyNode(): repr(EmptyNode())} == {EmptyNode(): "{}"}


@pytest.mark.parametrize("remade", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_dictionaries_can_be_copied_and_pickled(remade):
    made = remade(NestedDict(NESTED))
    assert type(made) is NestedDict
    assert made == NESTED
