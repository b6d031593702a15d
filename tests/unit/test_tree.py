"""brainstate_torch._tree."""

from collections import OrderedDict, defaultdict, deque, namedtuple

import pytest
import torch

from brainstate_torch import _tree, util

Point = namedtuple("Point", "x y")
ARRAY = torch.arange(3)


class Pair:
    """A node of our own: two children and a label that is structure."""

    def __init__(self, left, right, label):
        self.left, self.right, self.label = left, right, label


_tree.register(Pair, lambda p: ((p.left, p.right), p.label), lambda children, label: Pair(*children, label))


@pytest.mark.parametrize(
    ("tree", "leaves"),
    [
        (5, [5]),
        (None, []),
        ("text", ["text"]),
        (ARRAY, [ARRAY]),
        ([], []),
        ([1, (2, [3])], [1, 2, 3]),
        ({"b": 1, "a": [2, None]}, [2, 1]),
        ({"a": 1, 2: 3, (): 4}, [3, 1, 4]),
        ({"b": {"d": 1, "c": 2}, "a": 3}, [3, 2, 1]),
        (OrderedDict(b=1, a=2), [1, 2]),
        (defaultdict(list, b=1, a=2), [2, 1]),
        (Point(1, (2, 3)), [1, 2, 3]),
        (deque([1, 2], maxlen=2), [1, 2]),
        (slice(1, 2), [slice(1, 2)]),
        ({1, 2}, [{1, 2}]),
        (torch.max(torch.tensor([1.0, 3.0]), 0), [torch.tensor(3.0), torch.tensor(1)]),
    ],
)
def test_flatten_gives_the_leaves_and_unflatten_the_tree(tree, leaves):
    found, spec = _tree.flatten(tree)
    assert found == leaves
    back = _tree.unflatten(spec, found)
    assert type(back) is type(tree)
    assert back is tree if tree is ARRAY else back == tree
    assert _tree.structure(back) == spec
    assert spec.size == len(leaves)


def test_unflatten_keeps_what_a_container_has_besides_its_children():
    spec = _tree.structure([deque([1], maxlen=4), defaultdict(set, a=1), OrderedDict(b=1, a=2), Pair(1, 2, "p")])
    bounded, default, ordered, pair = _tree.unflatten(spec, [10, 20, 30, 40, 50, 60])
    assert bounded.maxlen == 4
    assert default["missing"] == set()
    assert list(ordered.items()) == [("b", 30), ("a", 40)]
    assert (pair.left, pair.right, pair.label) == (50, 60, "p")


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ({"a": 1, "b": 2}, {"b": 3, "a": 4}, True),
        ({"a": 1, "b": (2,)}, {"b": 3, "a": (4,)}, False),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1}, OrderedDict(a=1), False),
        (OrderedDict(a=1, b=2), OrderedDict(b=1, a=2), False),
        (defaultdict(list, a=1, b=2), defaultdict(list, b=1, a=2), True),
        ({"a": {"x": 1, 2: 3}}, {"a": {2: 3, "x": 1}}, True),
        ([1], (1,), False),
        ([1, 2], [1, [2]], False),
        ([None, 1], [1, None], False),
        (Point(1, 2), (1, 2), False),
        (Point(1, 2), Point("a", ARRAY), True),
        (Pair(1, 2, "p"), Pair(3, 4, "p"), True),
        (Pair(1, 2, "p"), Pair(1, 2, "q"), False),
        (1, [1], False),
        (None, [], False),
    ],
)
def test_structures_are_equal_where_types_keys_and_contexts_are(one, other, equal):
    a, b = _tree.structure(one), _tree.structure(other)
    assert (a == b) is (b == a) is equal
    if equal:
        assert hash(a) == hash(b)
    assert a != "something else"


@pytest.mark.parametrize(
    ("tree", "text"),
    [
        (1, "*"),
        (None, "None"),
        ([1, (2,), (3, 4)], "[*, (*,), (*, *)]"),
        ({"a": [None]}, "{'a': [None]}"),
        (OrderedDict(b=1, a=2), "OrderedDict({'b': *, 'a': *})"),
        (Point(1, 2), "Point(*, *)"),
        (Pair(1, 2, "p"), "Pair[p](*, *)"),
    ],
)
def test_structure_shows_itself_in_short(tree, text):
    assert repr(_tree.structure(tree)) == text


