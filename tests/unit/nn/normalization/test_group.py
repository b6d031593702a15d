"""GroupNorm against torch's own."""

import pytest
import torch

from brainstate_torch import nn

X = torch.randn(5, 3, 4, 6, generator=torch.Generator().manual_seed(0))
SCALE, BIAS = torch.linspace(0.5, 2.0, 6), torch.linspace(-1.0, 1.0, 6)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
@pytest.mark.parametrize("in_size, single", [((6,), False), ((3, 4, 6), False), ((3, 4, 6), True)])
def test_group_norm_is_torchs_with_channels_last(groups, in_size, single):
    layer = nn.GroupNorm(in_size, num_groups=groups, scale_init=SCALE, bias_init=BIAS)
    expected = torch.nn.functional.group_norm(X.movedim(-1, 1), groups, SCALE, BIAS, 1e-6).movedim(1, -1)
    y = layer(X[0]) if single else layer(X)
    assert torch.allclose(y, expected[0] if single else expected, atol=1e-5)
    assert layer.num_groups * layer.group_size == 6


def test_a_vector_alone_is_one_example():
    layer = nn.GroupNorm(6, num_groups=None, group_size=3)
    assert torch.allclose(layer(X[0, 0, 0]), layer(X[0, 0])[0])


def test_reduction_axes_are_those_of_the_input():
    layer = nn.GroupNorm(6, num_groups=2, reduction_axes=(-2, -1))
    groups = X.unflatten(-1, (2, 3))
    mean, variance = groups.mean((2, 4), keepdim=True), groups.var((2, 4), correction=0, keepdim=True)
    assert torch.allclose(layer(X), ((groups - mean) / torch.sqrt(variance + 1e-6)).reshape(X.shape), atol=1e-5)
    with pytest.raises(ValueError, match=r"`reduction_axes` must contain the last axis. Got \(1,\) for 4 axes"):
        nn.GroupNorm(6, num_groups=2, reduction_axes=1)(X)


def test_a_mask_of_channels_is_split_into_groups():
    mask = torch.tensor([True, False, True, True, True, True])
    y = nn.GroupNorm(6, num_groups=2, epsilon=0.0)(torch.tensor([[1.0, 9.0, 3.0, 1.0, 1.0, 4.0]]), mask=mask)
    assert torch.allclose(y, torch.tensor([[-1.0, 7.0, 1.0, -(0.5**0.5), -(0.5**0.5), 2.0**0.5]]))


def test_groups_must_divide_the_channels():
    for groups in ({}, {"num_groups": 0}, {"num_groups": -2}, {"num_groups": 2.0}):
        with pytest.raises(ValueError, match="`num_groups` must divide the number of channels, 6. Got"):
            nn.GroupNorm(6, **groups)
    with pytest.raises(ValueError, match="`group_size` must divide the number of channels, 6. Got 4"):
        nn.GroupNorm(6, num_groups=None, group_size=4)
    for groups in ({"num_groups": 2, "group_size": 3}, {"num_groups": None}):
        with pytest.raises(ValueError, match="either `num_groups` or `group_size` must be given, the other None"):
            nn.GroupNorm(6, **groups)
    with pytest.raises(ValueError, match=r"`feature_axis` must be the last axis of `in_size` \(6, 4\). Got 0"):
        nn.GroupNorm((6, 4), 0, num_groups=2)


def test_group_norm_fits_behind_a_layer_with_axes_of_space():
    net = nn.Sequential(nn.Linear((4, 2), (4, 6)), nn.GroupNorm.desc(num_groups=2))
    assert net(torch.randn(5, 4, 2)).shape == (5, 4, 6) and net.out_size == (4, 6)
