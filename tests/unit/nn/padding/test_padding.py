"""Padding: numpy is the reference. tests/parity compares with brainstate."""

import numpy as np
import pytest
import torch

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

MODES = {"Reflection": "reflect", "Replication": "edge", "Circular": "wrap", "Zero": "constant", "Constant": "constant"}
CASES = [(kind, axes) for kind in MODES for axes in (1, 2, 3)]


def layer_of(kind, axes, padding, **kwargs):
    return getattr(nn, f"{kind}Pad{axes}d")(padding, **({"value": 2.5} if kind == "Constant" else {}), **kwargs)


@pytest.mark.parametrize("kind, axes", CASES)
@pytest.mark.parametrize("far", [1, 3, 11])
def test_padding_is_numpys(kind, axes, far):
    size = (4, 3, 5)[:axes]
    ends = [(far, 0), (2, far), (0, 0)][:axes]
    layer = layer_of(kind, axes, [n for pair in ends for n in pair], in_size=(*size, 2))
    for batch in ((), (2,)):
        x = np.random.default_rng(0).normal(size=(*batch, *size, 2)).astype("float32")
        kwargs = {"constant_values": 2.5} if kind == "Constant" else {}
        expected = np.pad(x, [(0, 0)] * len(batch) + [*ends, (0, 0)], MODES[kind], **kwargs)
        assert np.array_equal(layer(torch.from_numpy(x)).numpy(), expected)
    assert layer.out_size == expected.shape[1:]


@pytest.mark.parametrize("kind, axes", CASES)
def test_gradients_are_right(kind, axes):
    x = torch.randn(*(3, 2, 4)[:axes], 1, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(layer_of(kind, axes, 1), x)


@pytest.mark.parametrize("kind", MODES)
def test_vmap_is_a_loop(kind):
    xs = torch.randn(3, 4, 5, 2)
    layer = layer_of(kind, 2, (2, 1))
    assert torch.equal(brainstate.transform.vmap(layer)(xs), torch.stack([layer(x) for x in xs]))


@pytest.mark.parametrize("kind", MODES)
def test_units_are_kept(kind):
    x = torch.tensor([[1.0], [2.0], [3.0]])
    layer = nn.ConstantPad1d(1, 2.5 * u.mV) if kind == "Constant" else layer_of(kind, 1, 1)
    plain = layer_of(kind, 1, 1)
    assert torch.equal(layer(x * u.mV).to_decimal(u.mV), plain(x))


def test_a_constant_has_the_unit_of_the_input():
    x = torch.ones(2, 1) * u.mV
    assert nn.ConstantPad1d(1)(x).to_decimal(u.mV).ravel().tolist() == [0, 1, 1, 0]
    assert nn.ConstantPad1d(1, 2.0 * u.volt)(x).to_decimal(u.mV).ravel().tolist() == [2000, 1, 1, 2000]
    with pytest.raises(u.UnitMismatchError):
        nn.ConstantPad1d(1, 2.0)(x)


def test_a_constant_may_be_a_tensor_and_has_a_gradient():
    value = torch.tensor(3.0, requires_grad=True)
    nn.ConstantPad1d((1, 2), value)(torch.ones(2, 1)).sum().backward()
    assert value.grad == 3


def test_wrong_padding_is_refused():
    with pytest.raises(ValueError, match="`padding` must be one integer, 2 or 4. Got 3"):
        nn.ZeroPad2d((1, 2, 3))
    with pytest.raises(ValueError, match="`padding` must not be negative. Got -1"):
        nn.ReflectionPad1d(-1)
    with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
        nn.CircularPad1d(1.5)
    with pytest.raises(ValueError, match=r"`x` must have 2 or 3 axes, channels last. Got \(4,\)"):
        nn.ReplicationPad1d(1)(torch.zeros(4))
    with pytest.raises(ValueError, match=r"`in_size` must have 3 or 4 axes, channels last. Got \(4, 2\)"):
        nn.ConstantPad2d(1, in_size=(4, 2))


def test_padding_may_be_numpys():
    assert nn.ZeroPad2d(np.int64(2)).padding == nn.ZeroPad2d(np.array([2, 2])).padding == ((2, 2), (2, 2))
