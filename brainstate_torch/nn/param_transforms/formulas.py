"""Formulas that several transforms share."""

from typing import Any

import numpy as np
import torch

from ...units import is_quantity
from ...units import math as um
from ...units.unit import UNITLESS

__all__ = ["as_bound", "capped_exp", "counted", "held", "inverse_softplus", "log_det", "logit", "with_unit"]

#: exp is constant from here on, so that a large step of an optimizer gives no infinity.
_LARGEST_EXPONENT = 20.0


def as_bound(x: Any) -> Any:
    """A bound as a number, a tensor or a quantity."""
    if isinstance(x, np.generic):
        return x.item()
    return um.asarray(x) if isinstance(x, (np.ndarray, list, tuple)) else x


def counted(x: Any, unit: Any) -> Any:
    """The plain number of a value in a unit."""
    return x.to_decimal(unit) if is_quantity(x) else x


def with_unit(x: Any, unit: Any) -> Any:
    """A plain number as a value in a unit; still plain without one."""
    return x if unit is UNITLESS else x * unit


def held(x: Any, lower: Any, upper: Any) -> Any:
    """The value, held between bounds; the slope at a bound is one half, as in JAX."""
    if lower is not None:
        x = um.maximum(x, lower)
    return x if upper is None else um.minimum(x, upper)


def capped_exp(x: Any) -> Any:
    """exp, constant where it is very large."""
    return torch.exp(held(x, None, _LARGEST_EXPONENT))


def inverse_softplus(y: Any) -> Any:
    """``log(exp(y) - 1)``, without overflow."""
    return y + torch.log(-torch.expm1(-y))


def logit(y: Any) -> Any:
    """The inverse of sigmoid."""
    return torch.log(y / (1 - y))


def log_det(slopes: Any) -> Any:
    """The sum of logarithmic slopes along the last axis, if there is one."""
    return slopes.sum(-1) if slopes.ndim else slopes
