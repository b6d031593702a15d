import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u


def same(found, values, unit=None):
    assert u.get_unit(found) is (unit or u.UNITLESS)
    torch.testing.assert_close(u.get_mantissa(found), torch.as_tensor(values), check_dtype=False)


@pytest.mark.parametrize("args", [(3,), (1, 4), (0, 1, 0.25), (3, 0, -1)])
def test_arange_is_numpys(args):
    same(u.math.arange(*args), np.arange(*args))
    same(u.math.arange(*(arg * u.ms for arg in args)), np.arange(*args), u.ms)


def test_arange_and_linspace_convert_to_the_unit_of_start():
    same(u.math.arange(0.0 * u.ms, 0.003 * u.second, 1.0 * u.ms), [0.0, 1.0, 2.0], u.ms)
    same(u.math.linspace(0.0 * u.ms, 0.002 * u.second, 3), [0.0, 1.0, 2.0], u.ms)
    same(u.math.linspace(0.0, 1.0, 4, endpoint=False), np.linspace(0.0, 1.0, 4, endpoint=False))
    same(u.math.logspace(0.0, 2.0, 3), [1.0, 10.0, 100.0])
    for function in (u.math.arange, u.math.linspace):
        with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
            function(0.0 * u.ms, 1.0 * u.mV, 3 * u.ms)


def test_filled_arrays():
    same(u.math.zeros((1, 2), unit=u.mV), [[0.0, 0.0]], u.mV)
    same(u.math.ones(2), [1.0, 1.0])
    same(u.math.full(2, 3.0 * u.mV), [3.0, 3.0], u.mV)
    same(u.math.full(2, 3.0, unit=u.mV), [3.0, 3.0], u.mV)
    same(u.math.full(2, 3.0 * u.volt, unit=u.mV), [3000.0, 3000.0], u.mV)
    assert u.math.empty(3, unit=u.mV).shape == (3,)
    for k in (-1, 0, 1):
        same(u.math.eye(2, 3, k), np.eye(2, 3, k))
        same(u.math.tri(2, 3, k), np.tri(2, 3, k))
    same(u.math.identity(2, unit=u.mV), np.eye(2), u.mV)


def test_arrays_from_anything():
    same(u.math.asarray([1.0 * u.mV, 0.002 * u.volt]), [1.0, 2.0], u.mV)
    same(u.math.asarray(np.ones(2)), [1.0, 1.0])
    same(u.math.asarray([1.0] * u.volt, unit=u.mV), [1000.0], u.mV)
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
        u.math.asarray([1.0], unit=u.mV)
    original = torch.ones(2)
    assert u.math.asarray(original) is original and u.math.array(original) is not original
    assert u.math.asarray(1, dtype=torch.float64).dtype == torch.float64


def test_precision_is_that_of_environ():
    with brainstate.environ.context(precision=64):
        for made in (
            u.math.zeros(2),
            u.math.arange(0.0, 1.0, 0.5),
            u.math.linspace(0.0, 1.0, 3),
            u.math.eye(2),
            u.math.asarray(1.0),
        ):
            assert made.dtype == torch.float64
    assert u.math.arange(3).dtype == torch.int32


def test_as_numpy_needs_a_plain_value():
    assert u.math.as_numpy(torch.ones(2, requires_grad=True)).tolist() == [1.0, 1.0]
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension. Got a plain number and mV"):
        u.math.as_numpy(1.0 * u.mV)


@pytest.mark.parametrize("precision", [32, 64])
def test_a_dtype_of_64_bits_has_all_digits_in_either_precision(precision):
    with brainstate.environ.context(precision=precision):
        made = [
            u.math.asarray(0.1, "float64"), u.math.asarray([0.1 * u.mV], "float64"),
            u.math.array(np.array(0.1), "float64"),
            u.math.full(2, 0.1, "float64"), u.math.linspace(0.0, 0.1, 3, dtype="float64"),
            u.math.linspace(np.zeros(2), np.full(2, 0.1), 3, dtype="float64"), u.math.arange(0.0, 0.15, 0.1, "float64"),
            u.math.logspace(0.0, np.log10(0.1), 3, dtype="float64"), u.math.geomspace(1.0, 0.1, 3, dtype="float64"),
            u.Quantity(0.1, u.mV, "float64"), u.Quantity([0.1], u.mV, "float64"),
            u.array_with_unit(0.1, u.mV, "float64"),
        ]  # fmt: skip
        assert u.math.asarray(2**40, "int64") == u.math.asarray(np.array([2**40]), "int64") == 2**40
    for each in made:
        assert u.get_mantissa(each).dtype == torch.float64
        assert u.get_mantissa(each).flatten()[-1].item() == pytest.approx(0.1, rel=1e-14)
