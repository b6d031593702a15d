"""numpy's functions on tensors and quantities: ``u.math.sum(q, axis=0)``.

Each is torch's function under numpy's name, with numpy's argument names (`axis`, `keepdims`, `ddof`) beside torch's.
Numbers, lists and numpy arrays are taken where torch wants tensors. What happens to units stands in `units.rules`, for
all of them. Functions that need a plain number take ``unit_to_scale=u.mV``: the unit in which to count a quantity.
"""

from collections.abc import Callable, Sequence
from math import e, inf, nan, pi
from typing import TYPE_CHECKING, Any

import torch
from numpy import euler_gamma
from torch import fft, finfo, iinfo, linalg

from .creation import (
    arange,
    array,
    as_numpy,
    asarray,
    empty,
    eye,
    full,
    identity,
    linspace,
    logspace,
    ones,
    tri,
    zeros,
)
from .exprel import exprel
from .functions import (
    display_in_unit,
    fail_for_dimension_mismatch,
    fail_for_unit_mismatch,
    get_dim,
    get_dtype,
    get_magnitude,
    get_mantissa,
    get_unit,
    is_dimensionless,
    is_float,
    is_int,
    is_quantity,
    is_unitless,
    isscalar,
    maybe_decimal,
    ndim,
    shape,
    size,
)
from .numpy_names import ALL, FUNCTIONS, LIST, TAIL
from .quantity import Quantity, as_quantity
from .values import like

__all__ = [
    "arange",
    "array",
    "as_numpy",
    "asarray",
    "display_in_unit",
    "e",
    "empty",
    "euler_gamma",
    "exprel",
    "eye",
    "fail_for_dimension_mismatch",
    "fail_for_unit_mismatch",
    "fft",
    "finfo",
    "full",
    "get_dim",
    "get_dtype",
    "get_magnitude",
    "get_mantissa",
    "get_unit",
    "identity",
    "iinfo",
    "inf",
    "is_dimensionless",
    "is_float",
    "is_int",
    "is_quantity",
    "is_unitless",
    "isscalar",
    "linalg",
    "linspace",
    "logspace",
    "maybe_decimal",
    "nan",
    "ndim",
    "newaxis",
    "ones",
    "pi",
    "shape",
    "size",
    "tri",
    "zeros",
]
__all__ += [row[0] for row in FUNCTIONS]

#: numpy's names of arguments, and torch's; no axis is torch's default everywhere.
_KEYWORDS = {"axis": "dim", "keepdims": "keepdim"}

newaxis = None


def _arrays(values: Sequence[Any]) -> list[Any]:
    """The values as tensors and quantities; a number gets the dtype that it has beside the first tensor."""
    found = [value if isinstance(value, (torch.Tensor, Quantity)) else as_quantity(value) for value in values]
    mantissas = [value.mantissa if isinstance(value, Quantity) else value for value in found]
    beside = next((mantissa for mantissa in mantissas if isinstance(mantissa, torch.Tensor)), None)
    return [_array(value, beside) for value in found]


def _array(value: Any, beside: torch.Tensor | None) -> Any:
    if isinstance(value, torch.Tensor):
        return value
    mantissa, unit = value.mantissa, value.unit
    mantissa = mantissa if isinstance(mantissa, torch.Tensor) else like(mantissa, beside)
    return Quantity._make(mantissa, unit) if unit._container else mantissa


def _prepared(arrays: int | str, args: tuple[Any, ...]) -> list[Any]:
    if arrays == LIST:
        return [_arrays(args[0]), *args[1:]]
    if arrays == ALL:
        return _arrays(args)
    if arrays == TAIL:
        return [args[0], *_arrays(args[1:])]
    assert isinstance(arrays, int)
    return [*_arrays(args[:arrays]), *args[arrays:]]


def _made(name: str, function: Callable[..., Any], arrays: int | str, example: str, value: str) -> Callable[..., Any]:
    def public(*args: Any, unit_to_scale: Any = None, **kwargs: Any) -> Any:
        if unit_to_scale is not None:
            args = tuple(as_quantity(arg).to_decimal(unit_to_scale) if is_quantity(arg) else arg for arg in args)
        given = {_KEYWORDS.get(key, key): value for key, value in kwargs.items() if key != "axis" or value is not None}
        return function(*_prepared(arrays, args), **given)

    newline = "\n"
    public.__name__ = public.__qualname__ = name
    public.__doc__ = f"""numpy's `{name}` on tensors and quantities.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.{name}({example})
    {value.replace(newline, newline + "    ")}
    """
    return public


globals().update({row[0]: _made(*row) for row in FUNCTIONS})

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
