"""Every activation against its formula in numpy, and its module against the function."""

import numpy as np
import pytest
import torch
from scipy import special

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch import nn

X = np.array([-7.0, -3.0, -1.0, -0.5, 0.0, 0.3, 0.5, 1.0, 3.0, 6.0, 9.0])
SELU = (1.0507009873554805, 1.6732632423543772)


def where(condition, a, b):
    return np.where(condition, a, b)


FORMULAS = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x: where(x >= 0, x, 0.01 * x),
    "prelu": lambda x: where(x >= 0, x, 0.25 * x),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "squareplus": lambda x: (x + np.sqrt(x**2 + 4)) / 2,
    "sparse_plus": lambda x: where(x <= -1, 0, where(x >= 1, x, (x + 1) ** 2 / 4)),
    "silu": lambda x: x * special.expit(x),
    "hard_silu": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "mish": lambda x: x * np.tanh(np.log1p(np.exp(x))),
    "elu": lambda x: where(x > 0, x, np.expm1(x)),
    "celu": lambda x: where(x > 0, x, np.expm1(x)),
    "selu": lambda x: SELU[0] * where(x > 0, x, SELU[1] * np.expm1(x)),
    "gelu": lambda x: x / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "tanh": np.tanh,
    "sigmoid": special.expit,
    "log_sigmoid": lambda x: -np.log1p(np.exp(-x)),
    "soft_sign": lambda x: x / (1 + np.abs(x)),
    "hard_sigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "sparse_sigmoid": lambda x: np.clip(x + 1, 0, 2) / 2,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_shrink": lambda x: where(np.abs(x) > 0.5, x, 0),
    "soft_shrink": lambda x: np.sign(x) * np.maximum(np.abs(x) - 0.5, 0),
    "tanh_shrink": lambda x: x - np.tanh(x),
    "softmax": special.softmax,
    "log_softmax": special.log_softmax,
    "softmin": lambda x: special.softmax(-x),
    "standardize": lambda x: (x - x.mean()) / np.sqrt(x.var() + 1e-5),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_a_function_follows_its_formula(name):
    function = getattr(nn, name)
    found = function(torch.tensor(X))
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), FORMULAS[name](X), rtol=1e-12, atol=1e-15)
    assert torch.allclose(function(X), found.float(), atol=1e-5), "a numpy array counts in the precision of environ"


MODULES = {
    "relu": nn.ReLU(),
    "relu6": nn.ReLU6(),
    "leaky_relu": nn.LeakyReLU(),
    "prelu": nn.PReLU(),
    "softplus": nn.Softplus(),
    "silu": nn.SiLU(),
    "hard_swish": nn.Hardswish(),
    "mish": nn.Mish(),
    "elu": nn.ELU(),
    "celu": nn.CELU(),
    "selu": nn.SELU(),
    "gelu": nn.GELU(approximate=True),
    "tanh": nn.Tanh(),
    "sigmoid": nn.Sigmoid(),
    "log_sigmoid": nn.LogSigmoid(),
    "soft_sign": nn.Softsign(),
    "hard_sigmoid": nn.Hardsigmoid(),
    "hard_tanh": nn.Hardtanh(),
    "hard_shrink": nn.Hardshrink(),
    "soft_shrink": nn.Softshrink(),
    "tanh_shrink": nn.Tanhshrink(),
    "softmax": nn.Softmax(),
    "log_softmax": nn.LogSoftmax(),
    "softmin": nn.Softmin(),
}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_calls_its_function(name):
    x = torch.tensor(X, dtype=torch.float32)
    assert torch.equal(MODULES[name](x), getattr(nn, name)(x))
    assert isinstance(MODULES[name], nn.ElementWiseBlock)


