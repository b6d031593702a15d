"""Quantity: a tensor or number with a unit. Operators live here, every torch function goes through the rule table."""

import operator
import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import numpy as np
import pint.compat
import torch

from .. import _tree
from .._arrays import as_tensor
from .arithmetic import Arithmetic
from .registry import registry
from .unit import UNITLESS, Dimension, Unit, as_unit
from .values import absolute, parts_of, scaled

__all__ = ["Quantity", "as_quantity"]


class Quantity(Arithmetic):
    """A value with a unit.

    Quantities follow JAX's habit: ``q += d`` binds a new quantity and never changes one that others see. What
    a torch function does to units stands in one table (`units.rules`); a function that has no rule there raises.
    Results without dimension become plain tensors or numbers, with the scale folded in.

    Parameters
    ----------
    value
        A number, tensor, numpy array, (nested) list of them, a quantity or a list of quantities. Numbers stay
        numbers; numpy arrays and lists become tensors in the precision of `environ`.
    unit
        A unit, or its name. A quantity as `value` is converted to it.
    dtype
        The torch dtype of the mantissa, if it is to be another one.

    Raises
    ------
    UnitMismatchError
        `value` is a quantity of another dimension than `unit`.

    Notes
    -----
    Source: brainunit.Quantity (0.5.2). Differs: holds a tensor, keeps pint's names beside brainunit's; a value given in
    a unit with an offset (degC) is held in kelvin; ``float``, ``bool`` and ``item`` need a dimensionless quantity.

    Examples
    --------
    >>> import torch
    >>> import brainstate_torch.units as u
    >>> v = u.Quantity(torch.tensor([1.0, 2.0]), u.mV)
    >>> v + 1.0 * u.volt
    tensor([1001., 1002.]) mV
    >>> v.sum() / (1.0 * u.volt)
    tensor(0.0030)
    """

    __slots__ = ()

    #: Applies a torch function by the rule table: (function, args, kwargs); set by its module, which imports this one.
    _apply: ClassVar[Callable[..., Any]]

    def __init__(self, value: Any, unit: Any = UNITLESS, dtype: torch.dtype | None = None) -> None:
        unit = as_unit(unit)
        mantissa, own = parts_of(value)
        if unit is UNITLESS:
            unit = own
        elif own is not UNITLESS:
            mantissa = scaled(mantissa, own._factor_to(unit, "Quantity"))
        mantissa, unit = absolute(mantissa, unit)
        self._mantissa = mantissa if dtype is None else as_tensor(mantissa).to(dtype)
        self._unit = unit

    @property
    def mantissa(self) -> Any:
        """The number or tensor in front of the unit."""
        return self._mantissa

    magnitude = mantissa

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self._unit

    units = unit

    @property
    def dim(self) -> Dimension:
        """The physical dimension (as in brainunit; the number of axes is `ndim`)."""
        return self._unit._dim

    dimensionality = dim

    @property
    def is_unitless(self) -> bool:
        """Is the unit the number one?"""
        return self._unit.is_unitless

    @property
    def dimensionless(self) -> bool:
        """Is it a number, of whatever scale (``radian``, ``mV / V``)?"""
        return self._unit.dimensionless

    @property
    def shape(self) -> torch.Size:
        """The shape of the mantissa."""
        return self._mantissa.shape if isinstance(self._mantissa, torch.Tensor) else torch.Size()

    @property
    def ndim(self) -> int:
        """The number of axes of the mantissa."""
        return len(self.shape)

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the mantissa; of a number, the one it would get as a tensor."""
        return as_tensor(self._mantissa).dtype

    @property
    def device(self) -> torch.device:
        """The device of the mantissa; of a number, the CPU."""
        return self._mantissa.device if isinstance(self._mantissa, torch.Tensor) else torch.device("cpu")

    def in_unit(self, unit: Any) -> "Quantity":
        """Convert to another unit of the same dimension.

        Raises
        ------
        UnitMismatchError
            The unit has another dimension.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (1.5 * u.volt).in_unit(u.mV)
        1500.0 mV
        """
        unit = as_unit(unit)
        return Quantity._make(scaled(self._mantissa, self._unit._factor_to(unit, "in_unit")), unit)

    def to_decimal(self, unit: Any = UNITLESS) -> Any:
        """The plain number or tensor that counts how many of `unit` this is.

        Raises
        ------
        UnitMismatchError
            The unit has another dimension.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (1.5 * u.volt).to_decimal(u.mV), (20.0 * u.degC).to_decimal(u.kelvin)
        (1500.0, 293.15)
        """
        unit = as_unit(unit)
        if unit._offset is not None and unit._dim == self._unit._dim:
            return (self._mantissa * self._unit._scale - unit._offset) / unit._scale
        return scaled(self._mantissa, self._unit._factor_to(unit, "to_decimal"))

    m_as = to_decimal

    def to(self, *args: Any, **kwargs: Any) -> "Quantity":
        """Convert to a unit as pint does, or to a device or dtype as torch does.

        Examples
        --------
        >>> import torch
        >>> import brainstate_torch.units as u
        >>> (1.5 * u.volt).to("mV")
        1500.0 mV
        >>> (torch.ones(1) * u.mV).to(torch.float64).dtype
        torch.float64
        """
        if len(args) == 1 and not kwargs and _names_unit(args[0]):
            return self.in_unit(args[0])
        result: Quantity = self._apply(torch.Tensor.to, (self, *args), kwargs)
        return result

    def check(self, dimension: Any) -> bool:
        """Has it this dimension, given as pint does (``"[length]"``) or by a unit?

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (1.0 * u.cm).check("[length]"), (1.0 * u.cm).check(u.mV)
        (True, False)
        """
        wanted = dimension.dim if isinstance(dimension, Unit) else registry.get_dimensionality(dimension)
        return bool(self.dim == wanted)

    def astype(self, dtype: torch.dtype) -> "Quantity":
        """The same quantity with another dtype.

        Examples
        --------
        >>> import torch
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.mV).astype(torch.float64).dtype
        torch.float64
        """
        return Quantity._make(as_tensor(self._mantissa).to(dtype), self._unit)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return cls._apply(func, args, kwargs or {})

    def __getattr__(self, name: str) -> Any:
        member = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if member is None:
            raise AttributeError(f"a quantity must have the attribute that is read. Got {name!r}. Tensors lack it too.")
        if not callable(member):
            return self._apply(member.__get__, (self,), {})
        return lambda *args, **kwargs: self._apply(member, (self, *args), kwargs)

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(name for name in dir(torch.Tensor) if not name.startswith("_"))})

    def __getitem__(self, index: Any) -> Any:
        return self._apply(torch.Tensor.__getitem__, (self, index), {})

    def __setitem__(self, index: Any, value: Any) -> None:
        self._apply(torch.Tensor.__setitem__, (self, index, value), {})

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError(
                f"a quantity must have an axis to have a length. Got one without axes in {self._unit}. "
                "To make a tensor of quantities use u.Quantity([...]) or torch.stack."
            )
        return self.shape[0]

    def __contains__(self, value: Any) -> bool:
        return bool(self._apply(torch.Tensor.__contains__, (self, value), {}))

    def __iter__(self) -> Iterator["Quantity"]:
        return iter([Quantity._make(row, self._unit) for row in as_tensor(self._mantissa).unbind(0)])

    def __float__(self) -> float:
        return float(self._plain("float"))

    def __int__(self) -> int:
        return int(self._plain("int"))

    def __complex__(self) -> complex:
        return complex(self._plain("complex"))

    def __bool__(self) -> bool:
        return bool(self._plain("bool"))

    def __index__(self) -> int:
        return operator.index(self._plain("index"))

    def __array__(self, *args: Any, **kwargs: Any) -> np.ndarray[Any, Any]:
        value = self._plain("numpy.asarray")
        return np.asarray(value.numpy(force=False) if isinstance(value, torch.Tensor) else value, *args, **kwargs)

    def __repr__(self) -> str:
        text = repr(self._mantissa)
        scalar = _SCALAR.fullmatch(text)
        text = (scalar[1] + (scalar[2].rstrip("0") or "0" if scalar[2] is not None else "")) if scalar else text
        return text if self._unit is UNITLESS else f"{text} {self._unit}"

    def __format__(self, spec: str) -> str:
        return f"{format(self._mantissa, spec)} {self._unit}".removesuffix(" 1") if spec else repr(self)

    def __copy__(self) -> "Quantity":
        return _make(self._mantissa, self._unit)

    def __reduce__(self) -> tuple[Any, ...]:
        return _make, (self._mantissa, self._unit)


_make = Quantity._make
_SCALAR = re.compile(r"tensor\((-?\d+\.?)(?:(?<=\.)(\d*))?\)")
Unit._quantity = Quantity
# pint's operators leave it to classes named here to combine with its quantities; others they would wrap.
pint.compat.upcast_type_map[f"{__name__}.Quantity"] = Quantity  # type: ignore[index]
_tree.register(Quantity, lambda q: ((q._mantissa,), q._unit), lambda children, unit: _make(next(iter(children)), unit))


def as_quantity(value: Any) -> Quantity:
    """The quantity of a quantity (itself), of one of pint, brainunit or saiunit, or of a plain value.

    Parameters
    ----------
    value
        A quantity of this package, of pint, brainunit or saiunit, or a plain value.

    Returns
    -------
    Quantity
        The same object, or a new one.

    Examples
    --------
    >>> import pint
    >>> import brainstate_torch.units as u
    >>> u.as_quantity(pint.UnitRegistry().Quantity(3.0, "mV"))
    3.0 mV
    """
    return value if isinstance(value, Quantity) else Quantity(value)


def _names_unit(x: Any) -> bool:
    """Is the argument of `to` a unit, rather than a device or dtype?"""
    if isinstance(x, str):
        try:
            torch.device(x)
        except RuntimeError:
            return True
        return False
    return not isinstance(x, (torch.device, torch.dtype, torch.Tensor, int))
