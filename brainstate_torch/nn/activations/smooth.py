"""Smooth relatives of the rectifiers."""

from typing import Any

import torch.nn.functional as F

from ...units.forms import elements
from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating

__all__ = [
    "CELU",
    "ELU",
    "GELU",
    "SELU",
    "Hardswish",
    "Mish",
    "SiLU",
    "Softplus",
    "celu",
    "elu",
    "gelu",
    "hard_silu",
    "hard_swish",
    "mish",
    "selu",
    "silu",
    "softplus",
    "sparse_plus",
    "squareplus",
    "swish",
]


def softplus(x: Any) -> Any:
    """``log(1 + exp(x))``.

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
    >>> brainstate.nn.softplus(torch.tensor([0., 100.]))
    tensor([  0.6931, 100.0000])
    """
    return F.softplus(floating(x))


def squareplus(x: Any, b: Any = 4) -> Any:
    """``(x + sqrt(x**2 + b)) / 2``.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.
    b
        How round the corner is; 0 gives :func:`relu`.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.squareplus(torch.tensor([0., 1.5]))
    tensor([1., 2.])
    """
    return elements.squareplus(floating(x), b)


def sparse_plus(x: Any) -> Any:
    """Zero up to -1, `x` from 1 on, and ``(x + 1)**2 / 4`` between.

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
    >>> brainstate.nn.sparse_plus(torch.tensor([-2., 0., 1., 3.]))
    tensor([0.0000, 0.2500, 1.0000, 3.0000])
    """
    return elements.sparse_plus(floating(x))


def silu(x: Any) -> Any:
    """``x * sigmoid(x)``.

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
    >>> brainstate.nn.silu(torch.tensor([0., 100.]))
    tensor([  0., 100.])
    """
    return F.silu(floating(x))


swish = silu


def hard_silu(x: Any) -> Any:
    """``x * hard_sigmoid(x)``.

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
    >>> brainstate.nn.hard_silu(torch.tensor([-3., 0., 3.]))
    tensor([-0., 0., 3.])
    """
    x = floating(x)
    return x * F.hardsigmoid(x)


hard_swish = hard_silu


def mish(x: Any) -> Any:
    """``x * tanh(softplus(x))``.

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
    >>> brainstate.nn.mish(torch.tensor([0., 100.]))
    tensor([  0., 100.])
    """
    return F.mish(floating(x))


def elu(x: Any, alpha: Any = 1.0) -> Any:
    """`x` above zero, ``alpha * (exp(x) - 1)`` below.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.
    alpha
        The value that the function approaches, with the opposite sign, far below zero.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.elu(torch.tensor([-100., 2.]))
    tensor([-1.,  2.])
    """
    return F.elu(floating(x), alpha)


def celu(x: Any, alpha: Any = 1.0) -> Any:
    """`x` above zero, ``alpha * (exp(x / alpha) - 1)`` below: :func:`elu` with slope 1 at zero.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.
    alpha
        The value that the function approaches, with the opposite sign, far below zero.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.celu(torch.tensor([-100., 2.]), 0.5)
    tensor([-0.5000,  2.0000])
    """
    return F.celu(floating(x), alpha)


def selu(x: Any) -> Any:
    """:func:`elu` with the scales that keep mean 0 and variance 1.

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
    >>> brainstate.nn.selu(torch.tensor([0., 1.]))
    tensor([0.0000, 1.0507])
    """
    return F.selu(floating(x))


def gelu(x: Any, approximate: bool = True) -> Any:
    """`x` times the normal distribution function of `x`.

    Parameters
    ----------
    x
        The input.
    approximate
        Use the formula with tanh in place of the error function.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.gelu(torch.tensor([0., 1.]), approximate=False)
    tensor([0.0000, 0.8413])
    """
    return F.gelu(floating(x), approximate="tanh" if approximate else "none")


class Softplus(ElementWiseBlock):
    """:func:`softplus` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softplus()(torch.tensor(0.))
    tensor(0.6931)
    """

    def update(self, x: Any) -> Any:
        """:func:`softplus` of `x`."""
        return softplus(x)


class SiLU(ElementWiseBlock):
    """:func:`silu` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.SiLU()(torch.tensor(100.))
    tensor(100.)
    """

    def update(self, x: Any) -> Any:
        """:func:`silu` of `x`."""
        return silu(x)


class Hardswish(ElementWiseBlock):
    """:func:`hard_swish` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Hardswish()(torch.tensor(3.))
    tensor(3.)
    """

    def update(self, x: Any) -> Any:
        """:func:`hard_swish` of `x`."""
        return hard_swish(x)


class Mish(ElementWiseBlock):
    """:func:`mish` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Mish()(torch.tensor(100.))
    tensor(100.)
    """

    def update(self, x: Any) -> Any:
        """:func:`mish` of `x`."""
        return mish(x)


class ELU(ElementWiseBlock):
    """:func:`elu` as a module.

    Parameters
    ----------
    alpha
        As for :func:`elu`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.ELU(2.)(torch.tensor(-100.))
    tensor(-2.)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def update(self, x: Any) -> Any:
        """:func:`elu` of `x`."""
        return elu(x, self.alpha)


class CELU(ElementWiseBlock):
    """:func:`celu` as a module.

    Parameters
    ----------
    alpha
        As for :func:`celu`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.CELU(2.)(torch.tensor(-100.))
    tensor(-2.)
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        self.alpha = alpha

    def update(self, x: Any) -> Any:
        """:func:`celu` of `x`."""
        return celu(x, self.alpha)


class SELU(ElementWiseBlock):
    """:func:`selu` as a module.

    Parameters
    ----------
    name
        A name, for display.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.SELU()(torch.tensor(1.))
    tensor(1.0507)
    """

    def update(self, x: Any) -> Any:
        """:func:`selu` of `x`."""
        return selu(x)


class GELU(ElementWiseBlock):
    """:func:`gelu` as a module, by default without approximation.

    Parameters
    ----------
    approximate
        As for :func:`gelu`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.GELU()(torch.tensor(1.))
    tensor(0.8413)
    """

    def __init__(self, approximate: bool = False) -> None:
        super().__init__()
        self.approximate = approximate

    def update(self, x: Any) -> Any:
        """:func:`gelu` of `x`."""
        return gelu(x, self.approximate)
