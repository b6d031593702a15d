"""The one pint registry: names, parsing, dimensions and factors. Nothing here knows about tensors."""

import pint

__all__ = ["registry"]

#: The package's own registry, independent of pint's application registry. Definitions added to it hold everywhere.
registry: pint.UnitRegistry = pint.UnitRegistry()

# What brainunit has and pint lacks.
for _definition in (
    "gregorian_month = gregorian_year / 12",
    "international_acre = 4046.8564224 * meter ** 2",
    "mach = 340.5 * meter / second",
):
    registry.define(_definition)