def test_arguments_reach_the_functions():
    x = torch.tensor(X)
    for module, function in [
        (nn.LeakyReLU(0.3), lambda x: nn.leaky_relu(x, 0.3)),
        (nn.ELU(2.0), lambda x: nn.elu(x, 2.0)),
        (nn.CELU(2.0), lambda x: nn.celu(x, 2.0)),
        (nn.GELU(), lambda x: nn.gelu(x, approximate=False)),
        (nn.Hardtanh(-2.0, 3.0), lambda x: x.clamp(-2, 3)),
        (nn.Hardshrink(1.0), lambda x: nn.hard_shrink(x, 1.0)),
        (nn.Softshrink(1.0), lambda x: nn.soft_shrink(x, 1.0)),
        (nn.Threshold(1.0, 5.0), lambda x: torch.where(x > 1, x, 5.0)),
        (nn.Softmax(0), lambda x: torch.softmax(x, 0)),
        (nn.Identity(), lambda x: x),
    ]:
        assert torch.equal(module(x), function(x)), module
    y = torch.tensor(X[:10]).reshape(2, 5)
    assert torch.equal(nn.GLU(0)(y), y[:1] * torch.sigmoid(y[1:]))
    assert torch.equal(nn.Softmax2d()(y.reshape(2, 5, 1)), torch.softmax(y.reshape(2, 5, 1), 0))


@pytest.mark.parametrize("name", ["gelu", "softplus", "silu", "mish", "elu", "celu", "selu", "tanh", "softmax"])
def test_integers_count_as_floating_numbers(name):
    found = getattr(nn, name)(torch.tensor([1, 2]))
    assert torch.equal(found, getattr(nn, name)(torch.tensor([1.0, 2.0])))


KEEPING = {
    "relu": nn.relu,
    "leaky_relu": nn.leaky_relu,
    "prelu": nn.prelu,
    "hard_tanh": lambda x: nn.hard_tanh(x, -1e-3 * u.volt, 1.0 * u.mV),
    "hard_shrink": lambda x: nn.hard_shrink(x, 1.0 * u.mV),
    "soft_shrink": lambda x: nn.soft_shrink(x, 1.0 * u.mV),
    "threshold": nn.Threshold(1e-3 * u.volt, 0.0 * u.mV),
}


@pytest.mark.parametrize("name", KEEPING)
def test_some_keep_the_unit(name):
    y = KEEPING[name](torch.tensor([-2.0, 2.0]) * u.mV)
    expected = [-0.02, 2], [-0.5, 2], [-1, 1], [-2, 2], [-1, 1], [0, 2]
    index = ["leaky_relu", "prelu", "hard_tanh", "hard_shrink", "soft_shrink", "threshold"]
    wanted = dict(zip(index, expected, strict=True)).get(name, [0, 2])
    assert y.to_decimal(u.mV).tolist() == pytest.approx(wanted)


@pytest.mark.parametrize(
    "name", ["tanh", "sigmoid", "gelu", "softplus", "elu", "mish", "softmax", "log_sigmoid", "glu"]
)
def test_the_others_need_a_plain_number(name):
    with pytest.raises(TypeError):
        getattr(nn, name)(torch.ones(2) * u.mV)
    assert torch.equal(getattr(nn, name)(torch.ones(2) * u.mV / u.mV), getattr(nn, name)(torch.ones(2)))


def test_bounds_need_the_dimension_of_the_input():
    for function in (nn.hard_tanh, nn.hard_shrink, nn.soft_shrink, nn.Threshold(1.0, 0.0)):
        with pytest.raises(u.UnitMismatchError):
            function(torch.ones(2) * u.mV)


def test_rrelu_draws_a_factor_for_each_element():
    with brainstate.random.seed_context(0):
        y = nn.rrelu(torch.full((10_000,), -1.0) * u.mV).to_decimal(u.mV)
        assert ((y <= -1 / 8) & (y >= -1 / 3)).all() and abs(y.mean() + 11 / 48) < 0.01
        assert nn.RReLU(0.5, 0.5)(torch.tensor([-1.0, 2.0])).tolist() == [-0.5, 2.0]
        assert nn.rrelu(torch.ones(2, dtype=torch.float64)).dtype == torch.float64


MASK = np.array([True, False, True, True])
Y = np.array([[5.5, 1.3, -4.2, 0.9], [0.1, 0.2, 0.3, 800.0]])


