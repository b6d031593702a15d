import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

X = torch.tensor([0.3, 0.15, 0.9], dtype=torch.float64)


def test_costs():
    beta = torch.distributions.Beta(2.5, 1.5)
    assert torch.allclose(nn.BetaReg(1.0, 2.5, 1.5).loss(X), -beta.log_prob(X.float()).sum().double(), rtol=1e-5)
    assert torch.allclose(nn.LogUniformReg(2.0).loss(X), 2 * X.log().sum())
    outside = torch.tensor([-2.0, 0.5, 3.0])
    assert nn.UniformReg(2.0, 0.0, 1.0).loss(outside) == 2 * (4 + 4)
    assert nn.MaxNormReg(2.0, 3.0).loss(torch.tensor([3.0, 4.0])) == 8.0
    assert nn.MaxNormReg(2.0, 6.0).loss(torch.tensor([3.0, 4.0])) == 0.0


def test_bounds_with_units():
    reg = nn.UniformReg(lower=0.0 * u.mV, upper=1.0 * u.mV)
    assert reg.loss(torch.tensor([3.0]) * u.mV) == 4.0 * u.mV**2
    assert reg.reset_value() == 0.5 * u.mV


def test_modes_and_centres():
    assert torch.allclose(nn.BetaReg(1.0, 3.0, 2.0).reset_value(), torch.tensor(2 / 3))
    assert nn.UniformReg(1.0, 1.0, 4.0).reset_value() == 2.5
    assert torch.allclose(nn.LogUniformReg(1.0, 0.1, 10.0).reset_value(), torch.tensor(1.0))


def test_draws_stay_inside():
    with brainstate.random.seed_context(0):
        uniform = nn.UniformReg(1.0, 1.0, 4.0).sample_init(20_000)
        assert uniform.min() >= 1 and uniform.max() <= 4 and abs(uniform.mean() - 2.5) < 0.03
        logarithms = nn.LogUniformReg(1.0, 0.1, 10.0).sample_init(20_000).log10()
        assert logarithms.abs().max() <= 1.001 and abs(logarithms.mean()) < 0.02
        assert abs(nn.BetaReg(1.0, 3.0, 2.0).sample_init(20_000).mean() - 0.6) < 0.01
        assert torch.allclose(nn.MaxNormReg(1.0, 3.0).sample_init((4, 5)).norm(), torch.tensor(1.5))
