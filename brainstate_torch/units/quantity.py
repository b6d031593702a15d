"""Quantity: a tensor or number with a unit. Every torch function goes through the rule table."""

import functools
import operator
import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pint.compat
import torch

from .. import _tree
from .._arrays import as_tensor, precise
from .._host.collate import collated
from .display import as_html, as_text, formatted, wants_compact
from .dtype_names import dtype as as_dtype
from .indexing import forwards
from .methods import NumpyMethods
from .number import Number
from .pint_registry import get_registry
from .unit import UNITLESS, Unit, absolute, as_unit, intern, makes_quantities, scaled
from .values import parts_of

__all__ = ["Quantity", "as_quantity", "quantity_type"]


@makes_quantities
class Quantity(NumpyMethods):
    """A value with a unit.

    Quantities follow JAX's habit: ``q += d`` binds a new quantity and never changes one that others see. What
    a torch function does to units stands in one table (`units.rules`); a function that has no rule there raises.
    Results without dimension become plain tensors or numbers, with the scale folded in.

    Parameters
    ----------
    value
        A number, tensor, numpy array, (nested) list of them, a quantity, a list of quantities, or a string such as
        ``"3 mV"``. Numbers stay numbers; numpy arrays and lists become tensors in the precision of `environ`.
    unit
        A unit, or its name. A quantity as `value` is converted to it.
    dtype
        The dtype of the mantissa, or its name, if it is to be another one.
    mantissa
        Another name of `value`.

    Raises
    ------
    UnitMismatchError
        `value` is a quantity of another dimension than `unit`.

    Notes
    -----
    Source: brainunit.Quantity (0.5.2). Differs: holds a tensor, keeps pint's names beside brainunit's; a value given in
    a unit with an offset (degC) is held in kelvin; ``float`` and ``bool`` need a dimensionless quantity. Methods take
    numpy's arguments, as brainunit's do; with torch's own keywords (``dim=``) they are torch's.

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

    def __init__(self, value: Any = None, unit: Any = UNITLESS, dtype: Any = None, *, mantissa: Any = None) -> None:
        if dtype is not None:
            with precise(kind := as_dtype(dtype)):
                found = Quantity(value, unit, mantissa=mantissa)
                self._mantissa, self._unit = as_tensor(found._mantissa).to(kind), found._unit
            return
        unit = as_unit(unit)
        mantissa, own = _read(value) if isinstance(value, str) else parts_of(mantissa if value is None else value)
        if unit is UNITLESS:
            unit = own
        elif own is not UNITLESS:
            mantissa = scaled(mantissa, own._factor_to(unit, "Quantity"))
        self._mantissa, self._unit = absolute(mantissa, unit)

    @property
    def shape(self) -> torch.Size:
        """The shape of the mantissa."""
        return self._mantissa.shape if isinstance(self._mantissa, torch.Tensor) else torch.Size()

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the mantissa; of a number, the one it would get as a tensor."""
        return as_tensor(self._mantissa).dtype

    @property
    def device(self) -> torch.device:
        """The device of the mantissa; of a number, the CPU."""
        return self._mantissa.device if isinstance(self._mantissa, torch.Tensor) else torch.device("cpu")

    def to(self, *args: Any, **kwargs: Any) -> "Quantity":
        """Convert to a unit as pint does, to a device or dtype as torch does, or to a unit and then to those.

        Names of pint's contexts may follow the unit: ``q.to("THz", "spectroscopy")``.

        Examples
        --------
        >>> import torch
        >>> import brainstate_torch.units as u
        >>> (1.5 * u.volt).to("mV")
        1500.0 mV
        >>> (torch.ones(1) * u.mV).to(torch.float64).dtype
        torch.float64
        """
        if args and _names_unit(args[0]):
            if len(args) > 1 and isinstance(args[1], str) and _names_unit(args[1]):
                return self._by_contexts(as_unit(args[0]), *args[1:], **kwargs)
            converted = self.in_unit(args[0])
            return converted.to(*args[1:], **kwargs) if len(args) > 1 or kwargs else converted
        result: Quantity = self._apply(torch.Tensor.to, (self, *args), kwargs)
        return result

    @classmethod
    def from_list(cls, quantities: Any, units: Any = UNITLESS) -> "Quantity":
        """One quantity of several, in the unit of the first or the given one; pint's name for ``Quantity(list)``.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> u.Quantity.from_list([1.0 * u.mV, 1.0 * u.volt])
        tensor([   1., 1000.]) mV
        """
        return cls(list(quantities), units)

    @classmethod
    def __torch_function__(cls, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return cls._apply(func, args, kwargs or {})

    def __getattr__(self, name: str) -> Any:
        member = None if name.startswith("_") else getattr(torch.Tensor, name, None)
        if member is None:
            raise AttributeError(f"quantities and tensors have no attribute {name!r}. See dir(q) for what they have.")
        if not callable(member):
            return self._apply(member.__get__, (self,), {})

        @functools.wraps(member, ("__name__", "__qualname__", "__doc__"), ())
        def method(*args: Any, **kwargs: Any) -> Any:
            return self._apply(member, (self, *args), kwargs)

        return method

    def __dir__(self) -> list[str]:
        return sorted({*object.__dir__(self), *(name for name in dir(torch.Tensor) if not name.startswith("_"))})

    def __getitem__(self, index: Any) -> Any:
        flipped, index = forwards(self.shape, index)
        source = self._apply(torch.Tensor.flip, (self, flipped), {}) if flipped else self
        return self._apply(torch.Tensor.__getitem__, (source, index), {})

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
        if not self.shape:
            raise TypeError(
                f"a quantity must have an axis to be iterated over. Got one without axes in {self._unit}. "
                "Make it one with an axis first: q.reshape(1)."
            )
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
        return as_text(self._mantissa, self._unit)

    def __format__(self, spec: str) -> str:
        shown = self.to_compact() if wants_compact(spec) else self
        return formatted(shown._mantissa, shown._unit, spec) if spec else repr(self)

    def _repr_html_(self) -> str:
        return as_html(self._mantissa, self._unit)

    def __treescope_repr__(self, path: str | None, subtree_renderer: Any) -> Any:
        from treescope import repr_lib  # type: ignore[import-not-found,import-untyped,unused-ignore]  # the caller

        held = {"mantissa": self._mantissa, "unit": self._unit}
        return repr_lib.render_object_constructor(type(self), held, path, subtree_renderer)

    def __class_getitem__(cls, item: Any) -> Any:
        return quantity_type(item)

    def __copy__(self) -> "Quantity":
        return _make(self._mantissa, self._unit)

    def __reduce__(self) -> tuple[Any, ...]:
        mantissa = float(self._mantissa) if type(self._mantissa) is Number else self._mantissa
        return restored, (mantissa, dict(self._unit._container))


_make = Quantity._make


def restored(mantissa: Any, powers: dict[str, float]) -> Quantity:
    """The quantity of what pickle keeps: plain types, which ``torch.load`` takes with ``weights_only=True``."""
    return _make(mantissa, intern(powers))


def _stacked(batch: Any) -> Any:
    """The samples of a DataLoader as one quantity, in the unit of the first."""
    return Quantity._apply(torch.stack, (list(batch),), {})


collated(Quantity, _stacked)
torch.serialization.add_safe_globals([restored, intern])
# pint's operators leave it to classes named here to combine with its quantities; others they would wrap.
pint.compat.upcast_type_map[f"{__name__}.Quantity"] = Quantity  # type: ignore[index]
_tree.register(Quantity, lambda q: ((q._mantissa,), q._unit), lambda children, unit: _make(next(iter(children)), unit))


def _is_unit(text: str | None) -> bool:
    try:
        as_unit(text)
    except ValueError:
        return False
    return True


_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*([^\d\s+*/()-].*)?")


def _read(text: str) -> tuple[Any, Unit]:
    number = _NUMBER.fullmatch(text)
    if number and _is_unit(number[2]):
        value = float(number[1]) if set(number[1]) & set(".eE") else int(number[1])
        return absolute(value, as_unit(number[2]))
    try:
        found = get_registry().Quantity(text)
    except Exception as error:  # pint's parser raises many kinds, AssertionError among them
        raise ValueError(
            f"`value` must be a string that pint can read, such as '3 mV'. Got {text!r}. See u.registry for the names."
        ) from error
    return found.magnitude, as_unit(found.units)


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
    if isinstance(value, Quantity):
        return value
    mantissa, unit = parts_of(value)
    return _make(*absolute(mantissa, unit))


def _names_unit(x: Any) -> bool:
    """Whether the argument of `to` is a unit, rather than a device or dtype."""
    if isinstance(x, str):
        try:
            torch.device(x)
        except RuntimeError:
            return True
        return False
    return not isinstance(x, (torch.device, torch.dtype, torch.Tensor, int))


#: Physical kinds by name, with a unit of each.
_KINDS = {
    "length": "meter", "area": "meter**2", "volume": "meter**3", "mass": "kilogram", "density": "kilogram / meter**3",
    "time": "second", "speed": "meter / second", "velocity": "meter / second", "acceleration": "meter / second**2",
    "force": "newton", "energy": "joule", "power": "watt", "pressure": "pascal", "frequency": "hertz",
    "current": "ampere", "charge": "coulomb", "voltage": "volt", "resistance": "ohm", "conductance": "siemens",
    "capacitance": "farad", "inductance": "henry", "magnetic flux": "weber", "magnetic field": "tesla",
    "temperature": "kelvin", "substance": "mole", "luminosity": "candela", "dimensionless": "1",
}  # fmt: skip


class _PhysicalType(type):
    """The class of classes whose instances are the quantities with one dimension."""

    _of: Any

    @property
    def unit(cls) -> Unit:
        """A unit of the dimension."""
        return as_unit(_KINDS.get(cls._of, cls._of) if isinstance(cls._of, str) else cls._of)

    @property
    def dimension(cls) -> Any:
        """The dimension."""
        return cls.unit.dim

    def __instancecheck__(cls, instance: Any) -> bool:
        return isinstance(instance, Quantity) and bool(instance.dim == cls.dimension)


def quantity_type(item: Any) -> Any:
    """The class of the quantities with one dimension.

    Parameters
    ----------
    item
        A unit, its name, or a physical kind such as ``"voltage"``.

    Returns
    -------
    type
        The class: ``isinstance(q, quantity_type("voltage"))``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> isinstance(3.0 * u.mV, u.Quantity[u.volt]), isinstance(3.0 * u.ms, u.typing.VOLTAGE)
    (True, False)
    """
    of = item.lower().replace("_", " ") if isinstance(item, str) and item.lower().replace("_", " ") in _KINDS else item
    if of is item and not (isinstance(item, str) and item in _KINDS):
        of = as_unit(item)
    return _PhysicalType(f"Quantity[{of}]", (), {"_of": of})
