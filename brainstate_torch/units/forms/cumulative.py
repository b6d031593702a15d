"""Running sums and differences."""

from typing import Any

import torch

from .axes import Alike, Array

__all__ = [
    "cumprod",
    "cumsum",
    "cumulative_prod",
    "cumulative_sum",
    "diff",
    "ediff1d",
]


def _running(function: Any, x: Array, axis: int | None, dtype: torch.dtype | None) -> Array:
    if axis is None:
        x, axis = x.reshape(-1), 0
    # torch would make integers 64 bit wide.
    kind = torch.int32 if x.dtype is torch.bool else x.dtype
    return function(x, axis, dtype=dtype or kind)


def cumsum(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    """The running sum along an axis, of the flattened array where none is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cumsum([1.0, 2.0] * u.mV)
    tensor([1., 3.]) mV
    """
    return _running(torch.cumsum, x, axis, dtype)


def cumprod(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    """The running product of plain numbers along an axis, of the flattened array where none is given.

    Raises
    ------
    UnitMismatchError
        `x` has a dimension: each result would have another unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cumprod([2.0, 3.0])
    tensor([2., 6.])
    """
    return _running(torch.cumprod, x, axis, dtype)


def diff(x: Alike, n: int = 1, axis: int = -1, prepend: Alike | None = None, append: Alike | None = None) -> Array:
    """The differences of neighbours, `n` times, with values set before and after.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.diff([1.0, 3.0] * u.mV), u.math.diff([1.0, 3.0] * u.mV, prepend=0.0 * u.mV)
    (tensor([2.]) mV, tensor([1., 2.]) mV)
    """
    return torch.diff(x, n, axis, _end(prepend, x, axis), _end(append, x, axis))


def _end(value: Array | None, x: Array, axis: int) -> Array | None:
    if value is None or value.ndim:
        return value
    return torch.broadcast_to(value, [1 if each == axis % x.ndim else size for each, size in enumerate(x.shape)])


def ediff1d(x: Alike, to_end: Alike | None = None, to_begin: Alike | None = None) -> Array:
    """The differences of neighbours in the flattened array, between `to_begin` and `to_end`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ediff1d([1.0, 3.0] * u.mV, to_end=9.0 * u.mV)
    tensor([2., 9.]) mV
    """
    parts = [to_begin, torch.diff(x.reshape(-1)), to_end]
    return torch.cat([part.reshape(-1) for part in parts if part is not None])


def cumulative_sum(
    x: Array, /, *, axis: int | None = None, dtype: torch.dtype | None = None, include_initial: bool = False
) -> Array:
    """The running sum along an axis, from zero on where `include_initial`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cumulative_sum([1.0, 2.0] * u.mV, include_initial=True)
    tensor([0., 1., 3.]) mV
    """
    axis = _only_axis(x, axis)
    result = cumsum(x, axis, dtype)
    start = torch.zeros_like(torch.narrow(result, axis, 0, 1))
    return torch.cat([start, result], axis) if include_initial else result


def cumulative_prod(
    x: Array, /, *, axis: int | None = None, dtype: torch.dtype | None = None, include_initial: bool = False
) -> Array:
    """The running product of plain numbers along an axis, from one on where `include_initial`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.cumulative_prod([2.0, 3.0])
    tensor([2., 6.])
    """
    axis = _only_axis(x, axis)
    result = cumprod(x, axis, dtype)
    start = torch.ones_like(torch.narrow(result, axis, 0, 1))
    return torch.cat([start, result], axis) if include_initial else result


def _only_axis(x: Array, axis: int | None) -> int:
    if axis is None and x.ndim != 1:
        raise ValueError(f"`axis` must be given for an array with {x.ndim} axes. Got None. Name the axis to run along.")
    return axis or 0
