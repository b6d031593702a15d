"""Convolutions: values by hand, units, layout, transforms, errors. tests/parity compares with brainstate."""

import re

import pytest
import torch
import torch.nn.functional as F

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import LongTermState, nn

torch.manual_seed(0)
X = torch.randn(2, 6, 5, 4, dtype=torch.float64)
W = torch.randn(3, 2, 4, 3, dtype=torch.float64)


def test_conv_is_torchs_with_channels_last():
    layer = nn.Conv2d((6, 5, 4), 3, (3, 2), stride=(2, 1), padding=(1, 0), w_init=W, b_init=torch.ones(3).double())
    y = F.conv2d(X.permute(0, 3, 1, 2), W.permute(3, 2, 0, 1), torch.ones(3).double(), (2, 1), (1, 0))
    assert torch.allclose(layer(X), y.permute(0, 2, 3, 1))
    assert layer.out_size == layer(X).shape[1:]


def test_conv_does_not_copy_for_the_layout():
    x = torch.randn(2, 6, 5, 4)
    y = nn.Conv2d((6, 5, 4), 3, 3)(x)
    assert y.is_contiguous()
    assert nn.Conv1d((6, 4), 3, 3)(x[:, :, 0].contiguous()).is_contiguous()


def test_negative_padding_cuts_the_input():
    for axes, size in ((1, (9, 2)), (2, (9, 8, 2)), (3, (9, 8, 7, 2))):
        x = torch.randn(3, *size)
        weight = torch.randn(*[2] * axes, 2, 3)
        cut = (slice(None), *[slice(1, None)] * axes)
        kind = getattr(nn, f"Conv{axes}d")
        expected = kind(x[cut].shape[1:], 3, 2, padding=[(0, 1)], w_init=weight)(x[cut])
        assert torch.allclose(kind(size, 3, 2, padding=[(-1, 1)], w_init=weight)(x), expected, atol=1e-6)


def test_lhs_dilation_puts_zeros_between():
    x = torch.tensor([[1.0], [2.0], [3.0]])
    layer = nn.Conv1d((3, 1), 1, 2, padding=0, lhs_dilation=3, w_init=torch.tensor([[[1.0]], [[10.0]]]))
    assert layer(x).ravel().tolist() == [1, 0, 20, 2, 0, 30]


def test_units_go_through_a_convolution():
    weight, bias = torch.ones(2, 1, 1) * u.mS, torch.ones(1) * u.uA
    for kind in (nn.Conv1d, nn.ConvTranspose1d):
        layer = kind((2, 1), 1, 2, padding=[(1, 0)], w_init=weight, b_init=bias)
        y = layer(torch.tensor([[1.0], [10.0]]) * u.mV)
        assert y.to_decimal(u.uA).ravel().tolist() == [2.0, 12.0]
        assert y.shape == layer.out_size


def test_standardized_kernels_have_mean_zero_and_variance_one_over_fan_in():
    kernel = torch.randn(3, 3, 4, 5)
    layer = nn.ScaledWSConv2d((6, 5, 4), 5, 3, w_init=kernel)
    standard = nn.weight_standardization(kernel)
    assert torch.allclose(standard.mean((0, 1, 2)), torch.zeros(5), atol=1e-6)
    assert torch.allclose(standard.var((0, 1, 2), correction=0), torch.full((5,), 1 / 36))
    assert torch.allclose(layer(X.float()), nn.Conv2d((6, 5, 4), 5, 3, w_init=standard)(X.float()), atol=1e-5)
    assert set(nn.ScaledWSConv1d((3, 1), 2, 2, ws_gain=False).weight.value) == {"weight"}
    assert layer.weight.value["gain"].shape == (1, 1, 1, 5)


def test_the_parameters_are_one_state_of_the_kind_asked_for():
    layer = nn.Conv2d((6, 5, 4), 3, 3, b_init=nn.init.ZeroInit(), param_type=LongTermState, name="out")
    assert type(layer.weight) is LongTermState and layer.name == "out"
    assert {key: tuple(v.shape) for key, v in layer.weight.value.items()} == {"weight": (3, 3, 4, 3), "bias": (1, 1, 3)}
    assert list(nn.Conv1d((3, 1), 2, 2).state_dict()) == ["weight.weight"]


