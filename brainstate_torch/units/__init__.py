"""Physical units on tensors: ``import brainstate_torch.units as u``.

``u.mV``, ``u.second``, ``u.cm2`` and every other name of a unit that brainunit or pint knows is an attribute of this
module. ``3.0 * u.mV`` makes a quantity, and torch's functions take quantities: see `units.rules`.
"""

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from . import autograd, constants, fft, lax, linalg, math, sparse, testing
from . import dispatch as dispatch
from .array_questions import is_numpy_array, is_scalar_type, is_torch_array
from .creation import array_with_unit
from .decorators import assert_quantity, assign_units, check_dims, check_units
from .dimension import DIMENSIONLESS, Dimension
from .errors import DimensionMismatchError, UnitMismatchError
from .functions import (
    display_in_unit,
    fail_for_dimension_mismatch,
    fail_for_unit_mismatch,
    get_dim,
    get_dim_for_display,
    get_magnitude,
    get_mantissa,
    get_or_create_dimension,
    get_unit,
    has_same_unit,
    have_same_dim,
    is_dimensionless,
    is_quantity,
    is_unit_equal_math,
    is_unitless,
    maybe_decimal,
    split_mantissa_unit,
    unit_scale_align_to_first,
)
from .pint_registry import get_registry
from .plotting import enable_matplotlib_support
from .quantity import Quantity, as_quantity
from .symbols import common_names as _common_names
from .symbols import unit_named
from .temperatures import celsius2kelvin, fahrenheit2kelvin, kelvin2celsius, kelvin2fahrenheit
from .unit import UNITLESS, Unit, add_standard_unit, as_unit

if TYPE_CHECKING:
    from . import typing

parse_unit = as_unit

__all__ = [
    "DIMENSIONLESS",
    "UNITLESS",
    "Dimension",
    "DimensionMismatchError",
    "Quantity",
    "Unit",
    "UnitMismatchError",
    "add_standard_unit",
    "array_with_unit",
    "as_quantity",
    "as_unit",
    "assert_quantity",
    "assign_units",
    "autograd",
    "celsius2kelvin",
    "check_dims",
    "check_units",
    "constants",
    "display_in_unit",
    "enable_matplotlib_support",
    "fahrenheit2kelvin",
    "fail_for_dimension_mismatch",
    "fail_for_unit_mismatch",
    "fft",
    "get_dim",
    "get_dim_for_display",
    "get_magnitude",
    "get_mantissa",
    "get_or_create_dimension",
    "get_unit",
    "has_same_unit",
    "have_same_dim",
    "is_dimensionless",
    "is_numpy_array",
    "is_quantity",
    "is_scalar_type",
    "is_torch_array",
    "is_unit_equal_math",
    "is_unitless",
    "kelvin2celsius",
    "kelvin2fahrenheit",
    "lax",
    "linalg",
    "math",
    "maybe_decimal",
    "parse_unit",
    "sparse",
    "split_mantissa_unit",
    "testing",
    "typing",
    "unit_scale_align_to_first",
]


if "matplotlib.units" in sys.modules:
    enable_matplotlib_support(sys.modules["matplotlib.units"])

#: Names by which brainunit chooses among several libraries of arrays.
_BACKENDS = frozenset({
    "BackendError", "CustomArray", "custom_array", "get_default_backend", "set_default_backend", "using_backend",
    "is_cupy_array", "is_dask_array", "is_jax_array", "is_ndonnx_array", "maybe_custom_array",
    "maybe_custom_array_tree",
})  # fmt: skip


def __getattr__(name: str) -> Any:
    if name == "registry":
        return get_registry()
    if name == "typing":
        return import_module(f"{__name__}.typing")
    if name in _BACKENDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}. Quantities hold tensors, nothing else.")
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        unit = globals()[name] = unit_named(name)
    except ValueError as error:
        raise AttributeError(f"module {__name__!r} has no attribute and pint no unit {name!r}") from error
    return unit


def __dir__() -> list[str]:
    return sorted({*__all__, *_common_names()})
