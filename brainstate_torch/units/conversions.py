"""Quantities in other units: brainunit's names for it and pint's."""

import math
from typing import Any, NoReturn, Self

import pint
import torch

from .arithmetic import Arithmetic
from .dimension import Dimension
from .errors import UnitMismatchError
from .number import as_number
from .pint_registry import get_registry
from .unit import UNITLESS, Unit, as_unit, intern, scaled, si_unit

__all__ = ["Conversions"]


class Conversions(Arithmetic):
    """The mantissa, the unit, and ways to another one."""

    __slots__ = ()

    @property
    def mantissa(self) -> Any:
        """The number or tensor in front of the unit."""
        return self._mantissa

    magnitude = m = mantissa

    @property
    def unit(self) -> Unit:
        """The unit."""
        return self._unit

    units = u = unit

    @property
    def dim(self) -> Dimension:
        """The physical dimension (as in brainunit; the number of axes is `ndim`)."""
        return self._unit._dim

    dimensionality = dim

    @property
    def is_unitless(self) -> bool:
        """Whether the unit is the number one."""
        return self._unit.is_unitless

    @property
    def unitless(self) -> bool:
        """Whether it is a number that is no angle or count, of whatever scale (``mV / V``); pint's meaning."""
        return self._unit.is_unitless or (
            not self._unit._dim and not get_registry().get_root_units(self._unit.pint)[1]._units
        )

    @property
    def dimensionless(self) -> bool:
        """Whether it is a number, of whatever scale (``radian``, ``mV / V``)."""
        return self._unit.dimensionless

    def has_same_unit(self, other: Any) -> bool:
        """Whether the other quantity, unit or plain value has a unit of this dimension, of whatever size.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.mV).has_same_unit(2.0 * u.volt), (3.0 * u.mV).has_same_unit(2.0)
        (True, False)
        """
        unit = other if isinstance(other, Unit) else other._unit if isinstance(other, Arithmetic) else UNITLESS
        return bool(self._unit._dim == unit._dim)

    def is_compatible_with(self, other: Any) -> bool:
        """Whether it can be converted to the unit, or to the unit of the quantity.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.mV).is_compatible_with("volt"), (3.0 * u.mV).is_compatible_with(2.0 * u.ms)
        (True, False)
        """
        if isinstance(other, Arithmetic):
            return bool(self._unit._dim == other._unit._dim)
        unit = as_unit(other) if isinstance(other, (str, Unit)) else UNITLESS
        return bool(self._unit._dim == unit._dim)

    def in_unit(self, unit: Any, err_msg: str | None = None) -> Self:
        """Convert to another unit of the same dimension.

        Parameters
        ----------
        unit
            The unit, or its name.
        err_msg
            Begins the text of the error.

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
        if self._unit._dim != unit._dim:
            if get_registry.cache_info().currsize and (converted := self._in_context(unit)) is not None:
                return converted
            if err_msg is not None:
                raise UnitMismatchError(f"{err_msg} Got {self._unit} and {unit}.", self._unit, unit)
        return self._make(scaled(self._mantissa, self._unit._factor_to(unit, "in_unit")), unit)

    def _by_contexts(self, unit: Unit, *contexts: str, **options: Any) -> Self:
        if unit._dim == self._unit._dim:
            return self.in_unit(unit)
        try:
            found = self._in_context(unit, *contexts, **options)
        except KeyError as error:
            raise ValueError(
                f"the names after a unit must be contexts of u.registry. Got {contexts}. Use 'spectroscopy' or another."
            ) from error
        if found is None:
            raise UnitMismatchError(
                f"`to` must get a unit that the context leads to. Got {unit} for {self._unit} and {contexts}. "
                "See u.registry for the contexts.",
                self._unit,
                unit,
            )
        return found

    def _in_context(self, unit: Unit, *contexts: str, **options: Any) -> Self | None:
        """The quantity in a unit of another dimension by a context of pint, named here or enabled in the registry."""
        theirs = get_registry().Quantity(self._mantissa, self._unit.pint)
        try:
            return self._make(theirs.to(unit.pint, *contexts, **options).magnitude, unit)
        except pint.DimensionalityError:
            return None

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
        if unit._curve is not None and unit._dim == self._unit._dim:
            return as_number(unit._curve.from_base(scaled(self._mantissa, self._unit._scale)))
        return as_number(scaled(self._mantissa, self._unit._factor_to(unit, "to_decimal")))

    m_as = to_decimal

    def to_base_units(self) -> Self:
        """The same quantity in SI base units, as pint names them.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (2.0 * u.km).to_base_units()
        2000.0 m
        """
        return self.in_unit(si_unit(self._unit._dim))

    to_root_units = to_base_units

    def to_reduced_units(self) -> Self:
        """The same quantity with units of one dimension made one, as pint does: ``V / mV`` and ``cm * m``.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.meter * u.cm).to_reduced_units()
        300.0 cm ** 2
        """
        found = get_registry().Quantity(1.0, self._unit.pint).to_reduced_units()
        return self.in_unit(intern(found._units))

    def to_unprefixed(self) -> Self:
        """The same quantity in units without prefixes, as pint does.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (1500.0 * u.mV).to_unprefixed()
        1.5 V
        """
        found = get_registry().Quantity(1.0, self._unit.pint).to_unprefixed()
        return self.in_unit(intern(found._units))

    def factorless(self) -> Self:
        """A number without a scale where there is no dimension; other quantities as they are.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (180.0 * u.degree).factorless()
        3.141592653589...
        """
        return self if self._unit._dim else self.in_unit(UNITLESS)

    def to_compact(self, unit: Any = None) -> Self:
        """The same quantity with the prefix that leaves its largest number between 1 and 1000.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (0.0015 * u.volt).to_compact()
        1.5 mV
        """
        quantity = self if unit is None else self.in_unit(unit)
        largest = torch.as_tensor(quantity._mantissa).abs().max().item() if quantity._numel() else 0.0
        if not largest or not math.isfinite(largest) or not quantity._unit._container:
            return quantity
        registry = get_registry()
        found = registry.Quantity(float(largest), quantity._unit.pint).to_compact()
        return quantity.in_unit(intern(found._units))

    def _numel(self) -> int:
        return self._mantissa.numel() if isinstance(self._mantissa, torch.Tensor) else 1

    def ito(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: a quantity never changes.

        Raises
        ------
        TypeError
            Always.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> q = (1.5 * u.volt).to(u.mV)
        >>> q
        1500.0 mV
        """
        raise TypeError(
            "a quantity must not be converted in place. Got a call of `ito`. Bind the result: q = q.to(unit)."
        )

    ito_base_units = ito_root_units = ito_reduced_units = ito

    def to_tuple(self) -> tuple[Any, tuple[tuple[str, float], ...]]:
        """The number and the powers of units, as pint has them.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (3.0 * u.mV).to_tuple()
        (3.0, (('millivolt', 1.0),))
        """
        return self._mantissa, tuple((name, float(power)) for name, power in self._unit._container.items())

    @classmethod
    def from_tuple(cls, parts: tuple[Any, tuple[tuple[str, float], ...]]) -> Self:
        """The quantity of :meth:`to_tuple`.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> u.Quantity.from_tuple((3.0, (("millivolt", 1),)))
        3.0 mV
        """
        return cls._make(parts[0], intern(dict(parts[1])))

    def check(self, dimension: Any) -> bool:
        """Whether it has this dimension, given as pint does (``"[length]"``) or by a unit.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (1.0 * u.cm).check("[length]"), (1.0 * u.cm).check(u.mV)
        (True, False)
        """
        wanted = dimension.dim if isinstance(dimension, Unit) else get_registry().get_dimensionality(dimension)
        return bool(self.dim == wanted)

    def repr_in_unit(self, precision: int | None = None) -> str:
        """The text, with so many digits after the point.

        Examples
        --------
        >>> import brainstate_torch.units as u
        >>> (3.14159 * u.mV).repr_in_unit(2)
        '3.14 mV'
        """
        return repr(self) if precision is None else format(self, f".{precision}f")
