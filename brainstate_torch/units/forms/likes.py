"""Arrays like another one."""

from typing import Any

import torch

from .axes import Alike, Array, Shape

__all__ = ["empty_like", "full_like", "ones_like", "zeros_like"]


def _like(function: Any, a: Array, dtype: torch.dtype | None, shape: Shape | None, unit: Any) -> Array:
    if shape is not None:
        a = a.reshape(-1)[:1] if a.numel() else a.new_zeros(1)
        a = a.expand((shape,) if isinstance(shape, int) else tuple(shape))
    result = function(a, dtype=dtype)
    if unit is None:
        return result
    return result * unit if isinstance(result, torch.Tensor) else result.mantissa * unit


def zeros_like(a: Array, dtype: torch.dtype | None = None, shape: Shape | None = None, unit: Any = None) -> Array:
    """Zeros of the shape, dtype and unit of an array, or of others.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.zeros_like([1.0, 2.0] * u.mV), u.math.zeros_like([1.0, 2.0], shape=1, unit=u.mV)
    (tensor([0., 0.]) mV, tensor([0.]) mV)
    """
    return _like(torch.zeros_like, a, dtype, shape, unit)


def ones_like(a: Array, dtype: torch.dtype | None = None, shape: Shape | None = None, unit: Any = None) -> Array:
    """Ones of the shape, dtype and unit of an array, or of others.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ones_like([1.0, 2.0] * u.mV)
    tensor([1., 1.]) mV
    """
    return _like(torch.ones_like, a, dtype, shape, unit)


def empty_like(
    prototype: Array, dtype: torch.dtype | None = None, shape: Shape | None = None, unit: Any = None
) -> Array:
    """An array whose values are not set, of the shape, dtype and unit of an array, or of others.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.empty_like([1.0, 2.0] * u.mV).shape
    torch.Size([2])
    """
    return _like(torch.empty_like, prototype, dtype, shape, unit)


def full_like(a: Alike, fill_value: Alike, dtype: torch.dtype | None = None, shape: Shape | None = None) -> Array:
    """One value everywhere, in the shape and dtype of an array, in the unit of the array.

    Raises
    ------
    UnitMismatchError
        The value has another dimension than the array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.full_like([1.0, 2.0] * u.mV, 3.0 * u.mV)
    tensor([3., 3.]) mV
    """
    lengths = a.shape if shape is None else (shape,) if isinstance(shape, int) else tuple(shape)
    # Adding a zero in the unit of the array checks the dimension and converts to that unit.
    value = torch.zeros_like(a.reshape(-1)[:0].sum()) + fill_value
    return torch.broadcast_to(value.to(dtype or a.dtype), lengths).clone()
