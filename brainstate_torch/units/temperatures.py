"""Temperatures on the scales of Celsius and Fahrenheit."""

from typing import Any

from .quantity import Quantity, as_quantity
from .unit import as_unit

__all__ = ["celsius2kelvin", "fahrenheit2kelvin", "kelvin2celsius", "kelvin2fahrenheit"]


def celsius2kelvin(celsius: Any) -> Quantity:
    """A temperature from its number of degrees Celsius.

    Parameters
    ----------
    celsius
        The number, ``[*N]``.

    Returns
    -------
    Quantity
        The temperature, in kelvin.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.celsius2kelvin(25.0)
    298.15 K
    """
    return Quantity(celsius, as_unit("degC"))


def fahrenheit2kelvin(fahrenheit: Any) -> Quantity:
    """A temperature from its number of degrees Fahrenheit.

    Parameters
    ----------
    fahrenheit
        The number, ``[*N]``.

    Returns
    -------
    Quantity
        The temperature, in kelvin.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> f"{u.fahrenheit2kelvin(77.0):.2f}"
    '298.15 K'
    """
    return Quantity((Quantity(fahrenheit)._plain("fahrenheit2kelvin") - 32.0) * (5.0 / 9.0) + 273.15, as_unit("kelvin"))


def kelvin2celsius(value: Any) -> Any:
    """The number of degrees Celsius of a temperature.

    Parameters
    ----------
    value
        The temperature, ``[*N]``.

    Returns
    -------
    Tensor or float
        The number.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.kelvin2celsius(298.15 * u.kelvin)
    25.0
    """
    return as_quantity(value).to_decimal(as_unit("kelvin")) - 273.15


def kelvin2fahrenheit(value: Any) -> Any:
    """The number of degrees Fahrenheit of a temperature.

    Parameters
    ----------
    value
        The temperature, ``[*N]``.

    Returns
    -------
    Tensor or float
        The number.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> round(u.kelvin2fahrenheit(298.15 * u.kelvin), 6)
    77.0
    """
    return kelvin2celsius(value) * 1.8 + 32.0
