"""The distributions as functions: each draws from `DEFAULT` what the method of that name does."""

from collections.abc import Callable
from inspect import signature
from typing import Concatenate, ParamSpec, TypeVar

import torch

from ..typing import ArrayLike, DTypeLike, SeedOrKey, Size
from ._state import DEFAULT, RandomState

__all__ = [
    "bernoulli",
    "beta",
    "binomial",
    "categorical",
    "chisquare",
    "choice",
    "dirichlet",
    "exponential",
    "f",
    "gamma",
    "geometric",
    "gumbel",
    "hypergeometric",
    "laplace",
    "loggamma",
    "logistic",
    "lognormal",
    "logseries",
    "maxwell",
    "multinomial",
    "multivariate_normal",
    "negative_binomial",
    "noncentral_chisquare",
    "noncentral_f",
    "normal",
    "orthogonal",
    "pareto",
    "permutation",
    "poisson",
    "power",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "random",
    "random_integers",
    "random_sample",
    "ranf",
    "rayleigh",
    "sample",
    "shuffle",
    "standard_cauchy",
    "standard_exponential",
    "standard_gamma",
    "standard_normal",
    "standard_t",
    "t",
    "triangular",
    "truncated_normal",
    "uniform",
    "vonmises",
    "wald",
    "weibull",
    "weibull_min",
    "zipf",
]

P = ParamSpec("P")
R = TypeVar("R")


def _of_default(method: Callable[Concatenate[RandomState, P], R]) -> Callable[P, R]:
    """The function that calls a method on `DEFAULT`."""

    def function(*args: P.args, **kwargs: P.kwargs) -> R:
        return method(DEFAULT, *args, **kwargs)

    whole = signature(method)
    function.__name__ = function.__qualname__ = method.__name__
    function.__doc__ = method.__doc__
    function.__signature__ = whole.replace(parameters=list(whole.parameters.values())[1:])  # type: ignore[attr-defined]
    return function


def randint(
    low: ArrayLike,
    high: ArrayLike | None = None,
    size: Size | None = None,
    key: SeedOrKey | None = None,
    dtype: DTypeLike | None = None,
) -> torch.Tensor:
    """Integers of [low, high), or of [0, low) without `high`; `low` where that is empty.

    Raises
    ------
    TypeError
        `dtype` is not an integer dtype.

    Notes
    -----
    Source: brainstate.random.randint (0.5.4), whose last two arguments stand in another order than the method's.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> x = brainstate.random.randint(1, 7, size=100)
    >>> x.dtype, bool(((1 <= x) & (x <= 6)).all())
    (torch.int32, True)
    """
    return DEFAULT.randint(low, high, size, dtype=dtype, key=key)


rand = _of_default(RandomState.rand)
random_integers = _of_default(RandomState.random_integers)
randn = _of_default(RandomState.randn)
random = _of_default(RandomState.random)
random_sample = _of_default(RandomState.random_sample)
ranf = _of_default(RandomState.ranf)
sample = _of_default(RandomState.sample)
choice = _of_default(RandomState.choice)
permutation = _of_default(RandomState.permutation)
shuffle = _of_default(RandomState.shuffle)
beta = _of_default(RandomState.beta)
exponential = _of_default(RandomState.exponential)
gamma = _of_default(RandomState.gamma)
gumbel = _of_default(RandomState.gumbel)
laplace = _of_default(RandomState.laplace)
logistic = _of_default(RandomState.logistic)
normal = _of_default(RandomState.normal)
pareto = _of_default(RandomState.pareto)
poisson = _of_default(RandomState.poisson)
standard_cauchy = _of_default(RandomState.standard_cauchy)
standard_exponential = _of_default(RandomState.standard_exponential)
standard_gamma = _of_default(RandomState.standard_gamma)
standard_normal = _of_default(RandomState.standard_normal)
standard_t = _of_default(RandomState.standard_t)
uniform = _of_default(RandomState.uniform)
truncated_normal = _of_default(RandomState.truncated_normal)
bernoulli = _of_default(RandomState.bernoulli)
lognormal = _of_default(RandomState.lognormal)
binomial = _of_default(RandomState.binomial)
chisquare = _of_default(RandomState.chisquare)
dirichlet = _of_default(RandomState.dirichlet)
geometric = _of_default(RandomState.geometric)
f = _of_default(RandomState.f)
hypergeometric = _of_default(RandomState.hypergeometric)
logseries = _of_default(RandomState.logseries)
multinomial = _of_default(RandomState.multinomial)
multivariate_normal = _of_default(RandomState.multivariate_normal)
negative_binomial = _of_default(RandomState.negative_binomial)
noncentral_chisquare = _of_default(RandomState.noncentral_chisquare)
noncentral_f = _of_default(RandomState.noncentral_f)
power = _of_default(RandomState.power)
rayleigh = _of_default(RandomState.rayleigh)
triangular = _of_default(RandomState.triangular)
vonmises = _of_default(RandomState.vonmises)
wald = _of_default(RandomState.wald)
weibull = _of_default(RandomState.weibull)
weibull_min = _of_default(RandomState.weibull_min)
zipf = _of_default(RandomState.zipf)
maxwell = _of_default(RandomState.maxwell)
t = _of_default(RandomState.t)
orthogonal = _of_default(RandomState.orthogonal)
loggamma = _of_default(RandomState.loggamma)
categorical = _of_default(RandomState.categorical)
rand_like = _of_default(RandomState.rand_like)
randint_like = _of_default(RandomState.randint_like)
randn_like = _of_default(RandomState.randn_like)
