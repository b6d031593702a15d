"""Unpooling: what was pooled comes back to its place."""

import pytest
import torch

import brainstate_torch.units as u
from brainstate_torch import nn


@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
@pytest.mark.parametrize("channel_axis", [-1, 1])
def test_elements_return_to_their_places(size, channel_axis):
    x = torch.randn(3, *size, 2)
    x = x if channel_axis == -1 else x.movedim(-1, 1)
    y, indices = nn.MaxPool2d(2, channel_axis=channel_axis, return_indices=True)(x)
    back = nn.MaxUnpool2d(2, channel_axis=channel_axis)(y, indices, output_size=x.shape)
    found = back != 0
    assert back.shape == x.shape and int(found.sum()) == y.numel()
    assert torch.equal(back[found], x[found])


def test_places_are_kept_in_another_size():
    y, indices = nn.MaxPool1d(2, return_indices=True)(torch.arange(8.0).reshape(2, 4, 1))
    layer = nn.MaxUnpool1d(2)
    assert layer(y, indices, 6)[..., 0].tolist() == [[0, 1, 0, 3, 0, 0], [0, 5, 0, 7, 0, 0]]
    assert layer(y, indices, (2, 2, 1))[..., 0].tolist() == [[0, 1], [0, 5]]


def test_units_and_sizes():
    y, indices = nn.MaxPool1d(2, return_indices=True)(torch.arange(4.0).reshape(4, 1) * u.mV)
    layer = nn.MaxUnpool1d(2, in_size=(2, 1))
    assert layer(y, indices).to_decimal(u.mV).ravel().tolist() == [0, 1, 0, 3] and layer.out_size == (4, 1)
    assert nn.MaxUnpool2d((3, 2), stride=2, padding=(1, 0), in_size=(4, 4, 1)).out_size == (7, 8, 1)


def test_gradients_are_right():
    _, indices = nn.MaxPool1d(2, return_indices=True)(torch.randn(2, 6, 2))
    y = torch.randn(2, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda y: nn.MaxUnpool1d(2)(y, indices), y)


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="`padding` must be an integer or 2 integers. Got"):
        nn.MaxUnpool2d(2, padding=(1, 2, 3))
    with pytest.raises(TypeError, match="`padding` must be made of integers. Got 2.5"):
        nn.MaxUnpool2d(2, padding=2.5)
    with pytest.raises(ValueError, match=r"`indices` must have the shape of `x`. Got \(3, 1\) and \(2, 1\)"):
        nn.MaxUnpool1d(2)(torch.zeros(2, 1), torch.zeros(3, 1, dtype=torch.int32))
    with pytest.raises(ValueError, match=r"`output_size` must have 2 axes of space, or 3. Got \(8,\)"):
        nn.MaxUnpool2d(2)(torch.zeros(2, 2, 1), torch.zeros(2, 2, 1, dtype=torch.int32), output_size=(8,))
