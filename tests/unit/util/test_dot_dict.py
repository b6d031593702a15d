import copy
import pickle
from collections import namedtuple
from types import MappingProxyType

import pytest
import torch

from brainstate_torch import _tree
from brainstate_torch.util import DotDict

Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "made",
    [
        DotDict({"a": 1, "b": 2}),
        DotDict(a=1, b=2),
        DotDict([("a", 1), ("b", 2)]),
        DotDict((("a", 1), ("b", 2))),
        DotDict(("a", 1), ("b", 2)),
        DotDict({"a": 0}, None, {"a": 1}, b=2),
        DotDict.from_dict({"a": 1, "b": 2}),
    ],
)
def test_dot_dict_is_made_from_dicts_pairs_and_keywords(made):
    assert made == {"a": 1, "b": 2}


@pytest.mark.parametrize("call", [lambda: DotDict(3), lambda: DotDict().update(3), lambda: DotDict([1, 2])])
def test_dot_dict_refuses_what_holds_no_entries(call):
    with pytest.raises(TypeError, match=r"`args` must be mappings or \(key, value\) pairs. Got (int|list)."):
        call()


def test_attributes_are_keys():
    d = DotDict(a=1)
    d.b = {"c": 2}
    d.b.c = 3
    del d.a
    assert d == {"b": {"c": 3}}
    assert not hasattr(d, "a")
    assert {"b", "keys"} <= set(dir(d))


@pytest.mark.parametrize("call", [lambda d: d.z, lambda d: delattr(d, "z")])
def test_a_missing_attribute_is_an_attribute_error(call):
    with pytest.raises(AttributeError, match=r"'DotDict' object has no attribute 'z'"):
        call(DotDict(a=1))


def test_the_name_of_a_method_cannot_be_assigned():
    with pytest.raises(AttributeError, match=r"must not be named like a built-in method. Got 'keys'."):
        DotDict().keys = 1


def test_dicts_inside_become_dot_dicts_and_back():
    plain = {"a": {"b": 1}, "l": [{"c": 2}], "t": ({"d": 3},), "p": Point({"e": 4}, 5), "n": [[{"f": 6}]]}
    d = DotDict(plain)
    assert (d.a.b, d.l[0].c, d.t[0].d, d.p.x.e, d.p.y, d.n[0][0].f) == (1, 2, 3, 4, 5, 6)
    assert type(d.p) is Point
    back = d.to_dict()
    assert back == plain
    assert {type(x) for x in (back, back["a"], back["l"][0], back["t"][0], back["p"].x, back["n"][0][0])} == {dict}


def test_update_merges_dicts_under_equal_keys():
    d = DotDict(a={"x": 1}, b=1)
    d.update({"a": {"y": 2}}, b={"z": 3})
    assert d == {"a": {"x": 1, "y": 2}, "b": {"z": 3}}
    d.update([("a", 5)])
    assert d.a == 5
    with pytest.raises(TypeError, match=r"at most one positional argument. Got 2."):
        d.update({}, {})


def test_setdefault_gives_the_value_that_is_kept():
    d = DotDict(a=1)
    assert (d.setdefault("a", 5), d.setdefault("b")) == (1, None)
    assert d.setdefault("c", {"x": 1}).x == 1


@pytest.mark.parametrize("other", [{"a": {"y": 2}}, MappingProxyType({"a": {"y": 2}})])
def test_operators_merge_and_leave_the_operands(other):
    d = DotDict(a={"x": 1})
    for made in (d | other, other | d):
        assert type(made) is DotDict
        assert made.a == {"x": 1, "y": 2}
    assert d == {"a": {"x": 1}}
    assert other["a"] == {"y": 2}
    d |= other
    assert d.a.y == 2


def test_operators_refuse_what_is_no_mapping():
    d = DotDict(a=1)
    for operation in (lambda: d | 3, lambda: 3 | d, lambda: d.__ior__(3) is NotImplemented and d + 3):
        with pytest.raises(TypeError, match=r"unsupported operand"):
            operation()


@pytest.mark.parametrize("remade", [DotDict.deepcopy, copy.deepcopy, lambda d: pickle.loads(pickle.dumps(d))])
def test_deep_copies_share_nothing(remade):
    d = DotDict(a={"b": 1})
    made = remade(d)
    made.a.b = 2
    assert (type(made), type(made.a), d.a.b) == (DotDict, DotDict, 1)


def test_copy_shares_values():
    d = DotDict(a={"b": 1})
    assert type(d.copy()) is DotDict
    assert d.copy().a is d.a


def test_dot_dict_is_a_node():
    d = DotDict(a=1, b={"c": 2})
    doubled = _tree.map(lambda v: 2 * v, d)
    assert (type(doubled), doubled.a, doubled.b.c) == (DotDict, 2, 4)


def test_dot_dict_shows_arrays_by_shape():
    assert repr(DotDict(a=torch.zeros(2))) == "DotDict({'a': float32[2]})"
