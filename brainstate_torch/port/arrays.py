"""Methods of JAX's arrays, for objects whose kind is known only when the program runs.

``arrays.max(x, axis=0)`` is ``u.math.max(x, axis=0)`` for a tensor or a quantity and ``x.max(axis=0)`` for anything
else. The porting tool writes such a call where torch's method of the name means something else, and nothing in the
source says what `x` is. Where you know it, write the one or the other.
"""

import builtins
import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..units import Quantity, math
from ..units.at import At, Indexed

__all__ = [
    "METHODS",
    "OPERATORS",
    "Items",
    "T",
    "at",
    "divmod",
    "dtype_name",
    "items",
    "numpy",
    "numpy_dtype",
    "ready",
    "size",
]


def _is_array(x: Any) -> bool:
    return isinstance(x, (torch.Tensor, Quantity))


def at(x: Any) -> Any:
    """``x.at`` for anything that may have it."""
    if isinstance(x, Quantity) or not isinstance(x, torch.Tensor):
        return x.at
    return _PlainAt(x)


class _PlainAt:
    """The attribute ``at`` of a tensor."""

    __slots__ = ("_tensor",)

    def __init__(self, tensor: torch.Tensor) -> None:
        self._tensor = tensor

    def __getitem__(self, index: Any) -> "_PlainIndexed":
        return _PlainIndexed(self._tensor, index)


class _PlainIndexed:
    """Elements of a tensor: the updates of a quantity without a unit, handed back as a tensor."""

    __slots__ = ("_index", "_tensor")

    def __init__(self, tensor: torch.Tensor, index: Any) -> None:
        self._tensor, self._index = tensor, index

    def __getattr__(self, name: str) -> Callable[..., Any]:
        indexed: Indexed = At(Quantity(self._tensor))[self._index]
        method = getattr(indexed, name)

        def update(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return result.mantissa if isinstance(result, Quantity) else result

        return update


def size(x: Any) -> Any:
    """``x.size``: the number of elements of a tensor or a quantity."""
    return x.numel() if isinstance(x, torch.Tensor) else x.size


def T(x: Any) -> Any:
    """``x.T``: the axes in reverse."""
    return math.transpose(x) if _is_array(x) else x.T


def divmod(x: Any, y: Any) -> Any:
    """``divmod(x, y)``, which tensors do not answer."""
    return math.divmod(x, y) if _is_array(x) or _is_array(y) else builtins.divmod(x, y)


def dtype_name(dtype: Any) -> str:
    """``dtype.name`` of torch's or numpy's dtype."""
    return str(dtype).removeprefix("torch.") if isinstance(dtype, torch.dtype) else str(dtype.name)


def ready(x: Any) -> Any:
    """``x.block_until_ready()``: the same object, when its device has computed it."""
    if _is_array(x):
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        return x
    return x.block_until_ready()


def numpy(x: Any) -> Any:
    """A tensor as a numpy array; anything else as it is."""
    return x.detach().cpu().numpy().copy() if isinstance(x, torch.Tensor) else x


class Items:
    """``items(x)[::-1]`` is ``x[::-1]``, with steps that are negative, which torch's indices must not be."""

    __slots__ = ("_of",)

    def __init__(self, of: Any) -> None:
        self._of = of

    def __getitem__(self, index: Any) -> Any:
        """The part of the object."""
        if not isinstance(self._of, torch.Tensor):
            return self._of[index]
        parts = list(index) if isinstance(index, tuple) else [index]
        taken = sum(1 for part in parts if part is not None and part is not Ellipsis)
        turned, axis, x = [], 0, self._of
        for part in parts:
            if part is Ellipsis:
                axis += x.ndim - taken
            elif isinstance(part, slice) and part.step is not None and part.step < 0:
                length = x.shape[axis]
                # The same elements, read forward in the flipped axis.
                start, stop, step = part.indices(length)
                x = torch.flip(x, (axis,))
                part = slice(length - 1 - start, length - 1 - stop, -step)
                axis += 1
            elif part is not None:
                axis += 1
            turned.append(part)
        return x[tuple(turned)]


items = Items


def _method(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, *args: Any, **kwargs: Any) -> Any:
        return function(x, *args, **kwargs) if _is_array(x) else getattr(x, name)(*args, **kwargs)

    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"``x.{name}(...)``, by ``u.math.{name}`` for a tensor or a quantity."
    return call


def _astype(x: Any, dtype: Any, *args: Any, **kwargs: Any) -> Any:
    if _is_array(x):
        return math.astype(x, dtype)
    return x.astype(numpy_dtype(dtype), *args, **kwargs)


def numpy_dtype(dtype: Any) -> Any:
    """The dtype in numpy's words."""
    return np.dtype(str(dtype).removeprefix("torch.")) if isinstance(dtype, torch.dtype) else dtype


def _transpose(x: Any, *axes: Any) -> Any:
    if not axes or axes == (None,):
        return math.transpose(x)
    return math.transpose(x, axes[0] if len(axes) == 1 else axes)


def _copy(x: Any) -> Any:
    return x.clone()


def _item(x: Any, *args: Any) -> Any:
    if not args:
        return x.item()
    # One number counts through all elements, several are the place.
    return (x[args] if len(args) > 1 else x.reshape(-1)[args[0]]).item()


#: Methods whose meaning differs in torch, or that torch lacks, by how they are computed.
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "transpose": _transpose,
    "copy": _copy,
    "item": _item,
    **{
        name: getattr(math, name)
        for name in ("max", "min", "std", "var", "mean", "prod", "sort", "repeat", "nonzero", "round", "cumsum",
                     "cumprod", "take", "dot", "ptp", "argsort", "choose", "compress", "searchsorted", "swapaxes",
                     "clip", "trace", "diagonal", "sum", "argpartition", "any", "all", "argmax", "argmin", "squeeze")
        if hasattr(math, name)
    },
}  # fmt: skip

METHODS: dict[str, Callable[..., Any]] = {name: _method(name, f) for name, f in _FUNCTIONS.items()}
METHODS["astype"] = _astype


def _in_place(name: str) -> Callable[..., Any]:
    plain, in_place = getattr(operator, name), getattr(operator, f"i{name.rstrip('_')}")

    def call(x: Any, y: Any) -> Any:
        return plain(x, y) if _is_array(x) or _is_array(y) else in_place(x, y)

    call.__name__ = f"i{name.rstrip('_')}"
    call.__doc__ = "``x`` after an augmented assignment: a new tensor, as in JAX, and what Python does for the rest."
    return call


#: Augmented assignments: torch's write into the tensor that other names may share, JAX's make a new one.
OPERATORS: dict[str, Callable[..., Any]] = {
    f"i{name.rstrip('_')}": _in_place(name)
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor", "lshift",
                 "rshift")
}  # fmt: skip


def __getattr__(name: str) -> Any:
    found = METHODS.get(name) or OPERATORS.get(name)
    if found is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return found
