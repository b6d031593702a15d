"""Grids of places and numbers."""

import pytest
import torch

import brainstate_torch.units as u


def test_joined_objects_keep_units():
    assert u.math.r_[torch.ones(2) * u.mV, 1.0 * u.volt].tolist() == [1.0 * u.mV, 1.0 * u.mV, 1000.0 * u.mV]
    assert u.math.c_[torch.ones(2) * u.mV, torch.ones(2) * u.volt].to_decimal(u.mV).tolist() == [[1.0, 1000.0]] * 2


def test_texts_and_places_outside_are_refused():
    with pytest.raises(NotImplementedError, match="an index must not be a string"):
        u.math.r_["r", 1]
    with pytest.raises(ValueError, match="`multi_index` must lie within `dims`"):
        u.math.ravel_multi_index(([2],), (2,))


def test_ravelled_places_come_apart_again():
    places = torch.tensor([0, 5, 7])
    assert u.math.ravel_multi_index(u.math.unravel_index(places, (2, 4)), (2, 4)).tolist() == places.tolist()
    assert u.math.ravel_multi_index(([1], [2]), (2, 4), order="F").tolist() == [5]
