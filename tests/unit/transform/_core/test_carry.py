"""brainstate_torch.transform._core.carry: arrays of constant structure, shape and dtype."""

import numpy as np
import pytest
import torch

from brainstate_torch.transform._core.carry import Pattern, as_arrays, protected

X = torch.ones(2, 3)


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        (X, X + 1, ""),
        (X, torch.ones(2, 4), r"shape (2, 4) instead of (2, 3)"),
        (X, torch.ones(2), r"shape (2,) instead of (2, 3)"),
        (X, X.double(), "dtype float64 instead of float32"),
        (1, torch.tensor(1.5), ""),
        (1.5, torch.tensor(1), "dtype int64 instead of float32"),
        (True, torch.tensor(1.5), "dtype float32 instead of bool"),
        (torch.tensor(True), torch.tensor(1.5), "dtype float32 instead of bool"),
        ({"a": X, "b": 1.0}, {"b": 2.0, "a": X}, ""),
        ({"a": X}, {"a": X.int()}, "dtype int32 instead of float32 at"),
    ],
)
def test_a_difference_is_told_in_words(before, after, difference):
    found = Pattern(before).difference(after)
    assert found.startswith(difference) and bool(found) == bool(difference)


def test_another_structure_is_a_difference():
    assert Pattern([X]).difference((X,)).startswith("structure ")


def test_a_protected_tensor_is_not_changed_by_what_looks_like_a_write():
    tree = {"x": X.clone(), "n": None, "text": "t"}
    inside = protected(tree)
    inside["x"] += 1
    assert torch.equal(inside["x"], X + 1)
    assert torch.equal(tree["x"], X)
    with pytest.raises(TypeError, match="must not be written in place"):
        protected(X).add_(1)


def test_numbers_become_tensors_and_other_leaves_stay():
    found = as_arrays([1.5, 2, None, "text", X])
    assert [x.dtype for x in found[:2]] == [torch.float32, torch.int32]
    assert found[2:4] == [None, "text"] and found[4] is X


def test_numbers_become_tensors():
    tree = as_arrays({"a": 1, "b": (2.0, True), "c": np.arange(2.0), "d": None, "e": "text"})
    assert [tree["a"].dtype, tree["b"][0].dtype, tree["b"][1].dtype] == [torch.int32, torch.float32, torch.bool]
    assert tree["c"].dtype == torch.float32
    assert (tree["d"], tree["e"]) == (None, "text")


def test_arrays_of_texts_stay():
    texts = np.array(["a"])
    assert as_arrays([texts, 1])[0] is texts
