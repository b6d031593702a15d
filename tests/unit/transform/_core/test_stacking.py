"""brainstate_torch.transform._core.stacking: many trees of one kind as one with a leading axis."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import _tree
from brainstate_torch.transform._core.stacking import aligned, checked_output, stacked


def test_trees_are_stacked_leaf_by_leaf():
    rows = [{"a": (torch.full((2,), float(i)), i), "b": i * u.mV} for i in range(3)]
    found = stacked(rows, "scan")
    assert found["a"][0].tolist() == [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]
    assert found["a"][1].dtype == torch.int32 and found["a"][1].tolist() == [0, 1, 2]
    assert (found["b"] / u.mV).tolist() == [0.0, 1.0, 2.0]


def test_keys_may_come_in_another_order():
    found = stacked([{"a": 1.0, "b": 2.0}, {"b": 20.0, "a": 10.0}], "scan")
    assert {key: x.tolist() for key, x in found.items()} == {"a": [1.0, 10.0], "b": [2.0, 20.0]}


def test_leaves_are_aligned_to_a_structure_or_none():
    leaves, spec = _tree.flatten({"a": 1, "b": (2, 3)})
    assert aligned(spec, {"b": (20, 30), "a": 10}) == [10, 20, 30] and leaves == [1, 2, 3]
    assert aligned(spec, {"a": 1, "b": [2, 3]}) is None and aligned(spec, {"a": 1}) is None


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ([(1.0,), [1.0]], "each step of `scan` must return a y of the same structure. Got"),
        ([1.0 * u.mV, 1.0 * u.ms], "each step of `scan` must return a y of the same structure"),
        (
            [torch.ones(2), torch.ones(3)],
            r"each step of `scan` must return a y of the same shape. Got \(3,\) after \(2,\)",
        ),
        ([1.0, torch.ones(1)], r"of the same shape. Got \(1,\) after \(\)"),
        ([1.0, "a"], "each step of `scan` must return tensors or numbers. Got a str"),
    ],
)
def test_steps_that_differ_are_refused(rows, text):
    with pytest.raises(TypeError, match=text):
        stacked(rows, "scan")


def test_numbers_of_one_step_become_tensors():
    given = torch.ones(2)
    found = checked_output({"a": given, "b": 2, "c": np.float64(0.5)}, "scan")
    assert found["a"] is given and found["b"].dtype == torch.int32 and found["c"].item() == 0.5
    with pytest.raises(TypeError, match="each step of `scan` must return tensors or numbers. Got a str"):
        checked_output(["a"], "scan")
