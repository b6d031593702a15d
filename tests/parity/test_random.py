"""The generator 'threefry2x32' against brainstate: after the same seed the same numbers."""

import numpy as np
import pytest
import torch

jax = pytest.importorskip("jax")
theirs = pytest.importorskip("brainstate")

import brainstate_torch as ours  # noqa: E402
from brainstate_torch.random import RandomState  # noqa: E402

N = 500
#: Draws that agree exactly.
EXACT = {
    "rand": lambda r: r.rand(N, 2),
    "uniform": lambda r: r.uniform(-0.3, 0.7, size=N),
    "randint": lambda r: r.randint(-5, 1000003, size=N),
    "randint wide": lambda r: r.randint(-(2**31), 2**31 - 1, size=N),
    "randint int8": lambda r: r.randint(-128, 128, size=N, dtype="int8"),
    "random_integers": lambda r: r.random_integers(3, 9, size=N),
    "permutation": lambda r: r.permutation(2000),
    "permutation rows": lambda r: r.permutation([[1, 2], [3, 4], [5, 6]], axis=1),
    "permutation independent": lambda r: r.permutation([[1, 2, 3], [3, 4, 5], [5, 6, 7]], axis=1, independent=True),
    "choice": lambda r: r.choice(100, N),
    "choice without replacement": lambda r: r.choice(100, 50, replace=False),
    "choice by chance": lambda r: r.choice(4, N, p=[0.1, 0.2, 0.3, 0.4]),
    "choice by chance without replacement": lambda r: r.choice(4, 3, p=[0.1, 0.2, 0.3, 0.4], replace=False),
    "bernoulli": lambda r: r.bernoulli(0.3, size=N),
    "poisson": lambda r: r.poisson(3.0, size=N),
    "poisson many": lambda r: r.poisson(30.0, size=N),
    "binomial": lambda r: r.binomial(10, 0.3, size=N),
    "binomial many": lambda r: r.binomial(1000, 0.7, size=N),
    "geometric": lambda r: r.geometric(0.2, size=N),
    "negative_binomial": lambda r: r.negative_binomial(5, 0.3, size=N),
    "zipf": lambda r: r.zipf(2.0, size=100),
    "multinomial": lambda r: r.multinomial(20, [0.2, 0.3, 0.5], size=(50,)),
    "categorical": lambda r: r.categorical([[0.0, 1.0, 2.0], [1.0, 0.0, 0.0]], size=(N, 2)),
    "rand float16": lambda r: r.rand(N, dtype="float16"),
    "rand bfloat16": lambda r: (
        r.rand(N, dtype="bfloat16").astype("float32") if r is theirs.random else r.rand(N, dtype="bfloat16").float()
    ),
}
#: Draws that agree up to the rounding of log, exp and their like; how far apart in units of the largest number.
CLOSE = {
    "randn": (lambda r: r.randn(N), 3e-7),
    "normal": (lambda r: r.normal(1.0, 2.0, size=N), 3e-7),
    "lognormal": (lambda r: r.lognormal(0.1, 0.5, size=N), 1e-6),
    "truncated_normal": (lambda r: r.truncated_normal(-1.0, 2.0, size=N), 1e-5),
    "multivariate_normal": (lambda r: r.multivariate_normal([0.0, 1.0], [[2.0, 0.5], [0.5, 1.0]], size=N), 1e-6),
    "orthogonal": (lambda r: r.orthogonal(5), 1e-5),
    "maxwell": (lambda r: r.maxwell(N), 1e-6),
    "wald": (lambda r: r.wald(2.0, 1.0, size=N), 1e-6),
    "exponential": (lambda r: r.exponential(2.0, size=N), 3e-7),
    "gumbel": (lambda r: r.gumbel(1.0, 2.0, size=N), 1e-6),
    "laplace": (lambda r: r.laplace(size=N), 3e-7),
    "logistic": (lambda r: r.logistic(size=N), 1e-6),
    "pareto": (lambda r: r.pareto(3.0, size=N), 1e-6),
    "power": (lambda r: r.power(2.0, size=N), 3e-7),
    "rayleigh": (lambda r: r.rayleigh(2.0, size=N), 3e-7),
    "standard_cauchy": (lambda r: r.standard_cauchy(size=N), 3e-7),
    "triangular": (lambda r: r.triangular(-1.0, 0.5, 2.0, size=N), 1e-6),
    "weibull": (lambda r: r.weibull(2.0, size=N), 3e-7),
    "vonmises": (lambda r: r.vonmises(0.5, 2.0, size=N), 1e-4),
    "gamma": (lambda r: r.gamma(2.5, size=N), 3e-6),
    "gamma small": (lambda r: r.gamma(0.3, 2.0, size=N), 3e-6),
    "loggamma": (lambda r: r.loggamma(0.3, size=N), 3e-6),
    "beta": (lambda r: r.beta(0.5, 2.0, size=N), 3e-6),
    "dirichlet": (lambda r: r.dirichlet([1.0, 2.0, 3.0], size=(50,)), 3e-6),
    "chisquare": (lambda r: r.chisquare(3.0, size=N), 3e-6),
    "noncentral_chisquare": (lambda r: r.noncentral_chisquare(3.0, 1.0, size=N), 3e-6),
    "noncentral_chisquare few": (lambda r: r.noncentral_chisquare(0.5, 1.0, size=N), 3e-6),
    "f": (lambda r: r.f(3.0, 4.0, size=N), 3e-6),
    "noncentral_f": (lambda r: r.noncentral_f(3.0, 4.0, 1.0, size=N), 3e-6),
    "standard_t": (lambda r: r.standard_t(3.0, size=N), 3e-6),
    "t": (lambda r: r.t(3.0, size=N), 3e-6),
}


