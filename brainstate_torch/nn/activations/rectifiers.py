"""Functions that are linear above zero and differ below."""

from typing import Any

import torch
from torch.nn.functional import relu6 as _relu6

from ... import environ, random
from ..._state import ParamState
from ...typing import ArrayLike
from ...units import get_mantissa
from ...units import math as um
from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating, operand

__all__ = ["LeakyReLU", "PReLU", "RReLU", "ReLU", "ReLU6", "Threshold", "leaky_relu", "prelu", "relu", "relu6", "rrelu"]


def relu(x: Any) -> Any:
    """``max(x, 0)``, in any unit.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.relu(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """
    x = operand(x)
    return torch.relu(x.to(environ.ditype()) if x.dtype is torch.bool else x)


def relu6(x: Any) -> Any:
    """``min(max(x, 0), 6)``.

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
    >>> brainstate.nn.relu6(torch.tensor([-1., 2., 7.]))
    tensor([0., 2., 6.])
    """
    return _relu6(floating(x))


def leaky_relu(x: Any, negative_slope: ArrayLike = 0.01) -> Any:
    """`x` from zero on, ``negative_slope * x`` below, in any unit.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.
    negative_slope
        The slope below zero.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Notes
    -----
    Source: brainstate.nn.leaky_relu (0.5.4), whose slope at zero is 1; torch's is `negative_slope`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.leaky_relu(torch.tensor([-1., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return prelu(x, negative_slope)


def prelu(x: Any, a: ArrayLike = 0.25) -> Any:
    """`x` from zero on, ``a * x`` below, in any unit; `a` may be learned.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.
    a
        The slope below zero, of any shape that broadcasts to `x`.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.prelu(torch.tensor([-1., 2.]))
    tensor([-0.2500,  2.0000])
    """
    x = operand(x, a)
    return torch.where(get_mantissa(x) >= 0.0, x, a * x)


def rrelu(x: Any, lower: float = 1 / 8, upper: float = 1 / 3) -> Any:
    """`x` from zero on, `x` times a random number below, in any unit.

    Parameters
    ----------
    x
        The input.
    lower, upper
        The bounds between which the factors are drawn, one for each element.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.rrelu(torch.tensor([-1., 2.]), 0.5, 0.5)
    tensor([-0.5000,  2.0000])
    """
    x = operand(x)
    mantissa = get_mantissa(x)
    dtype = mantissa.dtype if mantissa.is_floating_point() else None
    low = torch.full((), lower, device=mantissa.device)
    return prelu(x, random.uniform(low, upper, size=tuple(x.shape), dtype=dtype))


class ReLU(ElementWiseBlock):
    """:func:`relu` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ReLU()(torch.tensor([-1., 2.]))
    tensor([0., 2.])
    """

    def update(self, x: Any) -> Any:
        """:func:`relu` of `x`."""
        return relu(x)


class ReLU6(ElementWiseBlock):
    """:func:`relu6` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ReLU6()(torch.tensor([-1., 7.]))
    tensor([0., 6.])
    """

    def update(self, x: Any) -> Any:
        """:func:`relu6` of `x`."""
        return relu6(x)


class RReLU(ElementWiseBlock):
    """:func:`rrelu` as a module.

    Parameters
    ----------
    lower, upper
        As for :func:`rrelu`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.RReLU(0.5, 0.5)(torch.tensor([-1., 2.]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3) -> None:
        super().__init__()
        self.lower, self.upper = lower, upper

    def update(self, x: Any) -> Any:
        """:func:`rrelu` of `x`."""
        return rrelu(x, self.lower, self.upper)


class LeakyReLU(ElementWiseBlock):
    """:func:`leaky_relu` as a module.

    Parameters
    ----------
    negative_slope
        As for :func:`leaky_relu`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.LeakyReLU(0.5)(torch.tensor([-1., 2.]))
    tensor([-0.5000,  2.0000])
    """

    def __init__(self, negative_slope: float = 0.01) -> None:
        super().__init__()
        self.negative_slope = negative_slope

    def update(self, x: Any) -> Any:
        """:func:`leaky_relu` of `x`."""
        return leaky_relu(x, self.negative_slope)


class PReLU(ElementWiseBlock):
    """:func:`prelu` with a learned factor.

    Parameters
    ----------
    num_parameters
        How many factors: one, or one for each element of the last axis.
    init
        Their first value.
    dtype
        Their dtype.

    Attributes
    ----------
    weight
        The ParamState of the factors.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> layer = brainstate.nn.PReLU(2)
    >>> brainstate.transform.grad(lambda: layer(torch.tensor([-1., 2.])).sum(), layer.weight)()
    tensor([-1.,  0.])
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, dtype: torch.dtype | None = None) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = ParamState(um.full((num_parameters,), init, dtype=dtype))

    def update(self, x: Any) -> Any:
        """:func:`prelu` of `x`."""
        return prelu(x, self.weight.value)


class Threshold(ElementWiseBlock):
    """`x` where it is greater than a threshold, and a fixed value elsewhere.

    Parameters
    ----------
    threshold, value
        In the unit of `x`, or in one of the same dimension.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.nn.Threshold(1. * u.mV, 0. * u.volt)(torch.tensor([1., 2.]) * u.mV)
    tensor([0., 2.]) mV
    """

    def __init__(self, threshold: float, value: float) -> None:
        super().__init__()
        self.threshold, self.value = threshold, value

    def update(self, x: Any) -> Any:
        """`x`, with the values up to the threshold replaced."""
        x = operand(x)
        return torch.where(x > self.threshold, x, um.full_like(x, self.value))
