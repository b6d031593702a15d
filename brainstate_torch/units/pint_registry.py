"""The one pint registry: names, parsing, dimensions and factors. Nothing here knows about tensors."""

from functools import cache

import pint

__all__ = ["get_registry"]


@cache
def get_registry() -> pint.UnitRegistry:
    """The package's own registry, independent of pint's application registry; built at the first call.

    Building it takes as long as a sixth of torch's import, which a program without unusual units does not need.
    """
    registry: pint.UnitRegistry = pint.UnitRegistry()
    # What brainunit has and pint lacks.
    for definition in (
        "gregorian_month = gregorian_year / 12",
        "international_acre = 4046.8564224 * meter ** 2",
        "mach = 340.5 * meter / second",
    ):
        registry.define(definition)
    return registry
