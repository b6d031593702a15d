"""What transforms need to strip units from arguments and to attach them to results."""

from typing import Any

from .quantity import Quantity
from .unit import UNITLESS, Folded, Unit

__all__ = ["attach", "detach", "divide_units"]


def detach(value: Any) -> tuple[Any, Unit]:
    """The mantissa and the unit of a quantity; a plain value has the unit of numbers."""
    return (value._mantissa, value._unit) if isinstance(value, Quantity) else (value, UNITLESS)


def divide_units(out: Unit, in_: Unit) -> Folded:
    """The unit of a derivative: (1.0, unit), or (factor, None) where it is a plain number. Computed once per pair."""
    return out._over(in_)._folded


def attach(mantissa: Any, unit: Unit | None) -> Any:
    """The quantity of a mantissa and a unit; the mantissa itself where there is none."""
    return mantissa if unit is None or unit is UNITLESS else Quantity._make(mantissa, unit)
