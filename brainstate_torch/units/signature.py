"""Signatures: what a function does to units, as a line of text.

``"input=a, other=b -> a*b"`` reads: the first argument, or the keyword `input`, has some unit a, the second a unit b,
the result has their product. A parameter with a letter that is already taken is converted to that unit; ``weight=c/a``
is converted to the quotient. A parameter without ``=`` and every one that is not listed needs plain values.
``*tensors=a`` takes all remaining arguments; a list as argument has one unit throughout, or one each:
``tensors=a:b:c``. Several results are separated by commas, and ``1`` is a plain value. ``input|x=a`` gives two names to
one parameter.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from .errors import UnitMismatchError
from .unit import UNITLESS, Folded, Unit

__all__ = ["ANY", "Powers", "Scaling", "Signature", "check_in_place", "parse"]

#: The powers of the letters in an expression such as ``a*b^2/c``.
Powers = dict[str, float]


class _Any:
    """The unit of a number that is the same value in each: 0, an infinity, NaN."""


ANY = _Any()

Found = Unit | _Any | None

#: Keywords that torch takes for one and the same parameter.
_SPELLINGS = {"input": ("input", "self", "a", "x", "x1", "A"), "other": ("other", "x2")}


class Scaling(NamedTuple):
    """What to multiply each value with before the call, and the units of the results after it."""

    factors: tuple[float, ...]
    results: tuple[Folded, ...]


class Signature:
    """One parsed line, and the plans that were made from it."""

    __slots__ = ("_scalings", "names", "parameters", "results", "variadic")

    def __init__(self, text: str) -> None:
        left, _, right = text.partition("->")
        self.parameters: list[list[Powers] | None] = []
        self.names: dict[str, int] = {}
        self.variadic = False
        for position, item in enumerate(filter(None, map(str.strip, left.split(",")))):
            names, _, expression = item.partition("=")
            self.variadic = names.startswith("*")
            self.parameters.append([_powers(part) for part in expression.split(":")] if expression else None)
            for spelling in names.lstrip("*").split("|"):
                self.names.update(dict.fromkeys(_SPELLINGS.get(spelling, (spelling,)), position))
        self.results = [_powers(part) for part in right.split(",")]
        self._scalings: dict[Any, Scaling] = {}

    def expressions(self, key: int | str) -> list[Powers] | None:
        """The expressions of an argument, by position or keyword; None where it needs plain values."""
        position = self.names.get(key) if isinstance(key, str) else key
        if position is None:
            return None
        last = len(self.parameters) - 1
        if self.variadic and position >= last:
            found = self.parameters[last]
            return found and found[min(position - last, len(found) - 1) :]
        return self.parameters[position] if position <= last else None

    def scaling(self, wanted: list[Powers], units: list[Found], name: str) -> Scaling:
        """The scaling for values in these units, each of which the signature gives an expression; made once."""
        key = (*map(id, wanted), *map(id, units))
        found = self._scalings.get(key)
        if found is None:
            found = self._scalings[key] = self._made(wanted, units, name)
        return found

    def _made(self, wanted: list[Powers], units: list[Found], name: str) -> Scaling:
        letters: dict[str, Unit | None] = {}
        for powers, unit in zip(wanted, units, strict=True):
            if len(powers) == 1 and next(iter(powers.values())) == 1 and not isinstance(unit, _Any):
                letters.setdefault(next(iter(powers)), unit)
        factors = []
        for powers, unit in zip(wanted, units, strict=True):
            target = _evaluated(powers, letters) or UNITLESS
            factors.append(1.0 if isinstance(unit, _Any) else (unit or UNITLESS)._factor_to(target, name))
        return Scaling(tuple(factors), tuple(_result(powers, letters) for powers in self.results))


def _powers(text: str) -> Powers:
    powers: Powers = {}
    for sign, letter, exponent in re.findall(r"([*/]?)([a-z])(?:\^([-.\d]+))?", text):
        powers[letter] = powers.get(letter, 0) + (-1 if sign == "/" else 1) * float(exponent or 1)
    return powers


def _evaluated(powers: Powers, letters: dict[str, Unit | None]) -> Unit | None:
    """The unit of an expression; None where only plain values enter."""
    units = [unit**power for letter, power in powers.items() if (unit := letters.get(letter)) is not None]
    if not units:
        return None
    total = UNITLESS
    for unit in units:
        total = total * unit
    return total


def _result(powers: Powers, letters: dict[str, Unit | None]) -> Folded:
    unit = _evaluated(powers, letters)
    if unit is None:
        return 1.0, None
    kept = len(powers) == 1 and next(iter(powers.values())) == 1
    return (1.0, unit) if kept else unit._folded


parse = lru_cache(maxsize=1024)(Signature)


def check_in_place(scaling: Scaling, unit: Unit | None, name: str) -> None:
    """Raise where an in-place function would have to change the unit of what it writes to."""
    factor, result = scaling.results[0]
    if (result or UNITLESS) != (unit or UNITLESS) or factor != 1.0:
        raise UnitMismatchError(
            f"`{name}` must keep the unit of what it writes to. Got {unit or 'a plain tensor'}, and a result in "
            f"{result or 'plain numbers'}. Use the function without the underscore and bind its result.",
            unit,
            result,
        )
