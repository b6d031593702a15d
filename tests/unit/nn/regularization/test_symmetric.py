import math

import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

X = torch.tensor([0.3, -1.5, 2.0], dtype=torch.float64)


def test_costs_are_negative_logarithms_of_densities():
    student = torch.distributions.StudentT(4.0, 0.0, 1.5)
    assert torch.allclose(nn.StudentTReg(df=4.0, scale=1.5).loss(X), -student.log_prob(X).sum(), rtol=1e-6)
    cauchy = torch.distributions.Cauchy(0.0, 1.5)
    assert torch.allclose(nn.CauchyReg(scale=1.5).loss(X), -(cauchy.log_prob(X) + math.log(math.pi)).sum(), rtol=1e-6)
    assert torch.allclose(nn.HorseshoeReg(tau=1.5).loss(X), nn.CauchyReg(scale=1.5).loss(X))
    parts = [p * torch.distributions.Normal(0.0, s).log_prob(X).exp() for p, s in ((0.3, 0.1), (0.7, 1.5))]
    mixed = -(sum(parts) * math.sqrt(2 * math.pi)).log().sum()
    assert torch.allclose(nn.SpikeAndSlabReg(1.0, 0.1, 1.5, 0.3).loss(X), mixed, rtol=1e-6)


def test_gaussian_is_twice_the_negative_logarithm():
    expected = ((X - 0.5) ** 2 / 0.49).sum() - math.log(1 / 0.49)
    assert torch.allclose(nn.GaussianReg(0.5, 0.7).loss(X), expected, rtol=1e-5)


def test_draws_come_from_the_densities():
    with brainstate.random.seed_context(0):
        gauss = nn.GaussianReg(2.0, 0.5).sample_init(20_000)
        assert abs(gauss.mean() - 2) < 0.02 and abs(gauss.std() - 0.5) < 0.02
        for reg, quartile in ((nn.CauchyReg(scale=2.0), 2.0), (nn.StudentTReg(scale=2.0), 2 * 0.6745)):
            assert abs(reg.sample_init(20_000).abs().median() - quartile) < 0.1
        assert abs(nn.HorseshoeReg().sample_init(20_000)).max() > 100
        spiked = nn.SpikeAndSlabReg(pi=0.8, spike_scale=1e-3).sample_init(20_000)
        assert abs((spiked.abs() < 5e-3).double().mean() - 0.8) < 0.02
