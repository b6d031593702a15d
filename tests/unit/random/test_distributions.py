"""Every distribution on both generators, against scipy's distribution functions, and as laws."""

import numpy as np
import pytest
import torch
from scipy import stats

import brainstate_torch as brainstate
import brainstate_torch.units as u
from brainstate_torch.random import RandomState

IMPLEMENTATIONS = ("torch", "threefry2x32")
N = 3000


@pytest.fixture(params=IMPLEMENTATIONS)
def rng(request):
    return RandomState(7, impl=request.param)


CONTINUOUS = {
    "rand": (lambda r: r.rand(N), stats.uniform()),
    "random": (lambda r: r.random(N), stats.uniform()),
    "random_sample": (lambda r: r.random_sample(N), stats.uniform()),
    "ranf": (lambda r: r.ranf(N), stats.uniform()),
    "sample": (lambda r: r.sample(N), stats.uniform()),
    "uniform": (lambda r: r.uniform(-2.0, 3.0, size=N), stats.uniform(-2, 5)),
    "rand_like": (lambda r: r.rand_like(torch.zeros(N)), stats.uniform()),
    "randn": (lambda r: r.randn(N), stats.norm()),
    "randn_like": (lambda r: r.randn_like(torch.zeros(N)), stats.norm()),
    "standard_normal": (lambda r: r.standard_normal(N), stats.norm()),
    "normal": (lambda r: r.normal(2.0, 3.0, size=N), stats.norm(2, 3)),
    "lognormal": (lambda r: r.lognormal(0.5, 0.8, size=N), stats.lognorm(0.8, scale=np.exp(0.5))),
    "truncated_normal": (lambda r: r.truncated_normal(-1.0, 2.0, N, 0.5, 1.5), stats.truncnorm(-1, 1, 0.5, 1.5)),
    "maxwell": (lambda r: r.maxwell(N), stats.maxwell()),
    "wald": (lambda r: r.wald(2.0, 3.0, size=N), stats.invgauss(2 / 3, scale=3)),
    "standard_exponential": (lambda r: r.standard_exponential(N), stats.expon()),
    "exponential": (lambda r: r.exponential(3.0, size=N), stats.expon(scale=3)),
    "gumbel": (lambda r: r.gumbel(1.0, 2.0, size=N), stats.gumbel_r(1, 2)),
    "laplace": (lambda r: r.laplace(1.0, 2.0, size=N), stats.laplace(1, 2)),
    "logistic": (lambda r: r.logistic(1.0, 2.0, size=N), stats.logistic(1, 2)),
    "standard_cauchy": (lambda r: r.standard_cauchy(N), stats.cauchy()),
    "pareto": (lambda r: r.pareto(3.0, size=N), stats.pareto(3)),
    "power": (lambda r: r.power(3.0, size=N), stats.powerlaw(3)),
    "rayleigh": (lambda r: r.rayleigh(2.0, size=N), stats.rayleigh(scale=2)),
    "triangular": (lambda r: r.triangular(-1.0, 0.0, 3.0, size=N), stats.triang(0.25, -1, 4)),
    "weibull": (lambda r: r.weibull(2.0, size=N), stats.weibull_min(2)),
    "weibull_min": (lambda r: r.weibull_min(2.0, 3.0, size=N), stats.weibull_min(2, scale=3)),
    "vonmises": (lambda r: r.vonmises(0.5, 2.0, size=N), stats.vonmises(2, 0.5)),
    "vonmises flat": (lambda r: r.vonmises(0.0, 0.0, size=N), stats.uniform(-np.pi, 2 * np.pi)),
    "standard_gamma": (lambda r: r.standard_gamma(0.4, size=N), stats.gamma(0.4)),
    "gamma": (lambda r: r.gamma(2.5, 3.0, size=N), stats.gamma(2.5, scale=3)),
    "loggamma": (lambda r: r.loggamma(0.3, size=N), stats.loggamma(0.3)),
    "beta": (lambda r: r.beta(0.5, 2.0, size=N), stats.beta(0.5, 2)),
    "dirichlet": (lambda r: r.dirichlet([1.0, 2.0, 3.0], size=N)[:, 1], stats.beta(2, 4)),
    "chisquare": (lambda r: r.chisquare(3.0, size=N), stats.chi2(3)),
    "noncentral_chisquare": (lambda r: r.noncentral_chisquare(3.0, 2.0, size=N), stats.ncx2(3, 2)),
    "noncentral_chisquare few": (lambda r: r.noncentral_chisquare(0.5, 2.0, size=N), stats.ncx2(0.5, 2)),
    "f": (lambda r: r.f(5.0, 8.0, size=N), stats.f(5, 8)),
    "noncentral_f": (lambda r: r.noncentral_f(5.0, 8.0, 2.0, size=N), stats.ncf(5, 8, 2)),
    "standard_t": (lambda r: r.standard_t(4.0, size=N), stats.t(4)),
    "t": (lambda r: r.t(4.0, size=N), stats.t(4)),
    "multivariate_normal": (
        lambda r: r.multivariate_normal([1.0, 0.0], [[4.0, 1.0], [1.0, 2.0]], size=N).sum(-1),
        stats.norm(1, 8**0.5),
    ),
    "orthogonal": (lambda r: r.orthogonal(3, size=N)[:, 0, 0], stats.uniform(-1, 2)),
}