def test_is_leaf_stops_at_a_node():
    def is_point(x):
        return isinstance(x, Point)

    tree = [Point(1, 2), (3, Point(4, 5))]
    assert _tree.leaves(tree, is_leaf=is_point) == [Point(1, 2), 3, Point(4, 5)]
    assert _tree.structure(tree, is_leaf=is_point) == _tree.structure([0, (0, 0)])


def test_map_takes_trees_that_go_deeper_and_dicts_in_any_order():
    first = {"a": 1, "b": [2, None]}
    second = {"b": [(20, 21), None], "a": 10}
    assert _tree.map(lambda x, y: (x, y), first, second) == {"a": (1, 10), "b": [(2, (20, 21)), None]}
    assert _tree.map(lambda x: x + 1, Point(1, [2])) == Point(2, [3])


@pytest.mark.parametrize(
    ("tree", "other"),
    [
        ([1, 2], [1]),
        ([1, 2], (1, 2)),
        ([1, 2], 3),
        ({"a": 1}, {"b": 1}),
        ({"a": 1}, {"a": 1, "b": 2}),
        (None, 1),
        (Pair(1, 2, "p"), Pair(1, 2, "q")),
        (Point(1, 2), (1, 2)),
    ],
)
def test_map_refuses_trees_of_another_structure(tree, other):
    with pytest.raises(ValueError, match=r"trees must have equal (structure|keys)\. Got .* was expected\."):
        _tree.map(lambda x, y: x, tree, other)


@pytest.mark.parametrize(
    ("tree", "paths"),
    [
        (1, [""]),
        ({"w": [1, 2], "b": 3}, ["['b']", "['w'][0]", "['w'][1]"]),
        ((1, None, Point(2, 3)), ["[0]", "[2][0]", "[2][1]"]),
    ],
)
def test_paths_index_the_tree(tree, paths):
    found = _tree.leaves_with_path(tree)
    assert [path for path, _ in found] == paths
    assert all(eval(f"tree{path}", {"tree": tree}) is leaf for path, leaf in found)


def test_a_dict_is_rebuilt_in_the_order_that_it_had_and_canonical_sorts_it():
    tree = {"b": 1, "a": [{"d": 2, "c": 3}]}
    values, spec = _tree.flatten(tree)
    assert values == [3, 2, 1]
    back = _tree.unflatten(spec, values)
    assert (list(back), list(back["a"][0])) == (["b", "a"], ["d", "c"])
    assert back == tree
    in_order = _tree.canonical(tree)
    assert (list(in_order), list(in_order["a"][0])) == (["a", "b"], ["c", "d"])
    assert in_order == tree
    assert _tree.canonical(in_order) is in_order
    assert [values[i] for i in spec.shown()] == [1, 2, 3]
    assert _tree.structure([1, (2, 3)]).shown() == [0, 1, 2]


@pytest.mark.parametrize("keys", [["b", "a"], [1, "a", (2,)], [("a", 0), ("a", "b")]])
def test_leaves_of_equal_structure_have_equal_places_for_keys_of_any_kind(keys):
    one, other = {key: str(key) for key in keys}, {key: str(key) for key in reversed(keys)}
    assert _tree.structure(one) == _tree.structure(other)
    assert _tree.leaves(one) == _tree.leaves(other)
    assert list(_tree.keys_of(one)) == list(_tree.keys_of(other)) == _tree.sorted_keys(one)


@pytest.mark.parametrize("kind", [util.DotDict, util.DictManager, util.FrozenDict, util.FlattedDict, util.PrettyDict])
def test_the_mappings_of_this_package_have_their_leaves_in_sorted_order(kind):
    one, other = kind({"b": 1, "a": 2}), kind({"a": 2, "b": 1})
    assert _tree.leaves(one) == [2, 1]
    assert _tree.structure(one) == _tree.structure(other)
    assert type(_tree.map(lambda x: x, one)) is kind
    assert list(_tree.keys_of(one)) == ["a", "b"]


def test_a_registered_leaf_is_not_taken_apart():
    class Tagged(list):
        pass

    _tree.register_leaf(Tagged)
    tagged = Tagged([1, 2])
    assert _tree.leaves([tagged]) == [tagged]
