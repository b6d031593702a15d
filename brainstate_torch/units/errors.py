"""Unit errors: children of pint's DimensionalityError, and so of TypeError, whose message names the cure."""

from typing import Any

import pint

__all__ = ["DimensionMismatchError", "UnitMismatchError"]


class DimensionMismatchError(pint.DimensionalityError):
    """Two values, or a value and a unit, measure different things.

    Parameters
    ----------
    message
        The whole text of the error.
    units1, units2
        The units that were seen, for programs that catch the error.

    Notes
    -----
    Source: brainunit.DimensionMismatchError (0.5.2). Differs: is a ``pint.DimensionalityError``, hence a TypeError.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fail_for_dimension_mismatch(1.0 * u.mV, 1.0 * u.ms)
    Traceback (most recent call last):
    brainstate_torch.units.errors.DimensionMismatchError: both values must have one dimension. Got mV and ms.
    """

    def __init__(self, message: str, units1: Any = "", units2: Any = "") -> None:
        super().__init__(units1, units2)
        self.message = message

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.units1, self.units2)


class UnitMismatchError(DimensionMismatchError):
    """An operation was given units that it cannot bring together.

    Parameters
    ----------
    message
        The text.
    units1, units2
        The two units, for code that handles the error.

    Notes
    -----
    Source: brainunit.UnitMismatchError (0.5.2). Differs: is a ``pint.DimensionalityError``, hence a TypeError.

    Examples
    --------
    >>> import pint
    >>> import brainstate_torch.units as u
    >>> try:
    ...     1.0 * u.mV + 1.0 * u.ms
    ... except pint.DimensionalityError as error:
    ...     print(error)
    `add` must get one common dimension. Got mV and ms. Convert one of them, or divide by a unit first: q / u.mV.
    """
