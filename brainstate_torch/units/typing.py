"""Annotations that name a physical kind, such as ``VOLTAGE``, and a decorator that checks them.

``quantity_type("voltage")``, ``quantity_type(u.mV)`` and ``Quantity[u.mV]`` are classes: a quantity with this dimension
is an instance. Type checkers take them for `Quantity`.
"""

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_type_hints, overload

import numpy as np
import torch

from .dimension import Dimension
from .errors import UnitMismatchError
from .functions import get_unit
from .quantity import Quantity, quantity_type
from .unit import Unit

__all__ = [
    "ACCELERATION", "AREA", "CAPACITANCE", "CHARGE", "CONDUCTANCE", "CURRENT", "DENSITY", "DIMENSIONLESS_TYPE",
    "ENERGY", "FORCE", "FREQUENCY", "HAS_UNIT", "INDUCTANCE", "LENGTH", "LUMINOSITY", "MAGNETIC_FIELD",
    "MAGNETIC_FLUX", "MASS", "POWER", "PRESSURE", "RESISTANCE", "SPEED", "SUBSTANCE", "TEMPERATURE", "TIME",
    "VOLTAGE", "VOLUME", "Array", "ArrayLike", "Axes", "Axis", "DTypeLike", "DimensionLike", "PhysicalType", "PyTree",
    "QuantityLike", "ScalarOrArrayLike", "Shape", "UnitLike", "is_physical_type", "quantity_type", "validate_units",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

Array = torch.Tensor
ArrayLike = torch.Tensor | np.ndarray[Any, Any] | np.generic | bool | int | float | complex | Sequence[Any]
ScalarOrArrayLike = torch.Tensor | np.ndarray[Any, Any] | np.generic | bool | int | float | complex
QuantityLike = ArrayLike | Quantity
DimensionLike = Dimension | str
HAS_UNIT = Quantity
PyTree = Any
UnitLike = Unit | str | None
DTypeLike = torch.dtype | str | type
Shape = Sequence[int]
Axis = int
Axes = int | Sequence[int]

PhysicalType = quantity_type

LENGTH, AREA, VOLUME = quantity_type("length"), quantity_type("area"), quantity_type("volume")
MASS, DENSITY, TIME = quantity_type("mass"), quantity_type("density"), quantity_type("time")
SPEED, ACCELERATION = quantity_type("speed"), quantity_type("acceleration")
FORCE, ENERGY, POWER = quantity_type("force"), quantity_type("energy"), quantity_type("power")
PRESSURE, FREQUENCY, CURRENT = quantity_type("pressure"), quantity_type("frequency"), quantity_type("current")
CHARGE, VOLTAGE, RESISTANCE = quantity_type("charge"), quantity_type("voltage"), quantity_type("resistance")
CONDUCTANCE, CAPACITANCE = quantity_type("conductance"), quantity_type("capacitance")
INDUCTANCE, MAGNETIC_FLUX = quantity_type("inductance"), quantity_type("magnetic flux")
MAGNETIC_FIELD, TEMPERATURE = quantity_type("magnetic field"), quantity_type("temperature")
SUBSTANCE, LUMINOSITY = quantity_type("substance"), quantity_type("luminosity")
DIMENSIONLESS_TYPE = quantity_type("dimensionless")


def is_physical_type(obj: Any) -> bool:
    """Whether this is a class of :func:`quantity_type`.

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
    >>> u.typing.is_physical_type(u.typing.VOLTAGE), u.typing.is_physical_type(float)
    (True, False)
    """
    return isinstance(obj, type(LENGTH))


@overload
def validate_units(func: F, *, strict: bool = ...) -> F: ...
@overload
def validate_units(func: None = ..., *, strict: bool = ...) -> Callable[[F], F]: ...
def validate_units(func: Callable[..., Any] | None = None, *, strict: bool = False) -> Any:
    """A decorator that checks arguments whose annotation is a class of :func:`quantity_type`.

    Parameters
    ----------
    func
        The function.
    strict
        Whether the unit must be the annotated one, not only of its dimension.

    Returns
    -------
    Callable
        The function with the checks.

    Raises
    ------
    UnitMismatchError
        An argument has another dimension, or with `strict` another unit, than its annotation.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> @u.typing.validate_units
    ... def power(v: u.typing.VOLTAGE, i: u.typing.CURRENT):
    ...     return v * i
    >>> power(2.0 * u.volt, 3.0 * u.amp)
    6.0 W
    """
    if func is None:
        return functools.partial(validate_units, strict=strict)
    signature = inspect.signature(func)
    kinds: dict[str, Any] = {name: hint for name, hint in get_type_hints(func).items() if is_physical_type(hint)}

    @functools.wraps(func)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name, value in signature.bind(*args, **kwargs).arguments.items():
            if name in kinds:
                _check(name, value, kinds[name], strict)
        return func(*args, **kwargs)

    return checked


def _check(name: str, value: Any, kind: Any, strict: bool) -> None:
    own = get_unit(value)
    if own.dim != kind.unit.dim:
        raise UnitMismatchError(f"`{name}` must be a {kind.__name__}. Got {own}. Convert it.", own, kind.unit)
    if strict and own != kind.unit:
        raise UnitMismatchError(f"`{name}` must be in {kind.unit}. Got {own}. Convert it: q.to(unit).", own, kind.unit)
