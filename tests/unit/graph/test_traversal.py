import pytest

from brainstate_torch import HiddenState, ParamState, ShortTermState, State, _tree
from brainstate_torch.graph import Node, iter_leaf, iter_node, nodes, states
from brainstate_torch.util import FlattedDict, PathContains


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


def tree():
    """A root with a child in a list and a grandchild, and one State each."""
    grandchild = Net(w=ParamState(3.0))
    child = Net(w=ParamState(2.0), inner=grandchild)
    return Net(z=ParamState(1.0), layers=[child], rate=0.5, nothing=None)


def test_iter_leaf_visits_sorted_names_and_skips_none():
    assert [path for path, _ in iter_leaf(tree())] == [
        ("layers", 0, "inner", "w"),
        ("layers", 0, "w"),
        ("rate",),
        ("z",),
    ]


def test_iter_node_gives_children_before_parents():
    root = tree()
    assert list(iter_node(root)) == [
        (("layers", 0, "inner"), root.layers[0].inner),
        (("layers", 0), root.layers[0]),
        ((), root),
    ]


@pytest.mark.parametrize(
    ("levels", "of_states", "of_nodes"),
    [
        ((0, 0), {("z",)}, {()}),
        ((1, 1), {("layers", 0, "w")}, {("layers", 0)}),
        ((0, 1), {("z",), ("layers", 0, "w")}, {(), ("layers", 0)}),
        ((2, 9), {("layers", 0, "inner", "w")}, {("layers", 0, "inner")}),
        ((3, 9), set(), set()),
    ],
)
def test_allowed_hierarchy_counts_nodes_and_not_containers(levels, of_states, of_nodes):
    assert set(states(tree(), allowed_hierarchy=levels)) == of_states
    assert set(nodes(tree(), allowed_hierarchy=levels)) == of_nodes


def test_allowed_hierarchy_starts_at_a_container():
    assert set(states([State(1.0), Net(w=State(2.0))], allowed_hierarchy=(0, 0))) == {(0,)}
    assert set(nodes([Net()], allowed_hierarchy=(1, 1))) == {(0,)}


def test_shared_objects_are_met_once_under_the_first_path():
    w, part = State(1.0), Net(h=State(2.0))
    root = Net(b=part, a=w, c=[part, w])
    assert states(root) == {("a",): w, ("b", "h"): part.h}
    assert nodes(root) == {("b",): part, (): root}


def test_equal_leaves_that_are_not_states_are_all_met():
    assert list(iter_leaf([5, 5, "a", "a"])) == [((0,), 5), ((1,), 5), ((2,), "a"), ((3,), "a")]


def test_cycles_end():
    root = Net(w=State(1.0))
    root.child = Net(parent=root)
    assert list(nodes(root)) == [("child",), ()]
    assert list(states(root)) == [("w",)]


def test_children_that_a_container_makes_anew_are_all_met():
    class Squares:
        def __init__(self, *numbers):
            self.numbers = numbers

    _tree.register(Squares, lambda x: ([[n * n] for n in x.numbers], None), lambda values, _: Squares(*values))
    assert [x for _, x in iter_leaf(Squares(*range(50)))] == [n * n for n in range(50)]


def test_states_of_what_is_no_graph_are_none():
    assert states(3) == nodes("text") == {}
    w = State(1.0)
    assert states(w) == {(): w}


def test_filters_take_each_state_once_and_drop_the_rest():
    cell = Net(w=ParamState(1.0), h=ShortTermState(0.0, tag="slow"), n=State(0))
    assert type(states(cell, ParamState)) is FlattedDict
    assert list(states(cell, ParamState)) == [("w",)]
    params, slow = states(cell, ParamState, "slow")
    assert (list(params), list(slow)) == ([("w",)], [("h",)])
    everything, nothing = states(cell, State, ...)
    assert (len(everything), len(nothing)) == (3, 0)
    assert list(states(cell, [ParamState, PathContains("n")])) == [("n",), ("w",)]
    assert list(nodes(cell, HiddenState, Net)[1]) == [()]


@pytest.mark.parametrize("select", [states, nodes])
def test_filters_must_have_everything_last(select):
    with pytest.raises(ValueError, match="only at the end"):
        select(tree(), ..., ParamState)


def test_filters_must_be_filters():
    with pytest.raises(TypeError, match="Invalid collection filter"):
        states(tree(), 3.5)
