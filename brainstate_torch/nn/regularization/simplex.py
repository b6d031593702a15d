"""Costs of the probabilities that softmax makes of a value."""

from typing import Any

import torch

from ... import environ, random
from ...typing import Size
from ..module.operand import floating
from .base import SMALL, WeightedReg, as_shape, positive

__all__ = ["DirichletReg", "EntropyReg"]


def _probabilities(value: Any) -> Any:
    flat = floating(value).reshape(-1)
    powers = torch.exp(flat - torch.amax(flat))
    return powers / (powers.sum() + SMALL)


class EntropyReg(WeightedReg):
    """``-weight * H``, with `H` the entropy of the softmax of the flat value.

    Parameters
    ----------
    weight
        The factor.
    maximize
        If not, the cost is ``weight * H``.
    fit_hyper
        No effect: there is nothing to train.

    Notes
    -----
    Source: brainstate.nn.EntropyReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.EntropyReg().loss(torch.zeros(2))  # -log(2)
    tensor(-0.6931)
    """

    def __init__(self, weight: Any = 1.0, maximize: bool = True, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.maximize = maximize

    def loss(self, value: Any) -> Any:
        probabilities = _probabilities(value)
        negative_entropy = (probabilities * torch.log(probabilities + SMALL)).sum()
        return self.weight * (negative_entropy if self.maximize else -negative_entropy)

    def sample_init(self, shape: Size) -> Any:
        size = as_shape(shape)
        return torch.zeros(size, dtype=environ.dftype()) if self.maximize else random.randn(*size)


class DirichletReg(WeightedReg):
    """``-weight * (alpha - 1) * sum(log(p))``, with `p` the softmax of the flat value.

    Parameters
    ----------
    weight
        The factor.
    alpha
        Above one, equal probabilities cost least; below one, unequal ones.
    fit_hyper
        Train `alpha`.

    Notes
    -----
    Source: brainstate.nn.DirichletReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.DirichletReg(alpha=2.).loss(torch.zeros(2))  # 2 * log(2)
    tensor(1.3863)
    """

    def __init__(self, weight: Any = 1.0, alpha: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.alpha = self._hyper(alpha)

    def loss(self, value: Any) -> Any:
        logarithms = torch.log(_probabilities(value) + SMALL)
        return self.weight * (-(positive(self.alpha) - 1) * logarithms).sum()

    def sample_init(self, shape: Size) -> Any:
        shares = random.gamma(positive(self.alpha), scale=1.0, size=as_shape(shape))
        return torch.log(shares / (shares.sum() + SMALL) + SMALL)
