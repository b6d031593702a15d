"""Costs of leaving bounds, and negative logarithms of densities between bounds."""

from typing import Any

import torch

from ... import random
from ..._state import maybe_state
from ...typing import Size
from ..module.operand import floating
from ..param_transforms.formulas import held
from .base import SMALL, WeightedReg, as_shape, positive

__all__ = ["BetaReg", "LogUniformReg", "MaxNormReg", "UniformReg"]


class MaxNormReg(WeightedReg):
    """``weight * max(norm(value) - max_value, 0)**2``.

    Parameters
    ----------
    weight
        The factor.
    max_value
        The norm that costs nothing.
    fit_hyper
        Train `max_value`.

    Notes
    -----
    Source: brainstate.nn.MaxNormReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.MaxNormReg(max_value=2.).loss(torch.tensor([3., 4.]))
    tensor(9.)
    """

    def __init__(self, weight: Any = 1.0, max_value: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.max_value = self._hyper(max_value)

    def loss(self, value: Any) -> Any:
        norm = torch.sqrt((floating(value) ** 2).sum() + SMALL)
        return self.weight * torch.relu(norm - positive(self.max_value)) ** 2

    def sample_init(self, shape: Size) -> Any:
        sample = random.randn(*as_shape(shape))
        norm = torch.sqrt((sample**2).sum() + SMALL)
        return sample * (0.5 * positive(self.max_value) / (norm + SMALL))


class _BetweenReg(WeightedReg):
    def __init__(self, weight: Any, lower: Any, upper: Any, fit_hyper: bool) -> None:
        super().__init__(weight, fit_hyper)
        self.lower, self.upper = self._hyper(lower), self._hyper(upper)


class UniformReg(_BetweenReg):
    """``weight * sum(d**2)``, with `d` the distance outside the bounds.

    Parameters
    ----------
    weight
        The factor.
    lower, upper
        The bounds.
    fit_hyper
        Train the bounds.

    Notes
    -----
    Source: brainstate.nn.UniformReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.UniformReg(lower=0., upper=1.).loss(torch.tensor([-2., 0.5, 2.]))
    tensor(5.)
    """

    def __init__(self, weight: Any = 1.0, lower: Any = -1.0, upper: Any = 1.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, lower, upper, fit_hyper)

    def loss(self, value: Any) -> Any:
        value = floating(value)
        below, above = torch.relu(maybe_state(self.lower) - value), torch.relu(value - maybe_state(self.upper))
        return self.weight * (below**2 + above**2).sum()

    def sample_init(self, shape: Size) -> Any:
        lower = maybe_state(self.lower)
        return lower + (maybe_state(self.upper) - lower) * random.rand(*as_shape(shape))

    def reset_value(self) -> Any:
        return (maybe_state(self.lower) + maybe_state(self.upper)) / 2.0


class LogUniformReg(_BetweenReg):
    """``weight * sum(log(value))``, with the value held between bounds.

    Parameters
    ----------
    weight
        The factor.
    lower, upper
        The bounds, positive numbers.
    fit_hyper
        Train the bounds.

    Notes
    -----
    Source: brainstate.nn.LogUniformReg (0.5.4). As in brainstate, :meth:`reset_value` is the geometric mean of the
    bounds.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.LogUniformReg(lower=0.1, upper=10.)
    >>> reg.loss(torch.tensor([1., 100.])), reg.reset_value()  # log(10)
    (tensor(2.3026), tensor(1.))
    """

    def __init__(self, weight: Any = 1.0, lower: Any = 1e-3, upper: Any = 1e3, fit_hyper: bool = False) -> None:
        super().__init__(weight, lower, upper, fit_hyper)

    def loss(self, value: Any) -> Any:
        inside = held(positive(floating(value)), positive(self.lower), positive(self.upper))
        return self.weight * torch.log(inside).sum()

    def sample_init(self, shape: Size) -> Any:
        lower, upper = torch.log(positive(self.lower)), torch.log(positive(self.upper))
        return torch.exp(lower + (upper - lower) * random.rand(*as_shape(shape)))

    def reset_value(self) -> Any:
        return torch.sqrt(positive(self.lower) * positive(self.upper))


class BetaReg(WeightedReg):
    """The negative logarithm of the beta density; the value is held in [0, 1].

    Parameters
    ----------
    weight
        The factor.
    a, b
        The two shapes.
    fit_hyper
        Train `a` and `b`.

    Notes
    -----
    Source: brainstate.nn.BetaReg (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> reg = brainstate.nn.BetaReg(a=2., b=2.)
    >>> reg.loss(torch.tensor([0.5])), reg.reset_value()  # -log(1.5)
    (tensor(-0.4055), tensor(0.5000))
    """

    def __init__(self, weight: Any = 1.0, a: Any = 2.0, b: Any = 2.0, fit_hyper: bool = False) -> None:
        super().__init__(weight, fit_hyper)
        self.a, self.b = self._hyper(a), self._hyper(b)

    def loss(self, value: Any) -> Any:
        a, b = positive(self.a), positive(self.b)
        x = held(floating(value), SMALL, 1.0 - SMALL)
        data = -((a - 1) * torch.log(x) + (b - 1) * torch.log(1 - x)).sum()
        return self.weight * (data + x.numel() * (torch.lgamma(a) + torch.lgamma(b) - torch.lgamma(a + b)))

    def sample_init(self, shape: Size) -> Any:
        return random.beta(positive(self.a), positive(self.b), size=as_shape(shape))

    def reset_value(self) -> Any:
        a, b = positive(self.a), positive(self.b)
        return held((a - 1) / (a + b - 2 + SMALL), 0.0, 1.0)
