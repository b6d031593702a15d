"""Units, dimensions and numbers of any value."""

from typing import Any

from . import foreign
from .dimension import Dimension
from .errors import DimensionMismatchError, UnitMismatchError
from .quantity import Quantity, as_quantity
from .unit import UNITLESS, Unit, as_unit, is_foreign_unit

__all__ = [
    "display_in_unit",
    "fail_for_dimension_mismatch",
    "fail_for_unit_mismatch",
    "get_dim",
    "get_dim_for_display",
    "get_magnitude",
    "get_mantissa",
    "get_or_create_dimension",
    "get_unit",
    "has_same_unit",
    "have_same_dim",
    "is_dimensionless",
    "is_quantity",
    "is_unit_equal_math",
    "is_unitless",
    "maybe_decimal",
    "split_mantissa_unit",
    "unit_scale_align_to_first",
]


def get_unit(obj: Any) -> Unit:
    """The unit of a quantity or of a unit; `UNITLESS` for plain values.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    Unit
        The unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.get_unit(3.0 * u.mV), u.get_unit(3.0)
    (Unit("mV"), Unit("1"))
    """
    if isinstance(obj, Unit):
        return obj
    if isinstance(obj, Quantity) or foreign.is_foreign(obj):
        return as_quantity(obj).unit
    if isinstance(obj, (list, tuple)) and any(map(is_quantity, obj)):
        return as_quantity(obj).unit
    return as_unit(obj) if is_foreign_unit(obj) else UNITLESS


def get_dim(obj: Any) -> Dimension:
    """The dimension of a quantity or unit; an empty one for plain values.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    Dimension
        The dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> str(u.get_dim(3.0 * u.cm)), u.get_dim(3.0) == u.DIMENSIONLESS
    ('[length]', True)
    """
    return get_unit(obj).dim


def get_dim_for_display(d: Any) -> str:
    """The text of a dimension; "1" for that of numbers.

    Parameters
    ----------
    d
        A dimension, or the number 1.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.get_dim_for_display(u.meter.dim), u.get_dim_for_display(u.DIMENSIONLESS)
    ('[length]', '1')
    """
    return str(d) if d else "1"


def get_mantissa(obj: Any) -> Any:
    """The number in front of the unit; a plain value is its own.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    Tensor or number
        The number in front of the unit, ``[*N]``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.get_mantissa(3.0 * u.mV), u.get_mantissa(2.0)
    (3.0, 2.0)
    """
    return as_quantity(obj).mantissa if is_quantity(obj) else obj


get_magnitude = get_mantissa


def split_mantissa_unit(obj: Any) -> tuple[Any, Unit]:
    """The number and the unit.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    Tensor or number, Unit
        The number, ``[*N]``, and the unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.split_mantissa_unit(3.0 * u.mV)
    (3.0, Unit("mV"))
    """
    return get_mantissa(obj), get_unit(obj)


def is_quantity(x: Any) -> bool:
    """Whether a value is a quantity, of this package or another.

    Parameters
    ----------
    x
        Anything.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.is_quantity(3.0 * u.mV), u.math.is_quantity(3.0)
    (True, False)
    """
    return isinstance(x, Quantity) or foreign.is_foreign(x)


def is_unitless(obj: Any) -> bool:
    """Whether a value is plain, or a quantity whose unit is the number one.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    bool
        Whether it is.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.is_unitless(3.0), u.is_unitless(3.0 * u.mV)
    (True, False)
    """
    return get_unit(obj).is_unitless


def is_dimensionless(obj: Any) -> bool:
    """Whether a value has no dimension, whatever the scale of its unit.

    Parameters
    ----------
    obj
        A quantity, a unit, or a plain value.

    Returns
    -------
    bool
        Whether it has none.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.is_dimensionless(90.0 * u.degree), u.is_dimensionless(3.0 * u.mV)
    (True, False)
    """
    return get_unit(obj).dimensionless


def has_same_unit(obj1: Any, obj2: Any) -> bool:
    """Whether the units of two values are equal in dimension and size.

    Parameters
    ----------
    obj1, obj2
        Quantities, units, or plain values.

    Returns
    -------
    bool
        Whether they are.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.has_same_unit(3.0 * u.mV, 2.0 * u.mV), u.has_same_unit(3.0 * u.mV, 2.0 * u.volt)
    (True, False)
    """
    return get_unit(obj1) == get_unit(obj2)


def is_unit_equal_math(u1: Any, u2: Any) -> bool:
    """Whether both are units, of equal size and dimension, whatever their names; as ``u1 == u2``.

    Parameters
    ----------
    u1, u2
        Anything.

    Returns
    -------
    bool
        Whether they are.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.is_unit_equal_math(u.amp * u.ohm, u.volt), u.is_unit_equal_math(u.mV, u.volt)
    (True, False)
    """
    return isinstance(u1, Unit) and isinstance(u2, Unit) and u1 == u2


def have_same_dim(obj1: Any, obj2: Any) -> bool:
    """Whether two values have the same dimension.

    Parameters
    ----------
    obj1, obj2
        Quantities, units, or plain values.

    Returns
    -------
    bool
        Whether they have.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.have_same_dim(3.0 * u.mV, 2.0 * u.volt), u.have_same_dim(3.0 * u.mV, 2.0)
    (True, False)
    """
    return bool(get_dim(obj1) == get_dim(obj2))


