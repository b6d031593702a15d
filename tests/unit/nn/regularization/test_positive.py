import math

import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

X = torch.tensor([0.3, 1.5, 2.0], dtype=torch.float64)
D = torch.distributions


def test_costs_are_negative_logarithms_of_densities():
    gamma = D.Gamma(torch.tensor(2.5, dtype=X.dtype), torch.tensor(1.5, dtype=X.dtype))
    assert torch.allclose(nn.GammaReg(1.0, 2.5, 1.5).loss(X), -gamma.log_prob(X).sum(), rtol=1e-6)
    inverse = D.InverseGamma(torch.tensor(2.5, dtype=X.dtype), torch.tensor(1.5, dtype=X.dtype))
    assert torch.allclose(nn.InverseGammaReg(1.0, 2.5, 1.5).loss(X), -inverse.log_prob(X).sum(), rtol=1e-6)
    normal = -(D.LogNormal(0.2, 1.3).log_prob(X) + 0.5 * math.log(2 * math.pi)).sum()
    assert torch.allclose(nn.LogNormalReg(1.0, 0.2, 1.3).loss(X), normal, rtol=1e-6)
    assert torch.allclose(nn.ExponentialReg(2.0, 1.5).loss(X), 3 * X.sum())


def test_numbers_below_zero_count_as_zero():
    assert nn.ExponentialReg().loss(torch.tensor([-3.0])) == 0
    for reg in (nn.GammaReg(), nn.LogNormalReg(), nn.InverseGammaReg()):
        assert torch.equal(reg.loss(torch.tensor([-3.0])), reg.loss(torch.tensor([0.0])))


def test_modes():
    assert torch.allclose(nn.GammaReg(1.0, 3.0, 4.0).reset_value(), torch.tensor(0.5))
    assert nn.GammaReg(1.0, 0.5, 4.0).reset_value() > 0
    assert torch.allclose(nn.InverseGammaReg(1.0, 3.0, 4.0).reset_value(), torch.tensor(1.0))
    assert torch.allclose(nn.LogNormalReg(1.0, 0.5).reset_value(), torch.tensor(0.5).exp())


def test_draws_come_from_the_densities():
    with brainstate.random.seed_context(0):
        assert abs(nn.GammaReg(1.0, 3.0, 4.0).sample_init(20_000).mean() - 0.75) < 0.02
        assert abs(nn.InverseGammaReg(1.0, 5.0, 4.0).sample_init(20_000).mean() - 1.0) < 0.03
        assert abs(nn.LogNormalReg(1.0, 0.5, 0.3).sample_init(20_000).log().mean() - 0.5) < 0.02
        assert abs(nn.ExponentialReg(1.0, 4.0).sample_init(20_000).mean() - 0.25) < 0.01
