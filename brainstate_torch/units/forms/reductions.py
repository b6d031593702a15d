"""Reductions: sums, means, extremes, quantiles."""

import builtins
from typing import Any

import torch

from .axes import Array, Axis, axes_of, counted, float_dtype, indices, joined, sum_dtype

__all__ = [
    "all", "any", "argmax", "argmin", "average", "count_nonzero", "max", "mean", "median", "min", "percentile", "prod",
    "ptp", "quantile", "std", "sum", "var",
]  # fmt: skip


def _over(x: Array, axis: Axis, keepdims: bool | None) -> tuple[Array, tuple[int, ...], bool]:
    """The array, its axes to reduce, whether to keep them; for ``axis=()``, which is all to torch, a new axis."""
    axes = axes_of(x, axis)
    return (x, axes, builtins.bool(keepdims)) if axes else (x[..., None], (x.ndim,), False)


def _selected(x: Array, where: Array | None, otherwise: Any) -> Array:
    return x if where is None else torch.where(where, x, otherwise)


def sum(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, initial: Any = None,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The sum over axes, of the elements that `where` selects, added to `initial`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.sum([1.0, 2.0] * u.mV), u.math.sum([1.0, 2.0], where=[True, False], initial=5.0)
    (3.0 mV, tensor(6.))
    """
    x = _selected(x, where, 0)
    axes = axes_of(x, axis)
    if not axes and x.ndim:
        result = x if dtype is None else x.to(dtype)
    else:
        result = torch.sum(x, axes, keepdim=keepdims, dtype=dtype or sum_dtype(x))
    return result if initial is None else result + initial


def mean(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, *,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The mean over axes, of the elements that `where` selects.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.mean([1.0, 2.0] * u.mV), u.math.mean([1, 2])
    (1.5 mV, tensor(1.5000))
    """
    x = _floating(x, dtype)
    if where is None:
        x, axes, keepdims = _over(x, axis, keepdims)
        return torch.mean(x, axes, keepdim=keepdims)
    return sum(x, axis, keepdims=keepdims, where=where) / _count(x, axis, keepdims, where)


def _floating(x: Array, dtype: torch.dtype | None = None) -> Array:
    dtype = dtype or float_dtype(x)
    return x if dtype is None else x.to(dtype)


def _count(x: Array, axis: Axis, keepdims: bool, where: Array) -> Array:
    where, axes, keepdims = _over(torch.broadcast_to(where, x.shape), axis, keepdims)
    return torch.sum(where, axes, keepdim=keepdims)


def prod(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, initial: Any = None,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The product over axes, of the elements that `where` selects, times `initial`; the unit to the number of factors.

    Raises
    ------
    UnitMismatchError
        `where` is given for a quantity with a dimension: the number of factors is not known.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.prod([2.0, 3.0] * u.mV), u.math.prod([2.0, 3.0], where=[True, False])
    (6.0 mV ** 2, tensor(2.))
    """
    x, shape = joined(_selected(x, where, 1), axis)
    result = torch.prod(x, -1, dtype=dtype or sum_dtype(x))
    result = result if initial is None else result * initial
    return result.reshape(shape) if keepdims else result


def _extreme(function: Any, pairwise: Any, x: Array, axis: Axis, keepdims: bool, initial: Any, where: Any) -> Array:
    if where is not None:
        if initial is None:
            raise ValueError(
                "`initial` must be given where `where` is. Got None. Pass the value of an empty selection."
            )
        x = torch.where(where, x, initial)
    axes = axes_of(x, axis)
    if initial is not None and 0 in (x.shape[each] for each in axes):
        shape = [1 if each in axes else size for each, size in enumerate(x.shape) if keepdims or each not in axes]
        return torch.full_like(x.sum(axes, keepdim=keepdims), 0).reshape(shape) + initial
    result = function(x, axes, keepdim=keepdims) if axes else x
    return result if initial is None else pairwise(result, _beside(initial, result))


def _beside(initial: Any, result: Array) -> Array:
    """The initial value as an array of the dtype of the result."""
    return initial if isinstance(initial, torch.Tensor) else torch.full_like(result, initial)


def max(a: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array | None = None) -> Array:
    """The largest element along axes; `initial` is the least result.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.max([1.0, 2.0] * u.mV), u.math.max([1.0, 2.0], initial=5.0)
    (2.0 mV, tensor(5.))
    """
    return _extreme(torch.amax, torch.maximum, a, axis, keepdims, initial, where)


def min(a: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array | None = None) -> Array:
    """The smallest element along axes; `initial` is the largest result.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.min([1.0, 2.0] * u.mV), u.math.min([1.0, 2.0], where=[False, True], initial=5.0)
    (1.0 mV, tensor(2.))
    """
    return _extreme(torch.amin, torch.minimum, a, axis, keepdims, initial, where)


def ptp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """The largest element minus the smallest.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ptp([1.0, 3.0] * u.mV)
    2.0 mV
    """
    return max(x, axis, keepdims) - min(x, axis, keepdims)


def _found(function: Any, x: Array, axis: int | None, keepdims: bool | None) -> Array:
    x = x.to(torch.uint8) if x.dtype is torch.bool else x
    if axis is None and keepdims:
        return indices(function(x.reshape(-1)).reshape((1,) * x.ndim))
    return indices(function(x, dim=axis, keepdim=builtins.bool(keepdims)))


def argmax(a: Array, axis: int | None = None, keepdims: bool | None = None) -> torch.Tensor:
    """The index of the largest element, in the flattened array where no axis is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.argmax([1.0, 2.0] * u.mV)
    tensor(1, dtype=torch.int32)
    """
    return _found(torch.argmax, a, axis, keepdims)  # type: ignore[no-any-return]


def argmin(a: Array, axis: int | None = None, keepdims: bool | None = None) -> torch.Tensor:
    """The index of the smallest element, in the flattened array where no axis is given.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.argmin([1.0, 2.0] * u.mV)
    tensor(0, dtype=torch.int32)
    """
    return _found(torch.argmin, a, axis, keepdims)  # type: ignore[no-any-return]


def all(x: Array, axis: Axis = None, keepdims: bool = False, where: Array | None = None) -> torch.Tensor:
    """Whether all elements along axes are true.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.all([True, False]), u.math.all([True, False], where=[True, False])
    (tensor(False), tensor(True))
    """
    truth = _selected(_true(x), where, True)
    truth, axes, keepdims = _over(truth, axis, keepdims)
    return torch.all(truth, axes, keepdim=keepdims)


def any(x: Array, axis: Axis = None, keepdims: bool = False, where: Array | None = None) -> torch.Tensor:
    """Whether an element along axes is true.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.any([True, False]), u.math.any([True, False], where=[False, True])
    (tensor(True), tensor(False))
    """
    truth = _selected(_true(x), where, False)
    truth, axes, keepdims = _over(truth, axis, keepdims)
    return torch.any(truth, axes, keepdim=keepdims)


def _true(x: Array) -> torch.Tensor:
    return x if x.dtype is torch.bool else x != 0  # type: ignore[no-any-return]


def count_nonzero(a: Array, axis: Axis = None, keepdims: bool | None = None) -> torch.Tensor:
    """The number of elements that are not zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.count_nonzero([1.0, 0.0] * u.mV)
    tensor(1, dtype=torch.int32)
    """
    truth, axes, keepdims = _over(_true(a), axis, keepdims)
    return indices(torch.sum(truth, axes, keepdim=keepdims))


def var(
    a: Array, axis: Axis = None, dtype: torch.dtype | None = None, ddof: float = 0, keepdims: bool = False, *,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The variance: the mean square distance from the mean, with `ddof` taken from the number of elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.var([1.0, 3.0] * u.mV), u.math.var([1.0, 3.0], ddof=1)
    (1.0 mV ** 2, tensor(2.))
    """
    a = _floating(a, dtype)
    if where is None and float(ddof).is_integer():
        a, axes, keepdims = _over(a, axis, keepdims)
        return torch.var(a, axes, correction=int(ddof), keepdim=keepdims)
    distance = (a - mean(a, axis, keepdims=True, where=where)).abs() ** 2
    count = counted(a, axis) if where is None else _count(a, axis, keepdims, where)
    return sum(distance, axis, keepdims=keepdims, where=where) / (count - ddof)


def std(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, ddof: float = 0, keepdims: bool = False, *,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The standard deviation, with `ddof` taken from the number of elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.std([1.0, 3.0] * u.mV)
    1.0 mV
    """
    return var(x, axis, dtype, ddof, keepdims, where=where) ** 0.5


def quantile(a: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which a part `q` of the elements lies; axes of `q` come first in the result.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.quantile([1.0, 3.0] * u.mV, 0.5), u.math.quantile([1.0, 3.0], 0.4, method="lower")
    (2.0 mV, tensor(1.))
    """
    return _quantile(torch.quantile, a, q, axis, method, keepdims)


def _quantile(function: Any, a: Array, q: Any, axis: Axis, method: str, keepdims: bool) -> Array:
    a = _floating(a)
    dtype, a = a.dtype, a.float() if a.dtype.itemsize < 4 else a  # torch takes no quantiles of half precision
    rows, shape = joined(a, axis)
    part = torch.as_tensor(q, dtype=a.dtype, device=a.device)
    result = function(rows, part.reshape(-1), -1, interpolation=method)
    return result.reshape((*part.shape, *(shape if keepdims else rows.shape[:-1]))).to(dtype)


def percentile(a: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which `q` percent of the elements lie.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.percentile([1.0, 3.0] * u.mV, 50.0)
    2.0 mV
    """
    return quantile(a, _part(a, q), axis, method, keepdims)


def _part(a: Array, percent: Any) -> torch.Tensor:
    return torch.as_tensor(percent, dtype=_floating(a).dtype, device=a.device) / 100.0


def median(x: Array, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
    """The value in the middle, or the mean of the two in the middle.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.median([1.0, 3.0] * u.mV)
    2.0 mV
    """
    return quantile(x, 0.5, axis, keepdims=keepdims)


def average(
    x: Array, axis: Axis = None, weights: Array | None = None, returned: bool = False, keepdims: bool = False
) -> Any:
    """The mean with weights, and the sum of the weights where `returned`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.average([1.0, 3.0] * u.mV, weights=[3.0, 1.0])
    1.5 mV
    """
    x = _floating(x)
    if weights is None:
        result = mean(x, axis, keepdims=keepdims)
        return (result, torch.full(result.shape, float(counted(x, axis)), dtype=x.dtype)) if returned else result
    if weights.ndim != x.ndim:
        if weights.ndim != 1 or not isinstance(axis, int):
            raise ValueError(
                f"`weights` must have the shape of `x`, or one axis and an `axis`. Got {tuple(weights.shape)} and "
                f"{tuple(x.shape)}. Broadcast them first."
            )
        weights = weights.reshape([-1 if each == axis % x.ndim else 1 for each in range(x.ndim)])
    weights = torch.broadcast_to(weights, x.shape)
    total = sum(weights, axis, keepdims=keepdims)
    result = sum(x * weights, axis, keepdims=keepdims) / total
    return (result, total) if returned else result
