"""Physical units on tensors: ``import brainstate_torch.units as u``.

``u.mV``, ``u.second``, ``u.cm2`` and every other name of a unit that brainunit or pint knows is an attribute of this
module. ``3.0 * u.mV`` makes a quantity, and torch's functions take quantities: see `units.rules`.
"""

from torch import fft, linalg

from . import dispatch as dispatch
from . import math, sparse
from .errors import DimensionMismatchError, UnitMismatchError
from .functions import (
    display_in_unit,
    fail_for_dimension_mismatch,
    fail_for_unit_mismatch,
    get_dim,
    get_magnitude,
    get_mantissa,
    get_unit,
    has_same_unit,
    have_same_dim,
    is_dimensionless,
    is_quantity,
    is_unitless,
    maybe_decimal,
    split_mantissa_unit,
)
from .quantity import Quantity, as_quantity
from .registry import registry
from .symbols import symbol_names, unit_named
from .unit import DIMENSIONLESS, UNITLESS, Dimension, Unit, as_unit

__all__ = [
    "DIMENSIONLESS",
    "UNITLESS",
    "Dimension",
    "DimensionMismatchError",
    "Quantity",
    "Unit",
    "UnitMismatchError",
    "as_quantity",
    "as_unit",
    "display_in_unit",
    "fail_for_dimension_mismatch",
    "fail_for_unit_mismatch",
    "fft",
    "get_dim",
    "get_magnitude",
    "get_mantissa",
    "get_unit",
    "has_same_unit",
    "have_same_dim",
    "is_dimensionless",
    "is_quantity",
    "is_unitless",
    "linalg",
    "math",
    "maybe_decimal",
    "registry",
    "sparse",
    "split_mantissa_unit",
]


def __getattr__(name: str) -> Unit:
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        unit = globals()[name] = unit_named(name)
    except ValueError as error:
        raise AttributeError(f"module {__name__!r} has no attribute and pint no unit {name!r}") from error
    return unit


def __dir__() -> list[str]:
    return sorted({*__all__, *symbol_names()})
