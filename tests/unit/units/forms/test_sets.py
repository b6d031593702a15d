"""Arrays as sets, with units."""

import pytest
import torch

import brainstate_torch.units as u


def test_sets_convert_units():
    a, b = [3.0, 1.0, 2.0] * u.mV, [0.001, 0.005] * u.volt
    assert u.math.union1d(a, b).to_decimal(u.mV).tolist() == [1.0, 2.0, 3.0, 5.0]
    assert u.math.setdiff1d(a, b).to_decimal(u.mV).tolist() == [2.0, 3.0]
    assert u.math.setxor1d(a, b).to_decimal(u.mV).tolist() == [2.0, 3.0, 5.0]
    assert u.math.isin(a, b, invert=True).tolist() == [True, False, True]
    with pytest.raises(u.UnitMismatchError, match="one common dimension"):
        u.math.union1d(a, torch.ones(1) * u.ms)


def test_results_of_the_array_interface_have_names():
    found = u.math.unique_all([2.0, 1.0, 2.0] * u.mV)
    assert found.indices.tolist() == [1, 0] and found.inverse_indices.tolist() == [1, 0, 1]
    assert found.counts.tolist() == [1, 2] and found.values.unit is u.mV


def test_zeros_are_trimmed_on_the_given_ends():
    x = torch.tensor([0.0, 1.0, 0.0])
    assert u.math.trim_zeros(x, "f").tolist() == [1.0, 0.0] and u.math.trim_zeros(x, "b").tolist() == [0.0, 1.0]
    assert u.math.trim_zeros(torch.zeros(2)).tolist() == []


def test_running_sum_of_a_matrix_needs_an_axis():
    with pytest.raises(ValueError, match="`axis` must be given for an array with 2 axes"):
        u.math.cumulative_sum(torch.ones(2, 2))
