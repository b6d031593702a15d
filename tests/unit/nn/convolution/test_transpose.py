"""Transposed convolutions: torch's own, and what goes beyond it."""

import pytest
import torch
import torch.nn.functional as F

from brainstate_torch import nn

torch.manual_seed(0)


@pytest.mark.parametrize("groups", [1, 2])
def test_padding_counts_what_torch_does_not_cut(groups):
    x, weight = torch.randn(2, 5, 6, 4).double(), torch.randn(3, 3, 6, 4 // groups).double()
    layer = nn.ConvTranspose2d((5, 6, 4), 6, 3, stride=2, padding=1, groups=groups, w_init=weight)
    kernel = weight.unflatten(2, (groups, -1)).permute(2, 4, 3, 0, 1).flatten(0, 1)
    y = F.conv_transpose2d(x.permute(0, 3, 1, 2), kernel, stride=2, padding=1, groups=groups)
    assert torch.allclose(layer(x), y.permute(0, 2, 3, 1))


@pytest.mark.parametrize("pads", [(4, 1), (1, 4), (5, 5), (0, 3)])
def test_more_padding_than_the_kernel_reaches_gives_zeros_and_the_bias(pads):
    x, weight = torch.randn(4, 2).double(), torch.randn(3, 3, 2).double()
    whole = nn.ConvTranspose1d((4, 2), 3, 3, padding=2, w_init=weight)(x)
    layer = nn.ConvTranspose1d((4, 2), 3, 3, padding=pads, w_init=weight, b_init=torch.ones(3).double())
    before, after = (pad - 2 for pad in pads)
    assert torch.allclose(layer(x), F.pad(whole, (0, 0, before, after)) + 1)
    assert layer(x).shape == layer.out_size


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_the_names_of_padding_say_what_the_size_is(kernel, stride):
    same, valid = (nn.ConvTranspose1d((5, 1), 1, kernel, stride, padding=name) for name in ("SAME", "VALID"))
    assert same.out_size == same(torch.zeros(5, 1)).shape == (5 * stride, 1)
    assert valid.out_size == valid(torch.zeros(5, 1)).shape == (max(5 * stride, 4 * stride + kernel), 1)