@pytest.mark.parametrize("axis", [-1, 0, None, (0, 1)])
@pytest.mark.parametrize("masked", [False, True])
def test_softmax_takes_axes_and_masks(axis, masked):
    shown = np.where(MASK, Y, -np.inf) if masked else Y
    where = {"where": torch.tensor(MASK)} if masked else {}
    with np.errstate(divide="ignore", invalid="ignore"):
        probabilities = np.nan_to_num(special.softmax(shown, axis), nan=0.0)
        top = np.where(np.isfinite(m := shown.max(axis, keepdims=True)), m, 0.0)
        logs = shown - top - np.log(np.exp(shown - top).sum(axis, keepdims=True))
        logs = np.where(MASK, logs, -np.inf) if masked else logs
    np.testing.assert_allclose(nn.softmax(torch.tensor(Y), axis, **where).numpy(), probabilities, rtol=1e-12)
    np.testing.assert_allclose(nn.log_softmax(torch.tensor(Y), axis, **where).numpy(), logs, rtol=1e-12)


@pytest.mark.parametrize("axis", [-1, 0, None, (0, 1)])
@pytest.mark.parametrize("b", [None, np.array([1.0, -2.0, 3.0, -1.0])])
def test_logsumexp_is_scipys(axis, b):
    factors = None if b is None else torch.tensor(b)
    for keep in (False, True):
        with np.errstate(invalid="ignore"):
            plain = special.logsumexp(Y, axis, b=b, keepdims=keep)
            value, sign = special.logsumexp(Y, axis, b=b, keepdims=keep, return_sign=True)
        np.testing.assert_allclose(nn.logsumexp(torch.tensor(Y), axis, factors, keep).numpy(), plain, rtol=1e-12)
        found = nn.logsumexp(torch.tensor(Y), axis, factors, keep, return_sign=True)
        np.testing.assert_allclose(found[0].numpy(), value, rtol=1e-12)
        assert np.array_equal(found[1].numpy(), sign)
    masked = nn.logsumexp(torch.tensor(Y), -1, where=torch.tensor(MASK))
    np.testing.assert_allclose(masked.numpy(), special.logsumexp(Y[:, MASK], -1), rtol=1e-12)


def test_standardize_takes_a_variance_and_a_mask():
    y = torch.tensor(Y)
    assert torch.allclose(nn.standardize(y, variance=4.0, epsilon=0.0), (y - y.mean(-1, keepdim=True)) / 2)
    masked = nn.standardize(y, where=torch.tensor(MASK))[:, MASK]
    assert torch.allclose(masked, nn.standardize(y[:, MASK]))
    assert torch.allclose(nn.standardize(y, (0, 1)), nn.standardize(y.flatten()).reshape(2, 4))


def test_one_hot_takes_axis_and_dtype():
    hot = nn.one_hot(torch.tensor([[0, 1], [2, -1]]), 3, axis=0, dtype=torch.int8)
    assert hot.shape == (3, 2, 2) and hot.dtype == torch.int8
    assert hot.sum(0).tolist() == [[1, 1], [1, 0]] and hot.argmax(0).tolist() == [[0, 1], [2, 0]]


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match=r"`max_val` must be greater than `min_val`. Got 1.0 and 1.0"):
        nn.Hardtanh(1.0, 1.0)
    with pytest.raises(ValueError, match=r"Softmax2d requires a 3D or 4D tensor. Got shape \(2,\)"):
        nn.Softmax2d()(torch.ones(2))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("relu", torch.tensor([1, 0], dtype=torch.int32)),
        ("relu6", torch.tensor([1.0, 0.0])),
        ("soft_shrink", torch.tensor([0.5, 0.0])),
        ("tanh_shrink", torch.tensor([0.23840584, 0.0])),
    ],
)
def test_boolean_spikes_are_taken_as_numbers(name, expected):
    torch.testing.assert_close(getattr(nn, name)(torch.tensor([True, False])), expected)


@pytest.mark.parametrize("space", [nn, u.math], ids=["nn", "u.math"])
@pytest.mark.parametrize(
    ("name", "at", "slope"),
    [
        ("hard_tanh", -1.0, 1.0),
        ("hard_tanh", 1.0, 1.0),
        ("leaky_relu", 0.0, 1.0),
        ("sparse_sigmoid", -1.0, 0.25),
        ("sparse_sigmoid", 1.0, 0.25),
    ],
)
def test_slopes_at_corners_are_those_of_jax(space, name, at, slope):
    x = torch.tensor(at, requires_grad=True)
    getattr(space, name)(x).backward()
    assert x.grad == slope
