"""Axes, means and variances, dtypes and what the layers refuse."""

import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn
from brainstate_torch.nn.normalization.base import as_mask, axes_of, centred, mean_over, squared


def test_axes_are_counted_from_the_front():
    assert axes_of(-1, 3, "axes") == (2,) and axes_of((0, -1), 3, "axes") == (0, 2)
    for axes in (3, (-4,), (0, -3)):
        with pytest.raises(ValueError, match="`axes` must be different axes of an array with 3 axes. Got"):
            axes_of(axes, 3, "axes")


@pytest.mark.parametrize("axes", [(), (1,), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("dtype", [torch.float64, torch.complex128])
def test_mean_and_variance_are_those_of_torch(axes, dtype):
    x = torch.randn(2, 3, 4, dtype=dtype, generator=torch.Generator().manual_seed(0))
    rest, mean, variance = centred(x, axes)
    if axes:
        assert torch.allclose(mean, x.mean(axes, keepdim=True))
        assert torch.allclose(variance, x.var(axes, correction=0, keepdim=True))
        assert torch.allclose(rest, x - mean)
    else:
        assert torch.equal(mean, x) and not rest.any() and not variance.any()


@pytest.mark.parametrize("axes", [(), (1,), (0, 1)])
def test_what_is_masked_does_not_count_not_even_a_nan(axes):
    x = torch.tensor([[1.0, 3.0, torch.nan], [5.0, 7.0, 2.0]], dtype=torch.float64, requires_grad=True)
    mask = torch.tensor([[True, True, False], [True, True, True]])
    _, mean, variance = centred(x, axes, mask)
    kept = [x[0, :2], x[1]] if axes == (1,) else [x[mask]]
    if axes:
        assert torch.allclose(mean.flatten(), torch.stack([k.mean() for k in kept]))
        assert torch.allclose(variance.flatten(), torch.stack([k.var(correction=0) for k in kept]))
        (mean.sum() + variance.sum()).backward()
        assert x.grad is not None and x.grad[0, 2] == 0 and x.grad.isfinite().all()
    else:
        assert torch.equal(mean.isnan(), ~mask) and mean_over(x, (), mask)[0, 0] == 1


def test_variance_is_accurate_where_the_mean_is_large():
    x = torch.tensor([[10_000.0, 10_001.0, 10_002.0]])
    assert centred(x, (1,))[2].item() == pytest.approx(2 / 3, rel=1e-4)
    assert (squared(x).mean() - x.mean() ** 2 - 2 / 3).abs() > 0.1  # what the short formula gives


def test_squares_are_real():
    assert squared(torch.tensor([3 + 4j])).tolist() == [25.0]


def test_a_mask_must_broadcast_to_the_input():
    x = torch.zeros(2, 3)
    assert as_mask(None, x) is None
    assert as_mask([1.0, 0.0, 1.0], x).tolist() == [[True, False, True]]
    for shape in ((2,), (3, 2, 3), (4, 3)):
        with pytest.raises(ValueError, match=r"`mask` must broadcast to the input's shape \(2, 3\). Got"):
            as_mask(torch.ones(shape), x)


LAYERS = {
    "batch": lambda **kw: nn.BatchNorm0d(4, **kw),
    "layer": lambda **kw: nn.LayerNorm(4, **kw),
    "rms": lambda **kw: nn.RMSNorm(4, **kw),
    "group": lambda **kw: nn.GroupNorm(4, num_groups=2, **kw),
}
kinds = pytest.mark.parametrize("kind", LAYERS)


@pytest.fixture(autouse=True)
def fitting():
    with brainstate.environ.context(fit=True):
        yield


@kinds
def test_dtype_of_the_result_is_the_layers(kind):
    x = torch.randn(3, 4)
    assert LAYERS[kind]()(x).dtype is torch.float32
    assert LAYERS[kind]()(x.half()).dtype is torch.float32
    assert LAYERS[kind](dtype="float16")(x).dtype is torch.float16
    assert LAYERS[kind](dtype=torch.float64)(x).dtype is torch.float64
    assert LAYERS[kind]()(torch.arange(12).reshape(3, 4)).dtype is torch.float32
    with brainstate.environ.context(precision=64):
        assert LAYERS[kind]()(x.double()).dtype is torch.float64


@kinds
def test_dtype_of_the_result_follows_the_parameters(kind):
    layer = LAYERS[kind]().double()
    assert layer(torch.randn(3, 4).double()).dtype is torch.float64
    assert LAYERS[kind](dtype="float32").double()(torch.randn(3, 4)).dtype is torch.float32
    assert LAYERS[kind]().bfloat16()(torch.randn(3, 4).bfloat16()).dtype is torch.bfloat16


@kinds
def test_half_precision_is_summed_in_single(kind):
    x = torch.full((3, 4), 300.0).half() + torch.arange(12).reshape(3, 4)  # squares beyond what half precision holds
    layer = LAYERS[kind](dtype=torch.float16)
    assert torch.allclose(layer(x).float(), LAYERS[kind]()(x.float()), atol=2e-3)


@kinds
def test_layers_refuse_what_they_cannot_normalise(kind):
    layer, x = LAYERS[kind](), torch.randn(3, 4)
    with pytest.raises(TypeError, match="`x` must be a plain tensor: `epsilon` is added .* Got the unit mV"):
        layer(x * u.mV)
    with pytest.raises(TypeError, match=r"`x` must be real where the layer's dtype is torch.float32. Got"):
        LAYERS[kind](dtype="float32")(x + 1j)
    with pytest.raises(ValueError, match=r"`x` must have the size"):
        layer(torch.randn(3, 5))
    with pytest.raises(NotImplementedError, match="`axis_name` must be None: torch has no named axes. Got 'batch'"):
        LAYERS[kind](axis_name="batch")
    with pytest.raises(ValueError, match=r"`dtype` must be floating or complex. Got torch.int32"):
        LAYERS[kind](dtype="int32")


@kinds
def test_a_complex_layer_normalises_complex_numbers(kind):
    x = torch.randn(5, 4, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    y = LAYERS[kind](dtype="complex64")(x)
    axes = {"batch": (0,), "group": (-1,)}.get(kind, (-1,))
    y = y.unflatten(-1, (2, 2)) if kind == "group" else y
    assert torch.allclose(squared(y).mean(axes), torch.ones(()), atol=1e-3)


@kinds
def test_layers_agree_with_themselves_under_vmap_and_finite_differences(kind):
    layer = LAYERS[kind]().double()
    x = torch.randn(3, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    with brainstate.environ.context(fit=False):
        if kind != "batch":
            assert torch.autograd.gradcheck(lambda x: layer(x), x, check_forward_ad=True)
        each = brainstate.transform.vmap(lambda row: layer(row))(x.detach())
        assert torch.allclose(each, layer(x.detach()))


@kinds
def test_layers_are_traced_on_shapes_alone(kind):
    layer, x = LAYERS[kind](), torch.randn(3, 4)
    mask = torch.ones(4, dtype=torch.bool)
    before = [state.value for state in layer.states().values()]
    traced = brainstate.transform.eval_shape(lambda x: (layer(x), layer(x, mask=mask)), x)
    assert [(tuple(y.shape), y.dtype) for y in traced] == [((3, 4), torch.float32)] * 2
    assert all(state.value is value for state, value in zip(layer.states().values(), before, strict=True))


@kinds
def test_the_text_of_a_layer_shows_its_arguments(kind):
    text = repr(LAYERS[kind](epsilon=0.25))
    assert "epsilon=0.25" in text and "least_ndim" not in text
