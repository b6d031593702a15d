"""Methods for objects of any kind: tensors and quantities as in JAX, the rest as Python says."""

import numpy as np
import pytest
import torch

from brainstate_torch import units as u
from brainstate_torch.port import arrays

X = np.arange(6.0, dtype=np.float32).reshape(2, 3)
KINDS = {"tensor": torch.tensor(X), "quantity": torch.tensor(X) * u.ms, "numpy": X.copy()}


def numbers(x):
    return np.asarray(u.get_mantissa(x))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("name", "args", "kwargs"),
    [("max", (), {"axis": 0}), ("min", (1,), {}), ("std", (), {}), ("var", (0,), {}), ("mean", (), {"axis": (0, 1)}),
     ("repeat", (2,), {}), ("transpose", (1, 0), {}), ("transpose", (), {}), ("cumsum", (), {}), ("copy", (), {}),
     ("round", (1,), {}), ("prod", (), {"axis": 1}), ("dot", (np.ones(3, np.float32),), {})],
)  # fmt: skip
def test_methods_mean_what_numpy_means(kind, name, args, kwargs):
    x = KINDS[kind]
    if name in ("prod",) and kind == "quantity":
        pytest.skip("its unit is another question")
    np.testing.assert_allclose(
        numbers(getattr(arrays, name)(x, *args, **kwargs)), getattr(X, name)(*args, **kwargs), rtol=1e-6
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "index",
    [
        np.s_[::-1],
        np.s_[:, ::-1],
        np.s_[..., ::-2],
        np.s_[1::-1, 2:0:-1],
        np.s_[None, ::-1],
        np.s_[0],
        np.s_[:, 5:0:-3],
    ],
)
def test_items_take_steps_backward(kind, index):
    np.testing.assert_array_equal(numbers(arrays.items(KINDS[kind])[index]), X[index])


def test_attributes():
    assert arrays.size(KINDS["tensor"]) == arrays.size(X) == arrays.size(KINDS["quantity"]) == 6
    assert arrays.T(KINDS["tensor"]).shape == (3, 2)
    assert arrays.at(KINDS["tensor"])[0, 0].set(9.0)[0].tolist() == [9.0, 1.0, 2.0]
    assert arrays.at(KINDS["tensor"])[1].add(1.0)[1].tolist() == [4.0, 5.0, 6.0]
    assert KINDS["tensor"].tolist() == X.tolist()


def test_words_for_dtypes_reach_torch_and_numpy():
    assert arrays.astype(KINDS["tensor"], "int32").dtype == torch.int32
    assert arrays.astype(KINDS["tensor"], np.float16).dtype == torch.float16
    assert arrays.astype(X, torch.int64).dtype == np.int64


def test_augmented_assignments_spare_tensors_and_write_into_the_rest():
    x = torch.zeros(2)
    y = arrays.iadd(x, 1.0)
    assert (x.tolist(), y.tolist()) == ([0.0, 0.0], [1.0, 1.0])
    items = [1]
    assert arrays.iadd(items, [2]) is items
    array = np.zeros(2)
    assert arrays.imul(array, 2) is array
    assert arrays.isub(3, 1) == 2


def test_a_method_that_is_not_known_is_no_attribute():
    with pytest.raises(AttributeError, match="frobnicate"):
        _ = arrays.frobnicate
