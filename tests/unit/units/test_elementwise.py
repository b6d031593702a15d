"""brainstate_torch.units.elementwise: functions of each element, where their formulas change."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

X = torch.tensor([-8.0, -1.0, -0.0, 0.0, 1e-30, 2.0, 27.0], dtype=torch.float64)


@pytest.mark.parametrize("name", ["cbrt", "square", "sign", "positive", "negative", "fabs", "rint", "trunc", "fix"])
def test_numbers_are_numpys(name):
    np.testing.assert_allclose(getattr(u.math, name)(X), getattr(np, name)(X.numpy()), rtol=1e-12)


def test_a_cube_root_has_the_unit_whose_cube_it_was():
    found = u.math.cbrt(torch.tensor([-8.0, 0.0]) * u.mm**3)
    assert found.unit is u.mm and found.mantissa.tolist() == pytest.approx([-2.0, 0.0])


def test_functions_of_two_elements_keep_their_order():
    x, y = torch.tensor([5.0, -5.0, 1.0]), torch.tensor([3.0, 3.0, -2.0])
    for name in ("subtract", "true_divide", "floor_divide", "remainder", "mod", "fmod", "arctan2", "power", "copysign"):
        expected = getattr(np, name)(x.numpy(), y.numpy())
        np.testing.assert_allclose(getattr(u.math, name)(x, y), expected, rtol=1e-6, err_msg=name)
