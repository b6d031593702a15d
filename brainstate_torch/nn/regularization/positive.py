"""Negative logarithms of densities of positive numbers."""

from typing import Any

import torch

from ... import random
from ..._state import maybe_state
from ...typing import Size
from ...units import math as um
from ..module.operand import floating
from .base import SMALL, WeightedReg, as_shape, positive

__all__ = ["ExponentialReg", "GammaReg", "InverseGammaReg", "LogNormalReg"]


class LogNormalReg(WeightedReg):
    """The negative logarithm of the log-normal density, up to a constant; numbers below zero count as zero.

    Parameters
    ----------
    weight
        The factor.
    mu, sigma
        Mean and width of the logarithm.
    fit_hyper
        Train `mu` and `sigma`.

    Notes
    -----
    Source: brainstate.nn.LogNormalReg (0.5.4). As in brainstate, :meth:`reset_value` is the median.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.LogNormalReg().loss(torch.tensor([1., 1.]).exp()).round(decimals=3)  # 2 * (1 / 2 + 1)
    tensor(3.)
    """

    def __init__(self, weight: Any = 1.0, mu: Any = 0.0, sigma: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.mu, self.sigma = self._hyper(mu), self._hyper(sigma)

    def loss(self, value: Any) -> Any:
        sigma = positive(self.sigma)
        logarithm = torch.log(positive(floating(value)))
        data = (logarithm - maybe_state(self.mu)) ** 2 / (2 * sigma**2) + logarithm
        return self.weight * (data.sum() + logarithm.numel() * torch.log(sigma))

    def sample_init(self, shape: Size) -> Any:
        return torch.exp(maybe_state(self.mu) + positive(self.sigma) * random.randn(*as_shape(shape)))

    def reset_value(self) -> Any:
        return torch.exp(maybe_state(self.mu))


class ExponentialReg(WeightedReg):
    """``weight * rate * sum(max(value, 0))``.

    Parameters
    ----------
    weight
        The factor.
    rate
        The rate, the inverse of the mean.
    fit_hyper
        Train `rate`.

    Notes
    -----
    Source: brainstate.nn.ExponentialReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ExponentialReg(rate=2.).loss(torch.tensor([1., 3., -1.]))
    tensor(8.)
    """

    def __init__(self, weight: Any = 1.0, rate: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.rate = self._hyper(rate)

    def loss(self, value: Any) -> Any:
        return self.weight * positive(self.rate) * torch.relu(floating(value)).sum()

    def sample_init(self, shape: Size) -> Any:
        return -torch.log(random.rand(*as_shape(shape)) + SMALL) / positive(self.rate)


class _GammaShaped(WeightedReg):
    def __init__(self, weight: Any = 1.0, alpha: Any = 2.0, beta: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.alpha, self.beta = self._hyper(alpha), self._hyper(beta)

    def _loss(self, data: Any) -> Any:
        alpha, beta = positive(self.alpha), positive(self.beta)
        return self.weight * (data.sum() + data.numel() * (torch.lgamma(alpha) - alpha * torch.log(beta)))


class GammaReg(_GammaShaped):
    """The negative logarithm of the gamma density; numbers below zero count as zero.

    Parameters
    ----------
    weight
        The factor.
    alpha, beta
        Shape and rate.
    fit_hyper
        Train `alpha` and `beta`.

    Notes
    -----
    Source: brainstate.nn.GammaReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.GammaReg(alpha=2., beta=1.)
    >>> reg.loss(torch.tensor([1., 1.])), reg.reset_value()
    (tensor(2.), tensor(1.))
    """

    def loss(self, value: Any) -> Any:
        value = positive(floating(value))
        return self._loss(positive(self.beta) * value - (positive(self.alpha) - 1) * torch.log(value))

    def sample_init(self, shape: Size) -> Any:
        return random.gamma(positive(self.alpha), scale=1.0 / positive(self.beta), size=as_shape(shape))

    def reset_value(self) -> Any:
        return um.maximum((positive(self.alpha) - 1) / positive(self.beta), SMALL)


class InverseGammaReg(_GammaShaped):
    """The negative logarithm of the density of a number whose inverse is gamma distributed.

    Parameters
    ----------
    weight
        The factor.
    alpha, beta
        Shape and scale.
    fit_hyper
        Train `alpha` and `beta`.

    Notes
    -----
    Source: brainstate.nn.InverseGammaReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.InverseGammaReg(alpha=1., beta=2.)
    >>> reg.loss(torch.tensor([1.])), reg.reset_value()  # 2 - log(2)
    (tensor(1.3069), tensor(1.))
    """

    def loss(self, value: Any) -> Any:
        value = positive(floating(value))
        return self._loss((positive(self.alpha) + 1) * torch.log(value) + positive(self.beta) / value)

    def sample_init(self, shape: Size) -> Any:
        inverse = random.gamma(positive(self.alpha), scale=1.0, size=as_shape(shape))
        return positive(self.beta) / (inverse + SMALL)

    def reset_value(self) -> Any:
        return positive(self.beta) / (positive(self.alpha) + 1)
