"""brainstate_torch.units.forms.ordering: what counts as the same, against numpy."""

import numpy as np
import pytest

import brainstate_torch.units as u

NAN = float("nan")


@pytest.mark.parametrize("equal_nan", [True, False])
@pytest.mark.parametrize("x", [[NAN, 1.0, NAN, 2.0, 1.0, NAN], [NAN, NAN], [3.0, 3.0, NAN]], ids=str)
def test_several_nan_are_one_or_each_is_its_own(x, equal_nan):
    found = u.math.unique(x, return_counts=True, equal_nan=equal_nan)
    expected = np.unique(x, return_counts=True, equal_nan=equal_nan)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(np.asarray(one), other)


def test_places_of_the_first_and_of_each_are_numpys():
    x = [3.0, 1.0, NAN, 3.0, 2.0, NAN, 1.0]
    found = u.math.unique(x, return_index=True, return_inverse=True, equal_nan=True)
    for one, other in zip(found, np.unique(x, return_index=True, return_inverse=True), strict=True):
        np.testing.assert_array_equal(np.asarray(one), other)


def test_edges_of_a_histogram_may_be_a_list():
    found, edges = u.math.histogram([1.0, 2.0, 2.5], bins=[0.0, 1.5, 3.0])
    assert found.tolist() == [1, 2] and edges.tolist() == [0.0, 1.5, 3.0]
