import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import nn


@pytest.mark.parametrize("kind", [nn.SoftplusT, nn.ExpT, nn.LogT])
def test_values_are_above_the_bound(kind):
    assert kind(2.0)(torch.linspace(-90, 90, 101)).min() >= 2
    assert kind(2.0).inverse(torch.tensor([1.0])).isnan().all()
    assert type(kind(2.0)(torch.tensor([1.0]))) is torch.Tensor


def test_values_are_below_the_bound():
    t = nn.NegSoftplusT(2.0)
    assert t(torch.linspace(-90, 90, 101)).max() <= 2 and repr(t) == "NegSoftplusT(upper=2.0)"
    assert nn.NegativeT()(torch.linspace(-90, 90, 101)).max() <= 0


def test_softplus_is_exact_far_from_zero():
    x = torch.tensor([-30.0, 21.0, 30.0], dtype=torch.float64)
    assert torch.allclose(nn.SoftplusT(0.0)(x), torch.log1p(x.exp()), rtol=1e-14, atol=0)
    assert torch.allclose(nn.SoftplusT(0.0).inverse(nn.SoftplusT(0.0)(x)), x, rtol=1e-12)


def test_the_volume_of_the_lower_side():
    x = torch.tensor([0.3, -2.0], dtype=torch.float64)
    t = nn.NegSoftplusT(1.0)
    slopes = torch.func.grad(lambda x: t(x).sum())(x)
    assert torch.allclose(t.log_abs_det_jacobian(x, t(x)), slopes.log().sum())


@pytest.mark.parametrize("t", [nn.ExpT(0.0), nn.PositiveT()])
def test_the_exponential_is_capped(t):
    y = t(torch.tensor([20.0, 21.0, 1000.0]))
    assert torch.isfinite(y).all() and y[0] == y[1] == y[2]


def test_relu_starts_at_its_bound():
    t = nn.ReluT(1.0 * u.mV)
    assert torch.equal(t(torch.tensor([-1.0, 2.0]) * u.mV).mantissa, torch.tensor([1.0, 3.0]))
    with pytest.raises(u.UnitMismatchError):
        t(torch.tensor([-1.0]))
    assert repr(nn.ReluT()) == "ReluT(lower_bound=0.0)"


def test_a_negative_number_keeps_its_unit_or_is_refused():
    with pytest.raises((u.UnitMismatchError, TypeError)):
        nn.NegativeT().inverse(torch.tensor([-1.0]) * u.mV)
