"""The dtypes under numpy's names, and numpy's functions of dtypes."""

from typing import Any

import numpy as np
import torch
from torch import (
    bfloat16,
    complex64,
    complex128,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    uint8,
    uint16,
    uint32,
    uint64,
)

from .._arrays import short_dtype
from .descriptions import described
from .dtype_names import dtype
from .forms.axes import Array
from .public import public

__all__ = [
    "astype",
    "bfloat16",
    "bool_",
    "can_cast",
    "cdouble",
    "complex64",
    "complex128",
    "complex_",
    "complexfloating",
    "csingle",
    "double",
    "dtype",
    "finfo",
    "float16",
    "float32",
    "float64",
    "float_",
    "floating",
    "generic",
    "get_promote_dtypes",
    "half",
    "iinfo",
    "inexact",
    "int8",
    "int16",
    "int32",
    "int64",
    "int_",
    "integer",
    "isdtype",
    "issubdtype",
    "number",
    "promote_dtypes",
    "promote_types",
    "result_type",
    "signedinteger",
    "single",
    "uint",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "unsignedinteger",
]  # fmt: skip

bool_, half, single, double, csingle, cdouble = torch.bool, float16, float32, float64, complex64, complex128
#: 32 bit wide, as JAX takes these names unless told otherwise.
int_, uint, float_, complex_ = int32, uint32, float32, complex64

inexact, floating, complexfloating, number = np.inexact, np.floating, np.complexfloating, np.number
generic = np.generic
integer, signedinteger, unsignedinteger = np.integer, np.signedinteger, np.unsignedinteger


@described
def astype(x: Any, dtype: Any) -> Any:
    """The array with another dtype.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.astype([1, 2] * u.mV, u.math.float32)
    tensor([1., 2.]) mV
    """
    return _astype(x, dtype)


@public
def _astype(x: Array, dtype: torch.dtype) -> Any:
    return x.to(dtype)


def _abstract(x: Any) -> type:
    if isinstance(x, torch.dtype):
        return np.floating if x is torch.bfloat16 else np.dtype(str(x).removeprefix("torch.")).type
    return x if isinstance(x, type) and issubclass(x, np.generic) else _abstract(dtype(x))


@described
def issubdtype(a: Any, b: Any) -> bool:
    """Whether a dtype is another one, or of its kind: ``inexact``, ``floating``, ``integer``, ``complexfloating``.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.math.issubdtype(torch.float32, u.math.floating), u.math.issubdtype(torch.int32, u.math.inexact)
    (True, False)
    """
    if isinstance(a, torch.dtype) and isinstance(b, torch.dtype):
        return a is b
    return issubclass(_abstract(a), _abstract(b))


@described
def finfo(dtype: Any) -> torch.finfo:
    """The limits of a floating dtype, given by itself, its name or an array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.finfo("float32").bits, u.math.finfo([1.0] * u.mV).eps == u.math.finfo(u.math.float32).eps
    (32, True)
    """
    return torch.finfo(_of(dtype))


@described
def iinfo(int_type: Any) -> torch.iinfo:
    """The limits of a dtype of integers, given by itself, its name or an array.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.iinfo("int8").max, u.math.iinfo(u.math.int32).min
    (127, -2147483648)
    """
    return torch.iinfo(_of(int_type))


def _of(x: Any) -> torch.dtype:
    return x.dtype if hasattr(x, "mantissa") or isinstance(x, torch.Tensor) else dtype(getattr(x, "dtype", x))


@described
def result_type(*args: Any) -> torch.dtype:
    """The dtype that an operation on these arrays, numbers and dtypes has.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.math.result_type(torch.ones(2), 3), u.math.result_type(torch.int32, torch.float16)
    (torch.float32, torch.float16)
    """
    kinds = (torch.dtype, str, type, np.dtype)
    values = [torch.empty(1, dtype=dtype(x)) if isinstance(x, kinds) else getattr(x, "mantissa", x) for x in args]
    tensors = [value for value in values if isinstance(value, (torch.Tensor, np.ndarray))]
    found: torch.dtype | None = None
    for value in tensors:
        own = value.dtype if isinstance(value, torch.Tensor) else dtype(value.dtype)
        found = own if found is None else torch.promote_types(found, own)
    for value in values:
        if isinstance(value, (bool, int, float, complex)):
            beside = torch.empty(1, dtype=found) if found is not None else None
            found = dtype(type(value)) if beside is None else torch.result_type(beside, value)
    if found is None:
        raise TypeError("`result_type` must get an array, a number or a dtype. Got none of them.")
    return found


@described
def get_promote_dtypes(*args: Any) -> torch.dtype:
    """The common dtype of arrays.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.math.get_promote_dtypes(torch.ones(2), torch.ones(2, dtype=torch.int32))
    torch.float32
    """
    return result_type(*args)


@described
def promote_dtypes(*args: Any) -> list[Any]:
    """The arrays in their common dtype.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.math.promote_dtypes([1, 2] * u.mV, torch.ones(1))
    [tensor([1., 2.]) mV, tensor([1.])]
    """
    return _promoted(*args)


@public
def _promoted(*args: Array) -> list[Any]:
    common = result_type(*args)
    return [array.to(common) for array in args]


@described
def promote_types(a: Any, b: Any) -> torch.dtype:
    """The dtype to which two dtypes are promoted.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.promote_types("int32", "float16")
    torch.float16
    """
    return torch.promote_types(dtype(a), dtype(b))


@described
def can_cast(from_: Any, to: Any) -> bool:
    """Whether every value of a dtype, or of that of an array, has a counterpart in another dtype.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.can_cast("int16", "float32"), u.math.can_cast("int32", "float32")
    (True, False)
    """
    source, target = from_.dtype if hasattr(from_, "dtype") else dtype(from_), dtype(to)
    if torch.bfloat16 in (source, target):
        return torch.promote_types(source, target) is target
    return bool(np.can_cast(short_dtype(source), short_dtype(target)))


_KINDS = {
    "bool": np.bool_,
    "signed integer": np.signedinteger,
    "unsigned integer": np.unsignedinteger,
    "integral": np.integer,
    "real floating": np.floating,
    "complex floating": np.complexfloating,
    "numeric": np.number,
}


@described
def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether a dtype is another one, or of a kind such as ``"integral"`` or ``"real floating"``, or of one of several.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> u.math.isdtype(torch.float32, "real floating")
    True
    """
    if isinstance(kind, tuple):
        return any(isdtype(dtype, each) for each in kind)
    if isinstance(kind, str) and kind in _KINDS:
        return issubclass(_abstract(dtype), _KINDS[kind])
    return issubdtype(dtype, kind)
