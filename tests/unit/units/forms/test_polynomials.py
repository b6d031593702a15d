"""Polynomials by their coefficients."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u


def test_polynomial_has_its_roots():
    zeros = torch.tensor([1.0, -2.0, 3.0, 0.0])
    found = u.math.roots(u.math.poly(zeros))
    assert torch.allclose(torch.sort(found.real)[0], torch.sort(zeros)[0], atol=1e-4)
    assert u.math.roots(torch.zeros(2)).shape == (0,) and u.math.roots(torch.ones(1)).shape == (0,)


@pytest.mark.parametrize("name", ["polyadd", "polysub", "polymul"])
@pytest.mark.parametrize(("p", "q"), [([1.0, 2.0, 3.0], [5.0, -1.0]), ([4.0], [2.0, 0.0, 7.0])])
def test_sums_and_products_are_numpys(name, p, q):
    assert getattr(u.math, name)(p, q).tolist() == getattr(np, name)(p, q).tolist()


def test_integral_has_the_polynomial_as_derivative():
    p = torch.tensor([3.0, -1.0, 2.0])
    assert torch.allclose(u.math.polyder(u.math.polyint(p, 2, [5.0, 7.0]), 2), p)


def test_fit_with_weights_goes_through_the_heavy_points():
    x, y = torch.tensor([0.0, 1.0, 2.0]), torch.tensor([1.0, 3.0, 0.0])
    found = u.math.polyfit(x, y, 1, w=torch.tensor([1e4, 1e4, 1e-4]))
    assert torch.allclose(found, torch.tensor([2.0, 1.0]), atol=1e-3)
    with pytest.raises(NotImplementedError, match="`full` must be False"):
        u.math.polyfit(x, y, 1, full=True)


def test_polynomials_need_plain_numbers_where_powers_mix_units():
    assert u.math.polymul([1.0, 1.0], [1.0, -1.0], trim_leading_zeros=True).tolist() == [1.0, 0.0, -1.0]
    assert u.math.polymul([0.0, 1.0], [1.0, -1.0], trim_leading_zeros=True).tolist() == [1.0, -1.0]
