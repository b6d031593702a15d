import numpy as np
import pytest
import torch
from torch.fx.experimental.proxy_tensor import make_fx

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.random import _arguments


@pytest.mark.parametrize(
    ("size", "shape"), [(None, ()), (3, (3,)), (np.int64(3), (3,)), ((2, 3), (2, 3)), ([], ()), (torch.Size([4]), (4,))]
)
def test_shape_of_size(size, shape):
    assert _arguments.shape_of(size) == shape


def test_shape_of_none_is_that_of_the_parameters():
    assert _arguments.shape_of(None, torch.zeros(2, 1), 3.0, None, torch.zeros(3)) == (2, 3)


@pytest.mark.parametrize("dtype", [torch.float64, "float64", np.float64, np.dtype("float64"), torch.zeros(1).double()])
def test_as_dtype_takes_every_name(dtype):
    assert _arguments.as_dtype(dtype) == torch.float64


def test_as_dtype_of_python_types_follows_environ():
    assert [_arguments.as_dtype(kind) for kind in (float, int, bool)] == [torch.float32, torch.int32, torch.bool]
    assert _arguments.as_dtype("bfloat16") == torch.bfloat16


def test_float_dtype_refuses_integers():
    with pytest.raises(ValueError, match=r"`dtype` must be a floating dtype. Got torch.int32"):
        brainstate.random.normal(size=2, dtype=int)


def test_plain_refuses_a_unit_and_takes_a_scale():
    with pytest.raises(ValueError, match=r"`shape` must be dimensionless. Got a quantity in mV"):
        brainstate.random.gamma(2.0 * u.mV)
    assert _arguments.plain("a", u.Quantity([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_aligned_takes_the_first_unit():
    (low, high, plain), unit = _arguments.aligned(1.0 * u.mV, 2.0 * u.volt, 3.0)
    assert (low, high, plain, unit) == (1.0, 2000.0, 3.0, u.mV)
    with pytest.raises(u.UnitMismatchError, match="one common dimension"):
        _arguments.aligned(1.0 * u.mV, 1.0 * u.ms)


def test_check_raises_in_every_lane_and_says_nothing_in_a_traced_graph():
    def checked(p):
        _arguments.check("`p` must be small.", p > 1)
        return p + 0

    with pytest.raises(ValueError, match=r"`p` must be small."):
        torch.func.vmap(checked)(torch.tensor([1.0, 2.0]))
    graph = make_fx(checked, tracing_mode="fake")(torch.tensor([1.0, 2.0]))
    assert graph(torch.tensor([1.0, 2.0])).tolist() == [1.0, 2.0]


@pytest.mark.parametrize("name", ["rand", "randn"])
def test_lengths_must_be_integers(name):
    with pytest.raises(TypeError, match=r"the lengths of the axes must be integers. Got a tuple."):
        getattr(brainstate.random, name)((2, 3))


def test_checked_broadcast_refuses_other_shapes():
    with pytest.raises(ValueError, match=r"`size` of t must be a shape .* Got \(2,\) and parameters of shape \(3,\)."):
        brainstate.random.t(torch.ones(3), size=2)
