import torch

import brainstate_torch.units as u
from brainstate_torch import nn


def test_a_chain_applies_the_first_first():
    t = nn.ChainT(nn.PositiveT(), nn.AffineT(2.0 * u.mV, 1.0 * u.mV))
    assert torch.equal(t(torch.tensor([0.0])).to_decimal(u.mV), torch.tensor([3.0]))
    assert torch.equal(t.inverse(torch.tensor([3.0]) * u.mV), torch.tensor([0.0]))
    x = torch.tensor([0.5, -1.0])
    parts = nn.PositiveT().log_abs_det_jacobian(x, None) + nn.AffineT(2.0, 1.0).log_abs_det_jacobian(x, None)
    assert torch.allclose(t.log_abs_det_jacobian(x, None), parts)
    assert repr(nn.ChainT(nn.PositiveT(), nn.IdentityT())) == "ChainT(PositiveT(), IdentityT())"


def test_a_chain_of_nothing_is_the_identity():
    x = torch.tensor([[0.5, -1.0]])
    assert nn.ChainT()(x) is x and nn.ChainT().inverse(x) is x
    assert torch.equal(nn.ChainT().log_abs_det_jacobian(x, x), torch.zeros(1))


def test_a_mask_keeps_nan_out_of_the_gradient():
    t = nn.MaskedT([True, False], nn.PowerT(0.0), safe_value=1.0)
    x = torch.tensor([2.0, -3.0])
    assert torch.equal(t(x), torch.tensor([2.0, -3.0]).where(torch.tensor([False, True]), x.log()))
    assert torch.func.grad(lambda x: t(x).sum())(x).tolist() == [0.5, 1.0]
    assert repr(t) == "MaskedT(mask=..., transform=PowerT(lmbda=0.0))"
