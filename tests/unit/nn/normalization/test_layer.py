"""LayerNorm and RMSNorm against torch's own and against formulas."""

import pytest
import torch

import brainstate_torch as brainstate
from brainstate_torch import nn

X = torch.randn(5, 3, 4, 6, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
SCALE, BIAS = torch.linspace(0.5, 2.0, 24, dtype=torch.float64), torch.linspace(-1.0, 1.0, 24, dtype=torch.float64)


@pytest.mark.parametrize("size", [(6,), (4, 6)])
def test_layer_norm_is_torchs(size):
    axes = tuple(range(-len(size), 0))
    n = torch.Size(size).numel()
    scale, bias = SCALE[:n].reshape(size), BIAS[:n].reshape(size)
    layer = nn.LayerNorm(size, axes, axes, scale_init=scale, bias_init=bias)
    assert torch.allclose(layer(X), torch.nn.functional.layer_norm(X, size, scale, bias, 1e-6))
    assert {key: tuple(value.shape) for key, value in layer.weight.value.items()} == {"scale": size, "bias": size}


def test_layer_norm_over_any_axes_is_the_formula():
    layer = nn.LayerNorm((4, 6), (0, -2), epsilon=0.1).double()
    mean, variance = X.mean((0, 2), keepdim=True), X.var((0, 2), correction=0, keepdim=True)
    assert torch.allclose(layer(X), (X - mean) / torch.sqrt(variance + 0.1))


def test_the_fused_way_and_the_masked_way_agree_with_their_gradients():
    layer = nn.LayerNorm(6).double()
    probe = torch.linspace(-1.0, 1.0, X.numel(), dtype=torch.float64).reshape(X.shape)
    loss = lambda x, mask: (probe * layer(x, mask=mask)).sum()
    gradient = brainstate.transform.grad(loss, return_value=True)
    fused, masked = gradient(X, None), gradient(X, torch.ones(6, dtype=torch.bool))
    assert torch.allclose(fused[0], masked[0]) and torch.allclose(fused[1], masked[1])


def test_rms_norm_is_torchs():
    layer = nn.RMSNorm(6, scale_init=SCALE[:6], epsilon=1e-3)
    assert torch.allclose(layer(X), torch.nn.functional.rms_norm(X, (6,), SCALE[:6], 1e-3))
    assert set(layer.scale.value) == {"scale"} and nn.RMSNorm(6, use_scale=False).scale is None


def test_rms_norm_leaves_out_what_is_masked():
    y = nn.RMSNorm(3, epsilon=0.0)(torch.tensor([3.0, 4.0, torch.nan]), mask=torch.tensor([True, True, False]))
    assert torch.allclose(y[:2], torch.tensor([3.0, 4.0]) / 12.5**0.5) and y[2].isnan()


def test_what_is_learned_is_what_was_asked_for():
    assert set(nn.LayerNorm(6, use_bias=False).weight.value) == {"scale"}
    assert set(nn.LayerNorm(6, use_scale=False).weight.value) == {"bias"}
    layer = nn.LayerNorm(6, use_scale=False, use_bias=False)
    assert layer.weight is None and not list(layer.parameters()) and layer.double()(X).dtype is torch.float32
    assert sorted(nn.LayerNorm(6).state_dict()) == ["weight.bias", "weight.scale"]


@pytest.mark.parametrize("kind", [nn.LayerNorm, nn.RMSNorm])
def test_features_and_axes_must_be_there(kind):
    with pytest.raises(ValueError, match=r"`feature_axes` must be different axes of an array with 1 axes. Got -2"):
        kind(6, feature_axes=-2)
    with pytest.raises(ValueError, match=r"`reduction_axes` must be different axes of .* 2 axes. Got \(5,\)"):
        kind(6, reduction_axes=5)(torch.zeros(2, 6))
    for shape in ((2, 1), (2, 5), ()):
        with pytest.raises(ValueError, match=r"`x` must have the sizes of `in_size` \(6,\) along the features"):
            kind(6)(torch.zeros(shape))


def test_second_derivatives_and_second_order_products():
    layer = nn.LayerNorm(4).double()
    x = torch.tensor([1.0, -2.0, 0.5, 3.0], dtype=torch.float64)
    hessian = brainstate.transform.hessian(lambda x: (layer(x) ** 3).sum())(x)
    mask = torch.ones(4, dtype=torch.bool)
    assert torch.allclose(hessian, brainstate.transform.hessian(lambda x: (layer(x, mask=mask) ** 3).sum())(x))
