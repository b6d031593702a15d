"""Transforms onto the whole line, or by a power."""

from typing import Any

import torch

from ...transform import jit_error_if
from ...units import get_unit
from ...units import math as um
from ..module.operand import floating
from .base import Transform
from .formulas import as_bound, counted, log_det

__all__ = ["AffineT", "IdentityT", "PowerT"]

#: Below this exponent the power is the logarithm, its limit.
_NO_EXPONENT = 1e-10


class IdentityT(Transform):
    """The values themselves; they may have a unit.

    Notes
    -----
    Source: brainstate.nn.IdentityT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.IdentityT()(torch.tensor([1., 2.]))
    tensor([1., 2.])
    """

    def forward(self, x: Any) -> Any:
        return x

    def inverse(self, y: Any) -> Any:
        return y

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        return log_det(torch.zeros_like(um.get_mantissa(floating(x))))


class AffineT(Transform):
    """``scale * x + shift``.

    Parameters
    ----------
    scale, shift
        Factor and summand, of one dimension where the unconstrained numbers are plain.

    Raises
    ------
    ValueError
        An element of `scale` is zero.

    Notes
    -----
    Source: brainstate.nn.AffineT (0.5.4). Differs: one zero among others is refused, a small factor is not.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.AffineT(2.0, 1.0)
    >>> t(torch.tensor([0., 3.])), t.inverse(torch.tensor([1., 7.]))
    (tensor([1., 7.]), tensor([0., 3.]))
    """

    def __init__(self, scale: Any, shift: Any) -> None:
        self.a, self.b = as_bound(scale), as_bound(shift)
        jit_error_if(
            um.get_mantissa(self.a) == 0,
            "`scale` must not be zero, or there is no inverse. Got a zero. Choose a small factor instead.",
        )

    def __repr__(self) -> str:
        return f"AffineT(scale={self.a}, shift={self.b})"

    def forward(self, x: Any) -> Any:
        return self.a * floating(x, self.a, self.b) + self.b

    def inverse(self, y: Any) -> Any:
        return (floating(y, self.a, self.b) - self.b) / self.a

    def log_abs_det_jacobian(self, x: Any, y: Any) -> Any:
        x = um.get_mantissa(floating(x))
        return log_det(torch.zeros_like(x) + torch.log(um.abs(counted(self.a, get_unit(self.a)))))


class PowerT(Transform):
    """``(x**lmbda - 1) / lmbda``, and ``log(x)`` where `lmbda` is zero, of positive numbers (Box and Cox).

    Parameters
    ----------
    lmbda
        The exponent.

    Notes
    -----
    Source: brainstate.nn.PowerT (0.5.4).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> t = brainstate.nn.PowerT(0.5)
    >>> t(torch.tensor([1., 4.])), t.inverse(torch.tensor([0., 2.]))
    (tensor([0., 2.]), tensor([1., 4.]))
    """

    def __init__(self, lmbda: float = 0.5) -> None:
        self.lmbda = lmbda
        self._is_log = bool(abs(lmbda) < _NO_EXPONENT)

    def __repr__(self) -> str:
        return f"PowerT(lmbda={self.lmbda})"

    def forward(self, x: Any) -> Any:
        x = floating(x)
        return torch.log(x) if self._is_log else (x**self.lmbda - 1) / self.lmbda

    def inverse(self, y: Any) -> Any:
        y = floating(y)
        return torch.exp(y) if self._is_log else (y * self.lmbda + 1) ** (1 / self.lmbda)
