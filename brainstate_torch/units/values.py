"""What may stand beside a quantity or become one: numbers, tensors, numpy arrays, lists, foreign quantities."""

from typing import Any

import numpy as np
import torch

from .. import environ
from .._arrays import SCALARS, as_tensor, from_numpy
from . import foreign
from .unit import UNITLESS, Unit, absolute, as_unit, is_foreign_unit, scaled

__all__ = ["absolute", "fits_any_unit", "is_array", "like", "operand", "parts_of", "scaled"]


def fits_any_unit(x: Any) -> bool:
    """Whether this is a Python number that is the same value in every unit: 0, an infinity, NaN."""
    return isinstance(x, (int, float)) and type(x) is not bool and (not x or x - x != 0)


def is_array(x: Any) -> bool:
    """Whether this is a tensor, or a quantity that holds one."""
    return isinstance(x, torch.Tensor) or (isinstance(x, Unit._quantity) and isinstance(x._mantissa, torch.Tensor))


def operand(x: Any, beside: Any) -> Any:
    """The mantissa and unit of the other operand, on the device of `beside`; NotImplemented where it is no value."""
    if isinstance(x, Unit._quantity):
        return x._mantissa, x._unit
    if isinstance(x, (torch.Tensor, *SCALARS)) and not isinstance(x, np.generic):
        return x, UNITLESS
    if isinstance(x, np.generic):
        return x.item(), UNITLESS
    if isinstance(x, np.ndarray):
        return from_numpy(x, beside.device if isinstance(beside, torch.Tensor) else None), UNITLESS
    if is_foreign_unit(x):
        return 1, as_unit(x)
    if foreign.is_foreign(x):
        return parts_of(x)
    if not hasattr(x, "__dlpack__"):
        return NotImplemented
    # A JAX array. Copied: a result may show its memory, which JAX takes for constant.
    array = torch.utils.dlpack.from_dlpack(x).clone()
    return (array.to(beside.device) if isinstance(beside, torch.Tensor) else array), UNITLESS


def like(number: Any, beside: torch.Tensor | None) -> torch.Tensor:
    """A number as a tensor without axes, of the dtype that torch would promote it to beside the tensor."""
    if beside is None:
        return as_tensor(number)
    # `full` fills on the device itself; a copy from the host would wait for it.
    kind = torch.result_type(beside, number)
    if kind is not beside.dtype and not kind.is_complex:
        # A number of a higher kind than the tensor: torch's defaults are not those of `environ`.
        kind = environ.dftype() if kind.is_floating_point else environ.ditype()
    return torch.full((), number, dtype=kind, device=beside.device)


def parts_of(x: Any) -> tuple[Any, Unit]:
    """The mantissa and unit of anything that a quantity can be made of.

    Raises
    ------
    TypeError
        It is no value.
    """
    if isinstance(x, (list, tuple, range)):
        return _of_sequence(list(x) if isinstance(x, range) else x)
    if foreign.is_foreign(x):
        mantissa, unit = foreign.parts(x)
        return absolute(parts_of(mantissa)[0], unit)
    parts = operand(x, None)
    if parts is NotImplemented:
        raise TypeError(
            f"`value` must be a number, a tensor, a numpy array, a quantity or a list of them. Got {type(x).__name__}. "
            "Convert it to a tensor first."
        )
    mantissa, unit = parts
    return mantissa, unit


def _of_sequence(items: Any) -> tuple[Any, Unit]:
    if all(type(leaf) in SCALARS or isinstance(leaf, (np.generic, np.ndarray)) for leaf in _leaves(items)):
        return from_numpy(np.asarray(items)), UNITLESS
    parts = [parts_of(item) for item in items]
    unit = parts[0][1]
    beside = next((mantissa for mantissa, _ in parts if isinstance(mantissa, torch.Tensor)), None)
    rows = [scaled(mantissa, own._factor_to(unit, "Quantity")) for mantissa, own in parts]
    return torch.stack([row if isinstance(row, torch.Tensor) else like(row, beside) for row in rows]), unit


def _leaves(items: Any) -> list[Any]:
    if not isinstance(items, (list, tuple)):
        return [items]
    return [leaf for item in items for leaf in _leaves(item)]