def test_vmap_and_loops_over_a_convolution_are_a_python_loop():
    layer = nn.Conv2d((6, 5, 4), 3, (3, 2), w_init=W, stride=2)
    xs = torch.randn(3, 2, 6, 5, 4, dtype=torch.float64)
    expected = torch.stack([layer(x) for x in xs])
    assert torch.allclose(brainstate.transform.vmap(layer)(xs), expected)
    assert torch.allclose(brainstate.transform.for_loop(layer, xs), expected)


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ScaledWSConv2d, nn.ConvTranspose2d])
def test_gradients_are_right(kind):
    layer = kind((4, 3, 2), 3, 2, stride=2, padding=[(1, 0)])
    kernel = torch.randn(layer.kernel_shape, dtype=torch.float64)
    layer = kind((4, 3, 2), 3, 2, stride=2, padding=[(1, 0)], w_init=kernel)
    x = torch.randn(4, 3, 2, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: nn.Conv1d(3, 8, 3), r"1 axis of space .* Got \(3,\)\. .* for example \(28, 3\)"),
        (lambda: nn.Conv2d(3, 8, 3), r"2 axes of space .* for example \(28, 28, 3\)"),
        (lambda: nn.Conv2d(3, 8, 3, channel_first=True), r"for example \(3, 28, 28\)"),
    ],
)
def test_the_signature_of_torch_gets_an_example_of_in_size(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("kind", [nn.Conv2d, nn.ScaledWSConv2d, nn.ConvTranspose2d])
def test_wrong_arguments_are_refused(kind):
    size = (8, 8, 4)
    for error, message, kwargs in [
        (ValueError, r"`in_size` must have 2 axes of space and one of channels. Got \(8, 4\)", {"in_size": (8, 4)}),
        (ValueError, r"`groups` must divide in_channels and out_channels. Got 3 for 4 and 6", {"groups": 3}),
        (ValueError, r"`groups` must divide .* Got 0", {"groups": 0}),
        (ValueError, r"`padding` must be 'SAME', .* Got 'FULL'", {"padding": "FULL"}),
        (ValueError, r"`padding` must be .* Got \[\]", {"padding": []}),
        (ValueError, r"`stride` must be positive. Got 0", {"stride": 0}),
        (
            TypeError,
            r"`kernel_size` must be an integer, or a sequence of 1 or 2 integers. Got 2.5",
            {"kernel_size": 2.5},
        ),
        (TypeError, r"`rhs_dilation` must be an integer, or .* Got \(1, 1, 1\)", {"rhs_dilation": (1, 1, 1)}),
    ]:
        with pytest.raises(error, match=message):
            kind(**{"in_size": size, "out_channels": 6, "kernel_size": 3} | kwargs)


def test_wrong_inputs_are_refused():
    layer = nn.Conv1d((8, 4), 6, 3)
    with pytest.raises(ValueError, match=r"`x` must have the size \(8, 4\), .* Got \(7, 4\)"):
        layer(torch.zeros(7, 4))
    with pytest.raises(ValueError, match=r"Got \(1, 1, 8, 4\)"):
        layer(torch.zeros(1, 1, 8, 4))
    with pytest.raises(TypeError, match=r"`x` must have the dtype of the weight, torch.float32. Got torch.int32"):
        layer(torch.zeros(8, 4, dtype=torch.int32))


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(ValueError, match=r"`kernel_size` must fit into the input with its padding. Got \(5,\)"):
        nn.Conv1d((4, 1), 1, 5, padding="VALID")
    with pytest.raises(ValueError, match="`padding` must be numbers where `lhs_dilation` is not 1. Got 'SAME'"):
        nn.Conv1d((4, 1), 1, 3, lhs_dilation=2)


def test_autocast_chooses_the_dtype():
    with torch.autocast(torch.get_default_device().type, torch.bfloat16):
        assert nn.Conv1d((8, 4), 6, 3)(torch.zeros(8, 4, dtype=torch.bfloat16)).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("layer", "shape", "cure"),
    [
        (lambda: nn.Conv2d((8, 9, 3), 4, 3), (2, 3, 8, 9), r"movedim\(-3, -1\)` moves them, or .*channel_first"),
        (lambda: nn.Conv1d((9, 3), 4, 3), (3, 9), r"movedim\(-2, -1\)"),
        (lambda: nn.Conv2d((3, 8, 9), 4, 3, channel_first=True), (2, 8, 9, 3), r"movedim\(-1, -3\)"),
        (lambda: nn.BatchNorm2d((8, 9, 3)), (2, 3, 8, 9), r"movedim\(-3, -1\)` moves them\.$"),
    ],
)
def test_an_input_with_its_channels_at_the_other_end_is_told_how_to_move_them(layer, shape, cure):
    x, made = torch.ones(shape), layer()
    with pytest.raises(ValueError, match=cure) as seen:
        made(x)
    moved = eval(re.search(r"`(x\.movedim\(.*?\))`", str(seen.value))[1], {"x": x})
    with brainstate.environ.context(fit=False):
        made(moved)


def test_an_input_of_another_size_is_not_told_to_move_channels():
    with pytest.raises(ValueError, match=r"Got \(2, 3, 8, 8\)\.$"):
        nn.Conv2d((8, 9, 3), 4, 3)(torch.ones(2, 3, 8, 8))
