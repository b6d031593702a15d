import dataclasses
import pickle

import numpy as np
import pytest
import torch

from brainstate_torch import ParamState, State, _tree
from brainstate_torch.graph import (
    GraphDef,
    Node,
    NodeEdge,
    NodeSpec,
    PytreeEdge,
    StateEdge,
    StateLeafEdge,
    Static,
    StaticEdge,
    graphdef,
)
from brainstate_torch.graph.structure import PytreeType, map_static


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


EDGES = [NodeEdge(1), StateEdge(2, ("a",), State), StateLeafEdge(("b",)), PytreeEdge(None, ()), StaticEdge(7)]


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: type(edge).__name__)
def test_edges_are_equal_by_content_and_frozen(edge):
    assert edge == dataclasses.replace(edge) and hash(edge) == hash(dataclasses.replace(edge))
    assert [edge == other for other in EDGES].count(True) == 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        edge.value = 3


@pytest.mark.parametrize(
    ("a", "b", "equal"),
    [
        (1, 1, True),
        (1, 1.0, False),
        (1, True, False),
        ("x" * 3, "xxx", True),
        ((1, 2), (1, 2), True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1], (1,), False),
        (None, 0, False),
        (torch.ones(2), torch.ones(2), False),
        (np.ones(2), np.ones(2), False),
    ],
)
def test_graphdef_equality_is_that_of_static_attributes(a, b, equal):
    first, second = graphdef(Net(x=a)), graphdef(Net(x=b))
    assert (first == second) is equal
    assert first == graphdef(Net(x=a))
    if equal:
        assert hash(first) == hash(second)


def test_graphdef_does_not_depend_on_values_of_states():
    assert graphdef(Net(w=State(1.0))) == graphdef(Net(w=State(2.0)))
    assert graphdef(Net(w=State(1.0))) != graphdef(Net(w=ParamState(1.0)))


@pytest.mark.parametrize("array", [torch.ones(3), np.ones(3), (1, torch.ones(3)), {1, 2}], ids=str)
def test_graphdef_with_an_array_is_not_hashable(array):
    with pytest.raises(TypeError, match=r"GraphDef is not hashable: every static attribute must have a hash.*without"):
        hash(graphdef(Net(x=array)))


def test_graphdef_names_the_shape_of_the_array_without_hash():
    with pytest.raises(TypeError, match=r"an array has no hash. Got shape \(3,\)"):
        hash(StaticEdge(torch.ones(3)))


def test_static_in_a_graphdef_is_hashable():
    assert hash(graphdef(Net(x=Static("fast")))) == hash(graphdef(Net(x=Static("fast"))))


def test_graphdef_is_a_pytree_without_leaves():
    structure = graphdef(Net(x=1))
    leaves, spec = _tree.flatten(structure)
    assert leaves == [] and _tree.unflatten(spec, []) is structure
    assert spec == _tree.structure(graphdef(Net(x=1))) != _tree.structure(graphdef(Net(x=2)))


def test_graphdef_is_pickled_without_its_hash():
    structure = graphdef(Net(x=1, w=State(1.0)))
    hash(structure)
    again = pickle.loads(pickle.dumps(structure))
    assert again == structure and set(vars(again)) == {"root", "node_specs"}


def test_graphdef_type_and_index_are_those_of_the_root():
    structure = graphdef(Net(inner=Net()))
    assert (structure.type, structure.index) == (Net, 0)
    assert (graphdef([Net()]).type, graphdef([Net()]).index) == (PytreeType, 0)
    back = GraphDef(NodeEdge(3), ())
    assert (back.type, back.index) == (PytreeType, 3)


def test_graphdef_shows_shapes_and_no_contents():
    text = repr(graphdef(Net(x=torch.full((2, 3), 7.0))))
    assert "StaticEdge(value=float32[2, 3])" in text and "7." not in text


def test_map_static_reaches_every_static_value():
    structure = graphdef([1, Net(x=2, inner=Net(y=(3, None)), w=State(4))])
    assert map_static(lambda x: x + 10, structure) == graphdef([11, Net(x=12, inner=Net(y=(13, None)), w=State(4))])


def test_node_spec_is_equal_by_content():
    spec = NodeSpec(Net, 0, (Net,), (("x", StaticEdge(1)),))
    assert spec == graphdef(Net(x=1)).node_specs[0] and hash(spec) == hash(dataclasses.replace(spec))
