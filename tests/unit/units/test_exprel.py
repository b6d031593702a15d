import pytest
import torch

import brainstate_torch.units as u


@pytest.mark.parametrize("x", [-5.0, -0.01, -0.0099, -1e-4, 1e-8, 0.0099, 0.01, 3.0])
def test_value_and_derivatives_are_those_of_the_closed_form(x):
    point = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    value = u.math.exprel(point)
    (slope,) = torch.autograd.grad(value, point)
    factorial, series, derivative = 1.0, 0.0, 0.0
    for n in range(60):
        factorial *= n + 1
        series += x**n / factorial
        derivative += n * x ** (n - 1) / factorial if n else 0.0
    assert value.item() == pytest.approx(series, rel=1e-12)
    assert slope.item() == pytest.approx(derivative, rel=1e-9)


def test_zero_has_value_one_and_slope_one_half():
    x = torch.zeros(2, requires_grad=True)
    u.math.exprel(x).sum().backward()
    assert u.math.exprel(0.0).item() == u.math.exprel(0).item() == 1.0 and x.grad.tolist() == [0.5, 0.5]


def test_quantities_need_the_unit_to_count_in():
    assert u.math.exprel(1.0 * u.volt, unit_to_scale=u.volt).item() == pytest.approx(1.7182818)
    assert u.math.exprel((1.0 * u.mV) / (1.0 * u.mV)).item() == pytest.approx(1.7182818)
    with pytest.raises(u.UnitMismatchError, match=r"must get one common dimension. Got a plain number and mV"):
        u.math.exprel(1.0 * u.mV)
