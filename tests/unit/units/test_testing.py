"""u.testing.assert_close: units, tolerances, trees."""

import pytest
import torch

import brainstate_torch.units as u

Q = torch.tensor([1.0, 2.0, float("nan")]) * u.mV


@pytest.mark.parametrize(
    ("actual", "expected", "options"),
    [
        (Q[:2], torch.tensor([1e-3, 2e-3]) * u.volt, {}),
        (Q, Q.to(u.volt), {"equal_nan": True}),
        (Q[:2], torch.tensor([1.0, 2.5]) * u.mV, {"atol": 0.5001 * u.mV}),
        (Q[:2], torch.tensor([1.0, 2.5]) * u.mV, {"atol": 501.0 * u.uV}),
        (Q[:2], torch.tensor([1.0, 2.5]) * u.mV, {"rtol": 0.3}),
        (Q[:2] * 0, 0, {}),
        (3.0 * u.mV, 0.003 * u.volt, {}),
        ({"a": [Q[:1], 1.0], "b": Q[:2]}, {"a": (torch.tensor([1e-3]) * u.volt, 1.0), "b": Q[:2]}, {}),
        (torch.tensor([180.0]) * u.degree, torch.tensor([torch.pi]), {}),
    ],
)
def test_close_values_pass(actual, expected, options):
    u.testing.assert_close(actual, expected, **options)


@pytest.mark.parametrize(
    ("actual", "expected", "options", "message"),
    [
        (Q, Q, {}, "not close"),
        (Q[:2], torch.tensor([1.0, 2.0]), {}, "both values must have one dimension. Got mV and 1"),
        ({"a": [Q[0]]}, {"a": [1.0 * u.ms]}, {}, r"both values\['a'\]\[0\] must have one dimension. Got mV and ms"),
        ({"a": 1.0}, {"b": 1.0}, {}, "one structure"),
        ([1.0], [1.0, 2.0], {}, "one structure"),
        (1.0, [1.0], {}, "one structure"),
        (Q[:2], torch.tensor([1e-3, 2e-3]) * u.volt, {"check_unit": True}, "one unit. Got mV and V"),
        (Q[:2], Q[:2].to(torch.float64), {}, "dtype"),
        (Q[:2], torch.tensor([1.0, 2.5]) * u.mV, {"atol": 499.0 * u.uV}, "not close"),
        (1e-9 * Q[:2], 1e-9 * Q[:2] + 1e-9 * u.mV, {}, "not close"),
        (3.0 * u.mV, 3.1 * u.mV, {"msg": "mine"}, "mine"),
    ],
)
def test_other_values_raise(actual, expected, options, message):
    with pytest.raises(AssertionError, match=message):
        u.testing.assert_close(actual, expected, **options)


def test_tolerance_of_another_dimension_is_refused():
    with pytest.raises(u.UnitMismatchError):
        u.testing.assert_close(Q[:2], Q[:2], atol=1.0)
