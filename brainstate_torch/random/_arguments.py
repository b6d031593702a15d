"""Arguments that distributions share: sizes, dtypes, devices, units, and checks."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .. import environ
from .._arrays import as_tensor
from .._errors import kind_of
from .._program.effect import with_numbers_of
from ..typing import DTypeLike, Size
from ..units import UNITLESS, Quantity, Unit
from ..units.values import scaled

__all__ = [
    "aligned",
    "as_dtype",
    "as_float",
    "check",
    "checked_broadcast",
    "device_of",
    "float_dtype",
    "int_dtype",
    "lengths",
    "located",
    "number",
    "plain",
    "shape_of",
    "template",
    "together",
    "with_unit",
]


def number(x: Any) -> Any:
    """A Python number, None, tensor or quantity as it is; anything else as a tensor, or a quantity of one."""
    if x is None or (isinstance(x, (torch.Tensor, bool, int, float, Quantity)) and not isinstance(x, np.generic)):
        return x
    if isinstance(x, (list, tuple)):
        whole = Quantity(x)
        return whole.mantissa if whole.unit is UNITLESS else whole
    return as_tensor(x)


def plain(name: str, x: Any) -> Any:
    """The number or tensor of a parameter without unit.

    Raises
    ------
    ValueError
        It has a unit.
    """
    x = number(x)
    if isinstance(x, Quantity):
        if not x.dimensionless:
            raise ValueError(f"`{name}` must be dimensionless. Got a quantity in {x.unit}. Divide it by a unit first.")
        return x.to_decimal()
    return x


def aligned(*params: Any) -> tuple[list[Any], Unit]:
    """The plain values of parameters in the unit of the first that has one; one without counts as given in it.

    Raises
    ------
    UnitMismatchError
        The units have different dimensions.
    """
    numbers = [number(x) for x in params]
    unit = next((x.unit for x in numbers if isinstance(x, Quantity)), UNITLESS)
    if unit is UNITLESS:
        return numbers, unit
    return [_in_unit(x, unit) if isinstance(x, Quantity) else x for x in numbers], unit


def _in_unit(x: Quantity, unit: Unit) -> Any:
    return scaled(x.mantissa, x.unit._factor_to(unit, "random"))


def with_unit(x: torch.Tensor, unit: Unit) -> Any:
    """The numbers as a quantity; plain ones if the unit is dimensionless, as radian is."""
    return scaled(x, unit.magnitude) if unit.dimensionless else x * unit


def located(loc: Any, scale: Any, x: torch.Tensor) -> torch.Tensor:
    """`x * scale + loc`; None leaves a step out."""
    x = x if scale is None else x * scale
    return x if loc is None else x + loc


def shape_of(size: Size | None, *params: Any) -> tuple[int, ...]:
    """The shape of a size; of None, the one that the parameters broadcast to."""
    if size is None:
        return together(*[x.shape for x in params if isinstance(x, torch.Tensor)])
    return tuple([int(n) for n in size]) if isinstance(size, Sequence) else (int(size),)


def together(*shapes: Sequence[int]) -> tuple[int, ...]:
    """The common shape that shapes broadcast to."""
    return tuple(torch.broadcast_shapes(*shapes))  # type: ignore[no-untyped-call]


def device_of(*params: Any) -> torch.device:
    """The device of the first parameter that is a tensor, else torch's default device."""
    for x in params:
        if isinstance(x, torch.Tensor):
            return x.device
    return torch.get_default_device()


def as_float(x: Any, dtype: torch.dtype, device: torch.device, shape: Sequence[int] | None = None) -> torch.Tensor:
    """A parameter as a tensor of a dtype, and of a shape if one is given."""
    tensor = x.to(dtype) if isinstance(x, torch.Tensor) else torch.full((), x, dtype=dtype, device=device)
    return tensor if shape is None else tensor.expand(tuple(shape))


def as_dtype(dtype: DTypeLike) -> torch.dtype:
    if isinstance(dtype, torch.dtype):
        return dtype
    if isinstance(dtype, type):
        kinds = {bool: torch.bool, int: environ.ditype(), float: environ.dftype(), complex: environ.dctype()}
        if dtype in kinds:
            return kinds[dtype]
    found = dtype if isinstance(dtype, type) else getattr(dtype, "dtype", dtype)
    if isinstance(found, torch.dtype):
        return found
    name = found if isinstance(found, str) and found == "bfloat16" else np.dtype(found).name
    return getattr(torch, name)  # type: ignore[no-any-return]


def float_dtype(dtype: DTypeLike | None) -> torch.dtype:
    """The floating dtype to draw; of None, the default of `environ`.

    Raises
    ------
    ValueError
        It is not a floating dtype.
    """
    if dtype is None:
        return environ.dftype()
    found = as_dtype(dtype)
    if not found.is_floating_point:
        raise ValueError(f"`dtype` must be a floating dtype. Got {found}. Convert the result, or use `randint`.")
    return found


def int_dtype(dtype: DTypeLike | None) -> torch.dtype:
    """The dtype of counts; of None, the default integer dtype of `environ`."""
    return environ.ditype() if dtype is None else as_dtype(dtype)


def check(rule: str, broken: Any) -> None:
    """Raise if a condition holds anywhere. In a compiled program the check runs at every call.

    On an accelerator nothing is checked, since the host would wait at each draw; a result is then NaN or meaningless.

    Raises
    ------
    ValueError
        It holds.
    """

    def act(holds: torch.Tensor) -> None:
        if bool(holds.any()):
            raise ValueError(rule)

    condition = torch.as_tensor(broken, device=None if isinstance(broken, torch.Tensor) else "cpu")
    if condition.is_cpu:
        with_numbers_of([condition], act)


def template(input: Any) -> torch.Tensor:
    """The tensor whose shape, dtype and device are wanted."""
    like = number(input)
    like = getattr(like, "mantissa", like)
    return like if isinstance(like, torch.Tensor) else torch.as_tensor(like, device=device_of())


def lengths(dn: tuple[Any, ...]) -> tuple[int, ...]:
    for length in dn:
        if not hasattr(length, "__index__"):
            raise TypeError(
                f"the lengths of the axes must be integers. Got {kind_of(length)}. "
                "Write `rand(2, 3)`, or `random((2, 3))`."
            )
    return dn


def checked_broadcast(name: str, shape: tuple[int, ...], params: Sequence[int]) -> None:
    """Raise unless parameters of a shape broadcast to `size`."""
    try:
        fits = together(shape, params) == tuple(shape)
    except RuntimeError:
        fits = False
    if not fits:
        raise ValueError(
            f"`size` of {name} must be a shape that the parameters broadcast to. "
            f"Got {tuple(shape)} and parameters of shape {tuple(params)}."
        )
