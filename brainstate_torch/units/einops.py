"""einops' functions on tensors and quantities; einops is an extra."""

import importlib
from typing import Any

from .forms.axes import Array
from .public import public
from .quantity import Quantity

__all__ = ["einrearrange", "einreduce", "einrepeat", "einshape"]


def _einops() -> Any:
    try:
        return importlib.import_module("einops")
    except ImportError as error:
        raise ImportError(
            "einops must be installed for `einrearrange` and its like. Run pip install brainstate_torch[einops]."
        ) from error


def _kept(function: str, x: Any, *args: Any, **lengths: int) -> Any:
    """The result on the mantissa, with the unit of the quantity: the pattern only moves, copies or reduces elements."""
    call = getattr(_einops(), function)
    if isinstance(x, Quantity):
        return Quantity._make(call(x._mantissa, *args, **lengths), x._unit)
    return call(x, *args, **lengths)


@public
def einrearrange(x: Array, pattern: str, **axes_lengths: int) -> Any:
    """The elements in the order and shape of a pattern, as ``einops.rearrange``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einrearrange([[1.0, 2.0]] * u.mV, "a b -> b a")  # doctest: +SKIP
    tensor([[1.],
            [2.]]) mV
    """
    return _kept("rearrange", x, pattern, **axes_lengths)


@public
def einreduce(x: Array, pattern: str, reduction: str, **axes_lengths: int) -> Any:
    """The elements reduced along the axes that the pattern leaves out, as ``einops.reduce``.

    Raises
    ------
    UnitMismatchError
        The reduction is a product, and `x` has a dimension.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einreduce([[1.0, 2.0]] * u.mV, "a b -> a", "sum")  # doctest: +SKIP
    tensor([3.]) mV
    """
    if reduction == "prod" and isinstance(x, Quantity):
        x = x._plain("einreduce")
    return _kept("reduce", x, pattern, reduction, **axes_lengths)


@public
def einrepeat(x: Array, pattern: str, **axes_lengths: int) -> Any:
    """The elements repeated along the axes that the pattern adds, as ``einops.repeat``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einrepeat([1.0] * u.mV, "a -> a b", b=2)  # doctest: +SKIP
    tensor([[1., 1.]]) mV
    """
    return _kept("repeat", x, pattern, **axes_lengths)


@public
def einshape(x: Array, pattern: str) -> dict[str, int]:
    """The lengths of the axes by the names of the pattern, as ``einops.parse_shape``.

    Examples
    --------
    >>> import brainstate_torch.units as u
    >>> u.math.einshape([[1.0, 2.0]] * u.mV, "a b")  # doctest: +SKIP
    {'a': 1, 'b': 2}
    """
    found: dict[str, int] = _einops().parse_shape(x._mantissa if isinstance(x, Quantity) else x, pattern)
    return found
