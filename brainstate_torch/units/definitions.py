"""What a named unit is: its size and dimension, and how it is read where it has an offset or is logarithmic."""

import math
from typing import Any

from pint.util import UnitsContainer

from . import si
from .curves import Curve, Logarithm, Offset
from .pint_registry import get_registry

__all__ = ["curve_of", "definition"]


def definition(name: str) -> tuple[float, Any]:
    """The size of a named unit in SI base units, and its dimension; most names need no registry of pint."""
    return si.definition(name) or _pints_definition(name)


def _pints_definition(name: str) -> tuple[float, Any]:
    definition = get_registry().Unit(UnitsContainer({name: 1}))
    converter: Any = get_registry()._units[name].converter
    # pint refuses to convert a unit with an offset to base units; its scale is that of differences.
    linear = get_registry()._units[name].is_multiplicative
    size: Any = get_registry().get_base_units(definition)[0] if linear else converter.scale
    return float(size), definition.dimensionality


def curve_of(container: UnitsContainer) -> Curve | None:
    """How numbers in this unit become multiples of another, where that is no mere factor."""
    curved = [name for name in container if si.definition(name) is None and not _pints_unit(name).is_multiplicative]
    if not curved:
        return None
    if len(container) > 1 or container[curved[0]] != 1:
        raise ValueError(
            f"`unit` must stand alone where it has an offset or is logarithmic. Got {dict(container)}. "
            "Use u.kelvin, or u.delta_degC for differences."
        )
    converter: Any = _pints_unit(curved[0]).converter
    if hasattr(converter, "offset"):
        return Offset(float(converter.scale), float(converter.offset))
    return Logarithm(float(converter.scale), math.log(converter.logbase) / float(converter.logfactor))


def _pints_unit(name: str) -> Any:
    return get_registry()._units[name]
