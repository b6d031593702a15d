"""Each surrogate against its formula, written once more with numpy."""

import numpy as np
import pytest
import torch

from brainstate_torch.spiking import surrogate

X = np.array([-7.0, -3.0, -1.5, -0.75, -0.25, -0.01, 0.0, 0.01, 0.25, 0.75, 1.5, 3.0, 7.0])
FUNCTIONS = {
    "arctan": "Arctan",
    "erf": "ERF",
    "gaussian_grad": "GaussianGrad",
    "inv_square_grad": "InvSquareGrad",
    "leaky_relu": "LeakyRelu",
    "log_tailed_relu": "LogTailedRelu",
    "multi_gaussian_grad": "MultiGaussianGrad",
    "nonzero_sign_log": "NonzeroSignLog",
    "piecewise_exp": "PiecewiseExp",
    "piecewise_leaky_relu": "PiecewiseLeakyRelu",
    "piecewise_quadratic": "PiecewiseQuadratic",
    "q_pseudo_spike": "QPseudoSpike",
    "relu_grad": "ReluGrad",
    "s2nn": "S2NN",
    "sigmoid": "Sigmoid",
    "slayer_grad": "SlayerGrad",
    "soft_sign": "SoftSign",
    "squarewave_fourier_series": "SquarewaveFourierSeries",
}
A = np.abs(X)


def bell(x, mean, sigma):
    return np.exp(-((x - mean) ** 2) / (2 * sigma**2)) / np.sqrt(2 * np.pi * sigma**2)


def logistic(x):
    return 1 / (1 + np.exp(-x))


# Name, arguments, derivative at X.
RULES = [
    ("arctan", (1.5,), 0.75 / (1 + (np.pi / 2 * 1.5 * X) ** 2)),
    ("erf", (1.5,), 1.5 / np.sqrt(np.pi) * np.exp(-2.25 * X * X)),
    ("gaussian_grad", (0.7, 0.9), 0.9 * bell(X, 0, 0.7)),
    ("inv_square_grad", (3.0,), (3 * A + 1) ** -2),
    ("leaky_relu", (0.2, 0.9), np.where(X < 0, 0.2, 0.9)),
    ("log_tailed_relu", (0.1,), np.select([X <= 0, X <= 1], [0.1, 1.0], 1 / np.where(X == 0, 1, X))),
    (
        "multi_gaussian_grad",
        (0.2, 3.0, 0.6, 0.4),
        0.4 * (1.2 * bell(X, 0, 0.6) - 0.2 * bell(X, 0.6, 1.8) - 0.2 * bell(X, -0.6, 1.8)),
    ),
    ("nonzero_sign_log", (2.0,), 1 / (0.5 + A)),
    ("piecewise_exp", (2.0,), np.exp(-2 * A)),
    ("piecewise_leaky_relu", (0.1, 0.75), np.where(A <= 0.75, 1 / 1.5, 0.1)),
    ("piecewise_quadratic", (0.5,), np.maximum(0.5 - 0.25 * A, 0)),
    ("q_pseudo_spike", (3.0,), (1 + A / 2) ** -3.0),
    ("relu_grad", (0.5, 2.0), np.maximum(0.5 * (2 - A), 0)),
    ("s2nn", (2.0, 0.5), np.where(X < 0, 2 * logistic(2 * X) * logistic(-2 * X), 0.5 / (1 + A))),
    ("sigmoid", (3.0,), 3 * logistic(3 * X) * logistic(-3 * X)),
    ("slayer_grad", (2.0,), np.exp(-2 * A)),
    ("soft_sign", (2.0,), 1 / (1 + 2 * A) ** 2),
    ("squarewave_fourier_series", (3, 6.0), sum(np.cos(c * np.pi / 3 * X) for c in (1, 3, 5)) * 2 / 3),
]


def test_rules_are_all_there():
    public = {name for name in surrogate.__all__ if name != "Surrogate"}
    assert public == {*FUNCTIONS, *FUNCTIONS.values()}
    assert {name for name, _, _ in RULES} == set(FUNCTIONS)


@pytest.mark.parametrize(("name", "args", "expected"), RULES, ids=[name for name, _, _ in RULES])
def test_rule_is_its_formula(name, args, expected):
    function, kind = getattr(surrogate, name), getattr(surrogate, FUNCTIONS[name])
    x = torch.tensor(X)
    assert torch.equal(function(x, *args), (x >= 0).double())
    for spike in (lambda x: function(x, *args), kind(*args)):
        found = torch.func.grad(lambda x: spike(x).sum())(x)
        np.testing.assert_allclose(found.numpy(), expected, rtol=1e-6, atol=1e-14)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_rule_has_the_same_defaults_as_class_and_function(name):
    function, kind = getattr(surrogate, name), getattr(surrogate, FUNCTIONS[name])
    x = torch.tensor(X)
    found = torch.func.grad(lambda x: function(x).sum())(x)
    assert torch.equal(found, kind().surrogate_grad(x))
    assert found.dtype == x.dtype


CURVES = [name for name, kind in FUNCTIONS.items() if "surrogate_fun" in vars(getattr(surrogate, kind))]


@pytest.mark.parametrize("name", [name for name in CURVES if name != "leaky_relu"])
def test_curve_has_the_slope_of_the_rule(name):
    args = next(args for rule, args, _ in RULES if rule == name)
    rule = getattr(surrogate, FUNCTIONS[name])(*args)
    x = torch.tensor(X[X != 0])
    torch.testing.assert_close(torch.func.grad(lambda x: rule.surrogate_fun(x).sum())(x), rule.surrogate_grad(x))


def test_rules_without_a_curve_say_so():
    assert len(CURVES) == 13
    with pytest.raises(NotImplementedError, match="SlayerGrad defines no `surrogate_fun`"):
        surrogate.SlayerGrad().surrogate_fun(torch.tensor(X))


def test_rules_of_the_same_parameters_have_the_same_hash():
    assert hash(surrogate.Sigmoid(2.0)) == hash(surrogate.Sigmoid(2.0)) != hash(surrogate.Sigmoid(3.0))
    assert surrogate.Sigmoid(2.0) != surrogate.Sigmoid(2.0)
