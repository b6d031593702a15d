"""Units: small immutable objects, one per pint unit, whose algebra is computed once and then looked up."""

import keyword
import math
from fractions import Fraction
from typing import Any, ClassVar, TypeVar

import pint
import torch
from pint.util import UnitsContainer

from . import si
from .curves import Curve
from .definitions import curve_of, definition
from .dimension import DIMENSIONLESS, Dimension
from .errors import UnitMismatchError
from .pint_registry import get_registry

__all__ = [
    "UNITLESS",
    "Folded",
    "Unit",
    "absolute",
    "add_standard_unit",
    "as_unit",
    "intern",
    "is_foreign_unit",
    "makes_quantities",
    "of_foreign_unit",
    "quotient_with",
    "scaled",
    "si_unit",
]

T = TypeVar("T", bound=type)

#: A unit as the result of a computation: (factor, None) where the result is a plain number, else (1.0, unit).
Folded = tuple[float, "Unit | None"]


_interned: dict[UnitsContainer, "Unit"] = {}

#: The names that users chose for products, by dimension and size.
_standard: dict[tuple[Dimension, float], str] = {}


class Unit:
    """A physical unit: ``u.mV``, ``u.mV * u.ms``, ``u.Unit("mV / ms")``.

    Units with equal names are one object. ``==`` holds between all units of equal size and dimension (``uA`` and
    ``mV * mS``). Multiplying or dividing a number, list, array or tensor by a unit makes a quantity.

    Parameters
    ----------
    unit
        A unit, a unit of pint, or a string that pint can read.

    Raises
    ------
    ValueError
        pint does not know the text.

    Notes
    -----
    Source: brainunit.Unit (0.5.2). Differs: wraps a pint unit; products keep their factors and are printed in the SI
    unit that they equal (``mV * mS`` as ``uA``). A scale with an offset (``degC``) or a logarithmic one (``dBm``) is
    for reading and writing numbers: quantities given in it are held in kelvin, or in watt.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.mV * u.mS == u.uA, u.volt.dim == u.mV.dim, u.mV.magnitude
    (True, True, 0.001)
    >>> 3.0 * u.mV / u.ms
    3.0 mV / ms
    """

    __slots__ = (
        "_container",
        "_curve",
        "_dim",
        "_factors",
        "_folded",
        "_powers",
        "_products",
        "_quotients",
        "_scale",
        "_text",
    )
    __array_ufunc__ = None

    #: What the operators with numbers and tensors make; see `makes_quantities`.
    _quantity: ClassVar[Any]

    _container: UnitsContainer
    _scale: float
    _curve: Curve | None
    _dim: Dimension
    _text: str
    _products: dict[int, "Unit"]
    _quotients: dict[int, "Unit"]
    _powers: dict[float, "Unit"]
    _folded: Folded
    _factors: dict[int, float]

    def __new__(cls, unit: Any) -> "Unit":
        return as_unit(unit)

    @property
    def dim(self) -> Dimension:
        """The dimension: powers of length, mass, time and so on."""
        return self._dim

    dimensionality = dim

    @property
    def magnitude(self) -> float:
        """The size of the unit in SI base units."""
        return self._scale

    @property
    def name(self) -> str:
        """The name in pint's long form, such as ``millivolt / millisecond``."""
        return str(self.pint)

    @property
    def pint(self) -> Any:
        """The same unit as an object of pint, in the package's registry."""
        registry = get_registry()
        for name in self._container:
            # The registry learns a prefixed unit when it reads its name.
            registry.parse_units(name)
        return registry.Unit(self._container)

    @property
    def dimensionless(self) -> bool:
        """Whether it is a number, of whatever size (``radian``, ``mV / V``)."""
        return not self._dim

    @property
    def is_unitless(self) -> bool:
        """Whether it is the number one."""
        return not self._dim and self._scale == 1.0

    def has_same_dim(self, other: Any) -> bool:
        """Whether the other unit, or the unit of the other value, has the same dimension."""
        return bool(self._dim == (other if isinstance(other, Unit) else other.unit)._dim)

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Unit):
            return NotImplemented
        same_size = math.isclose(self._scale, other._scale, rel_tol=1e-9) and self._curve == other._curve
        return same_size and bool(self._dim == other._dim)

    def __hash__(self) -> int:
        return hash(self._dim)

    def __mul__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return self._times(other)
        return NotImplemented if isinstance(other, self._quantity) else self._quantity(other, self)

    def __rmul__(self, other: Any) -> Any:
        return self._quantity(other, self)

    def __truediv__(self, other: Any) -> Any:
        if isinstance(other, Unit):
            return self._over(other)
        return NotImplemented if isinstance(other, self._quantity) else self._quantity(1, self) / other

    def __rtruediv__(self, other: Any) -> Any:
        return self._quantity(other, self**-1)

    def __pow__(self, exponent: float) -> "Unit":
        return self._to_power(float(exponent))

    @classmethod
    def __torch_function__(cls, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        # Without this torch spends 13 us on the text of an error before Python tries the operators above.
        if len(args) == 2 and isinstance(args[1], Unit):
            if function is torch.Tensor.mul:
                return args[1].__rmul__(args[0])
            if function is torch.Tensor.div:
                return args[1].__rtruediv__(args[0])
        return NotImplemented

    def __copy__(self) -> "Unit":
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> "Unit":
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return intern, (dict(self._container),)

    def __str__(self) -> str:
        if not self._text:
            self._text = self._spelled()
        return self._text

    def _spelled(self) -> str:
        if not self._container or (len(self._container) > 1 and not self._dim and self._scale == 1.0):
            return "1"
        known = (
            None if self._is_simple() else _standard.get((self._dim, self._scale)) or si.named(self._scale, self._dim)
        )
        return known or f"{self.pint:~D}".replace("µ", "u").replace("Ω", "ohm")

    def _is_simple(self) -> bool:
        """Whether this is printed as it was written: one named unit, or one with an angle, which no SI name shows."""
        if len(self._container) == 1 and next(iter(self._container.values())) == 1:
            return True
        return any(not _named(name)._dim for name in self._container)

    def __format__(self, spec: str) -> str:
        return format(self.pint, spec) if spec else str(self)

    def __repr__(self) -> str:
        return f'Unit("{self}")'

    def _times(self, other: "Unit") -> "Unit":
        found = self._products.get(id(other))
        if found is None:
            found = self._products[id(other)] = _combine(self, other, 1)
        return found

    def _over(self, other: "Unit") -> "Unit":
        found = self._quotients.get(id(other))
        if found is None:
            found = self._quotients[id(other)] = _combine(self, other, -1)
        return found

    def _to_power(self, exponent: float) -> "Unit":
        found = self._powers.get(exponent)
        if found is None:
            _check_multiplicative(self)
            powers = {name: float(power) * exponent for name, power in self._container.items()}
            found = self._powers[exponent] = intern(powers)
        return found

    def _factor_to(self, other: "Unit", name: str) -> float:
        """What to multiply a value in this unit with to get it in the other; `name` is the function that asks."""
        found = self._factors.get(id(other))
        if found is None:
            if self._dim != other._dim:
                raise UnitMismatchError(
                    f"`{name}` must get one common dimension. Got {_described(other)} and {_described(self)}. "
                    f"Convert one of them, or divide by a unit first: {quotient_with(other, self)}.",
                    other,
                    self,
                )
            _check_multiplicative(other)
            found = self._factors[id(other)] = _tidy(self._scale / other._scale)
        return found


def makes_quantities(cls: T) -> T:
    """Declare the class of values with a unit. It is defined above units, whose operators make its objects."""
    Unit._quantity = cls
    return cls


def quotient_with(*units: Unit) -> str:
    """The text of a quantity divided by the first of the units that is not the number one, as a user would write it."""
    unit = next((unit for unit in units if unit._container), UNITLESS)
    name = str(unit)
    if not name.isidentifier() or keyword.iskeyword(name):
        name = _name_of(unit)
    return f"q / u.{name}" if name.isidentifier() and name.isascii() else f'q / u.Unit("{name}")'


def _name_of(unit: Unit) -> str:
    return next(iter(unit._container)) if len(unit._container) == 1 else str(unit)


def _described(unit: Unit) -> str:
    return str(unit) if unit._container else "a plain number"


def _tidy(x: float) -> float:
    # 1e-6 / 1e-9 is 999.9999999999999: fifteen digits keep decimal prefixes exact.
    return float(f"{x:.15g}")


def _power(exponent: Any) -> float:
    """The exponent as the nearest simple fraction, so that roots and powers of units cancel exactly."""
    near = Fraction(float(exponent)).limit_denominator(12)
    if abs(near - exponent) > 1e-9:
        return float(exponent)
    return near.numerator if near.denominator == 1 else float(near)


def intern(powers: Any) -> Unit:
    """The one unit with these names and powers."""
    powers = {name: _power(power) for name, power in powers.items()}
    container = UnitsContainer({name: power for name, power in powers.items() if power})
    unit = _interned.get(container)
    return _interned.setdefault(container, _make(container)) if unit is None else unit


def _make(container: UnitsContainer) -> Unit:
    self = object.__new__(Unit)
    self._container, self._text = container, ""
    self._products, self._quotients, self._powers, self._factors = {}, {}, {}, {}
    self._curve = curve_of(container)
    scale, powers = 1.0, dict[str, float]()
    for name, power in container.items():
        size, dimension = definition(name)
        scale *= size ** float(power)
        for base, exponent in dimension.items():
            powers[base] = powers.get(base, 0) + exponent * float(power)
    self._dim = Dimension({base: _power(power) for base, power in powers.items() if _power(power)})
    self._scale = _tidy(scale)
    self._folded = (1.0, self) if self._dim else (self._scale, None)
    return self


def _named(name: str) -> Unit:
    return intern({name: 1})


def _check_multiplicative(unit: Unit) -> None:
    if unit._curve is not None:
        raise UnitMismatchError(
            f"a unit must have no offset and not be logarithmic to be the unit of a quantity. Got {unit}. "
            f"Use u.{_name_of(si_unit(unit._dim))} (u.delta_degC for differences of temperatures); q.to_decimal(unit) "
            f"reads the number in {unit}.",
            unit,
        )


def _combine(a: Unit, b: Unit, sign: int) -> Unit:
    _check_multiplicative(a)
    _check_multiplicative(b)
    powers: dict[str, Any] = dict(a._container)
    for name, power in b._container.items():
        powers[name] = powers.get(name, 0) + sign * power
    return intern(powers)


#: The seven base dimensions by brainunit's names, and pint's name of the SI unit of each.
_BASES = {
    "length": "meter",
    "mass": "kilogram",
    "time": "second",
    "current": "ampere",
    "temperature": "kelvin",
    "substance": "mole",
    "luminosity": "candela",
}


def si_unit(dimension: Dimension) -> Unit:
    """The product of SI base units that has the dimension."""
    return intern({name: dimension.get(f"[{base}]", 0) for base, name in _BASES.items()})


def absolute(mantissa: Any, unit: Unit) -> tuple[Any, Unit]:
    """The same value with a unit that starts at zero and is linear: kelvin instead of degC, watt instead of dBm."""
    if unit._curve is not None:
        return unit._curve.to_base(mantissa), si_unit(unit._dim)
    if len(unit._container) == 1 and next(iter(unit._container)).startswith("delta_"):
        # A difference added to a temperature is a temperature, which "delta" would misname.
        return scaled(mantissa, unit._scale), si_unit(unit._dim)
    return mantissa, unit


def scaled(mantissa: Any, factor: float) -> Any:
    """The mantissa times a conversion factor."""
    return mantissa if factor == 1.0 else mantissa * factor


UNITLESS = intern({})


def as_unit(unit: Any) -> Unit:
    """The unit of a unit, of a string, of a unit of pint or of another package; None is the unit of plain numbers.

    Parameters
    ----------
    unit
        A unit, its name, or None for the unit of plain numbers.

    Returns
    -------
    Unit
        The unit.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.as_unit("uA / cm**2") == u.uA / u.cm**2
    True
    """
    if isinstance(unit, Unit):
        return unit
    if unit is None:
        return UNITLESS
    if isinstance(unit, str):
        return _parse(unit)
    if isinstance(unit, pint.Unit):
        return _parse(str(unit)) if unit._REGISTRY is not get_registry() else intern(unit._units)
    if is_foreign_unit(unit):
        factor, found = of_foreign_unit(unit)
        if factor != 1.0:
            raise ValueError(
                f"`unit` must have a name that pint knows. Got {unit}. Write it as a string: u.Unit('...')."
            )
        return found
    raise TypeError(
        f"`unit` must be a unit, a string or a unit of pint. Got {type(unit).__name__}. Pass for example u.mV."
    )


def add_standard_unit(u: Unit) -> None:
    """Let products that equal this unit be printed by its name.

    Parameters
    ----------
    u
        A unit with a name of its own, such as one that ``u.registry.define`` made.

    Raises
    ------
    ValueError
        The unit is a product.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.registry.define("spike_rate = 1 / hour = spk")
    >>> u.add_standard_unit(u.spike_rate)
    >>> str(u.second / u.hour / u.second)
    'spk'
    """
    if len(u._container) != 1 or next(iter(u._container.values())) != 1:
        raise ValueError(
            f"`u` must be a unit with one name. Got {u}. Define it first: u.registry.define('name = ...')."
        )
    _standard[u._dim, u._scale] = str(u)
    for unit in list(_interned.values()):
        unit._text = ""


def _parse(text: str) -> Unit:
    try:
        container = si.parsed(text)
        if container is None:
            container = DIMENSIONLESS if text in ("", "1") else get_registry().parse_units(text)._units
    except Exception as error:  # pint's parser raises many kinds, AssertionError among them
        raise ValueError(
            f"`unit` must be a string that pint can read. Got {text!r}. See units.registry for the known names."
        ) from error
    return intern(container)


def is_foreign_unit(x: Any) -> bool:
    """Whether it is a unit of brainunit or saiunit."""
    is_theirs = type(x).__module__.split(".")[0] in ("brainunit", "saiunit")
    return is_theirs and hasattr(x, "dim") and hasattr(x, "magnitude") and not hasattr(x, "mantissa")


def of_foreign_unit(unit: Any) -> tuple[float, Unit]:
    """The unit that has a foreign unit's name, where pint agrees about it; else its size and the SI unit."""
    base = intern({name: unit.dim.get_dimension(symbol) for symbol, name in _BASES.items()})
    try:
        named = base if str(unit) == "1" else as_unit(str(unit).replace("^", "**"))
    except ValueError:
        named = base
    agreed = named._dim == base._dim and math.isclose(named._scale, unit.magnitude, rel_tol=1e-6)
    return (1.0, named) if agreed else (float(unit.magnitude), base)
