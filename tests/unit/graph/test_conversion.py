import pytest
import torch

from brainstate_torch import State, TraceContextError, _tree, transform
from brainstate_torch.graph import Node, NodeStates, graph_to_tree, tree_to_graph, treefy_split
from brainstate_torch.typing import Missing
from brainstate_torch.util import FlattedDict


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


def recorder():
    """A split_fn or merge_fn that keeps what it is called with, and what it was."""
    calls = []

    def keep(context, path, prefix, leaf):
        calls.append((path, prefix, leaf))
        return path

    return calls, keep


def test_nodes_in_a_tree_become_references_and_nodes_again():
    w = State(torch.ones(2))
    tree, found = graph_to_tree({"a": Net(w=w, rate=0.5), "b": [Net(w=w), torch.zeros(1), None]})
    assert type(tree["a"]) is NodeStates and tree["b"][1:] == [torch.zeros(1), None]
    assert type(found) is FlattedDict and dict(found) == {(1,): w}
    assert all(isinstance(leaf, torch.Tensor) for leaf in _tree.leaves(tree)) and len(_tree.leaves(tree)) == 2
    again = tree_to_graph(_tree.map(lambda x: x + 1, tree))
    assert again["a"].w is again["b"][0].w and again["a"].rate == 0.5
    assert again["a"].w.value.tolist() == [2.0, 2.0] and w.value.tolist() == [1.0, 1.0]


def test_states_outside_of_nodes_are_left_alone():
    w = State(1.0)
    tree, found = graph_to_tree([w, w])
    assert tree[0] is tree[1] is w and found == {}


def test_trees_of_equal_graphs_have_equal_structure():
    first, second = (graph_to_tree([Net(w=State(torch.ones(2)), rate=0.5)])[0] for _ in range(2))
    assert _tree.structure(first) == _tree.structure(second)
    assert _tree.structure(first) != _tree.structure(graph_to_tree([Net(w=State(torch.ones(2)), rate=1.5)])[0])


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        (Missing, [Missing, Missing, Missing]),
        (None, [None, None, None]),
        (0, [0, 0, 0]),
        ({"a": 0, "b": [1, 2]}, [0, 1, 2]),
        ({"b": None, "a": 0}, [0, None, None]),
        ({"a": None, "b": [1, None]}, [None, 1, None]),
    ],
)
def test_prefix_is_spread_over_the_tree(prefix, expected):
    a, b, c = Net(), Net(), Net()
    calls, keep = recorder()
    tree, _ = graph_to_tree({"a": a, "b": [b, c]}, prefix=prefix, split_fn=keep)
    assert calls == [(("a",), expected[0], a), (("b", 0), expected[1], b), (("b", 1), expected[2], c)]
    assert tree == {"a": ("a",), "b": [("b", 0), ("b", 1)]}


def test_prefix_of_node_states_is_a_leaf_on_the_way_back():
    axes = NodeStates.from_prefixes([0])
    tree, _ = graph_to_tree([Net()])
    calls, keep = recorder()
    tree_to_graph(tree, prefix=[axes], merge_fn=keep)
    assert [(path, prefix) for path, prefix, _ in calls] == [((0,), axes)]


@pytest.mark.parametrize("prefix", [[0, 1, 2], [0], {"a": 0, "b": 1}, [0, [1, 2]]])
def test_prefix_must_fit_the_tree(prefix):
    with pytest.raises(ValueError, match="`prefix` must have the structure of the tree"):
        graph_to_tree([Net(), Net()], prefix=prefix)


def test_other_leaves_are_mapped_only_when_asked():
    _, keep = recorder()
    assert graph_to_tree([1, Net()], split_fn=keep)[0] == [1, (1,)]
    assert graph_to_tree([1, Net()], split_fn=keep, map_non_graph_nodes=True)[0] == [(0,), (1,)]
    assert tree_to_graph([1], merge_fn=keep) == [1]
    assert tree_to_graph([1], merge_fn=keep, map_non_graph_nodes=True) == [(0,)]
    assert tree_to_graph([1, "x"], merge_fn=keep, is_node_leaf=lambda x: x == 1) == [(0,), "x"]


def test_merge_function_must_be_given_for_other_leaves():
    with pytest.raises(ValueError, match=r"`merge_fn` must be given.*Got int at \(0,\)"):
        tree_to_graph([1], map_non_graph_nodes=True)


def test_shared_objects_must_have_one_prefix():
    node, w = Net(), State(1.0)
    for graph in ([node, node], [Net(w=w), Net(w=w)], [Net(x=node), Net(x=node)]):
        graph_to_tree(graph, prefix=0)
        graph_to_tree(graph, prefix=[0, 1], check_aliasing=False)
        with pytest.raises(ValueError, match=r"Inconsistent aliasing: .* with 0 at \(0.*\) and 1 at \(1.*\)"):
            graph_to_tree(graph, prefix=[0, 1])


def test_states_of_a_failed_transform_are_refused():
    made = []

    def fails(x):
        made.append(Net(w=State(x)))
        raise KeyError

    with pytest.raises(KeyError):
        transform.grad(fails)(torch.tensor(1.0))
    with pytest.raises(TraceContextError, match=r"Every State of Net at \(0,\) must be readable"):
        graph_to_tree(made)


def test_node_states_hold_one_or_more_dictionaries():
    structure, refs = treefy_split(Net(w=State(1.0)))
    one = NodeStates.from_split(structure, refs, metadata="m")
    assert one.graphdef is structure and one.state is refs and one.metadata == "m"
    with pytest.raises(ValueError, match=r"must be made with `from_split`.*Got no graphdef"):
        _ = NodeStates.from_states(refs).graphdef
    with pytest.raises(ValueError, match=r"must hold exactly one dictionary. Got 2"):
        _ = NodeStates.from_states(refs, refs).state
    assert NodeStates.from_prefixes([0, 1]).states == (0, 1)
