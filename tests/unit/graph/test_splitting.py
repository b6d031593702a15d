import threading

import numpy as np
import pytest
import torch

from brainstate_torch import ParamState, ShortTermState, State, _tree, taped, transform
from brainstate_torch.graph import (
    Node,
    clone,
    graphdef,
    iter_leaf,
    merge_context,
    split_context,
    states,
    treefy_merge,
    treefy_split,
    treefy_states,
    update_states,
)
from brainstate_torch.util import NestedDict


class Net(Node):
    def __init__(self, **attributes):
        vars(self).update(attributes)


def cell():
    return Net(w=ParamState(torch.ones(2)), h=ShortTermState(torch.zeros(2)), rate=0.5)


def test_split_by_filters_and_merge_in_any_order():
    structure, params, rest = treefy_split(cell(), ParamState, ...)
    assert (list(params), list(rest), type(params)) == (["w"], ["h"], NestedDict)
    again = treefy_merge(structure, rest, params)
    assert again.w.value.tolist() == [1.0, 1.0] and type(again.h) is ShortTermState and again.rate == 0.5


def test_split_without_or_with_one_filter_gives_one_dictionary():
    assert len(treefy_split(cell())) == len(treefy_split(cell(), ...)) == 2


def test_split_must_take_every_state():
    with pytest.raises(ValueError, match=r"`filters` must match every entry. Got none for \[\('h',\)\]"):
        treefy_split(cell(), ParamState)


def test_merge_must_get_every_state():
    structure, params, _ = treefy_split(cell(), ParamState, ...)
    with pytest.raises(ValueError, match="Expected key h in the state mapping"):
        treefy_merge(structure, params)


def test_merge_takes_dictionaries_of_states_only():
    with pytest.raises(TypeError, match="`states` must be NestedDict or FlattedDict"):
        treefy_merge(graphdef([State(1.0)]), {0: State(1.0)})


def test_split_references_are_a_pytree_that_can_be_mapped():
    node = cell()
    structure, refs = treefy_split(node)
    doubled = treefy_merge(structure, _tree.map(lambda x: x * 2 + 1, refs))
    assert doubled.w.value.tolist() == [3.0, 3.0] and doubled.h.value.tolist() == [1.0, 1.0]
    assert node.w.value.tolist() == [1.0, 1.0]


def test_merged_states_are_independent_of_writes():
    node = cell()
    again = treefy_merge(*treefy_split(node))
    again.w.value += 1
    assert node.w.value.tolist() == [1.0, 1.0] and again.w.value.tolist() == [2.0, 2.0]


def test_treefy_states_selects_without_being_exhaustive():
    params = treefy_states(cell(), ParamState)
    assert list(params) == ["w"]
    none, short = treefy_states(cell(), "tag", ShortTermState)
    assert (list(none), list(short)) == ([], ["h"])
    assert set(treefy_states(cell())) == {"w", "h"}


def test_treefy_states_restore_a_graph():
    node = cell()
    snapshot = treefy_states(node)
    node.w.value += 5
    update_states(node, snapshot)
    assert node.w.value.tolist() == [1.0, 1.0]


def test_graphdef_is_that_of_the_split():
    node = cell()
    assert graphdef(node) == treefy_split(node)[0]


def test_clone_shares_no_storage_with_parameters():
    node = cell()
    (parameter,) = node.w.parameters()
    twin = clone(node)
    with torch.no_grad():
        parameter.add_(1)
    assert node.w.value.tolist() == [2.0, 2.0] and twin.w.value.tolist() == [1.0, 1.0]
    assert twin.w.parameters()[0] is not parameter and twin.w.parameters()[0].requires_grad


def test_clone_copies_static_arrays_and_modules_once_each():
    tensor, array, layer = torch.zeros(2), np.zeros(2), torch.nn.Linear(1, 1)
    options = object()
    node = Net(
        a=tensor, b=[tensor, array], c=(layer, layer), parameter=torch.nn.Parameter(torch.ones(1)), options=options
    )
    twin = clone(node)
    assert twin.a is twin.b[0] and twin.c[0] is twin.c[1] is not layer
    assert twin.options is options
    twin.a += 1
    twin.b[1] += 1
    with torch.no_grad():
        twin.parameter += 1
    assert tensor.tolist() == array.tolist() == [0.0, 0.0]
    assert twin.parameter.item() == 2.0 and node.parameter.item() == 1.0 and type(twin.parameter) is torch.nn.Parameter


def test_clone_keeps_sharing_and_cycles():
    w = State(1.0)
    node = Net(a=w, b=[w])
    node.me = node
    twin = clone(node)
    assert twin.me is twin and twin.a is twin.b[0] is not w


def test_clone_keeps_name_and_tag():
    twin = clone([State(1.0, name="h", tag="slow")])[0]
    assert twin.name == "h" and twin.tag == {"slow"}


def test_gradient_flows_through_a_clone():
    node = Net(w=ParamState(torch.tensor(3.0)))

    def loss(x):
        node.static = 2 * x
        twin = clone(node)
        del node.static
        return twin.w.value**2 * twin.static

    grads, wrt_x = transform.grad(loss, node.w, argnums=0)(torch.tensor(5.0))
    assert (float(grads), float(wrt_x)) == (2 * 3.0 * 10.0, 9.0 * 2.0)
    with taped():
        (clone(node).w.value ** 2).backward()
    assert float(node.w.parameters()[0].grad) == 6.0


def test_contexts_restore_what_several_graphs_share():
    inner = Net(w=State(1.0))
    outer = Net(inner=inner)
    with split_context() as (split, indices):
        first = split.treefy_split(outer)
        second = split.treefy_split(inner, ...)
        assert indices[inner] == 1
    assert first[0].type is Net and second[0].node_specs == () and second[1] == {}
    with merge_context() as (merge, made):
        outer2, inner2 = merge.treefy_merge(*first), merge.treefy_merge(*second)
    assert outer2.inner is inner2 is made[1] and inner2.w.value == 1.0


def test_contexts_end_with_their_block():
    with split_context() as (split, _), merge_context() as (merge, _):
        pass
    assert not hasattr(split, "ref_index") and not hasattr(merge, "index_ref")


def test_back_reference_needs_its_context():
    node = Net()
    with split_context() as (split, _):
        split.treefy_split(node)
        back = split.treefy_split(node)
    with pytest.raises(ValueError, match=r"must refer to known objects only.*merge_context"):
        treefy_merge(*back)


def test_split_works_in_threads():
    node, found = cell(), []
    threads = [threading.Thread(target=lambda: found.append(treefy_split(node)[0])) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [graphdef(node)] * 3


def test_split_leaves_the_graph_as_it_is():
    node = cell()
    before = list(iter_leaf(node))
    treefy_split(node)
    clone(node)
    assert list(iter_leaf(node)) == before and states(node)[("w",)] is node.w
