"""Transforms onto all numbers above or below a bound."""

from typing import Any

import torch

from ...units import get_unit
from ..activations import log_sigmoid
from ..module.operand import floating, operand
from .base import Transform
from .formulas import as_bound, capped_exp, counted, inverse_softplus, log_det, with_unit

__all__ = ["ExpT", "LogT", "NegSoftplusT", "NegativeT", "PositiveT", "ReluT", "SoftplusT"]


class _Above(Transform):
    """A transform onto the values above a bound, in units of the bound's unit."""

    def __init__(self, lower: Any) -> None:
        self.lower = as_bound(lower)
        self.unit = get_unit(self.lower)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(lower={self.lower})"

    def _distance(self, y: Any) -> Any:
        return counted(floating(y, self.lower) - self.lower, self.unit)


class SoftplusT(_Above):
    """Above a bound by ``lower + log(1 + exp(x))``.

    Parameters
    ----------
    lower
        The bound. Distances from it are counted in its unit.

    Notes
    -----
    Source: brainstate.nn.SoftplusT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> import brainstate_torch.units as u
    >>> t = brainstate.nn.SoftplusT(1. * u.ms)
    >>> t(torch.tensor([-100., 100.])), t.inverse(torch.tensor([0.101]) * u.second)
    (tensor([  1., 101.]) ms, tensor([100.]))
    """

    def forward(self, x: Any) -> Any:
        # -log(sigmoid(-x)): torch's softplus is linear from 20 on, and not differentiable to the end there.
        return with_unit(-log_sigmoid(-floating(x, self.lower)), self.unit) + self.lower

    def inverse(self, y: Any) -> Any:
        return inverse_softplus(self._distance(y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return log_det(log_sigmoid(x))


class NegSoftplusT(SoftplusT):
    """Below a bound by ``upper - log(1 + exp(-x))``.

    Parameters
    ----------
    upper
        The bound. Distances from it are counted in its unit.

    Notes
    -----
    Source: brainstate.nn.NegSoftplusT (0.5.4). Differs: ``log_abs_det_jacobian`` is of this transform,
    ``log(sigmoid(-x))`` and not ``log(sigmoid(x))``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.NegSoftplusT(5.)
    >>> t(torch.tensor([-100., 100.])), t.inverse(torch.tensor([-95.]))
    (tensor([-95.,   5.]), tensor([-100.]))
    """

    def __init__(self, upper: Any) -> None:
        super().__init__(upper)

    def __repr__(self) -> str:
        return f"NegSoftplusT(upper={self.lower})"

    def forward(self, x: Any) -> Any:
        return self.lower + with_unit(log_sigmoid(x), self.unit)

    def inverse(self, y: Any) -> Any:
        return -inverse_softplus(-self._distance(y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return log_det(log_sigmoid(-floating(x)))


class ExpT(_Above):
    """Above a bound by ``lower + exp(x)``.

    Parameters
    ----------
    lower
        The bound. Distances from it are counted in its unit.

    Notes
    -----
    Source: brainstate.nn.ExpT (0.5.4). As in brainstate, the exponential is constant above ``x = 20``, and the slope
    zero.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.ExpT(1.)
    >>> t(torch.tensor([0.])), t.inverse(torch.tensor([2.]))
    (tensor([2.]), tensor([0.]))
    """

    def forward(self, x: Any) -> Any:
        return self.lower + with_unit(capped_exp(floating(x, self.lower)), self.unit)

    def inverse(self, y: Any) -> Any:
        return torch.log(self._distance(y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return log_det(floating(x))


class LogT(ExpT):
    """The same as :class:`ExpT`: the unconstrained numbers are the logarithms of the distance from the bound.

    Parameters
    ----------
    lower
        The bound. Distances from it are counted in its unit.

    Notes
    -----
    Source: brainstate.nn.LogT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.LogT(1.)
    >>> t(torch.tensor([0.])), t.inverse(torch.tensor([2.]))
    (tensor([2.]), tensor([0.]))
    """


class PositiveT(Transform):
    """Positive plain numbers by ``exp(x)``.

    Notes
    -----
    ----- Source: brainstate.nn.PositiveT (0.5.4). As in brainstate, the exponential is constant above ``x = 20``, and
    the slope zero.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.PositiveT()
    >>> t(torch.tensor([0.])), t.inverse(torch.tensor([1.]))
    (tensor([1.]), tensor([0.]))
    """

    def forward(self, x: Any) -> Any:
        return capped_exp(floating(x))

    def inverse(self, y: Any) -> Any:
        return torch.log(floating(y))

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return log_det(floating(x))


class NegativeT(Transform):
    """Negative plain numbers by ``-log(1 + exp(-x))``.

    Notes
    -----
    Source: brainstate.nn.NegativeT (0.5.4). Differs: a value with a unit is refused, the unit is not dropped.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.NegativeT()
    >>> t(torch.tensor([-100.])), t.inverse(torch.tensor([-100.]))
    (tensor([-100.]), tensor([-100.]))
    """

    def forward(self, x: Any) -> Any:
        return log_sigmoid(x)

    def inverse(self, y: Any) -> Any:
        return -inverse_softplus(-floating(y))


class ReluT(Transform):
    """Above a bound by ``max(x, 0) + lower_bound``.

    Parameters
    ----------
    lower_bound
        The bound, with the unit of the values and of the unconstrained numbers.

    Notes
    -----
    Source: brainstate.nn.ReluT (0.5.4). A value below the bound becomes the bound. The slope is zero there.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.ReluT(1.)
    >>> t(torch.tensor([-2., 3.])), t.inverse(torch.tensor([1., 4.]))
    (tensor([1., 4.]), tensor([0., 3.]))
    """

    def __init__(self, lower_bound: Any = 0.0) -> None:
        self.lower_bound = as_bound(lower_bound)

    def __repr__(self) -> str:
        return f"ReluT(lower_bound={self.lower_bound})"

    def forward(self, x: Any) -> Any:
        return torch.relu(operand(x, self.lower_bound)) + self.lower_bound

    def inverse(self, y: Any) -> Any:
        return torch.relu(operand(y, self.lower_bound) - self.lower_bound)
