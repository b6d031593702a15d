"""Densities and probabilities: ``jax.scipy.stats``, over ``torch.distributions``."""

from collections.abc import Callable
from typing import Any

import torch
from torch import distributions

from ....units import math
from .kde import gaussian_kde

__all__ = ["gaussian_kde", "multivariate_normal"]


def _float(x: Any) -> torch.Tensor:
    array: torch.Tensor = math.asarray(x)
    return array if array.is_floating_point() else array.float()


class Distribution:
    """Functions of a value, of the parameters of a form, and of a place and a scale.

    Parameters
    ----------
    name
        Its name in ``jax.scipy.stats``.
    make
        The distribution of torch with those parameters, at place 0 with scale 1.
    forms
        How many parameters of a form there are.
    discrete
        Whether its values are whole: then it has no scale.
    """

    def __init__(self, name: str, make: Callable[..., Any], forms: int = 0, discrete: bool = False) -> None:
        self.__name__, self._make, self._forms = name, make, forms
        if discrete:
            self.logpmf, self.pmf = self._logarithm, self._density
        else:
            self.logpdf, self.pdf = self._logarithm, self._density

    def _at(self, x: Any, args: Any, named: Any) -> tuple[Any, torch.Tensor, torch.Tensor]:
        named = dict(named)
        rest = [*args[self._forms :]]
        loc = _float(rest[0] if rest else named.pop("loc", 0.0))
        scale = _float(rest[1] if len(rest) > 1 else named.pop("scale", 1.0))
        forms = [_float(a) for a in [*args[: self._forms], *named.values()]]
        return self._make(*forms), (_float(x) - loc) / scale, scale

    def _logarithm(self, x: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the density."""
        law, y, scale = self._at(x, args, named)
        return torch.where(law.support.check(y), law.log_prob(y) - torch.log(scale), -torch.inf)

    def _density(self, x: Any, *args: Any, **named: Any) -> Any:
        """The density."""
        return torch.exp(self._logarithm(x, *args, **named))

    def cdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The probability of at most `x`."""
        law, y, _ = self._at(x, args, named)
        return law.cdf(y)

    def logcdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """Its logarithm."""
        return torch.log(self.cdf(x, *args, **named))

    def sf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The probability of more than `x`."""
        return 1 - self.cdf(x, *args, **named)

    def ppf(self, q: Any, *args: Any, **named: Any) -> Any:
        """The value that is exceeded with probability ``1 - q``."""
        law, _, scale = self._at(0.0, args, named)
        rest = args[self._forms :]
        loc = _float(rest[0] if rest else named.get("loc", 0.0))
        return law.icdf(_float(q)) * scale + loc


def _law(kind: Any, *fixed: float) -> Callable[..., Any]:
    return lambda *forms: kind(*forms, *[torch.tensor(x) for x in fixed], validate_args=False)


class _Normal(Distribution):
    """The normal distribution, with tails that do not round to zero."""

    def logcdf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The logarithm of the probability of at most `x`."""
        return torch.special.log_ndtr(self._at(x, args, named)[1])

    def sf(self, x: Any, *args: Any, **named: Any) -> Any:
        """The probability of more than `x`."""
        return torch.special.ndtr(-self._at(x, args, named)[1])


norm = _Normal("norm", _law(distributions.Normal, 0.0, 1.0))
expon = Distribution("expon", _law(distributions.Exponential, 1.0))
uniform = Distribution("uniform", _law(distributions.Uniform, 0.0, 1.0))
laplace = Distribution("laplace", _law(distributions.Laplace, 0.0, 1.0))
cauchy = Distribution("cauchy", _law(distributions.Cauchy, 0.0, 1.0))
t = Distribution("t", _law(distributions.StudentT), 1)
gamma = Distribution("gamma", _law(distributions.Gamma, 1.0), 1)
beta = Distribution("beta", _law(distributions.Beta), 2)
chi2 = Distribution("chi2", _law(distributions.Chi2), 1)
poisson = Distribution("poisson", _law(distributions.Poisson), 1, discrete=True)
bernoulli = Distribution("bernoulli", _law(distributions.Bernoulli), 1, discrete=True)


class multivariate_normal:
    """The normal distribution of several dimensions."""

    @staticmethod
    def logpdf(x: Any, mean: Any, cov: Any) -> Any:
        """The logarithm of the density."""
        kind: Any = distributions.MultivariateNormal
        return kind(_float(mean), _float(cov), validate_args=False).log_prob(_float(x))

    @classmethod
    def pdf(cls, x: Any, mean: Any, cov: Any) -> Any:
        """The density."""
        return torch.exp(cls.logpdf(x, mean, cov))