DISCRETE = {
    "randint": (lambda r: r.randint(-2, 6, size=N), stats.randint(-2, 6)),
    "randint tensors": (lambda r: r.randint(torch.tensor(-2), torch.tensor(6), size=N), stats.randint(-2, 6)),
    "random_integers": (lambda r: r.random_integers(1, 6, size=N), stats.randint(1, 7)),
    "randint_like": (lambda r: r.randint_like(torch.zeros(N), 1, 7), stats.randint(1, 7)),
    "bernoulli": (lambda r: r.bernoulli(0.3, size=N), stats.bernoulli(0.3)),
    "binomial": (lambda r: r.binomial(10, 0.3, size=N), stats.binom(10, 0.3)),
    "binomial many": (lambda r: r.binomial(200, 0.7, size=N), stats.binom(200, 0.7)),
    "poisson": (lambda r: r.poisson(3.0, size=N), stats.poisson(3)),
    "poisson many": (lambda r: r.poisson(40.0, size=N), stats.poisson(40)),
    "geometric": (lambda r: r.geometric(0.3, size=N), stats.geom(0.3)),
    "negative_binomial": (lambda r: r.negative_binomial(5, 0.4, size=N), stats.nbinom(5, 0.4)),
    "hypergeometric": (lambda r: r.hypergeometric(6, 8, 5, size=N), stats.hypergeom(14, 6, 5)),
    "logseries": (lambda r: r.logseries(0.7, size=N), stats.logser(0.7)),
    "zipf": (lambda r: r.zipf(2.5, size=N), stats.zipf(2.5)),
    "multinomial": (lambda r: r.multinomial(8, [0.2, 0.3, 0.5], size=(N,))[:, 1], stats.binom(8, 0.3)),
    "categorical": (lambda r: r.categorical(torch.zeros(4), size=N), stats.randint(0, 4)),
    "choice": (lambda r: r.choice(5, N), stats.randint(0, 5)),
    "choice by chance": (lambda r: r.choice(2, N, p=[0.3, 0.7]), stats.bernoulli(0.7)),
    "permutation": (lambda r: torch.stack([r.permutation(4) for _ in range(N // 10)])[:, 2], stats.randint(0, 4)),
    "shuffle": (
        lambda r: r.permutation(torch.arange(4).repeat(N, 1), axis=1, independent=True)[:, 2],
        stats.randint(0, 4),
    ),
}


@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_numbers_follow_their_distribution_function(rng, name):
    draw, expected = CONTINUOUS[name]
    drawn = draw(rng)
    assert drawn.dtype == torch.float32
    assert stats.kstest(drawn.double().numpy(), expected.cdf).pvalue > 1e-4


@pytest.mark.parametrize("name", DISCRETE)
def test_counts_follow_their_probabilities(rng, name):
    draw, expected = DISCRETE[name]
    drawn = draw(rng).double().numpy()
    values = np.arange(expected.ppf(0.02), expected.ppf(0.98) + 1)
    observed = np.array([*[(drawn == k).sum() for k in values], (~np.isin(drawn, values)).sum()])
    chances = np.array([*expected.pmf(values), max(1 - expected.pmf(values).sum(), 1e-12)])
    wide = chances * len(drawn) >= 5
    statistic = ((observed - chances * len(drawn)) ** 2 / (chances * len(drawn)))[wide].sum()
    assert stats.chi2(max(wide.sum() - 1, 1)).sf(statistic) > 1e-4
    assert (drawn == drawn.round()).all()
    if not wide[-1]:
        assert observed[-1] <= 20


def test_every_distribution_is_among_the_cases():
    tested = {name.split()[0] for name in (*CONTINUOUS, *DISCRETE)}
    assert tested == set(brainstate.random._functions._NAMES)


@pytest.mark.parametrize(
    "name", ["normal", "gamma", "loggamma", "poisson", "binomial", "vonmises", "randint", "choice"]
)
def test_mapped_keys_draw_what_each_draws_alone(name):
    draws = {
        "normal": lambda key: brainstate.random.normal(1.0, 2.0, size=3, key=key),
        "gamma": lambda key: brainstate.random.gamma(torch.tensor([0.3, 2.0, 9.0]), key=key),
        "loggamma": lambda key: brainstate.random.loggamma(torch.tensor([0.01, 2.0]), key=key),
        "poisson": lambda key: brainstate.random.poisson(torch.tensor([2.0, 30.0, 0.0]), key=key),
        "binomial": lambda key: brainstate.random.binomial(torch.tensor([3, 90]), 0.4, key=key),
        "vonmises": lambda key: brainstate.random.vonmises(0.0, torch.tensor([1.0, 4.0]), key=key),
        "randint": lambda key: brainstate.random.randint(1000, size=4, key=key),
        "choice": lambda key: brainstate.random.choice(10, 4, replace=False, key=key),
    }
    keys = RandomState(0).split_key(8)
    alone = torch.stack([draws[name](key) for key in keys])
    assert torch.equal(torch.func.vmap(draws[name])(keys), alone)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("name", ["normal", "uniform", "gamma", "exponential", "orthogonal"])
def test_dtype_is_that_of_the_numbers(rng, name, dtype):
    first = {"gamma": (2.0,), "orthogonal": (3,)}.get(name, ())
    drawn = getattr(rng, name)(*first, size=200, dtype=dtype).double()
    wide = getattr(RandomState(7, impl=rng.impl), name)(*first, size=200, dtype=dtype)
    assert wide.dtype == dtype and torch.equal(wide.double(), drawn) and drawn.isfinite().all()
    assert 0.05 < drawn.std() < 2


@pytest.mark.parametrize("name", ["rand", "randn"])
def test_numbers_of_eight_bits_are_rounded_ones(rng, name):
    drawn = getattr(rng, name)(200, dtype=torch.float8_e5m2)
    assert drawn.dtype == torch.float8_e5m2 and drawn.float().unique().numel() > 3


def test_precision_of_environ_is_that_of_the_numbers(rng):
    with brainstate.environ.context(precision=64):
        assert rng.normal(size=2).dtype == torch.float64 and rng.poisson(2.0).dtype == torch.int64
        assert stats.kstest(rng.normal(size=N).numpy(), "norm").pvalue > 1e-4
        drawn = rng.randint(-(2**40), 2**40, size=N).double().numpy() / 2**40
        assert stats.kstest(drawn, stats.uniform(-1, 2).cdf).pvalue > 1e-4


@pytest.mark.parametrize("dtype", [torch.int8, torch.uint8, torch.int16, torch.int64])
def test_integers_fill_the_dtype(rng, dtype):
    info = torch.iinfo(dtype)
    low, high = max(info.min, -(2**31)), min(info.max + 1, 2**31)
    drawn = rng.randint(low, high, size=4000, dtype=dtype)
    assert drawn.dtype == dtype
    assert abs(float(drawn.double().mean()) - (low + high) / 2) < 5 * (high - low) / (12 * 4000) ** 0.5


def test_an_empty_range_of_integers_gives_its_start(rng):
    assert rng.randint(5, 5, size=2).tolist() == [5, 5]
    assert rng.randint(torch.tensor([5, 6]), torch.tensor([1, 7])).tolist() == [5, 6]


def test_gamma_is_differentiable_by_its_shape(rng):
    a = torch.full((4000,), 2.0, requires_grad=True)
    (gradient,) = torch.autograd.grad(rng.gamma(a).sum(), a)
    # The mean of gamma(a) is a, that of its logarithm digamma(a).
    assert abs(float(gradient.mean()) - 1) < 0.1
    (gradient,) = torch.autograd.grad(rng.loggamma(a).sum(), a)
    assert abs(float(gradient.mean()) - float(torch.polygamma(1, torch.tensor(2.0)))) < 0.05


def test_normal_is_differentiable_by_its_parameters(rng):
    start = rng.value
    noise = rng.normal(size=3)
    rng.value = start
    gradients = brainstate.transform.grad(lambda p: rng.normal(p[0], p[1], size=3).sum())(torch.tensor([1.0, 2.0]))
    assert torch.allclose(gradients, torch.stack([torch.tensor(3.0), noise.sum()]))


def test_numbers_have_the_unit_of_the_first_parameter(rng):
    assert rng.normal(0.0 * u.mV, 1.0 * u.volt, size=2).unit == u.mV
    assert rng.uniform(0.0, 1.0 * u.ms).unit == u.ms
    assert rng.truncated_normal(-1.0 * u.mV, 1.0 * u.mV).unit == u.mV
    assert rng.multivariate_normal(torch.zeros(2) * u.mV, torch.eye(2) * u.mV**2).unit == u.mV
    assert isinstance(rng.vonmises(1.0 * u.radian, 2.0), torch.Tensor)
    with pytest.raises(u.UnitMismatchError, match="one common dimension"):
        rng.normal(0.0 * u.mV, 1.0 * u.ms)
    with pytest.raises(u.UnitMismatchError, match="`cov` must have the unit of `mean` squared"):
        rng.multivariate_normal(torch.zeros(2) * u.mV, torch.eye(2))


def test_choice_and_permutation_keep_units_and_texts(rng):
    assert sorted(rng.permutation(torch.tensor([1.0, 2.0]) * u.mV).to_decimal(u.mV).tolist()) == [1.0, 2.0]
    assert rng.choice(torch.tensor([1.0, 1.0]) * u.mV, 3).to_decimal(u.mV).tolist() == [1.0] * 3
    assert set(rng.choice(["a", "b"], 50)) == {"a", "b"}
    rows = torch.arange(6).reshape(3, 2)
    assert {tuple(row) for row in rng.permutation(rows).tolist()} == {(0, 1), (2, 3), (4, 5)}
    assert rng.permutation(rows, axis=1)[:, 0].tolist() in ([0, 2, 4], [1, 3, 5])
    assert sorted(rng.choice(4, 4, replace=False, p=[0.1, 0.2, 0.3, 0.4]).tolist()) == [0, 1, 2, 3]
    assert rng.choice(3, 0).shape == (0,)


INVALID = [
    (lambda r: r.bernoulli(1.5), ValueError, r"Parameter p should be within \[0, 1\]"),
    (lambda r: r.binomial(3, torch.tensor([0.5, -0.1])), ValueError, r"Parameter p should be within \[0, 1\]"),
    (lambda r: r.chisquare(-1.0), ValueError, "`df` must be > 0"),
    (lambda r: r.geometric(0.0), ValueError, r"half-open interval \(0, 1\]"),
    (lambda r: r.poisson(-1.0), ValueError, "`lam` must not be negative"),
    (lambda r: r.poisson(torch.tensor([1.0, torch.nan])), ValueError, "`lam` must not be negative"),
    (lambda r: r.negative_binomial(0, 0.5), ValueError, "`n` must be > 0"),
    (lambda r: r.negative_binomial(2, 1.5), ValueError, r"half-open interval \(0, 1\]"),
    (lambda r: r.multinomial(5, [0.9, 0.9, 0.1]), ValueError, "for every distribution"),
    (lambda r: r.power(0.0), ValueError, "`a` must be > 0"),
    (lambda r: r.triangular(1.0, 0.0, 3.0), ValueError, "triangular requires it"),
    (lambda r: r.truncated_normal(5.0, 6.0), ValueError, "more than 2 std"),
    (lambda r: r.weibull(torch.ones(2), size=2), ValueError, '"a" should be a scalar when "size" is provided'),
    (lambda r: r.zipf(1.0), ValueError, "`a` must be greater than 1"),
    (lambda r: r.dirichlet(1.0), ValueError, "alpha.ndim >= 1"),
    (lambda r: r.dirichlet([[1.0, 2.0]] * 3, size=2), ValueError, "`size` of dirichlet"),
    (lambda r: r.categorical(torch.zeros(3, 2), size=2), ValueError, "`size` of categorical"),
    (lambda r: r.multivariate_normal([0.0], [[1.0]], method="lu"), ValueError, "`method` must be one of 'svd'"),
    (lambda r: r.multivariate_normal([0.0], torch.eye(2)), ValueError, r"cov.shape == \(..., n, n\)"),
    (lambda r: r.randint(5, dtype=float), TypeError, "`dtype` must be an integer dtype. Got torch.float32"),
    (lambda r: r.choice(0, 2), ValueError, "`a` must be greater than 0"),
    (lambda r: r.choice(2, 3, replace=False), ValueError, "cannot take a larger sample"),
    (lambda r: r.choice(3, p=[0.5, 0.5]), ValueError, r"`p` must have one probability .* Got shape \(2,\)"),
    (lambda r: r.permutation(2.0), TypeError, "`x` must be an integer or have at least one axis"),
    (lambda r: r.randint_like(torch.ones(2) * u.mV), ValueError, "`input` must be dimensionless"),
    (
        lambda r: torch.func.vmap(lambda n: r.multinomial(n, [0.5, 0.5]), randomness="different")(torch.arange(3)),
        ValueError,
        "the number of draws must be known",
    ),
]


@pytest.mark.parametrize(("call", "error", "text"), INVALID)
def test_wrong_parameters_raise(rng, call, error, text):
    with pytest.raises(error, match=text):
        call(rng)


def test_checks_can_be_left_out(rng):
    assert rng.bernoulli(1.5, check_valid=False)
    assert rng.truncated_normal(2.5, 3.0, check_valid=False) >= 2.5


def test_gamma_of_a_negative_shape_is_nan(rng):
    assert rng.gamma(torch.tensor([-1.0, 2.0])).isnan().tolist() == [True, False]


@pytest.mark.parametrize("method", ["cholesky", "eigh", "svd"])
def test_multivariate_normal_has_the_covariance(rng, method):
    cov = torch.tensor([[2.0, 0.6], [0.6, 1.0]])
    drawn = rng.multivariate_normal(torch.zeros(2), cov, size=N, method=method)
    assert torch.allclose(drawn.T.cov(), cov, atol=0.25)


def test_orthogonal_matrices_are_orthogonal(rng):
    q = rng.orthogonal(4, size=(2,))
    assert torch.allclose(q @ q.mT, torch.eye(4).expand(2, 4, 4), atol=1e-5)


def test_multinomial_counts_sum_to_each_number_of_draws(rng):
    assert rng.multinomial(torch.tensor([3, 8]), [0.2, 0.3, 0.5]).sum(-1).tolist() == [3, 8]
    assert rng.multinomial(0, [0.5, 0.5]).tolist() == [0, 0]


def test_vonmises_takes_its_centre_in_any_unit_of_angles():
    in_degrees, in_radian = (
        brainstate.random.vonmises(mu, 4.0, size=100, key=3) for mu in (90.0 * u.degree, np.pi / 2)
    )
    torch.testing.assert_close(in_degrees, in_radian)
    with pytest.raises(ValueError, match="`mu` must be dimensionless. Got a quantity in mV"):
        brainstate.random.vonmises(1.0 * u.mV, 4.0)


@pytest.mark.parametrize("good, bad, wanted", [(3, 2, 9), (3, 2, 5), (0, 4, 2), (4, 0, 2), (3, 2, 0), (0, 0, 3)])
def test_hypergeometric_draws_no_more_than_there_is(good, bad, wanted):
    found = RandomState(0).hypergeometric(good, bad, wanted, size=200)
    drawn = min(wanted, good + bad)
    assert int(found.max()) <= min(good, drawn)
    assert int(found.min()) >= max(0, drawn - bad)
