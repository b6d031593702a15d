"""Bounded functions such as sigmoid and tanh, and the logarithm of sigmoid."""

from typing import Any

import torch
import torch.nn.functional as F

from ...units.forms import elements
from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating, operand

__all__ = [
    "Hardsigmoid",
    "Hardtanh",
    "LogSigmoid",
    "Sigmoid",
    "Softsign",
    "Tanh",
    "hard_sigmoid",
    "hard_tanh",
    "log_sigmoid",
    "sigmoid",
    "soft_sign",
    "sparse_sigmoid",
    "tanh",
]


def tanh(x: Any) -> Any:
    """The hyperbolic tangent.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.tanh(torch.tensor([0., 100.]))
    tensor([0., 1.])
    """
    return torch.tanh(floating(x))


def sigmoid(x: Any) -> Any:
    """``1 / (1 + exp(-x))``.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.sigmoid(torch.tensor([0., 100.]))
    tensor([0.5000, 1.0000])
    """
    return torch.sigmoid(floating(x))


def log_sigmoid(x: Any) -> Any:
    """The logarithm of :func:`sigmoid`.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.log_sigmoid(torch.tensor([0., -100.]))
    tensor([  -0.6931, -100.0000])
    """
    return F.logsigmoid(floating(x))


def soft_sign(x: Any) -> Any:
    """``x / (1 + abs(x))``.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.soft_sign(torch.tensor([-1., 3.]))
    tensor([-0.5000,  0.7500])
    """
    return F.softsign(floating(x))


def hard_sigmoid(x: Any) -> Any:
    """``relu6(x + 3) / 6``.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.hard_sigmoid(torch.tensor([-3., 0., 3.]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return F.hardsigmoid(floating(x))


def sparse_sigmoid(x: Any) -> Any:
    """``(x + 1) / 2`` between -1 and 1, and 0 or 1 beyond.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.sparse_sigmoid(torch.tensor([-2., 0., 2.]))
    tensor([0.0000, 0.5000, 1.0000])
    """
    return elements.sparse_sigmoid(floating(x))


def hard_tanh(x: Any, min_val: Any = -1.0, max_val: Any = 1.0) -> Any:
    """`x` between two bounds, and the nearer bound elsewhere, in any unit.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.
    min_val, max_val
        The bounds, in the dimension of `x`.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Notes
    -----
    Source: brainstate.nn.hard_tanh (0.5.4), whose slope at the bounds is 1; torch's is 0.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.nn.hard_tanh(torch.tensor([-2., 0.5]) * u.mV, -1. * u.mV, 1. * u.mV)
    tensor([-1.0000,  0.5000]) mV
    """
    x = operand(x)
    return torch.where(x > max_val, max_val, torch.where(x < min_val, min_val, x))


class Tanh(ElementWiseBlock):
    """:func:`tanh` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Tanh()(torch.tensor(100.))
    tensor(1.)
    """

    def update(self, x: Any) -> Any:
        """:func:`tanh` of `x`."""
        return tanh(x)


class Sigmoid(ElementWiseBlock):
    """:func:`sigmoid` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Sigmoid()(torch.tensor(0.))
    tensor(0.5000)
    """

    def update(self, x: Any) -> Any:
        """:func:`sigmoid` of `x`."""
        return sigmoid(x)


class LogSigmoid(ElementWiseBlock):
    """:func:`log_sigmoid` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.LogSigmoid()(torch.tensor(0.))
    tensor(-0.6931)
    """

    def update(self, x: Any) -> Any:
        """:func:`log_sigmoid` of `x`."""
        return log_sigmoid(x)


class Softsign(ElementWiseBlock):
    """:func:`soft_sign` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softsign()(torch.tensor(3.))
    tensor(0.7500)
    """

    def update(self, x: Any) -> Any:
        """:func:`soft_sign` of `x`."""
        return soft_sign(x)


class Hardsigmoid(ElementWiseBlock):
    """:func:`hard_sigmoid` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Hardsigmoid()(torch.tensor(0.))
    tensor(0.5000)
    """

    def update(self, x: Any) -> Any:
        """:func:`hard_sigmoid` of `x`."""
        return hard_sigmoid(x)


class Hardtanh(ElementWiseBlock):
    """:func:`hard_tanh` as a module.

    Parameters
    ----------
    min_val, max_val
        As for :func:`hard_tanh`.

    Raises
    ------
    ValueError
        The upper bound is not greater than the lower one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Hardtanh(-1., 2.)(torch.tensor([-3., 3.]))
    tensor([-1.,  2.])
    """

    def __init__(self, min_val: Any = -1.0, max_val: Any = 1.0) -> None:
        super().__init__()
        if max_val <= min_val:
            raise ValueError(f"`max_val` must be greater than `min_val`. Got {max_val} and {min_val}.")
        self.min_val, self.max_val = min_val, max_val

    def update(self, x: Any) -> Any:
        """:func:`hard_tanh` of `x`."""
        return hard_tanh(x, self.min_val, self.max_val)
