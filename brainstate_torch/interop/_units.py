"""Units of brainunit for ours."""

import functools
from typing import Any

from .. import units as u
from ..units import Unit, as_unit
from ._extras import extra

__all__ = ["brain_unit"]

_BASES = ("length", "mass", "time", "current", "temperature", "substance", "luminosity")


@functools.lru_cache(maxsize=4096)
def brain_unit(unit: Unit) -> tuple[float, Any]:
    """The unit of brainunit that equals ours, and a factor for the numbers: 1, unless brainunit has no such unit.

    Units of ours with equal names are one object and equal ones have equal numbers, so the answer is kept.
    """
    brainunit = extra("brainunit", "jax")
    found = None
    for name, power in u.Quantity(1.0, unit).to_tuple()[1]:
        part = _named(str(Unit(name)))
        if part is None or part.factor != 1.0:
            return _in_si(unit)
        part = part**power
        found = part if found is None else found * part
    found = brainunit.UNITLESS if found is None else found
    return (1.0, found) if _agrees(found, unit) else _in_si(unit)


def _named(symbol: str) -> Any:
    found = getattr(extra("brainunit", "jax"), symbol, None)
    return found if type(found).__name__ == "Unit" and _agrees(found, as_unit(symbol)) else None


def _agrees(theirs: Any, ours: Unit) -> bool:
    same_size = abs(float(theirs.magnitude) / ours.magnitude - 1.0) < 1e-9
    return same_size and [float(x) for x in theirs.dim._dims] == _exponents(ours)


def _exponents(unit: Unit) -> list[float]:
    return [float(unit.dim.get(f"[{name}]", 0)) for name in _BASES]


def _in_si(unit: Unit) -> tuple[float, Any]:
    brainunit = extra("brainunit", "jax")
    return unit.magnitude, brainunit.Unit(brainunit.get_or_create_dimension(_exponents(unit)))
