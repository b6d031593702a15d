"""Functions of single elements that have options."""

import math
from typing import Any

import torch
import torch.nn.functional as F

from .axes import Alike, Array, as_array, floating, is_whole, promoted, sum_dtype

__all__ = [
    "allclose",
    "array_equal",
    "array_equiv",
    "bitwise_count",
    "celu",
    "divmod",
    "elu",
    "float_power",
    "frexp",
    "gelu",
    "glu",
    "i0",
    "isclose",
    "iscomplex",
    "iscomplexobj",
    "isneginf",
    "isposinf",
    "isrealobj",
    "ldexp",
    "leaky_relu",
    "modf",
    "nan_to_num",
    "power",
    "round",
    "spacing",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "unwrap",
]  # fmt: skip


def round(x: Array, decimals: int = 0) -> Array:
    """The elements rounded to so many digits after the point, in the unit of the quantity.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.round(1.4 * u.mV), u.math.round(1.25, 1)
    (1.0 mV, tensor(1.2000))
    """
    if x.dtype.is_complex:
        return torch.complex(round(torch.real(x), decimals), round(torch.imag(x), decimals))
    if is_whole(x.dtype):
        return x if decimals >= 0 else torch.round(x.double(), decimals=decimals).to(x.dtype)
    return torch.round(x, decimals=decimals)


def power(x: Array, y: Any) -> Array:
    """The elements to a power; a quantity only to that of a Python number, which its unit gets, too.

    Raises
    ------
    UnitMismatchError
        `x` has a dimension, and `y` is an array of exponents.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.power(2.0 * u.mV, 3)
    8.0 mV ** 3
    """
    return _raised(torch.pow, x, y)


def float_power(x: Array, y: Any) -> Array:
    """As :func:`power`, of floating numbers.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.float_power(2 * u.mV, 2)
    4.0 mV ** 2
    """
    return _raised(torch.pow, floating(x), y)


def _raised(function: Any, x: Array, y: Any) -> Array:
    y = y if isinstance(y, (int, float, complex)) else as_array(y)
    if isinstance(y, torch.Tensor) and not y.ndim and hasattr(x, "unit") and x.unit.dim:
        y = y.item()
    if isinstance(y, int) and y < 0:
        x = floating(x)
    if x.dtype is torch.bool and (isinstance(y, int) or getattr(y, "dtype", None) is torch.bool):
        x, y = x.to(sum_dtype(x)), y if isinstance(y, int) else y.to(sum_dtype(y))
    return function(x, y)


def ldexp(x: Array, y: Array, unit_to_scale: Any = None) -> Array:
    """The elements times two to a power.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.ldexp(3.0 * u.mV, 1)
    6.0 mV
    """
    return torch.ldexp(x, y)


def frexp(x: Array, unit_to_scale: Any = None) -> tuple[torch.Tensor, torch.Tensor]:
    """Plain numbers as a fraction and a power of two.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.frexp(3.0)
    (tensor(0.7500), tensor(2, dtype=torch.int32))
    """
    fraction, exponent = torch.frexp(floating(x))
    return fraction, exponent


def modf(x: Array) -> tuple[Array, Array]:
    """The part after the point and the part before it, counted in the unit of the quantity.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.modf(1.5 * u.mV)
    (0.5 mV, 1.0 mV)
    """
    x = floating(x)
    whole = torch.trunc(x)
    return x - whole, whole


def divmod(x: Alike, y: Alike) -> tuple[Array, Array]:
    """The floored quotient, and the remainder.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.divmod(7.0 * u.mV, 2.0 * u.mV)
    (tensor(3.), 1.0 mV)
    """
    if x.dtype is torch.bool and y.dtype is torch.bool:
        x, y = (each.to(sum_dtype(each)) for each in (x, y))
    return torch.floor_divide(x, y), torch.remainder(x, y)


def nan_to_num(x: Array, nan: Any = None, posinf: Any = None, neginf: Any = None, *, copy: bool = True) -> Array:
    """The elements with a number in place of each NaN (0) and infinity (the largest of the dtype).

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.nan_to_num([u.math.nan] * u.mV), u.math.nan_to_num([u.math.nan] * u.mV, nan=2.0 * u.mV)
    (tensor([0.]) mV, tensor([2.]) mV)
    """
    if not (x.dtype.is_floating_point or x.dtype.is_complex):
        return x
    for found, value in ((torch.isnan, nan), (torch.isposinf, posinf), (torch.isneginf, neginf)):
        if value is not None:
            x = torch.where(~found(x), x, value)
    return torch.nan_to_num(x)


