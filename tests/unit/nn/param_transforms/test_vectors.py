import torch

from brainstate_torch import nn

X = torch.tensor([[0.5, -1.0, 3.0], [-40.0, 0.0, 40.0]], dtype=torch.float64)


def test_ordered_vectors_increase():
    y = nn.OrderedT()(X)
    assert (y.diff() >= 0).all() and torch.equal(y[:, 0], X[:, 0])
    assert nn.OrderedT().inverse(torch.tensor([1.0, 0.0])).isnan().any()


def test_simplex_vectors_sum_to_one_and_are_broken_off():
    y = nn.SimplexT()(X)
    assert y.shape == (2, 4) and (y >= 0).all() and torch.allclose(y.sum(-1), torch.ones(2, dtype=y.dtype))
    share, left = torch.sigmoid(X[0]), 1.0
    for i in range(3):
        assert torch.allclose(y[0, i], share[i] * left)
        left = left * (1 - share[i])
    assert nn.SimplexT().inverse(y).shape == X.shape


def test_unit_vectors_have_length_one_and_a_slope_at_zero():
    assert torch.allclose(nn.UnitVectorT()(X).norm(dim=-1), torch.ones(2, dtype=X.dtype))
    assert torch.isfinite(torch.func.jacrev(nn.UnitVectorT())(torch.zeros(3))).all()
