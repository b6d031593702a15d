"""Decorators that check or set the units of a function's arguments and results."""

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

import torch

from .creation import asarray
from .descriptions import described
from .dimension import Dimension
from .errors import DimensionMismatchError, UnitMismatchError
from .functions import get_dim, get_mantissa, get_unit, is_quantity
from .quantity import Quantity, as_quantity
from .unit import UNITLESS, Unit, as_unit

__all__ = ["assert_quantity", "assign_units", "check_dims", "check_units"]

F = TypeVar("F", bound=Callable[..., Any])


def _spread(wanted: Any, value: Any, check: Callable[[Any, Any, str], Any], name: str) -> Any:
    """Apply the check along lists and dicts of units; None stands for anything."""
    if wanted is None or value is None:
        return value
    if isinstance(wanted, dict):
        return {key: _spread(wanted.get(key), item, check, name) for key, item in value.items()}
    if isinstance(wanted, (list, tuple)):
        return type(value)(_spread(each, item, check, name) for each, item in zip(wanted, value, strict=True))
    return check(wanted, value, name)


def _guarded(
    units: dict[str, Any], check: Callable[[Any, Any, str], Any], check_result: Callable[[Any, Any, str], Any]
) -> Callable[[F], F]:
    result_units = units.pop("result", None)

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        unknown = units.keys() - signature.parameters.keys()
        if unknown:
            raise TypeError(
                f"units must be given for parameters of `{function.__name__}`. Got `{min(unknown)}`. "
                f"It has {', '.join(signature.parameters)}."
            )

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            bound = signature.bind(*args, **kwargs)
            for name, wanted in units.items():
                if name in bound.arguments:
                    bound.arguments[name] = _spread(wanted, bound.arguments[name], check, name)
            result = function(*bound.args, **bound.kwargs)
            wanted = result_units(*bound.args, **bound.kwargs) if _is_rule(result_units) else result_units
            return _spread(wanted, result, check_result, "result")

        return call  # type: ignore[return-value]

    return decorate


def _is_rule(wanted: Any) -> bool:
    return callable(wanted) and not isinstance(wanted, (Unit, type))


def _dimension(wanted: Any) -> Dimension:
    return wanted if isinstance(wanted, Dimension) else get_dim(_unit(wanted))


def _unit(wanted: Any) -> Unit:
    return UNITLESS if wanted in (1, bool) else as_unit(wanted)


def _checked_dimension(wanted: Any, value: Any, name: str) -> Any:
    if wanted is bool:
        return _checked_bool(value, name)
    if get_dim(value) != _dimension(wanted):
        raise DimensionMismatchError(
            f"`{name}` must have the dimension {_dimension(wanted) or 'of a number'}. Got {get_unit(value)}. "
            "Convert it first.",
            get_unit(value),
        )
    return value


def _checked_unit(wanted: Any, value: Any, name: str) -> Any:
    if wanted is bool:
        return _checked_bool(value, name)
    if get_unit(value) != _unit(wanted):
        raise UnitMismatchError(
            f"`{name}` must be in {_unit(wanted)}. Got {get_unit(value)}. Convert it first: q.to(unit).",
            _unit(wanted),
            get_unit(value),
        )
    return value


def _checked_bool(value: Any, name: str) -> Any:
    is_bool = isinstance(value, bool) or getattr(value, "dtype", None) in (torch.bool, bool)
    if not is_bool:
        raise TypeError(f"`{name}` must be a bool. Got {type(value).__name__}. Compare it with something.")
    return value


def check_dims(**au: Any) -> Callable[[F], F]:
    """A decorator: check the dimensions of arguments, and of the result.

    Parameters
    ----------
    **au
        The dimension, or a unit that has it, of each parameter that is to be checked, by its name; ``result`` is the
        result's, or a function of the arguments that gives it. None, and a parameter that is not named, stand for any.

    Returns
    -------
    Callable
        The decorator.

    Raises
    ------
    DimensionMismatchError
        At a call: an argument or the result has another dimension.

    Notes
    -----
    Source: brainunit.check_dims (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> @u.check_dims(I=u.amp.dim, R=u.ohm.dim, result=u.volt.dim)
    ... def voltage(I, R):
    ...     return I * R
    >>> voltage(2.0 * u.mA, 3.0 * u.ohm)
    6.0 mV
    """
    return _guarded(au, _checked_dimension, _checked_dimension)


