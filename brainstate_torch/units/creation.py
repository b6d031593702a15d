"""Making tensors and quantities, in numpy's spelling and in the precision of `environ`."""

from typing import Any

import numpy as np
import torch

from .. import environ
from .._arrays import as_tensor
from .functions import get_unit, is_quantity
from .quantity import Quantity, as_quantity
from .unit import UNITLESS, as_unit

__all__ = [
    "arange",
    "array",
    "as_numpy",
    "asarray",
    "empty",
    "eye",
    "full",
    "identity",
    "linspace",
    "logspace",
    "ones",
    "tri",
    "zeros",
]


def _with_unit(mantissa: torch.Tensor, unit: Any) -> Any:
    unit = as_unit(unit)
    return mantissa if unit is UNITLESS else Quantity._make(mantissa, unit)


def asarray(x: Any, dtype: torch.dtype | None = None, unit: Any = None) -> Any:
    """A tensor, or a quantity that holds one, of anything array-like.

    Parameters
    ----------
    x
        A number, (nested) list, numpy array, tensor, quantity or list of quantities.
    dtype
        The dtype of the result.
    unit
        The unit to convert to.

    Raises
    ------
    UnitMismatchError
        `x` has not the dimension of `unit`.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.asarray([1.0 * u.mV, 2.0 * u.mV])
    tensor([1., 2.]) mV
    >>> u.math.asarray([1, 2])
    tensor([1, 2], dtype=torch.int32)
    """
    quantity = as_quantity(x)
    if unit is not None:
        quantity = quantity.in_unit(unit)
    mantissa = as_tensor(quantity.mantissa)
    return _with_unit(mantissa if dtype is None else mantissa.to(dtype), quantity.unit)


def array(x: Any, dtype: torch.dtype | None = None, unit: Any = None) -> Any:
    """As :func:`asarray`, but always a copy.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.array([1.0, 2.0] * u.mV)
    tensor([1., 2.]) mV
    """
    return asarray(x, dtype, unit).clone()


def as_numpy(x: Any) -> np.ndarray[Any, Any]:
    """The numpy array of a plain value; it has no gradient.

    Raises
    ------
    UnitMismatchError
        The value has a dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.as_numpy([3.0, 4.0] * u.mV / u.mV).tolist()
    [3.0, 4.0]
    """
    array: np.ndarray[Any, Any] = as_tensor(as_quantity(x).to_decimal()).detach().cpu().numpy()
    return array


def zeros(shape: Any, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """Zeros.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.zeros(2, unit=u.mV)
    tensor([0., 0.]) mV
    """
    return _with_unit(torch.zeros(shape, dtype=dtype or environ.dftype()), unit)


def ones(shape: Any, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """Ones.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ones(2, unit=u.mV)
    tensor([1., 1.]) mV
    """
    return _with_unit(torch.ones(shape, dtype=dtype or environ.dftype()), unit)


def empty(shape: Any, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """A tensor whose values are not set.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.empty(2, unit=u.mV).shape
    torch.Size([2])
    """
    return _with_unit(torch.empty(shape, dtype=dtype or environ.dftype()), unit)


def full(shape: Any, fill_value: Any, dtype: torch.dtype | None = None, unit: Any = None) -> Any:
    """One value everywhere.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.full(2, 3.0 * u.mV)
    tensor([3., 3.]) mV
    """
    value = asarray(fill_value, dtype)
    if unit is not None:
        value = value.in_unit(unit) if is_quantity(value) else value * as_unit(unit)
    return value.expand(shape).clone()


def eye(N: int, M: int | None = None, k: int = 0, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """Ones on a diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.eye(2, unit=u.mV)
    tensor([[1., 0.],
            [0., 1.]]) mV
    """
    on_diagonal = torch.arange(N)[:, None] + k == torch.arange(N if M is None else M)
    return _with_unit(on_diagonal.to(dtype or environ.dftype()), unit)


def identity(n: int, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """A square matrix with ones on the diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.identity(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    return eye(n, dtype=dtype, unit=unit)


def tri(N: int, M: int | None = None, k: int = 0, dtype: torch.dtype | None = None, unit: Any = UNITLESS) -> Any:
    """Ones on and below a diagonal.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.tri(2)
    tensor([[1., 0.],
            [1., 1.]])
    """
    below = torch.arange(N)[:, None] + k >= torch.arange(N if M is None else M)
    return _with_unit(below.to(dtype or environ.dftype()), unit)


def arange(start: Any, stop: Any = None, step: Any = None, dtype: torch.dtype | None = None) -> Any:
    """Evenly spaced values in a half-open interval, in the unit of the first argument.

    Raises
    ------
    UnitMismatchError
        The arguments have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.arange(0.0 * u.ms, 1.5 * u.ms, 0.5 * u.ms)
    tensor([0.0000, 0.5000, 1.0000]) ms
    """
    given = [value for value in (start, stop, step) if value is not None]
    unit = get_unit(start)
    values = [as_quantity(value).to_decimal(unit) for value in given]
    if dtype is None:
        floating = any(as_tensor(value).is_floating_point() for value in values)
        dtype = environ.dftype() if floating else environ.ditype()
    if stop is None and step is not None:
        values = [0, *values]
    return _with_unit(torch.arange(*values, dtype=dtype), unit)


def linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: torch.dtype | None = None) -> Any:
    """Values at equal distances from start to stop, in the unit of `start`.

    Raises
    ------
    UnitMismatchError
        Start and stop have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.linspace(0.0 * u.ms, 1.0 * u.ms, 3)
    tensor([0.0000, 0.5000, 1.0000]) ms
    """
    unit = get_unit(start)
    first, last = (as_quantity(value).to_decimal(unit) for value in (start, stop))
    values = torch.linspace(first, last, num if endpoint else num + 1, dtype=dtype or environ.dftype())
    return _with_unit(values[:num], unit)


def logspace(
    start: Any, stop: Any, num: int = 50, base: float = 10.0, dtype: torch.dtype | None = None
) -> torch.Tensor:
    """Powers of the base whose exponents, which are plain numbers, are at equal distances.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.logspace(0.0, 2.0, 3)
    tensor([  1.,  10., 100.])
    """
    first, last = (as_quantity(value).to_decimal() for value in (start, stop))
    return base ** torch.linspace(first, last, num, dtype=dtype or environ.dftype())
