import types

import pytest
from torch.utils._pytree import GetAttrKey, MappingKey, SequenceKey

from brainstate_torch.util import All, Any, Everything, Not, Nothing, OfType, PathContains, WithTag, to_predicate
from brainstate_torch.util.filter import partition


def tagged(tag):
    return types.SimpleNamespace(tag=tag)


def is_long(path, x):
    return len(path) > 1


class Unhashable:
    __hash__ = None

    def __eq__(self, other):
        return isinstance(other, Unhashable)

    def __call__(self, path, x):
        return True


@pytest.mark.parametrize(
    "the_filter, expected",
    [
        ("slow", WithTag("slow")),
        (int, OfType(int)),
        (True, Everything()),
        (..., Everything()),
        (False, Nothing()),
        (None, Nothing()),
        (["slow", int], Any("slow", int)),
        (("slow", int), Any("slow", int)),
        (is_long, is_long),
        (OfType(int), OfType(int)),
    ],
)
def test_to_predicate_turns_each_kind_of_filter(the_filter, expected):
    assert to_predicate(the_filter) == expected


@pytest.mark.parametrize("the_filter", [3, 2.5, {"a": 1}, {1}])
def test_to_predicate_refuses_other_kinds(the_filter):
    message = f"`the_filter` must be a type, a string.*Got {type(the_filter).__name__}"
    with pytest.raises(TypeError, match=message):
        to_predicate(the_filter)


@pytest.mark.parametrize(
    "tag, matches",
    [("slow", True), ("slower", False), (["a", "slow"], True), (("a",), False), ({"slow"}, True), (3, False)],
)
def test_with_tag_matches_a_tag_or_a_member_of_the_tags(tag, matches):
    assert WithTag("slow")((), tagged(tag)) is matches


def test_with_tag_matches_nothing_without_tag():
    assert WithTag("slow")((), object()) is False


def test_with_tag_refuses_other_tags():
    with pytest.raises(TypeError, match=r"`tag` must be a str. Got list."):
        WithTag(["slow"])


@pytest.mark.parametrize("path", [("a", "w"), (MappingKey("w"),), (GetAttrKey("w"), 0)])
def test_path_contains_finds_plain_keys_and_keys_of_key_paths(path):
    assert PathContains("w")(path, None)
    assert not PathContains("v")(path, None)


def test_path_contains_finds_an_index():
    assert PathContains(1)((SequenceKey(1),), None)


@pytest.mark.parametrize(
    "x, matches",
    [
        (True, True),
        (2.5, False),
        (types.SimpleNamespace(type=bool), True),
        (types.SimpleNamespace(type=str), False),
        (types.SimpleNamespace(type="int"), False),
    ],
)
def test_of_type_matches_instances_and_references(x, matches):
    assert OfType(int)((), x) is matches


@pytest.mark.parametrize("x, in_any, in_all", [(tagged("slow"), True, False), (2, True, False), ("a", False, False)])
def test_combinations_are_or_and_and(x, in_any, in_all):
    assert Any("slow", int)((), x) is in_any
    assert All("slow", int)((), x) is in_all
    assert Not(Any("slow", int))((), x) is not in_any


def test_all_matches_what_every_filter_matches():
    assert All(int, PathContains("w"))(("w",), 2)


def test_empty_combinations_are_nothing_and_everything():
    assert not Any()((), 1)
    assert All()((), 1)


@pytest.mark.parametrize(
    "a, b",
    [
        (Any(int, "t"), Any(int, "t")),
        (All(int), All(OfType(int))),
        (Not(int), Not(int)),
        (Everything(), Everything()),
        (Nothing(), Nothing()),
        (PathContains("a"), PathContains("a")),
        (Any(Unhashable()), Any(Unhashable())),
        (Not(Unhashable()), Not(Unhashable())),
    ],
)
def test_filters_of_equal_parts_are_equal_and_hash_equally(a, b):
    assert a == b
    assert hash(a) == hash(b)


@pytest.mark.parametrize("other", [All(int), Any(str), Any(int, int), Nothing(), OfType(int), 3])
def test_filters_of_other_parts_differ(other):
    assert Any(int) != other


@pytest.mark.parametrize(
    "the_filter, text",
    [
        (Any("a", PathContains("b")), "Any(WithTag('a'), PathContains('b'))"),
        (All(int), f"All(OfType({int!r}))"),
        (Not("a"), "Not(WithTag('a'))"),
        (Everything(), "Everything()"),
        (Nothing(), "Nothing()"),
    ],
)
def test_filters_show_their_parts(the_filter, text):
    assert repr(the_filter) == text


def test_partition_gives_an_element_to_the_first_filter_that_matches():
    items = {"a": 1, "b": True, "c": "x", "d": 2.5}.items()
    assert partition(items, [bool, int, Nothing()]) == [{"b": True}, {"a": 1}, {}, {"c": "x", "d": 2.5}]
    assert partition(items, [str, ..., True]) == [{"c": "x"}, {"a": 1, "b": True, "d": 2.5}, {}, {}]


@pytest.mark.parametrize("everything", [..., True])
def test_partition_refuses_filters_after_one_that_matches_everything(everything):
    with pytest.raises(ValueError, match=r"only at the end. Got (Ellipsis|True) at index 1 of 3"):
        partition([], [int, everything, str])
