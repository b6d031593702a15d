"""Physical units on tensors: ``import brainstate_torch.units as u``.

``u.mV``, ``u.second``, ``u.cm2`` and every other name of a unit that brainunit or pint knows is an attribute.
"""

from . import dispatch
from .errors import DimensionMismatchError, UnitMismatchError
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
    "registry",
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
    return sorted({*globals(), *symbol_names()})
