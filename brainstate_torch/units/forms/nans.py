"""Reductions that leave out what is not a number."""

from typing import Any

import torch

from ..errors import UnitMismatchError
from ..unit import UNITLESS
from .axes import Array, Axis, axes_of, floating, indices, joined
from .cumulative import cumprod, cumsum
from .reductions import _floating, _part, _quantile, max, mean, min, prod, sum, var

__all__ = [
    "nanargmax", "nanargmin", "nancumprod", "nancumsum", "nanmax", "nanmean", "nanmedian", "nanmin", "nanpercentile",
    "nanprod", "nanquantile", "nanstd", "nansum", "nanvar",
]  # fmt: skip


def _without(x: Array, value: Any) -> Array:
    """The array with a value in place of each NaN."""
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        return x
    return torch.where(torch.isnan(x), value, x)


def _known(x: Array, where: Array | None) -> torch.Tensor:
    known = ~torch.isnan(x)
    return known if where is None else known & where


def nansum(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, initial: Any = None,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The sum of the numbers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nansum([1.0, u.math.nan] * u.mV)
    1.0 mV
    """
    return sum(_without(x, 0), axis, dtype, keepdims, initial, where)


def nanprod(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, initial: Any = None,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The product of the numbers; the unit to their number.

    Raises
    ------
    UnitMismatchError
        The products of a quantity with a dimension have different numbers of factors, hence different units.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanprod([2.0, u.math.nan, 3.0])
    tensor(6.)
    """
    unit = getattr(x, "unit", UNITLESS)
    if not unit.dim or not bool(torch.any(torch.isnan(x))):
        return prod(_without(x, torch.ones_like(x)), axis, dtype, keepdims, initial, where)
    counts = torch.unique(torch.sum(_known(x, where), axes_of(x, axis)))
    if counts.numel() != 1:
        raise UnitMismatchError(
            f"`x` must have one number of elements that are not NaN in each product. Got {counts.tolist()} in {unit}. "
            "Divide by a unit first.",
            unit,
        )
    return prod(_without(x.mantissa, 1), axis, dtype, keepdims, initial, where) * unit ** int(counts)


def nanmean(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, keepdims: bool = False, *,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The mean of the numbers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanmean([1.0, u.math.nan] * u.mV)
    1.0 mV
    """
    return mean(_without(x, 0), axis, dtype, keepdims, where=_known(x, where))


def nanvar(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, ddof: float = 0, keepdims: bool = False,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The variance of the numbers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanvar([1.0, u.math.nan, 3.0] * u.mV)
    1.0 mV ** 2
    """
    return var(_without(x, 0), axis, dtype, ddof, keepdims, where=_known(x, where))


def nanstd(
    x: Array, axis: Axis = None, dtype: torch.dtype | None = None, ddof: float = 0, keepdims: bool = False, *,
    where: Array | None = None,
) -> Array:  # fmt: skip
    """The standard deviation of the numbers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanstd([1.0, u.math.nan, 3.0] * u.mV)
    1.0 mV
    """
    return nanvar(x, axis, dtype, ddof, keepdims, where) ** 0.5


def _extreme(function: Any, limit: float, x: Array, axis: Axis, keepdims: bool, initial: Any, where: Any) -> Array:
    result = function(_without(x, limit), axis, keepdims, initial, where)
    if initial is not None or not x.dtype.is_floating_point:
        return result
    empty = torch.all(torch.isnan(x), axes_of(x, axis), keepdim=keepdims) if x.ndim else torch.isnan(x)
    return torch.where(empty, x.reshape(-1)[:1].sum() * float("nan"), result)


def nanmax(
    x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array | None = None
) -> Array:
    """The largest of the numbers; NaN where there is none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanmax([1.0, u.math.nan] * u.mV)
    1.0 mV
    """
    return _extreme(max, float("-inf"), x, axis, keepdims, initial, where)


def nanmin(
    x: Array, axis: Axis = None, keepdims: bool = False, initial: Any = None, where: Array | None = None
) -> Array:
    """The smallest of the numbers; NaN where there is none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanmin([1.0, u.math.nan] * u.mV)
    1.0 mV
    """
    return _extreme(min, float("inf"), x, axis, keepdims, initial, where)


def _place(function: Any, limit: float, a: Array, axis: int | None, keepdims: bool) -> torch.Tensor:
    rows, shape = joined(floating(a) if a.dtype is torch.bool else a, axis)
    found = function(_without(rows, limit), -1)
    found = torch.where(torch.all(torch.isnan(rows), -1), -1, found)
    return indices(found.reshape(shape) if keepdims else found)


def nanargmax(a: Array, axis: int | None = None, keepdims: bool = False) -> torch.Tensor:
    """The index of the largest number; -1 where there is none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanargmax([1.0, u.math.nan] * u.mV)
    tensor(0, dtype=torch.int32)
    """
    return _place(torch.argmax, float("-inf"), a, axis, keepdims)


def nanargmin(a: Array, axis: int | None = None, keepdims: bool = False) -> torch.Tensor:
    """The index of the smallest number; -1 where there is none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanargmin([1.0, u.math.nan] * u.mV)
    tensor(0, dtype=torch.int32)
    """
    return _place(torch.argmin, float("inf"), a, axis, keepdims)


def nanquantile(a: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which a part `q` of the numbers lies.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanquantile([1.0, u.math.nan, 3.0] * u.mV, 0.5)
    2.0 mV
    """
    return _quantile(torch.nanquantile, a, q, axis, method, keepdims)


def nanpercentile(a: Array, q: Any, axis: Axis = None, method: str = "linear", keepdims: bool = False) -> Array:
    """The value below which `q` percent of the numbers lie.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanpercentile([1.0, u.math.nan, 3.0] * u.mV, 50.0)
    2.0 mV
    """
    return nanquantile(a, _part(a, q), axis, method, keepdims)


def nanmedian(x: Array, axis: Axis = None, overwrite_input: bool = False, keepdims: bool = False) -> Array:
    """The number in the middle, or the mean of the two in the middle.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nanmedian([1.0, u.math.nan, 3.0] * u.mV)
    2.0 mV
    """
    return nanquantile(_floating(x), 0.5, axis, keepdims=keepdims)


def nancumsum(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    """The running sum, in which NaN counts as zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nancumsum([1.0, u.math.nan, 3.0] * u.mV)
    tensor([1., 1., 4.]) mV
    """
    return cumsum(_without(x, 0), axis, dtype)


def nancumprod(x: Array, axis: int | None = None, dtype: torch.dtype | None = None) -> Array:
    """The running product of plain numbers, in which NaN counts as one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nancumprod([2.0, u.math.nan, 3.0])
    tensor([2., 2., 6.])
    """
    return cumprod(_without(x, torch.ones_like(x)), axis, dtype)
