import operator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from brainstate_torch import ParamState, ShortTermState, State, StateTraceStack, TreefyState, units
from brainstate_torch.graph import (
    GraphDef,
    Node,
    NodeEdge,
    NodeSpec,
    PytreeEdge,
    RefMap,
    StateEdge,
    StateLeafEdge,
    StaticEdge,
    flatten,
    states,
    unflatten,
)
from brainstate_torch.util import NestedDict


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


def test_flatten_gives_nested_references_and_unflatten_the_graph():
    structure, refs = flatten(Net(w=ParamState(torch.ones(2), name="w"), parts=[State(2.0)], mode="fast"))
    assert type(refs) is NestedDict and type(refs["w"]) is TreefyState
    assert refs["w"].type is ParamState and refs["parts"][0].value == 2.0
    again = unflatten(structure, refs)
    assert type(again) is Net and again.mode == "fast" and type(again.parts) is list
    assert (type(again.w), again.w.name, again.w.value.tolist()) == (ParamState, "w", [1.0, 1.0])


def test_flatten_makes_one_edge_kind_for_each_kind_of_value():
    w = State(1.0)
    root = Net(a=w, b=w, c=Net(), d=[1], e=None, f="x")
    spec, inner = flatten(root)[0].node_specs
    edges = dict(spec.fields)
    assert (edges["a"], edges["b"]) == (StateEdge(1, ("a",), State), StateEdge(1, None, State))
    assert (edges["c"], inner) == (NodeEdge(2), NodeSpec(Net, 2, (Net,), ()))
    assert type(edges["d"]) is type(edges["e"]) is PytreeEdge and edges["d"].fields == ((0, StaticEdge(1)),)
    assert edges["f"] == StaticEdge("x")


def test_flatten_can_keep_the_states():
    w = State(1.0)
    structure, found = flatten([w], treefy_state=False)
    assert found[0] is w and unflatten(structure, found)[0] is w


def test_flatten_of_references_is_a_read_and_of_states_is_none():
    w = State(1.0)
    for treefy, read in [(True, [w]), (False, [])]:
        with StateTraceStack() as trace:
            flatten([w], treefy_state=treefy)
        assert trace.states == read


def test_flatten_takes_up_a_table_of_indices():
    w = State(1.0)
    refs = RefMap()
    flatten([w], refs)
    structure, found = flatten(Net(w=w), refs)
    assert structure.root == NodeEdge(1) and dict(structure.node_specs[0].fields) == {"w": StateEdge(0, None, State)}
    assert found == {} and refs[w] == 0


def test_flatten_refuses_another_table():
    with pytest.raises(TypeError, match=r"`ref_index` must be a RefMap. Got dict"):
        flatten(Net(), {})


@pytest.mark.parametrize("root", [State(1.0), 3, torch.zeros(2), object()], ids=lambda x: type(x).__name__)
def test_flatten_refuses_what_is_no_graph(root):
    with pytest.raises(ValueError, match=rf"`node` must be a node or a container. Got {type(root).__name__}"):
        flatten(root)


def test_bare_reference_comes_back_as_a_reference():
    again = unflatten(*flatten(Net(ref=State(torch.arange(3)).to_state_ref())))
    assert type(again.ref) is TreefyState and again.ref.value.tolist() == [0, 1, 2]


def test_quantities_come_back_with_their_unit():
    again = unflatten(*flatten(Net(v=torch.ones(2) * units.mV, w=State(torch.ones(2) * units.ms))))
    assert (again.v / units.mV).tolist() == (again.w.value / units.ms).tolist() == [1.0, 1.0]


def test_containers_are_rebuilt_at_each_place_and_shared_objects_once():
    shared = [State(1.0)]
    first, second = unflatten(*flatten([shared, shared]))
    assert first is not second and first[0] is second[0]


def test_unflatten_takes_a_mapping_by_path():
    structure, refs = flatten(Net(parts=[State(2.0)]))
    assert unflatten(structure, dict(refs.to_flat())).parts[0].value == 2.0


def test_unflatten_fills_and_uses_index_ref():
    w = State(3.0)
    made = {1: w}
    structure, _ = flatten(Net(w=State(1.0)))
    again = unflatten(structure, {}, index_ref=made)
    assert again.w is w and made[0] is again


