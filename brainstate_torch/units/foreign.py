"""Quantities of other packages, recognised by their attributes: pint's of any registry, brainunit's and saiunit's."""

from typing import Any

import numpy as np
import pint
import torch

from .._arrays import SCALARS
from .unit import Unit, as_unit, is_foreign_unit, of_foreign_unit

__all__ = ["is_foreign", "parts"]


def is_foreign(x: Any) -> bool:
    """Whether it is a quantity of pint, brainunit or saiunit."""
    return isinstance(x, pint.Quantity) or (hasattr(x, "mantissa") and is_foreign_unit(getattr(x, "unit", None)))


def parts(x: Any) -> tuple[Any, Unit]:
    """The mantissa and the unit of a foreign quantity; a JAX array is copied, since it must never change."""
    if isinstance(x, pint.Quantity):
        return x.magnitude, as_unit(x.units)
    mantissa, (factor, unit) = x.mantissa, of_foreign_unit(x.unit)
    if not isinstance(mantissa, (torch.Tensor, np.ndarray, np.generic, *SCALARS)):
        mantissa = torch.utils.dlpack.from_dlpack(mantissa).clone()
    return (mantissa if factor == 1.0 else mantissa * factor), unit
