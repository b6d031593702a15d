"""Transforms onto an interval."""

import math
from typing import Any

import torch

from ...units import get_unit
from ...units import math as um
from ..activations import log_sigmoid
from ..module.operand import floating, operand
from .base import Transform
from .formulas import as_bound, capped_exp, counted, held, log_det, logit

__all__ = ["ClipT", "ScaledSigmoidT", "SigmoidT", "SoftsignT", "TanhT"]


class _Interval(Transform):
    """A transform onto an interval, by way of [0, 1]."""

    def __init__(self, lower: Any, upper: Any) -> None:
        self.lower = as_bound(lower)
        self.width = as_bound(upper) - self.lower
        self.unit = get_unit(self.lower)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lower={self.lower}, upper={self.lower + self.width})"

    def _part(self, y: Any) -> Any:
        """Which part of the interval lies below a value."""
        return (floating(y, self.lower, self.width) - self.lower) / self.width


class SigmoidT(_Interval):
    """Onto an interval by the logistic function, ``lower + (upper - lower) / (1 + exp(-x))``.

    Parameters
    ----------
    lower, upper
        The bounds, of one dimension.

    Notes
    -----
    Source: brainstate.nn.SigmoidT (0.5.4). As in brainstate, the exponential is constant below ``x = -20``, and the
    slope zero.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> import brainstate_torch.units as u
    >>> t = brainstate.nn.SigmoidT(-80. * u.mV, -40. * u.mV)
    >>> t(torch.tensor([0., 100.])), t.inverse(torch.tensor([-60.]) * u.mV)
    (tensor([-60., -40.]) mV, tensor([-0.]))
    """

    def forward(self, x: Any) -> Any:
        return self.lower + self.width * (1.0 / (1.0 + capped_exp(-floating(x, self.lower, self.width))))

    def inverse(self, y: Any) -> Any:
        return -torch.log(1.0 / self._part(y) - 1.0)

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        x = floating(x, self.lower, self.width)
        slopes = log_sigmoid(x) + log_sigmoid(-x)
        return log_det(um.log(counted(self.width, self.unit)).to(slopes) + slopes)


class ScaledSigmoidT(_Interval):
    """Onto an interval by the logistic function of ``beta * x``.

    Parameters
    ----------
    lower, upper
        The bounds, of one dimension.
    beta
        How steep it is, a positive number.

    Raises
    ------
    ValueError
        `beta` is not positive and finite.

    Notes
    -----
    Source: brainstate.nn.ScaledSigmoidT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.ScaledSigmoidT(0., 4., beta=2.)
    >>> t(torch.tensor([0., 100.])), t.inverse(torch.tensor([2.]))
    (tensor([2., 4.]), tensor([0.]))
    """

    def __init__(self, lower: Any, upper: Any, beta: float = 1.0) -> None:
        if not 0 < beta < math.inf:
            raise ValueError(f"`beta` must be a positive finite number. Got {beta}.")
        super().__init__(lower, upper)
        self.beta = beta

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, beta={self.beta})"

    def forward(self, x: Any) -> Any:
        return self.lower + self.width * torch.sigmoid(self.beta * floating(x, self.lower, self.width))

    def inverse(self, y: Any) -> Any:
        return logit(self._part(y)) / self.beta


class TanhT(_Interval):
    """Onto an interval by the hyperbolic tangent.

    Parameters
    ----------
    lower, upper
        The bounds, of one dimension.

    Notes
    -----
    Source: brainstate.nn.TanhT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.TanhT(0., 4.)
    >>> t(torch.tensor([0., 100.])), t.inverse(torch.tensor([2.]))
    (tensor([2., 4.]), tensor([0.]))
    """

    def forward(self, x: Any) -> Any:
        return self.lower + self.width * (torch.tanh(floating(x, self.lower, self.width)) + 1.0) / 2.0

    def inverse(self, y: Any) -> Any:
        return torch.arctanh(2.0 * self._part(y) - 1.0)


class SoftsignT(_Interval):
    """Onto an interval by ``x / (1 + abs(x))``, which comes near the bounds slowly.

    Parameters
    ----------
    lower, upper
        The bounds, of one dimension.

    Notes
    -----
    Source: brainstate.nn.SoftsignT (0.5.4). Differs: a value outside the interval gives nan, not the numbers of another
    value.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.SoftsignT(0., 4.)
    >>> t(torch.tensor([0., 1.])), t.inverse(torch.tensor([2., 3., 5.]))
    (tensor([2., 3.]), tensor([0., 1., nan]))
    """

    def forward(self, x: Any) -> Any:
        x = floating(x, self.lower, self.width)
        return self.lower + self.width * (x / (1.0 + torch.abs(x)) + 1.0) / 2.0

    def inverse(self, y: Any) -> Any:
        z = 2.0 * self._part(y) - 1.0
        size = torch.abs(z)
        return torch.where(size > 1, torch.nan, z / (1.0 - size))


class ClipT(Transform):
    """The values themselves, held between bounds, in both directions.

    Parameters
    ----------
    lower, upper
        The bounds, with the unit of the values; None for no bound.

    Notes
    -----
    Source: brainstate.nn.ClipT (0.5.4). The slope is zero outside the bounds: a number that is there stays there.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ClipT(0., 1.)(torch.tensor([-2., 0.5, 3.]))
    tensor([0.0000, 0.5000, 1.0000])
    """

    def __init__(self, lower: Any, upper: Any) -> None:
        self.lower, self.upper = as_bound(lower), as_bound(upper)

    def __repr__(self) -> str:
        return f"ClipT(lower={self.lower}, upper={self.upper})"

    def forward(self, x: Any) -> Any:
        return held(operand(x, self.lower, self.upper), self.lower, self.upper)

    def inverse(self, y: Any) -> Any:
        return self.forward(y)
