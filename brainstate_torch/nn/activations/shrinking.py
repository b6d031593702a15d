"""Functions that take small inputs to zero."""

from typing import Any

import torch

from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating, operand

__all__ = ["Hardshrink", "Softshrink", "Tanhshrink", "hard_shrink", "soft_shrink", "tanh_shrink"]


def hard_shrink(x: Any, lambd: Any = 0.5) -> Any:
    """`x` beyond ``[-lambd, lambd]`` and zero within; `lambd` has the dimension of `x`.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.
    lambd
        The half width of the interval that becomes zero, in the dimension of `x`.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.hard_shrink(torch.tensor([-1., 0.5, 2.]))
    tensor([-1.,  0.,  2.])
    """
    x = operand(x)
    return torch.where((x > lambd) | (x < -lambd), x, torch.zeros_like(x))


def soft_shrink(x: Any, lambd: Any = 0.5) -> Any:
    """`x` moved towards zero by `lambd`, and zero within ``[-lambd, lambd]``; `lambd` has the dimension of `x`.

    Parameters
    ----------
    x
        The input, ``[*N]``, in any unit.
    lambd
        The half width of the interval that becomes zero, in the dimension of `x`.

    Returns
    -------
    Tensor or Quantity
        The result, ``[*N]``, in unit(x).

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.soft_shrink(torch.tensor([-1., 0.5, 2.]))
    tensor([-0.5000,  0.0000,  1.5000])
    """
    x = operand(x)
    x = floating(x) if x.dtype is torch.bool else x
    return torch.where(x > lambd, x - lambd, torch.where(x < -lambd, x + lambd, torch.zeros_like(x)))


def tanh_shrink(x: Any) -> Any:
    """``x - tanh(x)``.

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
    >>> brainstate.nn.tanh_shrink(torch.tensor([0., 100.]))
    tensor([ 0., 99.])
    """
    x = operand(x)
    x = floating(x)
    return x - torch.tanh(x)


class Hardshrink(ElementWiseBlock):
    """:func:`hard_shrink` as a module.

    Parameters
    ----------
    lambd
        As for :func:`hard_shrink`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Hardshrink(1.)(torch.tensor([0.5, 2.]))
    tensor([0., 2.])
    """

    def __init__(self, lambd: Any = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def update(self, x: Any) -> Any:
        """:func:`hard_shrink` of `x`."""
        return hard_shrink(x, self.lambd)


class Softshrink(ElementWiseBlock):
    """:func:`soft_shrink` as a module.

    Parameters
    ----------
    lambd
        As for :func:`soft_shrink`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softshrink(1.)(torch.tensor([0.5, 2.]))
    tensor([0., 1.])
    """

    def __init__(self, lambd: Any = 0.5) -> None:
        super().__init__()
        self.lambd = lambd

    def update(self, x: Any) -> Any:
        """:func:`soft_shrink` of `x`."""
        return soft_shrink(x, self.lambd)


class Tanhshrink(ElementWiseBlock):
    """:func:`tanh_shrink` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Tanhshrink()(torch.tensor(100.))
    tensor(99.)
    """

    def update(self, x: Any) -> Any:
        """:func:`tanh_shrink` of `x`."""
        return tanh_shrink(x)
