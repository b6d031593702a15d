"""Polynomials of plain numbers by their coefficients, the highest power first."""

import builtins
from typing import Any

import torch

from .axes import Array, floating
from .curves import convolve

__all__ = ["poly", "polyadd", "polyder", "polyfit", "polyint", "polymul", "polysub", "roots"]


def _padded(p: Array, length: int) -> Array:
    return torch.cat([torch.zeros_like(p[:1]).expand(length - p.shape[0]), p]) if length > p.shape[0] else p


def _sum(a1: Array, a2: Array, sign: int) -> Array:
    a1, a2 = torch.atleast_1d(a1), torch.atleast_1d(a2)  # type: ignore[no-untyped-call]
    length = builtins.max(a1.shape[0], a2.shape[0])
    return _padded(a1, length) + sign * _padded(a2, length)


def polyadd(a1: Array, a2: Array) -> Array:
    """The coefficients of the sum.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polyadd([1.0, 2.0], [3.0])
    tensor([1., 5.])
    """
    return _sum(a1, a2, 1)


def polysub(a1: Array, a2: Array) -> Array:
    """The coefficients of the difference.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polysub([1.0, 2.0], [3.0])
    tensor([ 1., -1.])
    """
    return _sum(a1, a2, -1)


def polymul(a1: Array, a2: Array, *, trim_leading_zeros: bool = False) -> Array:
    """The coefficients of the product.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polymul([1.0, 1.0], [1.0, -1.0])
    tensor([ 1.,  0., -1.])
    """
    result = convolve(torch.atleast_1d(a1), torch.atleast_1d(a2))  # type: ignore[no-untyped-call]
    if not trim_leading_zeros:
        return result
    known = torch.nonzero(result)[:, 0]
    return result[int(known[0]) :] if known.shape[0] else result[-1:]


def polyder(p: Array, m: int = 1) -> Array:
    """The coefficients of the derivative, taken `m` times.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polyder([1.0, 0.0, 2.0])
    tensor([2., 0.])
    """
    for _ in range(m):
        p = floating(p[:-1]) * torch.arange(p.shape[0] - 1, 0, -1, device=p.device)
    return p


def polyint(p: Array, m: int = 1, k: Any = None) -> Array:
    """The coefficients of the integral, taken `m` times, with the constants `k`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polyint([2.0, 0.0])
    tensor([1., 0., 0.])
    """
    p = floating(p)
    constants = torch.zeros(m) if k is None else torch.as_tensor(k).reshape(-1)
    for constant in constants.to(p.device, p.dtype).expand(m):
        p = torch.cat([p / torch.arange(p.shape[0], 0, -1, device=p.device), constant.reshape(1)])
    return p


def polyfit(
    x: Array, y: Array, deg: int, rcond: float | None = None, full: bool = False, w: Array | None = None
) -> Any:
    """The coefficients of the polynomial of a degree that is nearest to the points.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.polyfit([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], 1).round(decimals=4)
    tensor([2., 1.])
    """
    if full:
        raise NotImplementedError("`full` must be False. Got True. Use u.linalg.lstsq for distances and rank.")
    x, y = floating(x), floating(y)
    matrix = torch.vander(x, deg + 1)
    target = y[:, None] if y.ndim == 1 else y
    if w is not None:
        matrix, target = matrix * w[:, None], target * w[:, None]
    scale = matrix.square().sum(0).sqrt()
    cut = x.shape[0] * torch.finfo(x.dtype).eps if rcond is None else rcond
    found = torch.linalg.pinv(matrix / scale, rtol=cut) @ target / scale[:, None]
    return found[:, 0] if y.ndim == 1 else found


def roots(p: Array, *, strip_zeros: bool = True) -> torch.Tensor:
    """The complex numbers at which the polynomial is zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> sorted(u.math.roots([1.0, -3.0, 2.0]).real.round().tolist())
    [1.0, 2.0]
    """
    p = floating(p)
    known = torch.nonzero(p)[:, 0]
    if not known.shape[0]:
        return torch.zeros(0, dtype=torch.complex64)
    zeros = p.shape[0] - 1 - int(known[-1])
    p = p[int(known[0]) : int(known[-1]) + 1]
    companion = torch.diag(torch.ones(builtins.max(p.shape[0] - 2, 0), dtype=p.dtype, device=p.device), -1)
    if p.shape[0] < 2:
        found = torch.zeros(0, dtype=torch.promote_types(p.dtype, torch.complex64), device=p.device)
    else:
        companion = torch.cat([(-p[1:] / p[0])[None], companion[1:]])
        found = torch.linalg.eigvals(companion)
    return torch.cat([found, found.new_zeros(zeros)])


def poly(seq_of_zeros: Array) -> torch.Tensor:
    """The coefficients of the polynomial with these zeros, or of the characteristic one of a square matrix.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.poly([1.0, 2.0])
    tensor([ 1., -3.,  2.])
    """
    zeros = floating(torch.atleast_1d(seq_of_zeros))  # type: ignore[no-untyped-call]
    zeros = torch.linalg.eigvals(zeros) if zeros.ndim == 2 else zeros
    result = torch.ones_like(zeros[:1].sum().reshape(1)) if zeros.shape[0] else zeros.new_ones(1)
    for zero in zeros:
        shifted = torch.nn.functional.pad(result, (0, 1))
        result = shifted - torch.nn.functional.pad(result * zero, (1, 0))
    real = result.is_complex() and bool(torch.allclose(result.imag, torch.zeros_like(result.imag), atol=1e-5))
    return result.real if real else result
