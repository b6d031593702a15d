"""brainstate_torch.units.forms.curves: padding, of which numpy says the numbers."""

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

X = np.arange(1.0, 7.0).reshape(2, 3)


@pytest.mark.parametrize("mode", ["edge", "reflect", "symmetric", "wrap", "linear_ramp", "mean", "maximum", "minimum"])
@pytest.mark.parametrize("width", [1, ((0, 2), (1, 0)), ((3, 3), (5, 4))])
def test_padding_is_numpys(mode, width):
    found = u.math.pad(torch.tensor(X) * u.mV, width, mode=mode)
    np.testing.assert_allclose(found.to_decimal(u.mV), np.pad(X, width, mode=mode))


def test_one_element_is_reflected_as_numpy_does():
    np.testing.assert_array_equal(u.math.pad(torch.tensor([2.0]), 2, mode="symmetric"), [2.0] * 5)
