"""Names of units: brainunit's, which are a prefix, a base and a power, and besides them every name that pint knows."""

from .unit import Unit, as_unit

__all__ = ["common_names", "symbol_names", "unit_named"]

_PREFIXES = ("", "da", *"yzafpnumcdhkMGTPEZY")
_BASES = """
    amp ampere becquerel candle coulomb farad gram gramme gray henry hertz joule katal kelvin lumen lux meter
    metre mol molar mole newton ohm pascal radian second siemens sievert steradian tesla volt watt weber
"""
_WHOLE = """
    Btu Btu_IT Btu_th Hz IMF MHz acre amu angstrom arcmin arcminute arcsec arcsecond astronomical_unit atm
    atmosphere atomic_mass au bar barrel bbl blob calorie calorie_IT calorie_th carat cm cm2 cm3 day degree dyn
    dyne eV electron_volt erg fermi fluid_ounce fluid_ounce_US fluid_ounce_imp foot gallon gallon_US gallon_imp
    grain hectare horsepower hour hp inch julian_year kHz kcal_per_h kgf kilogram kilogram2 kilogram3
    kilogram_force kilogramme kilogramme2 kilogramme3 kmh knot lb lbf light_year long_ton mA mM mS mV mach
    metric_ton micron mil mile minute mm mm2 mm3 mmHg month mph ms nA nF nM nS nautical_mile ounce oz pA pF parsec
    pica point pound pound_force psi short_ton slinch slug speed_of_sound speed_unit stone survey_foot survey_mile
    ton_TNT torr troy_ounce troy_pound u uA uF uM uS um um2 um3 um_u us week yard year
"""

#: What brainunit means where pint has no such name, or means something else by it.
_MEANINGS = {
    "Btu_IT": "Btu_it",
    "IMF": "eV / angstrom",
    "acre": "international_acre",
    "atomic_mass": "unified_atomic_mass_unit",
    "barrel": "oil_barrel",
    "bbl": "oil_barrel",
    "calorie_IT": "international_calorie",
    "calorie_th": "calorie",
    "electric_constant": "vacuum_permittivity",
    "electronvolt": "electron_volt",
    "fluid_ounce_US": "fluid_ounce",
    "fluid_ounce_imp": "imperial_fluid_ounce",
    "gallon_US": "gallon",
    "gallon_imp": "imperial_gallon",
    "gas_constant": "molar_gas_constant",
    "kcal_per_h": "kilocalorie / hour",
    "kilogramme": "kilogram",
    "kmh": "kilometer / hour",
    "magnetic_constant": "vacuum_permeability",
    "mil": "thou",
    "molar_mass_constant": "unified_atomic_mass_unit * avogadro_constant",
    "month": "gregorian_month",
    "speed_of_sound": "mach",
    "speed_unit": "meter / second",
    "um_u": "unified_atomic_mass_unit",
    "year": "gregorian_year",
    **{f"{prefix}gramme": f"{prefix}gram" for prefix in _PREFIXES},
}


def symbol_names() -> list[str]:
    """The names that brainunit gives to units."""
    powered = [prefix + base + power for prefix in _PREFIXES for base in _BASES.split() for power in ("", "2", "3")]
    return [*powered, *(prefix + base for prefix in _PREFIXES for base in ("liter", "litre")), *_WHOLE.split()]


def common_names() -> list[str]:
    """Those names of units that a person looks for; `symbol_names` has all prefixes and powers of each."""
    return sorted({*_BASES.split(), *_WHOLE.split()})


def unit_named(name: str) -> Unit:
    """The unit of a name such as ``mV``, ``msecond`` or ``cm2``, in brainunit's meaning, else in pint's.

    Raises
    ------
    ValueError
        Neither knows the name.
    """
    try:
        return as_unit(_MEANINGS.get(name, name))
    except ValueError:
        if name[-1] not in "23":
            raise
        return as_unit(_MEANINGS.get(name[:-1], name[:-1])) ** int(name[-1])
