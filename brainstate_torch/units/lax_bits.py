"""The bits of integers, as jax.lax counts and moves them."""

from typing import Any

import torch

from .dtype_names import dtype as as_dtype
from .forms.axes import Array
from .public import public

__all__ = ["bitcast_convert_type", "clz", "population_count", "shift_right_logical"]


def _bits(x: torch.Tensor) -> torch.Tensor:
    """The bits of each element, the last first, ``[*N, bits]``."""
    return (x[..., None] >> torch.arange(torch.iinfo(x.dtype).bits, device=x.device)) & 1


@public
def population_count(x: Array) -> torch.Tensor:
    """The number of ones in each integer, the sign among them."""
    return torch.sum(_bits(x), -1).to(x.dtype)


@public
def clz(x: Array) -> torch.Tensor:
    """The number of zeros before the first one in each integer."""
    bits = _bits(x)
    places = torch.arange(1, bits.shape[-1] + 1, device=x.device)
    return (bits.shape[-1] - torch.amax(bits * places, -1)).to(x.dtype)


@public
def shift_right_logical(x: Array, y: Array) -> torch.Tensor:
    """The integers divided by two, `y` times, with zeros put in at the front."""
    moved = torch.bitwise_right_shift(x, y)
    # The bits that a negative number fills with its sign.
    filled = torch.bitwise_right_shift(torch.full_like(x, torch.iinfo(x.dtype).min), y) << 1
    return moved & ~filled


@public
def bitcast_convert_type(operand: Array, new_dtype: Any) -> Any:
    """The bits read as another dtype; several narrow elements of a wide one, or the reverse, are the last axis."""
    dtype = as_dtype(new_dtype)
    wider = dtype.itemsize - operand.dtype.itemsize
    if not wider:
        return operand.view(dtype)
    return operand[..., None].view(dtype) if wider < 0 else operand.view(dtype)[..., 0]
