import pytest
import torch

import brainstate_torch.units as u

Q = torch.ones(2) * u.mV


def test_questions_about_units():
    assert (u.get_unit(Q), u.get_unit(u.mV), u.get_unit(1.0)) == (u.mV, u.mV, u.UNITLESS)
    assert u.get_dim(Q) == u.volt.dim and u.get_dim(1.0) == u.DIMENSIONLESS
    assert u.get_mantissa(Q) is Q.mantissa and u.get_magnitude(Q) is Q.mantissa and u.get_mantissa(2.0) == 2.0
    assert (
        u.is_unitless(1.0)
        and not u.is_unitless(Q)
        and not u.is_unitless(1.0 * u.degree)
        and u.is_dimensionless(1.0 * u.degree)
    )
    assert (
        u.has_same_unit(Q, Q)
        and not u.has_same_unit(Q, 1.0 * u.volt)
        and u.has_same_unit(1.0 * u.uA, 1.0 * u.mV * u.mS)
    )
    assert u.have_same_dim(Q, u.volt) and not u.have_same_dim(Q, 1.0)
    assert u.split_mantissa_unit(2.0 * u.mV) == (2.0, u.mV)


def test_maybe_decimal():
    assert u.maybe_decimal(Q) is Q and u.maybe_decimal(2.0) == 2.0
    assert u.maybe_decimal(180.0 * u.degree) == pytest.approx(torch.pi)
    assert u.maybe_decimal(2.0 * u.volt, u.mV) == u.maybe_decimal(2.0 * u.volt, unit=u.mV) == 2000.0
    with pytest.raises(u.UnitMismatchError, match=r"`to_decimal` must get one common dimension"):
        u.maybe_decimal(2.0, u.mV)


def test_mismatches_raise_with_the_callers_text():
    assert u.fail_for_unit_mismatch(Q, 1.0 * u.volt) == (u.mV, u.volt)
    with pytest.raises(u.UnitMismatchError, match=r"look: both values must have one kind of unit. Got mV and ms."):
        u.fail_for_unit_mismatch(Q, 1.0 * u.ms, "look:")
    with pytest.raises(u.DimensionMismatchError, match=r"both values must have one dimension. Got mV and 1."):
        u.fail_for_dimension_mismatch(Q, 1.0)


def test_text_in_another_unit():
    assert u.display_in_unit(1.5 * u.volt, u.mV) == "1500.0 mV" and u.display_in_unit(1.5 * u.volt) == "1.5 V"


def test_shape_and_dtype():
    assert (u.math.shape(Q), u.math.ndim(Q), u.math.size(Q), u.math.size([[1, 2]], 1)) == ((2,), 1, 2, 2)
    assert u.math.isscalar(1.0 * u.mV) and not u.math.isscalar(Q)
    assert (
        u.math.get_dtype(Q) == torch.float32 and u.math.is_float(Q) and u.math.is_int([1]) and not u.math.is_int(True)
    )


def test_a_dimension_is_shown_and_none_is_one():
    assert u.get_dim_for_display(u.meter.dim) == "[length]" and u.get_dim_for_display(u.DIMENSIONLESS) == "1"
