"""brainstate_torch.nn.connection.linear: what its layers refuse."""

import pytest
import torch

from brainstate_torch.nn import AllToAll, Linear, ScaledWSLinear, SignedWLinear


@pytest.mark.parametrize("kind", [Linear, SignedWLinear, ScaledWSLinear, AllToAll])
@pytest.mark.parametrize("shape", [(5,), (3, 2)])
def test_an_input_of_another_size_is_refused(kind, shape):
    with pytest.raises(TypeError, match=r"`x` must end with an axis of length 3, as `in_size` says. Got the shape \("):
        kind(3, 2)(torch.ones(shape))


@pytest.mark.parametrize("kind", [Linear, SignedWLinear, ScaledWSLinear, AllToAll])
@pytest.mark.parametrize("bias", [True, False])
def test_the_place_of_bias_in_torch_is_refused(kind, bias):
    with pytest.raises(ValueError, match=rf"Got {bias}\. For a layer without a bias write `b_init=None`"):
        kind(3, 2, bias)
