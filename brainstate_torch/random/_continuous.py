"""The two elementary continuous draws from Threefry bits, with JAX's formulas."""

import math
from collections.abc import Sequence
from typing import Any

import torch

from . import _threefry

__all__ = ["normal", "uniform"]


def uniform(
    key: torch.Tensor, shape: Sequence[int], dtype: torch.dtype, low: Any = 0.0, high: Any = 1.0
) -> torch.Tensor:
    """Uniform on [low, high), `[*B, *shape]` for keys `[*B, 2]`: as many random bits as the dtype has digits."""
    digits = -int(math.log2(torch.finfo(dtype).eps))
    width = 8 if digits < 8 else 8 * dtype.itemsize
    mantissa = (_threefry.bits(key, shape, width) >> (width - digits)) & ((1 << digits) - 1)
    work = dtype if dtype.itemsize > 1 else torch.float32
    unit = mantissa.to(work) * 2.0**-digits
    if type(low) is not float or type(high) is not float or low != 0.0 or high != 1.0:
        # A number is filled in on the device; a copy would wait for it.
        low, high = (
            x.to(device=key.device, dtype=work)
            if isinstance(x, torch.Tensor)
            else torch.full((), x, dtype=work, device=key.device)
            for x in (low, high)
        )
        unit = torch.maximum(low, unit * (high - low) + low)
    return unit.to(dtype)


def normal(key: torch.Tensor, shape: Sequence[int], dtype: torch.dtype) -> torch.Tensor:
    """Normal with mean 0 and variance 1, `[*B, *shape]` for keys `[*B, 2]`, by the inverse error function."""
    work = dtype if dtype.itemsize > 1 else torch.float32
    unit = uniform(key, shape, work, torch.finfo(work).eps / 2 - 1.0, 1.0)
    inverse = torch.erfinv if work == torch.float64 else _erf_inv
    return (math.sqrt(2) * inverse(unit)).to(dtype)


_NEAR = (
    2.81022636e-08, 3.43273939e-07, -3.5233877e-06, -4.39150654e-06, 0.00021858087,
    -0.00125372503, -0.00417768164, 0.246640727, 1.50140941,
)  # fmt: skip
_FAR = (
    -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773,
    -0.0076224613, 0.00943887047, 1.00167406, 2.83297682,
)  # fmt: skip


def _erf_inv(x: torch.Tensor) -> torch.Tensor:
    """The inverse error function in single precision, with the two polynomials of Giles (2010) that XLA uses."""
    single = x.to(torch.float32)
    w = -torch.log1p(-single * single)
    is_near = w < 5
    w = torch.where(is_near, w - 2.5, w.sqrt() - 3).to(torch.float64)
    result = torch.where(is_near, _NEAR[0], _FAR[0])
    for near, far in zip(_NEAR[1:], _FAR[1:], strict=True):
        # XLA multiplies and adds with one rounding.
        result = (torch.where(is_near, near, far) + result * w).to(torch.float32)
    return (result * single).to(x.dtype)
