import pytest
import torch

from brainstate_torch import nn


@pytest.mark.parametrize("scale", [0, 0.0, torch.tensor([1.0, 0.0])])
def test_a_factor_of_zero_is_refused(scale):
    with pytest.raises(ValueError, match="`scale` must not be zero, or there is no inverse. Got a zero"):
        nn.AffineT(scale, 1.0)


def test_a_small_factor_is_a_factor():
    t = nn.AffineT(1e-12, 0.0)
    assert torch.equal(t.inverse(t(torch.tensor([3.0]))), torch.tensor([3.0]))


def test_powers_become_the_logarithm():
    x = torch.tensor([0.5, 2.0, 9.0], dtype=torch.float64)
    assert torch.allclose(nn.PowerT(1e-8)(x), nn.PowerT(0.0)(x), rtol=1e-6)
    assert torch.equal(nn.PowerT(2.0)(x), (x**2 - 1) / 2)


def test_identity_keeps_the_object():
    x = object()
    assert nn.IdentityT()(x) is x and nn.IdentityT().inverse(x) is x