def check_units(**au: Any) -> Callable[[F], F]:
    """A decorator: check the units of arguments, and of the result.

    Parameters
    ----------
    **au
        The unit of each parameter that is to be checked, by its name; ``result`` is the result's, or a function of the
        arguments that gives it. 1 is the unit of plain values. None, and a parameter that is not named, stand for any.

    Returns
    -------
    Callable
        The decorator.

    Raises
    ------
    UnitMismatchError
        At a call: an argument or the result has another unit.

    Notes
    -----
    Source: brainunit.check_units (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> @u.check_units(I=u.mA, result=u.mV)
    ... def voltage(I, R):
    ...     return I * R
    >>> voltage(2.0 * u.mA, 3.0 * u.ohm)
    6.0 mV
    """
    return _guarded(au, _checked_unit, _checked_unit)


def _stripped(wanted: Any, value: Any, name: str) -> Any:
    return (
        value
        if wanted is bool
        else as_quantity(value).to_decimal(_unit(wanted))
        if is_quantity(value)
        else _plain(wanted, value, name)
    )


def _plain(wanted: Any, value: Any, name: str) -> Any:
    if not _unit(wanted).is_unitless:
        raise UnitMismatchError(
            f"`{name}` must be a quantity that can be counted in {_unit(wanted)}. Got a plain value. "
            f"Multiply it by its unit: x * u.{_unit(wanted)}.",
            _unit(wanted),
        )
    return value


def _attached(wanted: Any, value: Any, name: str) -> Any:
    if wanted is bool or _unit(wanted).is_unitless:
        return value
    return as_quantity(value).in_unit(_unit(wanted)) if is_quantity(value) else Quantity(value, _unit(wanted))


def assign_units(f: Callable[..., Any] | None = None, **au: Any) -> Any:
    """A decorator: the function sees plain numbers, counted in the given units, and its result gets a unit.

    Parameters
    ----------
    f
        The function; leave it out to use this with units, as a decorator.
    **au
        The unit to count each parameter in, by its name, and the unit of the ``result``, or a function of the plain
        arguments that gives it. 1 is the unit of plain values; a parameter that is not named is not converted.

    Returns
    -------
    Callable
        The decorated function, or the decorator. Its attribute ``without_result_units`` is the same function with a
        plain result.

    Raises
    ------
    UnitMismatchError
        At a call: an argument cannot be counted in its unit.

    Notes
    -----
    Source: brainunit.assign_units (0.5.2).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> @u.assign_units(I=u.mA, R=u.ohm, result=u.mV)
    ... def voltage(I, R):
    ...     return I * R
    >>> voltage(2.0 * u.mA, 0.003 * u.kohm)
    6.0 mV
    """

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        with_units = _guarded(dict(au), _stripped, _attached)(function)
        plain = _guarded({key: unit for key, unit in au.items() if key != "result"}, _stripped, _attached)(function)
        with_units.without_result_units = plain  # type: ignore[attr-defined]
        return with_units

    return decorate if f is None else decorate(f)


@described
def assert_quantity(q: Any, mantissa: Any, unit: Any = None) -> None:
    """Raise unless the quantity has this mantissa, within 1e-5, and this unit.

    Parameters
    ----------
    q
        A quantity, or a plain value.
    mantissa
        The numbers that are expected.
    unit
        The unit that is expected; None for a plain value.

    Raises
    ------
    AssertionError
        The unit or a number differs.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.assert_quantity(3.0 * u.mV, 3.0, u.mV)
    """
    expected = as_unit(unit)
    if get_unit(q) != expected:
        raise AssertionError(f"`q` must be in {expected}. Got {get_unit(q)}.")
    found = asarray(get_mantissa(q))
    wanted = asarray(mantissa).to(found.device)
    torch.testing.assert_close(found, wanted.to(found.dtype).expand(found.shape), equal_nan=True)
