"""The relative exponential, which rate equations of ion channels divide by."""

from typing import Any

import torch

from .. import environ
from .creation import asarray
from .descriptions import described
from .quantity import as_quantity

__all__ = ["exprel", "exprel_of", "set_exprel_order"]

_ORDER = [6]


@described
def exprel(x: Any, *, unit_to_scale: Any = None) -> Any:
    """``(exp(x) - 1) / x``, exact and differentiable at zero too.

    Parameters
    ----------
    x
        A plain value.
    unit_to_scale
        Where `x` is a quantity: the unit to count it in.

    Raises
    ------
    UnitMismatchError
        `x` has a dimension, and no unit or one of another dimension is given.

    Notes
    -----
    Source: brainunit.math.exprel (0.5.2). Differs: six terms of the series near zero, or as many as
    :func:`set_exprel_order` says.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.exprel(0.0), u.math.exprel(1.0 * u.mV, unit_to_scale=u.mV)
    (tensor(1.), tensor(1.7183))
    """
    value = asarray(as_quantity(x).to_decimal(unit_to_scale))
    return exprel_of(value if value.is_floating_point() or value.is_complex() else value.to(environ.dftype()))


@described
def set_exprel_order(order: int) -> None:
    """Let :func:`exprel` take so many terms of its series near zero; six are exact in 64 bit.

    Raises
    ------
    ValueError
        `order` is no positive integer.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.set_exprel_order(6)
    """
    if not isinstance(order, int) or order < 1:
        raise ValueError(f"`order` must be a positive integer. Got {order!r}. Use 6, the usual one.")
    _ORDER[0] = order


def exprel_of(value: torch.Tensor) -> torch.Tensor:
    """:func:`exprel` of a floating tensor."""
    small = value.abs() < 1e-2
    one = value.new_ones(())
    series = one
    for order in range(_ORDER[0], 1, -1):
        series = torch.addcmul(one, value, series, value=1.0 / order)
    # A branch that divides by zero would put a NaN into the gradient of the other one.
    away = torch.where(small, 1.0, value)
    return torch.where(small, series, torch.expm1(away) / away)
