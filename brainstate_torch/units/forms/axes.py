"""Axes as numpy names them, and the dtypes of numpy's results."""

import math
import operator
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
import torch

from ... import environ
from ..._arrays import SCALARS, as_tensor

__all__ = [
    "Alike",
    "Array",
    "Arrays",
    "Axis",
    "Shape",
    "as_array",
    "axes_of",
    "counted",
    "float_dtype",
    "floating",
    "indices",
    "is_whole",
    "joined",
    "missing",
    "promoted",
    "sum_dtype",
    "whole",
    "wholes",
]

#: A tensor or a quantity; `units.math` makes one of numbers, lists and numpy arrays where a parameter is of this type.
Array = Annotated[Any, "array"]
#: An array in the unit of the others that are marked so; 0, an infinity and NaN are taken in that unit.
Alike = Annotated[Any, "alike"]
#: A list of arrays in one unit.
Arrays = Annotated[Any, "arrays"]
Axis = int | Sequence[int] | None
Shape = int | Sequence[int]


def as_array(x: Any) -> Array:
    """A tensor or quantity as it is; a number, a list or a numpy array as a tensor."""
    if isinstance(x, torch.Tensor) or hasattr(x, "mantissa"):
        return x
    return as_tensor(x if isinstance(x, SCALARS) else np.asarray(x))


def axes_of(x: Array, axis: Axis) -> tuple[int, ...]:
    """The axes as numbers from zero; all of them for None."""
    if axis is None:
        return tuple(range(x.ndim))
    found = axis if isinstance(axis, int) else wholes(axis, "axis")
    axes = (found,) if isinstance(found, int) else found
    for each in axes:
        if not -x.ndim <= each < x.ndim:
            raise IndexError(f"`axis` must be an axis of an array with {x.ndim} axes. Got {each}. Count from zero.")
    return tuple(each % x.ndim for each in axes)


def missing(dtype: torch.dtype) -> Any:
    """What JAX fills in for an element out of bounds: NaN, the least integer, True."""
    if dtype.is_floating_point or dtype.is_complex:
        return float("nan")
    return True if dtype is torch.bool else torch.iinfo(dtype).min


def whole(value: Any, name: str) -> int:
    """The value of an argument as an integer; a number with a part after the point raises."""
    try:
        return operator.index(value)
    except TypeError as error:
        kind = type(value).__name__
        raise TypeError(f"`{name}` must be an integer, or several. Got a {kind}. Convert it with int().") from error


def wholes(value: Any, name: str) -> int | tuple[int, ...]:
    """As :func:`whole`, of one or of several."""
    if isinstance(value, (list, tuple)) or getattr(value, "ndim", False):
        return tuple(whole(each, name) for each in value)
    return whole(value, name)


def joined(x: Array, axis: Axis) -> tuple[Array, tuple[int, ...]]:
    """The array with these axes made one, the last; and the shape of a result that keeps them as axes of length one."""
    axes = axes_of(x, axis)
    kept = [each for each in range(x.ndim) if each not in axes]
    length = math.prod(x.shape[each] for each in axes)
    shape = tuple(1 if each in axes else size for each, size in enumerate(x.shape))
    return torch.permute(x, (*kept, *axes)).reshape((*(x.shape[each] for each in kept), length)), shape


def counted(x: Array, axis: Axis) -> int:
    """The number of elements along the axes."""
    return math.prod(x.shape[each] for each in axes_of(x, axis))


def is_whole(dtype: torch.dtype) -> bool:
    """Whether the dtype is one of integers, or bool."""
    return not (dtype.is_floating_point or dtype.is_complex)


def promoted(*arrays: Array) -> list[Array]:
    """The arrays in their common dtype, which some of torch's functions ask for."""
    dtype = arrays[0].dtype
    for array in arrays[1:]:
        dtype = torch.promote_types(dtype, array.dtype)
    return [array if array.dtype is dtype else array.to(dtype) for array in arrays]


def sum_dtype(x: Array) -> torch.dtype | None:
    """The dtype of a sum or product of integers, as JAX has it: at least 32 bit, not always 64 as in torch."""
    dtype: torch.dtype = x.dtype
    if not is_whole(dtype):
        return None
    if dtype in (torch.bool, torch.int8, torch.int16):
        return torch.int32
    return torch.int64 if dtype is torch.uint8 else dtype


def indices(x: torch.Tensor) -> torch.Tensor:
    """Places and counts in the integers of `environ`, 32 bit wide as JAX has them, not always 64 as in torch."""
    return x.to(environ.ditype())


def float_dtype(x: Array) -> torch.dtype | None:
    """The dtype of a mean of integers: the default one of floats."""
    return environ.dftype() if is_whole(x.dtype) else None


def floating(x: Array) -> Array:
    """The array as it is, one of integers in the default dtype of floats."""
    dtype = float_dtype(x)
    return x if dtype is None else x.to(dtype)
