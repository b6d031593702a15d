"""Functions of all elements along an axis."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from ... import environ
from ...typing import ArrayLike
from ..module.element_wise import ElementWiseBlock
from ..module.operand import floating, operand

__all__ = [
    "GLU",
    "LogSoftmax",
    "Softmax",
    "Softmax2d",
    "Softmin",
    "glu",
    "log_softmax",
    "logsumexp",
    "one_hot",
    "softmax",
    "softmin",
    "standardize",
]

Axis = int | Sequence[int] | None


def _axes(x: torch.Tensor, axis: Axis) -> tuple[int, ...]:
    return tuple(range(x.ndim)) if axis is None else (axis,) if isinstance(axis, int) else tuple(axis)


def _shifted(x: torch.Tensor, axis: Axis, where: Any) -> tuple[torch.Tensor, tuple[int, ...]]:
    """The input minus its maximum, minus infinity where an element does not count; and the axes."""
    axes = _axes(x, axis)
    if where is not None:
        x = torch.where(operand(where, x).bool(), x, -torch.inf)
    top = x.detach().amax(axes, keepdim=True)
    return x - torch.where(top.isfinite(), top, 0.0), axes


def glu(x: Any, axis: int = -1) -> Any:
    """The first half of an axis times the :func:`sigmoid` of the second.

    Parameters
    ----------
    x
        The input, ``[*N]``; the length of the axis is even.
    axis
        The axis to halve.

    Returns
    -------
    Tensor
        The result, with half as many elements along the axis.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.glu(torch.tensor([2., 0.]))
    tensor([1.])
    """
    return F.glu(operand(x), axis)


def logsumexp(
    a: Any,
    axis: Axis = None,
    b: ArrayLike | None = None,
    keepdims: bool = False,
    return_sign: bool = False,
    where: ArrayLike | None = None,
) -> Any:
    """``log(sum(b * exp(a)))``.

    Parameters
    ----------
    a
        The exponents.
    axis
        The axis or axes to sum over; None: all.
    b
        Factors, which broadcast to `a`.
    keepdims
        Keep the axes, with length one.
    return_sign
        Return the logarithm of the absolute value, and the sign of the sum. Without it, a negative sum gives nan.
    where
        Which elements count.

    Returns
    -------
    Tensor, or tuple of Tensor
        The logarithm, without the summed axes unless `keepdims`; with `return_sign` also the sign.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.logsumexp(torch.zeros(4), b=torch.tensor([1., 1., 1., -2.])), torch.log(torch.tensor(1.))
    (tensor(0.), tensor(0.))
    """
    a = floating(a)
    axes = _axes(a, axis)
    if where is not None:
        a = torch.where(operand(where, a).bool(), a, -torch.inf)
    if b is None and not return_sign:
        return torch.logsumexp(a, axes, keepdim=keepdims)
    top = a.detach().amax(axes, keepdim=True)
    top = torch.where(top.isfinite(), top, 0.0)
    terms = torch.exp(a - top) if b is None else operand(b, a) * torch.exp(a - top)
    total = terms.sum(axes, keepdim=True)
    result = torch.log(total.abs() if return_sign else total) + top
    result, sign = (x if keepdims else x.squeeze(axes) for x in (result, total.sign()))
    return (result, sign) if return_sign else result


def log_softmax(x: Any, axis: Axis = -1, where: ArrayLike | None = None) -> Any:
    """The logarithm of :func:`softmax`; minus infinity where an element does not count.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.
    axis
        The axis or axes to sum over; None: all.
    where
        Which elements count.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.log_softmax(torch.zeros(2))
    tensor([-0.6931, -0.6931])
    """
    x = floating(x)
    if isinstance(axis, int) and where is None:
        return torch.log_softmax(x, axis)
    shifted, axes = _shifted(x, axis, where)
    result = shifted - shifted.exp().sum(axes, keepdim=True).log()
    return result if where is None else torch.where(operand(where, x).bool(), result, -torch.inf)


def softmax(x: Any, axis: Axis = -1, where: ArrayLike | None = None) -> Any:
    """``exp(x) / sum(exp(x))``.

    Parameters
    ----------
    x
        The input.
    axis
        The axis or axes to sum over; None: all.
    where
        Which elements count; the result is zero at the others.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.softmax(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """
    x = floating(x)
    if isinstance(axis, int) and where is None:
        return torch.softmax(x, axis)
    shifted, axes = _shifted(x, axis, where)
    parts = shifted.exp()
    result = parts / parts.sum(axes, keepdim=True)
    return result if where is None else torch.where(operand(where, x).bool(), result, 0.0)


def softmin(x: Any, axis: Axis = -1) -> Any:
    """:func:`softmax` of ``-x``.

    Parameters
    ----------
    x
        The input, ``[*N]``, a plain number.
    axis
        The axis or axes to sum over; None: all.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.softmin(torch.tensor([0., 100.]))
    tensor([1.0000e+00, 3.7835e-44])
    """
    return softmax(-operand(x), axis)


def standardize(
    x: Any,
    axis: Axis = -1,
    variance: ArrayLike | None = None,
    epsilon: float = 1e-5,
    where: ArrayLike | None = None,
) -> Any:
    """``(x - mean) / sqrt(variance + epsilon)``.

    Parameters
    ----------
    x
        The input.
    axis
        The axis or axes of mean and variance; None: all.
    variance
        The variance, if known.
    epsilon
        Added to the variance.
    where
        Which elements count in mean and variance.

    Returns
    -------
    Tensor
        The result, ``[*N]``.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.standardize(torch.tensor([1., 3.]), epsilon=0.)
    tensor([-1.,  1.])
    """
    x = floating(x)
    axes = _axes(x, axis)
    counts = torch.ones_like(x) if where is None else torch.broadcast_to(operand(where, x), x.shape).to(x.dtype)
    number = counts.sum(axes, keepdim=True)
    mean = (x * counts).sum(axes, keepdim=True) / number
    if variance is None:
        variance = ((x - mean) ** 2 * counts).sum(axes, keepdim=True) / number
    return (x - mean) * torch.rsqrt(operand(variance, x) + epsilon)


def one_hot(x: Any, num_classes: int, *, dtype: torch.dtype | None = None, axis: int = -1) -> Any:
    """One-hot vectors: 1 at each index, 0 elsewhere; all 0 for an index that is out of range.

    Parameters
    ----------
    x
        The indices.
    num_classes
        The length of the new axis.
    dtype
        By default the floating dtype of `environ`.
    axis
        Where the new axis stands.

    Returns
    -------
    Tensor
        ``[*N]`` with an axis of length `num_classes` inserted at `axis`.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.one_hot(torch.tensor([0, 2, 3]), 3)
    tensor([[1., 0., 0.],
            [0., 0., 1.],
            [0., 0., 0.]])
    """
    x = operand(x)
    classes = torch.arange(num_classes, device=x.device)
    hot = x.unsqueeze(-1) == classes
    return hot.movedim(-1, axis).to(environ.dftype() if dtype is None else dtype)


class GLU(ElementWiseBlock):
    """:func:`glu` as a module.

    Parameters
    ----------
    dim
        The axis to halve.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.GLU()(torch.tensor([2., 0.]))
    tensor([1.])
    """

    def __init__(self, dim: int = -1) -> None:
        super().__init__()
        self.dim = dim

    def update(self, x: Any) -> Any:
        """:func:`glu` of `x`."""
        return glu(x, self.dim)


class _AlongAxis(ElementWiseBlock):
    """A function along one axis, by default the last."""

    def __init__(self, dim: int | None = None) -> None:
        super().__init__()
        self.dim = dim

    @property
    def _axis(self) -> int:
        return -1 if self.dim is None else self.dim


class Softmax(_AlongAxis):
    """:func:`softmax` as a module.

    Parameters
    ----------
    dim
        The axis or axes to sum over; None: the last one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softmax()(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    def update(self, x: Any) -> Any:
        """:func:`softmax` of `x`."""
        return softmax(x, self._axis)


class Softmin(_AlongAxis):
    """:func:`softmin` as a module.

    Parameters
    ----------
    dim
        The axis or axes to sum over; None: the last one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softmin()(torch.zeros(2))
    tensor([0.5000, 0.5000])
    """

    def update(self, x: Any) -> Any:
        """:func:`softmin` of `x`."""
        return softmin(x, self._axis)


class LogSoftmax(_AlongAxis):
    """:func:`log_softmax` as a module.

    Parameters
    ----------
    dim
        The axis or axes to sum over; None: the last one.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.LogSoftmax()(torch.zeros(2))
    tensor([-0.6931, -0.6931])
    """

    def update(self, x: Any) -> Any:
        """:func:`log_softmax` of `x`."""
        return log_softmax(x, self._axis)


class Softmax2d(ElementWiseBlock):
    """:func:`softmax` along the third axis from the end.

    Parameters
    ----------
    name
        A name, for display.

    Raises
    ------
    ValueError
        The input does not have 3 or 4 axes.

    Examples
    --------
    >>> import torch, brainstate_torch as brainstate
    >>> brainstate.nn.Softmax2d()(torch.zeros(2, 1, 1)).flatten()
    tensor([0.5000, 0.5000])
    """

    def update(self, x: Any) -> Any:
        """:func:`softmax` of `x`, ``[C, H, W]`` or ``[N, C, H, W]``."""
        x = operand(x)
        if x.ndim not in (3, 4):
            raise ValueError(f"Softmax2d requires a 3D or 4D tensor. Got shape {tuple(x.shape)}.")
        return softmax(x, -3)
