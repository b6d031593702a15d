import copy
import pickle

import pint
import pytest
import torch

import brainstate_torch.units as u


def test_equal_units_are_one_object():
    assert u.mV * u.ms is u.ms * u.mV
    assert (u.mV * u.ms) / u.ms is u.mV
    assert (u.mV**0.5) ** 2 is u.mV and ((u.mV ** (1 / 3)) ** 3) is u.mV
    assert ((u.mV * u.ms) ** (1 / 3)).dim == (u.volt * u.second).pint.dimensionality ** (1 / 3)
    assert u.mV / u.mV is u.UNITLESS


def test_units_of_equal_size_are_equal_and_hash_equally():
    assert u.mV * u.mS == u.uA and hash(u.mV * u.mS) == hash(u.uA)
    assert u.mV != u.volt and u.mV != u.mA and u.mV != 3
    assert u.kelvin != u.degC


@pytest.mark.parametrize(
    ("unit", "text"),
    [
        (u.mV, "mV"),
        (u.mV * u.ms, "uWb"),
        (u.mV * u.mS, "uA"),
        (u.mV * u.mM, "mM * mV"),
        (u.ohm, "ohm"),
        (u.ms**-1, "kHz"),
        (u.ms**-2, "1 / ms ** 2"),
        (u.kHz * u.ms, "1"),
        (u.cm**2 / u.um, "hm"),
        (u.mm**2 / u.um, "m"),
        (u.radian / u.second, "rad / s"),
        (u.uA / u.cm**2, "uA / cm ** 2"),
        (u.UNITLESS, "1"),
    ],
)
def test_unit_prints_its_short_symbols(unit, text):
    assert str(unit) == text


def test_unit_prints_as_the_text_that_makes_it():
    assert repr(u.mV) == 'Unit("mV")'
    assert u.Unit(str(u.uA / u.cm**2)) is u.uA / u.cm**2
    assert u.mV.name == "millivolt"


def test_unit_answers_what_it_is():
    assert u.mV.magnitude == 1e-3
    assert u.mV.dim == u.volt.dimensionality and u.mV.has_same_dim(u.volt) and u.mV.has_same_dim(2.0 * u.volt)
    assert u.degree.dimensionless and not u.degree.is_unitless and u.radian.is_unitless
    assert u.mV.pint == u.registry.millivolt


@pytest.mark.parametrize("text", ["mV", "millivolt", "uA / cm**2", "1", "", "dimensionless"])
def test_as_unit_reads_text_and_pint(text):
    unit = u.as_unit(text)
    assert unit is u.as_unit(unit) is u.as_unit(unit.pint)
    assert u.as_unit(pint.UnitRegistry().Unit(text)) is unit


def test_as_unit_of_none_is_unitless():
    assert u.as_unit(None) is u.UNITLESS


def test_as_unit_refuses_what_is_no_unit():
    with pytest.raises(
        TypeError, match=r"`unit` must be a unit, a string or a unit of pint. Got float. Pass for example u.mV"
    ):
        u.as_unit(3.0)
    with pytest.raises(
        ValueError, match=r"`unit` must be a string that pint can read. Got 'nonsense'. See units.registry"
    ):
        u.as_unit("nonsense")


@pytest.mark.parametrize("value", [2.0, 3, torch.ones(2), [1.0, 2.0], 2.0 * u.ms])
def test_value_and_unit_make_a_quantity_from_either_side(value):
    expected = u.Quantity(value) * (1 * u.mV)
    for made in (value * u.mV, u.mV * value):
        assert made.unit == expected.unit
        assert torch.equal(torch.as_tensor(made.mantissa), torch.as_tensor(expected.mantissa))


def test_division_by_and_of_units():
    assert (3.0 / u.ms).unit is u.ms**-1
    assert (u.mV / 2.0).mantissa == 0.5 and (u.mV / 2.0).unit is u.mV
    assert (u.mV / (2.0 * u.ms)).mantissa == 0.5


def test_offset_unit_refuses_algebra_with_the_cure():
    with pytest.raises(u.UnitMismatchError, match=r"a unit must have no offset .*Got °C. Use u.kelvin"):
        u.degC * u.mV
    with pytest.raises(u.UnitMismatchError, match=r"a unit must have no offset"):
        u.degC**2
    with pytest.raises(ValueError, match=r"must stand alone where it has an offset"):
        u.Unit(u.registry.degC * u.registry.m)


def test_decimal_prefixes_convert_exactly():
    assert (1.0 * u.uA).to_decimal(u.nA) == 1000.0
    assert (1.0 * u.molar).to_decimal(u.mM) == 1000.0


def test_unit_survives_copy_and_pickle_as_itself():
    unit = u.uA / u.cm**2
    assert copy.copy(unit) is copy.deepcopy(unit) is pickle.loads(pickle.dumps(unit)) is unit


def test_a_standard_unit_is_shown_by_units_that_were_there_before(monkeypatch):
    from brainstate_torch.units import unit

    monkeypatch.setattr(unit, "_standard", dict(unit._standard))
    made = u.second / u.minute / u.second
    assert str(made) != "pls"
    u.registry.define("pulse_rate = 1 / minute = pls")
    try:
        u.add_standard_unit(u.as_unit("pulse_rate"))
        assert str(made) == "pls"
    finally:
        made._text = ""
    with pytest.raises(ValueError, match="`u` must be a unit with one name. Got uA"):
        u.add_standard_unit(u.mV * u.mS)
