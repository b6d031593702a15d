"""brainstate_torch.units.forms.diagonals: places of a matrix that is not square, against numpy."""

import numpy as np
import pytest

import brainstate_torch.units as u


@pytest.mark.parametrize("name", ["tril_indices_from", "triu_indices_from"])
@pytest.mark.parametrize("shape", [(2, 4), (4, 2)])
@pytest.mark.parametrize("k", [-1, 0, 2])
def test_places_of_a_triangle_are_numpys(name, shape, k):
    found, expected = getattr(u.math, name)(np.zeros(shape), k), getattr(np, name)(np.zeros(shape), k)
    assert [x.tolist() for x in found] == [x.tolist() for x in expected]


@pytest.mark.parametrize("k", [-2, -1, 0, 1, 3])
def test_diagonals_are_numpys(k):
    x = np.arange(12.0).reshape(3, 4)
    assert u.math.diagonal(x, k).tolist() == np.diagonal(x, k).tolist()
    assert float(u.math.trace(x, k)) == np.trace(x, k)
    assert u.math.tril(x, k).tolist() == np.tril(x, k).tolist() and u.math.triu(x, k).tolist() == np.triu(x, k).tolist()
    assert u.math.diagflat(x[0], k).tolist() == np.diagflat(x[0], k).tolist()
    stack = np.arange(24.0).reshape(2, 3, 4)
    assert u.math.diagonal(stack, k, 2, 0).tolist() == np.diagonal(stack, k, 2, 0).tolist()
