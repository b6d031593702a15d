"""The SI units by name, with their definitions: enough to import the package without building pint's registry."""

from functools import cache

from pint.util import UnitsContainer

__all__ = ["definition", "named", "parsed"]

_SYMBOLS = {
    "yotta": "Y", "zetta": "Z", "exa": "E", "peta": "P", "tera": "T", "giga": "G", "mega": "M", "kilo": "k",
    "hecto": "h", "deca": "da", "": "", "deci": "d", "centi": "c", "milli": "m", "micro": "u", "nano": "n",
    "pico": "p", "femto": "f", "atto": "a", "zepto": "z", "yocto": "y",
}  # fmt: skip

_SIZES = {
    "yotta": 1e24, "zetta": 1e21, "exa": 1e18, "peta": 1e15, "tera": 1e12, "giga": 1e9, "mega": 1e6, "kilo": 1e3,
    "hecto": 1e2, "deca": 1e1, "": 1.0, "deci": 1e-1, "centi": 1e-2, "milli": 1e-3, "micro": 1e-6, "nano": 1e-9,
    "pico": 1e-12, "femto": 1e-15, "atto": 1e-18, "zepto": 1e-21, "yocto": 1e-24,
}  # fmt: skip

_DIMENSIONS = {
    "m": "[length]", "kg": "[mass]", "s": "[time]", "A": "[current]", "K": "[temperature]", "mol": "[substance]",
    "cd": "[luminosity]",
}  # fmt: skip

#: pint's name, the symbol, and the powers of the SI base units.
_BASES = (
    ("meter", "meter", {"m": 1}),
    ("second", "s", {"s": 1}),
    ("ampere", "A", {"A": 1}),
    ("kelvin", "kelvin", {"K": 1}),
    ("mole", "mol", {"mol": 1}),
    ("candela", "candela", {"cd": 1}),
    ("hertz", "Hz", {"s": -1}),
    ("newton", "N", {"kg": 1, "m": 1, "s": -2}),
    ("pascal", "Pa", {"kg": 1, "m": -1, "s": -2}),
    ("joule", "J", {"kg": 1, "m": 2, "s": -2}),
    ("watt", "W", {"kg": 1, "m": 2, "s": -3}),
    ("coulomb", "C", {"A": 1, "s": 1}),
    ("volt", "V", {"kg": 1, "m": 2, "s": -3, "A": -1}),
    ("farad", "F", {"kg": -1, "m": -2, "s": 4, "A": 2}),
    ("ohm", "ohm", {"kg": 1, "m": 2, "s": -3, "A": -2}),
    ("siemens", "S", {"kg": -1, "m": -2, "s": 3, "A": 2}),
    ("weber", "Wb", {"kg": 1, "m": 2, "s": -2, "A": -1}),
    ("tesla", "T", {"kg": 1, "s": -2, "A": -1}),
    ("henry", "H", {"kg": 1, "m": 2, "s": -2, "A": -2}),
    ("lux", "lx", {"cd": 1, "m": -2}),
    ("katal", "kat", {"mol": 1, "s": -1}),
)

#: Units that a product is printed in. Illuminance and catalytic activity have names that few would recognise.
_PRINTED = {base: powers for base, _, powers in _BASES if base not in ("lux", "katal")}


def _dimension(powers: dict[str, int]) -> dict[str, int]:
    return {_DIMENSIONS[base]: power for base, power in powers.items()}


@cache
def _definitions() -> dict[str, tuple[float, dict[str, int]]]:
    return {prefix + base: (size, _dimension(powers)) for prefix, size in _SIZES.items() for base, _, powers in _BASES}


@cache
def _names() -> dict[str, str]:
    names = {name: name for name in _definitions()}
    for prefix, short in _SYMBOLS.items():
        for base, symbol, _ in _BASES:
            names[short + symbol] = names[short + base] = prefix + base
    return names


def definition(name: str) -> tuple[float, dict[str, int]] | None:
    """The size in SI base units and the dimension of a unit by pint's name; None where only pint knows it."""
    return _definitions().get(name)


def parsed(text: str) -> UnitsContainer | None:
    """The unit of a name such as ``mV``; None where pint has to read the text."""
    name = _names().get(text)
    return None if name is None else UnitsContainer({name: 1})


@cache
def _by_dimension() -> dict[UnitsContainer, tuple[str, float]]:
    symbols = {base: symbol for base, symbol, _ in _BASES} | {"meter": "m", "kelvin": "K", "candela": "cd"}
    found = {UnitsContainer(_dimension(powers)): (symbols[base], 1.0) for base, powers in _PRINTED.items()}
    found[UnitsContainer({"[substance]": 1, "[length]": -3})] = ("M", 1e3)
    return found


def named(scale: float, dimension: UnitsContainer) -> str | None:
    """The name of the SI unit with this size and dimension: ``uA`` for ``mV * mS``."""
    symbol, size = _by_dimension().get(UnitsContainer(dimension), ("", 1.0))
    if not symbol:
        return None
    ratio = scale / size
    return next((_SYMBOLS[p] + symbol for p, step in _SIZES.items() if abs(ratio / step - 1) < 1e-9), None)
