"""Fourier transforms: brainunit's, which count a factor of one second an axis, and torch's other functions.

A transform of samples stands for an integral over time, so brainunit multiplies the unit by second for each axis that
is transformed, and divides by it on the way back. The numbers are those of the plain sum. ``torch.fft`` on a quantity
is the plain sum: it keeps the unit.
"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .forms.axes import Array
from .public import public
from .quantity import Quantity, as_quantity
from .unit import as_unit

__all__ = [
    "fft", "fft2", "fftfreq", "fftn", "fftshift", "ifft", "ifft2", "ifftn", "ifftshift", "irfft", "irfft2", "irfftn",
    "rfft", "rfft2", "rfftfreq", "rfftn",
]  # fmt: skip


def _times_second(result: Any, power: int) -> Any:
    if not isinstance(result, Quantity):
        return result
    return Quantity._make(result._mantissa, result._unit * as_unit("second") ** power)


def _along(name: str, power: int) -> Callable[..., Any]:
    function = getattr(torch.fft, name)

    def call(a: Array, n: int | None = None, axis: int = -1, norm: str | None = None) -> Any:
        return _times_second(function(a, n, axis, norm), power)

    return _documented(call, name, power)


def _over(name: str, power: int, default: Sequence[int] | None) -> Callable[..., Any]:
    function = getattr(torch.fft, name)

    def call(a: Array, s: Any = None, axes: Any = default, norm: str | None = None) -> Any:
        count = len(axes) if axes is not None else len(s) if s is not None else a.ndim
        return _times_second(function(a, s, axes, norm), power * count)

    return _documented(call, name, 2 * power)


def _documented(call: Callable[..., Any], name: str, power: int) -> Callable[..., Any]:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = f"""torch.fft.{name}, with brainunit's unit: seconds an axis, or one over seconds on the way back.

    Examples
    --------
    >>> import torch, brainstate_torch.units as u
    >>> u.fft.{name}(torch.ones(4, 4) * u.mV).unit == u.mV * u.second**{power}
    True
    """
    return public(call)


fft, rfft = _along("fft", 1), _along("rfft", 1)
ifft, irfft = _along("ifft", -1), _along("irfft", -1)
fft2, rfft2 = _over("fft2", 1, (-2, -1)), _over("rfft2", 1, (-2, -1))
ifft2, irfft2 = _over("ifft2", -1, (-2, -1)), _over("irfft2", -1, (-2, -1))
fftn, rfftn = _over("fftn", 1, None), _over("rfftn", 1, None)
ifftn, irfftn = _over("ifftn", -1, None), _over("irfftn", -1, None)


@public
def fftshift(x: Array, axes: Any = None) -> Any:
    """The zero frequency in the middle.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fft.fftshift([0.0, 1.0, 2.0] * u.mV)
    tensor([2., 0., 1.]) mV
    """
    return torch.fft.fftshift(x, axes)


@public
def ifftshift(x: Array, axes: Any = None) -> Any:
    """The zero frequency first again.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fft.ifftshift([2.0, 0.0, 1.0] * u.mV)
    tensor([0., 1., 2.]) mV
    """
    return torch.fft.ifftshift(x, axes)


def fftfreq(n: int, d: Any = 1.0, *, dtype: torch.dtype | None = None) -> Any:
    """The frequencies of :func:`fft`, in one over the unit of the distance of samples.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fft.fftfreq(4, 1.0 * u.ms)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500]) kHz
    """
    return _frequencies(torch.fft.fftfreq, n, d, dtype)


def rfftfreq(n: int, d: Any = 1.0, *, dtype: torch.dtype | None = None) -> Any:
    """The frequencies of :func:`rfft`, in one over the unit of the distance of samples.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.fft.rfftfreq(4, 1.0 * u.ms)
    tensor([0.0000, 0.2500, 0.5000]) kHz
    """
    return _frequencies(torch.fft.rfftfreq, n, d, dtype)


def _frequencies(function: Callable[..., torch.Tensor], n: int, d: Any, dtype: torch.dtype | None) -> Any:
    quantity = as_quantity(d)
    values = function(n, float(quantity._mantissa), dtype=dtype)
    hertz = {"second": "Hz", "millisecond": "kHz", "microsecond": "MHz"}
    names = tuple(quantity._unit._container)
    if quantity._unit.is_unitless:
        return values
    unit = (
        as_unit(hertz[names[0]])
        if quantity._unit.dim == as_unit("second").dim and names[0] in hertz
        else quantity._unit**-1
    )
    return Quantity._make(values, unit)


def __getattr__(name: str) -> Any:
    return getattr(torch.fft, name)
