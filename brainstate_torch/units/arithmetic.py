"""The operators of quantities. Mantissas may be tensors or Python numbers, so these use Python's own operators."""

import operator
import sys
from fractions import Fraction
from typing import Any, NoReturn, Self

import numpy as np
import torch

from .errors import UnitMismatchError
from .number import as_number
from .unit import Unit, quotient_with
from .values import fits_any_unit, operand, scaled

__all__ = ["Arithmetic", "attach"]

_new = object.__new__

#: Functions of torch that make tensors, and their namesakes that make quantities.
_WITH_UNITS = {name: f"u.math.{name}" for name in ("arange", "linspace", "full")} | {
    "normal": "brainstate_torch.random.normal"
}


class Arithmetic:
    """A mantissa with a unit, and its operators. None of them works in place: ``q += d`` binds a new object."""

    __slots__ = ("_mantissa", "_unit")
    __array_ufunc__ = None
    __hash__ = None  # type: ignore[assignment]

    _mantissa: Any
    _unit: Unit

    @classmethod
    def _make(cls, mantissa: Any, unit: Unit) -> Self:
        """A quantity from parts that are known to be right."""
        self = _new(cls)
        self._mantissa = mantissa
        self._unit = unit
        return self

    def _plain(self, name: str) -> Any:
        """The value as a plain number, for `name`, which needs one."""
        if self._unit._dim:
            self._refuse(name)
        return as_number(scaled(self._mantissa, self._unit._scale))

    def _refuse(self, name: str) -> NoReturn:
        if name in _WITH_UNITS:
            raise UnitMismatchError(
                f"`{name}` must get a plain number. Got a quantity in {self._unit}. "
                f"Use {_WITH_UNITS[name]}, which takes units.",
                self._unit,
            )
        drawn = name == "numpy.asarray" and "matplotlib" in sys.modules
        raise UnitMismatchError(
            f"`{name}` must get a plain number. Got a quantity in {self._unit}. "
            f"Divide by a unit first: {quotient_with(self._unit)}, or take q.mantissa."
            + (" For matplotlib call `u.enable_matplotlib_support()` once." if drawn else ""),
            self._unit,
        )

    def _aligned(self, other: Any, name: str) -> Any:
        """The other operand's mantissa in this unit; NotImplemented where it is no value at all."""
        if isinstance(other, Arithmetic):
            if other._unit is self._unit:
                return other._mantissa
            return scaled(other._mantissa, other._unit._factor_to(self._unit, name))
        if fits_any_unit(other):
            return other
        parts = operand(other, self._mantissa)
        return parts if parts is NotImplemented else scaled(parts[0], parts[1]._factor_to(self._unit, name))

    def __add__(self, other: Any) -> Any:
        value = self._aligned(other, "add")
        return value if value is NotImplemented else self._make(self._mantissa + value, self._unit)

    def __sub__(self, other: Any) -> Any:
        value = self._aligned(other, "sub")
        return value if value is NotImplemented else self._make(self._mantissa - value, self._unit)

    def __mod__(self, other: Any) -> Any:
        value = self._aligned(other, "remainder")
        return value if value is NotImplemented else self._make(self._mantissa % value, self._unit)

    def __floordiv__(self, other: Any) -> Any:
        value = self._aligned(other, "floor_divide")
        return value if value is NotImplemented else self._mantissa // value

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __radd__(self, other: Any) -> Any:
        return _reflected(operator.add, other, self)

    def __rsub__(self, other: Any) -> Any:
        return _reflected(operator.sub, other, self)

    def __rmod__(self, other: Any) -> Any:
        return _reflected(operator.mod, other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return _reflected(operator.floordiv, other, self)

    def __lt__(self, other: Any) -> Any:
        value = self._aligned(other, "lt")
        return value if value is NotImplemented else self._mantissa < value

    def __le__(self, other: Any) -> Any:
        value = self._aligned(other, "le")
        return value if value is NotImplemented else self._mantissa <= value

    def __gt__(self, other: Any) -> Any:
        value = self._aligned(other, "gt")
        return value if value is NotImplemented else self._mantissa > value

    def __ge__(self, other: Any) -> Any:
        value = self._aligned(other, "ge")
        return value if value is NotImplemented else self._mantissa >= value

    def __eq__(self, other: Any) -> Any:
        value = self._aligned(1 * other if isinstance(other, Unit) else other, "eq")
        return value if value is NotImplemented else self._mantissa == value

    def __ne__(self, other: Any) -> Any:
        value = self._aligned(1 * other if isinstance(other, Unit) else other, "ne")
        return value if value is NotImplemented else self._mantissa != value

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Arithmetic):
            return attach(self._mantissa * other._mantissa, self._unit._times(other._unit))
        if type(other) is Unit:
            return attach(self._mantissa, self._unit._times(other))
        parts = operand(other, self._mantissa)
        return parts if parts is NotImplemented else attach(self._mantissa * parts[0], self._unit._times(parts[1]))

    def __rmul__(self, other: Any) -> Any:
        if type(other) is Unit:
            return attach(self._mantissa, other._times(self._unit))
        parts = operand(other, self._mantissa)
        return parts if parts is NotImplemented else attach(parts[0] * self._mantissa, parts[1]._times(self._unit))

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Arithmetic):
            return attach(self._mantissa / other._mantissa, self._unit._over(other._unit))
        if type(other) is Unit:
            return attach(self._mantissa, self._unit._over(other))
        parts = operand(other, self._mantissa)
        return parts if parts is NotImplemented else attach(self._mantissa / parts[0], self._unit._over(parts[1]))

    def __rtruediv__(self, other: Any) -> Any:
        if type(other) is Unit:
            return attach(1 / self._mantissa, other._over(self._unit))
        parts = operand(other, self._mantissa)
        return parts if parts is NotImplemented else attach(parts[0] / self._mantissa, parts[1]._over(self._unit))

    def __matmul__(self, other: Any) -> Any:
        parts = operand(other, self._mantissa)
        if parts is NotImplemented:
            return parts
        return attach(_matrix_product(self._mantissa, parts[0]), self._unit._times(parts[1]))

    def __rmatmul__(self, other: Any) -> Any:
        parts = operand(other, self._mantissa)
        if parts is NotImplemented:
            return parts
        return attach(_matrix_product(parts[0], self._mantissa), parts[1]._times(self._unit))

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, Arithmetic):
            exponent = exponent._plain("pow")
        if isinstance(exponent, (torch.Tensor, np.ndarray)) and not exponent.ndim and self._unit._dim:
            exponent = exponent.item()
        if isinstance(exponent, (int, float, Fraction, np.generic)):
            return attach(self._mantissa**exponent, self._unit._to_power(float(exponent)))
        if self._unit._dim:
            raise UnitMismatchError(
                f"`exponent` must be a Python number where the base has a unit. Got {type(exponent).__name__} with the "
                f"base in {self._unit}. Divide the base by a unit first: {quotient_with(self._unit)}.",
                self._unit,
            )
        return self._plain("pow") ** exponent

    def __rpow__(self, base: Any) -> Any:
        return base ** self._plain("pow")

    def __invert__(self) -> Any:
        return ~self._plain("invert")

    def __lshift__(self, other: Any) -> Any:
        return self._plain("left_shift") << _number(other, "left_shift")

    def __rshift__(self, other: Any) -> Any:
        if operand(other, self._mantissa) is NotImplemented:
            return NotImplemented  # ``q >> module`` is a call of the module.
        return self._plain("right_shift") >> _number(other, "right_shift")

    def __rlshift__(self, other: Any) -> Any:
        return _number(other, "left_shift") << self._plain("left_shift")

    def __rrshift__(self, other: Any) -> Any:
        return _number(other, "right_shift") >> self._plain("right_shift")

    def __neg__(self) -> Self:
        return self._make(-self._mantissa, self._unit)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self._make(abs(self._mantissa), self._unit)

    def __round__(self, digits: int | None = None) -> Self:
        mantissa = self._mantissa
        rounded = (
            mantissa.round(decimals=digits or 0) if isinstance(mantissa, torch.Tensor) else round(mantissa, digits)
        )
        return self._make(rounded, self._unit)


def _matrix_product(a: Any, b: Any) -> Any:
    if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor) and a.dtype is not b.dtype:
        dtype = torch.promote_types(a.dtype, b.dtype)
        a, b = a.to(dtype), b.to(dtype)
    return a @ b


def _number(value: Any, name: str) -> Any:
    return value._plain(name) if isinstance(value, Arithmetic) else value


def attach(mantissa: Any, unit: Unit) -> Any:
    """The quantity of a mantissa and a unit; a plain value, with the scale folded in, where it has no dimension."""
    factor, kept = unit._folded
    if kept is not None:
        return Unit._quantity._make(mantissa, kept)
    return as_number(mantissa if factor == 1.0 else mantissa * factor)


def _reflected(function: Any, other: Any, quantity: Arithmetic) -> Any:
    if fits_any_unit(other):
        return function(quantity._make(other, quantity._unit), quantity)
    parts = operand(other, quantity._mantissa)
    return parts if parts is NotImplemented else function(quantity._make(*parts), quantity)
