"""Losses of numbers, against torch's own and closed forms, with units."""

import pytest
import torch
from torch.nn import functional as F

import brainstate_torch as B
from brainstate_torch import metric
from brainstate_torch import units as u

G = torch.Generator().manual_seed(0)
X = torch.randn(4, 3, generator=G, dtype=torch.float64)
Y = torch.randn(4, 3, generator=G, dtype=torch.float64)


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (lambda x: metric.squared_error(x, Y), lambda x: F.mse_loss(x, Y, reduction="none")),
        (lambda x: metric.squared_error(x, Y, axis=0, reduction="mean"), lambda x: ((x - Y) ** 2).mean(0)),
        (lambda x: metric.squared_error(x), lambda x: x**2),
        (lambda x: metric.absolute_error(x, Y), lambda x: F.l1_loss(x, Y)),
        (lambda x: metric.absolute_error(x, Y, axis=1, reduction="sum"), lambda x: (x - Y).abs().sum(1)),
        (lambda x: metric.l1_loss(x, Y, "none"), lambda x: (x - Y).abs().mean(1)),
        (lambda x: metric.l1_loss(x, Y), lambda x: F.l1_loss(x, Y)),
        (lambda x: metric.l2_loss(x, Y), lambda x: 0.5 * (x - Y) ** 2),
        (lambda x: metric.huber_loss(x, Y, 0.7), lambda x: F.huber_loss(x, Y, reduction="none", delta=0.7)),
        (lambda x: metric.log_cosh(x, Y), lambda x: torch.cosh(x - Y).log()),
        (lambda x: metric.l2_norm(x, Y, axis=1), lambda x: (x - Y).norm(dim=1)),
        (lambda x: metric.cosine_similarity(x, Y), lambda x: F.cosine_similarity(x, Y, dim=-1)),
        (lambda x: metric.cosine_distance(x, Y), lambda x: 1 - F.cosine_similarity(x, Y, dim=-1)),
    ],
)
def test_values_and_gradients_are_those_of_the_definition(got, want):
    torch.testing.assert_close(got(X), want(X))
    derived = B.transform.grad(lambda x: got(x).sum())(X)
    torch.testing.assert_close(derived, torch.func.grad(lambda x: want(x).sum())(X))


def test_units_go_through():
    x, y = torch.tensor([1.0, 3.0]) * u.mV, torch.tensor([1000.0, 0.0]) * u.uV
    loss = metric.squared_error(x, y)
    torch.testing.assert_close((loss / u.mV**2), torch.tensor([0.0, 9.0]))
    torch.testing.assert_close(metric.absolute_error(x, y) / u.mV, torch.tensor(1.5))
    torch.testing.assert_close(metric.huber_loss(x, y, 1.0 * u.mV) / u.mV**2, torch.tensor([0.0, 2.5]))
    with pytest.raises(u.UnitMismatchError):
        metric.squared_error(x, torch.zeros(2) * u.ms)


def test_large_differences_stay_finite_and_zero_vectors_have_a_derivative():
    assert torch.isfinite(metric.log_cosh(torch.tensor([1e4])))
    slope = B.transform.grad(lambda x: metric.cosine_similarity(x, torch.ones(2)))(torch.zeros(2))
    assert torch.isfinite(slope).all()


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: metric.squared_error(torch.ones(3), torch.ones(1)), ValueError, "`targets` must have the shape of"),
        (lambda: metric.squared_error([1, 2], [1, 2]), TypeError, "`predictions` must be made of floats. Got int32"),
        (lambda: metric.l2_loss(X, Y, reduction="max"), ValueError, "`reduction` must be 'mean', 'sum' or 'none'"),
    ],
)
def test_what_makes_no_sense_is_refused(call, error, words):
    with pytest.raises(error, match=words):
        call()