def isclose(x: Alike, y: Alike, rtol: Any = None, atol: Any = None, equal_nan: bool = False) -> torch.Tensor:
    """Whether elements differ by no more than ``atol + rtol * abs(y)``.

    Parameters
    ----------
    x, y
        The values.
    rtol
        1e-5 where it is not given.
    atol
        In the unit of `x`. Where it is not given, 1e-8 for plain values and 0 for quantities with a dimension: a fixed
        number would be small in one unit and large in another.
    equal_nan
        Whether NaN is close to NaN.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isclose(1000.0 * u.mV, 1.0 * u.volt)
    tensor(True)
    """
    x, y = promoted(x, y)
    return torch.isclose(x, y, **_tolerances(rtol, atol), equal_nan=equal_nan)


def _tolerances(rtol: Any, atol: Any) -> dict[str, Any]:
    given = {"rtol": rtol, "atol": atol}
    return {name: value for name, value in given.items() if value is not None}


def allclose(x: Alike, y: Alike, rtol: Any = None, atol: Any = None, equal_nan: bool = False) -> torch.Tensor:
    """Whether :func:`isclose` holds everywhere.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.allclose(1000.0 * u.mV, 1.0 * u.volt)
    tensor(True)
    """
    return torch.all(isclose(x, y, rtol, atol, equal_nan))


def array_equal(x: Alike, y: Alike, equal_nan: bool = False) -> torch.Tensor:
    """Whether the arrays have one shape and equal elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.array_equal(1000.0 * u.mV, 1.0 * u.volt)
    tensor(True)
    """
    if x.shape != y.shape:
        return torch.tensor(False, device=x.device)
    equal = torch.eq(x, y)
    if equal_nan:
        equal = equal | (torch.isnan(x) & torch.isnan(y))
    return torch.all(equal)


def iscomplexobj(x: Array) -> bool:
    """Whether the dtype is a complex one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.iscomplexobj([1j] * u.mV)
    True
    """
    return bool(x.dtype.is_complex)


def leaky_relu(x: Array, negative_slope: float = 0.01) -> Array:
    """The elements, the negative ones times a small number.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.leaky_relu(-100.0 * u.mV)
    -1.0 mV
    """
    x = floating(x)
    # The slope at 0 is 1, as JAX has it; torch's own function has `negative_slope` there.
    return torch.where(x >= 0, x, negative_slope * x)


def elu(x: Array, alpha: float = 1.0, unit_to_scale: Any = None) -> torch.Tensor:
    """``x`` where it is positive, ``alpha * (exp(x) - 1)`` elsewhere.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.elu(2.0)
    tensor(2.)
    """
    return F.elu(floating(x), alpha)


def celu(x: Array, alpha: float = 1.0, unit_to_scale: Any = None) -> torch.Tensor:
    """``x`` where it is positive, ``alpha * (exp(x / alpha) - 1)`` elsewhere.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.celu(2.0)
    tensor(2.)
    """
    return F.celu(floating(x), alpha)


def gelu(x: Array, approximate: bool | str = True, unit_to_scale: Any = None) -> torch.Tensor:
    """``x`` times the normal distribution function of it, by tanh unless `approximate` is False.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.gelu(1.0), u.math.gelu(1.0, approximate=False)
    (tensor(0.8412), tensor(0.8413))
    """
    by_tanh = approximate in (True, "tanh")
    return F.gelu(floating(x), approximate="tanh" if by_tanh else "none")


def glu(x: Array, axis: int = -1, unit_to_scale: Any = None) -> torch.Tensor:
    """The first half along an axis times the sigmoid of the second.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.glu([2.0, 100.0])
    tensor([2.])
    """
    return F.glu(floating(x), axis)


def squareplus(x: Array, b: float = 4.0, unit_to_scale: Any = None) -> torch.Tensor:
    """``(x + sqrt(x**2 + b)) / 2``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.squareplus(0.0)
    tensor(1.)
    """
    return (x + torch.sqrt(torch.square(x) + b)) / 2  # type: ignore[no-any-return]


