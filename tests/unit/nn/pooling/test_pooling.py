"""Pooling over sliding windows: torch and slow loops are the reference. tests/parity compares with brainstate."""

import itertools

import pytest
import torch
import torch.nn.functional as F

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

torch.manual_seed(0)
X = torch.randn(2, 7, 6, 3, dtype=torch.float64)


def slowly(x, kernel, stride, pads, of):
    """A function of the elements within each window, of ``[*space, C]``."""
    steps = [(n + sum(p) - k) // s + 1 for n, p, k, s in zip(x.shape, pads, kernel, stride, strict=False)]
    rows = []
    for place in itertools.product(*map(range, steps)):
        starts = [i * s - p[0] for i, s, p in zip(place, stride, pads, strict=True)]
        part = x
        for axis, (start, k) in enumerate(zip(starts, kernel, strict=True)):
            first, last = (min(max(n, 0), x.shape[axis]) for n in (start, start + k))
            part = part.narrow(axis, first, last - first)
        rows.append(of(part.reshape(-1, x.shape[-1])))
    return torch.stack(rows).reshape(*steps, -1)


def most(x):
    return x.amax(0) if len(x) else torch.full(x.shape[1:], -torch.inf, dtype=x.dtype)


def mean(x):
    return x.mean(0) if len(x) else torch.zeros(x.shape[1:], dtype=x.dtype)


@pytest.mark.parametrize("pads", [((0, 0), (0, 0)), ((1, 1), (1, 1)), ((0, 1), (2, 0)), ((2, 2), (3, 3))])
@pytest.mark.parametrize("stride", [(1, 1), (2, 3)])
def test_windows_hold_what_a_loop_finds(pads, stride):
    for x in X:
        args = (3, 2), stride, pads
        assert torch.allclose(nn.MaxPool2d(*args)(x), slowly(x, *args, most))
        assert torch.allclose(nn.AvgPool2d(*args)(x), slowly(x, *args, mean))
        norms = slowly(x, *args, lambda part: ((part.abs() ** 3).sum(0) / 6) ** (1 / 3))
        assert torch.allclose(nn.LPPool2d(3, *args)(x), norms)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_pooling_is_torchs_with_channels_last(axes):
    x = torch.randn(2, *[6] * axes, 3)
    first = x.movedim(-1, 1)
    most_of, mean_of = getattr(F, f"max_pool{axes}d"), getattr(F, f"avg_pool{axes}d")
    assert torch.allclose(getattr(nn, f"MaxPool{axes}d")(2)(x), most_of(first, 2).movedim(1, -1))
    assert torch.allclose(getattr(nn, f"AvgPool{axes}d")(2)(x), mean_of(first, 2, 1).movedim(1, -1))


def test_channels_may_be_anywhere_and_batches_many():
    expected = nn.MaxPool2d(2)(X)
    for axis in range(4):
        moved = X.movedim(-1, axis)
        assert torch.equal(nn.MaxPool2d(2, channel_axis=axis)(moved).movedim(axis, -1), expected)
        assert torch.equal(nn.MaxPool2d(2, channel_axis=axis - 4)(moved).movedim(axis, -1), expected)
    assert torch.equal(nn.MaxPool2d(2)(X.expand(5, 4, 2, 7, 6, 3)), expected.expand(5, 4, 2, 3, 3, 3))
    assert torch.equal(nn.AvgPool2d(2, channel_axis=None)(X[0, ..., 0]), nn.AvgPool2d(2)(X)[0, ..., 0])


def test_pooling_does_not_copy_for_the_layout():
    x = torch.randn(2, 8, 8, 3)
    for layer in (nn.MaxPool2d(2), nn.AvgPool2d(2), nn.MaxPool1d(2, channel_axis=-1)):
        assert layer(x).is_contiguous()


@pytest.mark.parametrize("kwargs", [{}, {"padding": "SAME", "stride": 1}, {"padding": 3}, {"channel_axis": 0}])
def test_indices_are_places_in_the_whole_input(kwargs):
    y, indices = nn.MaxPool2d(2, return_indices=True, **kwargs)(X)
    inside = y > -torch.inf
    assert indices.dtype == torch.int32 and torch.equal(y, nn.MaxPool2d(2, **kwargs)(X))
    assert torch.equal(X.reshape(-1)[indices.long()][inside], y[inside])
    assert not indices[~inside].any()


def test_out_size_is_the_size_of_the_output():
    for layer in (
        nn.MaxPool2d(3, 2, padding="SAME", in_size=(7, 6, 3)),
        nn.MaxPool2d(2, return_indices=True, in_size=(7, 6, 3)),
        nn.AvgPool2d(2, padding=[(1, 0)], in_size=(7, 6, 3)),
        nn.LPPool2d(2, (3, 2), in_size=(7, 6, 3)),
    ):
        y = layer(X)
        assert layer.out_size == (y[0] if isinstance(y, tuple) else y).shape[1:]
    assert nn.MaxPool2d(2, channel_axis=1, in_size=(3, 8, 6)).out_size == (3, 4, 3)


def test_units_are_kept():
    x = X * u.mV
    for layer in (nn.MaxPool2d(2, padding="SAME"), nn.AvgPool2d(2, padding=[(0, 1)]), nn.LPPool2d(3, 2)):
        assert torch.equal(layer(x).to_decimal(u.mV), layer(X))
    y, indices = nn.MaxPool2d(2, return_indices=True)(x)
    assert y.unit == u.mV and not isinstance(indices, u.Quantity)


def test_gradients_are_right():
    x = X[:1, :4, :4].detach().requires_grad_()
    for layer in (nn.MaxPool2d(3, 2, padding="SAME"), nn.AvgPool2d(2, padding=[(2, 1)]), nn.LPPool2d(3, 2, padding=1)):
        assert torch.autograd.gradcheck(layer, x)


def test_nothing_has_no_slope_in_a_norm():
    x = torch.zeros(4, 1, requires_grad=True)
    nn.LPPool1d(2, 2)(x).sum().backward()
    assert x.grad.ravel().tolist() == [0, 0, 0, 0]


def test_integers():
    x = torch.tensor([[1], [4], [-6]])
    assert nn.MaxPool1d(2, padding="SAME")(x).ravel().tolist() == [4, -6]
    assert nn.AvgPool1d(2)(x).ravel().tolist() == [2.5, -1]


def test_vmap_and_loops_are_python_loops():
    for layer in (nn.MaxPool2d(2, padding=[(0, 1)]), nn.AvgPool2d(2, padding=1), nn.LPPool2d(2, 2), nn.MaxPool1d(2)):
        expected = torch.stack([layer(x) for x in X])
        assert torch.allclose(brainstate.transform.vmap(layer)(X), expected)
        assert torch.allclose(brainstate.transform.for_loop(layer, X), expected)


@pytest.mark.parametrize("kind", [nn.MaxPool2d, nn.AvgPool2d, nn.MaxUnpool2d])
def test_wrong_arguments_are_refused(kind):
    for error, message, kwargs in [
        (TypeError, r"`kernel_size` must be an integer, .* Got range\(0, 2\)", {"kernel_size": range(2)}),
        (ValueError, r"`kernel_size` must be an integer or 2 integers. .* got 3", {"kernel_size": (2, 2, 2)}),
        (TypeError, "`stride` must be an integer, .* Got 2.5", {"stride": 2.5}),
        (ValueError, r"`stride` must be .* got 3", {"stride": (1, 1, 1)}),
        (ValueError, "`stride` must be positive. Got 0", {"stride": 0}),
        (TypeError, "`channel_axis` must be an int or None. Got 1.5", {"channel_axis": 1.5}),
        (ValueError, "`padding` must be", {"padding": (1, 2, 3)}),
    ]:
        with pytest.raises(error, match=message):
            kind(**{"kernel_size": 2} | kwargs)


def test_wrong_inputs_are_refused():
    with pytest.raises(ValueError, match="`x` must have at least 3 axes. Got 2"):
        nn.MaxPool2d(2)(torch.zeros(4, 4))
    with pytest.raises(ValueError, match="`channel_axis` must be an axis of `x`. Got 5 for 2 axes"):
        nn.AvgPool1d(2, channel_axis=5)(torch.zeros(4, 4))
    with pytest.raises(
        ValueError, match=r"`kernel_size` must fit into the input with its padding. Got \(5,\) for \(4,\)"
    ):
        nn.MaxPool1d(5)(torch.zeros(4, 1))
    for power in (0, -1.0, float("inf"), float("nan")):
        with pytest.raises(ValueError, match="`norm_type` must be a positive finite number. Got"):
            nn.LPPool1d(power, 2)


def test_spikes_are_pooled_as_booleans():
    spikes = torch.tensor([True, False, False, False]).reshape(1, 4, 1)
    assert torch.equal(nn.MaxPool1d(2)(spikes), torch.tensor([True, False]).reshape(1, 2, 1))
    assert torch.equal(nn.MaxPool1d(2, padding=[(0, 1)])(~spikes), torch.tensor([True, True]).reshape(1, 2, 1))
    values, places = nn.MaxPool1d(2, return_indices=True)(spikes)
    assert values.dtype is torch.bool and places.flatten()[0] == 0
