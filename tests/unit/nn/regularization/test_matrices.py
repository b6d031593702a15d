import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

W = torch.tensor([[1.0, 0.5], [0.0, 2.0], [-1.0, 0.3]])


def test_costs():
    expected = ((W.T @ W - torch.eye(2)) ** 2).sum()
    assert torch.allclose(nn.OrthogonalReg(2.0).loss(W), 2 * expected)
    assert torch.allclose(nn.OrthogonalReg().loss(W.reshape(3, 2, 1)), expected)
    largest = torch.linalg.matrix_norm(W, 2)
    assert torch.allclose(nn.SpectralNormReg(2.0, 1.5).loss(W), 2 * (largest - 1.5) ** 2)
    assert torch.allclose(nn.SpectralNormReg(2.0, 1.5).loss(W.reshape(3, 2, 1)), 2 * (largest - 1.5) ** 2)


def test_values_with_fewer_axes():
    orthogonal = nn.OrthogonalReg()
    assert orthogonal.loss(torch.tensor(-3.0)) == 4 and orthogonal.loss(torch.eye(2).reshape(4)) == 0
    assert orthogonal.loss(torch.tensor([1.0, 1.0])) == 1
    spectral = nn.SpectralNormReg()
    assert torch.allclose(spectral.loss(torch.tensor([3.0, 4.0])), torch.tensor(16.0))
    assert spectral.loss(torch.tensor(-3.0)) == 4
    assert torch.equal(brainstate.transform.grad(spectral.loss)(torch.zeros(3)), torch.zeros(3))


@pytest.mark.parametrize("shape", [(2, 4), (4, 2), (3, 3)])
def test_draws_are_orthogonal(shape):
    sample = nn.OrthogonalReg().sample_init(shape)
    product = sample @ sample.mT if shape[0] < shape[1] else sample.mT @ sample
    assert sample.shape == shape and torch.allclose(product, torch.eye(min(shape)), atol=1e-5)
    assert torch.allclose(
        torch.linalg.matrix_norm(nn.SpectralNormReg(1.0, 3.0).sample_init(shape), 2), torch.tensor(3.0)
    )
