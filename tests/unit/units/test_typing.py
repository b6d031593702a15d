"""Annotations that name a physical kind."""

import pytest

import brainstate_torch.units as u
from brainstate_torch.units.typing import CURRENT, TIME, VOLTAGE, is_physical_type, quantity_type, validate_units


@pytest.mark.parametrize("kind", [VOLTAGE, quantity_type("voltage"), quantity_type(u.mV), u.Quantity["volt"]])
def test_instances_are_the_quantities_with_the_dimension(kind):
    assert is_physical_type(kind) and kind.dimension == u.volt.dim
    assert isinstance(3.0 * u.mV, kind) and not isinstance(3.0 * u.ms, kind) and not isinstance(3.0, kind)


def test_every_kind_has_a_unit():
    names = [name for name in dir(u.typing) if name.isupper() and name not in ("F", "HAS_UNIT")]
    assert len(names) == 26 and all(getattr(u.typing, name).dimension is not None for name in names)


@validate_units
def charge(i: CURRENT, t: TIME, note: str = ""):
    return i * t


@validate_units(strict=True)
def in_millivolt(v: u.Quantity[u.mV]):
    return v


def test_arguments_are_checked_by_their_annotations():
    assert charge(2.0 * u.nA, t=3.0 * u.ms, note="x") == 6.0 * u.pC
    with pytest.raises(u.UnitMismatchError, match="`t` must be a Quantity"):
        charge(2.0 * u.nA, 3.0 * u.mV)
    assert in_millivolt(1.0 * u.mV) == 1.0 * u.mV
    with pytest.raises(u.UnitMismatchError, match="`v` must be in mV. Got V"):
        in_millivolt(1.0 * u.volt)


def test_unknown_kinds_are_refused():
    with pytest.raises(ValueError, match="`unit` must be a string that pint can read"):
        quantity_type("loudness of colours")
