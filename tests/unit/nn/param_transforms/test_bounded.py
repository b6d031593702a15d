import math

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import nn


@pytest.mark.parametrize("beta", [0.0, -1.0, math.inf, math.nan])
def test_a_slope_that_is_none_is_refused(beta):
    with pytest.raises(ValueError, match="`beta` must be a positive finite number. Got"):
        nn.ScaledSigmoidT(0.0, 1.0, beta)


@pytest.mark.parametrize("kind", [nn.SigmoidT, nn.ScaledSigmoidT, nn.TanhT, nn.SoftsignT])
def test_values_are_between_the_bounds(kind):
    t = kind(-2.0, 3.0)
    y = t(torch.linspace(-1e6, 1e6, 101))
    assert y.min() >= -2 and y.max() <= 3 and torch.allclose(t(torch.tensor(0.0)), torch.tensor(0.5))
    assert t.inverse(torch.tensor([-2.5, 3.5])).isnan().all()


def test_bounds_may_be_in_two_units():
    t = nn.SigmoidT(0.0 * u.mV, 1.0 * u.volt)
    assert torch.allclose(t(torch.tensor(0.0)).to_decimal(u.mV), torch.tensor(500.0))
    x = torch.tensor([0.3])
    slope = torch.func.grad(lambda x: t(x).to_decimal(u.mV).sum())(x)
    assert torch.allclose(t.log_abs_det_jacobian(x, t(x)), slope.log().sum())


def test_clip_holds_in_both_directions():
    t = nn.ClipT(0.0, None)
    assert torch.equal(t(torch.tensor([-1.0, 9.0])), torch.tensor([0.0, 9.0]))
    assert torch.equal(nn.ClipT(None, 1.0).inverse(torch.tensor([-1.0, 9.0])), torch.tensor([-1.0, 1.0]))
    slope = torch.func.grad(lambda x: nn.ClipT(0.0, 1.0)(x).sum())(torch.tensor([-1.0, 0.0, 0.5, 1.0, 2.0]))
    assert slope.tolist() == [0.0, 0.5, 1.0, 0.5, 0.0]


def test_representations_name_the_bounds():
    assert repr(nn.TanhT(0.0, 1.0)) == "TanhT(lower=0.0, upper=1.0)"
    assert repr(nn.ScaledSigmoidT(0.0, 1.0, 2.0)) == "ScaledSigmoidT(lower=0.0, upper=1.0, beta=2.0)"
    assert repr(nn.ClipT(0.0, 1.0)) == "ClipT(lower=0.0, upper=1.0)"
