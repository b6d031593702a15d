"""Initial values without randomness."""

from typing import Any

import torch

from ... import environ
from ...typing import ArrayLike
from ...units import UNITLESS, Quantity, Unit, as_quantity, maybe_decimal
from .base import Initializer, as_shape

__all__ = ["Constant", "Identity", "ZeroInit"]


class ZeroInit(Initializer):
    """Zeros.

    Parameters
    ----------
    unit
        The unit of the values.

    Examples
    --------
    >>> import brainstate_torch as brainstate, brainstate_torch.units as u
    >>> brainstate.nn.init.ZeroInit(unit=u.mV)(2)
    tensor([0., 0.]) mV
    """

    def __init__(self, unit: Unit = UNITLESS) -> None:
        self.unit = unit

    def __call__(self, shape: Any, **kwargs: Any) -> Any:
        return self._with_unit(torch.zeros(as_shape(shape), dtype=kwargs.get("dtype", environ.dftype())))


class Constant(Initializer):
    """One number, or one quantity, everywhere.

    Parameters
    ----------
    value
        A number, or a quantity.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.Constant(2.)((1, 2))
    tensor([[2., 2.]])
    """

    def __init__(self, value: ArrayLike = 1.0) -> None:
        self.value = value

    def __call__(self, shape: Any, **kwargs: Any) -> Any:
        value = as_quantity(self.value)
        filled = torch.empty(as_shape(shape), dtype=kwargs.get("dtype", environ.dftype()))
        filled[...] = torch.as_tensor(value.mantissa)
        return maybe_decimal(Quantity(filled, value.unit))


class Identity(Initializer):
    """A number on the diagonal of a matrix, zero elsewhere.

    Parameters
    ----------
    value
        The number on the diagonal, or a quantity.
    unit
        The unit of `value`, if that is a number.

    Raises
    ------
    ValueError
        The shape has more than two axes.

    Examples
    --------
    >>> import brainstate_torch as brainstate
    >>> brainstate.nn.init.Identity(3.)((2, 2))
    tensor([[3., 0.],
            [0., 3.]])
    """

    def __init__(self, value: Any = 1.0, unit: Unit = UNITLESS) -> None:
        self.value = value
        self.unit = unit

    def __call__(self, shape: Any, **kwargs: Any) -> Any:
        sizes = as_shape(shape)
        if len(sizes) > 2:
            raise ValueError(f"`shape` of Identity must have at most 2 axes. Got {sizes}.")
        return self._with_unit(torch.eye(*sizes, dtype=kwargs.get("dtype", environ.dftype())) * self.value)
