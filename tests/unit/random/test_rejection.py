"""brainstate_torch.random._rejection: the loops against exact probabilities, where each of their branches decides."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from brainstate_torch.random import RandomState, _rejection

N = 4000


def key(seed=0):
    return RandomState(seed, impl="threefry2x32").split_key()


def test_the_remainder_of_stirlings_formula_is_that_of_the_logarithm_of_a_factorial():
    k = torch.arange(200, dtype=torch.float64)
    stirling = (k + 0.5) * (k + 1).log() - (k + 1) + 0.5 * math.log(2 * math.pi)
    torch.testing.assert_close(_rejection._stirling(k), torch.lgamma(k + 1) - stirling, rtol=1e-6, atol=1e-12)


def agree(drawn, distribution):
    """A chi-square test with all values whose expected number is at least five, and one class for the others."""
    values = np.arange(distribution.ppf(1e-4), distribution.ppf(1 - 1e-4) + 1)
    chances = distribution.pmf(values)
    values, chances = values[chances * N >= 5], chances[chances * N >= 5]
    observed = np.array([*[(drawn == x).sum() for x in values], (~np.isin(drawn, values)).sum()])
    rest = max(1 - chances.sum(), 1e-3)
    expected = np.array([*chances, rest]) * N
    statistic = ((observed - expected) ** 2 / expected).sum()
    assert stats.chi2(len(values)).sf(statistic) > 1e-4


@pytest.mark.parametrize(("n", "p"), [(9, 0.4), (30, 0.3), (60, 0.45), (60, 0.7), (400, 0.03), (400, 0.97)])
def test_binomial_numbers_have_their_probabilities(n, p):
    shape = torch.full((N,), float(n), dtype=torch.float64)
    drawn = _rejection.binomial(key(), shape, torch.full_like(shape, p))
    agree(drawn.numpy(), stats.binom(n, p))


@pytest.mark.parametrize("rate", [0.7, 9.5, 10.5, 60.0])
def test_poisson_numbers_have_their_probabilities(rate):
    agree(_rejection.poisson(key(1), torch.full((N,), rate)).numpy(), stats.poisson(rate))


@pytest.mark.parametrize("a", [0.2, 0.9, 1.0, 4.0, 300.0])
def test_gamma_numbers_have_their_distribution(a):
    shape = torch.full((N,), a, dtype=torch.float64)
    drawn = _rejection.gamma(key(2), shape)
    assert stats.kstest(drawn.numpy(), stats.gamma(a).cdf).pvalue > 1e-4
    torch.testing.assert_close(_rejection.log_gamma(key(2), shape).exp(), drawn)


def test_the_derivative_of_a_gamma_number_keeps_its_value_of_the_distribution_function():
    a = torch.tensor([0.5, 2.0, 7.0], dtype=torch.float64, requires_grad=True)
    drawn = _rejection.gamma(key(3), a)
    (found,) = torch.autograd.grad(drawn.sum(), a)
    level, step = stats.gamma(a.detach().numpy()).cdf(drawn.detach().numpy()), 1e-4
    above, below = (stats.gamma(a.detach().numpy() + x).ppf(level) for x in (step, -step))
    np.testing.assert_allclose(found.numpy(), (above - below) / (2 * step), rtol=1e-4)


def test_what_is_out_of_range_is_nan_or_certain():
    n = torch.tensor([-1.0, math.nan, 5.0, 5.0, 5.0, 0.0, math.inf], dtype=torch.float64)
    p = torch.tensor([0.5, 0.5, math.nan, 0.0, 1.0, 0.5, 0.5], dtype=torch.float64)
    found = _rejection.binomial(key(), n, p).tolist()
    assert [math.isnan(x) for x in found[:3]] == [True] * 3 and found[3:] == [0.0, 5.0, 0.0, math.inf]
    assert _rejection.poisson(key(), torch.zeros(3)).tolist() == [0.0] * 3


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
@pytest.mark.parametrize(
    ("n", "p", "text"),
    [
        (5, math.nan, r"`p` must be within \[0, 1\]"),
        (torch.tensor([3.0, -1.0]), 0.5, "`n` must be a number of trials, at least 0"),
        (torch.tensor(math.nan), 0.5, "`n` must be a number of trials"),
        (torch.tensor(math.inf), 0.5, "`n` must be a number of trials"),
    ],
)
def test_numbers_that_have_no_integer_for_an_answer_are_refused(impl, n, p, text):
    with pytest.raises(ValueError, match=text):
        RandomState(0, impl=impl).binomial(n, p)
