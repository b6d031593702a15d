import copy as copying
import pickle

import pytest
import torch

from brainstate_torch import _tree
from brainstate_torch.util import FrozenDict, copy, freeze, pop, pretty_repr, unfreeze

PLAIN = {"a": 1, "b": {"c": 2}}


@pytest.mark.parametrize(
    "made",
    [FrozenDict(PLAIN), FrozenDict(PLAIN.items()), FrozenDict(**PLAIN), freeze(PLAIN), freeze(freeze(PLAIN))],
)
def test_frozen_dict_reads_like_a_dict(made):
    assert made == PLAIN
    assert (list(made), len(made), "a" in made, made.get("z", 5)) == (["a", "b"], 2, True, 5)
    assert (made["b"]["c"], type(made["b"])) == (2, FrozenDict)
    assert dict(made.items()) == PLAIN
    assert made != {"a": 1}
    assert made != 3


def test_freeze_gives_back_what_is_frozen():
    frozen = freeze(PLAIN)
    assert freeze(frozen) is frozen


@pytest.mark.parametrize("change", [lambda d: d.__setitem__("a", 2), lambda d: d.pop("z"), lambda d: d["z"]])
def test_frozen_dict_has_no_way_to_change(change):
    frozen = freeze(PLAIN)
    with pytest.raises((AttributeError, KeyError)):
        change(frozen)
    with pytest.raises(TypeError, match=r"does not support item assignment"):
        frozen["a"] = 2
    with pytest.raises(TypeError, match=r"does not support item deletion"):
        del frozen["b"]["c"]
    assert frozen == PLAIN


def test_frozen_dict_does_not_follow_changes_of_its_source():
    source = {"a": {"b": 1}}
    frozen = freeze(source)
    source["a"]["b"] = 2
    unfreeze(frozen)["a"]["b"] = 3
    assert frozen["a"]["b"] == 1


def test_equal_frozen_dicts_hash_equally():
    assert hash(freeze({"a": 1, "b": {"c": 2}})) == hash(freeze({"b": {"c": 2}, "a": 1}))
    assert len({freeze(PLAIN), freeze(PLAIN), freeze({"a": 2})}) == 2


@pytest.mark.parametrize("make, kind", [(freeze, FrozenDict), (dict, dict)])
def test_copy_and_pop_treat_both_kinds_alike(make, kind):
    d = make(PLAIN)
    added = copy(d, {"a": 5, "e": 6})
    rest, value = pop(d, "a")
    assert (added, rest, value) == ({"a": 5, "b": {"c": 2}, "e": 6}, {"b": {"c": 2}}, 1)
    assert (type(copy(d)), type(added), type(rest)) == (kind, kind, kind)
    assert d == PLAIN
    with pytest.raises(KeyError, match=r"z"):
        pop(d, "z")


@pytest.mark.parametrize("call", [lambda: copy([1]), lambda: pop([1], 0)])
def test_copy_and_pop_need_a_dictionary(call):
    with pytest.raises(TypeError, match=r"`x` must be a FrozenDict or dict. Got list."):
        call()


def test_unfreeze_is_plain_at_every_depth():
    plain = freeze(PLAIN).unfreeze()
    assert plain == unfreeze(freeze(PLAIN)) == PLAIN
    assert (type(plain), type(plain["b"]), unfreeze(3)) == (dict, dict, 3)


@pytest.mark.parametrize("remade", [copying.copy, copying.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_frozen_dict_can_be_copied_and_pickled(remade):
    assert remade(freeze(PLAIN)) == freeze(PLAIN)
    assert hash(remade(freeze(PLAIN))) == hash(freeze(PLAIN))


def test_frozen_dict_is_a_node_whatever_the_order():
    x, y = FrozenDict(b=2, a={"c": 1}), FrozenDict(a={"c": 1}, b=2)
    assert _tree.leaves(x) == [1, 2]
    assert _tree.structure(x) == _tree.structure(y)
    assert _tree.map(lambda v: 2 * v, x) == FrozenDict(a={"c": 2}, b=4)
    assert _tree.leaves(FrozenDict({1: "x", "1": "y"})) == ["x", "y"]


@pytest.mark.parametrize(
    "x, text",
    [
        (freeze(PLAIN), "FrozenDict({\n  'a': 1,\n  'b': {\n    'c': 2\n  }\n})"),
        (PLAIN, "{\n  'a': 1,\n  'b': {\n    'c': 2\n  }\n}"),
        (FrozenDict(), "FrozenDict({})"),
        ({"a": {}}, "{\n  'a': {}\n}"),
        ({"w": torch.zeros(3)}, "{\n  'w': float32[3]\n}"),
        ([1, "a"], "[1, 'a']"),
    ],
)
def test_pretty_repr_shows_one_entry_per_line(x, text):
    assert pretty_repr(x) == text


def test_pretty_repr_indents_as_asked():
    assert freeze(PLAIN).pretty_repr(1) == pretty_repr(freeze(PLAIN), 1)
    assert pretty_repr({"a": {"b": 1}}, indent=4) == "{\n    'a': {\n        'b': 1\n    }\n}"
    assert repr(freeze(PLAIN)) == freeze(PLAIN).pretty_repr()
