"""What counts as an array, and how numbers and numpy arrays become tensors."""

import contextlib
import functools
from collections.abc import Callable, Iterable
from typing import Any, TypeGuard, TypeVar

import numpy as np
import torch

from . import _tree, environ

__all__ = [
    "SCALARS",
    "as_tensor",
    "beside",
    "from_numpy",
    "is_arraylike",
    "is_real",
    "narrowed",
    "placed",
    "precise",
    "short_dtype",
]

F = TypeVar("F", bound=Callable[..., Any])

SCALARS = (bool, int, float, complex)

_NARROW = {
    np.dtype("float64"): np.dtype("float32"),
    np.dtype("int64"): np.dtype("int32"),
    np.dtype("uint64"): np.dtype("uint32"),
    np.dtype("complex128"): np.dtype("complex64"),
}


def narrowed(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The numpy dtype as brainstate holds it: 32 bit wide unless `environ` says 64."""
    native = dtype.newbyteorder("=")
    return native if environ.get_precision() == 64 else _NARROW.get(native, native)


def from_numpy(array: np.ndarray[Any, Any] | np.generic, device: torch.device | None = None) -> torch.Tensor:
    """A tensor with a copy of a numpy array, 32 bit wide unless `environ` says 64; None means the default device.

    Raises
    ------
    TypeError
        The array holds objects, strings or records.
    """
    array = np.asarray(array)
    if array.dtype.kind not in "biufc" and array.dtype.name != "bfloat16":
        raise TypeError(
            f"an array must hold numbers or booleans to become a tensor. Got dtype {array.dtype}. "
            "Convert it first, for example with `array.astype('float32')`."
        )
    if array.dtype.name == "bfloat16":
        tensor = torch.from_numpy(array.astype("float32")).to(torch.bfloat16)
    else:
        # torch refuses negative strides and shares memory otherwise: a State must not change with the caller's array.
        tensor = torch.from_numpy(np.array(array, dtype=narrowed(array.dtype), order="C"))
    # The function ignores the default device.
    return tensor.to(torch.get_default_device() if device is None else device)


def is_real(x: Any) -> bool:
    """Whether what has this `dtype` can have a derivative: it is floating or complex."""
    return bool(x.dtype.is_floating_point or x.dtype.is_complex)


def short_dtype(dtype: torch.dtype) -> str:
    """The name of a dtype without its module."""
    return str(dtype).removeprefix("torch.")


def is_arraylike(x: Any) -> TypeGuard[torch.Tensor | np.ndarray[Any, Any] | bool | int | float | complex]:
    """Whether this is a tensor, a numpy array or a number."""
    return isinstance(x, (torch.Tensor, np.ndarray, np.generic, *SCALARS))


def as_tensor(
    x: torch.Tensor | np.ndarray[Any, Any] | np.generic | bool | int | float | complex,
) -> torch.Tensor:
    """The tensor of a tensor (itself), a numpy array, or a number in the default dtype of its kind."""
    if isinstance(x, torch.Tensor):
        return x
    if isinstance(x, (np.ndarray, np.generic)):
        return from_numpy(x)
    if isinstance(x, bool):
        return torch.tensor(x)
    if isinstance(x, int):
        return torch.tensor(x, dtype=environ.ditype())
    return torch.tensor(x, dtype=environ.dftype() if isinstance(x, float) else environ.dctype())


def precise(dtype: torch.dtype | None) -> contextlib.AbstractContextManager[Any]:
    """Within: numbers and arrays become tensors of 64 bit, if the dtype that is asked for has them."""
    wide = dtype is not None and dtype.itemsize >= 8 and environ.get_precision() != 64
    return environ.context(precision=64) if wide else contextlib.nullcontext()


def beside(leaves: Iterable[Any]) -> contextlib.AbstractContextManager[Any]:
    """Within: tensors are made on the device of the first tensor among these, quantities included."""
    default = torch.get_default_device()
    for leaf in leaves:
        tensor = getattr(leaf, "mantissa", leaf)
        if isinstance(tensor, torch.Tensor) and tensor.device != default:
            return tensor.device
    return contextlib.nullcontext()


def placed(function: F) -> F:
    """A function that makes what it makes on the device of the tensors among its arguments, else on the default one.

    So does what it makes of numpy arrays.
    """

    @functools.wraps(function)
    def inner(*args: Any, **kwargs: Any) -> Any:
        with beside(_tree.leaves((args, kwargs))):
            return function(*args, **kwargs)

    return inner  # type: ignore[return-value]
