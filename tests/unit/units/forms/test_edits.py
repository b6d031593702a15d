"""New arrays with elements put in, taken out or replaced."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

X = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize("obj", [1, -1, [0, 2], slice(0, 2), np.array([True, False, True])])
def test_delete_is_numpys_and_keeps_the_unit(obj):
    found = u.math.delete(X * u.mV, obj, axis=1)
    np.testing.assert_array_equal(found.to_decimal(u.mV), np.delete(X.numpy(), obj, axis=1))


@pytest.mark.parametrize(
    "obj, values", [(1, 9.0), ([0, 2], [7.0, 8.0]), (slice(0, 2), 9.0), (-1, 9.0), ([2, 0], [7.0, 8.0])]
)
def test_insert_is_numpys_and_converts_the_unit(obj, values):
    found = u.math.insert(X * u.mV, obj, torch.tensor(values) / 1000 * u.volt, axis=1)
    np.testing.assert_allclose(found.to_decimal(u.mV), np.insert(X.numpy(), obj, values, axis=1), rtol=1e-6)


def test_edits_need_one_dimension():
    with pytest.raises(u.UnitMismatchError, match="one common dimension"):
        u.math.insert(X * u.mV, 0, 1.0 * u.ms)
    with pytest.raises(u.UnitMismatchError, match="one common dimension"):
        u.math.put(X * u.mV, [0], 1.0)


def test_edits_refuse_what_they_cannot_do():
    with pytest.raises(IndexError, match="`obj` must lie within an axis of length 3"):
        u.math.delete(X, 5, axis=1)
    with pytest.raises(ValueError, match="`inplace` must be False"):
        u.math.place(X, X > 2, 1.0, inplace=True)
    with pytest.raises(ValueError, match="`mode` must be 'clip', 'wrap' or 'drop'"):
        u.math.put(X, [0], 1.0, mode="odd")


def test_put_leaves_places_outside_out():
    assert u.math.put(X[0], [5, 0], [7.0, 8.0], mode="drop").tolist() == [8.0, 2.0, 3.0]
    assert u.math.put(X[0], [5], [7.0], mode="wrap").tolist() == [1.0, 2.0, 7.0]