def test_unflatten_with_a_cache_updates_what_is_there():
    class Hiding(Net):
        graph_invisible_attrs = ("hidden",)

    structure, refs = flatten(Hiding(w=State(1.0)))
    made = {}
    first = unflatten(structure, refs, index_ref=made)
    first.hidden, first.stale = 1, 2
    w = first.w
    for source in (Hiding(w=State(2.0)), Hiding(w=State(3.0))):
        source.w.value += 1
        for treefy in (True, False):
            assert unflatten(*flatten(source, treefy_state=treefy), index_ref_cache=made) is first
            assert first.w is w and w.value == source.w.value
    assert first.hidden == 1 and not hasattr(first, "stale")


def test_unflatten_takes_a_missing_state_from_the_cache():
    structure, refs = flatten(Net(w=State(1.0)))
    made = {}
    first = unflatten(structure, refs, index_ref=made)
    w = first.w
    assert unflatten(structure, {}, index_ref_cache=made).w is w


def handmade(edge, kind=Net):
    return GraphDef(NodeEdge(0), (NodeSpec(kind, 0, (kind,), (("w", edge),)),))


def test_state_leaf_edge_makes_a_state():
    edge = StateLeafEdge(("x",))
    again = unflatten(handmade(edge), {("x",): ParamState(2.0).to_state_ref()})
    assert type(again.w) is ParamState and again.w.value == 2.0


@pytest.mark.parametrize(
    ("structure", "mapping", "cache", "text"),
    [
        (handmade(StateEdge(1, ("a", 0), State)), {}, {}, r"Expected key a.0 in the state mapping"),
        (handmade(StateLeafEdge(("a", 0))), {}, {}, r"Expected key a.0 in the state mapping"),
        (handmade(NodeEdge(7)), {}, {}, r"`graphdef` must refer to known objects only. Got NodeEdge\(index=7\)"),
        (handmade(StateEdge(1, None, State)), {}, {}, r"`graphdef` must refer to known objects only. Got StateEdge"),
        (handmade(StateEdge(1, ("a",), State)), {("a",): 3}, {}, "`state_mapping` must hold States.*Got int at a"),
        (
            handmade(StateEdge(1, ("a",), State)),
            {("a",): State(1.0)},
            {1: "x"},
            "`index_ref_cache` must hold a State for a. Got str",
        ),
        (handmade(StaticEdge(1)), {}, {0: "x"}, "`index_ref_cache` must hold a Net at index 0. Got str"),
        (handmade(StaticEdge(1), dict), {}, {}, "Unknown graph node type: dict must be one.*register_graph_node_type"),
    ],
)
def test_unflatten_refuses_what_does_not_fit(structure, mapping, cache, text):
    with pytest.raises(ValueError, match=text):
        unflatten(structure, mapping, index_ref_cache=cache)


def test_unflatten_refuses_another_structure():
    with pytest.raises(TypeError, match=r"`graphdef` must be a GraphDef. Got str"):
        unflatten("graph", {})


KINDS = ["state", "param", "static", "list", "node", "shared", "shared"]


@st.composite
def graphs(draw):
    """A random graph with shared nodes and States and cycles, and what stands at each path."""
    made, paths = [], {}

    def build(path, depth):
        node = Net()
        made.append(node)
        paths[path] = node
        for name in draw(st.lists(st.sampled_from("abcd"), unique=True, max_size=4)):
            kind = draw(st.sampled_from(KINDS))
            value = draw(st.integers(0, 9))
            where = (*path, name)
            if kind == "shared":
                child = draw(st.sampled_from(made))
            elif kind == "node" and depth < 3:
                child = build(where, depth + 1)
            elif kind == "list":
                made.append(ShortTermState(float(value)))
                child = [made[-1], value]
                paths[(*where, 0)] = made[-1]
            elif kind == "static":
                child = value
            else:
                made.append((ParamState if kind == "param" else State)(float(value)))
                child = made[-1]
            paths[where] = child
            setattr(node, name, child)
        return node

    return build((), 0), paths


def at(root, path):
    for key in path:
        root = getattr(root, key) if isinstance(root, Net) else operator.getitem(root, key)
    return root


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_unflatten_gives_back_values_and_sharing(graph):
    root, paths = graph
    structure, refs = flatten(root)
    again = unflatten(structure, refs)
    assert flatten(root)[0] == flatten(again)[0] == structure
    assert hash(flatten(again)[0]) == hash(structure)
    before, after = states(root), states(again)
    assert [*before] == [*after] and not set(map(id, before.values())) & set(map(id, after.values()))
    assert [s.value for s in before.values()] == [s.value for s in after.values()]
    twins = {}
    for path, x in paths.items():
        if isinstance(x, (State, Net)):
            assert twins.setdefault(id(x), at(again, path)) is at(again, path)
