import pytest
from hypothesis import given
from hypothesis import strategies as st

from brainstate_torch import _tree
from brainstate_torch._tree import sorted_keys
from brainstate_torch.util import flatten_dict, merge_dicts, unflatten_dict

trees = st.recursive(
    st.integers(),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
).map(lambda x: x if isinstance(x, dict) else {"x": x})


@pytest.mark.parametrize(
    "recursive, expected",
    [(True, {"a": {"x": 1, "y": 3, "z": 4}, "b": 5}), (False, {"a": {"y": 3, "z": 4}, "b": 5})],
)
def test_merge_dicts_lets_the_last_one_win(recursive, expected):
    first, second = {"a": {"x": 1, "y": 2}}, {"a": {"y": 3, "z": 4}, "b": 5}
    assert merge_dicts(first, second, recursive=recursive) == expected
    assert first == {"a": {"x": 1, "y": 2}}


def test_merge_dicts_refuses_what_is_no_dict():
    with pytest.raises(TypeError, match=r"`dicts` must all be dicts. Got list."):
        merge_dicts({}, [1])


@pytest.mark.parametrize(
    "d, options, flat",
    [
        ({"a": {"b": {"c": 1}}, "d": 2}, {}, {"a.b.c": 1, "d": 2}),
        ({"a": {"b": 1}}, {"sep": "-"}, {"a-b": 1}),
        ({"a": {"b": 1}}, {"parent_key": "p"}, {"p.a.b": 1}),
        ({"a": {}, "b": {"c": {}}}, {}, {"a": {}, "b.c": {}}),
        ({0: {"a": 1}, 1: 2}, {}, {"0.a": 1, 1: 2}),
    ],
)
def test_flatten_dict_joins_keys(d, options, flat):
    assert flatten_dict(d, **options) == flat


@given(trees)
def test_unflatten_dict_gives_back_what_flatten_dict_took(tree):
    flat = flatten_dict(tree)
    assert unflatten_dict(flat) == tree
    assert all(value == {} or not isinstance(value, dict) for value in flat.values())


def test_unflatten_dict_keeps_keys_that_are_no_texts():
    assert unflatten_dict({1: 2, "a.b": 3}) == {1: 2, "a": {"b": 3}}


def test_unflatten_dict_does_not_share_dicts_with_its_argument():
    flat = {"a": {}}
    unflatten_dict(flat)["a"]["b"] = 1
    assert flat == {"a": {}}


@pytest.mark.parametrize("function", [flatten_dict, unflatten_dict])
def test_dicts_are_required(function):
    with pytest.raises(TypeError, match=r"`d` must be a dict. Got list."):
        function([])


@pytest.mark.parametrize("d", [{"a.b": 1, "a": {"b": 2}}, {"a": {"b": 2}, "a.b": {}}])
def test_flatten_dict_refuses_two_values_for_one_key(d):
    with pytest.raises(ValueError, match=r"duplicate key 'a.b'"):
        flatten_dict(d)


def test_flatten_dict_needs_texts_below_the_first_level():
    with pytest.raises(TypeError, match=r"string keys below its first level. Got 1"):
        flatten_dict({"a": {1: 2}})


@pytest.mark.parametrize(
    "d, message",
    [
        ({"a": 1, "a.b": 2}, "must not continue the path of another value"),
        ({"a.b": 1, "a": 2}, "must lead to one value"),
        ({"a..b": 1}, "`d` must have keys without empty parts. Got 'a..b' with separator '.'"),
        ({"": 1}, "without empty parts"),
    ],
)
def test_unflatten_dict_refuses_keys_that_conflict(d, message):
    with pytest.raises(ValueError, match=message):
        unflatten_dict(d)


@pytest.mark.parametrize("keys", [["b", "a"], [1, "a", (2,)], [("a", 0), ("a", "b")]])
def test_sorted_keys_do_not_depend_on_the_order_of_insertion(keys):
    assert sorted_keys(dict.fromkeys(keys)) == sorted_keys(dict.fromkeys(reversed(keys)))
    assert set(sorted_keys(dict.fromkeys(keys))) == set(keys)


def test_flat_dicts_are_plain_trees():
    assert _tree.leaves(flatten_dict({"a": {"b": 1}})) == [1]
