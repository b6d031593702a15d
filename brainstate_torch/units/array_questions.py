"""Properties of arrays: shape, dtype, kind of value."""

from typing import Any

import numpy as np
import torch

from .descriptions import described
from .functions import is_unitless
from .quantity import as_quantity

__all__ = [
    "get_dtype",
    "is_float",
    "is_int",
    "is_numpy_array",
    "is_scalar_type",
    "is_torch_array",
    "isscalar",
    "ndim",
    "shape",
    "size",
]


@described
def shape(a: Any) -> tuple[int, ...]:
    """The shape, as a tuple.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.shape([1.0, 2.0] * u.mV)
    (2,)
    """
    return tuple(as_quantity(a).shape)


@described
def ndim(a: Any) -> int:
    """The number of axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ndim([1.0, 2.0] * u.mV)
    1
    """
    return len(shape(a))


@described
def size(a: Any, axis: int | None = None) -> int:
    """The number of elements, or the length of an axis.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.size([1.0, 2.0] * u.mV)
    2
    """
    return torch.Size(shape(a)).numel() if axis is None else shape(a)[axis]


@described
def isscalar(a: Any) -> bool:
    """Whether the value has no axes.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isscalar(3.0 * u.mV), u.math.isscalar([3.0] * u.mV)
    (True, False)
    """
    try:
        return ndim(a) == 0
    except TypeError:  # no array: a State or a module is no scalar either
        return isinstance(a, (str, bytes))


@described
def get_dtype(a: Any) -> torch.dtype:
    """The dtype; of a number, the one it would get as a tensor.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.get_dtype(3.0 * u.mV)
    torch.float32
    """
    return as_quantity(a).dtype


@described
def is_float(x: Any) -> bool:
    """Whether the dtype is a floating one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.is_float(3.0 * u.mV), u.math.is_float(3 * u.mV)
    (True, False)
    """
    return get_dtype(x).is_floating_point


@described
def is_int(x: Any) -> bool:
    """Whether the dtype is one of integers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.is_int(3.0 * u.mV), u.math.is_int(3 * u.mV)
    (False, True)
    """
    dtype = get_dtype(x)
    return not (dtype.is_floating_point or dtype.is_complex or dtype is torch.bool)


def is_scalar_type(obj: Any) -> bool:
    """Whether this is one plain number: a number, or an array or quantity without axes and without a unit.

    Parameters
    ----------
    obj
        Anything.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.is_scalar_type(5), u.is_scalar_type(5.0 * u.mV), u.is_scalar_type([5.0]), u.is_scalar_type("5")
    (True, False, False, False)
    """
    if hasattr(obj, "ndim"):
        return not obj.ndim and is_unitless(obj)
    return isinstance(obj, (bool, int, float, complex))


def is_numpy_array(x: Any) -> bool:
    """Whether this is an array or a number of numpy.

    Parameters
    ----------
    x
        Anything.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import numpy as np
    >>> import brainstate_torch.units as u
    >>> u.is_numpy_array(np.ones(2)), u.is_numpy_array([1.0] * u.mV)
    (True, False)
    """
    return isinstance(x, (np.ndarray, np.generic))


def is_torch_array(x: Any) -> bool:
    """Whether this is a tensor.

    Parameters
    ----------
    x
        Anything.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.is_torch_array(torch.ones(2)), u.is_torch_array([1.0] * u.mV)
    (True, False)
    """
    return isinstance(x, torch.Tensor)
