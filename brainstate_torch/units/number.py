"""Number: a float that torch's functions take, the result of ``dt / tau`` where both are Python numbers with units."""

from collections.abc import Callable
from typing import Any

import torch

from .._arrays import as_tensor

__all__ = ["Number", "as_number"]

#: Functions that refused a float and took a tensor in its place.
_needs_tensors: set[Any] = set()


def _kept(operator: Callable[..., Any]) -> Callable[..., Any]:
    """The operator of floats, with a Number as result."""

    def of_number(*args: Any) -> Any:
        result = operator(*args)
        return Number(result) if type(result) is float else result

    return of_number


class Number(float):
    """A Python float that may stand where a torch function wants a tensor: ``torch.exp(-dt / tau)``.

    It is a float in every other respect: ``math.exp``, ``range(int(n))``, ``f"{n:.2f}"``, pickle. Arithmetic keeps the
    type.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> torch.exp(0.0 * u.ms / (10.0 * u.ms))
    tensor(1.)
    """

    __slots__ = ()

    __add__ = _kept(float.__add__)
    __radd__ = _kept(float.__radd__)
    __sub__ = _kept(float.__sub__)
    __rsub__ = _kept(float.__rsub__)
    __mul__ = _kept(float.__mul__)
    __rmul__ = _kept(float.__rmul__)
    __truediv__ = _kept(float.__truediv__)
    __rtruediv__ = _kept(float.__rtruediv__)
    __floordiv__ = _kept(float.__floordiv__)
    __rfloordiv__ = _kept(float.__rfloordiv__)
    __mod__ = _kept(float.__mod__)
    __rmod__ = _kept(float.__rmod__)
    __pow__ = _kept(float.__pow__)
    __rpow__ = _kept(float.__rpow__)
    __neg__ = _kept(float.__neg__)
    __pos__ = _kept(float.__pos__)
    __abs__ = _kept(float.__abs__)
    __round__ = _kept(float.__round__)

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        floats = _replaced(args, float), {key: _replaced(value, float) for key, value in (kwargs or {}).items()}
        if function not in _needs_tensors:
            try:
                return function(*floats[0], **floats[1])
            except TypeError:
                tensors = _replaced(args, _tensor)
                result = function(*tensors, **floats[1])
                _needs_tensors.add(function)
                return result
        return function(*_replaced(args, _tensor), **floats[1])

    def __reduce__(self) -> tuple[Any, ...]:
        return float, (float(self),)


def as_number(x: Any) -> Any:
    """The value, a float as a Number."""
    return Number(x) if type(x) is float else x


def _tensor(x: float) -> torch.Tensor:
    return as_tensor(float(x))


def _replaced(value: Any, by: Callable[[float], Any]) -> Any:
    if type(value) is Number:
        return by(value)
    if type(value) in (tuple, list) and any(type(item) is Number for item in value):
        return type(value)(_replaced(item, by) for item in value)
    return value