def sparse_plus(x: Array, unit_to_scale: Any = None) -> torch.Tensor:
    """Zero up to -1, ``x`` from 1 on, ``(x + 1)**2 / 4`` between them.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.sparse_plus([-2.0, 0.0, 2.0])
    tensor([0.0000, 0.2500, 2.0000])
    """
    return torch.where(x <= -1, 0.0, torch.where(x >= 1, x, torch.square(x + 1) / 4))


def sparse_sigmoid(x: Array, unit_to_scale: Any = None) -> torch.Tensor:
    """``(x + 1) / 2``, not less than 0 nor greater than 1.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.sparse_sigmoid([-2.0, 0.0, 2.0])
    tensor([0.0000, 0.5000, 1.0000])
    """
    one = torch.ones_like(x)
    # `clamp` has the whole slope at its bounds, where JAX has half of it.
    return torch.minimum(torch.maximum(x, -one), one) / 2 + 0.5


def array_equiv(a1: Alike, a2: Alike) -> bool:
    """Whether the arrays broadcast to one shape and have equal elements.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.array_equiv([1.0, 1.0] * u.mV, 1.0 * u.mV)
    True
    """
    try:
        return bool(torch.all(torch.eq(a1, a2)))
    except RuntimeError:  # The shapes do not broadcast.
        return False


def bitwise_count(x: Array, /) -> torch.Tensor:
    """The number of ones in each integer, written in binary without its sign.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.bitwise_count([7, 8]).tolist()
    [3, 1]
    """
    limits = torch.iinfo(x.dtype)
    bits = torch.arange(limits.bits - (1 if limits.min else 0), device=x.device)
    return torch.sum((_size(x)[..., None] >> bits) & 1, -1).to(torch.uint8)


def _size(x: Array) -> Array:
    return torch.abs(x) if torch.iinfo(x.dtype).min else x


def i0(x: Array) -> torch.Tensor:
    """The modified Bessel function of order zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.i0(0.0).round(decimals=3)
    tensor(1.)
    """
    return torch.special.i0(floating(x))  # type: ignore[no-any-return]


def iscomplex(x: Array) -> torch.Tensor:
    """Whether the imaginary part of each element is not zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.iscomplex([1j, 1.0])
    tensor([ True, False])
    """
    return ~torch.isreal(x)


def isneginf(x: Array, /) -> torch.Tensor:
    """Whether each element is minus infinity.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isneginf([1.0, -u.math.inf] * u.mV)
    tensor([False,  True])
    """
    return torch.isneginf(x)


def isposinf(x: Array, /) -> torch.Tensor:
    """Whether each element is infinity.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isposinf([1.0, u.math.inf] * u.mV)
    tensor([False,  True])
    """
    return torch.isposinf(x)


def isrealobj(x: Array) -> bool:
    """Whether the dtype is not a complex one.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.isrealobj([1.0] * u.mV)
    True
    """
    return not x.dtype.is_complex


def spacing(x: Array, /) -> Array:
    """The distance to the next number of the dtype, away from zero.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.spacing(1.0) == u.math.finfo(u.math.float32).eps
    tensor(True)
    """
    x = floating(x)
    away = torch.where(torch.signbit(x), torch.full_like(x, float("-inf")), torch.full_like(x, float("inf")))
    return torch.nextafter(x, away) - x


def unwrap(p: Alike, discont: Alike | None = None, axis: int = -1, period: Alike = 2 * math.pi) -> Array:
    """The angles plus multiples of the period, so that neighbours differ by no more than half a period.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.unwrap([0.0, 3.0, 7.0], period=4.0)
    tensor([ 0., -1., -1.])
    """
    p = floating(p)
    step = torch.diff(p, dim=axis)
    half = period / 2
    inner = torch.remainder(step + half, period) - half
    inner = torch.where((inner == -half) & (step > 0), half, inner)
    correction = inner - step
    correction = torch.where(torch.abs(step) < (half if discont is None else discont), 0.0, correction)
    first = torch.narrow(p, axis, 0, 1)
    rest = torch.narrow(p, axis, 1, p.shape[axis] - 1) + torch.cumsum(correction, axis)
    return torch.cat([first, rest], axis)
