"""brainstate_torch._state.groups: several hidden variables in one tensor."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import HiddenGroupState, HiddenTreeState
from brainstate_torch import transform as T

F64 = torch.float64


def group():
    return HiddenGroupState(torch.arange(6.0).reshape(2, 3), name="g")


def tree():
    return HiddenTreeState(
        {"v": torch.tensor([1.0, 2.0]) * u.mV, "i": torch.tensor([3.0, 4.0]) * u.mA, "n": torch.zeros(2)}
    )


def test_group_names_its_variables_by_number():
    g = group()
    assert (g.varshape, g.num_state, g.name2index, g.name) == ((2,), 3, {"0": 0, "1": 1, "2": 2}, "g")
    for item in (1, -2, "1"):
        assert torch.equal(g.get_value(item), torch.tensor([1.0, 4.0]))


@pytest.mark.parametrize(
    ("new", "columns"),
    [
        ({0: torch.ones(2)}, [[1, 1], [1, 4], [2, 5]]),
        ({"2": np.ones(2), 1: torch.zeros(2)}, [[0, 3], [0, 0], [1, 1]]),
        ([torch.ones(2), torch.ones(2)], [[1, 1], [1, 1], [2, 5]]),
        ((torch.ones(2, dtype=F64),), [[1, 1], [1, 4], [2, 5]]),
    ],
)
def test_group_sets_the_variables_named_and_leaves_the_others(new, columns):
    g = group()
    g.set_value(new)
    assert torch.equal(g.value, torch.tensor(columns, dtype=torch.float32).T)


def test_group_with_a_unit_converts_to_it():
    g = HiddenGroupState(torch.zeros(2, 2) * u.mV)
    g.set_value({0: torch.ones(2) * u.volt})
    assert torch.equal(g.get_value(0).to_decimal(u.mV), torch.full((2,), 1000.0))
    for wrong in (torch.ones(2), torch.ones(2) * u.ms):
        with pytest.raises(u.UnitMismatchError):
            g.set_value({1: wrong})
    assert torch.equal(g.get_value(1).to_decimal(u.mV), torch.zeros(2))


@pytest.mark.parametrize(
    ("item", "error", "text"),
    [
        (3, IndexError, r"`item` must be an index of 3 variables\. Got 3"),
        (-4, IndexError, r"Got -4"),
        ("v", KeyError, r"`item` must name a variable of \['0', '1', '2'\]"),
        (1.0, TypeError, r"`item` must be an int or a str\. Got float"),
    ],
)
def test_group_refuses_items_that_it_has_not(item, error, text):
    with pytest.raises(error, match=text):
        group().get_value(item)


@pytest.mark.parametrize(
    ("val", "error", "text"),
    [
        (torch.ones(2), TypeError, r"takes a dict, list or tuple of variables\. Got Tensor"),
        ({}, ValueError, "must name at least one variable"),
        ([], ValueError, "must name at least one variable"),
        ({1.5: torch.ones(2)}, TypeError, r"every key of `val` should be int or str\. Got float"),
        ({-1: torch.ones(2)}, ValueError, r"indices in `val` must be in 0\.\.2\. Got -1"),
        ({3: torch.ones(2)}, ValueError, r"Got 3"),
        ({"x": torch.ones(2)}, KeyError, "must name a variable"),
        ({0: torch.ones(2), 1: torch.ones(3)}, ValueError, r"`val\[1\]` must have shape \(2,\)\. Got \(3,\)"),
    ],
)
@pytest.mark.parametrize("make", [group, tree])
def test_set_value_checks_all_before_it_changes_any(make, val, error, text):
    state = make()
    before = state.value
    with pytest.raises(error, match=text):
        state.set_value(val)
    assert state.value is before


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        ([1.0], TypeError, "`value` of HiddenGroupState must be a tensor"),
        (torch.ones(3), ValueError, r"must have at least two axes, the last for the variables\. Got shape \(3,\)"),
    ],
)
def test_group_needs_an_array_with_an_axis_for_the_variables(value, error, text):
    with pytest.raises(error, match=text):
        HiddenGroupState(value)


def test_tree_stacks_mantissas_and_gives_units_back():
    t = tree()
    assert torch.equal(t.value, torch.tensor([[1.0, 3.0, 0.0], [2.0, 4.0, 0.0]]))
    assert (t.varshape, t.num_state) == ((2,), 3)
    assert (t.name2index, t.index2name) == ({"v": 0, "i": 1, "n": 2}, {0: "v", 1: "i", 2: "n"})
    assert (t.name2unit["v"], t.index2unit[1]) == (u.mV, u.mA)
    for item in ("v", 0, -3):
        assert torch.equal(t.get_value(item).to_decimal(u.mV), torch.tensor([1.0, 2.0]))
    assert torch.equal(t.get_value("n"), torch.zeros(2))
    assert torch.equal(HiddenTreeState([torch.ones(1), torch.zeros(1)]).get_value("1"), torch.zeros(1))


def test_tree_sets_in_the_unit_of_each_variable():
    t = tree()
    t.set_value({"v": torch.ones(2) * u.volt, 2: torch.ones(2)})
    assert torch.equal(t.value, torch.tensor([[1000.0, 3.0, 1.0], [1000.0, 4.0, 1.0]]))
    with pytest.raises(u.UnitMismatchError):
        t.set_value({"v": torch.ones(2) * u.mA})


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (torch.ones(2), TypeError, r"`value` of HiddenTreeState must be a dict, list or tuple\. Got Tensor"),
        ({"a": 1.0}, TypeError, r"a numpy array or a quantity for 'a'\. Got float"),
        ([torch.ones(1), torch.ones(2)], ValueError, r"must have one shape\. Got \{'0': \(1,\), '1': \(2,\)\}"),
    ],
)
def test_tree_needs_arrays_of_one_shape(value, error, text):
    with pytest.raises(error, match=text):
        HiddenTreeState(value)


def test_tree_refuses_to_count_variables_that_do_not_fit_its_names():
    t = tree()
    t.value = torch.zeros(2, 5)
    with pytest.raises(ValueError, match=r"one place for each of \['v', 'i', 'n'\]\. Got 5"):
        _ = t.num_state


def test_gradient_flows_through_the_variables_of_a_group(engine):
    g = HiddenGroupState(torch.ones(2, 2, dtype=F64))

    def loss(x):
        g.set_value({1: x * g.get_value(0)})
        return (g.get_value(1) ** 2).sum()

    of_group, of_x = T.grad(loss, g, argnums=0, engine=engine)(torch.tensor([2.0, 3.0], dtype=F64))
    assert of_x.tolist() == [4.0, 6.0]
    assert of_group.tolist() == [[8.0, 0.0], [18.0, 0.0]]
