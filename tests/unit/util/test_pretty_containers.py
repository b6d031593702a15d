import pytest

from brainstate_torch import _tree
from brainstate_torch.util import NestedDict, PrettyDict, PrettyList


def test_pretty_dict_has_its_entries_as_attributes():
    d = PrettyDict(a=1, b={"c": 2})
    assert (d.a, d.b["c"], d.to_dict()) == (1, 2, {"a": 1, "b": {"c": 2}})
    assert type(d.to_dict()) is dict


@pytest.mark.parametrize("kind", [KeyError, AttributeError])
def test_pretty_dict_without_a_key_raises_both_errors(kind):
    with pytest.raises(kind, match=r"NestedDict has no key 'a'"):
        _ = NestedDict().a
    assert not hasattr(NestedDict(), "a")


@pytest.mark.parametrize("call", [lambda d: d.split(...), lambda d: d.filter(...), lambda d: d.merge(d)])
def test_pretty_dict_has_no_paths(call):
    with pytest.raises(NotImplementedError, match=r"PrettyDict has no paths. Use NestedDict or FlattedDict."):
        call(PrettyDict(a=1))


def test_merge_into_a_pretty_dict_is_refused():
    with pytest.raises(NotImplementedError, match=r"PrettyDict has no paths"):
        PrettyDict.merge(NestedDict(a=1))


@pytest.mark.parametrize(
    "x, text",
    [
        (PrettyDict(a=1, b={"c": [2]}), "{\n  'a': 1,\n  'b': {'c': [2]}\n}"),
        (PrettyDict(a=PrettyDict(b=1)), "{\n  'a': {\n    'b': 1\n  }\n}"),
        (PrettyDict(), "{}"),
        (PrettyList([1, "a", [2]]), "[\n  1,\n  a,\n  [2]\n]"),
        (PrettyList(), "[]"),
    ],
)
def test_pretty_containers_show_one_entry_per_line(x, text):
    assert repr(x) == text


def test_pretty_list_is_a_node():
    x = PrettyList([1, [2]])
    doubled = _tree.map(lambda v: 2 * v, x)
    assert type(doubled) is PrettyList
    assert doubled == [2, [4]]
    assert x.tree_flatten() == ([1, [2]], ())
    assert PrettyList.tree_unflatten((), [1]) == [1]
