"""Quantities of other packages, recognised by their looks: pint's of any registry, brainunit's and saiunit's."""

import math
from typing import Any

import numpy as np
import pint
import torch

from .._arrays import SCALARS
from .unit import Unit, as_unit, intern

__all__ = ["is_foreign", "is_foreign_unit", "parts", "unit_of"]

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
_PACKAGES = ("brainunit", "saiunit")


def _of_brainunit(x: Any) -> bool:
    return type(x).__module__.split(".")[0] in _PACKAGES


def is_foreign(x: Any) -> bool:
    """Is it a quantity of pint, brainunit or saiunit?"""
    return isinstance(x, pint.Quantity) or (_of_brainunit(x) and hasattr(x, "mantissa") and hasattr(x, "unit"))


def is_foreign_unit(x: Any) -> bool:
    """Is it a unit of brainunit or saiunit?"""
    return _of_brainunit(x) and hasattr(x, "magnitude") and hasattr(x, "dim")


def parts(x: Any) -> tuple[Any, Unit]:
    """The mantissa and the unit of a foreign quantity; a JAX array comes over without a copy."""
    if isinstance(x, pint.Quantity):
        return x.magnitude, as_unit(x.units)
    mantissa, unit = x.mantissa, _named(x.unit)
    is_host = isinstance(mantissa, SCALARS) or isinstance(mantissa, (np.ndarray, np.generic))
    mantissa = mantissa if is_host else torch.from_dlpack(mantissa)
    return (mantissa, unit) if unit else (mantissa * float(x.unit.magnitude), _base(x.unit))


def unit_of(unit: Any) -> Unit:
    """The unit that a unit of brainunit or saiunit is.

    Raises
    ------
    ValueError
        pint has no unit of that size and name.
    """
    named = _named(unit)
    if named is None:
        raise ValueError(f"`unit` must have a name that pint knows. Got {unit}. Use SI units, or u.Unit with a text.")
    return named


def _base(unit: Any) -> Unit:
    return intern({name: unit.dim.get_dimension(symbol) for symbol, name in _BASES.items()})


def _named(unit: Any) -> Unit | None:
    base = _base(unit)
    try:
        named = base if str(unit) == "1" else as_unit(str(unit).replace("^", "**"))
    except ValueError:
        named = base
    same = named.dim == base.dim and math.isclose(named.magnitude, unit.magnitude, rel_tol=1e-6)
    return named if same else None
