"""Physical constants as quantities, in SI units, and the sizes of other units: ``u.constants.boltzmann``."""

from .quantity import Quantity
from .symbols import unit_named
from .unit import as_unit

#: brainunit's names, the values of CODATA 2018 as far as they are measured, and the units.
_VALUES = {
    "avogadro": (6.02214076e23, "1 / mol"),
    "boltzmann": (1.380649e-23, "J / K"),
    "electric": (8.8541878128e-12, "F / m"),
    "electron_mass": (9.1093837015e-31, "kg"),
    "elementary_charge": (1.602176634e-19, "C"),
    "faraday": (96485.33212331001, "C / mol"),
    "gas": (8.31446261815324, "J / (mol * K)"),
    "gravitational_constant": (6.6743e-11, "m**3 / (kg * s**2)"),
    "hbar": (1.0545718176461565e-34, "J * s"),
    "magnetic": (1.25663706212e-06, "N / A**2"),
    "molar_mass": (0.00099999999965, "kg / mol"),
    "planck": (6.62607015e-34, "J * s"),
    "speed_of_light": (299792458.0, "m / s"),
    "standard_gravity": (9.80665, "m / s**2"),
    "stefan_boltzmann": (5.670374419184429e-08, "W / (m**2 * K**4)"),
    "zero_celsius": (273.15, "K"),
}

__all__ = list(_VALUES)


def __getattr__(name: str) -> Quantity:
    if name in _VALUES:
        value, unit = _VALUES[name]
        return Quantity(value, as_unit(unit))
    if name.startswith("_"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

    try:
        return Quantity(1.0, unit_named(name)).to_base_units()
    except ValueError as error:
        raise AttributeError(f"module {__name__!r} has no constant and pint no unit {name!r}") from error


def __dir__() -> list[str]:
    return __all__
