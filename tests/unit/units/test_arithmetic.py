import operator
from fractions import Fraction

import numpy as np
import pytest
import torch

import brainstate_torch.units as u

A, B = torch.tensor([3.0, -4.0]), torch.tensor([2.0, 5.0])


def same(found, mantissa, unit):
    assert found.unit == unit
    torch.testing.assert_close(torch.as_tensor(found.mantissa), torch.as_tensor(mantissa), check_dtype=False)


@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mod])
def test_sums_take_the_unit_of_the_left_operand(op):
    same(op(A * u.mV, B * u.volt), op(A, 1000.0 * B), u.mV)
    same(op(A * u.mV, B * u.mV), op(A, B), u.mV)
    same(op(3.0 * u.mV, 2.0 * u.uV), op(3.0, 2e-3), u.mV)


@pytest.mark.parametrize("op", [operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne])
def test_comparisons_are_plain(op):
    assert torch.equal(op(A * u.mV, B * u.volt), op(A, 1000.0 * B))
    assert op(3.0 * u.mV, 2.0 * u.mV) is op(3.0, 2.0)


@pytest.mark.parametrize(
    "op",
    [
        operator.add,
        operator.sub,
        operator.mod,
        operator.floordiv,
        operator.lt,
        operator.le,
        operator.gt,
        operator.ge,
        operator.eq,
        operator.ne,
        divmod,
    ],
)
@pytest.mark.parametrize("other", [1.0, torch.ones(2), np.ones(2), np.float64(1.0), 1.0 * u.ms, u.Quantity(1.0)])
def test_other_dimensions_and_plain_numbers_are_refused(op, other):
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension. Got mV and (a plain number|ms)"):
        op(A * u.mV, other)
    if not isinstance(other, u.Quantity):
        with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension"):
            op(other, A * u.mV)


def test_dimensionless_quantity_and_plain_number_go_together():
    same(u.Quantity(3.0) + 1.0, 4.0, u.UNITLESS)
    same(1.0 + 3.0 * (u.mV / u.volt), 1.003, u.UNITLESS)
    assert u.Quantity(3.0) == 3.0 and (u.Quantity(A) > 0).tolist() == [True, False]


def test_equality_with_what_is_no_value_is_false():
    q = 3.0 * u.mV
    assert q != None and q != "mV" and q != object()  # noqa: E711
    with pytest.raises(TypeError, match=r"unsupported operand"):
        q + "mV"
    with pytest.raises(TypeError, match=r"unhashable"):
        hash(q)


@pytest.mark.parametrize("other", [2.0, 2, np.float32(2.0), torch.tensor([2.0, 4.0]), np.array([2.0, 4.0])])
def test_products_with_plain_values(other):
    plain = torch.as_tensor(other)
    same(A * u.mV * other, A * plain, u.mV)
    same(other * (A * u.mV), A * plain, u.mV)
    same(A * u.mV / other, A / plain, u.mV)
    same(other / (A * u.mV), plain / A, u.mV**-1)


def test_products_and_quotients_of_quantities():
    same((A * u.mV) * (B * u.ms), A * B, u.mV * u.ms)
    same((A * u.mV) / (B * u.ms), A / B, u.mV / u.ms)
    same((A * u.mV) @ (B * u.ms), A @ B, u.mV * u.ms)
    same(A @ (B * u.ms), A @ B, u.ms)
    same(np.array([3.0, -4.0]) @ (B * u.ms), A @ B, u.ms)
    same((A * u.mV) * u.ms / u.cm, A, u.mV * u.ms / u.cm)
    same(u.ms * (A * u.mV), A, u.ms * u.mV)
    same(u.ms / (B * u.mV), 1 / B, u.ms / u.mV)


def test_results_without_dimension_are_plain_with_the_scale_folded_in():
    assert 3.0 * u.mV / (1.0 * u.volt) == pytest.approx(0.003)
    assert (3.0 * u.ms) * (2.0 * u.Hz) == pytest.approx(0.006)
    assert 3.0 * u.mV / u.mV == 3.0 and 3.0 * u.ms * u.Hz == pytest.approx(0.003)
    assert torch.equal((A * u.mV) / (B * u.mV), A / B)
    assert torch.tensor([2, 3]).mul(u.Quantity(torch.tensor([4, 5]), u.radian)).dtype == torch.int64


def test_powers():
    same((A * u.mV) ** 2, A**2, u.mV**2)
    same((B * u.mV**2) ** Fraction(1, 2), B**0.5, u.mV)
    same((B * u.mV) ** 0.5, B**0.5, u.mV**0.5)
    assert torch.equal((A * u.mV) ** 0, torch.ones(2))
    assert 2.0 ** u.Quantity(3.0) == 8.0 and (2.0 * u.radian) ** 3 == 8.0
    same((2.0 * u.mV) ** u.Quantity(2), 4.0, u.mV**2)
    torch.testing.assert_close(u.Quantity(B) ** A, B**A)
    torch.testing.assert_close(A ** u.Quantity(2.0), A**2.0)


def test_powers_that_no_unit_can_follow_are_refused():
    with pytest.raises(
        u.UnitMismatchError, match=r"`exponent` must be a Python number where the base has a unit. Got Tensor"
    ):
        (A * u.mV) ** B
    for base in (2.0, A):
        with pytest.raises(u.UnitMismatchError, match=r"`pow` must get a plain number. Got a quantity in mV"):
            base ** (2.0 * u.mV)


def test_unary_operators():
    same(-(A * u.mV), -A, u.mV)
    same(+(A * u.mV), A, u.mV)
    same(abs(A * u.mV), abs(A), u.mV)
    same(round(1.26 * u.mV, 1), 1.3, u.mV)
    same(round(torch.tensor([1.26, 2.5]) * u.mV, 1), torch.tensor([1.3, 2.5]), u.mV)


def test_builtin_sum_may_start_from_zero():
    same(sum([A * u.mV, B * u.mV]), A + B, u.mV)
    same(0 - A * u.mV, -A, u.mV)
    same(A * u.mV - 0, A, u.mV)


@pytest.mark.parametrize(
    "op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.lt, operator.eq, operator.mod]
)
def test_operators_agree_with_the_functions_of_torch(op):
    names = {operator.mod: torch.remainder, operator.truediv: torch.div, operator.lt: torch.lt, operator.eq: torch.eq}
    function = names.get(op) or getattr(torch, op.__name__)
    found, expected = op(A * u.mV, B * u.volt), function(A * u.mV, B * u.volt)
    assert u.get_unit(found) == u.get_unit(expected)
    torch.testing.assert_close(u.get_mantissa(found), u.get_mantissa(expected))


def test_tensor_on_the_left_goes_the_same_way():
    same(A * (B * u.mV), A * B, u.mV)
    same(A / (B * u.mV), A / B, u.mV**-1)
    assert torch.equal(u.Quantity(B) > A, A < B)
    assert torch.equal(u.get_mantissa(A - u.Quantity(B)), A - B)


@pytest.mark.parametrize("op", [operator.lshift, operator.rshift])
def test_shifts_take_plain_integers(op):
    x, y = torch.tensor([6, 5, 12]), torch.tensor([3, 1, 2])
    q = u.as_quantity(x)
    assert torch.equal(torch.as_tensor(op(q, y)), op(x, y)) and torch.equal(torch.as_tensor(op(q, 2)), op(x, 2))
    assert torch.equal(torch.as_tensor(op(y, q)), op(y, x))
    with pytest.raises(u.UnitMismatchError):
        op(x * u.mV, y)
