"""Pooling to a size: blocks one after another."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

X = torch.randn(2, 7, 5, 3, dtype=torch.float64)


@pytest.mark.parametrize("target", [1, 2, 3, 5, 7])
def test_blocks_are_numpys_split(target):
    parts = [torch.from_numpy(part) for part in np.array_split(X[..., 0].numpy(), target, axis=1)]
    x = X[..., 0]
    means, most = (torch.stack([f(part, 1) for part in parts], 1) for f in (torch.mean, torch.amax))
    assert torch.allclose(nn.AdaptiveAvgPool1d(target)(x), means)
    assert torch.equal(nn.AdaptiveMaxPool1d(target)(x), most)


def test_equal_blocks_are_torchs():
    x = torch.randn(2, 6, 4, 3)
    y = torch.nn.functional.adaptive_avg_pool2d(x.movedim(-1, 1), (3, 2)).movedim(1, -1)
    assert torch.allclose(nn.AdaptiveAvgPool2d((3, 2), in_size=(6, 4, 3))(x), y)


def test_axes_may_be_left_and_channels_be_anywhere():
    assert nn.AdaptiveMaxPool2d((None, 2), in_size=(7, 5, 3)).out_size == (7, 2, 3)
    assert nn.AdaptiveMaxPool2d((None, 2))(X).shape == (2, 7, 2, 3)
    first = nn.AdaptiveAvgPool2d(2, channel_axis=1)(X.movedim(-1, 1))
    assert torch.allclose(first.movedim(1, -1), nn.AdaptiveAvgPool2d(2)(X))


def test_units_integers_gradients_and_lanes():
    for layer in (nn.AdaptiveAvgPool2d(2), nn.AdaptiveMaxPool2d((3, 4))):
        assert torch.equal(layer(X * u.mV).to_decimal(u.mV), layer(X))
        assert torch.autograd.gradcheck(layer, X[:1].detach().requires_grad_())
        assert torch.allclose(brainstate.transform.vmap(layer)(X), layer(X))
    assert nn.AdaptiveAvgPool1d(2)(torch.tensor([[1], [2], [5]])).ravel().tolist() == [1.5, 5]


def test_wrong_targets_are_refused():
    for error, message, target in [
        (TypeError, "`target_size` must be an int or a sequence of ints. Got 'ab'", "ab"),
        (TypeError, "`target_size` entries must be ints or None. Got", (2, 2.5)),
        (ValueError, "`target_size` must be positive. Got 0", 0),
        (ValueError, "`target_size` must be an int or a sequence of 2 ints. Got", (2,)),
        (ValueError, "`target_size` must be an int or a sequence of 2 ints. Got 2.5", 2.5),
    ]:
        with pytest.raises(error, match=message):
            nn.AdaptiveAvgPool2d(target)
    with pytest.raises(ValueError, match=r"`target_size` must not be larger than the input, \(4,\). Got \(5,\)"):
        nn.AdaptiveMaxPool1d(5)(torch.zeros(4, 1))
