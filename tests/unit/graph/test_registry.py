from collections import OrderedDict, defaultdict, namedtuple

import pytest
import torch

from brainstate_torch import State, _tree, units, util
from brainstate_torch.graph import Static, flatten, nodes, register_graph_node_type, states, treefy_merge, treefy_split
from brainstate_torch.graph.registry import NodeType, children, contents, keys_of, node_type, rebuilt

Pair = namedtuple("Pair", ["y", "x"])


@util.dataclass
class Point:
    y: object
    x: object
    name: str = util.field(pytree_node=False, default="p")


class Bag:
    def __init__(self, **items):
        self.items = items


register_graph_node_type(
    Bag,
    flatten=lambda bag: (sorted(bag.items.items()), "bag"),
    set_key=lambda bag, key, value: bag.items.__setitem__(key, value),
    pop_key=lambda bag, key: bag.items.pop(key),
    create_empty=lambda metadata: Bag(made_from=metadata),
    clear=lambda bag: bag.items.clear(),
)

CONTAINERS = [
    ([1, None, 2], [(0, 1), (2, 2)]),
    ((1, 2), [(0, 1), (1, 2)]),
    ((), []),
    ({"b": 1, "a": 2, "n": None}, [("a", 2), ("b", 1)]),
    ({"b": 1, 0: 2}, [(0, 2), ("b", 1)]),
    (OrderedDict(b=1, a=2), [("a", 2), ("b", 1)]),
    (defaultdict(list, b=1, a=2), [("a", 2), ("b", 1)]),
    (Pair(1, 2), [("y", 1), ("x", 2)]),
    (Point(1, 2, "q"), [("y", 1), ("x", 2)]),
    (util.NestedDict(b=1, a=2), [("a", 2), ("b", 1)]),
    (util.FlattedDict({("b", 0): 1, ("a",): 2}), [(("a",), 2), (("b", 0), 1)]),
    (util.FrozenDict({"b": 1, "a": 2}), [("a", 2), ("b", 1)]),
    (util.DotDict(b=1, a=2), [("a", 2), ("b", 1)]),
    (util.DictManager({"b": 1, "a": 2}), [("a", 2), ("b", 1)]),
    (util.PrettyList([1, 2]), [(0, 1), (1, 2)]),
    (units.Quantity(3.0, units.mV), [(0, 3.0)]),
    (Static(1), []),
    (None, []),
]


@pytest.mark.parametrize(("container", "items"), CONTAINERS, ids=lambda x: type(x).__name__)
def test_contents_gives_children_by_sorted_key_and_rebuilt_undoes_it(container, items):
    found, spec = contents(container)
    assert [key for key, _ in found] == [key for key, _ in items]
    assert found == items == children(container)
    again = rebuilt(spec, reversed(found))
    assert type(again) is type(container) and again == container
    if isinstance(container, dict) and type(container) is not util.FlattedDict:
        assert set(keys_of(spec)) == set(container)


def test_rebuilt_keeps_the_order_of_a_dict():
    assert list(rebuilt(contents({"b": 1, "a": None, "c": 2})[1], [("c", 3), ("b", 4)])) == ["b", "a", "c"]


@pytest.mark.parametrize("leaf", [1, "text", torch.zeros(2), State(1.0), torch.Size([1])])
def test_children_are_none_for_leaves(leaf):
    assert children(leaf) is None


def test_contents_look_one_level_deep():
    inner = [1]
    assert contents((inner, {}))[0] == [(0, inner), (1, {})]


def test_registered_type_is_a_node_and_its_subclass_is_not():
    class Sack(Bag):
        pass

    assert node_type(Bag) is not None and node_type(Sack) is None
    assert children(Bag(b=1, a=2)) == [("a", 2), ("b", 1)]
    assert list(states([Bag(w=State(1.0)), Sack(w=State(1.0))])) == [(0, "w")]


def test_registered_type_is_made_from_its_metadata():
    again = treefy_merge(*treefy_split(Bag(w=State(1.0))))
    assert again.items["made_from"] == "bag" and again.items["w"].value == 1.0


def test_registered_type_must_give_every_key_once():
    class Twice:
        pass

    register_graph_node_type(Twice, lambda _: ([("x", 1), ("x", 2)], None), None, None, None, None)
    with pytest.raises(ValueError, match=r"Duplicate child keys: `flatten` of Twice.*\['x', 'x'\]"):
        flatten(Twice())


def test_static_is_structure():
    tree = [Static("fast"), 1]
    leaves, spec = _tree.flatten(tree)
    assert leaves == [1] and _tree.unflatten(spec, [2]) == [Static("fast"), 2]
    assert spec == _tree.structure([Static("fast"), 0]) != _tree.structure([Static("slow"), 0])


def test_a_base_makes_nodes_of_its_subclasses_that_are_not_listed(monkeypatch):
    from brainstate_torch.graph import registry

    class Base:
        pass

    class Child(Base):
        def __init__(self):
            self.w = State(1.0)

    monkeypatch.setattr(registry, "_BASES", dict(registry._BASES))
    how = NodeType(lambda x: (sorted(vars(x).items()), None), setattr, None, None, None, listed=False)
    registry.register_base(Base, how)
    child = Child()
    assert list(states([child])) == [(0, "w")]
    assert node_type(Child) is how and not nodes([child])
    assert node_type(int) is None
