"""The text of a quantity: numpy's and pint's format specifications, HTML."""

import html
import re
from typing import Any

import numpy as np
import torch

from .pint_registry import get_registry
from .unit import UNITLESS, Unit

__all__ = ["as_html", "as_text", "formatted", "wants_compact"]

_SCALAR = re.compile(r"tensor\((-?\d+\.?)(?:(?<=\.)(\d*))?(e[-+]\d+)?\)")
#: A modifier for the number, then pint's for the unit.
_SPEC = re.compile(r"(.*?)(~?)(Lx|[DPLHC]?)(~?)")


def as_text(mantissa: Any, unit: Unit) -> str:
    """The number, a tensor as torch shows it, and the unit."""
    text = repr(mantissa)
    scalar = _SCALAR.fullmatch(text)
    if scalar:
        text = scalar[1] + (scalar[2].rstrip("0") or "0" if scalar[2] is not None else "") + (scalar[3] or "")
    return text if unit is UNITLESS else f"{text} {unit}"


def formatted(mantissa: Any, unit: Unit, spec: str) -> str:
    """The text by a format specification: ``.2f`` for numbers, followed by pint's ``~``, ``P``, ``L``, ``H``, ``C``.

    A ``#``, wherever it stands, is for :func:`wants_compact`.
    """
    parts = _SPEC.fullmatch(spec.replace("#", ""))
    assert parts is not None
    number = _number(mantissa, parts[1])
    modifiers = (parts[2] or parts[4]) + parts[3]
    if unit is UNITLESS:
        return number
    if "L" in modifiers:  # Number and unit are one formula.
        host = _host(mantissa)
        if not isinstance(host, np.ndarray):
            return format(get_registry().Quantity(host, unit.pint), parts[1] + modifiers)
        number += "\\"
    return f"{number} {format(unit.pint, modifiers) if modifiers else unit}"


def wants_compact(spec: str) -> bool:
    """Whether the format asks for the unit whose number is easy to read."""
    return "#" in spec


def _host(mantissa: Any) -> Any:
    """The number, or numpy's array of the tensor."""
    if not isinstance(mantissa, torch.Tensor):
        return mantissa
    return mantissa.detach().cpu().numpy() if mantissa.ndim else mantissa.item()


def _number(mantissa: Any, spec: str) -> str:
    mantissa = _host(mantissa)
    if isinstance(mantissa, np.ndarray):
        return np.array2string(mantissa, formatter={"all": lambda x: format(x, spec)})
    return format(mantissa, spec)


def as_html(mantissa: Any, unit: Unit) -> str:
    """The text for a notebook, with the powers of the unit raised."""
    number = html.escape(as_text(mantissa, UNITLESS))
    return number if unit is UNITLESS else f"{number} {format(unit.pint, '~H')}"
