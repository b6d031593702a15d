import copy

import pytest
import torch

from brainstate_torch import _tree
from brainstate_torch.util import DictManager


def make():
    return DictManager(a=1, b=2.5, c="x", d=4)


@pytest.mark.parametrize(
    "selected, expected",
    [
        (lambda d: d.subset(int), {"a": 1, "d": 4}),
        (lambda d: d.subset((int, str)), {"a": 1, "c": "x", "d": 4}),
        (lambda d: d.subset(lambda v: v in (1, "x")), {"a": 1, "c": "x"}),
        (lambda d: d.not_subset(int), {"b": 2.5, "c": "x"}),
        (lambda d: d.filter_by_predicate(lambda k, v: k == "a" or v == 4), {"a": 1, "d": 4}),
        (lambda d: d.difference_by_keys(["a", "z"]), {"b": 2.5, "c": "x", "d": 4}),
        (lambda d: d.intersection_by_keys(["a", "z"]), {"a": 1}),
        (lambda d: d.difference_by_values([4, 9], by="value"), {"a": 1, "b": 2.5, "c": "x"}),
        (lambda d: d.intersection_by_values([4, 9], by="value"), {"d": 4}),
        (lambda d: d.map_values(str), {"a": "1", "b": "2.5", "c": "x", "d": "4"}),
        (lambda d: d.map_keys(str.upper), {"A": 1, "B": 2.5, "C": "x", "D": 4}),
        (lambda d: d + {"a": 9, "e": 5}, {"a": 9, "b": 2.5, "c": "x", "d": 4, "e": 5}),
        (lambda d: d | {"a": 9}, {"a": 9, "b": 2.5, "c": "x", "d": 4}),
    ],
)
def test_selections_are_new_dictionaries(selected, expected):
    d = make()
    made = selected(d)
    assert type(made) is DictManager
    assert made == expected
    assert d == make()


def test_values_are_compared_by_identity_by_default():
    one, other = torch.ones(2), torch.ones(2)
    d = DictManager(a=one, b=other)
    assert list(d.intersection_by_values([other])) == ["b"]
    assert list(d.difference_by_values([other])) == ["a"]
    d.pop_by_values([one])
    assert list(d) == ["b"]


def test_pop_drops_entries_in_place():
    d = make()
    d.pop_by_keys(["a", "z"])
    d.pop_by_values([4], by="value")
    assert d == {"b": 2.5, "c": "x"}


def test_values_are_compared_in_two_ways_only():
    with pytest.raises(ValueError, match=r"`by` must be 'id' or 'value'. Got 'name'."):
        make().pop_by_values([1], by="name")


def test_split_gives_an_entry_to_the_first_type_that_matches():
    assert make().split(int, (float, int)) == ({"a": 1, "d": 4}, {"b": 2.5}, {"c": "x"})


def test_unique_keeps_the_first_entry_of_every_value():
    one, other = torch.ones(2), torch.ones(2)
    d = DictManager(a=one, b=other, c=one, d=other)
    assert list(d.unique()) == ["a", "b"]
    assert list(d) == ["a", "b", "c", "d"]
    assert d.unique_() is d
    assert list(d) == ["a", "b"]


def test_add_unique_key_accepts_the_same_value_only():
    value = torch.zeros(2)
    d = DictManager()
    d.add_unique_key("a", value)
    d.add_unique_key("a", value)
    assert d["a"] is value
    message = r"Got 'a', which already exists with a different value: float32\[2\], not float32\[3\]."
    with pytest.raises(ValueError, match=message):
        d.add_unique_key("a", torch.zeros(3))


def test_add_unique_value_skips_a_value_that_is_there():
    one, other = torch.zeros(2), torch.zeros(2)
    d = DictManager(a=one)
    assert d.add_unique_value("b", one) is False
    assert d.add_unique_value("c", other) is True
    assert list(d) == ["a", "c"]
    with pytest.raises(ValueError, match=r"already exists with a different value"):
        d.add_unique_value("a", other)
    del d["a"]
    assert d.add_unique_value("b", one) is True


def test_added_values_can_be_checked_by_a_subclass():
    class Ints(DictManager):
        def _check_elem(self, elem):
            if not isinstance(elem, int):
                raise TypeError("int only")

    for add in (Ints().add_unique_key, Ints().add_unique_value):
        with pytest.raises(TypeError, match=r"int only"):
            add("a", "x")
    assert type(Ints(a=1).subset(int)) is Ints


def test_assign_takes_dicts_and_keywords():
    d = make()
    d.assign({"a": 5}, {"e": 6}, f=7)
    assert d == {"a": 5, "b": 2.5, "c": "x", "d": 4, "e": 6, "f": 7}
    with pytest.raises(TypeError, match=r"`args` must be dicts. Got list."):
        d.assign([1])


def test_map_keys_must_keep_keys_distinct():
    with pytest.raises(ValueError, match=r"`func` must keep keys distinct. Got the duplicate 'k'."):
        make().map_keys(lambda k: "k")


@pytest.mark.parametrize("operation", [lambda d: d + 3, lambda d: d | 3])
def test_operators_refuse_what_is_no_mapping(operation):
    with pytest.raises(TypeError, match=r"unsupported operand"):
        operation(make())


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_copies_keep_the_class(copied):
    made = copied(make())
    assert type(made) is DictManager
    assert made == make()
    assert type(made.to_dict()) is dict


def test_dict_manager_is_a_node():
    d = DictManager(x=1, a=2)
    assert _tree.leaves(d) == [2, 1]
    doubled = _tree.map(lambda v: 2 * v, d)
    assert type(doubled) is DictManager
    assert doubled == {"x": 2, "a": 4}


def test_dict_manager_shows_arrays_by_shape():
    assert repr(DictManager(a=torch.zeros(2), b="x")) == "DictManager({'a': float32[2], 'b': 'x'})"
