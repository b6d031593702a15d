"""Units of derivatives, which are attached here to gradients computed without units."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from ...units import UNITLESS, Quantity, Unit
from ...units._doors import divide_units
from .._core.running import Ran
from .._core.selection import Inputs

__all__ = ["as_derivative", "with_input_units", "with_unit_ratio"]


def as_derivative(x: Any, of: Unit | None, by: Sequence[Unit | None]) -> Any:
    """A derivative with the unit of / (by[0] * by[1] ...); a dimensionless one is plain, its scale folded in."""
    if of is None and not any(by):
        return x
    if isinstance(x, np.ndarray):
        return x
    unit, scale = of or UNITLESS, 1.0
    for divisor in by:
        factor, ratio = divide_units(unit, divisor or UNITLESS)
        scale, unit = scale * factor, ratio or UNITLESS
    x = x if scale == 1.0 else x * scale
    return x if unit is UNITLESS else Quantity._make(x, unit)


def with_unit_ratio(raw: Sequence[Any], inputs: Inputs, ran: Ran) -> list[Any]:
    """unit_aware=True: each gradient in unit(result) / unit(input)."""
    units = ran.units
    if len(units) != 1:
        raise ValueError(
            f"with `unit_aware=True` the function must return exactly one array. Got {len(units)}. "
            "Use `jacrev`, which gives each pair of result and input its own unit."
        )
    return [as_derivative(x, units[0], [unit]) for x, unit in zip(raw, inputs.units, strict=True)]


def with_input_units(raw: Sequence[Any], inputs: Inputs, ran: Ran) -> list[Any]:
    """unit_aware=False: each gradient in the unit of its own input, as brainstate gives it."""
    if inputs.plain:
        return list(raw)
    return [_dressed(x, unit) for x, unit in zip(raw, inputs.units, strict=True)]


def _dressed(x: Any, unit: Unit | None) -> Any:
    return x if unit is None or not isinstance(x, torch.Tensor) else Quantity._make(x, unit)