@pytest.fixture(autouse=True)
def seeded():
    before = ours.random.get_key()
    theirs.random.seed(11)
    ours.random.seed(11, impl="threefry2x32")
    yield
    ours.random.DEFAULT.value = before


def both(draw):
    """Two draws from each library, the second to see that the streams move on alike."""
    yield from ((np.asarray(draw(theirs.random)), draw(ours.random).numpy()) for _ in range(2))


@pytest.mark.parametrize("name", EXACT)
def test_draws_are_equal(name):
    for expected, found in both(EXACT[name]):
        assert found.dtype == expected.dtype
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", CLOSE)
def test_draws_are_close(name):
    draw, tolerance = CLOSE[name]
    for expected, found in both(draw):
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance * np.abs(expected).max() ** 0.5)


def test_normal_numbers_are_within_three_units_of_the_last_place():
    key = jax.random.key(3)
    expected = np.asarray(jax.random.normal(key, (100_000,)))
    found = ours.random.normal(size=100_000, key=3).numpy()
    assert (np.abs(found - expected) <= 3 * np.spacing(np.abs(expected))).all()
    assert (found == expected).mean() > 0.98


@pytest.mark.parametrize("seed", [0, 42, -1, 2**31, 2**40 + 3])
def test_keys_of_seeds_and_splits_are_jax_s(seed):
    key = jax.random.key(seed)
    state = RandomState(seed, impl="threefry2x32")
    np.testing.assert_array_equal(state.value.numpy(), jax.random.key_data(key))
    reference = theirs.random.RandomState(seed)
    for n in (None, 3):
        np.testing.assert_array_equal(state.split_key(n).numpy(), jax.random.key_data(reference.split_key(n)))
    np.testing.assert_array_equal(state.value.numpy(), jax.random.key_data(reference.value))


def test_raw_keys_go_over_both_ways():
    data = np.asarray(jax.random.key_data(jax.random.key(5)))
    expected = np.asarray(jax.random.uniform(jax.random.wrap_key_data(data), (4,)))
    np.testing.assert_array_equal(ours.random.rand(4, key=data).numpy(), expected)
    assert ours.random.get_key().numpy().dtype == data.dtype


@pytest.mark.parametrize("impl", ["torch", "threefry2x32"])
def test_an_explicit_key_gives_jax_s_numbers_on_both_generators(impl):
    state = RandomState(0, impl=impl)
    np.testing.assert_array_equal(state.rand(4, key=9).numpy(), np.asarray(jax.random.uniform(jax.random.key(9), (4,))))


def test_double_precision_agrees_with_jax():
    with jax.enable_x64(True), ours.environ.context(precision=64):
        seed = 2**40 + 9
        key = jax.random.key(seed)
        np.testing.assert_array_equal(ours.random.rand(N, key=seed).numpy(), np.asarray(jax.random.uniform(key, (N,))))
        for low, high in ((-7, 1000), (-(2**60), 2**60)):
            expected = np.asarray(jax.random.randint(key, (N,), low, high))
            np.testing.assert_array_equal(ours.random.randint(low, high, size=N, key=seed).numpy(), expected)
        found = ours.random.normal(size=N, key=seed).numpy()
        np.testing.assert_allclose(found, np.asarray(jax.random.normal(key, (N,))), rtol=1e-13)


def test_every_lane_of_vmap_agrees_with_jax():
    keys = jax.random.split(jax.random.key(2), 4)
    expected = np.asarray(jax.vmap(lambda key: jax.random.gamma(key, 0.7, (3,)))(keys))
    raw = torch.from_numpy(np.array(jax.random.key_data(keys)))
    found = torch.func.vmap(lambda key: ours.random.gamma(0.7, size=3, key=key))(raw)
    np.testing.assert_allclose(found.numpy(), expected, rtol=3e-6)


@pytest.mark.parametrize("log", [False, True])
def test_gradients_of_gamma_agree_with_jax(log):
    a = np.array([0.3, 2.0, 9.0], "float32")
    draw = jax.random.loggamma if log else jax.random.gamma
    expected = jax.grad(lambda a: draw(jax.random.key(4), a).sum())(a)
    mine = ours.random.loggamma if log else ours.random.gamma
    found = torch.func.grad(lambda a: mine(a, key=4).sum())(torch.tensor(a))
    np.testing.assert_allclose(found.numpy(), np.asarray(expected), rtol=1e-3)


def test_a_random_state_without_a_seed_follows_the_common_seed():
    def draws(package):
        package.random.seed(42)
        return [np.asarray(package.random.RandomState().normal(size=3)) for _ in range(2)]

    with ours.environ.context(random_impl="threefry2x32"):
        mine = draws(ours)
        np.testing.assert_array_equal(mine, draws(ours))
    assert not np.array_equal(*mine)
    np.testing.assert_allclose(mine, draws(theirs), rtol=1e-6)
    # Whichever the generator is.
    np.testing.assert_array_equal(draws(ours), draws(ours))
