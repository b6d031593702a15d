"""brainstate_torch.transform._mapping.axes: along which axes arguments and States are mapped."""

import pytest
import torch

from brainstate_torch import BatchAxisError, ParamState, ShortTermState, State
from brainstate_torch.transform._mapping.axes import (
    UNMAPPED,
    StateAxes,
    broadcast_axes,
    common_size,
    is_axis,
    mapped_states,
    normal_axis,
)

X = torch.ones(2, 3)


def test_an_axis_holds_for_all_leaves_below_it():
    tree = {"b": [X, X], "a": (X, {"c": X})}
    assert broadcast_axes("in_axes", 1, tree) == [1] * 4
    # Leaves come in the order of sorted keys, whatever the order of the axes.
    assert broadcast_axes("in_axes", {"b": 2, "a": (None, 1)}, tree) == [None, 1, 2, 2]
    assert broadcast_axes("in_axes", {"a": (None, 1), "b": [2, 3]}, tree) == [None, 1, 2, 3]


@pytest.mark.parametrize("axes", [(0, 0), {"x": 0}, {"a": 0, "b": 0}, "0", True])
def test_axes_of_another_form_are_refused(axes):
    with pytest.raises(ValueError, match="`in_axes` must be an int, None, or a tree of them"):
        broadcast_axes("in_axes", axes, {"a": X})


def test_axes_are_counted_from_the_front():
    assert [normal_axis("in_axes", axis, X) for axis in (-2, -1, 0, 1)] == [0, 1, 0, 1]
    for axis in (2, -3):
        with pytest.raises(ValueError, match=rf"`in_axes` must name an axis of each array. Got {axis} for one with 2"):
            normal_axis("in_axes", axis, X)
    with pytest.raises(ValueError, match="`in_axes` must map arrays. Got axis 0 for a str"):
        normal_axis("in_axes", 0, "text")


def test_truth_values_are_no_axes():
    assert [is_axis(x) for x in (0, -1, None, True, 1.0, "0")] == [True, True, True, False, False, False]


def test_all_mapped_axes_have_one_size():
    assert common_size([("a", 3), ("b", 3)], None) == 3
    assert common_size([("a", 3)], 3) == 3
    assert common_size([], 4) == 4
    with pytest.raises(ValueError, match=r"must have one size. Got 3 in a, 1 in b"):
        common_size([("a", 3), ("b", 1)], None)
    with pytest.raises(ValueError, match=r"Got axis_size=3, but 1 in a"):
        common_size([("a", 1)], 3)
    with pytest.raises(ValueError, match=r"something to map, or an `axis_size`"):
        common_size([], None)


def test_the_first_axis_that_names_a_state_counts():
    a, b = State(X), ShortTermState(X)
    axes = StateAxes("in_states", {1: [a], 0: [a, b]})
    assert axes.of(a) == 1
    assert axes.of(b) == 0
    assert axes.of(State(X)) is UNMAPPED


def test_filters_choose_states_by_kind():
    axes = StateAxes("in_states", {None: ParamState, 1: ShortTermState})
    assert axes.of(ParamState(X)) is None
    assert axes.of(ShortTermState(X)) == 1
    assert axes.of(State(X)) is UNMAPPED
    assert StateAxes("in_states", ShortTermState).of(ShortTermState(X)) == 0


def test_axes_of_single_states():
    a, b = State(X), State(X)
    axes = StateAxes.of_states("in_states", {a: 1, b: 0})
    assert (axes.of(a), axes.of(b), axes.of(State(X))) == (1, 0, UNMAPPED)


def test_states_are_named_one_by_one_in_containers_or_by_axis():
    a, b = State(X), State(X)
    assert mapped_states("in_states", None) == {}
    assert mapped_states("in_states", a) == {a: 0}
    assert mapped_states("in_states", [a, {"b": b}]) == {a: 0, b: 0}
    assert mapped_states("in_states", {1: [a], 0: [b]}) == {a: 1, b: 0}
    with pytest.raises(BatchAxisError, match="must give each State one axis. Got 0 and 1"):
        mapped_states("in_states", {0: [a], 1: [a, b]})
    with pytest.raises(TypeError, match="must be made of States. Got a Tensor"):
        mapped_states("in_states", [X])
