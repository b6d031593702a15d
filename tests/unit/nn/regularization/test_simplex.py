import math

import torch

from brainstate_torch import nn

X = torch.tensor([[0.3, 0.15], [0.9, -2.0]], dtype=torch.float64)


def test_costs():
    p = X.reshape(-1).softmax(0)
    assert torch.allclose(nn.EntropyReg(2.0).loss(X), 2 * (p * p.log()).sum(), rtol=1e-6)
    assert torch.allclose(nn.EntropyReg(2.0, maximize=False).loss(X), -2 * (p * p.log()).sum(), rtol=1e-6)
    assert torch.allclose(nn.DirichletReg(2.0, 3.0).loss(X), -4 * p.log().sum(), rtol=1e-6)


def test_large_numbers_do_not_overflow():
    assert torch.allclose(nn.EntropyReg().loss(torch.tensor([1e4, 1e4])), torch.tensor(-math.log(2)))


def test_draws():
    assert torch.equal(nn.EntropyReg().sample_init((2, 3)), torch.zeros(2, 3))
    assert nn.EntropyReg(maximize=False).sample_init((2, 3)).std() > 0
    assert torch.allclose(nn.DirichletReg(alpha=2.0).sample_init(5).exp().sum(), torch.tensor(1.0), atol=1e-5)
