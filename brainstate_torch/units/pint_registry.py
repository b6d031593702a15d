"""The one pint registry: names, parsing, dimensions and factors. Nothing here knows about tensors."""

import functools
from collections.abc import Callable
from functools import cache
from typing import Any

import pint

__all__ = ["get_registry"]


class Registry(pint.UnitRegistry):
    """pint's registry, whose decorators `wraps` and `check` take the quantities of this package, too."""

    def wraps(self, ret: Any, args: Any, strict: bool = True) -> Callable[..., Any]:
        """As pint's: the function sees plain numbers in the units of `args`, and its result gets the unit `ret`."""
        return _taking_ours(super().wraps(ret, args, strict), self)

    def check(self, *args: Any) -> Callable[..., Any]:
        """As pint's: the arguments must have these dimensions."""
        return _taking_ours(super().check(*args), self)


def _taking_ours(decorate: Callable[..., Any], registry: Any) -> Callable[..., Any]:
    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        inner = decorate(function)

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            ours = next((x for x in (*args, *kwargs.values()) if hasattr(x, "to_decimal")), None)
            if ours is None:
                return inner(*args, **kwargs)
            theirs = {name: _theirs(value, registry) for name, value in kwargs.items()}
            result = inner(*(_theirs(value, registry) for value in args), **theirs)
            if isinstance(result, registry.Quantity):
                return type(ours)(result.magnitude, str(result.units))
            return result

        return call

    return decorated


def _theirs(value: Any, registry: Any) -> Any:
    """A quantity of this package as one of pint, with the same mantissa."""
    return registry.Quantity(value.mantissa, value.unit.pint) if hasattr(value, "to_decimal") else value


@cache
def get_registry() -> pint.UnitRegistry:
    """The package's own registry, independent of pint's application registry; built at the first call.

    Building it takes as long as a sixth of torch's import, which a program without unusual units does not need.
    """
    registry: pint.UnitRegistry = Registry()
    # What brainunit has and pint lacks.
    for definition in (
        "gregorian_month = gregorian_year / 12",
        "international_acre = 4046.8564224 * meter ** 2",
        "mach = 340.5 * meter / second",
    ):
        registry.define(definition)
    return registry
