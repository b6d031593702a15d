"""Decorators that check or set units."""

import pytest
import torch

import brainstate_torch.units as u


@u.check_units(I=u.mA, R=u.ohm, result=u.mV)
def voltage(I, R=1.0 * u.ohm):
    return I * R


def test_check_units_lets_the_right_ones_pass():
    assert voltage(2.0 * u.mA).mantissa == 2.0 and voltage(I=2.0 * u.mA, R=3.0 * u.ohm).unit == u.mV


@pytest.mark.parametrize("current", [2.0 * u.uA, 2.0 * u.ms, 2.0])
def test_check_units_names_the_argument(current):
    with pytest.raises(u.UnitMismatchError, match=r"`I` must be in mA. Got"):
        voltage(current)


def test_check_units_names_the_result():
    with pytest.raises(u.UnitMismatchError, match=r"`result` must be in mV. Got 1"):
        u.check_units(result=u.mV)(lambda: 3.0)()


def test_check_dims_takes_every_prefix():
    square = u.check_dims(x=u.mV.dim, flag=bool)(lambda x, flag=True: x**2)
    assert square(2.0 * u.volt).unit == u.volt**2
    with pytest.raises(u.DimensionMismatchError, match=r"`x` must have the dimension"):
        square(2.0 * u.ms)
    with pytest.raises(TypeError, match=r"`flag` must be a bool. Got int"):
        square(2.0 * u.mV, 1)


def test_result_may_depend_on_the_arguments():
    same = u.check_units(result=lambda x: u.get_unit(x))(lambda x: x + x)
    assert same(2.0 * u.ms).mantissa == 4.0


def test_assign_units_counts_and_attaches():
    energy = u.assign_units(v=u.mV, q=1, result=[u.mV, None])(lambda v, q: [v * q, v])
    found = energy(0.002 * u.volt, 3.0)
    assert found[0].mantissa == 6.0 and found[0].unit is u.mV and found[1] == 2.0
    with pytest.raises(
        u.UnitMismatchError, match=r"`v` must be a quantity that can be counted in mV. Got a plain value"
    ):
        energy(2.0, 3.0)
    assert u.assign_units(v=u.mV, result=u.mV)(lambda v: v).without_result_units(1.0 * u.volt) == 1000.0


def test_units_of_parameters_that_do_not_exist_are_refused():
    with pytest.raises(TypeError, match=r"units must be given for parameters of `f`. Got `y`. It has x"):

        @u.check_units(y=u.mV)
        def f(x):
            return x


def test_assert_quantity_compares():
    u.assert_quantity(torch.ones(2) * u.mV, 1.0, u.mV)
    u.assert_quantity(2.0, 2.0)
    with pytest.raises(AssertionError, match=r"`q` must be in mV. Got V"):
        u.assert_quantity(1.0 * u.volt, 1.0, u.mV)
    with pytest.raises(AssertionError):
        u.assert_quantity(1.0 * u.mV, 2.0, u.mV)