def fail_for_dimension_mismatch(
    obj1: Any, obj2: Any = None, error_message: str | None = None, **error_quantities: Any
) -> tuple[Dimension, Dimension]:
    """The dimensions of two values, if they are equal.

    Parameters
    ----------
    obj1
        A quantity, a unit, or a plain value.
    obj2
        Another; None: compare with plain numbers.
    error_message
        The first part of the error text.
    **error_quantities
        What stands in braces in the text.

    Returns
    -------
    tuple of Dimension
        The two dimensions.

    Raises
    ------
    DimensionMismatchError
        They are not; `error_message`, if given, begins the text.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> first, second = u.fail_for_dimension_mismatch(1.0 * u.mV, 1.0 * u.volt)
    >>> first == second
    True
    """
    units = get_unit(obj1), get_unit(obj2)
    if units[0].dim != units[1].dim:
        raise _mismatch(DimensionMismatchError, "dimension", _text(error_message, error_quantities), *units)
    return units[0].dim, units[1].dim


def fail_for_unit_mismatch(
    obj1: Any, obj2: Any = None, error_message: str | None = None, **error_quantities: Any
) -> tuple[Unit, Unit]:
    """The units of two values, if they can be converted into each other.

    Parameters
    ----------
    obj1
        A quantity, a unit, or a plain value.
    obj2
        Another; None: compare with plain numbers.
    error_message
        The first part of the error text.
    **error_quantities
        What stands in braces in the text.

    Returns
    -------
    tuple of Unit
        The two units.

    Raises
    ------
    UnitMismatchError
        They cannot; `error_message`, if given, begins the text.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fail_for_unit_mismatch(1.0 * u.mV, 1.0 * u.volt)
    (Unit("mV"), Unit("V"))
    """
    units = get_unit(obj1), get_unit(obj2)
    if units[0].dim != units[1].dim:
        raise _mismatch(UnitMismatchError, "unit", _text(error_message, error_quantities), *units)
    return units


def _text(message: str | None, quantities: dict[str, Any]) -> str | None:
    return message.format(**quantities) if message and quantities else message


def _mismatch(kind: type[DimensionMismatchError], what: str, message: str | None, a: Unit, b: Unit) -> Exception:
    text = f"both values must have one {'dimension' if what == 'dimension' else 'kind of unit'}. Got {a} and {b}."
    return kind(f"{message} {text}" if message else text, a, b)


def maybe_decimal(val: Any, unit: Any = None) -> Any:
    """A plain value where there is no dimension, or the number of `unit`; other quantities stay quantities.

    Parameters
    ----------
    val
        A quantity, a unit, or a plain value.
    unit
        The unit to express it in; None: only dimensionless quantities become plain.

    Returns
    -------
    Tensor, number or Quantity
        The plain value, or the quantity unchanged.

    Raises
    ------
    UnitMismatchError
        `unit` has another dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.maybe_decimal(1.5 * u.volt), u.maybe_decimal(1.5 * u.volt, u.mV), u.maybe_decimal(u.Quantity(3.0))
    (1.5 V, 1500.0, 3.0)
    """
    if unit is not None:
        return as_quantity(val).to_decimal(unit)
    return as_quantity(val).to_decimal() if is_quantity(val) and is_dimensionless(val) else val


def display_in_unit(x: Any, u: Any = None, precision: int | None = None) -> str:
    """The text of a quantity, in another unit if one is given.

    Parameters
    ----------
    x
        A quantity, a unit, or a plain value.
    u
        The unit to show it in; None: its own.
    precision
        How many digits after the point; None for as many as torch shows.

    Returns
    -------
    str
        The text.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.display_in_unit(1.5 * u.volt, u.mV)
    '1500.0 mV'
    """
    quantity = as_quantity(x) if u is None else as_quantity(x).in_unit(u)
    return quantity.repr_in_unit(precision)


def get_or_create_dimension(*args: Any, **kwds: float) -> Dimension:
    """The dimension with these powers of base dimensions.

    Parameters
    ----------
    *args
        The powers of length, mass, time, current, temperature, substance and luminosity, as one sequence.
    **kwds
        Or by names: ``length``, ``metre``, ``m``, ``mass``, ``kg``, ``time``, ``s`` and so on.

    Returns
    -------
    Dimension
        The dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.get_or_create_dimension(length=1, time=-1) == (u.meter / u.second).dim
    True
    """
    powers = dict(zip(_BASE_NAMES, args[0], strict=True)) if args else kwds
    found: dict[str, float] = {}
    for name, power in powers.items():
        base = next((base for base, names in _BASE_NAMES.items() if name in (base, *names)), None)
        if base is None:
            raise ValueError(
                f"a dimension must have the name of a base dimension. Got {name!r}. Use one of {list(_BASE_NAMES)}."
            )
        found[f"[{base}]"] = found.get(f"[{base}]", 0) + power
    return Dimension({name: power for name, power in found.items() if power})


_BASE_NAMES = {
    "length": ("metre", "meter", "metres", "meters", "m"),
    "mass": ("kilogram", "kilogramme", "kilograms", "kg"),
    "time": ("second", "seconds", "s"),
    "current": ("ampere", "amperes", "amp", "A", "electric current"),
    "temperature": ("kelvin", "kelvins", "K"),
    "substance": ("mole", "mol", "moles"),
    "luminosity": ("candela", "candle", "cd"),
}


def unit_scale_align_to_first(*args: Any) -> list[Quantity]:
    """The quantities in the unit of the first.

    Parameters
    ----------
    *args
        Quantities of one dimension.

    Returns
    -------
    list of Quantity
        The same values.

    Raises
    ------
    UnitMismatchError
        They have different dimensions.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.unit_scale_align_to_first(1.0 * u.mV, 2.0 * u.volt)
    [1.0 mV, 2000.0 mV]
    """
    return [as_quantity(value).in_unit(get_unit(args[0])) for value in args]
